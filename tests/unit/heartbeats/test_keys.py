"""Keys that speak for an operator: register_key, retire_key, key, operator_of."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import checksum
from keifu.keys import Account
from keifu.staking import KeyKind
from tests.unit.heartbeats.conftest import RESTITUTION

HEARTBEAT = KeyKind.HEARTBEAT


@pytest.fixture
def named(heartbeats, agree, node, operator):
    return heartbeats.register_key(node.address, HEARTBEAT, agree(node, operator), sender=operator).timestamp


def test_a_named_key_speaks_for_its_operator(heartbeats, node, operator, named):
    """KEY-1"""
    assert tuple(heartbeats.key(node.address)) == (operator, HEARTBEAT, named, 0)
    assert heartbeats.operator_of(node.address, HEARTBEAT, named) == operator
    assert heartbeats.operator_of(node.address, HEARTBEAT, named - 1) == checksum(node.address)
    assert heartbeats.operator_of(node.address, KeyKind.RECEIPT, named) == ZERO_ADDRESS


def test_a_key_that_nobody_named_speaks_for_itself(heartbeats, node):
    assert heartbeats.operator_of(node.address, HEARTBEAT, 1) == checksum(node.address)
    assert tuple(heartbeats.key(node.address)) == (ZERO_ADDRESS, 0, 0, 0)


def test_a_key_has_to_agree(heartbeats, agree, node, operator, stranger):
    """KEY-2: nobody claims another's key, nor with a consent for somebody else or another kind."""
    for signature in (
        agree(node, stranger),
        agree(node, operator, KeyKind.RECEIPT),
        agree(Account.from_role("other node"), operator),
        b"",
    ):
        with ape.reverts("keys: key did not agree"):
            heartbeats.register_key(node.address, HEARTBEAT, signature, sender=operator)


def test_kinds(heartbeats, agree, node, operator):
    for kind in (0, 4, 255):
        with ape.reverts("keys: no such kind"):
            heartbeats.register_key(node.address, kind, agree(node, operator, kind), sender=operator)


def test_a_key_belongs_to_one_operator_for_ever(heartbeats, agree, node, operator, stranger, named):
    """KEY-2"""
    for who, kind in ((operator, HEARTBEAT), (operator, KeyKind.RECEIPT), (stranger, HEARTBEAT)):
        with ape.reverts("keys: key is taken"):
            heartbeats.register_key(node.address, kind, agree(node, who, kind), sender=who)
    heartbeats.retire_key(node.address, sender=operator)
    with ape.reverts("keys: key is taken"):
        heartbeats.register_key(node.address, HEARTBEAT, agree(node, stranger), sender=stranger)


def test_a_retired_key_answers_for_earlier_times_only(heartbeats, node, operator, stranger, named):
    """KEY-1"""
    with ape.reverts("keys: not the operator"):
        heartbeats.retire_key(node.address, sender=stranger)
    retired = heartbeats.retire_key(node.address, sender=operator).timestamp
    assert heartbeats.operator_of(node.address, HEARTBEAT, retired) == operator
    assert heartbeats.operator_of(node.address, HEARTBEAT, retired + 1) == ZERO_ADDRESS
    with ape.reverts("keys: no such key"):
        heartbeats.retire_key(node.address, sender=operator)


def test_an_unknown_key_is_not_retired(heartbeats, stranger):
    with ape.reverts("keys: no such key"):
        heartbeats.retire_key(stranger, sender=stranger)


def test_a_lie_of_a_retired_key_still_costs_its_operator(
    heartbeats, lie, commit, weights, operator, prover, restituted, chain
):
    """KEY-1: rotation frees nobody of what a key said before."""
    heartbeats.retire_key(lie.node, sender=operator)
    later = replace(lie, time=chain.pending_timestamp + 1)
    chain.pending_timestamp += 10
    with ape.reverts("heartbeats: no binding"):
        heartbeats.report(later.args, commit(later, prover), weights.args, sender=prover)
    heartbeats.report(lie.args, commit(lie, prover), weights.args, sender=prover)
    assert heartbeats.credits(restituted) == RESTITUTION
