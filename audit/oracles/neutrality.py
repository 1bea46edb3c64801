"""Neutrality: the same coins weigh the same and are paid the same, in one account or in many, in whatever order."""

from __future__ import annotations

from evmstorm.oracles.neutrality import check_alike, split

__all__ = ["check_alike", "split"]
