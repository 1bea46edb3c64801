"""Records, links, attestations, labels and heartbeats, and their EIP-712 hashes, as the contracts define them.

A record's id is its EIP-712 digest in the registry's domain with the low six bytes cleared: it commits to the chain,
the registry, the author, the content and the parents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from keifu.abi.eip712 import ATTEST, ATTESTATION, HEARTBEAT, LABEL, LINK, RECORD, REGISTER
from keifu.errors import InputError
from keifu.keys import Domain, checksum, keccak256
from keifu.spec.kinds import MAX_ENVIRONMENT_BYTES, MAX_LINKS, MAX_NAME_BYTES, MAX_URI_BYTES, Kind, Relation, Status

__all__ = [
    "Attestation",
    "Heartbeat",
    "Kind",
    "Label",
    "Link",
    "PolicyEntry",
    "Record",
    "RegistryDomain",
    "Relation",
    "Status",
    "digest_bytes",
    "environment_id",
    "environments_domain",
    "heartbeat_digest",
    "is_heartbeat_signed",
]

DIGEST_BYTES = 32
ADDRESS_HEX = 42  # 0x and 40 digits
ID_TAIL_BYTES = 6  # cleared in an id
ZERO = bytes(DIGEST_BYTES)


def digest_bytes(value: bytes | str, what: str) -> bytes:
    """32 bytes from bytes or hex; raises InputError naming `what` when they are not 32 bytes."""
    if isinstance(value, str):
        try:
            value = bytes.fromhex(value.removeprefix("0x").removeprefix("sha256:"))
        except ValueError as error:
            raise InputError(f"{what} is not hexadecimal", remedy="64 hex digits, with or without 0x") from error
    if len(value) != DIGEST_BYTES:
        raise InputError(f"{what} has {len(value)} bytes, not {DIGEST_BYTES}", remedy="give all 64 hex digits")
    return bytes(value)


def _text(value: str, limit: int, what: str) -> str:
    if len(value.encode()) > limit:
        raise InputError(f"{what} takes {len(value.encode())} bytes, at most {limit} fit")
    return value


@lru_cache(maxsize=4_096)  # of a registry's records, most are by few authors
def _account(address: str) -> str:
    """An address in lower case; raises InputError when it is none."""
    return checksum(address).lower()


def _member(kind: type[IntEnum], value: Any, what: str) -> Any:
    """The enum member that a number or a word stands for; raises InputError with the known ones."""
    try:
        return kind[value.upper().replace("-", "_")] if isinstance(value, str) else kind(value)
    except (KeyError, ValueError) as error:
        known = ", ".join(member.name.lower().replace("_", "-") for member in kind)
        raise InputError(f"unknown {what} {value!r}", remedy=f"one of {known}") from error


@dataclass(frozen=True)
class Link:
    """One edge of the graph, to a parent that was registered before."""

    relation: Relation
    parent: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "relation", _member(Relation, self.relation, "relation"))
        object.__setattr__(self, "parent", digest_bytes(self.parent, "parent id"))


@dataclass(frozen=True)
class Record:
    """What an author says about one artefact. Raises InputError for what the registry would refuse."""

    author: str
    kind: Kind
    digest: bytes
    content_root: bytes = ZERO
    program_root: bytes = ZERO
    manifest: bytes = ZERO
    uri: str = ""
    licence: str = ""
    version: str = ""
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "author", _account(self.author))
        put(self, "kind", _member(Kind, self.kind, "kind of record"))
        for field in ("digest", "content_root", "program_root", "manifest"):
            put(self, field, digest_bytes(getattr(self, field), field.replace("_", " ")))
        if self.digest == ZERO:
            raise InputError("the digest is empty", remedy="compute it with `keifu prov digest`")
        _text(self.uri, MAX_URI_BYTES, "uri")
        _text(self.licence, MAX_NAME_BYTES, "licence")
        _text(self.version, MAX_NAME_BYTES, "version")
        put(self, "links", tuple(self.links))
        if len(self.links) > MAX_LINKS:
            raise InputError(
                f"{len(self.links)} links, at most {MAX_LINKS} fit", remedy="link to a record that links on"
            )

    @property
    def args(self) -> tuple[Any, ...]:
        """As the contract takes it."""
        return (
            self.author,
            int(self.kind),
            self.digest,
            self.content_root,
            self.program_root,
            self.manifest,
            self.uri,
            self.licence,
            self.version,
            tuple((int(link.relation), link.parent) for link in self.links),
        )

    @classmethod
    def from_args(cls, args: Any) -> Record:
        """From decoded call or event data."""
        author, kind, digest, content_root, program_root, manifest, uri, licence, version, links = args
        parents = tuple(Link(relation, parent) for relation, parent in links)
        return cls(author, kind, digest, content_root, program_root, manifest, uri, licence, version, parents)

    def to_json(self) -> dict[str, Any]:
        return {
            "author": self.author,
            "kind": self.kind.word,
            "digest": self.digest.hex(),
            "contentRoot": self.content_root.hex(),
            "programRoot": self.program_root.hex(),
            "manifest": self.manifest.hex(),
            "uri": self.uri,
            "licence": self.licence,
            "version": self.version,
            "links": [{"relation": link.relation.word, "parent": link.parent.hex()} for link in self.links],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Raises InputError when a field is missing or malformed."""
        try:
            return cls(
                author=data["author"],
                kind=data["kind"],
                digest=data["digest"],
                content_root=data["contentRoot"],
                program_root=data["programRoot"],
                manifest=data["manifest"],
                uri=data["uri"],
                licence=data["licence"],
                version=data["version"],
                links=tuple(Link(link["relation"], link["parent"]) for link in data["links"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"a record lacks or garbles {error}") from error


@dataclass(frozen=True)
class Attestation:
    """What an attester says about a record under a schema. `expiry` zero means never."""

    schema: bytes
    subject: bytes
    expiry: int = 0
    revocable: bool = True
    reference: bytes = ZERO
    data: bytes = ZERO

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.schema, self.subject, self.expiry, self.revocable, self.reference, self.data)


@dataclass(frozen=True)
class PolicyEntry:
    """At least `needed` of `attesters` must stand by the artefact under `schema`; `max_age` in seconds, zero: any."""

    schema: bytes
    needed: int
    max_age: int
    attesters: tuple[str, ...]

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.schema, self.needed, self.max_age, tuple(self.attesters))


