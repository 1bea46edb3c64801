"""Bugs that are seeded in its contracts."""
