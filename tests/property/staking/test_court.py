"""AlignmentCourt in process: whole cases, and every cheat that the threat model names. Invariants CRT-*."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN
from tests.property.staking.courtroom import (
    APPEAL,
    BOND,
    EPOCH,
    GUILTY,
    INNOCENT,
    NO_QUORUM,
    REVEAL,
    Courtroom,
)

ASKED = 1_000 * COIN


@pytest.fixture(scope="module")
def courtroom():
    return Courtroom()


@pytest.fixture(autouse=True)
def undo(courtroom):
    with courtroom.evm.anchor():
        yield


def balance(room, account):
    return room.token.balanceOf(account)


def test_guilty_takes_the_commitment_and_pays_accuser_and_jurors(courtroom):
    """CRT-1"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True, 2: True, 3: False})
    assert room.verdict(case) == GUILTY
    assert room.hub.operator_state(room.operator)[0] == 9_000 * COIN
    assert room.hub.credit(room.accuser) == ASKED * 8 // 10  # it is the victim, too
    assert room.court.credits(room.accuser) == BOND * 3 // 4
    assert room.court.claim_juror(case, 0, sender=room.jurors[0]).value == BOND // 4 // 3
    with reverts("court: not coherent"):
        room.court.claim_juror(case, 0, sender=room.jurors[3])
    with reverts("court: not coherent"):
        room.court.claim_juror(case, 0, sender=room.jurors[0])


def test_innocent_takes_nothing_and_the_accuser_pays_the_jury(courtroom):
    """CRT-1"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: False, 2: False, 3: False})
    assert room.verdict(case) == INNOCENT
    assert room.hub.operator_state(room.operator)[0] == 10_000 * COIN
    assert room.court.credits(room.accuser) == 0
    assert room.court.claim_juror(case, 0, sender=room.jurors[1]).value == BOND // 3


def test_a_tie_acquits(courtroom):
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True, 2: False, 3: False})
    assert room.verdict(case) == INNOCENT


def test_no_quorum_slashes_nobody_and_gives_the_bond_back(courtroom):
    """CRT-3"""
    room = courtroom
    case = room.accuse()
    room.commit(case, {0: True}, seats=2)
    room.to_reveal(case)
    room.reveal(case, {0: True})
    room.evm.warp(REVEAL)
    assert room.verdict(case) == NO_QUORUM
    assert room.court.credits(room.accuser) == BOND
    assert room.hub.operator_state(room.operator)[0] == 10_000 * COIN
    assert room.accuse() == case + 1  # the same evidence may be judged by a jury that comes


def test_a_silent_majority_means_no_verdict_and_pays_for_it(courtroom):
    """CRT-3, CRT-4"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True, 2: True, 3: True}, silent=(1, 2, 3))
    assert room.verdict(case) == NO_QUORUM
    taken = room.court.penalise(case, 0, room.jurors[1], sender=room.accuser).value
    assert taken == 5 * 50 * COIN
    assert room.hub.credit(room.accuser) == taken // 2
    with reverts("court: nothing to penalise"):
        room.court.penalise(case, 0, room.jurors[1], sender=room.accuser)
    with reverts("court: nothing to penalise"):
        room.court.penalise(case, 0, room.jurors[0], sender=room.accuser)


def test_an_appeal_with_a_larger_jury_turns_a_verdict(courtroom):
    """CRT-5"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True, 2: True})
    room.court.appeal(case, sender=room.operator)
    room.draw(case)
    room.sit(case, {0: False, 1: False, 2: False, 3: False})
    assert room.verdict(case) == INNOCENT
    assert room.court.credits(room.operator) == 3 * BOND  # the appellant was right
    assert room.hub.operator_state(room.operator)[0] == 10_000 * COIN


def test_a_lost_appeal_pays_the_jurors(courtroom):
    """CRT-5"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True})
    room.court.appeal(case, sender=room.operator)
    room.draw(case)
    room.sit(case, {0: True, 1: True, 2: True})
    assert room.verdict(case) == GUILTY
    assert room.court.credits(room.operator) == 0
    assert room.court.get_case(case)[8] == BOND // 4 + 3 * BOND


def test_an_appeal_that_brings_no_jury_together_changes_nothing(courtroom):
    """CRT-11: appealing in the hope that nobody comes costs three bonds."""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True})
    room.court.appeal(case, sender=room.operator)
    room.draw(case)
    room.sit(case, {})
    assert room.verdict(case) == GUILTY
    assert room.court.credits(room.operator) == 0
    assert room.hub.operator_state(room.operator)[0] == 9_000 * COIN
    assert room.court.claim_juror(case, 0, sender=room.jurors[0]).value == (BOND // 4 + 3 * BOND) // 2


def test_a_verdict_for_a_service_that_is_gone_takes_nothing_and_locks_nothing(courtroom):
    """CRT-11"""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True})
    room.hub.remove_service(room.service, sender=room.owner)
    room.evm.warp(room.court.longest_case() + 1)
    assert room.verdict(case) == GUILTY
    assert room.court.credits(room.accuser) == BOND * 3 // 4
    assert room.hub.operator_state(room.operator)[0] == 10_000 * COIN


