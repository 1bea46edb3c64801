"""Insurance: gives back only what a removed service took, to those from whom it took."""

from __future__ import annotations

import ape
import pytest
import rlp
from eth_abi.abi import encode
from eth_utils import keccak, to_checksum_address

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.unit.staking.conftest import BOUND, HORIZON, LOCK, MULTIPLE, RAISE, deploy_hub

PENALTY = 100 * COIN
TAKEN = (1 + MULTIPLE) * PENALTY
SUB = 7


def leaf_of(key, amount):
    return keccak(keccak(encode(["address", "uint256"], [str(key), amount])))


def root_of(first, second):
    return keccak(min(first, second) + max(first, second))


def next_address(account, skip):
    """Where the contract will be that `account` deploys after `skip` more transactions."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(account.address[2:]), account.nonce + skip]))[12:])


@pytest.fixture(scope="module")
def hub_and_insurance(project, chain, token, deployer, owner, treasury, service, operator, delegator):
    """A service took 100 coins of penalty from a lock and 200 from a delegator's sub-account."""
    insurance = project.Insurance.deploy(token, next_address(deployer, 1), owner, sender=deployer)
    hub = deploy_hub(project, token, owner, insurance, treasury, deployer)
    assert insurance.hub() == hub
    for account in (operator, delegator):
        token.transfer(account, 10 * LOCK, sender=deployer)
        token.approve(hub, 2**256 - 1, sender=account)
    hub.list_service(service, HORIZON, 4, sender=owner)
    hub.register_operator(0, "", sender=operator)
    hub.lock(service, operator, LOCK, sender=operator)
    hub.set_multiple(service, MULTIPLE, sender=operator)
    hub.bind(operator, BOUND, sender=service)
    chain.pending_timestamp += RAISE + DAY
    chain.mine()
    hub.poke(operator, service, sender=operator)
    hub.stake(operator, 1_000 * COIN, 0, SUB, sender=delegator)
    hub.slash(operator, 0, PENALTY, sender=service)
    return hub, insurance


@pytest.fixture(scope="module")
def insurance(hub_and_insurance):
    return hub_and_insurance[1]


@pytest.fixture(scope="module")
def leaves(hub_and_insurance, operator, delegator):
    key = hub_and_insurance[0].owner_key(delegator, SUB)
    return leaf_of(operator, PENALTY), leaf_of(key, MULTIPLE * PENALTY)


@pytest.fixture
def over(hub_and_insurance, owner, service, wait):
    """The service is removed and its horizon has passed."""
    hub_and_insurance[0].remove_service(service, sender=owner)
    wait(HORIZON)
    return hub_and_insurance[1]


@pytest.fixture
def opened(over, owner, service, leaves):
    over.open_refund(service, root_of(*leaves), TAKEN, sender=owner)
    return over


def test_a_list_is_opened_once_the_service_is_over(over, token, owner, service, leaves):
    receipt = over.open_refund(service, root_of(*leaves), TAKEN, sender=owner)
    assert over.RefundOpened(service=service, root=root_of(*leaves), amount=TAKEN) in receipt.events
    assert token.balanceOf(over) == TAKEN  # fetched from the hub on the way
    assert over.free() == 0
    assert tuple(over.refund(service)) == (root_of(*leaves), TAKEN)


def test_those_who_lost_are_paid_once(opened, token, service, operator, delegator, stranger, leaves):
    mine, other = leaves
    before = token.balanceOf(stranger)
    receipt = opened.claim(service, PENALTY, [other], stranger, 0, sender=operator)
    assert receipt.events[0] == opened.Refunded(service=service, loser=operator, receiver=stranger, amount=PENALTY)
    assert token.balanceOf(stranger) == before + PENALTY
    assert opened.claimed(service, operator)
    with ape.reverts("insurance: claimed"):
        opened.claim(service, PENALTY, [other], stranger, 0, sender=operator)
    opened.claim(service, MULTIPLE * PENALTY, [mine], delegator, SUB, sender=delegator)
    assert token.balanceOf(opened) == 0
    assert opened.refund(service).left == 0


