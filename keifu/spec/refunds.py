"""What insurance gives back, from a log: who lost how much to which service, which lists were opened, who was paid.

    refunds = RefundModel(hub, "timelock")
    refunds.slash("storage", "operator", 0, 100 * COIN)
    refunds.losses["storage"]["operator"]

What somebody lost is what its lock, stake and tickets were worth before a slash, less what they are worth after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from keifu.spec.refusals import check
from keifu.spec.staking import Slash, StakingModel

__all__ = ["RefundModel", "Refunds", "share_out"]


@dataclass
class Refunds:
    """The list of one service: who gets how many wei, what they may add up to, and who got them."""

    rows: dict[str, int]
    amount: int
    paid: dict[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return self.amount - sum(self.paid.values())


class RefundModel:
    """Beside a hub's log: every method is one call. The hub's `now` counts."""

    def __init__(self, hub: StakingModel, owner: str) -> None:
        self.hub, self.owner = hub, owner
        self.losses: defaultdict[str, defaultdict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        self.taken: defaultdict[str, int] = defaultdict(int)  # by the hub's own answers, dust of rounding included
        self.lists: dict[str, Refunds] = {}

    @property
    def promised(self) -> int:
        return sum(item.left for item in self.lists.values())

    def slash(self, service: str, operator: str, damages: int, penalty: int) -> Slash:
        before = self._at_stake()
        done = self.hub.slash(service, operator, damages, penalty)
        after = self._at_stake()
        for who, coins in before.items():
            self.losses[service][who] += coins - after[who]
        self.losses[service][operator] += done.damages + done.penalty
        return done

    def _at_stake(self) -> defaultdict[str, Fraction]:
        found: defaultdict[str, Fraction] = defaultdict(Fraction)
        for operator, pool in self.hub.pools.items():
            for owner in pool.units:
                found[owner] += self.hub.staked(operator, owner)
        for (owner, _, _), ticket in self.hub.tickets.items():
            found[owner] += ticket.coins
        return found

    def open_refund(self, who: str, service: str, rows: dict[str, int], amount: int, here: int) -> None:
        """`here`: wei that insurance has, or may fetch from the hub."""
        check(who == self.owner, "insurance: not the owner")
        check(bool(rows) and amount > 0, "insurance: nothing to refund")
        check(service not in self.lists, "insurance: refund known")
        listed = self.hub.services.get(service)
        is_over = listed is not None and listed.removed > 0 and self.hub.now >= listed.removed + listed.horizon
        check(is_over, "insurance: service not over")
        check(amount <= self.taken[service], "insurance: more than it took")
        check(amount <= here - self.promised, "insurance: more than is here")
        self.lists[service] = Refunds(rows, amount)

    def claim(self, loser: str, service: str, amount: int, *, proved: bool, receiver: bool) -> None:
        """`loser` is an owner key of the hub; `proved`: the proof is the one of its row, if it has one."""
        check(receiver, "insurance: no receiver")
        found = self.lists.get(service)
        check(found is not None and proved and found.rows.get(loser) == amount, "insurance: not in the list")
        assert found is not None
        check(loser not in found.paid, "insurance: claimed")
        check(amount <= found.left, "insurance: list is used up")
        found.paid[loser] = amount


def share_out(losses: Mapping[str, Fraction], pot: int) -> dict[str, int]:
    """Whole wei for everybody who lost: what it lost or, when `pot` is less than all of that, its part of `pot`.

    Parts of a wei go to those who are next to a whole one, the lower address first. So the same losses and a pot of
    what a list adds up to give that list again.
    """
    lost = {who: int(wei) for who, wei in losses.items() if wei >= 1}
    whole = sum(lost.values())
    pot = min(pot, whole)
    found = {who: wei * pot // whole for who, wei in lost.items()} if whole else {}
    nearest = sorted(found, key=lambda who: (-(lost[who] * pot % whole), who))
    for who in nearest[: pot - sum(found.values())]:
        found[who] += 1
    return {who: wei for who, wei in found.items() if wei}
