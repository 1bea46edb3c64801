"""AlignmentCourt.commit_vote: who sits, once, on which seats, until when."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.court.conftest import ASKED, seal


@pytest.fixture(scope="module")
def drawn(court, case, juror):
    return court.drawn_seats(case, juror)


def test_a_juror_takes_drawn_seats(court, case, juror, drawn):
    sealed = seal(case, 0, juror, True)
    receipt = court.commit_vote(case, drawn[:4], sealed, sender=juror)
    assert receipt.events == [court.VoteCommitted(case_id=case, juror=juror, round=0, seats=4)]
    assert court.get_round(case, 0).committed == 4
    ballot = court.ballot(case, 0, juror)
    assert (ballot.commitment, ballot.seats, ballot.vote) == (sealed, 4, 0)


def test_ballots_of_jurors_add_up(court, case, commit, juror, other_juror):
    commit(case, {juror: True, other_juror: False})
    assert court.get_round(case, 0).committed == 6


def test_crt_9_a_seat_sits_once_and_only_if_drawn(court, case, juror, drawn):
    idle = next(seat for seat in range(100) if seat not in drawn)
    for seats, reason in (
        ([], "court: no seat"),
        ([drawn[0], drawn[0]], "court: seats not ascending"),
        ([100], "court: no such seat"),
        ([idle], "court: seat not drawn"),
    ):
        with ape.reverts(reason):
            court.commit_vote(case, seats, b"\x01" * 32, sender=juror)


def test_crt_9_a_juror_commits_once(court, case, juror, drawn):
    court.commit_vote(case, drawn[:1], b"\x01" * 32, sender=juror)
    with ape.reverts("court: already committed"):
        court.commit_vote(case, drawn[1:2], b"\x02" * 32, sender=juror)


def test_an_empty_seal_is_refused(court, case, juror, drawn):
    with ape.reverts("court: empty commitment"):
        court.commit_vote(case, drawn[:1], bytes(32), sender=juror)


def test_only_who_committed_to_the_court_sits_and_never_the_accused(court, case, operator, stranger):
    with ape.reverts("court: judge in own case"):
        court.commit_vote(case, [0], b"\x01" * 32, sender=operator)
    with ape.reverts("court: no such seat"):
        court.commit_vote(case, [0], b"\x01" * 32, sender=stranger)


def test_no_seat_before_the_seed(court, case, service, operator, accuser, juror):
    unseeded = court.open_case(service, operator, ZERO_ADDRESS, ASKED, b"\x06" * 32, sender=accuser).return_value
    with ape.reverts("court: no seed yet"):
        court.commit_vote(unseeded, [0], b"\x01" * 32, sender=juror)


def test_until_the_reveal_begins(court, case, juror, drawn, reveal_of, at):
    at(reveal_of(case) - 1)
    court.commit_vote(case, drawn[:1], b"\x01" * 32, sender=juror)


def test_not_after_it_has_begun(court, case, juror, drawn, to_reveal):
    to_reveal(case)
    with ape.reverts("court: commit phase over"):
        court.commit_vote(case, drawn[:1], b"\x01" * 32, sender=juror)
    with ape.reverts("court: unknown case"):
        court.commit_vote(case + 1, drawn[:1], b"\x01" * 32, sender=juror)
