"""A repository in the cache of Hugging Face's hub: `models--OWNER--NAME`, with its refs, snapshots and blobs.

A blob's name is the hash of its bytes (SHA-256 of a large file, git's SHA-1 of a small one), which is recomputed. That
the hub has this file in this commit is the cache's word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError
from keifu.provenance._model import Kind
from keifu.provenance.digest import FileDigest, digest_path
from keifu.provenance.export import Fact, spdx_id
from keifu.provenance.imports._found import Found, asserted, inside, of_files, shown, verified
from keifu.provenance.imports._git import SHA1_DIGITS, object_hasher
from keifu.provenance.imports._yaml import yaml_text
from keifu.units import counted

__all__ = ["read_huggingface"]

WHO = "the hub's cache"
KINDS = {"models": Kind.MODEL, "datasets": Kind.DATASET, "spaces": Kind.CODE}
MAIN = "main"
LARGEST_CARD = 1 << 20
SHORT = 12  # digits of a commit that name a version
_FOLDER = re.compile(r"(models|datasets|spaces)--(.+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256_DIGITS = 64
_CARD = re.compile(rb"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)


class _Card(msgspec.Struct):
    license: Any = ""
    base_model: Any = ""
    datasets: Any = ""
    pipeline_tag: Any = ""
    library_name: Any = ""


def read_huggingface(path: Path, revision: str = "", kind: Kind | None = None) -> Found:
    """The snapshot of `revision` (a branch, a tag, or a commit; main by default) in a repository's folder of the cache.
    Raises InputError for what is none, CheckFailed naming a blob whose bytes are not those of its name."""
    named = _FOLDER.fullmatch(path.resolve().name)
    if named is None or not (path / "snapshots").is_dir():
        raise InputError(f"{path} is no repository of a Hugging Face cache", remedy="a folder like models--OWNER--NAME")
    group, repository = named[1], named[2].replace("--", "/")
    commit = _commit(path, revision or MAIN)
    snapshot = path / "snapshots" / commit
    if not snapshot.is_dir():
        raise InputError(f"{path} has no snapshot of commit {commit}", remedy="download it again, or name --revision")
    tree = digest_path(snapshot, links=True, exact=True)
    checked = sum(_is_as_named(path, snapshot, file) for file in tree.files)
    how = (
        "hash to the names of their blobs" if checked == len(tree.files) else "of them hash to the names of their blobs"
    )
    facts = [
        of_files(tree),
        verified("blobs", f"{counted(checked, 'file')} {how}", "recomputed from the files"),
        asserted("repository", f"{group}/{repository}", WHO),
        asserted("commit", commit, WHO),
    ]
    card = _card(snapshot)
    facts += _card_facts(card)
    prefix = "" if group == "models" else f"{group}/"
    return Found(
        repository, kind or KINDS[group], tree, tuple(facts),
        {"repository": f"{group}/{repository}", "commit": commit, "revision": revision or MAIN},
        uri=f"hf://{prefix}{repository}@{commit}", version=commit[:SHORT],
        licence=spdx_id(card.license) if isinstance(card.license, str) else "",
    )  # fmt: skip


def _commit(path: Path, revision: str) -> str:
    """The commit that a reference of the cache names."""
    if _COMMIT.fullmatch(revision):
        return revision
    name = inside(revision, "--revision")
    if not (path / "refs" / name).is_file():
        known = ", ".join(sorted(str(item.relative_to(path / "refs")) for item in _files(path / "refs"))) or "none"
        raise InputError(f"{path} has no reference {revision!r}; it has {known}", remedy="--revision NAME, or a commit")
    found = read_bounded(path / "refs" / name, LARGEST_CARD, "a reference").decode("ascii", "replace").strip()
    if _COMMIT.fullmatch(found) is None:
        raise InputError(f"{path / 'refs' / name} names no commit", remedy="download the repository again")
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (item for item in folder.rglob("*") if item.is_file())


def _is_as_named(path: Path, snapshot: Path, file: FileDigest) -> bool:
    """Whether a file of the snapshot leads to a blob whose name is its hash; False where it has no such name. A link
    that leads anywhere else is refused: it would have any file of this machine published as the model's."""
    place = snapshot / file.name
    if not place.is_symlink():
        return False  # as on disks without links
    blob = place.resolve()
    if blob.parent != (path / "blobs").resolve():
        raise InputError(f"{place} leads to {blob}, out of the repository's blobs", remedy="download it again")
    if len(blob.name) == _SHA256_DIGITS:
        seen = file.digest.hex()
    elif len(blob.name) == SHA1_DIGITS:
        seen = _git_id(blob, file.size)
    else:
        return False
    if seen != blob.name:
        raise CheckFailed(f"{place} hashes to {seen}, its blob is called {blob.name}", remedy="download it again")
    return True


def _git_id(path: Path, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: object_hasher(SHA1_DIGITS, "blob", size)).hexdigest()


def _card(snapshot: Path) -> _Card:
    """What the repository's card says before its text."""
    path = snapshot / "README.md"
    found = _CARD.match(read_bounded(path, LARGEST_CARD, "a card")) if path.is_file() else None
    return yaml_text(found[1], _Card, f"{path} has no card that can be read") if found else _Card()


def _card_facts(card: _Card) -> list[Fact]:
    said = {
        "licence": card.license, "base model": card.base_model, "data sets": card.datasets,
        "task": card.pipeline_tag, "library": card.library_name,
    }  # fmt: skip
    return [asserted(name, shown(value, name), "its card") for name, value in said.items() if value]
