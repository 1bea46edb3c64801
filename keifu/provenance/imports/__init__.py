"""Records made from what other tools keep: a run of MLflow or DVC, a Hugging Face cache, a tag of git.

Each importer reads files alone (no server, and none of those tools) and gives artefacts with facts. A fact is
*verified* when it was recomputed from the bytes at hand, and *asserted* when the other tool says so. `declare`
registers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from keifu.chain.firsts import unless_done
from keifu.errors import InputError
from keifu.keys import Account
from keifu.provenance._model import Link, Record, Status
from keifu.provenance.documents import Documents
from keifu.provenance.imports._dvc import read_dvc
from keifu.provenance.imports._found import Found
from keifu.provenance.imports._git import read_tag
from keifu.provenance.imports._huggingface import read_huggingface
from keifu.provenance.imports._mlflow import read_mlflow
from keifu.provenance.registry import Provenance

__all__ = [
    "Declared",
    "Found",
    "declare",
    "described",
    "made_in",
    "read_dvc",
    "read_huggingface",
    "read_mlflow",
    "read_tag",
]


@dataclass(frozen=True)
class Declared:
    """An imported artefact under its id. `new`: it was registered now, not before."""

    id: bytes
    found: Found
    record: Record
    new: bool

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id.hex(), "new": self.new, **described(self.found), "record": self.record.to_json()}


def _is_known(source: Provenance, record_id: bytes) -> bool:
    return bool(source.registry.state_of(record_id)[2] != Status.UNKNOWN)


def described(found: Found) -> dict[str, Any]:
    """What an import would register, with what each field rests on."""
    said = {"name": found.name, "kind": found.kind.word, "digest": found.tree.root.hex()}
    return {**said, "manifest": found.manifest.hash.hex(), "facts": [fact.to_json() for fact in found.facts]}


def made_in(items: Sequence[Found]) -> set[str]:
    """Names of what an import made in the end: nothing else of it is made from them."""
    return {item.name for item in items} - {name for item in items for _, name in item.parents}


def declare(
    items: Sequence[Found], source: Provenance, sender: Account, documents: Documents, links: Sequence[Link] = ()
) -> list[Declared]:
    """Register the artefacts of one import, parents first; `links` are further parents of what was made. One that is
    registered already is left as it is, so that an import that was cut off goes on where it stopped. Raises InputError
    before anything is sent when one of them cannot be registered."""
    ids: dict[str, bytes] = {}
    last = made_in(items)
    ready: list[Declared] = []
    for item in items:
        if item.name in ids:
            raise InputError(f"two artefacts of the import are called {item.name!r}", remedy="rename one")
        record = item.record(sender.address, ids, links if item.name in last else ())
        ids[item.name] = source.domain.record_id(record)
        ready.append(Declared(ids[item.name], item, record, not _is_known(source, ids[item.name])))
    declared = []
    for made in ready:
        documents.keep(made.found.manifest.body)
        documents.keep(made.found.statement)
        register = partial(source.register, made.record, sender)
        new = made.new and unless_done(register, partial(_is_known, source, made.id))
        declared.append(replace(made, new=new))
    return declared
