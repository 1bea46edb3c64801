"""AlignmentCourt.execute: what each verdict takes and where the bonds go."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.court.conftest import (
    APPEAL,
    ASKED,
    BOND,
    EVIDENCE,
    GUILTY,
    INNOCENT,
    NO_QUORUM,
    REVEAL,
)


def left(hub, operator):
    return hub.operator_state(operator)[0]


def test_crt_1_guilty_slashes_and_keeps_a_fee(court, hub, case, sit, wait, juror, operator, service, victim, accuser):
    sit(case, {juror: True})
    wait(APPEAL)
    receipt = court.execute(case, sender=juror)
    assert receipt.return_value == ASKED
    assert receipt.events[-1] == court.Executed(case_id=case, verdict=GUILTY, taken=ASKED)
    slashed = receipt.events[-2]
    assert (slashed.service, slashed.operator, slashed.evidence) == (service, operator, EVIDENCE)
    assert left(hub, operator) == 10_000 * COIN - ASKED
    assert (hub.credit(victim), hub.credit(accuser)) == (ASKED // 2, ASKED * 3 // 10)
    assert court.credits(accuser) == BOND * 3 // 4
    assert court.get_case(case).pot == BOND // 4


@pytest.mark.parametrize("votes", [{"juror": False}, {"juror": True, "other_juror": False}])
def test_crt_1_innocent_or_a_tie_takes_nothing(court, hub, case, cast, sit, wait, operator, accuser, votes):
    sit(case, {cast[role]: vote for role, vote in votes.items()})
    wait(APPEAL)
    receipt = court.execute(case, sender=operator)
    assert receipt.events == [court.Executed(case_id=case, verdict=INNOCENT, taken=0)]
    assert left(hub, operator) == 10_000 * COIN
    assert court.credits(accuser) == 0
    assert court.get_case(case).pot == BOND


@pytest.mark.parametrize(("seats", "verdict"), [(2, NO_QUORUM), (3, GUILTY)])
def test_crt_3_three_seats_are_the_quorum(court, hub, case, sit, wait, juror, operator, accuser, seats, verdict):
    sit(case, {juror: True}, seats)
    wait(APPEAL)
    receipt = court.execute(case, sender=accuser)
    assert receipt.events[-1].verdict == verdict
    assert left(hub, operator) == 10_000 * COIN - (ASKED if verdict == GUILTY else 0)
    assert court.credits(accuser) == (BOND * 3 // 4 if verdict == GUILTY else BOND)


@pytest.mark.parametrize(("silent", "verdict"), [(3, GUILTY), (4, NO_QUORUM)])
def test_crt_3_more_than_half_must_reveal(court, case, commit, to_reveal, juror, other_juror, silent, verdict):
    commit(case, {juror: True}, seats=4)
    commit(case, {other_juror: True}, seats=silent)
    to_reveal(case)
    court.reveal_vote(case, True, b"\x09" * 32, sender=juror)
    to_reveal(case, REVEAL + APPEAL)
    assert court.execute(case, sender=juror).events[-1].verdict == verdict


def test_without_a_quorum_nobody_waits_for_an_appeal(court, case, to_reveal, accuser):
    to_reveal(case, REVEAL)
    assert court.execute(case, sender=accuser).events[-1].verdict == NO_QUORUM


def test_crt_2_not_before_its_time_and_once(court, case, sit, wait, juror, accuser):
    sit(case, {juror: True})
    with ape.reverts("court: not final"):
        court.execute(case, sender=accuser)
    wait(APPEAL)
    court.execute(case, sender=accuser)
    for number, reason in ((case, "court: case closed"), (case + 1, "court: unknown case")):
        with ape.reverts(reason):
            court.execute(number, sender=accuser)


@pytest.mark.parametrize(("second", "back", "pot"), [(False, 3 * BOND, BOND), (True, 0, BOND // 4 + 3 * BOND)])
def test_crt_5_an_appeal_s_bond_comes_back_if_the_verdict_changes(
    court, case, sit, call_appeal, wait, juror, operator, second, back, pot
):
    sit(case, {juror: True})
    call_appeal(case)
    sit(case, {juror: second}, seats=6)
    wait(APPEAL)
    court.execute(case, sender=operator)
    assert court.credits(operator) == back
    assert court.get_case(case).pot == pot


def test_crt_11_an_appeal_without_a_quorum_changes_nothing(court, hub, case, sit, call_appeal, wait, juror, operator):
    sit(case, {juror: True})
    call_appeal(case)
    sit(case, {juror: False}, seats=5)
    assert court.execute(case, sender=operator).events[-1].verdict == GUILTY
    assert court.credits(operator) == 0
    assert left(hub, operator) == 10_000 * COIN - ASKED


def test_crt_2_a_second_case_takes_only_what_it_asked_more(
    court, hub, case, box, sit, commit, to_reveal, juror, operator, service, accuser, owner
):
    larger = court.open_case(service, operator, ZERO_ADDRESS, 3 * ASKED, EVIDENCE, sender=accuser).return_value
    box.put(court.get_round(larger, 0).seed_epoch, b"\x07" * 32, sender=owner)
    for number in (case, larger):
        commit(number, {juror: True})
    to_reveal(larger)
    for number in (case, larger):
        court.reveal_vote(number, True, b"\x09" * 32, sender=juror)
    to_reveal(larger, REVEAL + APPEAL)
    assert [court.execute(number, sender=accuser).return_value for number in (case, larger)] == [ASKED, 2 * ASKED]
    assert left(hub, operator) == 10_000 * COIN - 3 * ASKED
