"""Keifu: provenance, staking, storage and compute whose every claim can be checked."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
