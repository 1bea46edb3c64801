"""Bugs of lib/schedule.vy, which every contract that vests carries."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["bugs_of"]

FILE = "lib/schedule.vy"


def bugs_of(contract: str) -> list[Bug]:
    """The schedule's bugs as they show in `contract`."""
    return [
        Bug(
            "vested rounded up",
            FILE,
            "(_total - _first) * _passed // _steps",
            "((_total - _first) * _passed + _steps - 1) // _steps",
            (contract,),
        ),
        Bug(
            "steps begin one second early",
            FILE,
            "min(unsafe_sub(_at, _start) // _step, _steps)",
            "min((unsafe_sub(_at, _start) + 1) // _step, _steps)",
            (contract,),
        ),
    ]
