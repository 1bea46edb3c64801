"""What every exporter is given: an artefact, its ancestors, and facts that say what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from keifu.errors import InputError
from keifu.provenance._model import Relation, Status
from keifu.provenance.digest import TreeDigest
from keifu.provenance.lineage import Lineage
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry
from keifu.provenance.statement import instant, rfc3339

__all__ = ["Basis", "Exporter", "Fact", "Subject", "describe", "part", "rfc3339", "stated_time"]


class Basis(StrEnum):
    """What a field rests on."""

    VERIFIED = "verified"
    ASSERTED = "asserted"


@dataclass(frozen=True)
class Fact:
    """One field with what it rests on, in words."""

    name: str
    value: str
    basis: Basis
    how: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "value": self.value, "basis": self.basis.value, "how": self.how}


@dataclass(frozen=True)
class Subject:
    """An artefact to export. `statements` are the in-toto statements of records, by id; metrics and hyperparameters
    come out of them. `manifests` name the files of the records whose manifests are at hand."""

    name: str
    entry: Entry
    lineage: Lineage
    facts: tuple[Fact, ...]
    statements: Mapping[bytes, Mapping[str, Any]] = field(default_factory=dict)
    manifests: Mapping[bytes, Manifest] = field(default_factory=dict)

    def parents(self, *relations: Relation) -> Iterator[Entry]:
        """Direct parents in these relations."""
        for link in self.entry.record.links:
            if link.relation in relations and link.parent in self.lineage.entries:
                yield self.lineage.entries[link.parent]

    def predicate(self, record_id: bytes) -> Mapping[str, Any]:
        """What a record's author states, in whatever form; nothing when it has no members."""
        return part(self.statements.get(record_id, {}), "predicate")

    def metrics(self) -> Iterator[tuple[bytes, str, Any]]:
        """Evaluating record, name and value of each measure: a test result keeps them beside what was tested."""
        for record_id in self.statements:
            tested = self.predicate(record_id).get("configuration")
            for item in tested if isinstance(tested, list) else ():
                measures = part(part(item, "annotations"), "metrics")
                yield from ((record_id, str(name), value) for name, value in measures.items())

    def name_of(self, entry: Entry) -> str:
        """What its author calls it, or its kind."""
        return self.name if entry.id == self.entry.id else self.lineage.names.get(entry.id) or entry.record.kind.word

    def basis(self, name: str) -> Basis:
        """What the field `name` rests on."""
        return next((fact.basis for fact in self.facts if fact.name == name), Basis.ASSERTED)


def part(document: Any, key: str) -> Mapping[str, Any]:
    """The object under a key of an author's statement, empty where there is none."""
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def stated_time(metadata: Mapping[str, Any], key: str) -> str:
    """The time that an author states, in UTC to the second; nothing where no time stands there."""
    try:
        seconds = instant(metadata[key])
    except (InputError, KeyError):
        return ""
    return rfc3339(seconds) if seconds >= 0 else ""


class Exporter(Protocol):
    """One output format."""

    name: str
    filename: str

    def render(self, subject: Subject) -> bytes:
        """The document, the same for the same subject."""


def describe(
    name: str,
    lineage: Lineage,
    *,
    recomputed: TreeDigest | None = None,
    statements: Mapping[bytes, Mapping[str, Any]] | None = None,
    manifests: Mapping[bytes, Manifest] | None = None,
    source: str = "chain",
) -> Subject:
    """A subject for `lineage.root`. `recomputed` is the digest of the bytes at hand: without it the digest is an
    assertion of the author's like any other. `source` says where records were read and checked."""
    entry = lineage.entries[lineage.root]
    record = entry.record
    held = f"content hashes to the record's id, which the {source} holds"
    same = recomputed is not None and recomputed.root == record.digest
    facts = [
        Fact("id", entry.id.hex(), Basis.VERIFIED, held),
        Fact("author", record.author, Basis.VERIFIED, f"the {source} accepted it from this account only"),
        Fact("status", entry.status.word, Basis.VERIFIED, f"read from the {source}"),
        Fact("registered", rfc3339(entry.time), Basis.VERIFIED, f"time of the block, from the {source}"),
        Fact(
            "digest",
            record.digest.hex(),
            Basis.VERIFIED if same else Basis.ASSERTED,
            "recomputed from the bytes" if same else "not recomputed: no bytes were given",
        ),
        Fact("kind", record.kind.word, Basis.ASSERTED, "the author's word"),
        Fact("version", record.version, Basis.ASSERTED, "the author's word"),
        Fact("licence", record.licence, Basis.ASSERTED, "the author's word"),
    ]
    for link in record.links:
        title = lineage.title(link.parent)
        facts.append(Fact(link.relation.word, title, Basis.ASSERTED, "the author's word; the parent was there before"))
    withdrawn = [item for item in lineage.entries.values() if item.status != Status.ACTIVE]
    state = ", ".join(lineage.title(item.id) for item in withdrawn) or "none"
    facts.append(Fact("withdrawn ancestors", state, Basis.VERIFIED, f"states read from the {source}"))
    return Subject(name, entry, lineage, tuple(facts), statements or {}, manifests or {})