def test_a_verdict_runs_once(courtroom):
    """CRT-2: repeated verdict."""
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True})
    room.verdict(case)
    with reverts("court: case closed"):
        room.court.execute(case, sender=room.accuser)
    with reverts("court: evidence known"):
        room.accuse()


def test_a_case_for_next_to_nothing_shields_nobody(courtroom):
    """CRT-2: an operator has a friend accuse it of the same fault first, for a wei, and is found guilty."""
    room = courtroom
    sham = room.accuse(amount=1)
    real = room.accuse(amount=1_000 * COIN)
    for case in (sham, real):
        room.commit(case, {0: True, 1: True})
    room.to_reveal(real)
    for case in (sham, real):
        room.reveal(case, {0: True, 1: True})
    room.evm.warp(REVEAL + APPEAL)
    assert room.court.execute(sham, sender=room.operator).value == 1
    assert room.court.execute(real, sender=room.accuser).value == 1_000 * COIN - 1
    assert room.hub.operator_state(room.operator)[0] == 9_000 * COIN


def test_a_case_for_too_much_shields_nobody(courtroom):
    """CRT-2: the friend asks for all that there is, so that the jury acquits; a fitting case is still heard."""
    room = courtroom
    absurd = room.accuse(amount=10_000 * COIN)
    room.sit(absurd, {0: False, 1: False})
    assert room.verdict(absurd) == INNOCENT
    fitting = room.accuse(amount=1_000 * COIN)
    room.sit(fitting, {0: True, 1: True})
    assert room.verdict(fitting) == GUILTY
    assert room.hub.operator_state(room.operator)[0] == 9_000 * COIN


def test_all_cases_of_a_fault_take_what_the_largest_asked(courtroom):
    """CRT-2: never the sum."""
    room = courtroom
    for amount, left in ((1_000, 9_000), (3_000, 7_000), (500, 7_000)):
        case = room.accuse(amount=amount * COIN)
        room.sit(case, {0: True, 1: True})
        assert room.verdict(case) == GUILTY
        assert room.hub.operator_state(room.operator)[0] == left * COIN


def test_a_verdict_after_the_services_last_day_returns_the_bonds(courtroom):
    """CRT-5: the hub slashes for a removed service only within its horizon; the court is not stuck after it."""
    room = courtroom
    case = room.accuse()
    room.hub.remove_service(room.service, sender=room.owner)
    room.sit(case, {0: True, 1: True})
    room.evm.warp(2 * room.court.longest_case())
    assert room.court.execute(case, sender=room.accuser).value == 0
    assert room.court.credits(room.accuser) == BOND - BOND // 4


def test_not_final_before_the_time_to_appeal_is_over(courtroom):
    room = courtroom
    case = room.accuse()
    room.sit(case, {0: True, 1: True})
    with reverts("court: not final"):
        room.court.execute(case, sender=room.accuser)
    room.evm.warp(APPEAL)
    with reverts("court: too late to appeal"):
        room.court.appeal(case, sender=room.operator)


def test_a_copied_commitment_cannot_be_revealed(courtroom):
    """CRT-6: copied court votes."""
    room = courtroom
    case = room.accuse()
    room.commit(case, {0: True})
    copied = room.court.ballot(case, 0, room.jurors[0])[0]
    room.court.commit_vote(case, room.court.drawn_seats(case, room.jurors[1]), copied, sender=room.jurors[1])
    room.to_reveal(case)
    room.reveal(case, {0: True})
    with reverts("court: not that vote"):
        room.court.reveal_vote(case, True, room.salt(room.jurors[0]), sender=room.jurors[1])


def test_an_early_salt_costs_its_juror_the_vote_and_a_penalty(courtroom):
    """CRT-7: early salt."""
    room = courtroom
    case = room.accuse()
    room.commit(case, {0: True, 1: True}, seats=4)
    leaky = room.jurors[0]
    with reverts("court: not by the juror"):
        room.court.report_salt(case, leaky, True, room.salt(leaky), sender=leaky)
    with reverts("court: not that vote"):
        room.court.report_salt(case, leaky, False, room.salt(leaky), sender=room.jurors[1])
    taken = room.court.report_salt(case, leaky, True, room.salt(leaky), sender=room.jurors[1]).value
    assert taken == 4 * 50 * COIN
    room.to_reveal(case)
    with reverts("court: already revealed"):
        room.court.reveal_vote(case, True, room.salt(leaky), sender=leaky)
    with reverts("court: reveal has begun"):
        room.court.report_salt(case, room.jurors[1], True, room.salt(room.jurors[1]), sender=leaky)


