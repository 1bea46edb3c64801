"""AlignmentCourt.open_case: the bond, what a case must be about, one case for each power of two."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.court.conftest import ASKED, BOND, EVIDENCE, REVEAL


@pytest.fixture
def first_case(open_case):
    """Gone after each test: the others begin without one."""
    return open_case()


def test_accusing_takes_the_bond(court, token, box, owner, service, operator, victim, accuser):
    box.put(6, b"\x01" * 32, sender=owner)
    receipt = court.open_case(service, operator, victim, ASKED, EVIDENCE, sender=accuser)
    assert receipt.return_value == court.case_count() == 1
    assert receipt.events == [
        court.CaseOpened(
            case_id=1,
            service=service,
            operator=operator,
            accuser=accuser,
            amount=ASKED,
            evidence=EVIDENCE,
            seed_epoch=7,
        ),
        token.Transfer(sender=accuser, receiver=court, value=BOND),
    ]
    shown = court.get_case(1)
    assert (shown.service, shown.operator, shown.accuser, shown.victim) == (service, operator, accuser, victim)
    assert (shown.amount, shown.evidence, shown.round, shown.verdict, shown.pot) == (ASKED, EVIDENCE, 0, 0, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": 0}, "court: zero amount"),
        ({"evidence": bytes(32)}, "court: no evidence"),
        ({"service": "court"}, "court: not its arbiter"),
        ({"service": "stranger"}, "court: not its arbiter"),
        ({"operator": "stranger"}, "court: more than is at stake"),
        ({"amount": 10_000 * COIN + 1}, "court: more than is at stake"),
    ],
)
def test_refusals(court, cast, accuser, change, reason):
    accounts = {**cast, "court": court}
    service, operator = (accounts[change.get(name, name)] for name in ("service", "operator"))
    amount, evidence = change.get("amount", ASKED), change.get("evidence", EVIDENCE)
    with ape.reverts(reason):
        court.open_case(service, operator, ZERO_ADDRESS, amount, evidence, sender=accuser)


def test_all_that_is_at_stake_may_be_asked(court, service, operator, accuser):
    amount = 10_000 * COIN
    assert court.open_case(service, operator, ZERO_ADDRESS, amount, EVIDENCE, sender=accuser).return_value == 1


def test_without_the_bond_there_is_no_case(court, service, operator, stranger):
    with ape.reverts("token: insufficient allowance"):
        court.open_case(service, operator, ZERO_ADDRESS, ASKED, EVIDENCE, sender=stranger)


def test_crt_2_one_case_of_a_fault_for_each_power_of_two(court, first_case, service, operator, accuser):
    power = 1 << ASKED.bit_length() - 1
    for amount in (power, ASKED, 2 * power - 1):
        with ape.reverts("court: evidence known"):
            court.open_case(service, operator, ZERO_ADDRESS, amount, EVIDENCE, sender=accuser)
    for amount in (power - 1, 2 * power):
        court.open_case(service, operator, ZERO_ADDRESS, amount, EVIDENCE, sender=accuser)
    court.open_case(service, operator, ZERO_ADDRESS, ASKED, b"\x06" * 32, sender=accuser)
    assert court.case_count() == 4


def test_crt_3_without_a_quorum_the_fault_may_be_judged_again(court, first_case, service, operator, accuser, to_reveal):
    to_reveal(first_case, REVEAL)
    with ape.reverts("court: evidence known"):
        court.open_case(service, operator, ZERO_ADDRESS, ASKED, EVIDENCE, sender=accuser)
    court.execute(first_case, sender=accuser)
    assert court.open_case(service, operator, ZERO_ADDRESS, ASKED, EVIDENCE, sender=accuser).return_value == 2
