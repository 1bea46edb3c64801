"""AlignmentCourt.join, leave, release, poke, reserved: what weighs, since when, and when coins are free again."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY
from tests.unit.court.courtroom import SEAT, SEATS, seal

WHOLE = SEATS * SEAT


def summed(room):
    return sum(room.juror(juror)["mature"] for juror in room.jurors)


def test_what_is_added_counts_seven_epochs_later(room, court):
    juror = room.jurors[0]
    room.lock(juror, SEAT)
    (event,) = court.join(sender=juror).events("JurorWeighed")
    assert (event.args["mature"], event.args["pending"]) == (WHOLE, SEAT)
    assert court.total_weight() == 4 * WHOLE
    room.evm.warp(6 * DAY)
    assert room.juror(juror)["mature"] == WHOLE
    room.evm.warp(DAY)
    assert room.juror(juror)["mature"] == WHOLE + SEAT
    assert court.total_weight() == 4 * WHOLE + SEAT == summed(room)


def test_adding_again_restarts_what_is_pending_and_nothing_else(room, court):
    juror = room.jurors[0]
    for _ in range(2):
        room.lock(juror, SEAT)
        court.join(sender=juror)
        room.evm.warp(5 * DAY)
    assert room.juror(juror)["mature"] == WHOLE
    room.evm.warp(2 * DAY)
    assert court.total_weight() == 4 * WHOLE + 2 * SEAT == summed(room)


def test_joining_needs_coins_of_a_seat(room, court):
    with reverts("court: nothing to add"):
        court.join(sender=room.jurors[0])
    room.hub.register_operator(0, "", sender=room.watcher)
    room.lock(room.watcher, SEAT - 1)
    with reverts("court: less than a seat"):
        court.join(sender=room.watcher)
    room.lock(room.watcher, 1)
    assert court.join(sender=room.watcher).value == SEAT


def test_what_is_asked_back_stops_counting_at_once_newest_first(room, court):
    juror = room.jurors[0]
    room.lock(juror, 2 * SEAT)
    court.join(sender=juror)
    court.leave(SEAT, sender=juror)
    assert (room.juror(juror)["mature"], room.juror(juror)["pending"]) == (WHOLE, SEAT)
    court.leave(2 * SEAT, sender=juror)
    assert (room.juror(juror)["mature"], room.juror(juror)["pending"]) == (WHOLE - SEAT, 0)
    assert court.total_weight() == 4 * WHOLE - SEAT == summed(room)
    assert court.reserved(juror) == room.locked(juror) == WHOLE + 2 * SEAT
    for amount in (0, WHOLE - SEAT + 1):
        with reverts("court: not so much to ask back"):
            court.leave(amount, sender=juror)


@pytest.mark.case("staking-1")
def test_the_past_never_changes(room, court):
    """Coins that come after the accusation, or were pending then, weigh nothing in it, whatever is called later."""
    juror = room.jurors[0]
    room.lock(juror, 50 * SEAT)
    court.join(sender=juror)
    case = room.open()
    for step in (
        lambda: court.poke(juror, sender=room.stranger),
        lambda: room.evm.warp(8 * DAY),
        lambda: court.poke(juror, sender=room.stranger),
        lambda: court.leave(10 * SEAT, sender=juror),
        lambda: room.open(fault=b"\x06" * 32),
        lambda: court.leave(10 * SEAT, sender=juror),
        lambda: room.lock(juror, SEAT),
        lambda: court.join(sender=juror),
    ):
        step()
        assert court.weight_in(case, juror) == WHOLE
    assert court.weight_in(case + 1, juror) == WHOLE + 40 * SEAT


def test_weights_of_a_case_sum_up_to_its_total_whatever_moves_around_it(room, court):
    cases = []
    for number, juror in enumerate(room.jurors):
        room.lock(juror, (number + 1) * SEAT)
        court.join(sender=juror)
        cases.append(room.open(fault=bytes([number]) * 32))
        room.evm.warp(3 * DAY)
        court.leave(SEAT // 2, sender=juror)
        cases.append(room.open(fault=bytes([64 + number]) * 32))
    for case in cases:
        assert sum(court.weight_in(case, juror) for juror in room.jurors) == room.case(case)["total"]


@pytest.mark.case("staking-13")
def test_coins_stay_until_earlier_cases_are_over_and_14_days_have_passed(room, court, case):
    juror = room.jurors[0]
    with reverts("court: nothing asked back"):
        court.release(sender=juror)
    court.leave(WHOLE, sender=juror)
    assert court.weight_in(case, juror) == WHOLE
    room.wait(14 * DAY - 1)
    with reverts("court: too early"):
        court.release(sender=juror)
    room.wait(1)
    with reverts("court: an earlier case is open"):
        court.release(sender=juror)
    room.to_commit(case)
    court.commit(case, seal(case, 0, juror, True), sender=juror)
    with reverts("court: ballots to settle"):
        court.release(sender=juror)
    room.wait(2 * DAY)
    court.advance(case, sender=room.stranger)
    room.wait(DAY)
    court.advance(case, sender=room.stranger)
    room.close(case)
    court.claim(case, [juror], sender=room.stranger)  # it never revealed: its seats pay
    left = room.locked(juror)
    assert left < WHOLE
    assert court.release(sender=juror).value == left
    assert room.locked(juror) == 0
    assert room.hub.credit(juror) == left
    with reverts("court: nothing asked back"):
        court.release(sender=juror)


def test_poking_binds_what_has_matured(room, court):
    juror = room.jurors[0]
    court.poke(juror, sender=room.stranger)
    assert room.hub.get_lock(court, juror)[1] == WHOLE
    court.leave(SEAT, sender=juror)
    assert room.hub.get_lock(court, juror)[1] == WHOLE - SEAT


def test_less_than_half_a_seat_weighs_nothing(room, court):
    juror = room.jurors[0]
    court.leave(WHOLE - SEAT // 2, sender=juror)
    assert room.juror(juror)["mature"] == SEAT // 2
    court.leave(1, sender=juror)
    assert room.juror(juror)["mature"] == 0
    assert court.total_weight() == 3 * WHOLE == summed(room)


def test_after_the_courts_end_jurors_take_their_coins_at_the_hub(room, court, case):
    juror = room.jurors[0]
    room.hub.remove_service(court, sender=room.owner)
    room.evm.warp(41 * DAY)
    assert room.hub.take_back(court, sender=juror).value == WHOLE
    court.poke(juror, sender=room.stranger)
    assert room.juror(juror)["mature"] == 0


def test_all_amounts_scale_together_28_days_later(room, court, case):
    with reverts("court: not the owner"):
        court.rescale(COIN // 2, sender=room.stranger)
    for unit in (10**14 - 1, 10**22 + 1):
        with reverts("court: out of range"):
            court.rescale(unit, sender=room.owner)
    bond = court.bond_for(room.service, b"\x06" * 32, 2_000 * COIN)
    court.rescale(COIN // 2, sender=room.owner)
    room.evm.warp(28 * DAY - 1)
    assert court.bond_for(room.service, b"\x06" * 32, 2_000 * COIN) == bond
    room.evm.warp(1)
    assert court.bond_for(room.service, b"\x06" * 32, 1_000 * COIN) == bond // 2
    assert room.case(case)["unit"] == COIN


def test_terms_of_the_court_as_a_service(room, court):
    assert court.terms() == (14 * DAY, 14 * DAY, ZERO_ADDRESS, 0, 0)
    assert court.longest_case() == 11 * DAY + DAY // 2
