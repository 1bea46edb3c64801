"""What contracts/testing/CallbackAttacker.vy does with a call or coins that reach it."""

from __future__ import annotations

__all__ = ["COME_BACK", "REFUSE", "TAKE"]

TAKE, REFUSE, COME_BACK = range(3)  # it comes back once, then takes
