"""What each epoch paid to whom: coins that were at risk from its start to its end, and nobody else."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from keifu.spec._staking_locks import BPS, Terms
from keifu.spec._staking_pools import Pools
from keifu.spec.emission import Emission
from keifu.spec.refusals import check
from keifu.units import DAY

__all__ = ["LEAST_WEIGHT_DAYS", "Rewards", "Weight"]

LEAST_WEIGHT_DAYS = 2_000  # emission of an epoch is at most its weight x its length / so many days


@dataclass
class Weight:
    """What of one operator earned over a whole epoch."""

    own: Fraction = Fraction(0)
    pool: Fraction = Fraction(0)  # coins of delegators, at most what the operator's own bound coins answer for
    parts: dict[str, Fraction] = field(default_factory=dict)  # owner -> part of what stayed; they sum to 1
    at_start: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))  # own and pool: by these fees are divided

    @property
    def whole(self) -> Fraction:
        return self.own + self.pool


class Rewards(Pools):
    """Emission and fees, epoch by epoch."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self.emission = Emission(terms.first_emission, terms.emission_epochs)
        self.earned: defaultdict[str, Fraction] = defaultdict(Fraction)  # account -> of all epochs that are settled
        self.treasury = Fraction(0)
        self.fees: defaultdict[str, defaultdict[int, int]] = defaultdict(partial(defaultdict, int))  # by epoch
        self.waiting: defaultdict[str, Fraction] = defaultdict(Fraction)  # fees for whom nobody was there
        self.settled = 1  # first epoch that is not settled

    def reward(self, operator: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        check(operator in self.commissions, "hub: unknown operator")
        self.touched(operator)
        self.fees[operator][self.epoch] += amount

    def claim_rewards(self, operator: str) -> None:
        check(operator in self.commissions, "hub: unknown operator")
        self.touched(operator)

    def fund_emission(self, amount: int) -> int:
        """What of it is taken."""
        return self.emission.fund(self.epoch, amount)

    def weight(self, operator: str, epoch: int) -> Weight:
        """What of `operator` was there for the whole of `epoch`, which is over."""
        start, end = self.start_of(epoch), self.start_of(epoch + 1)
        pool = self.pools[operator]
        stayed = {owner: Fraction(held.least(start, end)) for owner, held in pool.units.items()}
        units = sum(stayed.values(), Fraction(0))
        coins = units * Fraction(pool.worth.before(end))
        exposed = Fraction(self.exposure[operator].least(start, end))
        parts = {owner: held / units for owner, held in stayed.items() if held}
        own, first = (
            self.bound[operator],
            (Fraction(self.bound[operator].before(start)), self._pool_at(operator, start)),
        )
        return Weight(Fraction(own.least(start, end)), min(coins, exposed), parts, first)

    def _pool_at(self, operator: str, start: int) -> Fraction:
        """What a pool weighed just before an epoch's start."""
        pool = self.pools[operator]
        units = sum((Fraction(held.before(start)) for held in pool.units.values()), Fraction(0))
        return min(units * Fraction(pool.worth.before(start)), Fraction(self.exposure[operator].before(start)))

    def settle(self) -> None:
        """Pay for every epoch that is over. An epoch that is over never changes: what is asked again is remembered."""
        while self.settled < self.epoch:
            first = self.settled
            weights = {operator: self.weight(operator, first) for operator in self.commissions}
            last = self._last_alike(first)
            self._pay(weights, first, last - first + 1)
            self.settled = last + 1

    def _last_alike(self, first: int) -> int:
        """The last of the epochs from `first` on that are over and in which nothing differs."""
        last = self.epoch - 1
        changes = [epoch - 1 for epoch in self.emission.changes() if epoch > first]
        for operator, terms in self.commissions.items():
            changes += [since - 1 for since in (*(item[0] for item in terms), *self.touches[operator]) if since > first]
            changes += [epoch - 1 if epoch > first else epoch for epoch in self.fees[operator] if epoch >= first]
            if self.waiting[operator]:
                return first
        if first < self.changed_in:
            return first
        return max(first, min([last, *changes]))

    @property
    def changed_in(self) -> int:
        """First epoch that began after the last act: from it on weights stay as they are."""
        return self.last_act // self.terms.epoch_length + 2

    @property
    def last_act(self) -> int:
        """Seconds from the beginning to the last act that moved a weight."""
        moved = [self.bound, self.exposure]
        times = [history.last for group in moved for history in group.values()]
        for pool in self.pools.values():
            times += [pool.worth.last, *(held.last for held in pool.units.values())]
        return max(times, default=self.terms.genesis) - self.terms.genesis

    def _pay(self, weights: dict[str, Weight], epoch: int, count: int) -> None:
        """Pay `count` epochs from `epoch` on that are alike."""
        total = sum((item.whole for item in weights.values()), Fraction(0))
        scheduled = self.emission.of(epoch)
        paid = min(Fraction(scheduled), total * self.terms.epoch_length / (LEAST_WEIGHT_DAYS * DAY))
        self.treasury += (scheduled - paid) * count
        for operator, weight in weights.items():
            self.waiting[operator] += self.fees[operator].pop(epoch, 0)
            emitted = paid * count / total if total else Fraction(0)
            self._share_out(operator, weight, emitted, self.commission(operator, epoch))

    def _share_out(self, operator: str, weight: Weight, emitted: Fraction, commission: int) -> None:
        """Emission goes to what stayed. Fees are divided between own coins and pool by what both weighed at the start,
        so that nobody moves them by leaving at the end; in the pool they are for those whose coins stayed, and wait
        when there are none."""
        own, pool = weight.at_start
        if own + pool == 0:
            return
        fees, self.waiting[operator] = self.waiting[operator], Fraction(0)
        for_pool = fees * pool / (own + pool)
        mine, theirs = weight.own * emitted + fees - for_pool, weight.pool * emitted + for_pool
        if not weight.parts:
            theirs, self.waiting[operator] = Fraction(0), theirs
        kept = theirs * commission / BPS
        self.earned[operator] += mine + kept
        for owner, part in weight.parts.items():
            self.earned[owner] += (theirs - kept) * part
