"""Openings, panels, words and accusations, at their edges."""

from __future__ import annotations

from typing import Any

from audit.reexecuted import (
    COURT_BOND,
    DIGEST,
    FEE,
    MATURITY,
    POOL,
    RESERVE,
    REST,
    RESTITUTION,
    RULE,
    STAKE,
    seal,
)
from audit.systems._hub_edges import way
from audit.systems._reexecution import EXECUTORS
from audit.systems._reexecution_edges import CROWD, CROWD_FEE, CROWD_POOL, DRAW, NOTHING, SALT, STEP
from audit.systems._reexecution_edges_promises import LONGEST_STAND, OVER, PromiseEdges
from audit.systems._wallet_signatures import forms
from ethwire.abi import encode_args
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.promises import shown
from keifu.compute.receipt import Evidence
from keifu.keys import keccak256
from keifu.units import COIN, DAY

__all__ = ["LATE", "NOT_THE_STAGE", "DemandEdges"]

ROOT, OTHER_ROOT = b"\x01" * 32, b"\x02" * 32
NOT_ITS_KEY, NOT_THE_STAGE, LATE, NO_SEAT, STILL = (
    f"reexecution: {reason}"
    for reason in ("not the operator's", "not the stage", "too late", "not its seat", "still time")
)
OUTSIDE, OTHER_BYTES, JUDGED, NOTHING_FOUND, EARLY = (
    f"reexecution: {reason}"
    for reason in ("outside the promise", "other bytes", "was judged", "nothing to accuse of", "not the time")
)


