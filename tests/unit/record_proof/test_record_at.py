"""RPF-1: a record of another chain from a block's hash."""

from __future__ import annotations

import pytest

from audit.state_tries import Trie, account_of, header_over
from ethwire.constants import ZERO_ADDRESS
from ethwire.rlp import encode
from evmstorm.evm import artifacts, reverts
from keifu.keys import keccak256
from keifu.provenance import Kind, Link, Record, RegistryDomain, Relation, Status
from keifu.provenance.foreign import record_path

from .conftest import CHAIN, REGISTRY

ACCOUNT = keccak256(bytes.fromhex(REGISTRY[2:]))
NOTHING = (ZERO_ADDRESS, 0, 0, 0)


def turned(path, nibble):
    """The path with another nibble at a place."""
    changed = bytearray(path)
    changed[nibble // 2] ^= 1 if nibble % 2 else 16
    return bytes(changed)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.DEPRECATED, Status.REVOKED])
def test_rpf_1_a_record_in_deep_tries(world, proofs, status):
    proof = world.proof(status)
    assert proofs.record_at(keccak256(proof.header), REGISTRY, world.record_id, proof.args) == world.found(status)


def test_the_slot_is_the_registry_s():
    slot = artifacts.load("ProvenanceRegistry").slot("records._records")
    assert artifacts.constant("registry/RecordProof.vy", "RECORDS_SLOT") == f"0x{slot:064x}"


def test_a_record_s_id_is_the_other_registry_s(proofs, world):
    """Content is held against the id under the other chain's domain."""
    parent = Link(Relation.DERIVED_FROM, b"\x05" * 26 + bytes(6))
    linked = Record(world.record.author, Kind.DATASET, b"\x01" * 32, uri="https://example.org", links=(parent,))
    for record in (world.record, linked):
        assert proofs.record_id(CHAIN, REGISTRY, record.args) == RegistryDomain(CHAIN, REGISTRY).record_id(record)


@pytest.mark.parametrize("shared", [0, 1, 2, 3, 30, 31, 60, 61, 62, 63])
@pytest.mark.parametrize("word", [1, 127, 128, 255, 256, 2**200, 2**216 - 1])
def test_rpf_1_extensions_and_nodes_within_nodes(world, proofs, shared, word):
    """Beside a key that shares so many nibbles; short words make leaves that stand within their parents."""
    path = record_path(world.record_id)
    header, state, storage = world.small({path: encode(word), turned(path, shared): encode(9)})
    found = proofs.record_at(
        keccak256(header), REGISTRY, world.record_id, (header, state.way(ACCOUNT), storage.way(path))
    )
    assert found[:4] == (f"0x{word & (2**160 - 1):040x}", word >> 200 & 255, word >> 208, word >> 160 & (2**40 - 1))


@pytest.mark.parametrize("shared", [0, 1, 5, 62, 63])
def test_rpf_1_what_is_not_there(world, proofs, shared):
    """The way ends at a leaf, an extension or a branch of other keys."""
    path = record_path(world.record_id)
    others = {turned(path, shared): encode(9)}
    for more in ({}, {turned(turned(path, shared), 63 if shared < 63 else 0): encode(8)}):
        header, state, storage = world.small(others | more)
        proof = (header, state.way(ACCOUNT), storage.way(path))
        assert proofs.record_at(keccak256(header), REGISTRY, world.record_id, proof)[:4] == NOTHING


def test_rpf_1_a_registry_without_records(world, proofs):
    header, state, _ = world.small({})
    proof = (header, state.way(ACCOUNT), [])
    assert proofs.record_at(keccak256(header), REGISTRY, world.record_id, proof)[:4] == NOTHING
    with reverts("state proof: node too many"):
        proofs.record_at(keccak256(header), REGISTRY, world.record_id, (header, state.way(ACCOUNT), [b"\x80"]))


def test_no_such_account(world, proofs):
    state = Trie({turned(ACCOUNT, 3): account_of(bytes(32))})
    header = header_over(state.root)
    with reverts("state proof: no such account"):
        proofs.record_at(keccak256(header), REGISTRY, world.record_id, (header, state.way(ACCOUNT), []))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda header, account, storage: (header, account, storage[:-1]), "node missing"),
        (lambda header, account, storage: (header, account[1:], storage), "node does not hash"),
        (lambda header, account, storage: (header, account, [*storage, storage[-1]]), "node too many"),
        (lambda header, account, storage: (header, storage, account), "node does not hash"),
        (lambda header, account, storage: (header, account, [storage[1], storage[0], *storage[2:]]), "does not hash"),
        (lambda header, account, storage: (header, account, [*storage[:-1], storage[-1][:-1] + b"\1"]), "not hash"),
    ],
)
def test_rpf_1_a_changed_proof(world, proofs, change, reason):
    proof = world.proof()
    changed = change(*proof.args)
    with pytest.raises(Exception, match=reason):
        proofs.record_at(keccak256(proof.header), REGISTRY, world.record_id, changed)


def test_another_header(world, proofs):
    proof, other = world.proof(), world.proof(Status.REVOKED)
    with reverts("record proof: not that block"):
        proofs.record_at(keccak256(proof.header), REGISTRY, world.record_id, other.args)
    with reverts("state proof: bad header"):
        proofs.record_at(keccak256(b""), REGISTRY, world.record_id, (b"", [], []))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**32, 2**64 - 1])
def test_a_header_s_numbers(world, proofs, number):
    proof = world.proof(number=number)
    found = proofs.record_at(keccak256(proof.header), REGISTRY, world.record_id, proof.args)
    assert found == world.found(number=number)
