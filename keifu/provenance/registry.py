"""The registry on a chain: registering, attesting, promoting, and reading records back from a node that may lie.

A node's logs carry the records; its views carry their state. A record is taken only when it hashes to its id, and a
record that the registry knows but whose log the node withholds is an error, never a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract, Receipt
from keifu.chain import ChainClient
from keifu.chain.follower import Event
from keifu.chain.logs import Topic, find_logs, topic_of_address
from keifu.errors import CheckFailed, InputError
from keifu.keys import Account, keccak256
from keifu.provenance._log import record_in
from keifu.provenance._model import (
    DIGEST_BYTES,
    Attestation,
    PolicyEntry,
    Record,
    RegistryDomain,
    Status,
    digest_bytes,
    environment_id,
)

if TYPE_CHECKING:
    from keifu.provenance.labels import LabelProof

__all__ = ["Entry", "Logged", "Provenance", "RecordStore", "schema_id"]

RECORDS_A_CALL = 16  # whose links are stored in one transaction
IDS_A_REQUEST = 500  # of records whose logs are asked for at once
SIGNATURE_SECONDS = 300  # for which a gasless signature counts, by default


def schema_id(text: str) -> bytes:
    """Id of a schema by the words that describe it, as attesters and policies use it."""
    return keccak256(text.encode())


@dataclass(frozen=True)
class Entry:
    """A registered record with its state. `time` is of registration, unix seconds; `block` its number."""

    id: bytes
    record: Record
    status: Status
    time: int
    block: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Logged:
    """A record as a log gives it: its content hashes to its id; `block` and `reason` are the node's word."""

    record: Record
    block: int = 0
    reason: str = ""


class RecordStore(Protocol):
    """Where records are read from: a chain, an index, a bundle."""

    def entry(self, record_id: bytes) -> Entry | None:
        """The record, or None when there is none; raises CheckFailed when the source contradicts itself."""


