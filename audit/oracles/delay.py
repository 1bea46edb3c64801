"""Delay: whatever strangers did, everybody gets out within the documented time."""

from __future__ import annotations

from evmstorm.oracles.delay import Exit, check_exits

__all__ = ["Exit", "check_exits"]
