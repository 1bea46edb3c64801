"""KeifuToken.transfer, transferFrom, approve and the constructor."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts

SUPPLY = artifacts.constant("lib/constants.vy", "TOKEN_SUPPLY")
UNLIMITED = 2**256 - 1


@pytest.fixture
def nobody():
    return ZERO_ADDRESS


def test_tok_1_the_whole_supply_is_minted_to_the_holder_once(project, holder, nobody):
    token = project.KeifuToken.deploy(holder, sender=holder)
    assert token.balanceOf(holder) == token.totalSupply() == SUPPLY
    assert (token.name(), token.symbol(), token.decimals()) == ("Keifu", "KEIFU", 18)


def test_a_token_without_a_holder_is_refused(project, holder, nobody):
    with ape.reverts("token: no holder"):
        project.KeifuToken.deploy(nobody, sender=holder)


@pytest.mark.parametrize("amount", [0, 1, SUPPLY])
def test_tok_2_a_transfer_moves_exactly_its_amount(token, holder, receiver, amount):
    receipt = token.transfer(receiver, amount, sender=holder)
    assert receipt.events == [token.Transfer(sender=holder, receiver=receiver, value=amount)]
    assert (token.balanceOf(holder), token.balanceOf(receiver)) == (SUPPLY - amount, amount)


def test_a_transfer_to_oneself_changes_nothing(token, holder):
    token.transfer(holder, 5, sender=holder)
    assert token.balanceOf(holder) == SUPPLY


def test_nobody_sends_more_than_it_has(token, holder, receiver):
    token.transfer(receiver, 5, sender=holder)
    with ape.reverts("token: insufficient balance"):
        token.transfer(holder, 6, sender=receiver)


def test_nothing_goes_to_nobody_or_to_the_token_itself(token, holder, nobody):
    for target in (nobody, token.address):
        with ape.reverts("token: invalid receiver"):
            token.transfer(target, 1, sender=holder)


def test_approve_sets_the_allowance(token, holder, spender):
    receipt = token.approve(spender, 7, sender=holder)
    assert receipt.events == [token.Approval(owner=holder, spender=spender, value=7)]
    token.approve(spender, 3, sender=holder)
    assert token.allowance(holder, spender) == 3


def test_nobody_is_approved(token, holder, nobody):
    with ape.reverts("token: invalid spender"):
        token.approve(nobody, 1, sender=holder)


def test_tok_3_transfer_from_counts_the_allowance_down(token, holder, receiver, spender):
    token.approve(spender, 7, sender=holder)
    receipt = token.transferFrom(holder, receiver, 5, sender=spender)
    assert receipt.events == [token.Transfer(sender=holder, receiver=receiver, value=5)]
    assert (token.allowance(holder, spender), token.balanceOf(receiver)) == (2, 5)
    with ape.reverts("token: insufficient allowance"):
        token.transferFrom(holder, receiver, 3, sender=spender)


def test_an_unlimited_allowance_is_not_counted_down(token, holder, receiver, spender):
    token.approve(spender, UNLIMITED, sender=holder)
    token.transferFrom(holder, receiver, 5, sender=spender)
    assert token.allowance(holder, spender) == UNLIMITED


def test_an_allowance_is_not_a_balance(token, holder, receiver, spender):
    token.approve(spender, 1, sender=receiver)
    with ape.reverts("token: insufficient balance"):
        token.transferFrom(receiver, holder, 1, sender=spender)
