"""AlignmentCourt.penalise: silence costs. CRT-4."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.court.conftest import PENALTY, REVEAL, SALT, VOID


@pytest.fixture(scope="module", autouse=True)
def revealing(court, case, commit, to_reveal, juror, other_juror):
    """One juror has revealed, the other has not."""
    commit(case, {juror: True, other_juror: True}, seats=4)
    to_reveal(case)
    court.reveal_vote(case, True, SALT, sender=other_juror)


def test_crt_4_silence_costs_for_each_seat_and_the_caller_gets_a_half(court, hub, case, juror, stranger, wait):
    wait(REVEAL)
    receipt = court.penalise(case, 0, juror, sender=stranger)
    assert receipt.return_value == 4 * PENALTY
    assert receipt.events[-1] == court.Penalised(case_id=case, juror=juror, amount=4 * PENALTY)
    assert hub.operator_state(juror)[0] == 100_000 * COIN - 4 * PENALTY
    assert hub.credit(stranger) == 2 * PENALTY
    assert court.ballot(case, 0, juror).vote == VOID


def test_who_revealed_never_committed_or_paid_pays_nothing(court, hub, case, juror, other_juror, stranger, wait):
    wait(REVEAL)
    court.penalise(case, 0, juror, sender=stranger)
    for account, turn in ((juror, 0), (other_juror, 0), (stranger, 0), (other_juror, 1)):
        with ape.reverts("court: nothing to penalise"):
            court.penalise(case, turn, account, sender=stranger)
    assert hub.operator_state(other_juror)[0] == 100_000 * COIN


def test_not_while_the_jury_sits(court, case, juror, stranger):
    with ape.reverts("court: jury still sits"):
        court.penalise(case, 0, juror, sender=stranger)


def test_after_the_case_is_closed_as_well(court, case, juror, stranger, wait):
    wait(2 * REVEAL)
    court.execute(case, sender=stranger)
    assert court.penalise(case, 0, juror, sender=stranger).return_value == 4 * PENALTY
