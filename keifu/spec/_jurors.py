"""What jurors' coins weigh, and since when: what the log says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from keifu.spec.refusals import check
from keifu.spec.staking import StakingModel
from keifu.units import COIN, DAY

__all__ = ["LONGEST_WAIT", "MATURITY", "SEAT", "Juror", "Jurors"]

SEAT = 2_000  # coins
MATURITY = 7  # epochs until an addition counts
LONGEST_WAIT = 14 * DAY


@dataclass
class Juror:
    """Coins of one juror by age: what counts, what will, what was asked back and only pays for older cases."""

    mature: int = 0
    young: int = 0
    counts_from: int = 0  # epoch
    leaving: int = 0
    asked: int = 0  # when
    cases: int = 0  # that were open or over when it asked
    ballots: int = 0  # committed and not settled

    def age(self, epoch: int) -> None:
        if self.young and self.counts_from <= epoch:
            self.mature, self.young = self.mature + self.young, 0

    def keep(self, most: int) -> None:
        """At most so many wei count: the newest are the first to go."""
        self.mature = min(self.mature, most)
        self.young = min(self.young, most - self.mature)


class Jurors:
    """Everybody who ever joined. `unit` is wei of a coin of the table of amounts."""

    def __init__(self, hub: StakingModel, court: str) -> None:
        self.hub, self.court = hub, court
        self.jurors: defaultdict[str, Juror] = defaultdict(Juror)
        self.units: list[tuple[int, int]] = [(0, COIN)]  # (seconds from which it counts, wei)
        self.opened = 0  # cases

    @property
    def now(self) -> int:
        return self.hub.now

    @property
    def unit(self) -> int:
        return next(wei for since, wei in reversed(self.units) if since <= self.now)

    def locked(self, juror: str) -> int:
        return self.hub.locks[self.court, juror].amount

    def weights(self) -> dict[str, int]:
        """Who weighs what in a case that is opened now."""
        for juror in self.jurors.values():
            juror.age(self.hub.epoch)
        return {name: juror.mature for name, juror in self.jurors.items() if juror.mature}

    def _seen(self, name: str) -> Juror:
        """A juror as its lock is now: what was taken from it counts no more."""
        juror, lock = self.jurors[name], self.locked(name)
        juror.age(self.hub.epoch)
        juror.leaving = min(juror.leaving, lock)
        juror.keep(lock - juror.leaving)
        return juror

    def _stands(self, name: str) -> None:
        """Below half a seat nothing counts: it would not cover deposits."""
        juror = self.jurors[name]
        if 2 * (juror.mature + juror.young) < SEAT * self.unit:
            juror.mature = juror.young = 0

    def _bound(self, name: str) -> None:
        self._stands(name)
        self.hub.bind(self.court, name, self.jurors[name].mature)

    def join(self, name: str) -> int:
        juror = self._seen(name)
        added = self.locked(name) - juror.mature - juror.young - juror.leaving
        check(added > 0, "court: nothing to add")
        check(juror.mature + juror.young + added >= SEAT * self.unit, "court: less than a seat")
        juror.young, juror.counts_from = juror.young + added, self.hub.epoch + MATURITY
        self._bound(name)
        return added

    def leave(self, name: str, amount: int) -> None:
        juror, lock = self._seen(name), self.locked(name)
        check(0 < amount <= lock - juror.leaving, "court: not so much to ask back")
        juror.leaving, juror.asked, juror.cases = juror.leaving + amount, self.now, self.opened
        juror.keep(lock - juror.leaving)
        self._bound(name)

    def release(self, name: str) -> int:
        juror = self._seen(name)
        amount = juror.leaving
        check(amount > 0, "court: nothing asked back")
        check(self.now >= juror.asked + LONGEST_WAIT, "court: too early")
        check(juror.ballots == 0, "court: ballots to settle")
        check(self.over_up_to(juror.cases), "court: an earlier case is open")
        juror.leaving = 0
        self._stands(name)
        self.hub.unlock(self.court, name, amount, juror.mature)
        return amount

    def over_up_to(self, case: int) -> bool:
        """Whether all cases up to this one are over."""
        raise NotImplementedError

    def poke(self, name: str) -> None:
        self._seen(name)
        self._bound(name)

    def took(self, name: str, amount: int) -> None:
        """The court's penalty was executed: so many wei, as the hub answered."""
        if self.locked(name):
            self.hub.slash(self.court, name, amount, 0)
        self._seen(name)
        self._bound(name)
