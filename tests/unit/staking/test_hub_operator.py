"""StakingHub.register_operator, set_terms, bond, unbond, withdraw_bond, unjail."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EPOCH, EVIDENCE, UNBONDING


def test_register_announces_terms(bare_hub, stranger):
    receipt = bare_hub.register_operator(250, "ipfs://me", sender=stranger)
    assert receipt.events == [
        bare_hub.TermsAnnounced(operator=stranger, commission_bps=250, epoch=1, metadata="ipfs://me")
    ]
    assert bare_hub.operator_state(stranger).commission_bps == 250


def test_register_once(hub, operator):
    with ape.reverts("hub: operator known"):
        hub.register_operator(0, "", sender=operator)


def test_register_with_too_much_commission(hub, stranger):
    with ape.reverts("hub: commission too high"):
        hub.register_operator(10_001, "", sender=stranger)


def test_commission_changes_after_notice(hub, operator, wait):
    receipt = hub.set_terms(5_000, "ipfs://new", sender=operator)
    assert receipt.events == [
        hub.TermsAnnounced(
            operator=operator, commission_bps=5_000, epoch=1 + hub.COMMISSION_NOTICE(), metadata="ipfs://new"
        )
    ]
    wait((hub.COMMISSION_NOTICE() - 1) * EPOCH)
    assert hub.operator_state(operator).commission_bps == 1_000
    wait(EPOCH)
    assert hub.operator_state(operator).commission_bps == 5_000


def test_terms_of_a_stranger(hub, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.set_terms(0, "", sender=stranger)


def test_too_much_commission(hub, operator):
    with ape.reverts("hub: commission too high"):
        hub.set_terms(10_001, "", sender=operator)


def test_bond(hub, operator):
    receipt = hub.bond(5 * COIN, sender=operator)
    assert receipt.events[0] == hub.Bonded(operator=operator, amount=5 * COIN)
    assert hub.operator_state(operator).bond == 2_005 * COIN


def test_bond_of_nothing_or_of_a_stranger(hub, operator, stranger):
    with ape.reverts("hub: zero amount"):
        hub.bond(0, sender=operator)
    with ape.reverts("hub: unknown operator"):
        hub.bond(1, sender=stranger)


def test_unbond_and_withdraw(hub, token, operator, stranger, chain):
    receipt = hub.unbond(500 * COIN, sender=operator)
    unlock = chain.blocks.head.timestamp + UNBONDING
    assert receipt.events == [hub.Unbonding(operator=operator, amount=500 * COIN, unlock=unlock)]
    chain.pending_timestamp = unlock - 1
    with ape.reverts("hub: not matured"):
        hub.withdraw_bond(stranger, sender=operator)
    before = token.balanceOf(stranger)
    chain.pending_timestamp = unlock
    receipt = hub.withdraw_bond(stranger, sender=operator)
    assert receipt.events[0] == hub.BondWithdrawn(operator=operator, receiver=stranger, amount=500 * COIN)
    assert token.balanceOf(stranger) == before + 500 * COIN


def test_unbonding_again_waits_anew(hub, operator, chain):
    unlock = hub.unbond(500 * COIN, sender=operator).timestamp + UNBONDING
    chain.pending_timestamp = unlock - 1
    hub.unbond(100 * COIN, sender=operator)
    assert hub.operator_state(operator).bond_leaving == 600 * COIN
    chain.pending_timestamp = unlock
    with ape.reverts("hub: not matured"):
        hub.withdraw_bond(operator, sender=operator)


def test_a_matured_part_is_credited_when_more_leaves(hub, operator, wait):
    hub.unbond(500 * COIN, sender=operator)
    wait(UNBONDING)
    hub.unbond(100 * COIN, sender=operator)
    assert hub.credit(operator) == 500 * COIN
    assert hub.operator_state(operator).bond_leaving == 100 * COIN


def test_unbond_too_much_or_nothing(hub, operator):
    with ape.reverts("hub: more than the bond"):
        hub.unbond(2_000 * COIN + 1, sender=operator)
    with ape.reverts("hub: zero amount"):
        hub.unbond(0, sender=operator)


def test_withdraw_bond_to_nobody(hub, operator):
    with ape.reverts("hub: no receiver"):
        hub.withdraw_bond(ZERO_ADDRESS, sender=operator)


def test_unjail(hub, operator, service, wait):
    with ape.reverts("hub: not jailed"):
        hub.unjail(sender=operator)
    hub.slash(operator, 1_200 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    with ape.reverts("hub: still jailed"):
        hub.unjail(sender=operator)
    wait(hub.JAIL_EPOCHS() * EPOCH)
    with ape.reverts("hub: bond below minimum"):
        hub.unjail(sender=operator)
    hub.bond(200 * COIN, sender=operator)
    receipt = hub.unjail(sender=operator)
    assert receipt.events == [hub.Unjailed(operator=operator)]
    assert hub.operator_state(operator).jailed_until == 0
