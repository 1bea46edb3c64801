"""What DVC keeps beside data: `dvc.lock` (a stage that ran: what it read and wrote) or a `.dvc` file (one data set).

Each file that it names has to be in place, with the MD5 that stands there. What is registered is its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import Kind, Relation
from keifu.provenance.digest import TreeDigest, digest_path
from keifu.provenance.imports._found import Found, asserted, inside, of_files, shown, verified
from keifu.provenance.imports._yaml import read_yaml

__all__ = ["read_dvc"]

WHO = "DVC"
BUILD_TYPE = "https://keifu.dev/import/dvc/v1"
SCHEMA = "2.0"
FOLDER_SUFFIX = ".dir"
CODE_SUFFIXES = frozenset(
    {".c", ".cc", ".cpp", ".go", ".ipynb", ".java", ".jl", ".js", ".py", ".r", ".rs", ".sh", ".ts"}
)


class _Item(msgspec.Struct):
    path: str
    md5: str = ""
    hash: str = ""


class _Stage(msgspec.Struct):
    cmd: Any = ""
    deps: list[_Item] = []
    params: dict[str, dict[str, Any]] = {}
    outs: list[_Item] = []


class _Lock(msgspec.Struct):
    schema: str
    stages: dict[str, _Stage]


class _Tracked(msgspec.Struct):
    outs: list[_Item]
    wdir: str = "."


def read_dvc(
    path: Path, stage: str = "", kind: Kind | None = None, kinds: Mapping[str, Kind] | None = None
) -> list[Found]:
    """The artefacts of a stage of `dvc.lock`, or of a `.dvc` file. `kind` is of all that was made, `kinds` of single
    paths. Raises InputError for what is neither, CheckFailed naming a file that is not what DVC saw."""
    if path.is_dir():
        path /= "dvc.lock"
    chosen = dict(kinds or {})
    if path.suffix == ".dvc":
        tracked = read_yaml(path, _Tracked, ".dvc file")
        base = path.parent / inside(tracked.wdir, str(path))
        found = [_artefact(base, item, chosen.pop(item.path, kind or Kind.DATASET)) for item in tracked.outs]
    else:
        found = _stage(path, *_chosen_stage(path, stage), kind or Kind.MODEL, chosen)
    if chosen:
        raise InputError(f"{path} has no path {min(chosen)!r}", remedy="spell it as the file does")
    return found


def _chosen_stage(path: Path, name: str) -> tuple[str, _Stage]:
    lock = read_yaml(path, _Lock, "dvc.lock")
    if lock.schema != SCHEMA:
        raise InputError(
            f"{path} has schema {lock.schema!r}, this version reads {SCHEMA}", remedy="dvc repro, by DVC 3"
        )
    if not name and len(lock.stages) == 1:
        (name,) = lock.stages
    if name not in lock.stages:
        listed = ", ".join(sorted(lock.stages)) or "none"
        raise InputError(f"{path} has no stage {name!r}; it has {listed}", remedy="--stage NAME")
    return name, lock.stages[name]


def _stage(path: Path, name: str, stage: _Stage, kind: Kind, kinds: dict[str, Kind]) -> list[Found]:
    base = path.parent
    read = [_artefact(base, item, kinds.pop(item.path, _kind_of(item.path))) for item in stage.deps]
    tree = digest_path(path)
    settings = {f"{file}:{key}": value for file, said in stage.params.items() for key, value in said.items()}
    facts = [of_files(tree), asserted("stage", name, WHO), asserted("command", shown(stage.cmd, "the command"), WHO)]
    facts += [asserted(f"parameter {key}", shown(value, key), WHO) for key, value in settings.items()]
    links = ((Relation.DERIVED_FROM if item.kind is Kind.CODE else Relation.TRAINED_ON, item.name) for item in read)
    run = Found(f"stage {name}", Kind.RUN, tree, tuple(facts), _predicate(stage, settings, read), tuple(links))
    parents = ((Relation.DERIVED_FROM, run.name),)
    written = [_artefact(base, item, kinds.pop(item.path, kind), parents) for item in stage.outs]
    return [*read, run, *written]


def _artefact(base: Path, item: _Item, kind: Kind, parents: tuple[tuple[Relation, str], ...] = ()) -> Found:
    """One path that DVC names, in place and as DVC saw it."""
    if item.hash not in {"", "md5"} or not item.md5:
        raise InputError(f"{item.path} has no MD5 in DVC's file", remedy="import what DVC keeps in its own cache")
    name = inside(item.path, "DVC's file")
    place = base / name
    tree = digest_path(place, exact=True)
    seen = _md5_of_folder(place, tree) if item.md5.endswith(FOLDER_SUFFIX) else _md5(place)
    if seen != item.md5:
        raise CheckFailed(f"{place} has MD5 {seen}, DVC saw {item.md5}", remedy="dvc checkout, or run the stage again")
    facts = (of_files(tree), verified("MD5 of DVC", seen, "recomputed from the files"))
    return Found(name, kind, tree, facts, {"dvc": {"path": item.path, "md5": item.md5}}, parents)


def _md5(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path} is no file, as DVC's file says")
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _md5_of_folder(path: Path, tree: TreeDigest) -> str:
    """As DVC hashes a folder: the JSON of the names and hashes of its files, in the order of their names."""
    names = sorted(file.name for file in tree.files)
    listed = [{"md5": _md5(path / name), "relpath": name} for name in names]
    return hashlib.md5(json.dumps(listed).encode(), usedforsecurity=False).hexdigest() + FOLDER_SUFFIX


def _kind_of(path: str) -> Kind:
    """DVC does not say what a file is for: source code is known by its name, everything else counts as data."""
    return Kind.CODE if Path(path).suffix.lower() in CODE_SUFFIXES else Kind.DATASET


def _predicate(stage: _Stage, settings: Mapping[str, Any], read: list[Found]) -> dict[str, Any]:
    needed = [{"name": item.name, "digest": {"sha256": item.tree.root.hex()}} for item in read]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"command": stage.cmd, "parameters": dict(settings)},
            "resolvedDependencies": needed,
        },
        "runDetails": {"builder": {"id": "https://dvc.org"}},
    }
