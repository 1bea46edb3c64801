"""What the registry and its environments should do, in plain Python: objects instead of packed words.

Ids come from outside (`RegistryDomain`); times are unix seconds. A method is one call of a contract and raises Refused
with the contract's own words where the contract has to revert.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keifu.spec.identities import CLOSED, RECOVERY_NOTICE, Identities
from keifu.spec.kinds import RUNNABLE, Relation, Status
from keifu.spec.refusals import Refused, check

if TYPE_CHECKING:
    from keifu.provenance import Attestation, PolicyEntry, Record

__all__ = ["MAX_LINEAGE", "RECOVERY_NOTICE", "Anchor", "Environment", "ProvenanceModel", "Refused", "Statement"]

NEVER = 0
MAX_LINEAGE = 128  # records of a lineage that the registry walks
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
class Anchor:
    """A root with its stated number of leaves; when it was taken back, and which of its leaves were."""

    time: int
    count: int
    revoked_at: int = 0
    leaves: set[bytes] = field(default_factory=set)

    @property
    def facts(self) -> tuple[int, int, int, int]:
        return self.time, self.count, self.revoked_at, len(self.leaves)


@dataclass
class Policy:
    """What a promotion needs from a second on. `sound`: everything that the artefact was made from is active."""

    since: int
    entries: list[PolicyEntry]
    sound: bool = False


@dataclass
class Environment:
    """Who owns it, its policies, what was promoted in which block, and whom restitution goes to since when."""

    owner: str
    policies: list[Policy]
    promotions: list[tuple[bytes, int]] = field(default_factory=list)
    restitutions: list[tuple[int, str]] = field(default_factory=list)

    def policy(self, now: int) -> Policy:
        return next(policy for policy in reversed(self.policies) if policy.since <= now)

    def restitution(self, now: int) -> str:
        return next(to for since, to in reversed(self.restitutions) if since <= now)


class ProvenanceModel:
    """Registry and environments. `now` and `block` are set by whoever drives it."""

    def __init__(self, notice: int) -> None:
        self.notice = notice
        self.now = 0
        self.block = 0
        self.records: dict[bytes, Entry] = {}
        self.statements: dict[Key, Statement] = {}
        self.anchors: dict[tuple[str, bytes], Anchor] = {}
        self.halves: dict[tuple[str, bytes], bytes] = {}  # of anchored trees: anchorer and half to the root
        self.stored: set[bytes] = set()
        self.identities = Identities()
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
        check(self.identities.is_open(record.author), CLOSED)
        for link in record.links:
            check(link.parent in self.records, "registry: unknown parent")
            revoked = self.records[link.parent].status == Status.REVOKED
            check(not revoked or link.relation == Relation.SUPERSEDES, "registry: parent is revoked")
        self.records[record_id] = Entry(record, self.now)

    def set_status(self, sender: str, record_id: bytes, status: int) -> None:
        check(record_id in self.records, "registry: unknown record")
        entry = self.records[record_id]
        check(self.identities.acts(sender, entry.record.author), "registry: not the record's author")
        check(status > entry.status, "registry: status only grows")
        check(status <= Status.REVOKED, "registry: unknown status")
        entry.status = Status(status)

    def attest(self, sender: str, said: Attestation) -> None:
        check(said.subject in self.records, "registry: unknown subject")
        check(self.records[said.subject].status != Status.REVOKED, "registry: subject is revoked")
        check(self.identities.is_open(sender), CLOSED)
        check(said.expiry == NEVER or said.expiry > self.now, "registry: already expired")
        key = (sender, said.schema, said.subject)
        before = self.statements.get(key)
        replaceable = before is None or before.revocable or not before.stands(self.now)
        check(replaceable, "registry: attestation stands")
        edition = before.edition + 1 if before else 1
        self.statements[key] = Statement(self.now, said.expiry, said.revocable, edition)

    def revoke(self, sender: str, schema: bytes, subject: bytes, attester: str) -> None:
        key = (attester, schema, subject)
        check(key in self.statements, "registry: unknown attestation")
        check(self.identities.acts(sender, attester), "registry: not the account's key")
        check(self.statements[key].revocable, "registry: attestation is irrevocable")
        check(self.statements[key].revoked_at == 0, "registry: already revoked")
        self.statements[key].revoked_at = self.now

    def anchor(
        self, sender: str, root: bytes, count: int, halves: tuple[bytes, ...] = (), *, right: bool = True
    ) -> None:
        """`right`: the halves hash to the root."""
        check((sender, root) not in self.anchors, "registry: root is anchored")
        check(self.identities.is_open(sender), CLOSED)
        check(right, "registry: not the root's halves")
        fresh = {half for half in halves if (sender, half) not in self.halves}
        check(len(fresh) == len(halves), "registry: half is anchored")
        self.anchors[sender, root] = Anchor(self.now, count)
        self.halves.update({(sender, half): root for half in halves})

    def revoke_anchor(self, sender: str, anchorer: str, root: bytes) -> None:
        self._revocable(sender, anchorer, root, anchorer).revoked_at = self.now

    def revoke_leaf(self, sender: str, anchorer: str, root: bytes, digest: bytes, signer: str = "") -> None:
        """By whoever acts for the anchorer or, when he is named, for the leaf's signer."""
        found = self._revocable(sender, anchorer, root, signer or anchorer)
        check(digest not in found.leaves, "registry: already revoked")
        found.leaves.add(digest)

    def _revocable(self, sender: str, anchorer: str, root: bytes, account: str) -> Anchor:
        check((anchorer, root) in self.anchors, "registry: unknown anchor")
        check(self.identities.acts(sender, account), "registry: not the account's key")
        check(not self.anchors[anchorer, root].revoked_at, "registry: already revoked")
        return self.anchors[anchorer, root]

    def counts(self, anchorer: str, root: bytes, digest: bytes) -> bool:
        """Whether a leaf of an anchored tree is still one."""
        found = self.anchors.get((anchorer, root))
        return found is not None and not found.revoked_at and digest not in found.leaves

    def root_of(self, anchorer: str, digest: bytes, node: bytes) -> bytes:
        """Root of a tree in which the digest counts, shown by a proof that ends at `node`; zero when there is none."""
        roots = (self.halves.get((anchorer, node), node), node)
        return next((root for root in roots if self.counts(anchorer, root, digest)), bytes(32))

    def store_links(self, record_id: bytes) -> None:
        check(record_id in self.records, "registry: unknown record")
        if record_id not in self.stored:
            for link in self.records[record_id].record.links:
                check(
                    link.relation == Relation.SUPERSEDES or link.parent in self.stored, "registry: parent is not stored"
                )
            self.stored.add(record_id)

    def is_sound(self, record_id: bytes) -> bool:
        """Whether the record and everything that it was made from is active, and the registry can show it."""
        if record_id not in self.stored:
            return False
        family = self.ancestors(record_id)
        return len(family) <= MAX_LINEAGE and all(self.records[item].status == Status.ACTIVE for item in family)

    def is_standing(self, key: Key, not_before: int) -> bool:
        said = self.statements.get(key)
        return said is not None and said.stands(self.now) and said.time >= not_before

    def ancestors(self, record_id: bytes) -> set[bytes]:
        """The record and everything that it was made from; what it supersedes is none of that."""
        found: set[bytes] = set()
        pending = [record_id]
        while pending:
            item = pending.pop()
            if item not in found:
                found.add(item)
                links = self.records[item].record.links
                pending += [link.parent for link in links if link.relation != Relation.SUPERSEDES]
        return found

    # environments --------------------------------------------------------------------------------------------------

    def declare(
        self, sender: str, environment: bytes, policy: list[PolicyEntry], *, sound: bool = False, to: str = ""
    ) -> None:
        check(environment not in self.environments, "environments: already declared")
        made = Environment(sender, [Policy(self.now, policy, sound)])
        made.restitutions.append((self.now, to or sender))
        self.environments[environment] = made

    def announce(self, sender: str, environment: bytes, policy: list[PolicyEntry], *, sound: bool = False) -> None:
        mine = self._owned(sender, environment)
        check(mine.policies[-1].since <= self.now, "environments: a policy is under notice")
        mine.policies.append(Policy(self.now + self.notice, policy, sound))

    def announce_restitution(self, sender: str, environment: bytes, to: str) -> None:
        mine = self._owned(sender, environment)
        check(mine.restitutions[-1][0] <= self.now, "environments: an address is under notice")
        mine.restitutions.append((self.now + self.notice, to))

    def promote(self, sender: str, environment: bytes, artefact: bytes, *, any_age: bool = False) -> None:
        mine = self._owned(sender, environment)
        known = self.records.get(artefact)
        if known is None or known.status != Status.ACTIVE:
            raise Refused("environments: artefact is not active")
        check(known.record.kind in RUNNABLE, "environments: nothing runs this kind")
        policy = mine.policy(self.now)
        check(self.is_met(policy.entries, artefact, any_age=any_age), "environments: policy is not met")
        check(not policy.sound or self.is_sound(artefact), "environments: lineage is not sound")
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
        policy = found.policy(self.now)
        ok = self.records[artefact].status == Status.ACTIVE and self.is_met(policy.entries, artefact)
        ok = ok and (not policy.sound or self.is_sound(artefact))
        return artefact, len(found.promotions), ok

    def at(self, environment: bytes, block: int) -> tuple[bytes, int]:
        past = [artefact for artefact, number in self.environments[environment].promotions if number <= block]
        return (past[-1], len(past)) if past else (bytes(32), 0)

    def _owned(self, sender: str, environment: bytes) -> Environment:
        found = self.environments.get(environment)
        if found is None or not self.identities.acts(sender, found.owner):
            raise Refused("environments: not the owner")
        return found