def test_stake_that_comes_for_a_case_has_no_seat(courtroom):
    """CRT-8: weight is what was committed at the start of the epoch before the case."""
    room = courtroom
    case = room.accuse()
    late = room.evm.account("late juror")
    room.token.transfer(late, 10**24, sender=room.owner)
    room.token.approve(room.hub, 10**24, sender=late)
    room.join(late, room.court.address, 100_000 * COIN)
    room.evm.warp(EPOCH)
    assert not room.court.drawn_seats(case, late)
    with reverts("court: no such seat"):
        room.court.commit_vote(case, [0], b"\x01" * 32, sender=late)


def test_a_coin_counts_once_in_a_quorum(courtroom):
    """CRT-9: a seat is taken once, and by its owner only."""
    room = courtroom
    case = room.accuse()
    drawn = room.court.drawn_seats(case, room.jurors[0])
    with reverts("court: seats not ascending"):
        room.court.commit_vote(case, [drawn[0], drawn[0]], b"\x01" * 32, sender=room.jurors[0])
    with reverts("court: no such seat"):
        room.court.commit_vote(case, [100], b"\x01" * 32, sender=room.jurors[0])
    idle = next(seat for seat in range(100) if seat not in drawn)
    with reverts("court: seat not drawn"):
        room.court.commit_vote(case, [idle], b"\x01" * 32, sender=room.jurors[0])
    room.commit(case, {0: True})
    with reverts("court: already committed"):
        room.commit(case, {0: True})


def test_no_seat_before_the_seed(courtroom):
    """RND-1: the seed comes after the case."""
    room = courtroom
    case = room.court.open_case(
        room.service, room.operator, ZERO_ADDRESS, ASKED, b"\x06" * 32, sender=room.accuser
    ).value
    assert not room.court.drawn_seats(case, room.jurors[0])
    with reverts("court: no seed yet"):
        room.court.commit_vote(case, [0], b"\x01" * 32, sender=room.jurors[0])


def test_the_accused_does_not_judge(courtroom):
    room = courtroom
    case = room.accuse()
    with reverts("court: judge in own case"):
        room.court.commit_vote(case, [0], b"\x01" * 32, sender=room.operator)


def test_phases_keep_their_order(courtroom):
    room = courtroom
    case = room.accuse()
    room.commit(case, {0: True})
    with reverts("court: commit phase not over"):
        room.reveal(case, {0: True})
    with reverts("court: jury still sits"):
        room.court.penalise(case, 0, room.jurors[0], sender=room.accuser)
    room.to_reveal(case)
    with reverts("court: commit phase over"):
        room.commit(case, {1: True})
    with reverts("court: jury still sits"):
        room.court.appeal(case, sender=room.operator)
    room.evm.warp(REVEAL)
    with reverts("court: reveal phase over"):
        room.reveal(case, {0: True})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": 0}, "court: zero amount"),
        ({"evidence": b"\0" * 32}, "court: no evidence"),
        ({"service": "court"}, "court: not its arbiter"),
        ({"operator": "accuser"}, "court: more than is at stake"),
        ({"amount": 10_000 * COIN + 1}, "court: more than is at stake"),
    ],
)
def test_a_case_without_substance_is_refused(courtroom, change, reason):
    room = courtroom
    service = room.court if change.get("service") else room.service
    operator = room.accuser if change.get("operator") else room.operator
    with reverts(reason):
        room.court.open_case(
            service, operator, ZERO_ADDRESS, change.get("amount", 1), change.get("evidence", b"\x01" * 32),
            sender=room.accuser,
        )  # fmt: skip


def test_an_unknown_case_is_refused(courtroom):
    with reverts("court: unknown case"):
        courtroom.court.execute(1_000, sender=courtroom.accuser)


@given(votes=st.lists(st.sampled_from([None, True, False]), min_size=4, max_size=4), silent=st.sets(st.integers(0, 3)))
def test_any_jury_pays_out_what_came_in(courtroom, votes, silent):
    """CRT-10: credits never exceed what the court holds, and everyone can collect."""
    room = courtroom
    with room.evm.anchor():
        case = room.accuse()
        cast = {number: vote for number, vote in enumerate(votes) if vote is not None}
        room.sit(case, cast, silent=tuple(silent))
        verdict = room.verdict(case)
        revealed = {number: vote for number, vote in cast.items() if number not in silent}
        guilty, innocent = sum(revealed.values()), len(revealed) - sum(revealed.values())
        decided = len(revealed) > 0 and 2 * len(revealed) > len(cast)
        assert verdict == (NO_QUORUM if not decided else GUILTY if guilty > innocent else INNOCENT)
        for number, vote in revealed.items():
            if vote == (verdict == GUILTY) and verdict != NO_QUORUM:
                room.court.claim_juror(case, 0, sender=room.jurors[number])
        owed = sum(room.court.credits(account) for account in (room.accuser, *room.jurors))
        assert owed <= balance(room, room.court) <= owed + 4
        for account in (room.accuser, *room.jurors):
            room.court.collect(account, sender=account)
