"""Delay: whatever strangers did, everybody gets out within the documented time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["Exit", "check_exits"]


@dataclass(frozen=True)
class Exit:
    """One account's way out: `leave` makes its calls and answers True when all of its coins are out.

    `asked` is when it could first ask, `within` the seconds that the documents give it from there.
    """

    who: str
    asked: int
    within: int
    leave: Callable[[], bool]


def check_exits(exits: Iterable[Exit], now: Callable[[], int], wait_until: Callable[[int], None]) -> None:
    """Take the exits in order of their last moments, waiting for each no longer than the documents say."""
    for item in sorted(exits, key=lambda way: way.asked + way.within):
        latest = item.asked + item.within
        if now() < latest:
            wait_until(latest)
        assert item.leave(), f"delay: {item.who} is not out {item.within} seconds after it asked"
