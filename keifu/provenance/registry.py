"""The registry on a chain: registering, attesting, promoting, and reading records back from a node that may lie.

A node's logs carry the records; its views carry their state. A record is taken only when it hashes to its id, and a
record that the registry knows but whose log the node withholds is an error, never a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from keifu.abi import Contract, Receipt
from keifu.chain import ChainClient
from keifu.chain.follower import Event
from keifu.chain.logs import find_logs
from keifu.errors import AbiError, CheckFailed, InputError
from keifu.keys import Account, checksum, keccak256
from keifu.provenance._model import (
    DIGEST_BYTES,
    Attestation,
    PolicyEntry,
    Record,
    RegistryDomain,
    Status,
    digest_bytes,
)

__all__ = ["Entry", "Provenance", "RecordStore", "schema_id"]

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

    def withdraw(self, record_id: bytes, status: Status, reason: str, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.set_status(record_id, int(status), reason, sender=sender)
        return receipt

    def attest(self, attestation: Attestation, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.attest(attestation.args, sender=sender)
        return receipt

    def anchor(self, root: bytes, count: int, manifest: bytes, uri: str, sender: Account) -> Receipt:
        receipt: Receipt = self.registry.anchor(root, count, manifest, uri, sender=sender)
        return receipt

    def declare(self, name: str, policy: Sequence[PolicyEntry], sender: Account) -> bytes:
        """Declare an environment; its id."""
        self._environments.declare_environment(name, [entry.args for entry in policy], sender=sender)
        environment: bytes = self._environments.environment_id(sender.address, name)
        return environment

    def promote(self, environment: bytes, artefact: bytes, sender: Account) -> int:
        """Promote an artefact; the number of the promotion."""
        receipt = self._environments.promote(environment, artefact, sender=sender)
        return int(receipt.events("Promoted")[0].seq)

    # reading -------------------------------------------------------------------------------------------------------

    def entry(self, record_id: bytes) -> Entry | None:
        record_id = digest_bytes(record_id, "record id")
        _, _, status, time = self.registry.state_of(record_id)
        if status == Status.UNKNOWN:
            return None
        for log in self._logs(record_id, None, None):
            record = self._record(log)
            if record is not None and self.domain.record_id(record) == record_id:
                return Entry(record_id, record, Status(status), time, log.number)
        raise CheckFailed(
            f"the registry knows record {record_id.hex()}, but the node gives no log that hashes to it",
            remedy="ask another node; this one withholds or changes logs",
        )

    def by_digest(self, digest: bytes, authors: Sequence[str] = ()) -> list[Entry]:
        """Records of these bytes by these authors (all, when none is named), oldest first. Anyone may register any
        digest, so trust comes from the author."""
        wanted = {author.lower() for author in authors}
        found: dict[bytes, Entry] = {}
        for log in self._logs(None, None, digest):
            record = self._record(log)
            if record is None or record.digest != digest or (wanted and record.author not in wanted):
                continue
            entry = self.entry(self.domain.record_id(record))
            if entry is not None:
                found[entry.id] = entry
        return list(found.values())

    def beginning_with(self, prefix: str) -> list[bytes]:
        """Ids of records that begin with these hex digits, oldest first. The node's word: `entry` checks a record."""
        found = (log.topics[1].removeprefix("0x") for log in self._logs(None))
        return [bytes.fromhex(item) for item in dict.fromkeys(found) if item.startswith(prefix)]

    def current(self, environment: bytes) -> tuple[bytes, int, bool]:
        """Artefact, number of its promotion, and whether the policy still holds."""
        artefact, seq, ok = self._environments.current(environment)
        return artefact, seq, ok

    def environment(self, name: str, owner: str = "") -> bytes:
        """Id of an environment: given in hex, or by name and owner. Raises InputError for a name alone."""
        plain = name.removeprefix("0x")
        if len(plain) == 2 * DIGEST_BYTES and all(digit in "0123456789abcdef" for digit in plain.lower()):
            return bytes.fromhex(plain)
        if not owner:
            raise InputError(f"environment {name!r} of whom?", remedy="give its owner, or its id")
        found: bytes = self._environments.environment_id(checksum(owner).lower(), name)
        return found

    @property
    def _environments(self) -> Contract:
        if self.environments is None:
            raise InputError("no Environments contract given", remedy="name its address")
        return self.environments

    def _logs(self, *indexed: bytes | None) -> Iterator[Event]:
        """Registrations with these indexed arguments: id, author, digest; None for any."""
        topic = self.registry.interface.event("Registered").topic
        topics = ["0x" + topic.hex(), *(None if item is None else "0x" + item.hex() for item in indexed)]
        return find_logs(self.chain, self.registry.address, topics, self.first_block)

    def _record(self, log: Event) -> Record | None:
        """The record in a log, or None when the log is not what it should be."""
        try:
            topics = [bytes.fromhex(topic[2:]) for topic in log.topics]
            event = self.registry.interface.event("Registered")
            return Record.from_args(event.decode(topics, bytes.fromhex(log.data[2:]))["record"])
        except (InputError, AbiError, ValueError, KeyError, OverflowError):
            return None
