"""Panels, words and accusations, at their edges."""

from __future__ import annotations

from audit.reexecuted import (
    COURT_BOND,
    DIGEST,
    FEE,
    MATURITY,
    POOL,
    RESERVE,
    RESTITUTION,
    RULE,
    STAKE,
    seal,
)
from audit.systems._hub_edges import way
from audit.systems._reexecution import EXECUTORS
from audit.systems._reexecution_edges import CROWD, CROWD_FEE, CROWD_POOL, DRAW, NOTHING, SALT, STEP
from audit.systems._reexecution_edges_openings import ROOT, OpeningEdges
from audit.systems._reexecution_edges_promises import LONGEST_STAND
from ethwire.abi import encode_args
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.keys import keccak256
from keifu.units import COIN, DAY

__all__ = ["DemandEdges"]

NOT_THE_STAGE, LATE, NO_SEAT, STILL, NOTHING_FOUND, EARLY = (
    f"reexecution: {reason}"
    for reason in (
        "not the stage", "too late", "not its seat", "still time", "nothing to accuse of", "not the time"
    )
)  # fmt: skip


class DemandEdges(OpeningEdges):
    """Short ways to what a demand refuses, and to what it keeps of what it takes."""

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

    @way(Choice((1, 2, 3)))
    def fined_after_the_opening(self, who: str, seed: int) -> Steps:
        """REX-3, REX-4: a fine ends a slot, and changes no draw of a demand that was open before."""
        yield from self.promises()
        self.evm.warp(1)
        panel = yield from self.drawn()
        yield self.opens(promise=2, receipt=self.receipt(number=2))
        yield self.seeds_are(seed)
        self.evm.warp_to(panel.reveals + 1)
        yield self.sends("close", 1)
        for seat in range(5):
            yield self.sends("settle_seat", 1, seat)
            assert self.slot(panel.slots[seat])[4] == 1, "REX-10"
        yield self.sends("draw", 2)
        slots = self.shuffled(2, bytes([seed]) * 32, len(EXECUTORS))[:5]
        assert [self.view("seat", 2, seat)[1] for seat in range(5)] == slots, "REX-4: a fined slot is passed over"

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
