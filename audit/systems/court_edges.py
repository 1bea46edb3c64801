"""AlignmentCourt at its edges: the least jury, the last second of a service, the bounds of the scale, and its views.

It stands on the hub of the hub's edges, over a coin that can be minted. Each action goes a short way of its own from
the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, variations
from audit.systems._court_edges import (
    DAILY_BLOCKS,
    FAULT,
    LARGEST_ASKED,
    LEAST_ASKED,
    LEAST_SEATS,
    MATURITY,
    RICH,
    SALT,
    SEAT,
    SMALL,
    CourtEdgeSystem,
)
from audit.systems._hub import number
from audit.systems._hub_edges import LONGEST_HORIZON, way
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.court import (
    ACQUITTED,
    ANSWER,
    CALL,
    COMMIT,
    CONVICTED,
    LONGEST_CASE,
    LONGEST_WAIT,
    OVER,
    REVEAL,
    SEED,
    SHOWN,
    VOID,
    sealed,
)
from keifu.units import COIN, DAY

__all__ = ["CourtEdges"]

WEIGHT = LEAST_SEATS * SEAT
LEAST_UNIT, MAX_UNIT, SCALE_NOTICE = 10**14, 10**22, 28 * DAY
LOSS_DIVISOR = 20


class CourtEdges(CourtEdgeSystem):
    """Short ways through a court whose one juror has exactly the least number of seats."""

    locks: ClassVar[dict[str, int]] = {"juror": WEIGHT}
    actors = ("operator", "juror", "newcomer", "accuser", "service", "stranger", "delegator")

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self["hub"], self["box"], DAILY_BLOCKS)
        yield from variations("AlignmentCourt", right, (3, 2, None), (3, 1, "court: too few blocks a day"))

    # accusing ---------------------------------------------------------------------------------------------------------

    @way(Choice((LEAST_ASKED, SMALL, LARGEST_ASKED)))
    def what_a_case_is(self, who: str, amount: int) -> Steps:
        """With exactly the seats that a court needs; views and log tell all of it."""
        bond, epoch = self.answer("bond_for", self["service"], FAULT, amount), self.view("epoch")
        case = number((yield self.opening(amount)))
        self.emitted(
            "court.CaseOpened", case_id=case, service=self["service"], operator=self["operator"], fault=FAULT,
            accuser=self["accuser"], amount=amount, bond=bond, evidence=b"e",
        )  # fmt: skip
        parties = self["service"], self["operator"], self["accuser"], ZERO_ADDRESS
        stands = 0, ANSWER, self.now, self.evm.block_number, 0, 0, 0, False
        assert self.answer("get_case", case) == (*parties, amount, COIN, WEIGHT, epoch, *stands)
        assert self.answer("tally", case, 0) == self.answer("tally", case, 2**255) == (0, 0, 0)
        assert self.answer("weight_in", case, self["juror"]) == WEIGHT
        assert (self.answer("verdict", case), self.answer("over", case)) == ((0, 0, 0), False)
        assert self.answer("case_count") == case == 1

    @way(Choice((LEAST_ASKED - 1, LARGEST_ASKED + 1)))
    def asking_out_of_range(self, who: str, amount: int) -> Steps:
        yield self.opening(amount, fails="court: asks too little or too much")

    @way(Choice(("operator", "accuser")))
    def no_party(self, who: str, party: str) -> Steps:
        for nobody in (ZERO_ADDRESS, self["token"]):
            yield self.opening(LEAST_ASKED, "court: no party", **{party: nobody})

    @way()
    def a_wei_below_the_least_jury(self, who: str) -> Steps:
        yield self.court("leave", 1, sender="juror")
        yield self.opening(fails="court: too few jurors")

    @way()
    def who_may_accuse(self, who: str) -> Steps:
        """A service of the hub, as long as it can slash when the verdict comes, at a court of the hub."""
        yield self.opening(sender="stranger", fails="court: not a service of the hub")
        yield self.opening(evidence=b"", fails="court: no evidence")
        yield self.tx("hub.remove_service", self["service"], sender=self.owner)
        self.evm.warp(LONGEST_HORIZON - LONGEST_CASE)
        with self.evm.anchor():
            yield self.opening()
        self.evm.warp(1)
        yield self.opening(fails="court: the service can slash no more")

    @way()
    def shortest_service(self, who: str) -> Steps:
        yield self.tx("hub.list_service", self["stranger"], 1, 0, sender=self.owner)
        yield self.opening(sender="stranger")

    @way()
    def unknown_case(self, who: str) -> Steps:
        for case in (0, 1):
            yield self.court("advance", case, sender="stranger", fails="court: unknown case")
            yield self.court("claim", case, [], sender="stranger", fails="court: unknown case")
            assert self.refuses("court.verdict", case)
            assert self.refuses("court.over", case)

    @way()
    def court_that_is_removed(self, who: str) -> Steps:
        yield self.tx("hub.remove_service", self["court"], sender=self.owner)
        yield self.opening(fails="court: no longer in the hub")

    @way()
    def token_with_a_fee(self, who: str) -> Steps:
        args = self["operator"], FAULT, LEAST_ASKED, self["accuser"], b"e"
        yield self.tx("fee_token.mint", self["service"], RICH, sender=self.owner)
        yield self.tx("fee_court.open", *args, sender=self["service"], fails="transfer: token takes a fee")

    @way()
    def one_case_of_a_fault(self, who: str) -> Steps:
        yield self.opening()
        yield self.opening(fails="court: fault is being judged")
        yield self.court("concede", 1, sender="service")
        assert self.answer("verdict", 1) == (CONVICTED, LEAST_ASKED, 0)
        yield self.opening(fails="court: fault was judged")
        yield self.opening(fault=SALT)

    # parties ----------------------------------------------------------------------------------------------------------

    @way()
    def who_may_answer(self, who: str) -> Steps:
        yield self.opening()
        yield self.court("concede", 1, sender="operator", fails="court: not the service")
        yield self.court("answer", 1, b"", sender="operator", fails="court: no evidence")
        yield self.court("answer", 1, b"a", sender="stranger", fails="court: not a party")
        for party in ("operator", "accuser", "service"):
            yield self.court("answer", 1, b"a", sender=party)
            self.emitted("court.Answered", case_id=1, party=self[party], evidence=b"a")
        self.later(DAY)
        yield self.court("answer", 1, b"a", sender="operator", fails="court: not the time")
        yield self.court("concede", 1, sender="service", fails="court: not the time")

    def vote(self, guilty: bool, hearing: int, case: int = 1) -> Any:
        """The case's seed comes, the one juror commits and reveals, and the time is over; the log says so, step by
        step."""
        juror = self["juror"]
        self.later(DAY)
        yield self.court("advance", case, sender="stranger")
        self.entered(case, hearing, SEED)
        yield self.tx("box.put", self.answer("get_case", case)[12], FAULT, sender=self.owner)
        seal = sealed(case, hearing, juror, guilty, SALT)
        yield self.court("advance", case, sender="stranger")
        self.entered(case, hearing, COMMIT)
        yield self.court("commit", case, seal, sender="juror")
        kept = seal[:SHOWN] + bytes(len(seal) - SHOWN)
        self.emitted("court.VoteCommitted", case_id=case, juror=juror, hearing=hearing, seal=kept)
        seats = self.answer("ballot", case, hearing, juror)[1]
        assert self.answer("ballot", case, hearing, juror) == (kept, seats, 0), "sealed"
        self.later(2 * DAY)
        yield self.court("reveal", case, guilty, SALT, sender="juror")
        self.emitted("court.VoteRevealed", case_id=case, juror=juror, hearing=hearing, seats=seats, guilty=guilty)
        self.entered(case, hearing, REVEAL)
        self.later(DAY)

    def first_jury(self, guilty: bool) -> Any:
        """The first hearing, up to the time in which another one can be called."""
        yield from self.vote(guilty, 0)
        yield self.court("advance", 1, sender="stranger")
        self.entered(1, 0, CALL)

    def second_jury(self, guilty: bool, case: int = 1) -> Any:
        yield from self.vote(guilty, 1, case)
        yield self.court("advance", case, sender="stranger")
        lost = 0 if guilty else LEAST_ASKED // LOSS_DIVISOR
        self.emitted("court.Decided", case_id=case, verdict=CONVICTED if guilty else ACQUITTED, lost=lost)
        self.entered(case, 1, OVER)

    @way(Choice((False, True)))
    def both_hearings(self, who: str, changes: bool) -> Steps:
        """Whoever wins has its bond back, the caller too; its name and its answer are in the case."""
        yield self.opening()
        yield from self.first_jury(True)
        before = self.stored("stranger")
        yield self.court("rehear", 1, sender="stranger")
        self.emitted("court.RehearingCalled", case_id=1, caller=self["stranger"])
        bond = before - self.stored("stranger")
        assert bond > 0
        assert self.answer("get_case", 1)[3] == self["stranger"]
        yield self.court("answer", 1, b"a", sender="stranger")
        yield self.court("concede", 1, sender="service", fails="court: not the time")
        yield from self.second_jury(not changes)
        verdict = self.answer("verdict", 1)
        assert verdict[0] == (ACQUITTED if changes else CONVICTED)
        assert verdict[1] == (0 if changes else LEAST_ASKED)
        assert (self.stored("stranger") == before) == changes, "the caller's bond"
        assert self.answer("tally", 1, 1) == self.answer("tally", 1, 7)

    @way()
    def an_acquittal_is_remembered(self, who: str) -> Steps:
        """Whoever accuses of the same fault again stands to lose three times as much."""
        bond = self.answer("bond_for", self["service"], FAULT, LEAST_ASKED)
        yield self.opening()
        assert not self.answer("get_case", 1)[15]
        yield from self.first_jury(False)
        self.later(2 * DAY)
        yield self.court("advance", 1, sender="stranger")
        self.entered(1, 0, OVER)
        yield self.opening()
        self.emitted("court.CaseOpened", case_id=2, bond=3 * bond)
        assert self.answer("get_case", 2)[15] is True
        assert not self.answer("get_case", 1)[15]

    @way()
    def re_hearings_one_after_another(self, who: str) -> Steps:
        """Cases of the largest amount go there by themselves. Together they would ask more than two fifths of the
        weight; one that is over leaves its place."""
        for case in range(1, 2 * WEIGHT // 5 // LARGEST_ASKED + 2):
            yield self.opening(LARGEST_ASKED, fault=case.to_bytes(32, "big"))
            yield from self.vote(True, 0, case)
            yield self.court("advance", case, sender="stranger")
            self.emitted("court.Advanced", count=2, case_id=case, hearing=1, phase=ANSWER)
            yield from self.second_jury(True, case)

    @way()
    def the_accuser_calls(self, who: str) -> Steps:
        """Its bond covers the re-hearing already."""
        yield self.opening()
        yield from self.first_jury(False)
        yield self.court("rehear", 1, sender="accuser")
        self.emitted("court.RehearingCalled", case_id=1, caller=self["accuser"], bond=0)
        assert self.answer("get_case", 1)[8:10] == (1, ANSWER)
        yield from self.second_jury(True)

    # jurors -----------------------------------------------------------------------------------------------------------

    @way(Choice((SEAT, SEAT - 1)))
    def one_seat(self, who: str, amount: int) -> Steps:
        newcomer = self["newcomer"]
        yield self.tx("hub.lock", self["court"], newcomer, amount, sender=newcomer)
        if amount < SEAT:
            yield self.court("join", sender="newcomer", fails="court: less than a seat")
            return
        added = yield self.court("join", sender="newcomer")
        counts = self.view("epoch") + MATURITY
        assert number(added) == amount
        assert self.answer("get_juror", newcomer) == (0, amount, counts, 0, 0, 0)
        assert self.answer("reserved", newcomer) == amount
        self.evm.warp_to(self.view("epoch_start", counts) - 1)
        assert (self.answer("get_juror", newcomer)[0], self.answer("total_weight")) == (0, WEIGHT)
        self.evm.warp(1)
        assert self.answer("get_juror", newcomer)[0] == amount
        assert self.answer("total_weight") == WEIGHT + amount

    @way()
    def leaving(self, who: str) -> Steps:
        """Coins that were asked back are free after fourteen days, to the second, and not more of them."""
        juror, part = self["juror"], 10 * SEAT
        yield self.court("leave", WEIGHT + 1, sender="juror", fails="court: not so much to ask back")
        yield self.court("leave", part, sender="juror")
        self.emitted("court.JurorWeighed", juror=juror, mature=WEIGHT - part, pending=0, counts_from=0, leaving=part)
        assert self.answer("get_juror", juror) == (WEIGHT - part, 0, 0, part, self.now + LONGEST_WAIT, 0)
        assert self.answer("reserved", juror) == WEIGHT
        self.evm.warp(LONGEST_WAIT - 1)
        yield self.court("release", sender="juror", fails="court: too early")
        self.evm.warp(1)
        said = yield self.court("release", sender="juror")
        assert number(said) == part
        assert self.ask("hub.credit", juror) == part

    # the scale --------------------------------------------------------------------------------------------------------

    @way(Choice((LEAST_UNIT, MAX_UNIT, LEAST_UNIT - 1, MAX_UNIT + 1)))
    def scale(self, who: str, unit: int) -> Steps:
        asked = self["service"], FAULT, LEAST_ASKED
        before, costs = self.answer("bond_for", *asked), self.answer("most_costs", LEAST_ASKED)
        yield self.court("rescale", COIN, sender="stranger", fails="court: not the owner")
        fails = None if LEAST_UNIT <= unit <= MAX_UNIT else "court: out of range"
        yield self.tx("court.rescale", unit, sender=self.owner, fails=fails)
        if fails is None:
            self.emitted("court.AmountsScaled", unit=unit, counts_from=self.now + SCALE_NOTICE)
            self.evm.warp(SCALE_NOTICE - 1)
            assert (self.answer("bond_for", *asked), self.answer("most_costs", LEAST_ASKED)) == (before, costs)
            self.evm.warp(1)
            assert self.answer("bond_for", *asked) != before

    @way()
    def terms(self, who: str) -> Steps:
        yield self.court("poke", self["juror"], sender="stranger")
        assert self.contract("hub").operator_state(self["juror"])[0] == 2 * WEIGHT, "bound to both courts"
        assert self.answer("terms") == (LONGEST_WAIT, LONGEST_WAIT, ZERO_ADDRESS, 0, 0)
        assert self.answer("longest_case") == LONGEST_CASE

    # seeds ------------------------------------------------------------------------------------------------------------

    @way()
    def case_without_a_seed(self, who: str) -> Steps:
        """After fourteen days, to the second, it is void."""
        yield self.opening()
        self.later(DAY)
        yield self.court("advance", 1, sender="stranger")
        assert self.answer("get_case", 1)[9] == SEED
        self.later(LONGEST_WAIT - 1)
        yield self.court("advance", 1, sender="stranger")
        assert self.answer("get_case", 1)[9] == SEED
        self.later(1)
        yield self.court("advance", 1, sender="stranger")
        self.emitted("court.Decided", case_id=1, verdict=VOID, costs=0, lost=0)
        self.entered(1, 0, OVER)
        assert self.answer("verdict", 1) == (VOID, 0, 0)
