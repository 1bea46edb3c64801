"""AlignmentCourt.collect: a credit is paid once, to whom its owner says."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.court.conftest import BOND, REVEAL


@pytest.fixture(scope="module", autouse=True)
def credited(court, case, to_reveal, accuser):
    """No jury came: the accuser's bond goes back."""
    to_reveal(case, REVEAL)
    court.execute(case, sender=accuser)


def test_crt_10_all_of_the_caller_s_credit(court, token, accuser, stranger):
    receipt = court.collect(stranger, sender=accuser)
    assert receipt.return_value == BOND
    assert receipt.events == [token.Transfer(sender=court, receiver=stranger, value=BOND)]
    assert token.balanceOf(stranger) == BOND
    assert token.balanceOf(court) == court.credits(accuser) == 0


def test_crt_10_once(court, accuser):
    court.collect(accuser, sender=accuser)
    again = court.collect(accuser, sender=accuser)
    assert again.return_value == 0
    assert again.events == []


def test_nothing_for_who_has_none(court, token, stranger):
    assert court.collect(stranger, sender=stranger).return_value == 0
    assert token.balanceOf(court) == BOND


def test_not_to_nobody(court, accuser):
    with ape.reverts("court: no receiver"):
        court.collect(ZERO_ADDRESS, sender=accuser)
    assert court.credits(accuser) == BOND
