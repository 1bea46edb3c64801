"""The hub with tokens that charge a fee, answer False, or call back in the middle of a transfer."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.staking.conftest import EPOCH, UNBONDING


def test_a_token_that_charges_a_fee(project, deployer, owner, sink, operator):
    token = project.FeeToken.deploy(sender=deployer)
    hub = project.StakingHub.deploy(token, owner, sink, UNBONDING, EPOCH, sender=deployer)
    token.mint(operator, 10_000 * COIN, sender=deployer)
    token.approve(hub, 2**255, sender=operator)
    hub.register_operator(0, "", sender=operator)
    with ape.reverts("transfer: token takes a fee"):
        hub.bond(2_000 * COIN, sender=operator)
    token.set_refuses(True, sender=deployer)
    with ape.reverts("transfer: refused"):
        hub.bond(2_000 * COIN, sender=operator)


@pytest.fixture
def hooked(project, deployer, owner, sink, operator, delegator):
    token = project.HookToken.deploy(sender=deployer)
    hub = project.StakingHub.deploy(token, owner, sink, UNBONDING, EPOCH, sender=deployer)
    for account in (operator, delegator):
        token.mint(account, 10_000 * COIN, sender=deployer)
        token.approve(hub, 2**255, sender=account)
    hub.register_operator(0, "", sender=operator)
    hub.bond(2_000 * COIN, sender=operator)
    return hub, token


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("pay_insurance", ()),
        ("poke", ("operator",)),
        ("collect", ("operator",)),
        ("unjail", ()),
        ("slash", ("operator", 1, "operator", "operator", b"\x01" * 32)),
        ("operator_state", ("operator",)),
    ],
)
def test_nothing_gets_in_during_a_transfer(hooked, operator, delegator, function, args):
    """HUB-11: one lock over every entry, those of the modules included."""
    hub, token = hooked
    filled = [operator if value == "operator" else value for value in args]
    token.arm(hub, getattr(hub, function).encode_input(*filled), sender=operator)
    hub.stake(operator, 10 * COIN, 0, sender=delegator)
    assert token.calls() == 1
    assert not token.got_through()
