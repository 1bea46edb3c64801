"""The hub with tokens that charge a fee, answer False, or call back in the middle of a transfer."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN, DAY
from tests.unit.staking.conftest import HORIZON, RAISE, deploy_hub


def test_a_token_that_charges_a_fee(project, deployer, owner, sink, treasury, operator, service):
    token = project.FeeToken.deploy(sender=deployer)
    hub = deploy_hub(project, token, owner, sink, treasury, deployer)
    token.mint(operator, 10_000 * COIN, sender=deployer)
    token.approve(hub, 2**255, sender=operator)
    hub.list_service(service, HORIZON, 4, sender=owner)
    hub.register_operator(0, "", sender=operator)
    with ape.reverts("transfer: token takes a fee"):
        hub.lock(service, operator, 2_000 * COIN, sender=operator)
    token.set_refuses(True, sender=deployer)
    with ape.reverts("transfer: refused"):
        hub.lock(service, operator, 2_000 * COIN, sender=operator)


@pytest.fixture(scope="module")
def hooked(project, chain, deployer, owner, sink, treasury, operator, delegator, service):
    token = project.HookToken.deploy(sender=deployer)
    hub = deploy_hub(project, token, owner, sink, treasury, deployer)
    for account in (operator, delegator):
        token.mint(account, 10_000 * COIN, sender=deployer)
        token.approve(hub, 2**255, sender=account)
    hub.list_service(service, HORIZON, 4, sender=owner)
    hub.register_operator(0, "", sender=operator)
    hub.lock(service, operator, 2_000 * COIN, sender=operator)
    hub.set_multiple(service, 1, sender=operator)
    chain.pending_timestamp += RAISE + DAY
    chain.mine()
    hub.bind(operator, 1_000 * COIN, sender=service)
    hub.poke(operator, service, sender=operator)
    return hub, token


ENTRIES = [
    ("pay_insurance", ()),
    ("pay_treasury", ()),
    ("poke", ("operator", "operator")),
    ("collect", ("operator", 0)),
    ("lock", ("operator", "operator", 1)),
    ("bind", ("operator", 1)),
    ("unlock", ("operator", 1, 0)),
    ("slash", ("operator", 1, 1)),
    ("take_back", ("operator",)),
    ("fund_emission", (COIN,)),
    ("operator_state", ("operator",)),
    ("lock_of", ("operator", "operator")),
]


@pytest.mark.parametrize(("function", "args"), ENTRIES)
@pytest.mark.parametrize("way", ["in", "out"])
def test_nothing_gets_in_during_a_transfer(hooked, operator, delegator, service, function, args, way):
    """HUB-11: one lock over every entry, those of the modules included, while coins come in and while they go out."""
    hub, token = hooked
    filled = [operator if value == "operator" else value for value in args]
    token.arm(hub, getattr(hub, function).encode_input(*filled), sender=operator)
    if way == "in":
        hub.stake(operator, 10 * COIN, 0, 0, sender=delegator)
    else:
        hub.unlock(operator, 5 * COIN, 0, sender=service)
        hub.collect(operator, 0, sender=operator)
    assert token.calls() == 1
    assert not token.got_through()
