"""Everything that the tests of grant programmes act on, in process: a hub with two delegators, a registry, an escrow
without a hub, a programme with a committee of three of five, and money in it."""

from __future__ import annotations

import hashlib
from typing import Any

from audit.staked_hub import hub_arguments, make_room
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from keifu.provenance import Attestation, Kind, Link, Record, RegistryDomain, Relation
from keifu.units import COIN, DAY

__all__ = ["CLAIMED_FOR", "COMMITTEE_NOTICE", "ENOUGH", "FUNDS", "MEMBERS", "NEEDED", "NOTICE", "PAID", "SCHEMA",
           "STAKED", "World"]  # fmt: skip

FUNDS, PAID = 10_000 * COIN, 1_000 * COIN  # in the programme, and for a milestone
STAKED = 800 * COIN  # by each delegator
NOTICE, COMMITTEE_NOTICE, CLAIMED_FOR = 3 * DAY, 7 * DAY, 180 * DAY
LIFE = 400 * DAY
MEMBERS, NEEDED = 5, 3
OBJECTION_BPS = 1_000
ENOUGH = 2**256 - 1
SCHEMA = hashlib.sha256(b"milestone is reached").digest()


class World:
    """Proposals are made by a stranger for a team; two of three attesters say that a milestone is reached."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        for role in ("owner", "treasury", "funder", "team", "stranger", "operator", "service", "delegator", "other"):
            setattr(self, role, evm.account(role))
        self.members = [evm.account(f"member {number}") for number in range(MEMBERS)]
        self.attesters = [evm.account(f"attester {number}") for number in range(3)]
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub = evm.deploy("StakingHub", *hub_arguments(self.token, self.owner, self.treasury), sender=self.owner)
        make_room(self.hub, self.token, self.owner, self.service, [self.operator], evm.warp)
        for who in (self.delegator, self.other):
            self.token.transfer(who, STAKED, sender=self.owner)
            self.token.approve(self.hub, ENOUGH, sender=who)
            self.hub.stake(self.operator, STAKED, 0, 0, sender=who)
        self.registry = evm.deploy("ProvenanceRegistry", sender=self.owner)
        self.domain = RegistryDomain(evm.chain_id, self.registry.address)
        self.records: dict[bytes, Record] = {}
        self.escrow = evm.deploy("VestingEscrow", self.token, ZERO_ADDRESS, sender=self.owner)
        self.witness = evm.deploy("GrantWitness", self.hub, self.registry, sender=self.owner)
        self.grants = evm.deploy("GrantProgram", self.witness, self.owner, sender=self.owner)
        self.grants.list_token(self.token, self.escrow, True, sender=self.owner)
        self.token.transfer(self.funder, 3 * FUNDS, sender=self.owner)
        self.token.approve(self.grants, ENOUGH, sender=self.funder)
        self.ends = evm.now + LIFE
        self.program = self.open()
        self.grants.fund(self.program, FUNDS, sender=self.funder)

    # programme -------------------------------------------------------------------------------------------------------

    def open(self, token: Any = None, **changes: Any) -> int:
        terms = {"members": self.members, "needed": NEEDED, "objection_bps": OBJECTION_BPS, "notice": NOTICE,
                 "last": self.ends}  # fmt: skip
        return self.grants.open(token or self.token, tuple((terms | changes).values()), sender=self.funder).value

    def money(self) -> tuple[int, int]:
        """Free and reserved."""
        _funder, _token, free, reserved, *_ = self.grants.program(self.program)
        return free, reserved

    # proposals -------------------------------------------------------------------------------------------------------

    def milestone(self, **changes: Any) -> tuple[Any, ...]:
        parts = {
            "amount": PAID, "deadline": self.evm.now + 60 * DAY, "kind": int(Kind.EVALUATION), "sound": False,
            "schema": SCHEMA, "needed": 2, "attesters": self.attesters, "step": 0, "steps": 0, "cliff": 0,
            "learners": bytes(32),
        }  # fmt: skip
        return tuple((parts | changes).values())

    def vesting(self, **changes: Any) -> tuple[Any, ...]:
        """A milestone that vests in twelve months, the first three at once."""
        return self.milestone(**({"step": 30 * DAY, "steps": 12, "cliff": 3} | changes))

    def propose(self, *milestones: Any, program: int = 0, by: Any = None, to: Any = None) -> int:
        return self.grants.propose(
            program or self.program, to or self.team, list(milestones) or [self.milestone()], bytes(32), "",
            sender=by or self.stranger,
        ).value  # fmt: skip

    def vote(self, proposal: int, *seats: int, approves: bool = True) -> Any:
        for seat in seats:
            receipt = self.grants.vote(proposal, approves, sender=self.members[seat])
        return receipt

    def carried(self, *milestones: Any) -> int:
        """A proposal that three members carried."""
        proposal = self.propose(*milestones)
        self.vote(proposal, 0, 1, 2)
        return proposal

    def due(self, *milestones: Any) -> int:
        """One whose notice is over, too."""
        proposal = self.carried(*milestones)
        self.evm.warp(NOTICE + 1)
        return proposal

    # evidence -------------------------------------------------------------------------------------------------------

    def record(self, text: str = "evaluation", *, by: Any = None, kind: Kind = Kind.EVALUATION,
               parents: tuple[bytes, ...] = ()) -> bytes:  # fmt: skip
        author = by or self.team
        links = tuple(Link(Relation.EVALUATED_ON, parent) for parent in parents)
        digest = hashlib.sha256(text.encode()).digest()
        record = Record(author.address, kind, digest, manifest=digest, licence="MIT", version="1.0.0", links=links)
        self.registry.register(record.args, sender=author)
        self.registry.store_links([record.args], sender=author)
        known = self.domain.record_id(record)
        self.records[known] = record
        return known

    def trace(self, evidence: bytes, *path: bytes) -> Any:
        """By a stranger, through records that were registered here."""
        return self.witness.trace(evidence, [self.records[known].args for known in path], sender=self.stranger)

    def attest(self, record: bytes, *numbers: int, schema: bytes = SCHEMA, **more: Any) -> None:
        for number in numbers:
            said = Attestation(schema, record, **more)
            self.registry.attest(said.args, sender=self.attesters[number])

    def evidence(self, text: str = "evaluation", **more: Any) -> bytes:
        """A record of the team's that two have attested."""
        record = self.record(text, **more)
        self.attest(record, 0, 1)
        return record

    def release(self, proposal: int, evidence: bytes, number: int = 0, by: Any = None) -> Any:
        return self.grants.release(proposal, number, evidence, sender=by or self.team)

    def state(self, proposal: int, number: int = 0) -> tuple[int, int, int]:
        """State, what is left of a list, and the escrow's grant."""
        state, left, _deadline, grant = self.grants.milestone(proposal, number)
        return state, left, grant

    def deadline(self, proposal: int, number: int = 0) -> int:
        return int(self.grants.milestone(proposal, number)[2])
