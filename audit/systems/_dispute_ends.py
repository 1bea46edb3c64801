"""How disputes end, and what covers reserve meanwhile: closing, settling, unlocking, and credits that are paid."""

from __future__ import annotations

from typing import Any

from audit.oracles.profit import check_self_slash
from audit.systems._compute import LONGEST, OPERATORS, PAYERS, covers_damages
from audit.systems._dispute_oracles import DisputeOracles
from audit.systems._disputes import BOND, Dispute
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.compute.promises import Cover
from keifu.units import HOUR

__all__ = ["WRONG", "DisputeEnds"]

WRONG = bytes([7]) * 32


class DisputeEnds(DisputeOracles):
    """What anybody may do when a turn is over."""

    def running(self, who: str) -> list[Dispute | None]:
        found = [item for item in self.disputes[-8:] if not item.over]
        return [*found, *found, *self.disputes[-1:]] or [None]

    # how a dispute ends -----------------------------------------------------------------------------------------------

    @action("", Choice("running"), Choice(("", "", "", "", "", "channel")), weight=14)
    def close(self, who: str, dispute: Dispute | None, spoilt: str) -> Steps:
        """DIS-5, DIS-7, DIS-9, DIS-12"""
        if dispute is None:
            return
        name = WRONG if spoilt else dispute.row.name
        lost, cover = dispute.lost(self.now), self.still_covering(dispute)
        before, others = self.together(), self.bystanders()
        done = yield from self.decide(
            "DIS-5", self.market("close", dispute.turn.args, name, sender=who),
            (spoilt, "disputes: another channel"),
            (dispute.over, "game: another turn"),
            (lost is None and not dispute.over, "game: still time"),
            (lost and cover and self.is_finished, "hub: not a slasher"),
        )  # fmt: skip
        if done is None:
            return
        dispute.over = True
        about: dict[str, Any] = {
            "channel": name,
            "operator": dispute.operator,
            "challenger": dispute.challenger,
        }
        if not lost:
            self.pay_to(dispute.operator, BOND)
            self.emitted("market.Acquitted", **about)
            return
        self.pay_to(dispute.challenger, BOND)
        restitution = reward = damages = 0
        if cover is not None:
            cover.over = True
            restitution, damages = cover.restitution, covers_damages(cover.restitution)
            reward = damages * 4 // 5 - restitution
            assert 0 <= reward - restitution // 10 <= 1, "DIS-9: the challenger's part is what was reserved for it"
            self.pay_to(cover.row.payer, restitution)
            self.pay_to(dispute.challenger, reward)
            self.lose(dispute.operator, damages + restitution // 10)
        self.emitted("market.Convicted", **about, restitution=restitution, reward=reward)
        if cover is not None:
            check_self_slash(before, self.together() - BOND, damages)
            self.harm.done(damages + restitution // 10, others - self.bystanders(), multiple=0)

    @action("", Choice("running"), weight=4)
    def cover_later(self, who: str, dispute: Dispute | None) -> Steps:
        """DIS-9: the payer lets go of the cover that answers, and has another one, before it is closed."""
        if dispute is None or dispute.over or dispute.cover.over or not dispute.cover.key:
            return
        cover, payer = dispute.cover, dispute.row.payer
        yield from self.release(payer, cover)
        said = Cover(cover.row.name, cover.restitution, 0, self.now + LONGEST, self.now + HOUR)
        signature = said.sign(self.receipts.domain, self.signer(cover.key))
        yield from self.covering(payer, cover.row, said, cover.operator, cover.key, signature)
        if not dispute.lost(self.now) and dispute.due >= self.now:
            return
        yield from self.close(who, dispute, "")

    @action("", Choice("running"), weight=2, always_reverts=True)
    def finish(self, who: str, dispute: Dispute | None) -> Steps:
        """DIS-7: nobody but the contract that began it."""
        if dispute is not None:
            yield from self.decide("DIS-7", self.play("finish", dispute, sender=who), (True, "game: not the caller's"))

    # covers that end --------------------------------------------------------------------------------------------------

    def ends(self, names: list[bytes], operator: str) -> list[tuple[object, str]]:
        """DIS-9: why these covers cannot be settled."""
        covers = [self.cover_of(name, operator) for name in names]
        return [
            (None in covers, "compute: no cover"),
            (any(item and self.now <= item.until for item in covers), "compute: still open to claims"),
            (any(self.dispute_of(name, operator) for name in names), "disputes: still open"),
        ]

    def due_or_not(self, who: str) -> list[tuple[str, list[bytes], list[bytes]]]:
        return [(who, names, []) for who, _, names in super().due_or_not(who)]

    @action("", Choice("due_or_not"), weight=6)
    def settle(self, who: str, lists: tuple[str, list[bytes], list[bytes]]) -> Steps:
        operator, names, _ = lists
        done = yield from self.decide(
            "DIS-9", self.market("settle", operator, names, sender=who), *self.ends(names, operator)
        )
        if done is not None:
            self.freed(operator, [], names)

    @action("", Amount("free"), Choice("due_or_not"), sender=OPERATORS, weight=4)
    def unlock(self, who: str, amount: int, lists: tuple[str, list[bytes], list[bytes]]) -> Steps:
        """Right after a fraud, too: what a cover reserves stays."""
        names = lists[1] if lists[0] == who else []
        freed = sum(item.needed for item in self.covers_of(who) if item.row.name in names)
        done = yield from self.decide(
            "DIS-9", self.market("unlock", amount, names, sender=who),
            *self.ends(names, who),
            (amount > self.free(who) + freed, "hub: more than the lock"), (amount == 0, "hub: zero amount"),
        )  # fmt: skip
        if done is not None:
            self.freed(who, [], names)
            self.locked[who] -= amount

    # money ------------------------------------------------------------------------------------------------------------

    @action("", Choice("addresses"), weight=3)
    def pay(self, who: str, account: str) -> Steps:
        yield from self.paid_out(account, account, self.market("pay", account, sender=who), self.owed)

    def receivers(self, who: str) -> list[str]:
        return [*self.addresses, self["market"], ZERO_ADDRESS]

    @action("", Choice("receivers"), sender=(*PAYERS, "watcher", "operator"), weight=3)
    def withdraw(self, who: str, receiver: str) -> Steps:
        call = self.market("withdraw", receiver, sender=who)
        if receiver in (self["market"], ZERO_ADDRESS):
            yield from self.decide("CMP-11", call, (True, "payouts: no receiver"))
            return
        yield from self.paid_out(who, receiver, call, self.owed)
