"""A folder of artefacts with their records: what a pipeline registers, step by step, and finds again by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keifu.errors import InputError
from keifu.keys import Account
from keifu.provenance import ZERO, Kind, Link, Record, Relation
from keifu.provenance.digest import TreeDigest, digest_path
from keifu.provenance.documents import Documents
from keifu.provenance.manifest import Manifest
from keifu.provenance.registry import Entry, Provenance
from keifu.provenance.statement import canonical, statement

__all__ = ["Artefact", "ArtefactFolder"]

DOCUMENTS = "documents"


@dataclass(frozen=True)
class Artefact:
    """Something registered: where its bytes are, what they hash to, its record and what was said about it."""

    name: str
    path: Path
    digest: TreeDigest
    record: Record
    id: bytes
    statement: dict[str, Any]


@dataclass
class ArtefactFolder:
    """Registers folders below `folder` for `author` and keeps manifests and statements beside them.

    `on_step(artefact)` is called after each registration.
    """

    folder: Path
    source: Provenance
    author: Account
    licence: str = "CC-BY-4.0"
    on_step: Callable[[Artefact], None] = lambda artefact: None
    artefacts: dict[str, Artefact] = field(default_factory=dict)
    documents: Documents = field(init=False)

    def __post_init__(self) -> None:
        self.documents = Documents(kept=self.folder / DOCUMENTS)

    def __getitem__(self, name: str) -> Artefact:
        if name not in self.artefacts:
            raise InputError(f"no artefact called {name}", remedy=f"there are: {', '.join(self.artefacts)}")
        return self.artefacts[name]

    def place(self, name: str) -> Path:
        """The folder of the artefact `name`, made when it is not there."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def register(
        self,
        name: str,
        kind: Kind,
        parents: Sequence[tuple[Relation, str]] = (),
        *,
        predicate: Mapping[str, Any] | None = None,
        version: str = "1.0.0",
        program_root: bytes = ZERO,
    ) -> Artefact:
        """Digest the folder of `name`, write its statement, register its record with links to the named parents."""
        digest = digest_path(self.place(name))
        said = statement(name, digest.root, predicate or {"description": name}, kind.word)
        body = canonical(said)
        manifest = Manifest.of(digest, [body])
        links = tuple(Link(relation, self[parent].id) for relation, parent in parents)
        record = Record(
            self.author.address,
            kind,
            digest.root,
            program_root=program_root,
            manifest=manifest.hash,
            uri=f"file:{name}",
            licence=self.licence,
            version=version,
            links=links,
        )
        for document in (manifest.body, body):
            self.documents.keep(document)
        record_id = self.source.register(record, self.author)
        artefact = Artefact(name, self.folder / name, digest, record, record_id, said)
        self.artefacts[name] = artefact
        self.on_step(artefact)
        return artefact

    def entry(self, record_id: bytes) -> Entry | None:
        """So that lineage is walked from here: the chain is asked."""
        return self.source.entry(record_id)

    @property
    def names(self) -> dict[bytes, str]:
        return {artefact.id: artefact.name for artefact in self.artefacts.values()}

    @property
    def statements(self) -> dict[bytes, dict[str, Any]]:
        """By record id."""
        return {artefact.id: artefact.statement for artefact in self.artefacts.values()}

    def write_json(self, name: str, filename: str, document: Mapping[str, Any]) -> None:
        """A file of the artefact `name`."""
        path = self.place(name) / filename
        path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
