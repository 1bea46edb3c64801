"""AlignmentCourt.appeal: at three times the bond, against a verdict, in time, twice. CRT-5."""

from __future__ import annotations

import ape
import pytest

from tests.unit.court.conftest import APPEAL, BOND, REVEAL, seats_of


@pytest.fixture(scope="module", autouse=True)
def judged(case, sit, juror):
    sit(case, {juror: True})


def test_crt_5_an_appeal_takes_its_bond_and_calls_a_new_jury(court, token, box, case, operator):
    receipt = court.appeal(case, sender=operator)
    assert receipt.events == [
        court.Appealed(case_id=case, appellant=operator, round=1, seed_epoch=box.next()),
        token.Transfer(sender=operator, receiver=court, value=3 * BOND),
    ]
    assert court.get_case(case).round == 1
    jury = court.get_round(case, 1)
    assert (jury.appellant, jury.opened) == (operator, receipt.timestamp)
    assert (jury.seed_epoch, jury.committed, jury.guilty, jury.innocent) == (box.next(), 0, 0, 0)


def test_crt_5_chances_of_a_seat_double(court, case, call_appeal, juror):
    assert court.drawn_seats(case, juror) == seats_of(case, 0, juror, one_in=8)
    call_appeal(case)
    assert court.drawn_seats(case, juror) == seats_of(case, 1, juror, one_in=4)


def test_the_second_costs_nine_bonds_and_there_is_no_third(court, token, case, call_appeal, sit, juror, operator):
    call_appeal(case)
    sit(case, {juror: True}, seats=6)
    assert call_appeal(case).events[1] == token.Transfer(sender=operator, receiver=court, value=9 * BOND)
    sit(case, {juror: True}, seats=12)
    with ape.reverts("court: no appeal left"):
        court.appeal(case, sender=operator)


def test_not_when_its_time_is_over(court, case, operator, reveal_of, at):
    at(reveal_of(case) + REVEAL + APPEAL)
    with ape.reverts("court: too late to appeal"):
        court.appeal(case, sender=operator)


def test_just_before_it_is_over(court, case, operator, reveal_of, at):
    at(reveal_of(case) + REVEAL + APPEAL - 1)
    court.appeal(case, sender=operator)


def test_not_while_the_jury_sits(court, case, call_appeal, operator, reveal_of, at):
    call_appeal(case)
    at(reveal_of(case) + REVEAL - 1)
    with ape.reverts("court: jury still sits"):
        court.appeal(case, sender=operator)


def test_not_against_a_jury_without_a_quorum(court, case, call_appeal, sit, juror, operator):
    call_appeal(case)
    sit(case, {juror: True}, seats=5)  # six are the quorum
    with ape.reverts("court: nothing to appeal"):
        court.appeal(case, sender=operator)


def test_not_once_it_is_executed_nor_of_what_is_unknown(court, case, operator, wait):
    wait(APPEAL)
    court.execute(case, sender=operator)
    for number, reason in ((case, "court: case closed"), (case + 1, "court: unknown case")):
        with ape.reverts(reason):
            court.appeal(number, sender=operator)
