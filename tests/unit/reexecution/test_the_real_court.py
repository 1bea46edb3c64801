"""REX-6 to REX-10 before AlignmentCourt: staked jurors are drawn, seal and show their votes; its verdict is pulled."""

from __future__ import annotations

import pytest

from audit.reexecuted import FEE, PANEL, PENALTY, RESTITUTION, WRONG, ReExecuted
from ethwire.abi import encode_args
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.spec.court import ANSWER, CALL, COMMIT, OVER, QUEUE, REVEAL, SEED
from keifu.units import COIN, DAY
from tests.worlds import built_once

JURORS, DAILY_BLOCKS = 5, 7_200
LOCK = 80 * 2_000 * COIN  # of each juror: together the least that the court judges with
INNOCENT, GUILTY = False, True
ACQUITTED, CONVICTED = 1, 2
LIARS, HONEST = (2, 2, 2, 1, 1), (2, 2, 2, 2, 1)  # a lie about a right answer; a wrong answer, and one that covers it
WAITS = {ANSWER: DAY, COMMIT: 2 * DAY, REVEAL: DAY, CALL: 2 * DAY}
LARGE = 3_000 * COIN  # above what the first jury decides alone
COSTS = 20 * 7 * COIN + 190 * 62 * COIN // 10  # of both hearings, at most
RESERVE = (RESTITUTION + 2 * PANEL * FEE + COSTS) * 5 // 4 + PENALTY


