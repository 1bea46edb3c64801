"""AlignmentCourt.reveal_vote: only what was sealed, once, in time."""

from __future__ import annotations

import ape
import pytest

from tests.unit.court.conftest import GUILTY, INNOCENT, REVEAL, SALT


@pytest.fixture(scope="module", autouse=True)
def sealed(case, commit, juror):
    commit(case, {juror: True}, seats=4)


@pytest.mark.parametrize(
    ("role", "guilty", "counts", "vote"), [("juror", True, (4, 0), GUILTY), ("other_juror", False, (0, 4), INNOCENT)]
)
def test_a_vote_counts_by_its_seats(court, case, cast, commit, to_reveal, other_juror, role, guilty, counts, vote):
    commit(case, {other_juror: False}, seats=4)
    to_reveal(case)
    receipt = court.reveal_vote(case, guilty, SALT, sender=cast[role])
    assert receipt.events == [
        court.VoteRevealed(case_id=case, juror=cast[role], round=0, guilty=guilty, seats=4),
    ]
    jury = court.get_round(case, 0)
    assert (jury.guilty, jury.innocent) == counts
    assert court.ballot(case, 0, cast[role]).vote == vote


def test_only_what_was_sealed(court, case, juror, stranger, to_reveal):
    to_reveal(case)
    for guilty, salt, sender in ((False, SALT, juror), (True, b"\x01" * 32, juror), (True, SALT, stranger)):
        with ape.reverts("court: not that vote"):
            court.reveal_vote(case, guilty, salt, sender=sender)


def test_once(court, case, juror, to_reveal):
    to_reveal(case)
    court.reveal_vote(case, True, SALT, sender=juror)
    with ape.reverts("court: already revealed"):
        court.reveal_vote(case, True, SALT, sender=juror)


def test_not_before_its_time(court, case, juror):
    with ape.reverts("court: commit phase not over"):
        court.reveal_vote(case, True, SALT, sender=juror)


def test_not_after_its_time(court, case, juror, to_reveal):
    to_reveal(case, REVEAL)
    with ape.reverts("court: reveal phase over"):
        court.reveal_vote(case, True, SALT, sender=juror)


def test_crt_6_a_copied_seal_opens_for_its_owner_only(court, case, juror, other_juror, to_reveal):
    copied = court.ballot(case, 0, juror).commitment
    court.commit_vote(case, court.drawn_seats(case, other_juror)[:4], copied, sender=other_juror)
    to_reveal(case)
    with ape.reverts("court: not that vote"):
        court.reveal_vote(case, True, SALT, sender=other_juror)
    court.reveal_vote(case, True, SALT, sender=juror)
    assert court.get_round(case, 0).guilty == 4
