"""The multiple of each operator at any time, from the log of what it announced."""

from __future__ import annotations

from dataclasses import dataclass

from keifu.spec.refusals import check

__all__ = ["Announced", "Multiple"]


@dataclass(frozen=True)
class Announced:
    """A multiple that counts from a second on."""

    value: int
    counts: int


@dataclass
class Multiple:
    """One raise and one lowering may be on their way. What is asked for is compared with what the operator wanted last,
    so taking a lowering back is a raise, and waits as long as any. A lowering on its way keeps its date: until then
    nothing below it can be announced."""

    value: int = 0  # in force, when nothing that was announced counts yet
    raised: Announced | None = None
    lowered: Announced | None = None
    earning: int = 0  # the cautious one: nobody earns for a risk that is not there to its end

    def at(self, time: int) -> int:
        """What a slash at `time` goes by. A lowering keeps its date, unless a raise to more counts before."""
        lowered = self.lowered is not None and self.lowered.counts <= time
        raised = self.raised is not None and self.raised.counts <= time
        if lowered and raised:
            return self._raised
        if lowered:
            return self._lowered
        return max(self.value, self._raised) if raised else self.value

    @property
    def _raised(self) -> int:
        return self.raised.value if self.raised else 0

    @property
    def _lowered(self) -> int:
        return self.lowered.value if self.lowered else 0

    @property
    def wanted(self) -> int:
        """What the operator settled for last, a raise that does not count yet aside."""
        return self.value if self.lowered is None else self.lowered.value

    def pass_to(self, time: int) -> None:
        """Forget dates that are over."""
        value = self.at(time)
        raised = self.raised is not None and self.raised.counts <= time
        lowered = self.lowered is not None and self.lowered.counts <= time
        if raised and self.lowered is not None and not lowered:
            # Less than before, but more than the lowering: the rest of the lowering waits for its date.
            self.lowered = Announced(self._raised, self.lowered.counts) if self._raised < self.value else None
        elif lowered:
            self.lowered = None
        if raised:
            self.raised = None
        self.value = value

    def announce(self, now: int, value: int, raised_from: int, lowered_from: int) -> None:
        self.pass_to(now)
        if value > self.wanted:
            self.raised = Announced(value, raised_from)
            return
        check(value == self.wanted or self.lowered is None, "hub: a lowering waits")
        self.raised = None
        if value < self.wanted:
            self.lowered = Announced(value, lowered_from)

    def poke(self, now: int) -> None:
        """Somebody tells the hub what counts now: it earns from here on. A lowering earns less at once."""
        self.pass_to(now)
        self.earning = self.wanted
