"""RPF-3 to RPF-5: what attestors promise, and what a contradiction costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import Account
from evmstorm.evm import reverts
from keifu.staking import KeyKind, key_consent
from keifu.units import DAY

from .conftest import CHAIN, LOCKED, LONGEST, NUMBER, PENALTY, RESERVE, REWARD, TERM, WINDOW


@pytest.fixture
def report(world):
    """Reports a contradiction, committed the block before."""

    def report(arguments, prover=None):
        world.commit(arguments, prover)
        return world.proofs.report(*arguments, sender=prover or world.prover)

    return report


@pytest.fixture
def newcomer(world):
    account = world.evm.account("newcomer")
    world.enrol(account, RESERVE)
    return account


# deployment -----------------------------------------------------------------------------------------------------------


def test_refused_deployments(world):
    for arguments, reason in (
        ((ZERO_ADDRESS, world.hub), "payouts: token is no contract"),
        ((world.token, ZERO_ADDRESS), "record proof: no hub"),
    ):
        with reverts(reason):
            world.evm.deploy("RecordProof", *arguments, sender=world.owner)


def test_terms(world, proofs):
    assert proofs.terms() == (WINDOW, 0, ZERO_ADDRESS, 0, 0)
    assert (proofs.EVIDENCE_WINDOW(), proofs.LONGEST(), proofs.REWARD(), proofs.PENALTY()) == (
        WINDOW, LONGEST, REWARD, PENALTY,
    )  # fmt: skip
    assert (proofs.hub().lower(), proofs.token().lower()) == (world.hub.address.lower(), world.token.address.lower())


# bind, unlock ---------------------------------------------------------------------------------------------------------


def test_rpf_3_a_promise(world, proofs, newcomer):
    last = world.evm.now + LONGEST
    receipt = proofs.bind(last, sender=newcomer)
    since = world.evm.now + 1
    assert proofs.binding(newcomer) == (since, last, last + WINDOW, RESERVE)
    assert proofs.reserved(newcomer) == RESERVE
    assert world.hub.get_lock(proofs, newcomer)[1] == RESERVE
    event = receipt.events("Bound")[0]
    assert (event.since, event.last) == (since, last)
    assert proofs.binding(world.stranger) == (0, 0, 0, 0)


def test_refused_promises(world, proofs, newcomer):
    now = world.evm.now
    for last in (now, now + LONGEST + 1, 0):
        with reverts("record proof: bad last day"):
            proofs.bind(last, sender=newcomer)
    with reverts("record proof: lock too small"):
        proofs.bind(now + DAY, sender=world.stranger)
    proofs.unlock(1, sender=newcomer)
    with reverts("record proof: lock too small"):
        proofs.bind(now + DAY, sender=newcomer)
    world.hub.remove_service(proofs, sender=world.owner)
    with reverts("record proof: service not listed"):
        proofs.bind(now + DAY, sender=world.attestors[0])


def test_prolonging(world, proofs, attestor):
    since, last, _, _ = proofs.binding(attestor)
    with reverts("record proof: last day is earlier"):
        proofs.bind(last - 1, sender=attestor)
    proofs.bind(last + DAY, sender=attestor)
    assert proofs.binding(attestor) == (since, last + DAY, last + DAY + WINDOW, RESERVE)


@pytest.mark.parametrize(("after", "free"), [(0, LOCKED - RESERVE), (1, LOCKED)])
def test_rpf_3_coins_come_back_after_the_window(world, proofs, attestor, after, free):
    world.evm.warp_to(proofs.binding(attestor)[2] + after)
    with reverts("hub: more than the lock"):
        proofs.unlock(free + 1, sender=attestor)
    proofs.unlock(free, sender=attestor)
    assert world.hub.lock_of(proofs, attestor) == LOCKED - free
    assert proofs.reserved(attestor) == (RESERVE if free < LOCKED else 0)


@pytest.mark.parametrize(("after", "begins"), [(0, False), (1, True)])
def test_a_promise_after_the_window_is_a_new_one(world, proofs, attestor, after, begins):
    since, last, until, _ = proofs.binding(attestor)
    world.evm.warp_to(until + after)
    proofs.bind(until + TERM, sender=attestor)
    assert proofs.binding(attestor)[0] == (world.evm.now + 1 if begins else since)
    assert last < until


# report ---------------------------------------------------------------------------------------------------------------


def test_rpf_4_a_contradiction_costs_its_attestor(world, proofs, attestor, report):
    arguments = world.contradiction()
    before = world.hub.lock_of(proofs, attestor)
    receipt = report(arguments)
    assert before - world.hub.lock_of(proofs, attestor) == RESERVE
    assert proofs.credits(world.prover) == REWARD
    assert proofs.reserved(attestor) == 0
    (event,) = receipt.events("Contradicted")
    assert (event.chain_id, event.number, event.reward) == (CHAIN, NUMBER, REWARD)
    assert (event.first, event.second) == (arguments[0][3], arguments[2][3])
    proofs.withdraw(world.stranger, sender=world.prover)
    assert world.token.balanceOf(world.stranger) == REWARD
    assert world.token.balanceOf(proofs) == 0


def test_rpf_4_once(world, proofs, attestor, report):
    arguments = world.contradiction()
    report(arguments)
    with reverts("record proof: no binding answers"):
        proofs.report(*arguments, sender=world.prover)
    proofs.bind(world.evm.now + TERM, sender=attestor)
    world.evm.warp(DAY)
    with reverts("record proof: no binding answers"):
        proofs.report(*arguments, sender=world.prover)


def test_rpf_4_an_old_header_contradicts_a_new_one(world, proofs, attestor, report):
    """What was signed before the promise counts as the second of two; what is signed under it has to be the first."""
    first, signature, second, _ = world.contradiction()
    old = world.says(world.proof(number=NUMBER + 1), attestor, time=world.evm.now - 3 * DAY)
    args = (first, signature, old.args, old.sign(world.domain, attestor))
    with reverts("record proof: no binding answers"):
        report((*args[2:], *args[:2]))
    report(args)
    assert second[2] == NUMBER


def test_rpf_4_keys_of_one_attestor(world, proofs, attestor, report):
    node = Account.from_role("node")
    proofs.register_key(
        node.address, KeyKind.HEARTBEAT, key_consent(world.domain, attestor.address, node, KeyKind.HEARTBEAT),
        sender=attestor,
    )  # fmt: skip
    world.evm.warp(1)
    by_node = world.contradiction(node)
    report((*world.contradiction()[:2], *by_node[2:]))
    assert proofs.reserved(attestor) == 0


def test_refused_reports(world, proofs, attestor, report):
    right = world.contradiction()
    other = world.contradiction(world.attestors[1])
    newcomer = world.contradiction(world.evm.account("newcomer"))
    first = world.says(world.proof(), attestor)
    same = replace(first, time=first.time - 1)
    for arguments, reason in (
        ((*right[:2], same.args, same.sign(world.domain, attestor)), "record proof: no contradiction"),
        (world.contradiction(number=NUMBER + 1), "record proof: no contradiction"),
        (world.contradiction(chain_id=1), "record proof: no contradiction"),
        ((*right[:2], *other[2:]), "record proof: not one attestor"),
        (newcomer, "record proof: no binding answers"),
        ((right[0], right[3], *right[2:]), "record proof: bad signature"),
        ((*right[:3], right[1]), "record proof: bad signature"),
        ((right[0], right[1][:63], *right[2:]), "record proof: bad signature"),
    ):
        with reverts(reason):
            report(arguments)
    assert world.hub.lock_of(proofs, attestor) == LOCKED


def test_rpf_4_evidence_is_committed_a_block_before(world, proofs):
    arguments = world.contradiction()
    with reverts("record proof: not committed"):
        proofs.report(*arguments, sender=world.prover)
    world.commit(arguments)
    with reverts("record proof: not committed"):
        proofs.report(*arguments, sender=world.stranger)
    turned = (*arguments[2:], *arguments[:2])
    with reverts("record proof: not committed"):
        proofs.report(*turned, sender=world.prover)


@pytest.mark.parametrize(("after", "counts"), [(0, True), (1, False)])
def test_rpf_4_until_the_window_is_over(world, proofs, attestor, after, counts):
    arguments = world.contradiction()
    world.commit(arguments)
    world.evm.warp_to(proofs.binding(attestor)[2] + after)
    if counts:
        proofs.report(*arguments, sender=world.prover)
    else:
        with reverts("record proof: no binding answers"):
            proofs.report(*arguments, sender=world.prover)


def test_reports_are_paid_until_the_horizon_of_a_removed_service(world, proofs, attestor, report):
    arguments = world.contradiction()
    world.commit(arguments)
    world.hub.remove_service(proofs, sender=world.owner)
    world.evm.warp(WINDOW - DAY)
    proofs.report(*arguments, sender=world.prover)
    assert proofs.credits(world.prover) == REWARD


def test_rpf_5_credits_are_paid(world, proofs, report):
    report(world.contradiction())
    report(world.contradiction(world.attestors[1]))
    assert proofs.credits(world.prover) == 2 * REWARD == world.token.balanceOf(proofs)
    for receiver in (ZERO_ADDRESS, proofs.address):
        with reverts("payouts: no receiver"):
            proofs.withdraw(receiver, sender=world.prover)
    proofs.pay(world.prover, sender=world.stranger)
    assert world.token.balanceOf(world.prover) == 2 * REWARD
    with reverts("payouts: nothing to pay"):
        proofs.pay(world.prover, sender=world.stranger)
