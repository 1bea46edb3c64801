"""A number that changes over time: its value at a moment, and its least value in a period."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction

__all__ = ["History", "Number"]

Number = int | Fraction


class History:
    """Values by the time from which they counted. Several at the same second stand in the order of the log."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._values: list[Number] = []

    def set(self, time: int, value: Number) -> None:
        """From now on it is `value`. Time never runs back in a log."""
        assert not self._times or time >= self._times[-1], "a log is in order of time"
        if value != self.now:
            self._times.append(time)
            self._values.append(value)

    @property
    def now(self) -> Number:
        return self._values[-1] if self._values else 0

    def before(self, time: int) -> Number:
        """What it was just before `time`: acts of that second come after."""
        index = bisect_left(self._times, time)
        return self._values[index - 1] if index else 0

    def at(self, time: int) -> Number:
        """What it was when all acts of that second were done."""
        index = bisect_right(self._times, time)
        return self._values[index - 1] if index else 0

    def least(self, start: int, end: int) -> Number:
        """The least that it was from `start` (acts of that second come after) until just before `end`."""
        first, last = bisect_left(self._times, start), bisect_left(self._times, end)
        return min([self.before(start), *self._values[first:last]])

    @property
    def last(self) -> int:
        """When it was changed for the last time; 0 when it never was."""
        return self._times[-1] if self._times else 0
