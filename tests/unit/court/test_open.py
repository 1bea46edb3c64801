"""AlignmentCourt.open: who may accuse whom of what, and what it costs."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY
from tests.unit.court.courtroom import (
    ACQUITTED,
    ANSWER,
    ASKED,
    EVIDENCE,
    FAULT,
    FEES,
    HORIZON,
    SEAT,
    VOID,
    Courtroom,
)


def test_opening_takes_the_bond_of_both_hearings(room, court):
    bond = FEES + ASKED // 20
    assert court.bond_for(room.service, FAULT, ASKED) == bond
    before = room.balance(room.service)
    receipt = court.open(room.operator, FAULT, ASKED, room.accuser, EVIDENCE, sender=room.service)
    assert receipt.value == court.case_count() == 1
    assert before - room.balance(room.service) == bond == room.balance(court)
    (opened,) = receipt.events("CaseOpened")
    assert (opened.args["bond"], opened.args["amount"], opened.args["evidence"]) == (bond, ASKED, EVIDENCE)
    shown = room.case(1)
    assert (shown["phase"], shown["total"], shown["amount"]) == (ANSWER, 400 * SEAT, ASKED)
    assert court.verdict(1) == (0, 0, 0)
    assert not court.over(1)


@pytest.mark.parametrize(("amount", "fee"), [(400, 6.2), (2_500, 6.2), (5_000, 9.4), (40_000, 54.2)])
def test_the_bond_grows_with_what_is_asked(room, court, amount, fee):
    expected = 140 * COIN + 190 * int(fee * 10) * COIN // 10 + amount * COIN // 20
    assert court.bond_for(room.service, FAULT, amount * COIN) == expected
    assert court.most_costs(amount * COIN) == expected - amount * COIN // 20
    assert room.open(amount * COIN) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"operator": ZERO_ADDRESS}, "court: no party"),
        ({"accuser": ZERO_ADDRESS}, "court: no party"),
        ({"evidence": b""}, "court: no evidence"),
        ({"amount": 400 * COIN - 1}, "court: asks too little or too much"),
        ({"amount": 40_000 * COIN + 1}, "court: asks too little or too much"),
        ({"sender": "stranger"}, "court: not a service of the hub"),
    ],
)
def test_refusals(room, court, change, reason):
    sender = getattr(room, change.get("sender", "service"))
    with reverts(reason):
        court.open(
            change.get("operator", room.operator),
            FAULT,
            change.get("amount", ASKED),
            change.get("accuser", room.accuser),
            change.get("evidence", EVIDENCE),
            sender=sender,
        )


@pytest.mark.parametrize("role", ["operator", "accuser"])
def test_nobody_is_a_party_whom_the_token_cannot_pay(room, court, role):
    """Such a case could never end: its verdict pays the parties, and jurors wait for it with their coins."""
    parties = {"operator": room.operator, "accuser": room.accuser, role: room.token.address}
    with reverts("court: no party"):
        court.open(parties["operator"], FAULT, ASKED, parties["accuser"], EVIDENCE, sender=room.service)


def test_without_the_bond_there_is_no_case(room, court):
    room.token.approve(court, FEES, sender=room.service)
    with reverts("token: insufficient allowance"):
        room.open()


def test_a_fault_is_judged_once_at_a_time(room, court, case):
    with reverts("court: fault is being judged"):
        room.open()
    assert room.open(fault=b"\x06" * 32) == 2
    court.concede(case, sender=room.service)
    for call in (room.open, lambda: court.bond_for(room.service, FAULT, ASKED)):
        with reverts("court: fault was judged"):
            call()


def test_accusing_again_after_an_acquittal_costs_three_times_the_bond(room, court, case):
    room.hear(case, False, False, False, False)
    room.close(case)
    assert court.verdict(case) == (ACQUITTED, 0, 0)
    before = room.balance(room.service)
    again = room.open()
    assert before - room.balance(room.service) == 3 * (FEES + ASKED // 20)
    room.hear(again, False, False, False, False)
    accused = room.balance(room.operator)
    room.close(again)
    assert room.balance(room.operator) - accused == 3 * (ASKED // 20) * 4 // 5


def test_a_void_case_changes_nothing_about_its_fault(room, court, case):
    """Not accused before: the usual bond. Acquitted before: three times as much, as it was."""
    room.hear(case, False, False, False, False)
    room.close(case)
    for number in (2, 3):
        before = room.balance(room.service)
        assert room.open() == number
        assert before - room.balance(room.service) == 3 * (FEES + ASKED // 20)
        room.to_seed(number)
        room.wait(14 * DAY)
        court.advance(number, sender=room.stranger)
        assert court.verdict(number) == (VOID, 0, 0)


def test_a_service_removed_yesterday_is_still_heard_while_it_can_slash(room, court):
    room.hub.remove_service(room.service, sender=room.owner)
    room.evm.warp(DAY)
    with room.evm.anchor():
        assert room.open() == 1
    room.evm.warp(HORIZON - DAY - court.longest_case())
    with room.evm.anchor():
        assert room.open() == 1
    room.evm.warp(1)
    with reverts("court: the service can slash no more"):
        room.open()


def test_a_court_that_the_hub_removed_opens_nothing(room, court):
    room.hub.remove_service(court, sender=room.owner)
    with reverts("court: no longer in the hub"):
        room.open()


def test_a_court_in_its_first_week_opens_nothing():
    """Its jurors have joined and do not count yet; whoever waits for nothing has its coins back meanwhile."""
    young = Courtroom(jurors=("first juror",), seats=400)
    with young.evm.anchor():
        assert young.open() == 1
    young.court.leave(1, sender=young.jurors[0])
    with reverts("court: too few jurors"):
        young.open()
    late = young.accuser
    young.hub.register_operator(0, "", sender=late)
    young.enrol(late, 400 * SEAT)
    for _ in range(6):
        young.wait(DAY)
        with reverts("court: too few jurors"):
            young.open()
    with young.evm.anchor():
        young.court.leave(400 * SEAT, sender=late)
        young.wait(14 * DAY)
        young.court.release(sender=late)
        assert young.hub.credit(late) == 400 * SEAT
    young.wait(DAY)
    assert young.open() == 1
