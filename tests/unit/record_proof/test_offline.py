"""RPF-2 without a network: a verifier takes the word of the notaries that it names, and of nobody else."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from keifu.errors import CheckFailed, InputError
from keifu.provenance import Kind, Record, Status
from keifu.provenance.foreign import RecordProof, signed_block, word_of
from keifu.provenance.signed_headers import SignedHeader
from keifu.provenance.trust import Notaries, Trust
from keifu.units import DAY
from tests.unit.record_proof.conftest import CHAIN, NUMBER, REGISTRY


@pytest.fixture
def trust(world):
    accounts = tuple(who.address for who in world.attestors)
    notaries = Notaries(world.evm.chain_id, world.proofs.address, accounts, 2, DAY)
    return Trust(CHAIN, REGISTRY, notaries=notaries).checked("a test's")


def said(world, proof, who, by=None, **changes):
    header = world.says(proof, who, **changes)
    return SignedHeader(header, header.sign(world.domain, by or who))


def signed(world, count=2, **changes):
    """A proof of now, as so many attestors signed its block."""
    proof = world.proof()
    return replace(proof, signed=tuple(said(world, proof, who, **changes) for who in world.attestors[:count]))


def verify(world, proof, trust):
    return proof.verify(trust, clock=lambda: world.evm.now)


def test_rpf_2_what_the_contract_takes_is_taken_offline(world, trust, tmp_path):
    proof = signed(world)
    entry, header = verify(world, proof, trust)
    assert (entry.id, entry.status, header.number) == (world.record_id, Status.ACTIVE, NUMBER)
    asked = (CHAIN, REGISTRY, [who.address for who in world.attestors], 2, DAY)
    signatures = [item.args for item in proof.signed]
    assert world.proofs.attested_record(asked, world.record_id, proof.args, signatures) == world.found()
    proof.write(tmp_path / "proof.json")
    read = RecordProof.read(tmp_path / "proof.json")
    assert read.args == proof.args
    assert [item.line for item in read.signed] == [item.line for item in proof.signed]


@pytest.mark.parametrize("count", [0, 1])
def test_a_quorum_that_is_not_there(world, trust, count):
    with pytest.raises(CheckFailed, match=f"{count} of the 3 notaries whom you trust signed the block, not 2"):
        verify(world, signed(world, count), trust)


def test_notaries_whom_nobody_named_count_for_nothing(world, trust):
    """Two unknown ones beside one that is trusted, and one of them twice."""
    proof = signed(world, 1)
    others = tuple(said(world, proof, who) for who in (world.stranger, world.prover))
    for crowd in (others, proof.signed, proof.signed + others):
        with pytest.raises(CheckFailed, match=r"[01] of the 3 notaries"):
            verify(world, replace(proof, signed=proof.signed[:1] + crowd), trust)


def test_a_signature_that_is_not_its_key_s(world, trust):
    proof = world.proof()
    forged = tuple(said(world, proof, who, by=world.stranger) for who in world.attestors)
    with pytest.raises(CheckFailed, match="is not its signature"):
        verify(world, replace(proof, signed=forged), trust)


def test_signed_for_another_contract(world, trust):
    for change in ({"chain": 1}, {"contract": "0x" + "11" * 20}):
        other = msgspec.structs.replace(trust, notaries=msgspec.structs.replace(trust.notaries, **change))
        with pytest.raises(CheckFailed, match="is not its signature"):
            verify(world, signed(world), other)


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"number": NUMBER + 1}, {"block_hash": bytes(32)}])
def test_signed_of_another_chain_or_block(world, trust, change):
    with pytest.raises(CheckFailed, match="signed another block than the proof's"):
        verify(world, signed(world, **change), trust)


def test_the_trusted_chain_is_the_verifier_s(world, trust):
    with pytest.raises(CheckFailed, match="signed another block"):
        verify(world, signed(world), msgspec.structs.replace(trust, chain=1))


def test_a_stale_quorum(world, trust):
    proof, now = signed(world), world.evm.now
    assert proof.verify(trust, clock=lambda: now + DAY)[0].id == world.record_id
    with pytest.raises(CheckFailed, match="86,401 seconds old, you trust 86,400"):
        proof.verify(trust, clock=lambda: now + DAY + 1)


def test_a_proof_of_another_record(world, trust):
    other = Record(world.stranger.address.lower(), Kind.WEIGHTS, b"\x01" * 32)
    with pytest.raises(CheckFailed, match=r"lacks the trie node|not registered|does not exist"):
        verify(world, replace(signed(world), record=other), trust)


def test_a_named_block_is_stronger_than_any_signature(world, trust):
    proof = signed(world)
    with pytest.raises(CheckFailed, match="not of 0x1111"):
        verify(world, proof, msgspec.structs.replace(trust, block="0x" + "11" * 32))
    with pytest.raises(CheckFailed, match="no block is trusted"):
        verify(world, proof, Trust(CHAIN, REGISTRY))


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0x00"},
        {"hash": "0x"},
        {"key": "0x11"},
        {"time": -1},
        {"chain": 0},
        {"number": 2**256},
        {"more": 1},
    ],
)
def test_garbage_in_the_place_of_a_signature(world, tmp_path, change):
    path = tmp_path / "proof.json"
    signed(world).write(path)
    document = json.loads(path.read_text())
    document["signed"][0] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(InputError):
        RecordProof.read(path)


@pytest.mark.parametrize(
    "change",
    [{"quorum": 0}, {"quorum": 4}, {"chain": 0}, {"max_age": 0}, {"contract": "0x11"}, {"accounts": ("0x11",)}],
)
def test_notaries_that_cannot_be_trusted(trust, change):
    changed = msgspec.structs.replace(trust, notaries=msgspec.structs.replace(trust.notaries, **change))
    with pytest.raises(InputError):
        changed.checked("a test's")


def test_notaries_that_are_named_twice(trust):
    accounts = trust.notaries.accounts[:1] * 2
    with pytest.raises(InputError, match="named twice"):
        msgspec.structs.replace(trust.notaries, accounts=accounts).checked()


def test_the_block_that_most_have_signed(world):
    """The newest with enough signatures, each key once, in the contract's order."""
    old, new = world.proof(), world.proof(number=NUMBER + 9)
    both = [said(world, old, who) for who in world.attestors]
    few = [said(world, new, who, number=NUMBER + 9) for who in world.attestors[:1]] * 2
    block, found = signed_block([*few, *reversed(both)], CHAIN, 3)
    assert (block, list(found)) == (both[0].header.block_hash, both)
    assert signed_block([*few, *both], CHAIN, 1)[0] == few[0].header.block_hash
    with pytest.raises(CheckFailed, match="no block of chain 1 has 1 signatures, the most have 0"):
        signed_block(both, 1, 1)


def test_one_notary_that_lies_keeps_no_quorum_from_a_proof(world, trust):
    """It serves keys of its own making above the others' block, and their keys below signatures that are none."""
    proof, (one, two, three) = world.proof(), world.attestors
    crowd = [said(world, proof, who, number=NUMBER + 9) for who in (three, world.stranger, world.prover)]
    crowd += [said(world, proof, who, by=three, **more) for who in (one, two) for more in ({}, {"number": NUMBER + 9})]
    honest = [[said(world, proof, who)] for who in (one, two)]
    for answers in ([crowd, *honest], [*honest, crowd]):
        words = [item for answer in answers for item in word_of(answer, trust.notaries)]
        block, found = signed_block(words, CHAIN, 2)
        assert block == honest[0][0].header.block_hash
        assert verify(world, replace(proof, signed=found), trust)[1].number == NUMBER
        words = [item for answer in answers for item in word_of(answer, msgspec.UNSET)]
        assert signed_block(words, CHAIN, 2)[0] == block
    assert word_of([], msgspec.UNSET) == word_of([], trust.notaries) == []