class DemandEdges(PromiseEdges):
    """Short ways to what a demand refuses, and to what it keeps of what it takes."""

    # openings ---------------------------------------------------------------------------------------------------------

    @way()
    def all_of_an_opening(self, who: str) -> Steps:
        """REX-2: what is kept, what stands in the log, and what is paid."""
        receipt, before = self.receipt(number=7), self.coins("client")
        answer = yield self.opens(receipt=receipt)
        self.emitted("service.Opened", demand=1, promise=1, receipt=receipt.struct_hash, seed_epoch=0,
                     request=b"a question", response=b"an answer", stored=(NOTHING, NOTHING))  # fmt: skip
        assert int.from_bytes(answer, "big") == 1 == self.ask("service.demand_count"), "REX-2: its number"
        assert before - self.coins("client") == 5 * FEE == self.coins("service"), "REX-12: its fees"
        kept = (1, 7, receipt.struct_hash, self.now, 0, 9, 1, 0, 0, 0, 0, False, 0, 0, 0, 0)
        assert tuple(self.view("demand", 1)) == kept, "REX-2: another demand"
        assert (self.view("promise", 1)[7], self.ask("service.judged", 1, 7)) == (1, 1)
        yield self.opens(receipt=self.receipt(number=8), fails="reexecution: demand is open")
        yield from self.promises()
        self.evm.warp(1)
        yield self.seeds_are(1)
        yield self.opens(promise=2, receipt=self.receipt(number=7))
        assert self.view("demand", 2)[4] == 1, "REX-4: another seed"

    @way(Choice((False, True)))
    def receipts_to_the_second(self, who: str, is_late: bool) -> Steps:
        """REX-2: from the first second of the promise to its last one, and none of tomorrow."""
        state = self.view("promise", 1)
        since, last = state[4], state[3][7]
        for time, fails in (
            (since - 1, OUTSIDE), (last + 1, OUTSIDE), (self.now + 1, NOT_ITS_KEY), (last, NOT_ITS_KEY)
        ):  # fmt: skip
            yield self.opens(receipt=self.receipt(time=time), fails=fails)
        if not is_late:
            with self.evm.anchor():
                yield self.opens(receipt=self.receipt(time=self.now))
            yield self.opens(receipt=self.receipt(time=since))
            return
        self.evm.warp_to(last + REST)
        yield self.opens(receipt=self.receipt(time=last + 1), fails=OUTSIDE)
        with self.evm.anchor():
            yield self.opens(receipt=self.receipt(time=last))
        self.evm.warp(1)
        yield self.opens(receipt=self.receipt(time=last), fails=OVER)

    @way()
    def whose_receipts(self, who: str) -> Steps:
        """REX-2: of the operator's key, this market, this channel, this model and this kind."""
        world = self.world
        yield self.opens(by="operator", fails="reexecution: not the client")
        yield self.opens(promise=2, fails="reexecution: not the client")
        for kind in (Evidence.UNVERIFIED, Evidence.ATTESTED, Evidence.PROVED):
            yield self.opens(receipt=self.receipt(evidence=kind), fails="reexecution: not of that kind")
        for changes in ({"channel_id": ROOT}, {"digest": ROOT}):
            yield self.opens(receipt=self.receipt(**changes), fails="reexecution: another channel or model")
        batch = [self.receipt(number=number) for number in (1, 3)]
        signed = world.receipts.sign(world.operator, batch)
        strange = world.receipts.sign(world.other, batch)
        for one, other, fails in ((signed[0], signed[1], NOT_ITS_KEY), (strange[1], strange[1], NOT_ITS_KEY),
                                  (signed[0], signed[0], None), (signed[1], signed[1], None)):  # fmt: skip
            values, _, signature = shown(one)
            rest = (b"a question", b"an answer", (NOTHING, NOTHING))
            with self.evm.anchor():
                yield self.sends("open", 1, values, shown(other)[1], signature, *rest, by="client", fails=fails)
                if not fails:
                    assert self.view("demand", 1)[1:3] == (one.receipt.number, one.receipt.struct_hash)

    @way(Choice((False, True)))
    def signed_in_every_form(self, who: str, is_odd: bool) -> Steps:
        """REX-2: receipts count under the signatures that the market takes, and no others."""
        receipt = next(
            one for number in range(1, 99) if self.plain(one := self.receipt(number=number))[64] == 27 + is_odd
        )
        domain, key, other = self.world.receipts.domain, self.world.operator, self.world.other
        plain = self.plain(receipt)
        for signature, counts in forms(domain, key, other, RECEIPT_BATCH, receipt.leaf):
            if len(signature) <= 65:
                with self.evm.anchor():
                    given = list(self.world.opening(receipt=receipt))
                    given[3] = signature
                    fails = None if counts and signature[:32] == plain[:32] else NOT_ITS_KEY
                    yield self.sends("open", *given, by="client", fails=fails)

    def plain(self, receipt: Any) -> bytes:
        return bytes(self.world.operator.sign(self.world.receipts.domain.digest(RECEIPT_BATCH, receipt.leaf)))

    @way()
    def bytes_or_a_deal(self, who: str) -> Steps:
        """REX-2: the receipt's bytes, or a root where there are none."""
        given: dict[str, Any]
        for given in ({"request": b"other"}, {"response": b"other"}, {"request": b""}, {"response": b""},
                      {"request": b"", "response": b"", "stored": (ROOT, NOTHING)},
                      {"request": b"", "response": b"", "stored": (NOTHING, ROOT)},
                      {"request": b"", "stored": (NOTHING, ROOT)}, {"response": b"", "stored": (ROOT, NOTHING)},
                      {"request": b"other", "stored": (ROOT, OTHER_ROOT)}):  # fmt: skip
            yield self.opens(fails=OTHER_BYTES, **given)
        for given, is_stored in (({"request": b"", "stored": (ROOT, NOTHING)}, True),
                                 ({"response": b"", "stored": (NOTHING, ROOT)}, True),
                                 ({"request": b"", "response": b"", "stored": (ROOT, OTHER_ROOT)}, True),
                                 ({"stored": (ROOT, OTHER_ROOT)}, False)):  # fmt: skip
            with self.evm.anchor():
                yield self.opens(**given)
                self.emitted("service.Opened", stored=given["stored"])
                assert self.view("demand", 1)[11] == is_stored, "REX-5: what may be unreadable"
        longest = bytes(2_048)
        hashes = {"request_hash": keccak256(longest), "response_hash": keccak256(longest)}
        yield self.opens(receipt=self.receipt(**hashes), request=longest, response=longest)

    # panels -----------------------------------------------------------------------------------------------------------

    @way(Choice((1, 2, 3, 7, 8, 9, 10, 11)))
    def who_is_drawn(self, who: str, seed: int) -> Steps:
        """REX-4: the first of a shuffle, each with a seat more."""
        panel = yield from self.drawn(seed)
        state = self.view("demand", 1)
        assert (state[6], state[7], state[8]) == (2, self.now, self.now + 4 * DAY), "REX-4: another stage"
        for slot in range(len(EXECUTORS)):
            assert self.slot(slot)[3] == (slot in panel.slots), "REX-4: seats of others"
        yield self.sends("draw", 1, fails=NOT_THE_STAGE)
        yield from self.promises()
        self.evm.warp(1)
        again = yield from self.drawn(seed + 20, promise=2, receipt=self.receipt(number=2))
        for slot in range(len(EXECUTORS)):
            assert self.slot(slot)[3:] == ((slot in panel.slots) + (slot in again.slots), 0), "REX-4: seats"

    @way(Choice((4, 5, 6)))
    def drawn_from_a_crowd(self, who: str, seed: int) -> Steps:
        """REX-4: seven of 127, of another pool, and the fees of that pool."""
        yield from self.promises(fee=CROWD_FEE, panel=7, needed=4)
        self.evm.warp(1)
        panel = yield from self.drawn(seed, self.crowd, 7, promise=2)
        assert self.coins("service") == 7 * CROWD_FEE, "REX-12"
        assert self.view("demand", 1)[5] == CROWD
        yield from self.says(panel, 1, 1, 2, 1, 2, 1, 0)
        self.evm.warp(1)
        yield self.sends("close", 1)
        self.emitted("service.Closed", demand=1, outcome=0, rest_to=self.insurance, rest=CROWD_FEE)
        yield self.sends("settle_seat", 1, 6)
        self.emitted("hub.Slashed", service=self["service"], operator=panel.members[6], damages=0, penalty=100 * COIN)
        assert self.slot(panel.slots[6], CROWD_POOL)[2:] == (self.now, 0, 1)

    @way(Choice((0, 1)))
    def drawn_to_the_second(self, who: str, late: int) -> Steps:
        """REX-4: in three days, and then closed."""
        yield self.opens()
        yield self.sends("draw", 1, fails="reexecution: no seed")
        yield self.seeds_are(3)
        self.evm.warp(DRAW + late)
        yield self.sends("close", 1, fails=None if late else STILL)
        if late:
            self.emitted("service.Closed", demand=1, outcome=0, rest_to=self["client"], rest=5 * FEE)
            assert self.credit("client") == 5 * FEE
        yield self.sends("draw", 1, fails=NOT_THE_STAGE if late else None)
        if not late:
            self.evm.warp(1)
            yield self.opens(receipt=self.receipt(number=2), fails="reexecution: demand is open")

    @way()
    def drawn_too_late(self, who: str) -> Steps:
        yield self.opens()
        yield self.seeds_are(3)
        self.evm.warp(DRAW + 1)
        yield self.sends("draw", 1, fails=LATE)
        yield self.sends("draw", 2, fails=NOT_THE_STAGE)
        yield self.sends("close", 2, fails=NOT_THE_STAGE)

    @way(Choice((0, 1)))
    def mature_to_the_second(self, who: str, late: int) -> Steps:
        """REX-3, REX-4: four of nine are left, and one that joined a week ago to the second, or a second later."""
        for slot in range(5):
            yield self.sends("leave", POOL, slot, by=EXECUTORS[slot])
        yield self.sends("join", POOL, 9, by="other operator")
        self.evm.warp(MATURITY - late)
        yield self.opens()
        yield self.seeds_are(3)
        self.evm.warp(1)
        yield self.sends("draw", 1)
        back = {"demand": 1, "outcome": 0, "rest_to": self["client"], "rest": 5 * FEE} if late else {}
        self.emitted("service.Closed", count=late, **back)
        state = self.view("demand", 1)
        assert (state[6], state[7], state[13]) == ((4, 0, 0) if late else (2, self.now, 0)), "REX-3: another panel"
        if late:
            assert self.credit("client") == 5 * FEE, "REX-12"
            assert self.view("promise", 1)[7] == 0 == self.ask("service.judged", 1, 1), "REX-8"
            yield self.sends("draw", 1, fails=NOT_THE_STAGE)
            yield self.opens()

    @way(Choice((0, 1)))
    def left_after_the_opening(self, who: str, seconds: int) -> Steps:
        """REX-3: whoever leaves a second later is drawn, in the same second it is not."""
        for slot in range(4):
            yield self.sends("leave", POOL, slot, by=EXECUTORS[slot])
        yield self.opens()
        yield self.seeds_are(3)
        self.evm.warp(seconds)
        yield self.sends("leave", POOL, 8, by=EXECUTORS[8])
        yield self.sends("draw", 1)
        assert self.view("demand", 1)[6] == (2 if seconds else 4), "REX-3"
        if seconds:
            self.evm.warp(DRAW + 1)
            yield self.sends("free_slot", POOL, 8, fails="reexecution: slot is needed")
            yield self.sends("close", 1)
            seat = [self.view("seat", 1, seat)[1] for seat in range(5)].index(8)
            yield self.sends("settle_seat", 1, seat)
            assert self.slot(8)[2] < self.now, "REX-3: it had left before"
            yield self.sends("free_slot", POOL, 8)
            assert self.reserved(EXECUTORS[8]) == 0

    @way()
    def no_party_is_drawn(self, who: str) -> Steps:
        """REX-4: neither operator nor client, whose slots are mature."""
        yield self.sends("register_operator", 0, "", by="client", to="hub")
        yield self.sends("lock", self["service"], self["client"], STAKE, by="client", to="hub")
        yield self.sends("join", POOL, 9, by="client")
        yield self.sends("join", POOL, 10, by="operator")
        self.evm.warp(MATURITY)
        for slot in range(4):
            yield self.sends("leave", POOL, slot, by=EXECUTORS[slot])
        yield self.opens()
        yield self.seeds_are(3)
        yield self.sends("draw", 1)
        seats = {self.view("seat", 1, seat)[1] for seat in range(5)}
        assert seats == {4, 5, 6, 7, 8}, "REX-4: a party sits on the panel"

    # words ------------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1)))
    def sealed_to_the_second(self, who: str, late: int) -> Steps:
        """REX-5: for a day, once, by who sits there."""
        panel = yield from self.drawn()
        sealed = seal(1, 1, DIGEST, SALT, panel.members[0])
        yield self.sends("commit", 1, 0, sealed, by=panel.members[1], fails=NO_SEAT)
        yield self.sends("commit", 1, 5, sealed, by=panel.members[0], fails=NO_SEAT)
        yield self.sends("commit", 1, 0, NOTHING, by=panel.members[0], fails="reexecution: has committed")
        self.evm.warp(STEP + late)
        yield self.sends("commit", 1, 0, sealed, by=panel.members[0], fails=LATE if late else None)
        if not late:
            self.emitted("service.Committed", demand=1, seat=0, seal=sealed)
            assert tuple(self.view("seat", 1, 0)) == (panel.members[0], panel.slots[0], sealed, 0, False)
            yield self.sends("commit", 1, 0, ROOT, by=panel.members[0], fails="reexecution: has committed")
            yield self.reveals(panel, 0, 1, EARLY)
            self.evm.warp(1)
            yield self.reveals(panel, 0, 1)

    @way(Choice((0, 1)))
    def shown_to_the_second(self, who: str, late: int) -> Steps:
        """REX-5, REX-12: on the second day, once, and what was sealed; the fee is the same for either word."""
        panel = yield from self.drawn()
        for seat, word in enumerate((1, 2, 3, 0, 4)):
            yield self.commits(panel, seat, word)
        self.evm.warp_to(panel.drawn + STEP)
        yield self.reveals(panel, 0, 1, EARLY)
        self.evm.warp_to(panel.reveals + late)
        if late:
            yield self.reveals(panel, 0, 1, EARLY)
            return
        yield self.sends("reveal", 1, 0, 1, DIGEST, SALT, by=panel.members[1], fails=NO_SEAT)
        for word, answer, salt in ((2, DIGEST, SALT), (1, ROOT, SALT), (1, DIGEST, ROOT)):
            yield self.sends("reveal", 1, 0, word, answer, salt, by=panel.members[0],
                             fails="reexecution: another seal")  # fmt: skip
        for seat, word in ((2, 3), (3, 0), (4, 4)):
            yield self.reveals(panel, seat, word, "reexecution: no such word")
        for seat, word in ((0, 1), (1, 2)):
            yield self.reveals(panel, seat, word)
            self.emitted("service.Revealed", demand=1, seat=seat, word=word, answer=DIGEST)
            yield self.reveals(panel, seat, word, "reexecution: has revealed")
            assert self.credit(panel.members[seat]) == FEE, "REX-12"
            assert self.view("seat", 1, seat)[3] == word
        assert self.view("demand", 1)[9:11] == (2, 1), "REX-5: another count"

    @way()
    def what_cannot_be_read(self, who: str) -> Steps:
        """REX-12: it has no fee, and counts as no answer."""
        panel = yield from self.drawn(request=b"", stored=(ROOT, NOTHING))
        yield from self.says(panel, 3, 3, 3, 2, 1)
        assert self.view("demand", 1)[9:11] == (2, 1)
        assert [self.credit(member) for member in panel.members] == [0, 0, 0, FEE, FEE]
        self.evm.warp(1)
        yield self.sends("close", 1)
        self.emitted("service.Closed", demand=1, outcome=0, rest_to=self.insurance, rest=3 * FEE)
        for seat in range(5):
            yield self.sends("settle_seat", 1, seat)
            self.emitted("service.SeatSettled", demand=1, seat=seat, fine=0)
        assert self.ask("service.judged", 1, 1) == 0, "REX-8: nobody judged it"

    # accusations ------------------------------------------------------------------------------------------------------

    @way(Choice((0, 1, 2 * DAY, 2 * DAY + 1)))
    def accused_to_the_second(self, who: str, seconds: int) -> Steps:
        """REX-6: after the time to show, for two days; and closed where it is not."""
        panel = yield from self.drawn()
        yield from self.says(panel, 2, 2, 2, 1, 1)
        self.evm.warp(seconds)
        may = 0 < seconds <= 2 * DAY
        before = self.coins("client")
        yield self.sends("accuse", 1, b"seen", by="operator", fails="reexecution: not the client")
        with self.evm.anchor():
            closes = seconds > 2 * DAY
            yield self.sends("close", 1, fails=None if closes else STILL)
            if closes:
                self.emitted("service.Closed", demand=1, outcome=0, rest_to=self.insurance, rest=0)
                assert self.ask("service.judged", 1, 1) == 1, "REX-2: it was judged"
        answer = yield self.sends("accuse", 1, b"seen", by="client", fails=None if may else NOTHING_FOUND)
        if not may:
            return
        assert int.from_bytes(answer, "big") == 0
        self.emitted("service.Accused", demand=1, case_id=0)
        assert before - self.coins("client") == COURT_BOND == self.coins("court"), "REX-6: its bond"
        types = ["uint256", "bytes32", "bytes32", "uint256", "uint256"]
        evidence = encode_args(types, (1, self.view("demand", 1)[2], RULE, 5, 3)) + b"seen"
        assert bytes(self.view("evidence", of="court")) == evidence, "REX-6: other evidence"
        assert self.view("fault", of="court") == keccak256(encode_args(["uint256"] * 3, (1, 0, 1))), "REX-6: fault"
        case = [self.view(name, of="court") for name in ("service", "operator", "accuser", "amount")]
        assert case == [self["service"], self["operator"], self["client"], RESTITUTION], "REX-6: another case"
        state = self.view("demand", 1)
        assert (state[6], state[12]) == (3, 0)
        for call in ("close", "draw"):
            yield self.sends(call, 1, fails=NOT_THE_STAGE)
        yield self.sends("accuse", 1, b"", by="client", fails=NOTHING_FOUND)
        yield self.sends("settle_seat", 1, 0, fails="reexecution: no seat to settle")

    @way(Choice(((2, 2, 1, 1, 1), (2, 2, 1, 1, 0), (2, 2, 0, 0, 0), (1, 1, 0, 0, 0))))
    def too_few_find_it(self, who: str, words: tuple[int, ...]) -> Steps:
        """REX-6, REX-8, REX-9: closed at once; judged where as many answered as are needed."""
        panel = yield from self.drawn()
        yield from self.says(panel, *words)
        yield self.sends("close", 1, fails=STILL)
        self.evm.warp(1)
        yield self.sends("accuse", 1, b"", by="client", fails=NOTHING_FOUND)
        yield self.sends("close", 1)
        absent = words.count(0)
        self.emitted("service.Closed", demand=1, outcome=0, rest_to=self.insurance, rest=absent * FEE)
        assert self.credit(self.insurance) == absent * FEE, "REX-12"
        assert self.ask("service.judged", 1, 1) == (absent < 3), "REX-8"
        assert self.view("promise", 1)[5:] == (self.window(), RESERVE, 0, False), "REX-8: prolonged early"
        yield self.sends("pull", 1, fails="reexecution: no case")

    @way(Choice((5 * DAY, LONGEST_STAND + 3 * DAY)))
    def an_accusation_that_stands_still(self, who: str, seconds: int) -> Steps:
        """REX-6: the court opened no case meanwhile; what it stood still before is no time of this demand."""
        yield self.weighs(0)
        yield self.sends("see_court")
        self.evm.warp(DAY)
        yield self.weighs(400 * 2_000 * COIN)
        yield self.sends("see_court")
        panel = yield from self.drawn()
        yield from self.says(panel, 2, 2, 2, 2, 2)
        until = panel.reveals + 2 * DAY
        assert self.view("demand", 1)[8] == until
        yield self.weighs(0)
        yield self.sends("see_court")
        self.evm.warp(seconds)
        yield self.weighs(400 * 2_000 * COIN)
        yield self.sends("close", 1, fails=STILL if seconds < LONGEST_STAND else None)
        if seconds < LONGEST_STAND:
            yield self.sends("see_court")
            assert self.view("demand", 1)[8] == until + seconds, "REX-6"
            self.evm.warp_to(until + seconds)
            yield self.sends("accuse", 1, b"", by="client")
