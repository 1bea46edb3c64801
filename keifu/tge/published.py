"""Whether a published folder is what its CSV makes: every file computed again and compared byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from keifu.errors import InputError
from keifu.tge.files import SUMMARY, Summary, contents, read_summary, summarize
from keifu.tge.grants import Grants

__all__ = ["compare"]

SHOWN = 60  # characters of a field in a message


def compare(
    grants: Grants,
    folder: Path,
    *,
    csv_path: Path | None,
    step: int,
    steps: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """What is published in `folder` and is not what the list and its schedule make; empty when all of it is.

    Each entry names the file and the field, line or byte. `on_progress(done)` is called with the number of proofs
    compared so far.
    """
    summary = summarize(grants, csv_path=csv_path, step=step, steps=steps)
    try:
        faults = list(_fields(read_summary(folder), summary))
    except InputError as error:
        faults = [f"{SUMMARY}: {error.message}"]
    expected = set()
    for name, content in contents(grants, summary, on_progress):
        expected.add(name)
        if name != SUMMARY or not faults:  # of a summary with another field that field has been named
            faults += _file(folder, name, content)
    faults += [f"{name}: not a file of this list" for name in _files(folder) if name not in expected]
    return faults


def _fields(published: Summary, summary: Summary) -> Iterator[str]:
    for field in msgspec.structs.fields(Summary):
        found, right = getattr(published, field.name), getattr(summary, field.name)
        if found != right:
            yield f"{SUMMARY}: {field.name} is {_shown(found)}, not {_shown(right)}"


def _file(folder: Path, name: str, content: bytes) -> Iterator[str]:
    try:
        found = (folder / name).read_bytes()
    except OSError as error:
        yield f"{name}: {error.strerror or error}"
        return
    if found == content:
        return
    place = _first_difference(found, content)
    if name.endswith(".bin"):
        yield f"{name}: byte {place} differs"
        return
    line, begin = content.count(b"\n", 0, place) + 1, content.rfind(b"\n", 0, place) + 1
    yield f"{name}: line {line}, byte {place - begin} differs"


def _first_difference(found: bytes, content: bytes) -> int:
    """Where two texts that differ part, by halving: no loop over the bytes of a large file."""
    low, high = 0, min(len(found), len(content))
    while low < high:
        middle = (low + high + 1) // 2
        if found[low:middle] == content[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _files(folder: Path) -> Iterator[str]:
    """What stands where published files stand: a shard too many would be taken for a list's."""
    yield from sorted(f"proofs/{path.name}" for path in (folder / "proofs").glob("*"))


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