class Judged(ReExecuted):
    """With AlignmentCourt and five jurors of the same weight, who have 11 seats of a first jury, about two each."""

    def make_court(self):
        return self.evm.deploy("AlignmentCourt", self.token, self.hub, self.seeds, DAILY_BLOCKS, sender=self.owner)

    def start(self) -> None:
        self.jurors = [self.evm.account(f"juror {number}") for number in range(JURORS)]
        self.hub.list_service(self.court, 40 * DAY, 0, sender=self.owner)
        for juror in self.jurors:
            self.token.transfer(juror, LOCK, sender=self.owner)
            self.token.approve(self.hub, LOCK, sender=juror)
            self.hub.register_operator(0, "", sender=juror)
            self.hub.lock(self.court, juror, LOCK, sender=juror)
            self.court.join(sender=juror)
        self.evm.warp(8 * DAY)
        super().start()
        self.token.approve(self.court, 2**256 - 1, sender=self.operator)

    @property
    def to_list(self):
        return (self.service,)

    # a case -----------------------------------------------------------------------------------------------------------

    def phase(self, case: int) -> int:
        return int(self.court.get_case(case)[9])

    def pass_phase(self, case: int) -> int:
        """To the end of the phase, as its clock says; answers the next one."""
        return self.wait(case, WAITS.get(self.phase(case), 0))

    def wait(self, case: int, seconds: int) -> int:
        self.evm.warp(seconds + 1, 1 + seconds * DAILY_BLOCKS // DAY)
        self.court.advance(case, sender=self.stranger)
        return self.phase(case)

    def jury(self, case: int) -> dict[object, int]:
        """From the answer to the votes: who was drawn, with how many seats."""
        assert self.phase(case) == ANSWER
        assert self.pass_phase(case) == SEED
        self.seeds.put(self.court.get_case(case)[12], keccak256(b"jury"), sender=self.owner)
        assert self.pass_phase(case) == COMMIT
        hearing = self.court.get_case(case)[8]
        drawn = {juror: self.court.drawn(case, hearing, juror) for juror in self.jurors}
        return {juror: seats for juror, seats in drawn.items() if seats}

    def vote(self, case: int, votes: dict[object, bool]) -> None:
        """Seals are committed, opened, and the hearing is closed."""
        hearing, salt = self.court.get_case(case)[8], bytes(31) + b"\x01"
        for juror, guilty in votes.items():
            fields = (case, hearing, juror.address, guilty, salt)
            sealed = keccak256(encode_args(["uint256", "uint256", "address", "bool", "bytes32"], fields))
            self.court.commit(case, sealed, sender=juror)
        assert self.pass_phase(case) == REVEAL
        for juror, guilty in votes.items():
            self.court.reveal(case, guilty, salt, sender=juror)
        self.pass_phase(case)

    def tried(self, words: tuple[int, ...], guilty: bool, jurors: int = JURORS) -> tuple[int, list[object]]:
        """A demand, its panel's words, and a first jury of one mind of which so many jurors vote; not yet pulled."""
        demand, panel = self.accused(words)
        drawn = list(self.jury(1))
        self.vote(1, dict.fromkeys(drawn[:jurors], guilty))
        if self.phase(1) == CALL:
            assert self.pass_phase(1) == OVER
        return demand, panel

    def settled(self, demand: int, panel: list[object]) -> list[int]:
        """The verdict is pulled, all seats are settled: wei that each member of the panel lost of its lock."""
        before = [self.hub.lock_of(self.service, who) for who in panel]
        self.service.pull(demand, sender=self.stranger)
        for seat in range(len(panel)):
            self.service.settle_seat(demand, seat, sender=self.stranger)
        return [had - self.hub.lock_of(self.service, who) for had, who in zip(before, panel, strict=True)]


built, judged = built_once(Judged)


def test_a_conceded_case_pays_the_client_what_it_paid(judged):
    before = judged.wealth(judged.client)
    demand, panel = judged.accused()
    assert judged.court.get_case(1)[1] == judged.operator.address
    with reverts("reexecution: no verdict"):
        judged.service.pull(demand, sender=judged.stranger)
    judged.service.concede(demand, sender=judged.operator)
    assert judged.settled(demand, panel) == [0] * PANEL
    verdict, amount, costs = judged.court.verdict(1)
    assert (verdict, amount, costs) == (CONVICTED, RESTITUTION, 0)
    assert judged.wealth(judged.client) - before == RESTITUTION


def test_an_honest_provider_is_acquitted_and_each_liar_is_fined(judged):
    """Three of five lie about a right answer, for a client that is a party to it."""
    operator, client = judged.wealth(judged.operator), judged.wealth(judged.client)
    demand, panel = judged.tried(LIARS, INNOCENT)
    assert judged.court.tally(1, 0)[1:] == (judged.court.tally(1, 0)[0], 0)
    costs = 7 * COIN * judged.court.tally(1, 0)[1]
    lost = RESTITUTION // 20
    assert judged.settled(demand, panel) == [WRONG] * 3 + [0] * 2
    assert [judged.service.credits(who) for who in panel] == [FEE] * PANEL
    assert judged.wealth(judged.operator) == operator + lost * 4 // 5
    assert judged.wealth(judged.client) == client - PANEL * FEE - costs - lost
    assert judged.service.reserved(judged.operator) == judged.service.promise(judged.promise)[6] == RESERVE


def test_what_was_acquitted_is_not_demanded_again(judged):
    demand, panel = judged.tried(LIARS, INNOCENT)
    judged.settled(demand, panel)
    with reverts("reexecution: was judged"):
        judged.open(receipt=judged.receipt(time=judged.evm.now - 10))
    assert judged.open(receipt=judged.receipt(number=2)) == demand + 1


def test_a_lying_provider_is_convicted_and_its_client_is_whole(judged):
    """Restitution, fees and what the jury cost: the client has its restitution more than before, to the wei."""
    operator, client = judged.wealth(judged.operator), judged.wealth(judged.client)
    demand, panel = judged.tried(HONEST, GUILTY)
    verdict, amount, costs = judged.court.verdict(1)
    assert (verdict, amount, costs) == (CONVICTED, RESTITUTION, 7 * COIN * judged.court.tally(1, 0)[2])
    assert judged.settled(demand, panel) == [0] * 4 + [WRONG]
    assert judged.wealth(judged.client) == client + RESTITUTION
    assert [judged.service.credits(who) for who in panel] == [2 * FEE] * 4 + [FEE]
    damages = -(-(RESTITUTION + (PANEL + 4) * FEE + costs) * 5 // 4)
    assert judged.wealth(judged.operator) == operator - damages - PENALTY
    assert judged.service.reserved(judged.operator) == 0
    assert judged.token.balanceOf(judged.service) == sum(map(judged.service.credits, (*panel, judged.client)))


def test_jurors_of_the_right_mind_are_paid_out_of_the_bond(judged):
    """The case pays what it cost: nothing is left with the court when all have claimed."""
    demand, panel = judged.tried(HONEST, GUILTY)
    judged.settled(demand, panel)
    had = [judged.token.balanceOf(juror) for juror in judged.jurors]
    judged.court.claim(1, judged.jurors, sender=judged.stranger)
    paid = [judged.token.balanceOf(juror) - before for juror, before in zip(judged.jurors, had, strict=True)]
    assert sum(paid) == judged.court.verdict(1)[2]
    assert judged.token.balanceOf(judged.court) == 0


def test_a_first_jury_without_a_quorum_fines_no_word(judged):
    """Two jurors of five have fewer than five seats: nobody is convicted, and nobody is measured by it."""
    demand, panel = judged.accused(HONEST)
    drawn = judged.jury(1)
    few = {juror: GUILTY for juror, seats in list(drawn.items())[:2] if seats < 3}
    judged.vote(1, few)
    assert 0 < judged.court.tally(1, 0)[2] < 5
    assert judged.pass_phase(1) == OVER
    assert judged.court.verdict(1)[0] == ACQUITTED
    assert judged.settled(demand, panel) == [0] * PANEL


def test_a_jury_that_is_guilty_by_less_than_two_thirds_fines_no_word(judged):
    """It acquits, though more of it found the fault: who differed was not denied."""
    demand, panel = judged.accused(HONEST)
    drawn = judged.jury(1)
    mind = {juror: number < 3 for number, juror in enumerate(drawn)}
    judged.vote(1, mind)
    _, innocent, guilty = judged.court.tally(1, 0)
    assert innocent < guilty < 2 * innocent
    assert judged.pass_phase(1) == OVER
    assert judged.court.verdict(1)[0] == ACQUITTED
    assert judged.settled(demand, panel) == [0] * PANEL


def test_a_re_hearing_that_changes_the_verdict_measures_the_words(judged):
    """The first jury errs; the operator calls the second, of about 151 seats, which acquits."""
    operator = judged.wealth(judged.operator)
    demand, panel = judged.accused(LIARS)
    judged.vote(1, dict.fromkeys(judged.jury(1), GUILTY))
    assert judged.phase(1) == CALL
    judged.court.rehear(1, sender=judged.operator)
    judged.vote(1, dict.fromkeys(judged.jury(1), INNOCENT))
    assert judged.court.tally(1, 1)[1] >= 51
    assert judged.settled(demand, panel) == [WRONG] * 3 + [0] * 2
    assert judged.wealth(judged.operator) == operator + RESTITUTION // 20 * 4 // 5


def test_a_re_hearing_without_a_quorum_leaves_the_first_jury_the_measure(judged):
    """One juror of 30 seats comes: the first verdict stands, and so does what it says of the words."""
    demand, panel = judged.accused(HONEST)
    judged.vote(1, dict.fromkeys(judged.jury(1), GUILTY))
    judged.court.rehear(1, sender=judged.operator)
    judged.vote(1, {next(iter(judged.jury(1))): INNOCENT})
    assert 0 < judged.court.tally(1, 1)[1] < 51
    assert judged.court.verdict(1)[0] == CONVICTED
    assert judged.settled(demand, panel) == [0] * 4 + [WRONG]


def test_a_large_claim_is_heard_twice_and_the_reserve_pays_both(judged):
    """Above 2,500 coins a first conviction is heard again without a call: the costs of both juries come back."""
    promise = judged.accepted(restitution=LARGE)
    judged.evm.warp(1)
    client = judged.wealth(judged.client)
    demand, panel = judged.found(list(HONEST), promise=promise)
    judged.service.accuse(demand, b"what I saw", sender=judged.client)
    judged.vote(1, dict.fromkeys(judged.jury(1), GUILTY))
    assert judged.phase(1) in (ANSWER, QUEUE)
    judged.vote(1, dict.fromkeys(judged.jury(1), GUILTY))
    assert judged.court.verdict(1)[:2] == (CONVICTED, LARGE)
    reserve = judged.service.promise(promise)[6]
    before = judged.wealth(judged.operator)
    assert judged.settled(demand, panel) == [0] * 4 + [WRONG]
    assert judged.wealth(judged.client) == client + LARGE
    assert 0 < before - judged.wealth(judged.operator) <= reserve


def test_a_case_without_a_seed_is_void_and_the_receipt_is_shown_again(judged):
    client = judged.wealth(judged.client)
    demand, panel = judged.accused(HONEST)
    assert judged.pass_phase(1) == SEED
    assert judged.wait(1, 14 * DAY) == OVER
    assert judged.settled(demand, panel) == [0] * PANEL
    assert judged.wealth(judged.client) == client - PANEL * FEE
    receipt = judged.receipt(time=judged.service.promise(judged.promise)[4])
    assert judged.open(receipt=receipt) == demand + 1


@pytest.mark.parametrize("words", [LIARS, HONEST])
def test_who_only_watches_pays_nothing(judged, words):
    """Who is no party and sat on no panel has what it had."""
    everybody = (judged.stranger, judged.other, *judged.executors)
    before = {who.address: judged.wealth(who) for who in everybody}
    demand, panel = judged.tried(words, words == HONEST)
    judged.settled(demand, panel)
    watchers = [who for who in everybody if who not in panel]
    assert all(judged.wealth(who) == before[who.address] for who in watchers)
