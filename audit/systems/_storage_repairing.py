"""What people do at StorageRepairs: demands and answers, hand-over, repair."""

from __future__ import annotations

from typing import Any

from audit.systems._storage import ACCEPTED, FEE, FREE, LOST, MENDED, PEOPLE, PROVIDERS, SECONDS, WINDOW, Stored, hashed
from audit.systems._storage_dealing import StorageDealing
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Choice
from keifu.spec.storage import DRAWS, LEAF_BYTES, path, repair_draw

__all__ = ["StorageRepairing"]

DEMANDS, TURN = 8, 2
SHOWN = ("", "", "", "", "", "", "named", "data", "word", "short", "long", "cut")
WITH_MORE_LEAVES = ((True, "repairs: not in the shard"), (True, "repairs: words left over"))
SPOILT = ("data", "word", "short", "long", "cut")


class StorageRepairing(StorageDealing):
    """Calls of the repairs."""

    def leaf_of(self, shard: Stored, leaf: int) -> tuple[bytes, list[int]]:
        """Data of one leaf, and the way to its shard."""
        data = shard.deal.data[shard.index][1]
        words = [int.from_bytes(node, "big") for node in path(hashed(data), leaf)]
        return data[leaf * LEAF_BYTES : (leaf + 1) * LEAF_BYTES], words

    def wrong_leaf(self, form: str, data: bytes, words: list[int]) -> tuple[bytes, list[int]]:
        changed: dict[str, tuple[bytes, list[int]]] = {
            "data": (bytes([data[0] ^ 1]) + data[1:], words),
            "word": (data, [*words[:-1], words[-1] ^ 1] if words else [7]),
            "short": (data, words[:-1] if words else [7]),
            "long": (data, [*words, 1]),
            "cut": (data[:-1], words),
        }
        return changed.get(form, (data, words))

    def not_shown(self, form: str, words: list[int], cut: str) -> tuple[object, str]:
        """Why what `wrong_leaf` made of it is refused; `words` are the right ones."""
        if form == "cut":
            return True, cut
        left_over = form == "long" or (form in ("word", "short") and not words)
        return form in SPOILT, "repairs: words left over" if left_over else "repairs: not in the shard"

    # demands ----------------------------------------------------------------------------------------------------------

    @action("", Choice("kept"), Choice((0, 0, 1, 2, 8, 99)), Choice((False, False, False, False, True)), sender=PEOPLE,
            weight=14)  # fmt: skip
    def demand(self, who: str, shard: Stored, leaf: int, spoilt: bool) -> Steps:
        leaves = shard.deal.named[shard.index][2]
        leaf = leaf % leaves if leaf < 8 else leaves + leaf - 8
        held = shard.state == ACCEPTED and self.epoch < shard.last.end
        keeper = shard.last.provider if shard.tenures else ""
        named = shard.deal.shown(shard.index, spoilt=spoilt)
        done = yield from self.decide(
            "STO-14", self.act("repairs.demand", shard.deal.id, shard.index, named, leaf, sender=who),
            (spoilt, "repairs: not in the deal"),
            (leaf >= leaves, "repairs: no such leaf"),
            (not held, "repairs: shard is not stored"),
            (shard.demand, "repairs: demand is open"),
            (self.demanded[keeper, self.epoch] >= DEMANDS, "repairs: too many demands"),
        )  # fmt: skip
        if done is not None:
            self.demanded[keeper, self.epoch] += 1
            shard.demand = who, keeper, leaf, self.now + WINDOW
            self.moved[who] -= FEE
            self.emitted("repairs.Demanded", deal=shard.deal.id, caller=who, leaf=leaf, until=self.now + WINDOW)

    def asked(self, who: str) -> list[Stored]:
        asked = [item for item in self.known("") if item.demand]
        return [*asked * 4, *self.known("")]

    @action("", Choice("asked"), Choice(SHOWN), sender=PEOPLE, weight=10)
    def answer(self, who: str, shard: Stored, form: str) -> Steps:
        """Late is better than never."""
        leaf = shard.demand[2] if shard.demand else 0
        right = self.leaf_of(shard, leaf)
        data, words = self.wrong_leaf(form, *right)
        named = shard.deal.shown(shard.index, spoilt=form == "named")
        done = yield from self.decide(
            "STO-14", self.act("repairs.answer", shard.deal.id, shard.index, named, data, words, sender=who),
            (not shard.demand, "repairs: no demand"),
            (form == "named", "repairs: not in the deal"),
            *([self.not_shown(form, right[1], "repairs: not a leaf")] if form != "named" and shard.demand else []),
        )  # fmt: skip
        if done is not None and shard.demand:
            self.owe(shard.demand[1], FEE)
            shard.demand = None
            self.emitted("repairs.Answered", deal=shard.deal.id, data=data)

    @action("", Choice("asked"), sender=PEOPLE, weight=12)
    def end_demand(self, who: str, shard: Stored) -> Steps:
        asker, keeper, _, until = shard.demand or ("", "", 0, 0)
        kept = shard.state == ACCEPTED and shard.last.provider == keeper
        owed = bool(asker) and kept and self.still_answers(shard.last)
        found = self.found(keeper or who)
        done = yield from self.decide(
            "STO-14", self.act("repairs.end_demand", shard.deal.id, shard.index, sender=who),
            (not asker, "repairs: no demand"),
            (owed and self.now <= until, "repairs: may still be answered"),
            *([self.in_parts(found)] if owed else []),
        )  # fmt: skip
        if done is None:
            return
        shard.demand = None
        self.owe(asker, FEE)
        if owed:
            self.settle_by(found, who)
            self.lose(shard, who)
        self.emitted("repairs.DemandEnded", deal=shard.deal.id, index=shard.index, lost=owed)

    @action("", Choice("kept"), Choice(range(16)), sender="watcher", weight=2)
    def plague(self, who: str, shard: Stored, leaf: int) -> Steps:
        """More demands than an epoch has; each is answered at once."""
        for _ in range(DEMANDS + 1 if shard.state == ACCEPTED else 0):
            yield from self.demand(who, shard, leaf % 8, False)
            yield from self.answer(who, shard, "")

    # hand-over --------------------------------------------------------------------------------------------------------

    def keeper(self, shard: Stored) -> str:
        """Who may give a shard to another one."""
        if shard.state == ACCEPTED:
            return shard.last.provider
        return shard.deal.client if shard.state == FREE else ZERO_ADDRESS

    def movable(self, who: str) -> list[Stored]:
        return self.mostly(ACCEPTED, FREE)

    @action("", Choice("movable"), Choice((*PROVIDERS, "stranger")), Choice((True, True, True, False)), sender=PEOPLE,
            weight=8)  # fmt: skip
    def propose(self, who: str, shard: Stored, role: str, own: bool) -> Steps:
        keeper = self.keeper(shard)
        who, to = keeper if own and keeper in self.addresses else who, self[role]
        done = yield from self.decide(
            "STO-12", self.act("repairs.propose", shard.deal.id, shard.index, to, sender=who),
            (who != keeper, "repairs: not the caller's to give"),
        )  # fmt: skip
        if done is not None:
            shard.proposal = who, to
            self.emitted("repairs.Proposed", deal=shard.deal.id, index=shard.index, by=who, to=to)

    def proposed(self, who: str) -> list[Stored]:
        ready = [item for item in self.known("") if item.proposal]
        return [*ready * 4, *self.known("")]

    def not_taken_over(self, shard: Stored, named: bool, who: str) -> list[tuple[object, str]]:
        """Why nobody, or not this one, stores a shard from now on."""
        deal = shard.deal
        return [
            (deal.closed, "deals: deal is closed"),
            (not named, "deals: not in the deal"),
            (self.epoch + 1 >= deal.end, "deals: deal has ended"),
            *self.cannot_promise(self.found(who), deal.damages, deal.named[shard.index][2]),
        ]

    @action("", Choice("proposed"), Choice((True, True, True, True, False)), Choice((True, True, True, False)),
            sender=PROVIDERS, weight=12)  # fmt: skip
    def accept_proposal(self, who: str, shard: Stored, named: bool, own: bool) -> Steps:
        by, to = shard.proposal or (ZERO_ADDRESS, ZERO_ADDRESS)
        who = to if own and to in self.addresses else who
        kept, deal = shard.state == ACCEPTED, shard.deal
        giver = self.found(shard.last.provider) if kept else None
        shown = deal.shown(shard.index, spoilt=not named)
        wrongs = [
            (who != to, "repairs: not proposed to the caller"),
            (by != self.keeper(shard), "repairs: proposal is void"),
            (shard.demand, "repairs: demand is open"),
            (shard.state == FREE and self.epoch <= deal.accept_by, "deals: may still be accepted"),
            (kept and shard.last.provider == who, "deals: stores it already"),
            (kept and self.epoch >= shard.last.end, "deals: shard has ended"),
            (not kept and shard.state != FREE, "deals: shard is not under repair"),
            *([self.in_parts(giver)] if giver else []),
            *self.not_taken_over(shard, named, who),
        ]
        call = self.act("repairs.accept_proposal", deal.id, shard.index, shown, sender=who)
        done = yield from self.decide("STO-12", call, *wrongs)
        if done is None:
            return
        shard.proposal = None
        if giver:
            self.settle_by(giver, who)
            self.stop(shard.last)
            self.collects(shard, shard.last.end)
        self.taken_over(shard, who)
        self.emitted("repairs.TakenOver", deal=deal.id, index=shard.index, provider=who)

    def taken_over(self, shard: Stored, who: str) -> None:
        if shard.tenures:
            shard.last.left = True
        self.settle_by(self.found(who), who)
        self.take(shard, who)
        self.emitted("deals.ShardAccepted", deal=shard.deal.id, provider=who)

    # repair -----------------------------------------------------------------------------------------------------------

    def broken(self, who: str) -> list[Stored]:
        return self.mostly(LOST, MENDED)

    def is_over(self, shard: Stored) -> bool:
        """Whether a repairer's time is over: two epochs, or four when neither had a seed."""
        if not shard.repair:
            return False
        _, since, _ = shard.repair
        had_a_seed = since + 1 in self.seen or since + 2 in self.seen
        return since + (TURN if had_a_seed else 2 * TURN) < self.epoch

    def ended(self, shard: Stored) -> None:
        if shard.repair:
            self.owe(shard.deal.client, shard.repair[2])
            shard.repair, shard.state = None, LOST

    @action("", Choice("broken"), sender=(*PROVIDERS, "watcher"), weight=10)
    def reserve_repair(self, who: str, shard: Stored) -> Steps:
        busy = shard.repair is not None
        over = self.is_over(shard)
        done = yield from self.decide(
            "STO-13", self.act("repairs.reserve_repair", shard.deal.id, shard.index, sender=who),
            (busy and not over, "repairs: shard is reserved"),
            (not busy and shard.state != LOST, "deals: shard is not lost"),
        )  # fmt: skip
        if done is not None:
            self.ended(shard)
            bond = shard.bounty // 4
            shard.repair, shard.state = (who, self.epoch, bond), MENDED
            self.moved[who] -= bond
            self.emitted("repairs.RepairReserved", deal=shard.deal.id, repairer=who, bond=bond)

    @action("", Choice("broken"), weight=4)
    def end_repair(self, who: str, shard: Stored) -> Steps:
        done = yield from self.decide(
            "STO-13", self.act("repairs.end_repair", shard.deal.id, shard.index, sender=who),
            (not shard.repair, "repairs: no reservation"),
            (shard.repair and not self.is_over(shard), "repairs: shard is reserved"),
        )  # fmt: skip
        if done is not None and shard.repair:
            repairer = shard.repair[0]
            self.ended(shard)
            self.emitted("repairs.RepairEnded", deal=shard.deal.id, index=shard.index, repairer=repairer, done=False)

    def mended(self, who: str) -> list[Stored]:
        return [*[item for item in self.known("") if item.repair] * 4, *self.known("")]

    @action("", Choice("mended"), Choice(SHOWN), Choice((0, 0, 0, 0, 1, -9)), Choice((True, True, True, False)),
            sender=(*PROVIDERS, "watcher"), weight=16)  # fmt: skip
    def complete_repair(self, who: str, shard: Stored, form: str, early: int, own: bool) -> Steps:
        repairer, since, bond = shard.repair or (ZERO_ADDRESS, 0, 0)
        who = repairer if own and shard.repair else who
        later = [epoch for epoch in self.seen if epoch > since]
        epoch = max(later, default=since + 1) if early == 0 else since + 1 - early
        seed = self.seen.get(epoch, (bytes(32), 0))[0]
        data, words = b"", list[int]()
        leaves = shard.deal.named[shard.index][2]
        for at in range(DRAWS):
            piece, way = self.leaf_of(shard, repair_draw(seed, shard.deal.id, shard.index, who, at, leaves))
            data, words = data + piece, [*words, *way]
        right = words
        data, words = self.wrong_leaf(form, data, words)
        named = form != "named"
        shown = shard.deal.shown(shard.index, spoilt=not named)
        call = self.act("repairs.complete_repair", shard.deal.id, shard.index, shown, epoch, data, words, sender=who)
        done = yield from self.decide(
            "STO-13", call,
            (who != repairer, "repairs: no reservation"),
            (epoch <= since or not any(seed), "repairs: no seed yet"),
            *([self.not_shown(form, right, "repairs: not five leaves")] if named else WITH_MORE_LEAVES),
            *self.not_taken_over(shard, named, who),
        )  # fmt: skip
        if done is None:
            return
        self.owe(who, bond)
        self.credit_to(who, shard.bounty)
        shard.repair, shard.bounty = None, 0
        self.taken_over(shard, who)
        self.emitted("repairs.RepairEnded", deal=shard.deal.id, index=shard.index, repairer=who, done=True)

    @action("", Choice("kept"), Choice(PROVIDERS), sender="watcher", weight=3)
    def loss(self, who: str, shard: Stored, role: str) -> Steps:
        """A provider misses three epochs; one that proves rebuilds its shard, not with leaves that it knew before. What
        the first one proposed is void then."""
        mender = self[role]
        third = next(name for name in PROVIDERS if self[name] not in (mender, shard.tenures and shard.last.provider))
        yield from self.propose(who, shard, third, True)
        for number in range(5 if shard.state == ACCEPTED else 0):
            self.evm.warp_to(self.first + self.epoch * SECONDS + 60)
            yield from self.opening(who)
            yield from self.seeing(who)
            if shard.last.provider != mender:
                yield from self.showing(mender, mender)
            if number == 3:
                yield from self.declare_lost(who, shard)
                yield from self.reserve_repair(mender, shard)
                yield from self.complete_repair(mender, shard, "", 1, True)
        yield from self.complete_repair(mender, shard, "", 0, True)
        yield from self.accept_proposal(mender, shard, True, True)

    # pay --------------------------------------------------------------------------------------------------------------

    def debtors(self, who: str) -> list[Any]:
        return [*self.addresses, self["repairs"], ZERO_ADDRESS]

    @action("", Choice("debtors"), Choice((True, False)), sender=PEOPLE, weight=3)
    def paid_back(self, who: str, receiver: str, itself: bool) -> Steps:
        """Fees and bonds, by the account's own call or anybody's."""
        account, to = (who, receiver) if itself else (receiver, receiver)
        due, before = self.owed[account], self.stored(to)
        call = "repairs.withdraw" if itself else "repairs.pay"
        done = yield from self.decide(
            "STO-1", self.act(call, to, sender=who),
            (itself and to in (self["repairs"], ZERO_ADDRESS), "payouts: no receiver"),
            (due == 0, "payouts: nothing to pay"),
        )  # fmt: skip
        if done is not None:
            self.paid_out(account, to, due, before)
            self.moved[account] -= due
            self.owed[account] = 0
            self.emitted("repairs.Paid", account=account, receiver=to, amount=due)

    @action("", Choice(("lose_unanswered", "reserve", "release", "take_over")), weight=1)
    def meddle_with_shards(self, who: str, function: str) -> Steps:
        """STO-9"""
        deal = self.promised[0]
        given: dict[str, tuple[Any, ...]] = {
            "lose_unanswered": (deal.id, 0, who), "reserve": (deal.id, 0), "release": (deal.id, 0),
            "take_over": (deal.id, 0, who, deal.shown(0)),
        }  # fmt: skip
        yield self.tx(f"deals.{function}", *given[function], sender=who, fails="deals: only the repairs")