@dataclass(frozen=True)
class Label:
    """What a labeller says about sample `index` of a data set; `sample` is the SHA-256 of its bytes."""

    labeller: str
    dataset: bytes
    index: int
    sample: bytes
    label: bytes

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.labeller, self.dataset, self.index, self.sample, self.label)


@dataclass(frozen=True)
class Heartbeat:
    """What a node signs while it runs an artefact: the digest that it recomputed when it loaded the bytes."""

    node: str
    environment: bytes
    promotion_seq: int
    digest: bytes
    time: int

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.node, self.environment, self.promotion_seq, self.digest, self.time)


class RegistryDomain:
    """Digests and ids in the domain of one registry on one chain."""

    def __init__(self, chain_id: int, registry: Any) -> None:
        self.domain = Domain("Keifu Provenance", "1", chain_id, registry)

    def record_digest(self, record: Record) -> bytes:
        """What an author signs for an anchored record."""
        return self.domain.digest(RECORD, *_record_members(record))

    def record_id(self, record: Record) -> bytes:
        return self.record_digest(record)[:-ID_TAIL_BYTES] + bytes(ID_TAIL_BYTES)

    def register_digest(self, record: Record, nonce: int, deadline: int) -> bytes:
        """What an author signs so that somebody else may register."""
        return self.domain.digest(REGISTER, RECORD.hash(*_record_members(record)), nonce, deadline)

    def attest_digest(self, attester: str, attestation: Attestation, nonce: int, deadline: int) -> bytes:
        """What an attester signs so that somebody else may attest."""
        return self.domain.digest(ATTEST, attester, ATTESTATION.hash(*attestation.args), nonce, deadline)

    def register_document(self, record: Record, nonce: int, deadline: int) -> dict[str, Any]:
        """The same as typed data, for wallets that show what they sign."""
        return self.domain.document(REGISTER, record.args, nonce, deadline)

    def attest_document(self, attester: str, attestation: Attestation, nonce: int, deadline: int) -> dict[str, Any]:
        """The same as typed data."""
        return self.domain.document(ATTEST, attester, attestation.args, nonce, deadline)

    def label_digest(self, label: Label) -> bytes:
        """What a labeller signs."""
        return self.domain.digest(LABEL, *label.args)

    def is_label_signed(self, label: Label, signature: bytes) -> bool:
        """Whether its labeller signed it, as the registry's `is_label` finds."""
        return self.domain.is_signed_by(label.labeller, signature, LABEL, *label.args)


def _record_members(record: Record) -> tuple[Any, ...]:
    *plain, links = record.args
    return (*plain, [LINK.hash(*link) for link in links])


def environment_id(chain_id: int, environments: str, owner: str, name: str) -> bytes:
    """Id of an owner's environment, as the contract computes it: no node has to be asked."""
    text = _text(name, MAX_ENVIRONMENT_BYTES, "an environment's name").encode()
    words = (chain_id, int(environments, 16), int(checksum(owner), 16), 4 * DIGEST_BYTES, len(text))
    padded = text + bytes(-len(text) % DIGEST_BYTES)
    return keccak256(b"".join(word.to_bytes(DIGEST_BYTES, "big") for word in words) + padded)


def environments_domain(chain_id: int, environments: Any) -> Domain:
    return Domain("Keifu Environments", "1", chain_id, environments)


def heartbeat_digest(domain: Domain, heartbeat: Heartbeat) -> bytes:
    """What a node signs; `domain` is that of the Environments contract."""
    return domain.digest(HEARTBEAT, *heartbeat.args)


def is_heartbeat_signed(domain: Domain, heartbeat: Heartbeat, signature: bytes) -> bool:
    """Whether its node signed it, as `is_heartbeat_false` finds."""
    return domain.is_signed_by(heartbeat.node, signature, HEARTBEAT, *heartbeat.args)
