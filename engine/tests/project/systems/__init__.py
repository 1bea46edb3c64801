"""Descriptions of the contracts of this project."""