def test_nobody_else(opened, service, operator, delegator, stranger, leaves):
    mine, other = leaves
    for account, amount, proof, sub in (
        (stranger, PENALTY, [other], 0),
        (operator, PENALTY + 1, [other], 0),
        (operator, PENALTY, [mine], 0),
        (delegator, MULTIPLE * PENALTY, [mine], 0),
    ):
        with ape.reverts("insurance: not in the list"):
            opened.claim(service, amount, proof, account, sub, sender=account)


def test_without_a_list(insurance, service, operator, leaves):
    with ape.reverts("insurance: not in the list"):
        insurance.claim(service, PENALTY, [leaves[1]], operator, 0, sender=operator)


def test_without_a_receiver(opened, service, operator, leaves):
    with ape.reverts("insurance: no receiver"):
        opened.claim(service, PENALTY, [leaves[1]], ZERO_ADDRESS, 0, sender=operator)


def test_a_list_that_promises_more_than_its_sum(over, owner, service, operator, delegator, leaves):
    mine, other = leaves
    over.open_refund(service, root_of(*leaves), PENALTY, sender=owner)
    over.claim(service, PENALTY, [other], operator, 0, sender=operator)
    with ape.reverts("insurance: list is used up"):
        over.claim(service, MULTIPLE * PENALTY, [mine], delegator, SUB, sender=delegator)


def test_refused_lists(over, token, owner, non_owner, service, other_service, deployer, hub_and_insurance, leaves):
    root = root_of(*leaves)
    with ape.reverts("insurance: not the owner"):
        over.open_refund(service, root, TAKEN, sender=non_owner)
    for bad, amount in ((b"\0" * 32, TAKEN), (root, 0)):
        with ape.reverts("insurance: nothing to refund"):
            over.open_refund(service, bad, amount, sender=owner)
    with ape.reverts("insurance: more than it took"):
        over.open_refund(service, root, TAKEN + 1, sender=owner)
    token.transfer(over, COIN, sender=deployer)
    with ape.reverts("insurance: more than it took"):
        over.open_refund(service, root, TAKEN + 1, sender=owner)
    with ape.reverts("insurance: service not over"):
        over.open_refund(other_service, root, 1, sender=owner)
    over.open_refund(service, root, TAKEN, sender=owner)
    with ape.reverts("insurance: refund known"):
        over.open_refund(service, root, TAKEN, sender=owner)


def test_not_before_the_horizon_has_passed(hub_and_insurance, chain, owner, service, leaves):
    hub, insurance = hub_and_insurance
    root = root_of(*leaves)
    with ape.reverts("insurance: service not over"):
        insurance.open_refund(service, root, TAKEN, sender=owner)
    removed = hub.remove_service(service, sender=owner).timestamp
    chain.pending_timestamp = removed + HORIZON - 1
    with ape.reverts("insurance: service not over"):
        insurance.open_refund(service, root, TAKEN, sender=owner)
    chain.pending_timestamp = removed + HORIZON
    insurance.open_refund(service, root, TAKEN, sender=owner)


def test_what_one_list_has_promised_no_other_gives(
    hub_and_insurance, owner, service, other_service, operator, wait, leaves
):
    """Most of what the second service took went to it as damages: its list cannot reach what is the first one's."""
    hub, insurance = hub_and_insurance
    hub.list_service(other_service, HORIZON, 0, sender=owner)
    hub.lock(other_service, operator, 10 * COIN, sender=operator)
    hub.slash(operator, 10 * COIN, 0, sender=other_service)
    for item in (service, other_service):
        hub.remove_service(item, sender=owner)
    wait(HORIZON)
    insurance.open_refund(service, root_of(*leaves), TAKEN, sender=owner)
    assert insurance.free() == 2 * COIN
    with ape.reverts("insurance: more than is here"):
        insurance.open_refund(other_service, root_of(*leaves), 2 * COIN + 1, sender=owner)
    insurance.open_refund(other_service, root_of(*leaves), 2 * COIN, sender=owner)


@pytest.mark.parametrize(
    ("index", "reason"),
    [(0, "insurance: token is no contract"), (1, "insurance: no hub"), (2, "insurance: no owner")],
)
def test_constructor_refusals(project, token, stranger, owner, deployer, index, reason):
    arguments = [token, stranger, owner]
    arguments[index] = ZERO_ADDRESS
    with ape.reverts(reason):
        project.Insurance.deploy(*arguments, sender=deployer)
