"""What the registry and its environments should do, in plain Python: objects instead of packed words.

Ids come from outside (`RegistryDomain`); times are unix seconds. A method is one call of a contract and raises Refused
with the contract's own words where the contract has to revert.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keifu.spec.kinds import Status
from keifu.spec.refusals import Refused, check

if TYPE_CHECKING:
    from keifu.provenance import Attestation, PolicyEntry, Record

__all__ = ["Environment", "ProvenanceModel", "Refused", "Statement"]

NEVER = 0
Key = tuple[str, bytes, bytes]  # attester, schema, subject


@dataclass
class Entry:
    """A registered record."""

    record: Record
    time: int
    status: Status = Status.ACTIVE


@dataclass
class Statement:
    """The latest word of an attester on a subject under a schema."""

    time: int
    expiry: int
    revocable: bool
    edition: int
    revoked_at: int = 0

    def stands(self, now: int) -> bool:
        return self.revoked_at == 0 and (self.expiry == NEVER or self.expiry > now)


@dataclass
class Environment:
    """Who owns it, its policies with their first second, and what was promoted in which block."""

    owner: str
    policies: list[tuple[int, list[PolicyEntry]]]
    promotions: list[tuple[bytes, int]] = field(default_factory=list)

    def policy(self, now: int) -> list[PolicyEntry]:
        return next(entries for since, entries in reversed(self.policies) if since <= now)


class ProvenanceModel:
    """Registry and environments. `now` and `block` are set by whoever drives it."""

    def __init__(self, notice: int) -> None:
        self.notice = notice
        self.now = 0
        self.block = 0
        self.records: dict[bytes, Entry] = {}
        self.statements: dict[Key, Statement] = {}
        self.anchors: dict[tuple[str, bytes], tuple[int, int]] = {}
        self.nonces: dict[str, int] = {}
        self.environments: dict[bytes, Environment] = {}

    # registry ------------------------------------------------------------------------------------------------------

    def register(self, sender: str, record: Record, record_id: bytes) -> None:
        check(sender == record.author, "registry: not the author")
        self._add(record, record_id)

    def register_for(self, record: Record, record_id: bytes, *, valid: bool, deadline: int) -> None:
        """`valid`: the author signed for this record, its present nonce and this deadline."""
        check(self.now <= deadline, "registry: signature expired")
        check(valid, "registry: invalid signature")
        self._add(record, record_id)
        self.nonces[record.author] = self.nonces.get(record.author, 0) + 1

    def cancel_nonce(self, sender: str) -> None:
        self.nonces[sender] = self.nonces.get(sender, 0) + 1

    def _add(self, record: Record, record_id: bytes) -> None:
        check(record_id not in self.records, "registry: record is registered")
        for link in record.links:
            check(link.parent in self.records, "registry: unknown parent")
        self.records[record_id] = Entry(record, self.now)

    def set_status(self, sender: str, record_id: bytes, status: int) -> None:
        check(record_id in self.records, "registry: unknown record")
        entry = self.records[record_id]
        check(sender == entry.record.author, "registry: not the record's author")
        check(status > entry.status, "registry: status only grows")
        check(status <= Status.REVOKED, "registry: unknown status")
        entry.status = Status(status)

    def attest(self, sender: str, said: Attestation) -> None:
        check(said.subject in self.records, "registry: unknown subject")
        check(said.expiry == NEVER or said.expiry > self.now, "registry: already expired")
        key = (sender, said.schema, said.subject)
        before = self.statements.get(key)
        replaceable = before is None or before.revocable or not before.stands(self.now)
        check(replaceable, "registry: attestation stands")
        edition = before.edition + 1 if before else 1
        self.statements[key] = Statement(self.now, said.expiry, said.revocable, edition)

    def revoke(self, sender: str, schema: bytes, subject: bytes) -> None:
        key = (sender, schema, subject)
        check(key in self.statements, "registry: unknown attestation")
        check(self.statements[key].revocable, "registry: attestation is irrevocable")
        check(self.statements[key].revoked_at == 0, "registry: already revoked")
        self.statements[key].revoked_at = self.now

    def anchor(self, sender: str, root: bytes, count: int) -> None:
        check((sender, root) not in self.anchors, "registry: root is anchored")
        self.anchors[sender, root] = (self.now, count)

    def is_standing(self, key: Key, not_before: int) -> bool:
        said = self.statements.get(key)
        return said is not None and said.stands(self.now) and said.time >= not_before

    def ancestors(self, record_id: bytes) -> set[bytes]:
        """The record and everything that it was made from."""
        found: set[bytes] = set()
        pending = [record_id]
        while pending:
            item = pending.pop()
            if item not in found:
                found.add(item)
                pending += [link.parent for link in self.records[item].record.links]
        return found

    # environments --------------------------------------------------------------------------------------------------

    def declare(self, sender: str, environment: bytes, policy: list[PolicyEntry]) -> None:
        check(environment not in self.environments, "environments: already declared")
        self.environments[environment] = Environment(sender, [(self.now, policy)])

    def announce(self, sender: str, environment: bytes, policy: list[PolicyEntry]) -> None:
        mine = self._owned(sender, environment)
        check(mine.policies[-1][0] <= self.now, "environments: a policy is under notice")
        mine.policies.append((self.now + self.notice, policy))

    def promote(self, sender: str, environment: bytes, artefact: bytes, *, any_age: bool = False) -> None:
        mine = self._owned(sender, environment)
        known = self.records.get(artefact)
        check(known is not None and known.status == Status.ACTIVE, "environments: artefact is not active")
        met = self.is_met(mine.policy(self.now), artefact, any_age=any_age)
        check(met, "environments: policy is not met")
        mine.promotions.append((artefact, self.block))

    def rollback(self, sender: str, environment: bytes, seq: int) -> None:
        mine = self._owned(sender, environment)
        check(0 < seq < len(mine.promotions), "environments: not an earlier promotion")
        self.promote(sender, environment, mine.promotions[seq - 1][0], any_age=True)

    def is_met(self, policy: list[PolicyEntry], artefact: bytes, *, any_age: bool = False) -> bool:
        for entry in policy:
            since = 0 if any_age or entry.max_age == 0 else self.now - entry.max_age
            standing = [who for who in entry.attesters if self.is_standing((who, entry.schema, artefact), since)]
            if len(standing) < entry.needed:
                return False
        return True

    def current(self, environment: bytes) -> tuple[bytes, int, bool]:
        found = self.environments[environment]
        if not found.promotions:
            return bytes(32), 0, False
        artefact = found.promotions[-1][0]
        ok = self.records[artefact].status == Status.ACTIVE and self.is_met(found.policy(self.now), artefact)
        return artefact, len(found.promotions), ok

    def at(self, environment: bytes, block: int) -> tuple[bytes, int]:
        past = [artefact for artefact, number in self.environments[environment].promotions if number <= block]
        return (past[-1], len(past)) if past else (bytes(32), 0)

    def _owned(self, sender: str, environment: bytes) -> Environment:
        found = self.environments.get(environment)
        if found is None or found.owner != sender:
            raise Refused("environments: not the owner")
        return found
