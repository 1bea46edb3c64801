"""AlignmentCourt.claim_juror: jurors whose vote is the verdict share the pot by seats."""

from __future__ import annotations

import ape
import pytest

from tests.unit.court.conftest import APPEAL, BOND, SALT


@pytest.fixture
def judge(court, case, commit, to_reveal, accuser):
    """To the executed verdict: juror -> (vote, seats)."""

    def judge(ballots):
        for account, (guilty, seats) in ballots.items():
            commit(case, {account: guilty}, seats)
        to_reveal(case)
        for account, (guilty, _) in ballots.items():
            court.reveal_vote(case, guilty, SALT, sender=account)
        to_reveal(case, 2 * APPEAL)
        court.execute(case, sender=accuser)

    return judge


@pytest.mark.parametrize(("guilty", "pot"), [(True, BOND // 4), (False, BOND)])
def test_crt_1_by_seats(court, case, judge, juror, other_juror, guilty, pot):
    judge({juror: (guilty, 1), other_juror: (guilty, 3)})
    for account, seats in ((juror, 1), (other_juror, 3)):
        assert court.claim_juror(case, 0, sender=account).return_value == pot * seats // 4
        assert court.credits(account) == pot * seats // 4


def test_who_voted_otherwise_gets_nothing_and_the_others_all(court, case, judge, juror, other_juror):
    judge({juror: (False, 1), other_juror: (True, 3)})
    with ape.reverts("court: not coherent"):
        court.claim_juror(case, 0, sender=juror)
    assert court.claim_juror(case, 0, sender=other_juror).return_value == BOND // 4


def test_crt_10_once_and_only_by_who_sat(court, case, judge, juror, stranger):
    judge({juror: (True, 3)})
    court.claim_juror(case, 0, sender=juror)
    for account, turn in ((juror, 0), (juror, 1), (stranger, 0)):
        with ape.reverts("court: not coherent"):
            court.claim_juror(case, turn, sender=account)


def test_not_while_the_case_is_open_nor_without_a_quorum(court, case, judge, juror):
    for number in (case, case + 1):
        with ape.reverts("court: no verdict"):
            court.claim_juror(number, 0, sender=juror)
    judge({juror: (True, 2)})
    with ape.reverts("court: no verdict"):
        court.claim_juror(case, 0, sender=juror)
