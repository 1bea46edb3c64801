"""AlignmentCourt.answer, commit, reveal, report_salt, show_absent: who may do what, when, and what it costs."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.units import DAY
from tests.unit.court.courtroom import FIRST_DEPOSIT, SALT, SEAT, SEATS, Courtroom, seal, seats_of

SEED = b"\x07" * 32
TOTAL = 400 * SEAT


def test_parties_answer_in_the_first_day(room, court, case):
    for party in (room.operator, room.accuser, room.service):
        (event,) = court.answer(case, b"look here", sender=party).events("Answered")
        assert event.args["evidence"] == b"look here"
    with reverts("court: not a party"):
        court.answer(case, b"look here", sender=room.stranger)
    with reverts("court: no evidence"):
        court.answer(case, b"", sender=room.operator)
    room.wait(DAY)
    with reverts("court: not the time"):
        court.answer(case, b"look here", sender=room.operator)


def test_seats_are_what_the_draw_gives(room, court, case):
    assert court.drawn(case, 0, room.jurors[0]) == 0
    room.to_commit(case, SEED)
    for juror in room.jurors:
        assert court.weight_in(case, juror) == SEATS * SEAT
        assert court.drawn(case, 0, juror) == seats_of(SEED, case, 0, juror, SEATS * SEAT, TOTAL)
    receipt = court.commit(case, seal(case, 0, room.jurors[0], True), sender=room.jurors[0])
    assert receipt.value == court.drawn(case, 0, room.jurors[0]) == court.tally(case, 0)[0]


def test_a_ballot_is_committed_once_by_who_is_drawn_and_in_time(room, court, case):
    juror = room.jurors[0]
    with reverts("court: not the time"):
        court.commit(case, seal(case, 0, juror, True), sender=juror)
    room.to_commit(case)
    court.commit(case, seal(case, 0, juror, True), sender=juror)
    with reverts("court: already committed"):
        court.commit(case, seal(case, 0, juror, False), sender=juror)
    with reverts("court: not drawn"):
        court.commit(case, seal(case, 0, room.stranger, False), sender=room.stranger)
    room.wait(2 * DAY)
    with reverts("court: not the time"):
        court.commit(case, seal(case, 0, room.jurors[1], True), sender=room.jurors[1])


def test_a_vote_is_revealed_once_as_it_was_sealed(room, court, case):
    juror, other = room.jurors[:2]
    room.to_commit(case)
    court.commit(case, seal(case, 0, juror, True), sender=juror)
    court.commit(case, seal(case, 0, juror, True), sender=other)  # a copied seal
    with reverts("court: not the time"):
        court.reveal(case, True, SALT, sender=juror)
    room.wait(2 * DAY)
    with reverts("court: not that vote"):
        court.reveal(case, False, SALT, sender=juror)
    with reverts("court: not that vote"):
        court.reveal(case, True, SALT, sender=other)
    with reverts("court: no sealed ballot"):
        court.reveal(case, True, SALT, sender=room.jurors[2])
    court.reveal(case, True, SALT, sender=juror)
    assert court.tally(case, 0)[2] == court.drawn(case, 0, juror)
    with reverts("court: no sealed ballot"):
        court.reveal(case, True, SALT, sender=juror)
    room.wait(DAY)
    with reverts("court: not the time"):
        court.reveal(case, True, SALT, sender=other)


def test_a_salt_shown_early_voids_the_vote_and_costs_every_seat(room, court, case):
    juror = room.jurors[0]
    room.to_commit(case)
    court.commit(case, seal(case, 0, juror, True), sender=juror)
    with reverts("court: not that vote"):
        court.report_salt(case, juror, False, SALT, sender=room.watcher)
    with reverts("court: no sealed ballot"):
        court.report_salt(case, room.jurors[1], True, SALT, sender=room.watcher)
    seats, before = court.drawn(case, 0, juror), room.balance(room.watcher)
    assert court.report_salt(case, juror, True, SALT, sender=room.watcher).value == seats * FIRST_DEPOSIT // 10
    assert room.balance(room.watcher) - before == seats * FIRST_DEPOSIT // 10
    assert room.locked(juror) == SEATS * SEAT - seats * FIRST_DEPOSIT
    assert court.tally(case, 0)[0] == 0
    with reverts("court: no sealed ballot"):
        court.report_salt(case, juror, True, SALT, sender=room.watcher)
    room.wait(2 * DAY)
    with reverts("court: no sealed ballot"):
        court.reveal(case, True, SALT, sender=juror)
    with reverts("court: not absent"):
        court.show_absent(case, 0, juror, sender=room.watcher)
    with reverts("court: not the time"):
        court.report_salt(case, juror, True, SALT, sender=room.watcher)


@pytest.mark.case("staking-12")
@pytest.mark.parametrize("commits", [False, True])
def test_an_absent_seat_pays_once_and_a_friend_gets_back_a_tenth(room, court, case, commits):
    juror = room.jurors[0]
    room.to_commit(case)
    seats = court.drawn(case, 0, juror)
    if commits:
        court.commit(case, seal(case, 0, juror, True), sender=juror)
    early = "court: jurors still reveal" if commits else "court: jurors still commit"
    with reverts(early):
        court.show_absent(case, 0, juror, sender=room.watcher)
    room.wait(2 * DAY)
    court.advance(case, sender=room.stranger)
    if commits:
        with reverts("court: jurors still reveal"):
            court.show_absent(case, 0, juror, sender=room.watcher)
        room.wait(DAY)
    before = room.balance(room.watcher)
    tip = court.show_absent(case, 0, juror, sender=room.watcher).value
    assert tip == seats * FIRST_DEPOSIT // 10 == room.balance(room.watcher) - before
    assert SEATS * SEAT - room.locked(juror) == seats * FIRST_DEPOSIT == 10 * tip
    for _ in range(2):
        with reverts("court: not absent"):
            court.show_absent(case, 0, juror, sender=room.watcher)
    with reverts("court: not drawn"):
        court.show_absent(case, 0, room.stranger, sender=room.watcher)


def test_who_voted_is_not_absent(room, court, case):
    room.hear(case, True, True, True, True)
    with reverts("court: not absent"):
        court.show_absent(case, 0, room.jurors[0], sender=room.watcher)
    with reverts("court: not drawn"):
        court.show_absent(case, 0, room.stranger, sender=room.watcher)


@pytest.mark.case("staking-11")
def test_a_juror_with_ten_thousand_seats_takes_all_of_them_in_one_call():
    """The whole weight draws: within one seat of its share, and no more in a hundred accounts than in one."""
    big = Courtroom(jurors=("giant", "dwarf"), seats=10_000)
    case = big.open()
    big.to_commit(case)
    giant = big.jurors[0]
    assert big.court.drawn(case, 0, giant) in (5, 6)
    assert big.court.commit(case, seal(case, 0, giant, True), sender=giant).value in (5, 6)


@pytest.mark.case("staking-11")
def test_a_weight_draws_as_much_in_a_hundred_accounts_as_in_one():
    """Over every outcome of the draw: the sum over u of floor((w n + u) / t) is w n, whatever w is."""
    total = 997
    for expected in (11, 151):
        for weights in ([300], [3] * 100, [1, 299], [150, 150]):
            drawn = sum((w * expected + u) // total for w in weights for u in range(total))
            assert drawn == 300 * expected
