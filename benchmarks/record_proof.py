"""A record of another chain on this one: tries as deep as those of a large chain, every branch on the way full."""

from __future__ import annotations

from functools import partial
from typing import Any

from audit.state_tries import account_of, full_way, header_over
from benchmarks._lab import NEWEST, Lab, on_both
from benchmarks._rows import Measure, Row
from ethwire.rlp import encode
from keifu.abi import Contract
from keifu.keys import Account, keccak256
from keifu.provenance.foreign import BlockHeader, record_path, record_proof_domain
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

ACCOUNT_NODES, STORAGE_NODES = 8, 6
CHAIN, REGISTRY = 16_661, "0x" + "7e" * 20
RECORD_ID = bytes(range(1, 27)) + bytes(6)
WORD = 1 << 208 | 5 << 200 | 1_700_000_000 << 160 | int("4a" * 20, 16)
NUMBER = 20_000_000
QUORUM = 3
LOCK = 3_000 * COIN


class _World:
    """The contract, attestors that are bound, and a record's proof."""

    def __init__(self, lab: Lab) -> None:
        owner = lab.deployer
        token = lab.deploy("KeifuToken", owner)
        hub = lab.deploy("StakingHub", token, owner, owner, owner, 14 * DAY, DAY, 30, 10)
        self.contract: Contract = lab.deploy("RecordProof", token, hub)
        hub.list_service(self.contract, 14 * DAY, 0, sender=owner)
        self.attestors = [lab.account(f"bench attestor {number}") for number in range(QUORUM)]
        self.attestors.sort(key=lambda account: int(account.address, 16))
        for attestor in self.attestors:
            token.transfer(attestor, LOCK, sender=owner)
            token.approve(hub, LOCK, sender=attestor)
            hub.register_operator(0, "", sender=attestor)
            hub.lock(self.contract, attestor, LOCK, sender=attestor)
            self.contract.bind(lab.client.now + 90 * DAY, sender=attestor)
        lab.anvil.warp(DAY)
        root, storage = full_way(record_path(RECORD_ID), encode(WORD), STORAGE_NODES)
        state, account = full_way(keccak256(bytes.fromhex(REGISTRY[2:])), account_of(root), ACCOUNT_NODES)
        header = header_over(state, number=NUMBER, timestamp=lab.client.now)
        self.proof, self.hash = (header, account, storage), keccak256(header)

    def signed(self, lab: Lab) -> list[tuple[str, int, bytes]]:
        domain = record_proof_domain(lab.client.chain_id, self.contract.address)
        return [_signed(domain, key, self.hash, lab.client.now) for key in self.attestors]


def _signed(domain: Any, key: Account, block: bytes, now: int) -> tuple[str, int, bytes]:
    header = BlockHeader(key.address, CHAIN, NUMBER, block, now)
    return key.address, now, header.sign(domain, key)


def _known(lab: Lab) -> float:
    world = lab.shared(_World)
    return _gas(lab, world, "record_at", world.hash, REGISTRY, RECORD_ID, world.proof)


def _attested(lab: Lab) -> float:
    world = lab.shared(_World)
    trust = (CHAIN, REGISTRY, [key.address for key in world.attestors], QUORUM, 400 * DAY)
    return _gas(lab, world, "attested_record", trust, RECORD_ID, world.proof, world.signed(lab))


def _gas(lab: Lab, world: _World, function: str, *arguments: Any) -> int:
    call = world.contract.interface.function(function, len(arguments))
    return lab.gas(lab.client.transact(world.contract, call, arguments, lab.deployer, 0))


def _newest(take: Measure, _: Lab) -> float:
    with Lab(NEWEST) as newest:
        return take(newest)


ROWS = (
    Row(
        "gas.record_proof",
        on_both(_known),
        f"a transaction that checks it and does nothing else; the larger of cancun and {NEWEST}",
        also=(
            ("cancun", _known),
            (f"attested by {QUORUM}, cancun", _attested),
            (f"attested by {QUORUM}, {NEWEST}", partial(_newest, _attested)),
        ),
        heavy=True,
    ),
)