class Provenance:
    """Client of one ProvenanceRegistry and its Environments. A RecordStore that reads from the chain."""

    def __init__(self, chain: ChainClient, registry: Any, environments: Any = None, *, first_block: int = 0) -> None:
        self.chain = chain
        self.registry: Contract = chain.at(registry, "ProvenanceRegistry")
        self.environments: Contract | None = chain.at(environments, "Environments") if environments else None
        self.domain = RegistryDomain(chain.chain_id, self.registry.address)
        self.first_block = first_block

    # writing -------------------------------------------------------------------------------------------------------

    def register(self, record: Record, sender: Account) -> bytes:
        """Register one's own record; its id. Who has no gas uses `sign_registration`."""
        self.registry.register(record.args, sender=sender)
        return self.domain.record_id(record)

    def sign_registration(self, record: Record, author: Account, deadline: int = 0) -> tuple[int, bytes]:
        """Deadline and signature with which anyone may register the record for its author."""
        deadline = deadline or self.chain.now + SIGNATURE_SECONDS
        nonce = self.registry.nonces(author.address)
        return deadline, author.sign(self.domain.register_digest(record, nonce, deadline))

    def register_for(self, record: Record, deadline: int, signature: bytes, sender: Account) -> bytes:
        """Register a record for its author, who signed; `sender` pays. Its id."""
        self.registry.register_for(record.args, deadline, signature, sender=sender)
        return self.domain.record_id(record)

    def attest_for(
        self, attester: str, attestation: Attestation, deadline: int, signature: bytes, sender: Account
    ) -> Receipt:
        """Pass on what an attester signed, by a key or by a contract account (ERC-1271); `sender` pays."""
        receipt: Receipt = self.registry.attest_for(attester, attestation.args, deadline, signature, sender=sender)
        return receipt

    def withdraw(self, record_id: bytes, status: Status, reason: str, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.set_status(record_id, int(status), reason, sender=sender)
        return receipt

    def attest(self, attestation: Attestation, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.attest(attestation.args, sender=sender)
        return receipt

    def anchor(
        self, root: bytes, count: int, manifest: bytes, uri: str, sender: Account, *, halves: Sequence[bytes] = ()
    ) -> Receipt:
        """Fix a tree. With its two `halves` a contract takes proofs without their last hash (`root_of`)."""
        more = [list(halves)] if halves else []
        receipt: Receipt = self.registry.anchor(root, count, manifest, uri, *more, sender=sender)
        return receipt

    def revoke_attestation(self, schema: bytes, subject: bytes, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.revoke_attestation(schema, subject, sender=sender)
        return receipt

    def revoke_anchor(self, root: bytes, reason: str, sender: Account) -> Receipt:
        """Take back a whole anchor of one's own."""
        receipt: Receipt = self.registry.revoke_anchor(root, reason, sender=sender)
        return receipt

    def revoke_leaf(self, proof: LabelProof, reason: str, sender: Account) -> Receipt:
        """Take back one anchored label: as its anchorer, or else as its labeller."""
        path, place = list(proof.proof), (proof.anchorer, proof.root)
        receipt: Receipt
        if proof.anchorer.lower() == sender.address.lower():
            digest = self.domain.label_digest(proof.label)
            receipt = self.registry.revoke_leaf(*place, digest, path, reason, sender=sender)
        else:
            receipt = self.registry.revoke_label(*place, proof.label.args, path, reason, sender=sender)
        return receipt

    def declare(
        self,
        name: str,
        policy: Sequence[PolicyEntry],
        sender: Account,
        *,
        sound: bool = False,
        restitution: str = ZERO_ADDRESS,
    ) -> bytes:
        """Declare an environment; its id. `sound`: everything that an artefact was made from has to be active.
        `restitution`: whom the damages of a false heartbeat go to, the owner when it is nobody."""
        entries = [entry.args for entry in policy]
        self._environments.declare_environment(name, entries, sound, restitution, sender=sender)
        return self.environment(name, sender.address)

    def announce(
        self, environment: bytes, policy: Sequence[PolicyEntry], sender: Account, *, sound: bool = False
    ) -> Receipt:
        """Announce an environment's next policy, which counts after notice."""
        entries = [entry.args for entry in policy]
        receipt: Receipt = self._environments.announce_policy(environment, entries, sound, sender=sender)
        return receipt

    def redirect(self, environment: bytes, restitution: str, sender: Account) -> Receipt:
        """Announce whom the damages of a false heartbeat go to, after notice."""
        receipt: Receipt = self._environments.announce_restitution(environment, restitution, sender=sender)
        return receipt

    def promote(self, environment: bytes, artefact: bytes, sender: Account) -> int:
        """Promote an artefact; the number of the promotion."""
        receipt = self._environments.promote(environment, artefact, sender=sender)
        return int(receipt.events("Promoted")[0].seq)

    def rollback(self, environment: bytes, seq: int, sender: Account) -> int:
        """Run again what an earlier promotion named; the number of the new promotion."""
        receipt = self._environments.rollback(environment, seq, sender=sender)
        return int(receipt.events("Promoted")[0].seq)

    def store_links(self, records: Sequence[Record], sender: Account) -> int:
        """Write down the parents of records, parents first, as far as nobody did; how many there were to write."""
        missing = [item for item in records if not self._is_stored(item)]
        for start in range(0, len(missing), RECORDS_A_CALL):
            part = [record.args for record in missing[start : start + RECORDS_A_CALL]]
            self.registry.store_links(part, sender=sender)
        return len(missing)

    def _is_stored(self, record: Record) -> bool:
        record_id = self.domain.record_id(record)
        named, status = self.registry.soundness_of(record_id)
        return bool(status or named != record_id)

    # reading -------------------------------------------------------------------------------------------------------

    def entry(self, record_id: bytes) -> Entry | None:
        """The record with its state as the node says; `keifu.provenance.proved` proves it."""
        record_id = digest_bytes(record_id, "record id")
        _, _, status, time = self.registry.state_of(record_id)
        if status == Status.UNKNOWN:
            return None
        found = self.contents([record_id]).get(record_id)
        if found is None:
            raise CheckFailed(
                f"the registry knows record {record_id.hex()}, but the node gives no log that hashes to it",
                remedy="ask another node; this one withholds or changes logs",
            )
        return Entry(record_id, found.record, Status(status), time, found.block)

    def promoted(self, environment: bytes, seq: int) -> bytes:
        """The record that was promoted under a number, as the node says; empty for a number that was never given."""
        artefact, block = self._environments.promotion(environment, seq)
        return bytes(artefact) if block else b""

    def root_of(self, anchorer: str, digest: bytes, proof: Sequence[bytes]) -> bytes:
        """Root of an anchored tree in which the digest counts, as the node says; empty when there is none. Where the
        tree was anchored with its halves, the proof may end below the root."""
        root = bytes(self.registry.root_of(anchorer, digest, list(proof)))
        return root if any(root) else b""

    def author_of(self, record_id: bytes) -> str:
        """As the node says."""
        return str(self.registry.state_of(record_id)[0])

    def contents(self, record_ids: Sequence[bytes]) -> dict[bytes, Logged]:
        """Contents of those of the records whose log the node gives, each hashing to its id."""
        wanted = set(record_ids)
        found: dict[bytes, Logged] = {}
        for start in range(0, len(record_ids), IDS_A_REQUEST):
            ids = record_ids[start : start + IDS_A_REQUEST]
            found |= {key: item for key, item in self.records_in(self._logs(ids)).items() if key in wanted}
        return found

    def logged(self, digest: bytes, authors: Sequence[str] = ()) -> dict[bytes, Logged]:
        """Records of these bytes by these authors (all, when none is named), oldest first, as far as the node gives
        their logs. Anyone may register any digest, so trust comes from the author."""
        wanted = {author.lower() for author in authors}
        found = self.records_in(self._logs(None, None, [digest]))
        return {
            record_id: item
            for record_id, item in found.items()
            if item.record.digest == digest and (not wanted or item.record.author in wanted)
        }

    def beginning_with(self, prefix: str) -> list[bytes]:
        """Ids of records that begin with these hex digits, oldest first, as far as the node gives their logs."""
        logs = [log for log in self._logs(None) if _has_id(log, prefix)]
        return [record_id for record_id in self.records_in(logs) if record_id.hex().startswith(prefix)]

    def replaced_by(self, accounts: Iterable[str]) -> list[str]:
        """Accounts whose keys were replaced by one of these, or by one that was replaced by one of these, as far as the
        node gives the logs."""
        topic = "0x" + self.registry.interface.event("Replaced").topic.hex()
        found: dict[str, None] = {}
        level = {account.lower() for account in accounts}
        while level:
            topics: list[Topic] = [topic, None, [topic_of_address(account) for account in sorted(level)]]
            logs = find_logs(self.chain, self.registry.address, topics, self.first_block)
            level = {f"0x{log.topics[1][-40:]}" for log in logs} - found.keys()
            found |= dict.fromkeys(sorted(level))
        return list(found)

    def current(self, environment: bytes) -> tuple[bytes, int, bool]:
        """Artefact, number of its promotion, and whether the policy still holds."""
        artefact, seq, ok = self._environments.current(environment)
        return artefact, seq, ok

    def environment(self, name: str, owner: str = "") -> bytes:
        """Id of an environment: given in hex, or computed from name and owner. Raises InputError for a name alone."""
        plain = name.removeprefix("0x")
        if len(plain) == 2 * DIGEST_BYTES and all(digit in "0123456789abcdef" for digit in plain.lower()):
            return bytes.fromhex(plain)
        if not owner:
            raise InputError(f"environment {name!r} of whom?", remedy="give its owner, or its id")
        return environment_id(self.chain.chain_id, self._environments.address, owner, name)

    @property
    def _environments(self) -> Contract:
        if self.environments is None:
            raise InputError("no Environments contract given", remedy="name its address")
        return self.environments

    def registrations(self) -> Iterator[Event]:
        """Every registration, as the node gives it."""
        return self._logs()

    def _logs(self, *indexed: Sequence[bytes] | None) -> Iterator[Event]:
        """Registrations with one of these for each indexed argument (id, author, digest); None for any."""
        topic = self.registry.interface.event("Registered").topic
        topics: list[Topic] = ["0x" + topic.hex(), *(_any_of(item) for item in indexed)]
        return find_logs(self.chain, self.registry.address, topics, self.first_block)

    def records_in(self, logs: Iterable[Event]) -> dict[bytes, Logged]:
        """Records in logs by the ids that they hash to, whatever the node says of their ids."""
        found = map(_logged, logs)
        return {self.domain.record_id(item.record): item for item in found if item is not None}


def _logged(log: Event) -> Logged | None:
    """The record in a log, or None when the log is not what it should be."""
    try:
        return Logged(record_in(bytes.fromhex(log.data[2:])), log.number)
    except (InputError, ValueError, TypeError, AttributeError):
        return None


def _any_of(words: Sequence[bytes] | None) -> list[str] | None:
    return None if words is None else ["0x" + word.hex() for word in words]


def _has_id(log: Event, prefix: str) -> bool:
    """Whether a log says that it is of a record whose id begins so: most need not be decoded."""
    try:
        return bool(log.topics[1].removeprefix("0x").startswith(prefix))
    except (KeyError, IndexError, TypeError, AttributeError):
        return False
