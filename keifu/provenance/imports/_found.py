"""What every importer gives back: artefacts of another tool, with the facts that it states about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keifu.errors import InputError
from keifu.provenance._model import Kind, Link, Record, Relation
from keifu.provenance.digest import TreeDigest
from keifu.provenance.export import Basis, Fact
from keifu.provenance.manifest import Manifest
from keifu.provenance.statement import canonical, statement
from keifu.texts import hidden_in
from keifu.units import counted

__all__ = ["Found", "asserted", "inside", "of_files", "shown", "verified"]

LONGEST_FACT = 4_096  # characters of one value
MAX_FACTS = 1_000


def verified(name: str, value: str, how: str) -> Fact:
    """Recomputed from bytes at hand."""
    return Fact(name, value, Basis.VERIFIED, how)


def asserted(name: str, value: str, who: str) -> Fact:
    """What another tool says, which no computation here confirms."""
    return Fact(name, value, Basis.ASSERTED, f"as {who} says")


@dataclass(frozen=True)
class Found:
    """One artefact that can be registered. `parents` are names of others of the same import, with the relation."""

    name: str
    kind: Kind
    tree: TreeDigest
    facts: tuple[Fact, ...]
    predicate: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[tuple[Relation, str], ...] = ()
    uri: str = ""
    licence: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        for text in (self.name, self.uri, self.licence, self.version):
            if sign := hidden_in(text):
                raise InputError(f"{text!a} has the character U+{ord(sign):04X}, which nobody sees", remedy="rename it")
        if len(self.facts) > MAX_FACTS:
            raise InputError(f"{self.name}: {len(self.facts):,} facts, at most {MAX_FACTS:,} are kept")

    @property
    def statement(self) -> bytes:
        """An in-toto statement with every fact and what it rests on: SLSA provenance for a run."""
        kind = "run" if self.kind is Kind.RUN else "other"
        document = statement(self.name, self.tree.root, self.predicate, kind)
        document["subject"][0]["annotations"] = {"keifu": {"facts": [fact.to_json() for fact in self.facts]}}
        return canonical(document)

    @property
    def manifest(self) -> Manifest:
        """Of its files, with its statement."""
        return Manifest.of(self.tree, [self.statement])

    def record(self, author: str, ids: Mapping[str, bytes], links: Sequence[Link] = ()) -> Record:
        """As its author registers it. `ids` are those of the artefacts of this import that come before it."""
        parents = tuple(Link(relation, ids[name]) for relation, name in self.parents)
        return Record(
            author, self.kind, self.tree.root, manifest=self.manifest.hash, uri=self.uri, licence=self.licence,
            version=self.version, links=(*parents, *links),
        )  # fmt: skip

    def changed(self, version: str = "", licence: str = "", uri: str = "") -> Found:
        """With these words of whoever imports it; an empty one leaves what the other tool says."""
        return replace(self, version=version or self.version, licence=licence or self.licence, uri=uri or self.uri)


def of_files(tree: TreeDigest) -> Fact:
    """The fact that holds for every import."""
    size = f"{counted(len(tree.files), 'file')}, {counted(tree.size, 'byte')}"
    return verified("files", f"{size}, {tree.root.hex()}", "read and hashed, names in the manifest")


def shown(value: Any, what: str) -> str:
    """One value as text. Raises InputError when it is too long for a fact."""
    text = value if isinstance(value, str) else canonical({"": value}).decode()[4:-1]
    if len(text) > LONGEST_FACT:
        raise InputError(
            f"{what} takes {len(text):,} characters, at most {LONGEST_FACT:,} are kept", remedy="shorten it"
        )
    return text


def inside(name: str, where: str) -> str:
    """A path that another tool's file names, which has to stay below that file's folder: otherwise the file could have
    anything on this machine hashed and published."""
    parts = name.split("/")
    if not name or name.startswith(("/", "~")) or "\\" in name or "://" in name or ".." in parts or "\0" in name:
        raise InputError(
            f"{where} names {name!r}, which is not below its folder", remedy="import from the folder above it"
        )
    return "/".join(part for part in parts if part not in {"", "."})
