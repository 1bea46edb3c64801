"""Grant programmes: a member's vote, and a milestone that is released into the escrow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from benchmarks._lab import NEWEST, Lab, on_both
from benchmarks._rows import Row
from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.errors import CheckFailed
from keifu.keys import Account
from keifu.provenance import Attestation, Kind, Record, RegistryDomain
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

PAID, FUNDS = 1_000 * COIN, 100_000 * COIN
MEMBERS, NEEDED, ATTESTERS = 5, 4, 2
NOTICE = DAY
SCHEMA = hashlib.sha256(b"bench milestone").digest()
ENOUGH = 2**256 - 1


@dataclass(frozen=True)
class World:
    """A proposal of two milestones, for both of which there is evidence; three members have voted for it."""

    grants: Contract
    escrow: Contract
    members: list[Account]
    team: Account
    evidence: list[bytes]


def _world(lab: Lab) -> World:
    owner, team = lab.deployer, lab.account("bench team")
    members = [lab.account(f"bench member {number}") for number in range(MEMBERS)]
    attesters = [lab.account(f"bench attester {number}") for number in range(ATTESTERS)]
    token = lab.deploy("KeifuToken", owner)
    hub = lab.deploy("StakingHub", token, owner, owner, owner, 14 * DAY, DAY, 30, 10)
    registry, escrow = lab.deploy("ProvenanceRegistry"), lab.deploy("VestingEscrow", token, ZERO_ADDRESS)
    grants = lab.deploy("GrantProgram", lab.deploy("GrantWitness", hub, registry), owner)
    grants.list_token(token, escrow, True, sender=owner)
    now = lab.client.now
    grants.open(token, (members, NEEDED, 1_000, NOTICE, now + 300 * DAY), sender=owner)
    token.approve(grants, ENOUGH, sender=owner)
    grants.fund(1, FUNDS, sender=owner)
    milestone = (
        PAID, now + 60 * DAY, int(Kind.EVALUATION), False, SCHEMA, ATTESTERS, attesters, 30 * DAY, 12, 3, bytes(32),
    )  # fmt: skip
    grants.propose(1, team, [milestone, milestone], bytes(32), "", sender=owner)
    for member in members[: NEEDED - 1]:
        grants.vote(1, True, sender=member)
    evidence = [_evidence(registry, lab.client.chain_id, team, attesters, number) for number in range(2)]
    return World(grants, escrow, members, team, evidence)


def _evidence(registry: Contract, chain: int, team: Account, attesters: list[Account], number: int) -> bytes:
    digest = hashlib.sha256(b"bench evaluation %d" % number).digest()
    record = Record(team.address, Kind.EVALUATION, digest, manifest=digest, licence="MIT", version="1.0.0")
    registry.register(record.args, sender=team)
    known = RegistryDomain(chain, registry.address).record_id(record)
    for attester in attesters:
        registry.attest(Attestation(SCHEMA, known).args, sender=attester)
    return known


def _vote(lab: Lab) -> float:
    """Neither the first of a proposal nor the one that carries it."""
    world = lab.shared(_world)
    with lab.undo():
        world.grants.vote(1, False, sender=world.members[2])
        return lab.gas(world.grants.vote(1, True, sender=world.members[2]))


def _carry(lab: Lab) -> float:
    """The one that carries a proposal."""
    world = lab.shared(_world)
    with lab.undo():
        return lab.gas(world.grants.vote(1, True, sender=world.members[NEEDED - 1]))


def _release(lab: Lab, *, before: int = 1) -> float:
    world = lab.shared(_world)
    with lab.undo():
        world.grants.vote(1, True, sender=world.members[NEEDED - 1])
        lab.anvil.warp(NOTICE + 1)
        for number in range(before):
            world.grants.release(1, number, world.evidence[number], sender=world.team)
        gas = lab.gas(world.grants.release(1, before, world.evidence[before], sender=world.team))
        if world.escrow.count() != before + 1:
            raise CheckFailed("the escrow has no grant for the milestone")
        return gas


def _first_release(lab: Lab) -> float:
    return _release(lab, before=0)


ROWS = (
    Row(
        "gas.grant_vote",
        on_both(_vote),
        f"a later vote of a proposal; the larger of cancun and {NEWEST}",
        also=(("the vote that carries it", on_both(_carry)),),
    ),
    Row(
        "gas.grant_release",
        on_both(_release),
        f"into an escrow with other grants, by two of two attesters; the larger of cancun and {NEWEST}",
        also=(("the first grant of an escrow", on_both(_first_release)),),
    ),
)
