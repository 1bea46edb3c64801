"""A hub with RecordProof, three attestors that are bound, and a registry whose state is that of another chain's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from audit.state_tries import Trie, account_of, full_way, header_over
from ethwire.rlp import encode
from evmstorm.evm import LocalEvm
from keifu.keys import keccak256
from keifu.provenance import Kind, Record, RegistryDomain, Status
from keifu.provenance.foreign import BlockHeader, RecordProof, record_path, record_proof_domain
from keifu.units import COIN, DAY
from tests.worlds import built_once

CHAIN = 16_661
REGISTRY = "0x" + "7e" * 20
REWARD, PENALTY = 200 * COIN, 2_000 * COIN
RESERVE = REWARD * 5 // 4 + PENALTY
LOCKED = 2 * RESERVE
WINDOW, LONGEST = 14 * DAY, 180 * DAY
TERM = 30 * DAY
NUMBER = 5_000_000


@dataclass(frozen=True)
class Claim:
    """What the arguments of `attested_record` say; `replace` changes one of them."""

    trusted: tuple[str, ...]
    signed: tuple[tuple[str, int, bytes], ...]
    proof: RecordProof
    record_id: bytes
    chain: int = CHAIN
    registry: str = REGISTRY
    quorum: int = 2
    max_age: int = DAY

    @property
    def args(self):
        trust = (self.chain, self.registry, list(self.trusted), self.quorum, self.max_age)
        return trust, self.record_id, self.proof.args, list(self.signed)


class World:
    """Everything that the tests act on."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        self.owner, self.insurance = evm.account("owner"), evm.account("insurance")
        self.prover, self.stranger = evm.account("prover"), evm.account("stranger")
        self.attestors = sorted((evm.account(f"attestor {n}") for n in range(3)), key=lambda who: int(who.address, 16))
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        times = (14 * DAY, DAY, 30, 10)
        self.hub = evm.deploy(
            "StakingHub", self.token, self.owner, self.insurance, self.owner, *times, sender=self.owner
        )
        self.proofs = evm.deploy("RecordProof", self.token, self.hub, sender=self.owner)
        self.hub.list_service(self.proofs, WINDOW, 4, sender=self.owner)
        for attestor in self.attestors:
            self.enrol(attestor)
            self.proofs.bind(evm.now + TERM, sender=attestor)
        evm.warp(DAY)
        self.domain = record_proof_domain(evm.chain_id, self.proofs.address)
        self.record = Record(self.stranger.address.lower(), Kind.WEIGHTS, keccak256(b"weights"), version="1.0.0")
        self.record_id = RegistryDomain(CHAIN, REGISTRY).record_id(self.record)

    def enrol(self, account, amount=LOCKED) -> None:
        self.token.transfer(account, amount, sender=self.owner)
        self.token.approve(self.hub, amount, sender=account)
        self.hub.register_operator(0, "", sender=account)
        self.hub.lock(self.proofs, account, amount, sender=account)

    def word(self, status=Status.ACTIVE) -> int:
        """What the registry holds of the record."""
        author = int(self.stranger.address, 16)
        return status << 208 | Kind.WEIGHTS << 200 | 1_700_000_000 << 160 | author

    def found(self, status=Status.ACTIVE, number=NUMBER):
        """What the contract answers of the record."""
        return (self.stranger.address.lower(), Kind.WEIGHTS, status, 1_700_000_000, number, self.evm.now)

    def proof(self, status=Status.ACTIVE, *, number=NUMBER, word=None) -> RecordProof:
        """Of the record at a block of now, in tries as deep as those of a large chain."""
        root, storage = full_way(record_path(self.record_id), encode(self.word(status) if word is None else word), 6)
        state, account = full_way(keccak256(bytes.fromhex(REGISTRY[2:])), account_of(root), 8)
        header = header_over(state, number=number, timestamp=self.evm.now)
        return RecordProof(self.record, header, tuple(account), tuple(storage))

    def small(self, slots, *, accounts=()) -> tuple[bytes, Trie, Trie]:
        """Header and both tries, of what is given by path."""
        storage = Trie(slots)
        state = Trie({keccak256(bytes.fromhex(REGISTRY[2:])): account_of(storage.root), **dict(accounts)})
        return header_over(state.root, number=NUMBER, timestamp=self.evm.now), state, storage

    def says(self, proof: RecordProof, key, **changes) -> BlockHeader:
        """A header as `key` signs it now."""
        true = BlockHeader(key.address, CHAIN, NUMBER, keccak256(proof.header), self.evm.now)
        return replace(true, **changes)

    def signed(self, header: BlockHeader, by) -> tuple[str, int, bytes]:
        return header.key, header.time, header.sign(self.domain, by)

    def claim(self, proof=None, *, count=2) -> Claim:
        """As all attestors but the last would have it."""
        proof = proof or self.proof()
        signed = tuple(self.signed(self.says(proof, who), who) for who in self.attestors[:count])
        return Claim(tuple(who.address for who in self.attestors), signed, proof, self.record_id)

    def contradiction(self, by=None, **changes):
        """Two headers of one number, each with its signature: the arguments of `report`."""
        by = by or self.attestors[0]
        first = self.says(self.proof(), by)
        second = replace(self.says(self.proof(Status.REVOKED), by), **changes)
        return first.args, first.sign(self.domain, by), second.args, second.sign(self.domain, by)

    def commit(self, arguments, prover=None) -> None:
        """One block before the report."""
        prover = prover or self.prover
        evidence = self.proofs.evidence_of(arguments[0], arguments[2])
        secret = keccak256(evidence + bytes.fromhex(prover.address[2:]).rjust(32, b"\0"))
        self.proofs.commit_proof(secret, sender=prover)
        self.evm.mine()


built, world = built_once(World)


@pytest.fixture
def proofs(world):
    return world.proofs


@pytest.fixture
def attestor(world):
    return world.attestors[0]
