"""AlignmentCourt.advance, rehear, verdict, over, claim: who pays what, for every way a case can end. In exact sums."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.units import COIN, DAY
from tests.unit.court.courtroom import (
    ACQUITTED,
    ASKED,
    CALL,
    CONVICTED,
    FEES,
    FIRST_DEPOSIT,
    FIRST_FEE,
    HORIZON,
    OVER,
    QUEUE,
    SALT,
    SECOND_DEPOSIT,
    SECOND_FEE,
    VOID,
    seal,
)

LOST = ASKED // 20
SECOND_BOND = 190 * SECOND_FEE


class BalanceChange:
    """What accounts have gained since."""

    def __init__(self, room, *accounts):
        self.room, self.before = room, {account.address: room.balance(account) for account in accounts}

    def __call__(self, account):
        return self.room.balance(account) - self.before[account.address]


def votes(room, case, hearing):
    _, innocent, guilty = room.court.tally(case, hearing)
    return innocent, guilty


def settle(room, case):
    room.court.claim(case, room.jurors, sender=room.stranger)
    room.court.pay_insurance(sender=room.stranger)
    assert room.balance(room.court) == 0


def test_a_conviction_gives_the_accuser_what_jurors_did_not_get(room, court, case):
    change = BalanceChange(room, room.accuser, room.operator, *room.jurors)
    room.hear(case, True, True, True, True)
    assert room.phase(case) == CALL
    room.close(case)
    guilty = votes(room, case, 0)[1]
    costs = guilty * FIRST_FEE
    assert court.verdict(case) == (CONVICTED, ASKED, costs)
    assert court.over(case)
    assert change(room.accuser) == FEES + LOST - costs
    settle(room, case)
    assert sum(change(juror) for juror in room.jurors) == costs
    assert change(room.operator) == 0


def test_an_acquittal_pays_the_accused_four_fifths_of_what_is_lost(room, court, case):
    change = BalanceChange(room, room.accuser, room.operator, room.insurance)
    room.hear(case, False, False, False, False)
    room.close(case)
    costs = votes(room, case, 0)[0] * FIRST_FEE
    assert court.verdict(case) == (ACQUITTED, 0, 0)
    assert change(room.accuser) == FEES + LOST - costs - LOST
    assert (change(room.operator), change(room.insurance)) == (LOST * 4 // 5, LOST // 5)
    settle(room, case)


@pytest.mark.case("staking-7")
def test_a_seat_earns_the_same_whatever_the_verdict(room, court, case):
    paid = []
    for guilty in (True, False):
        with room.evm.anchor():
            room.hear(case, guilty, guilty, guilty, guilty)
            room.close(case)
            change = BalanceChange(room, *room.jurors)
            court.claim(case, room.jurors, sender=room.stranger)
            paid.append([change(juror) for juror in room.jurors])
    assert paid[0] == paid[1]


def test_a_wrong_vote_costs_what_the_majority_makes_of_it(room, court, case):
    room.hear(case, True, True, True, False)
    room.close(case)
    innocent, guilty = votes(room, case, 0)
    wrong = room.jurors[3]
    before = room.locked(wrong)
    court.claim(case, [wrong], sender=room.stranger)
    each = FIRST_DEPOSIT * (guilty - innocent) // (guilty + innocent)
    assert before - room.locked(wrong) == innocent * each
    assert room.juror(wrong)["mature"] == room.locked(wrong)
    settle(room, case)


def test_a_close_case_costs_nobody(room, court, case):
    """Less than two thirds: acquitted, and those who said guilty lose nothing."""
    room.hear(case, True, True, False, False)
    room.close(case)
    assert court.verdict(case)[0] == ACQUITTED
    before = [room.locked(juror) for juror in room.jurors]
    settle(room, case)
    innocent, guilty = votes(room, case, 0)
    if guilty >= innocent:
        assert [room.locked(juror) for juror in room.jurors] == before


def test_an_innocent_who_calls_the_rehearing_has_its_whole_bond_back(room, court, case):
    """The fees of both hearings come out of the bond of the accuser who was wrong: so it covers both from the start."""
    change = BalanceChange(room, room.accuser, room.operator)
    room.hear(case, True, True, True, True)
    court.rehear(case, sender=room.operator)
    assert change(room.operator) == -SECOND_BOND
    room.hear(case, False, False, False, False)
    assert court.verdict(case)[0] == ACQUITTED
    assert change(room.operator) == LOST * 4 // 5
    # The first jury was wrong: nobody there is paid.
    assert change(room.accuser) == FEES + LOST - LOST - votes(room, case, 1)[0] * SECOND_FEE
    settle(room, case)


def test_a_caller_whose_rehearing_changes_nothing_pays_for_it(room, court, case):
    change = BalanceChange(room, room.accuser, room.operator)
    room.hear(case, True, True, True, True)
    court.rehear(case, sender=room.operator)
    room.hear(case, True, True, True, True)
    first = votes(room, case, 0)[1] * FIRST_FEE
    assert court.verdict(case) == (CONVICTED, ASKED, first)
    assert change(room.accuser) == FEES + LOST - first
    assert change(room.operator) == -votes(room, case, 1)[1] * SECOND_FEE
    settle(room, case)


def test_an_accuser_needs_no_second_bond_to_call(room, court, case):
    change = BalanceChange(room, room.accuser)
    room.hear(case, False, False, False, False)
    court.rehear(case, sender=room.accuser)
    assert change(room.accuser) == 0
    room.hear(case, True, True, True, True)
    costs = votes(room, case, 1)[1] * SECOND_FEE
    assert court.verdict(case) == (CONVICTED, ASKED, costs)
    assert change(room.accuser) == FEES + LOST - costs
    settle(room, case)


def test_a_watcher_calls_for_an_operator_that_sleeps(room, court, case):
    change = BalanceChange(room, room.watcher)
    room.hear(case, True, True, True, True)
    court.rehear(case, sender=room.watcher)
    room.hear(case, False, False, False, False)
    assert change(room.watcher) == 0
    assert court.verdict(case)[0] == ACQUITTED


def test_only_in_time_and_only_once(room, court, case):
    with reverts("court: not the time"):
        court.rehear(case, sender=room.operator)
    room.hear(case, True, True, True, True)
    with room.evm.anchor():
        room.wait(2 * DAY)
        with reverts("court: not the time"):
            court.rehear(case, sender=room.operator)
    with reverts("token: insufficient allowance"):
        court.rehear(case, sender=room.stranger)
    court.rehear(case, sender=room.operator)
    with reverts("court: not the time"):
        court.rehear(case, sender=room.operator)
    with reverts("court: case is not over"):
        court.claim(case, room.jurors, sender=room.stranger)


def test_a_large_conviction_is_reheard_without_a_call(room, court):
    case = room.open(2_501 * COIN)
    room.hear(case, True, True, True, True)
    assert (room.case(case)["hearing"], room.phase(case)) == (1, 1)
    small = room.open(2_500 * COIN, fault=b"\x06" * 32)
    room.hear(small, True, True, True, True)
    assert (room.case(small)["hearing"], room.phase(small)) == (0, CALL)


@pytest.mark.case("staking-23")
def test_silence_in_the_rehearing_leaves_the_first_verdict_and_costs_each_seat(room, court, case):
    room.hear(case, True, True, True, True)
    court.rehear(case, sender=room.operator)
    room.hear(case, None, None, None, False)  # 37 or 38 seats: no quorum
    assert court.verdict(case)[0] == CONVICTED
    for juror in room.jurors[:3]:
        seats, before = court.drawn(case, 1, juror), room.locked(juror)
        court.show_absent(case, 1, juror, sender=room.stranger)
        assert before - room.locked(juror) == seats * SECOND_DEPOSIT
    settle(room, case)


def test_a_wrong_vote_that_nobody_outvoted_costs_nothing_and_is_settled(room, court, case):
    """CRT-10: nobody votes in the first jury, too few in the re-hearing: whoever voted gets its coins back."""
    room.hear(case, None, None, None, None)
    court.rehear(case, sender=room.accuser)
    room.hear(case, None, None, None, True)  # 37 or 38 seats: no quorum
    juror = room.jurors[3]
    before = room.locked(juror)
    court.claim(case, [juror], sender=room.stranger)
    assert court.verdict(case)[0] == ACQUITTED
    assert (room.locked(juror), room.juror(juror)["ballots"]) == (before, 0)
    settle(room, case)


@pytest.mark.parametrize("late", [0, 1, DAY])
def test_nobodys_pay_waits_for_a_penalty_that_a_removed_court_cannot_take(room, court, case, late):
    """A juror was right in one hearing and wrong in the other when the timelock removed the court: until the horizon
    is over it is paid and loses; after it the juror takes its lock back, and is paid."""
    room.hear(case, True, True, True, False)
    court.rehear(case, sender=room.operator)
    room.hear(case, True, True, True, True)
    room.hub.remove_service(court, sender=room.owner)
    torn, right = room.jurors[3], room.jurors[0]
    before = room.locked(torn)
    room.evm.warp(HORIZON - 1)
    with room.evm.anchor():
        court.claim(case, [torn], sender=room.stranger)
        assert room.locked(torn) < before
    room.evm.warp(1 + late)
    with reverts("hub: not a slasher"):
        court.claim(case, [torn], sender=room.stranger)
    court.claim(case, [right], sender=room.stranger)  # others do not wait for it
    with room.evm.anchor():  # its coins first, by anybody's call its pay
        assert room.hub.take_back(court, sender=torn).value == before
        change = BalanceChange(room, torn)
        court.claim(case, [torn], sender=room.stranger)
        assert change(torn) == court.ballot(case, 1, torn)[1] * SECOND_FEE
        assert room.juror(torn)["ballots"] == 0
        settle(room, case)


def test_an_absence_that_costs_nothing_any_more_is_shown_for_nothing(room, court, case):
    room.hear(case, True, True, True, None)
    room.close(case)
    juror = room.jurors[3]
    room.hub.remove_service(court, sender=room.owner)
    room.evm.warp(HORIZON)
    assert court.drawn(case, 0, juror) > 0
    with reverts("hub: not a slasher"):
        court.show_absent(case, 0, juror, sender=room.watcher)
    room.hub.take_back(court, sender=juror)
    change = BalanceChange(room, room.watcher)
    assert court.show_absent(case, 0, juror, sender=room.watcher).value == 0
    assert change(room.watcher) == 0
    settle(room, case)


def test_no_quorum_in_the_first_jury_acquits(room, court, case):
    room.hear(case, True, None, None, None)
    room.close(case)
    assert court.verdict(case)[0] == ACQUITTED
    settle(room, case)


def test_conceding_gives_the_bond_back_and_is_for_the_service_in_the_first_day(room, court, case):
    change = BalanceChange(room, room.accuser)
    with reverts("court: not the service"):
        court.concede(case, sender=room.operator)
    with room.evm.anchor():
        room.wait(DAY)
        with reverts("court: not the time"):
            court.concede(case, sender=room.service)
    court.concede(case, sender=room.service)
    assert court.verdict(case) == (CONVICTED, ASKED, 0)
    assert change(room.accuser) == FEES + LOST
    assert room.phase(case) == OVER
    with reverts("court: not the time"):
        court.concede(case, sender=room.service)


def test_a_rehearing_cannot_be_conceded(room, court, case):
    room.hear(case, True, True, True, True)
    court.rehear(case, sender=room.operator)
    assert (room.case(case)["hearing"], room.phase(case)) == (1, 1)
    with reverts("court: not the time"):
        court.concede(case, sender=room.service)


def test_without_a_seed_a_case_names_the_next_and_is_void_after_14_days(room, court, case):
    change = BalanceChange(room, room.accuser)
    room.to_seed(case)
    named = room.case(case)["seed_epoch"]
    room.box.put(named + 5, b"\x01" * 32, sender=room.owner)  # the named one was missed
    court.advance(case, sender=room.stranger)
    assert room.case(case)["seed_epoch"] == named  # half a day first
    room.wait(DAY)
    court.advance(case, sender=room.stranger)
    assert room.case(case)["seed_epoch"] == named + 6
    room.wait(13 * DAY)
    court.advance(case, sender=room.stranger)
    assert court.verdict(case) == (VOID, 0, 0)
    assert court.over(case)
    assert change(room.accuser) == FEES + LOST
    assert room.open() == case + 1  # the fault is unspent, at the same bond
    assert not room.case(case + 1)["repeated"]


def test_a_chain_that_stands_still_for_two_days_eats_nobodys_turn(room, court, case):
    room.to_commit(case)
    room.stand_still(2 * DAY + 1)
    court.advance(case, sender=room.stranger)
    assert room.phase(case) == 3
    room.evm.mine(4)  # half of the blocks of two days
    court.advance(case, sender=room.stranger)
    assert room.phase(case) == 4
    room.stand_still(3 * DAY)
    court.advance(case, sender=room.stranger)
    assert room.phase(case) == 4


def test_rehearings_wait_in_order_while_the_open_ones_ask_two_fifths(room, court):
    """At 400 seats: 320,000 coins, eight cases of 40,000. A small case counts as 2,500: its deposits are worth that."""
    cases = [room.open(40_000 * COIN, fault=bytes([number]) * 32) for number in range(9)]
    room.wait(DAY)
    for case in cases:
        court.advance(case, sender=room.stranger)
    room.box.put(room.case(cases[0])["seed_epoch"], b"\x07" * 32, sender=room.owner)
    for case in cases:
        court.advance(case, sender=room.stranger)
    for case in cases:
        for juror in room.jurors:
            court.commit(case, seal(case, 0, juror, True), sender=juror)
    room.wait(2 * DAY)
    for case in cases:
        for juror in room.jurors:
            court.reveal(case, True, SALT, sender=juror)
    room.wait(DAY)
    for case in cases:
        court.advance(case, sender=room.stranger)
    assert [room.phase(case) for case in cases] == [1] * 8 + [QUEUE]
    room.hear(cases[0], False, False, False, False)
    court.advance(cases[8], sender=room.stranger)
    assert room.phase(cases[8]) == 1
    with room.evm.anchor():
        room.hear(cases[8], False, False, False, False)
        assert court.verdict(cases[8])[0] == ACQUITTED


def test_an_unknown_case_has_no_verdict(room, court):
    for call in (court.verdict, court.over):
        with reverts("court: unknown case"):
            call(1)
