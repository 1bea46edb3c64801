"""Anybody may have a credit paid to its account. Where another does so at the same moment, it is paid all the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.abi import Log, Receipt
from keifu.chain.suite import COMPUTE, DISPUTES, ORDERS, REEXECUTION
from keifu.compute.market import services
from keifu.errors import Revert
from keifu.reexecution import actions
from keifu.units import COIN

OWN, OTHER, SUM = "0x" + "11" * 20, "0x" + "22" * 20, 7
CONTRACTS = (COMPUTE, ORDERS, DISPUTES, REEXECUTION)
SUITE = SimpleNamespace(addresses=dict.fromkeys(CONTRACTS, OTHER))


class Credited:
    """A chain on which `left` is still credited after a refused withdrawal."""

    sender = OWN

    def __init__(self, left):
        self.credits, self.left = SUM, left

    def call(self, _where, _contract, function, *_):
        assert function == "credits"
        return self.credits

    def transact(self, _where, _contract, function, *_):
        assert function == "withdraw"
        self.credits = self.left
        raise Revert("payouts: nothing to pay")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_what_another_had_paid_out_is_paid(contract):
    assert services.withdraw(Credited(0), SUITE, contract=contract) == SUM
    assert actions.withdraw(Credited(0), SUITE) == SUM


@pytest.mark.parametrize(("left", "receiver"), [(SUM, OWN), (0, OTHER)])
def test_a_refusal_is_raised_where_it_was_not_paid_to_whom_it_should(left, receiver):
    """It is credited still, or it went to the account and not where that wanted it."""
    with pytest.raises(Revert, match="payouts: nothing to pay"):
        services.withdraw(Credited(left), SUITE, receiver)


class Several:
    """Credits at the market and its orders; what the orders owe another has paid out at the last moment."""

    sender = OWN

    def __init__(self):
        self.credits = {COMPUTE: 7 * COIN, ORDERS: 3 * COIN}

    def call(self, _where, contract, _function, *_):
        return self.credits[contract]

    def transact(self, _where, contract, _function, *_):
        amount, self.credits[contract] = self.credits[contract], 0
        if contract == ORDERS:
            raise Revert("payouts: nothing to pay")
        return Receipt(logs=[Log("0x", "Paid", {"amount": amount})])


def test_a_part_that_was_paid_before_a_refusal_is_said():
    """To a third account: what another has paid out is not there."""
    with pytest.raises(Revert, match=rf"^7 coins were paid to {OTHER}; then reverted: payouts: nothing to pay"):
        services.withdraw_each(Several(), SUITE, OTHER, (COMPUTE, ORDERS))


def test_a_refusal_before_anything_was_paid_says_the_reason_alone():
    with pytest.raises(Revert, match=r"^reverted: payouts: nothing to pay"):
        services.withdraw_each(Several(), SUITE, OTHER, (ORDERS, COMPUTE))


def test_what_all_contracts_owe_is_added_up_where_the_suite_has_them():
    assert services.withdraw_each(Several(), SUITE, OWN, (COMPUTE, ORDERS, "Elsewhere")) == 10 * COIN
