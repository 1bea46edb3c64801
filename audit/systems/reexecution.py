"""ReExecution: promises, demands, panels that agree, differ, copy or are absent, accusations and verdicts, beside a
log of what people did."""

from __future__ import annotations

from audit.reexecuted import COURT_BOND, DIGEST, FEE, POOL, RULE, STAKE, seal
from audit.systems._reexecution import DRAW, REST, STEP, Demanded, Promised, Seated
from audit.systems._reexecution_pool import ReExecutionPool
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.compute.receipt import Evidence
from keifu.units import COIN, DAY

__all__ = ["Demanded", "ReExecutions", "Seated"]

COSTS = 140 * COIN
WORDS = ((2, 2, 2, 2, 2), (2, 2, 2, 1, 0), (2, 2, 0, 0, 0), (1, 1, 1, 2, 2), (1, 2, 1, 2, 2), (0, 0, 0, 0, 0))
SPOILT = ("", "", "", "", "kind", "key", "number", "early", "bytes", "sender")


class ReExecutions(ReExecutionPool):
    """Everything that anybody may do."""

    def open_ones(self, who: str) -> list[Demanded | None]:
        return [*[item for item in self.demanded if not item.over][-3:]] or [None]

    def all_demands(self, who: str) -> list[Demanded | None]:
        return [*self.demanded[-4:]] or [None]

    def promises(self, who: str) -> list[Promised]:
        return [item for item in self.promised if not item.over][-2:] or self.promised[-1:]

    # promises ---------------------------------------------------------------------------------------------------------

    @action("", Choice((800 * COIN, 801 * COIN + 3, 1_800 * COIN)), Choice((COIN, FEE, FEE)), Choice(((3, 2), (5, 3))),
            Choice((0, 0, 9)), sender="client", weight=4)  # fmt: skip
    def promise(self, who: str, restitution: int, fee: int, panel: tuple[int, int], least: int) -> Steps:
        """REX-1"""
        last = self.now + 5 * DAY
        terms = (DIGEST, RULE, *panel, fee, restitution, 0, last)
        number = self.do("service.offer", self.world.channel.values, terms, sender=self["operator"])
        made = Promised(number, restitution, fee, *panel, self.now + 1, last, last + REST)
        there = self.ask("hub.lock_of", self["service"], self["operator"])
        mature = len(self.able(self.now)) if fee == FEE else 0
        done = yield self.call("accept", number, least, sender=who)
        if self.expect(
            "REX-1", done,
            (mature < max(panel[0], least), "reexecution: pool too small"),
            (self.reserved(self["operator"]) + made.reserve > there, "compute: lock too small"),
        ):  # fmt: skip
            self.promised.append(made)

    @action("", Choice("promises"), sender=("client", "operator", "stranger"), weight=2)
    def settle(self, who: str, item: Promised) -> Steps:
        """REX-11"""
        done = yield self.call("settle", item.number, sender=who)
        if self.expect(
            "REX-11", done,
            (self.now <= item.until, "reexecution: still open to demands"),
            (item.over, "reexecution: promise is over"),
            (self.open_demand(item) is not None, "reexecution: demand is open"),
        ):  # fmt: skip
            item.over = True

    # demands ----------------------------------------------------------------------------------------------------------

    @action("", Choice("promises"), Choice((1, 2, 3)), Choice(SPOILT), sender="client", weight=16)
    def open_demand_of(self, who: str, item: Promised, number: int, spoilt: str) -> Steps:
        """REX-2"""
        sender = self["stranger"] if spoilt == "sender" else who
        time = item.since - 1 if spoilt == "early" else max(item.since, min(self.now, item.last))
        kind = Evidence.PROVED if spoilt == "kind" else Evidence.REEXECUTED
        receipt = self.world.receipt(time=time, number=number, evidence=kind)
        by = self.world.other if spoilt == "key" else None
        given = {"request": b"other"} if spoilt == "bytes" else {}
        args = self.world.opening(receipt=receipt, by=by, promise=item.number, **given)
        done = yield self.call("open", *args, sender=sender)
        if self.expect(
            "REX-2", done,
            (spoilt == "sender", "reexecution: not the client"),
            (item.over or self.now > item.until, "reexecution: promise is over"),
            (self.open_demand(item) is not None, "reexecution: demand is open"),
            (spoilt == "kind", "reexecution: not of that kind"),
            (spoilt == "early", "reexecution: outside the promise"),
            (spoilt == "key" or time > self.now, "reexecution: not the operator's"),
            ((item.number, number) in self.judged, "reexecution: was judged"),
            (spoilt == "bytes", "reexecution: other bytes"),
        ):  # fmt: skip
            epoch = self.ask("seeds.next")
            self.demanded.append(Demanded(len(self.demanded) + 1, item, number, self.now, epoch))
            self.judged.add((item.number, number))
            self.paid(who, -item.panel * item.fee)

    @action("", Choice((1, 2, 3)), sender="stranger", weight=10)
    def bring_seed(self, who: str, value: int) -> Steps:
        yield self.tx("seeds.put", self.ask("seeds.next"), bytes([value]) * 32, sender=who)

    @action("", Choice("open_ones"), weight=12)
    def draw(self, who: str, item: Demanded | None) -> Steps:
        """REX-4: members are distinct, had a slot in time, and are no party."""
        if item is None:
            return
        done = yield self.call("draw", item.number, sender=who)
        if not self.expect(
            "REX-4", done,
            (item.drawn > 0, "reexecution: not the stage"),
            (self.now > item.opened + DRAW, "reexecution: too late"),
            (item.epoch >= self.ask("seeds.next"), "reexecution: no seed"),
        ):  # fmt: skip
            return
        able = self.able(item.opened)
        if len(able) < item.promise.panel:
            self.closed(item, 0)
            return
        panel = [self.world.service.seat(item.number, seat)[0] for seat in range(item.promise.panel)]
        assert len(set(panel)) == item.promise.panel, "REX-4: a member sits twice"
        assert set(panel) <= able, "REX-4: who may not judge was drawn"
        item.seats, item.drawn = [Seated(who) for who in panel], self.now

    @action("", Choice("open_ones"), Choice((0, 1, 2, 3, 4)), Choice((1, 2, 2, 2)), Choice(("", "", "", "copy")),
            sender="stranger", weight=26)  # fmt: skip
    def commit(self, who: str, item: Demanded | None, seat: int, word: int, how: str) -> Steps:
        """REX-5: one word a seat. A copied seal is taken, and opens for nobody."""
        if item is None or seat >= len(item.seats):
            return
        member = item.seats[seat]
        maker = self["stranger"] if how == "copy" else member.who
        sealed = seal(item.number, word, DIGEST, RULE, maker)
        done = yield self.call("commit", item.number, seat, sealed, sender=member.who)
        if self.expect(
            "REX-5", done,
            (item.case is not None, "reexecution: not the stage"),
            (self.now > item.drawn + STEP, "reexecution: too late"),
            (member.sealed != 0, "reexecution: has committed"),
        ):  # fmt: skip
            member.sealed = -word if how == "copy" else word

    @action("", Choice("open_ones"), Choice((0, 1, 2, 3, 4)), Choice(("", "", "", "", "other", "stranger")),
            sender="stranger", weight=30)  # fmt: skip
    def reveal(self, who: str, item: Demanded | None, seat: int, how: str) -> Steps:
        """REX-5, REX-12: a fee is the same for either word."""
        if item is None or seat >= len(item.seats):
            return
        member = item.seats[seat]
        word = abs(member.sealed) or 1
        word = 3 - word if how == "other" else word
        sender = who if how == "stranger" else member.who
        done = yield self.call("reveal", item.number, seat, word, DIGEST, RULE, sender=sender)
        if self.expect(
            "REX-5", done,
            (item.case is not None, "reexecution: not the stage"),
            (how == "stranger", "reexecution: not its seat"),
            (not item.drawn + STEP < self.now <= item.reveal_until, "reexecution: not the time"),
            (member.word != 0, "reexecution: has revealed"),
            (member.sealed <= 0 or how == "other", "reexecution: another seal"),
        ):  # fmt: skip
            member.word = word
            self.paid(member.who, item.promise.fee)

    @action("", Choice("open_ones"), Choice(WORDS), sender="stranger", weight=12)
    def whole_panel(self, who: str, item: Demanded | None, words: tuple[int, ...]) -> Steps:
        """A demand from where it stands until all have shown what they sealed; 0 is absent."""
        if item is None or item.case is not None:
            return
        if not item.drawn:
            if item.epoch >= self.ask("seeds.next"):
                yield from self.bring_seed(who, 1)
            yield from self.draw(who, item)
        for seat, word in zip(range(len(item.seats)), words, strict=False):
            if word and not item.seats[seat].sealed:
                yield from self.commit(who, item, seat, word, "")
        if item.drawn:
            self.evm.warp_to(max(self.now, item.drawn + STEP + 1))
        for seat, member in enumerate(item.seats):
            if member.sealed > 0 and not member.word:
                yield from self.reveal(who, item, seat, "")

    @action("", Choice("open_ones"), Choice((0, 1, 2, 2, 3)), sender="client", weight=12)
    def whole_case(self, who: str, item: Demanded | None, verdict: int) -> Steps:
        """A panel's finding before the court, to its verdict."""
        if item is None or not item.is_found:
            return
        if item.case is None:
            self.evm.warp_to(max(self.now, item.reveal_until + 1))
            yield from self.accuse(who, item)
        if item.case is not None and verdict:
            yield from self.judge(who, item, verdict, 7)
            yield from self.pull(who, item)

    # ends -------------------------------------------------------------------------------------------------------------

    @action("", Choice("open_ones"), sender=("client", "client", "stranger"), weight=12)
    def accuse(self, who: str, item: Demanded | None) -> Steps:
        """REX-6"""
        if item is None:
            return
        done = yield self.call("accuse", item.number, b"e", sender=who)
        if self.expect(
            "REX-6", done,
            (who != self["client"], "reexecution: not the client"),
            (item.case is not None or not self.can_accuse(item), "reexecution: nothing to accuse of"),
        ):  # fmt: skip
            item.case = self.courts
            self.courts += 1
            self.paid(who, -COURT_BOND)

    def can_accuse(self, item: Demanded) -> bool:
        return item.drawn > 0 and item.is_found and item.reveal_until < self.now <= item.reveal_until + 2 * STEP

    @action("", Choice("open_ones"), Choice((1, 2, 2, 3)), Choice((4, 5, 7)), sender="stranger", weight=6)
    def judge(self, who: str, item: Demanded | None, verdict: int, votes: int) -> Steps:
        """A jury, with a quorum or without one."""
        if item is not None and item.case is not None and item.verdict == 0:
            yield self.tx("court.decide", item.case, verdict, COSTS, sender=who)
            yield self.tx("court.count", item.case, 0, *((0, votes) if verdict == 2 else (votes, 0)), sender=who)
            item.verdict, item.votes = verdict, votes

    @action("", Choice("open_ones"), sender=("operator", "stranger"), weight=2)
    def concede(self, who: str, item: Demanded | None) -> Steps:
        """REX-6, REX-10: a conviction without a jury, which measures no word."""
        if item is None or item.verdict:
            return
        done = yield self.call("concede", item.number, sender=who)
        if self.expect(
            "REX-6", done,
            (item.case is None, "reexecution: no case"),
            (who != self["operator"], "reexecution: not the operator"),
        ):  # fmt: skip
            item.verdict = 2

    @action("", Choice("open_ones"), weight=8)
    def pull(self, who: str, item: Demanded | None) -> Steps:
        """REX-7, REX-8"""
        if item is None:
            return
        done = yield self.call("pull", item.number, sender=who)
        if not self.expect(
            "REX-7", done,
            (item.case is None, "reexecution: no case"),
            (item.verdict == 0, "reexecution: no verdict"),
        ):  # fmt: skip
            return
        self.closed(item, item.verdict)
        promise = item.promise
        if item.verdict == 2:
            rewards = item.words(2) * promise.fee
            paid = promise.restitution + promise.panel * promise.fee + rewards + (COSTS if item.votes else 0)
            promise.over = True
            damages = -(-paid * 5 // 4)
            self.paid(self["client"], damages * 4 // 5 - rewards)
            self.paid(self["operator"], -damages - promise.restitution // 10)

    @action("", Choice("open_ones"), weight=10)
    def close(self, who: str, item: Demanded | None) -> Steps:
        """REX-9"""
        if item is None:
            return
        done = yield self.call("close", item.number, sender=who)
        waits = item.drawn == 0
        early = self.now <= (item.opened + DRAW if waits else item.reveal_until) or self.can_accuse(item)
        if not self.expect(
            "REX-9", done,
            (item.case is not None, "reexecution: not the stage"),
            (early, "reexecution: still time"),
        ):  # fmt: skip
            return
        self.closed(item, 0)

    @action("", Choice("all_demands"), Choice((0, 1, 2, 3, 4)), weight=12)
    def settle_seat(self, who: str, item: Demanded | None, seat: int) -> Steps:
        """REX-10"""
        if item is None:
            return
        there = seat < len(item.seats)
        done = yield self.call("settle_seat", item.number, seat, sender=who)
        none = not there or not item.over or item.seats[seat].settled
        if self.expect("REX-10", done, (none, "reexecution: no seat to settle")):
            member = item.seats[seat]
            member.settled = True
            is_absent = member.word == 0 and member.sealed == 0
            is_denied = member.word == item.denied  # also who sealed a word and hid it
            slot = self.slot_of(member.who)
            assert slot is not None
            fine = 100 * COIN if is_absent else 200 * COIN if is_denied or member.word == 0 else 0
            fine = min(fine, STAKE - slot.fines)
            slot.fines += fine
            slot.left = slot.left or (self.now if fine else 0)
            self.paid(member.who, -fine + (item.promise.fee if item.outcome == 2 and member.word == 2 else 0))

    # the oracles ------------------------------------------------------------------------------------------------------

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: everybody has what the log says, to the wei."""
        for who in self.roles.values():
            has, right = self.wealth(who), self.begun[who] + self.flow[who]
            assert has <= right, f"profit: {self.names[who]} has {has - right} wei more than the log says"
            assert has >= right, f"harm: {self.names[who]} has {right - has} wei less than the log says"
        return True

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: what is reserved is the log's, is there, and pays each open promise in full."""
        for who in self.roles.values():
            reserved, there = self.ask("service.reserved", who), self.ask("hub.lock_of", self["service"], who)
            assert reserved == self.reserved(who), f"promise: {self.names[who]} reserves {reserved}"
            assert reserved <= there, f"promise: {reserved} wei are reserved, {there} are locked"
        return True

    @invariant("ORA-3", at_end=True)
    def bystanders_lose_nothing(self) -> bool:
        """Harm: who only watches has what it had; who never said what a verdict denies was never fined for a word."""
        assert self.wealth(self["stranger"]) == self.begun[self["stranger"]], "harm: stranger lost coins"
        return True

    @invariant("ORA-4", at_end=True)
    def everybody_leaves_in_time(self) -> bool:
        """Delay: in the documented time all demands end, and every lock is free; the service owes what it has."""
        with self.evm.anchor():
            self.end_all()
            for who in self.roles.values():
                lock = self.ask("hub.lock_of", self["service"], who)
                assert self.ask("service.reserved", who) == 0, f"delay: {self.names[who]} cannot leave"
                if lock:
                    self.do("service.unlock", lock, [], sender=who)
            owed = sum(self.ask("service.credits", who) for who in (*self.roles.values(), self.world.insurance.address))
            assert self.ask("token.balanceOf", self["service"]) == owed, "profit: the service owes another sum"
        return True

    def end_all(self) -> None:
        for item in self.demanded:
            if not item.over and item.case is not None and not item.verdict:
                self.do("court.decide", item.case, 1, COSTS, sender=self.owner)
        self.evm.warp(8 * DAY)
        for item in self.demanded:
            if not item.over:
                self.do("service.close" if item.case is None else "service.pull", item.number, sender=self["stranger"])
            for seat, member in enumerate(item.seats):
                if not member.settled:
                    self.do("service.settle_seat", item.number, seat, sender=self["stranger"])
        for held in self.held:
            if not self.world.service.slot(POOL, held.slot)[2]:
                self.do("service.leave", POOL, held.slot, sender=held.who)
        # A void case prolongs its promise by the window for openings.
        self.evm.warp(10 * DAY + 30 * DAY)
        for held in self.held:
            self.do("service.free_slot", POOL, held.slot, sender=self["stranger"])
        for promise in self.promised:
            if self.world.service.promise(promise.number)[6]:
                self.do("service.settle", promise.number, sender=self["stranger"])

    @invariant("ORA-5", at_end=True)
    def either_word_is_paid_alike(self) -> bool:
        """Neutrality: a member that shows either word has the same fee, and one that waits to the end, too."""
        for item in self.demanded:
            if item.over or item.case is not None or not item.drawn + STEP < self.now <= item.reveal_until:
                continue
            for seat, member in enumerate(item.seats):
                if member.sealed > 0 and not member.word:
                    with self.evm.anchor():
                        before = self.ask("service.credits", member.who)
                        self.do("service.reveal", item.number, seat, member.sealed, DIGEST, RULE, sender=member.who)
                        got = self.ask("service.credits", member.who) - before
                    assert got == item.promise.fee, f"neutrality: word {member.sealed} was paid {got} wei"
        return True
