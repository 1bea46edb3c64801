"""AlignmentCourt.report_salt: a salt that is known before the reveal voids its vote. CRT-7."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.court.conftest import PENALTY, SALT, VOID


@pytest.fixture(scope="module", autouse=True)
def sealed(case, commit, juror, other_juror):
    commit(case, {juror: True, other_juror: False}, seats=4)


def test_crt_7_the_juror_pays_for_each_seat_and_the_reporter_gets_a_half(court, hub, case, juror, stranger):
    receipt = court.report_salt(case, juror, True, SALT, sender=stranger)
    assert receipt.return_value == 4 * PENALTY
    assert receipt.events[-1] == court.Penalised(case_id=case, juror=juror, amount=4 * PENALTY)
    assert hub.operator_state(juror)[0] == 100_000 * COIN - 4 * PENALTY
    assert hub.credit(stranger) == 2 * PENALTY
    assert court.get_round(case, 0).committed == 4  # the other juror's
    assert court.ballot(case, 0, juror).vote == VOID


def test_once(court, case, juror, stranger):
    court.report_salt(case, juror, True, SALT, sender=stranger)
    with ape.reverts("court: nothing to penalise"):
        court.report_salt(case, juror, True, SALT, sender=stranger)


def test_a_void_vote_cannot_be_revealed(court, case, juror, stranger, to_reveal):
    court.report_salt(case, juror, True, SALT, sender=stranger)
    to_reveal(case)
    with ape.reverts("court: already revealed"):
        court.reveal_vote(case, True, SALT, sender=juror)


def test_only_the_true_salt_and_vote(court, case, juror, stranger):
    for guilty, salt in ((False, SALT), (True, b"\x01" * 32)):
        with ape.reverts("court: not that vote"):
            court.report_salt(case, juror, guilty, salt, sender=stranger)
    with ape.reverts("court: not that vote"):
        court.report_salt(case, stranger, True, SALT, sender=juror)


def test_not_by_the_juror(court, case, juror):
    with ape.reverts("court: not by the juror"):
        court.report_salt(case, juror, True, SALT, sender=juror)


def test_not_once_the_reveal_has_begun(court, case, juror, stranger, to_reveal):
    to_reveal(case)
    with ape.reverts("court: reveal has begun"):
        court.report_salt(case, juror, True, SALT, sender=stranger)
