"""AlignmentCourt with three jurors whose seats of a re-hearing are exact: quorums, absence, and who waits for whom.

They weigh fifty, one and a hundred of 151 parts, which is what a re-hearing draws. Each action goes a short way of its
own from the same start, and is undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from audit.systems._court_edges import (
    FAULT,
    LARGEST_ASKED,
    MATURITY,
    SALT,
    SEAT,
    CourtEdgeSystem,
)
from audit.systems._hub import number
from audit.systems._hub_edges import EPOCH, way
from ethwire.abi import encode_args
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice, Flag
from keifu.keys import keccak256
from keifu.spec.court import ACQUITTED, ANSWER, CONVICTED, LONGEST_WAIT, OVER, QUEUE, SEED, VOID, sealed
from keifu.units import COIN, DAY

__all__ = ["CourtJuries"]

PART = 5_300 * COIN
FIFTY, CROWD = 50 * PART, 100 * PART
TOTAL = FIFTY + PART + CROWD
OPEN_LIMIT = 2 * TOTAL // 5  # that re-hearings may ask, together
FIRST_SEATS, DEPOSIT, REHEARING_DEPOSIT = 11, 50 * COIN, 40 * COIN
MISSED = 3


class CourtJuries(CourtEdgeSystem):
    """Short ways through a court of three jurors: `fifty`, `single` and `crowd`."""

    locks: ClassVar[dict[str, int]] = {"fifty": FIFTY, "single": PART, "crowd": CROWD}
    actors = ("operator", *locks, "newcomer", "accuser", "service", "stranger", "delegator")

    # going a case's way -----------------------------------------------------------------------------------------------

    def seed(self, case: int) -> bytes:
        """One that draws the single juror, who sits in one first jury of fourteen."""
        for tried in range(10_000):
            seed = tried.to_bytes(32, "big")
            draw = keccak256(encode_args(["bytes32", "uint256", "uint256", "address"], (seed, case, 0, self["single"])))
            if tried and (PART * FIRST_SEATS + int.from_bytes(draw, "big") % TOTAL) // TOTAL == 1:
                return seed
        raise AssertionError("no seed draws the single juror")

    def seat(self, *cases: int) -> Any:
        """From the answers' end to the begin of the commit periods."""
        self.later(DAY)
        for case in cases:
            yield self.court("advance", case, sender="stranger")
        yield self.tx("box.put", self.answer("get_case", cases[0])[12], self.seed(cases[0]), sender=self.owner)
        for case in cases:
            yield self.court("advance", case, sender="stranger")

    def votes(self, hearing: int, cast: dict[str, bool], cases: Iterable[int] = (1,)) -> Any:
        """Jurors commit and reveal in each case, and the time is over."""
        for case in cases:
            for role, guilty in cast.items():
                yield self.court("commit", case, sealed(case, hearing, self[role], guilty, SALT), sender=role)
        self.later(2 * DAY)
        for case in cases:
            yield self.court("advance", case, sender="stranger")
            for role, guilty in cast.items():
                yield self.court("reveal", case, guilty, SALT, sender=role)
        self.later(DAY)
        for case in cases:
            yield self.court("advance", case, sender="stranger")

    def both_juries(self, first: dict[str, bool], second: dict[str, bool]) -> Any:
        yield self.opening()
        yield from self.seat(1)
        yield from self.votes(0, first)
        yield self.court("rehear", 1, sender="stranger")
        yield from self.seat(1)
        yield from self.votes(1, second)
        assert self.answer("tally", 1, 1)[0] == sum(self.seats(role) for role in second)
        self.same_views()

    def seats(self, role: str) -> int:
        return self.locks[role] // PART

    def same_views(self) -> None:
        """What is behind the second hearing reads as the second one."""
        for role in self.locks:
            assert self.answer("ballot", 1, 2, self[role]) == self.answer("ballot", 1, 1, self[role])
            assert self.answer("drawn", 1, 2, self[role]) == self.seats(role)

    def loses(self, role: str, amount: int) -> Any:
        """A claim takes so much from a juror's lock, and insurance gets what the hub leaves of it."""
        lock, juror = self.behind_court(role), self[role]
        yield self.court("claim", 1, [juror], sender="stranger")
        self.emitted("court.JurorPenalised", case_id=1, juror=juror, asked=amount, taken=amount)
        assert lock - self.behind_court(role) == amount
        yield from self.insured(amount * 4 // 5)

    def insured(self, amount: int) -> Any:
        """So much of the penalties goes to insurance; then nothing more, and no coin moves."""
        before, credit = self.ask("token.balanceOf", self.insurance), self.ask("hub.credit", self["court"])
        paid = yield self.court("pay_insurance", sender="stranger")
        self.emitted("hub.Collected", count=int(credit > 0))
        assert number(paid) == self.ask("token.balanceOf", self.insurance) - before == amount
        assert self.ask("hub.credit", self["court"]) == 0
        yield self.tx("token.arm", self["box"], b"", sender=self.owner)
        moved = self.ask("token.calls")
        again = yield self.court("pay_insurance", sender="stranger")
        self.emitted("hub.Collected", count=0)
        assert (number(again), self.ask("token.calls")) == (0, moved)

    def behind_court(self, role: str) -> int:
        return self.ask("hub.lock_of", self["court"], self[role])

    # quorums ----------------------------------------------------------------------------------------------------------

    @way()
    def a_seat_short_of_a_quorum(self, who: str) -> Steps:
        """Fifty seats of the re-hearing change nothing: the first jury's majority says what they lose."""
        yield from self.both_juries({"fifty": True, "crowd": True}, {"fifty": False})
        assert self.answer("verdict", 1)[0] == CONVICTED
        yield from self.loses("fifty", 50 * REHEARING_DEPOSIT)

    @way()
    def a_quorum_to_the_seat(self, who: str) -> Steps:
        """Fifty-one seats do: then it is the first jury's seats that lose."""
        yield from self.both_juries({"fifty": True, "crowd": True}, {"fifty": False, "single": False})
        assert self.answer("verdict", 1)[0] == ACQUITTED
        yield from self.loses("crowd", self.answer("ballot", 1, 0, self["crowd"])[1] * DEPOSIT)

    @way()
    def one_seat_decides(self, who: str) -> Steps:
        """Nobody but one seat came to the first jury, and too few to the second."""
        yield from self.both_juries({"single": False}, {"fifty": True})
        assert self.answer("tally", 1, 0) == (1, 1, 0)
        assert self.answer("verdict", 1)[0] == ACQUITTED
        yield from self.loses("fifty", 50 * REHEARING_DEPOSIT)

    @way()
    def nothing_is_brought_for_what_is_paid(self, who: str) -> Steps:
        """The accuser's call moves no coin."""
        yield self.opening()
        yield from self.seat(1)
        yield from self.votes(0, {"crowd": False})
        yield self.tx("token.arm", self["box"], b"", sender=self.owner)
        yield self.court("rehear", 1, sender="accuser")
        self.emitted("court.RehearingCalled", case_id=1, caller=self["accuser"], bond=0)
        assert self.ask("token.calls") == 0

    # absence ----------------------------------------------------------------------------------------------------------

    def absent(self) -> Any:
        """A case to whose first jury nobody came is over."""
        yield self.opening()
        yield from self.seat(1)
        yield from self.votes(0, {})
        self.later(2 * DAY)
        yield self.court("advance", 1, sender="stranger")
        assert self.answer("over", 1)
        assert self.answer("drawn", 1, 0, self["single"]) == 1

    @way()
    def one_seat_is_absent(self, who: str) -> Steps:
        """It pays its deposit, of which a tenth goes to whoever shows it, once."""
        yield from self.absent()
        lock, before = self.behind_court("single"), self.stored("stranger")
        tip = yield self.court("show_absent", 1, 0, self["single"], sender="stranger")
        self.emitted("court.JurorPenalised", case_id=1, juror=self["single"], asked=DEPOSIT, taken=DEPOSIT)
        assert number(tip) == self.stored("stranger") - before == DEPOSIT // 10
        assert lock - self.behind_court("single") == DEPOSIT
        yield self.court("show_absent", 1, 0, self["single"], sender="stranger", fails="court: not absent")
        yield from self.insured(DEPOSIT * 4 // 5 - DEPOSIT // 10)

    @way(Choice((0, 1, 2)))
    def gone_but_for(self, who: str, left: int) -> Steps:
        """Absence is shown after the juror took its coins back, but for a wei or two: those are taken."""
        yield from self.absent()
        juror = self["single"]
        yield self.court("leave", PART - left, sender="single")
        self.later(LONGEST_WAIT)
        yield self.court("release", sender="single")
        yield self.court("show_absent", 1, 0, juror, sender="stranger")
        self.emitted("court.JurorPenalised", case_id=1, juror=juror, asked=DEPOSIT, taken=left)
        self.emitted("hub.Collected", count=int(left == 2))
        assert self.behind_court("single") == self.ask("hub.credit", self["court"]) == 0
        yield from self.insured(left * 4 // 5)

    # coming and going -------------------------------------------------------------------------------------------------

    @way()
    def leaving_before_the_first_case_is_over(self, who: str) -> Steps:
        yield self.court("release", sender="single", fails="court: nothing asked back")
        yield self.court("leave", 0, sender="single", fails="court: not so much to ask back")
        yield self.opening()
        yield self.court("leave", 1, sender="single")
        self.later(LONGEST_WAIT)
        yield self.court("release", sender="single", fails="court: an earlier case is open")
        yield self.court("advance", 1, sender="stranger")
        self.later(LONGEST_WAIT)
        yield self.court("advance", 1, sender="stranger")
        said = yield self.court("release", sender="single")
        assert number(said) == 1

    def joins(self, role: str, amount: int) -> Any:
        yield self.tx("hub.lock", self["court"], self[role], amount, sender=self[role])
        yield self.court("join", sender=role)

    @way()
    def what_has_matured_is_bound_when_poked(self, who: str) -> Steps:
        newcomer = self["newcomer"]
        yield from self.joins("newcomer", SEAT)
        self.evm.warp(MATURITY * EPOCH)
        assert self.contract("hub").operator_state(newcomer)[0] == 0
        yield self.court("poke", newcomer, sender="stranger")
        self.emitted("court.JurorWeighed", juror=newcomer, mature=SEAT, pending=0, counts_from=0, leaving=0)
        assert self.contract("hub").operator_state(newcomer)[0] == SEAT

    @way(Choice((SEAT // 2, SEAT // 2 - 1)), Flag())
    def half_a_seat(self, who: str, left: int, young: bool) -> Steps:
        """Less than that weighs nothing, whether it counted already or not yet."""
        role, amount = ("newcomer", SEAT) if young else ("single", PART)
        if young:
            yield from self.joins(role, amount)
        yield self.court("leave", amount - left, sender=role)
        weighs = left if left == SEAT // 2 else 0
        assert self.answer("get_juror", self[role])[:2] == ((0, weighs) if young else (weighs, 0))
        self.evm.warp(MATURITY * EPOCH)
        assert self.answer("total_weight") == TOTAL + weighs - (0 if young else PART)

    @way(Flag())
    def a_wei_more(self, who: str, leaves: bool) -> Steps:
        """It counts seven epochs later, unless it was asked back."""
        yield from self.joins("single", 1)
        if leaves:
            yield self.court("leave", 1, sender="single")
        self.evm.warp(MATURITY * EPOCH)
        assert self.answer("total_weight") == TOTAL + (0 if leaves else 1)

    @way()
    def weights_of_earlier_cases(self, who: str) -> Steps:
        """Whatever a juror asks back afterwards, every case reads what weighed when it was opened."""
        for case in range(1, 7):
            yield self.opening(fault=case.to_bytes(32, "big"))
            yield self.court("leave", 1, sender="crowd")
        for case in range(1, 7):
            assert self.answer("weight_in", case, self["crowd"]) == CROWD - case + 1

    @way(Choice((0, 1)))
    def weighs_from_an_epoch_s_start(self, who: str, early: int) -> Steps:
        yield from self.joins("newcomer", SEAT)
        self.evm.warp_to(self.view("epoch_start", self.view("epoch") + MATURITY) - early)
        yield self.opening()
        assert self.answer("weight_in", 1, self["newcomer"]) == (0 if early else SEAT)
        assert self.answer("get_case", 1)[6] == TOTAL + (0 if early else SEAT)

    # turns and seeds --------------------------------------------------------------------------------------------------

    @way()
    def re_hearings_wait_for_room(self, who: str) -> Steps:
        """Nine together ask all that may be asked, to the coin. The tenth waits until it is void; the last is admitted
        when one of the nine is over, and passes the dead one by."""
        full = [LARGEST_ASKED] * 7 + [37_000 * COIN]
        asked = [*full, OPEN_LIMIT - sum(full), LARGEST_ASKED, 2_600 * COIN]
        cases = range(1, len(asked) + 1)
        before = self.stored("accuser")
        for case, amount in zip(cases, asked, strict=True):
            yield self.opening(amount, fault=case.to_bytes(32, "big"))
        yield from self.seat(*cases)
        yield from self.votes(0, {"fifty": True, "crowd": True}, cases)
        assert [self.phase(case) for case in cases] == [(1, ANSWER)] * 9 + [(0, QUEUE)] * 2
        self.later(LONGEST_WAIT - 1)
        waits = yield self.court("advance", 10, sender="stranger")
        assert number(waits) == QUEUE
        self.later(1)
        yield self.court("advance", 10, sender="stranger")
        self.emitted("court.Decided", case_id=10, verdict=VOID, costs=0, lost=0)
        assert self.stored("accuser") - before == self.answer("bond_for", self["service"], FAULT, LARGEST_ASKED)
        yield from self.seat(9)
        yield from self.votes(1, {}, [9])
        assert self.phase(9) == (1, OVER)
        admitted = yield self.court("advance", 11, sender="stranger")
        assert number(admitted) == ANSWER
        assert [self.phase(10), self.phase(11)] == [(0, OVER), (1, ANSWER)]

    def phase(self, case: int) -> tuple[int, int]:
        hearing, phase = self.answer("get_case", case)[8:10]
        return hearing, phase

    @way()
    def a_seed_that_was_missed(self, who: str) -> Steps:
        """Two epochs later it may still come; three later the case names the next one, and says so."""
        yield self.opening()
        self.later(DAY)
        yield self.court("advance", 1, sender="stranger")
        named = self.answer("get_case", 1)[12]
        self.later(DAY)
        yield self.tx("box.put", named + MISSED - 2, FAULT, sender=self.owner)
        yield self.court("advance", 1, sender="stranger")
        assert self.answer("get_case", 1)[12] == named
        yield self.tx("box.put", named + MISSED - 1, FAULT, sender=self.owner)
        yield self.court("advance", 1, sender="stranger")
        self.emitted("court.Advanced", case_id=1, hearing=0, phase=SEED, seed_epoch=named + MISSED)
        assert self.answer("get_case", 1)[12] == named + MISSED
