"""A set of labels as one: signed from a table, joined from several labellers, and what is wrong with it.

A table is CSV with the columns index, sample, label: the sample is a file beside the table, or its SHA-256. With salts,
a label's word is the SHA-256 of salt and label: what is anchored says nothing about the label until its line of the
salts is shown, and never again once that line is deleted.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from keifu._files import read_bounded, require_plain
from keifu.errors import CheckFailed, InputError
from keifu.keys import Account
from keifu.provenance._model import RegistryDomain
from keifu.provenance.labels import LabelBatch, label_word
from keifu.provenance.statement import canonical, statement

__all__ = [
    "Opening", "Row", "faults", "join", "read_salts", "read_table", "salted", "sign_table", "signers_statement",
    "write_salts",
]  # fmt: skip

COLUMNS = ("index", "sample", "label")
SALTS = ("index", "label", "salt")
SALT_BYTES = 32
NAMED = 10  # rows that a message lists
MAX_LABELLERS = 1_000  # that a statement lists
LARGEST_INDEX = 2**63 - 1
LARGEST_TABLE = 256 << 20  # bytes: some three million labels of samples by their hashes
_DIGEST = re.compile(r"(?:0x|sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Row:
    """One line of a table: the sample's place and SHA-256, and the label as it is written."""

    index: int
    sample: bytes
    label: str


@dataclass(frozen=True)
class Opening:
    """What shows the label behind a salted word."""

    label: str
    salt: bytes

    @property
    def word(self) -> bytes:
        return salted(self.salt, self.label)


def salted(salt: bytes, label: str) -> bytes:
    """The word of a label under a salt."""
    return hashlib.sha256(salt + label.encode()).digest()


def read_table(path: Path) -> list[Row]:
    """Raises InputError naming the line that is not as it should be."""
    rows: list[Row] = []
    for line, values in _lines(path, COLUMNS):
        where = f"{path}, line {line}"
        rows.append(Row(_index(values["index"], where), _sample(values["sample"], path.parent, where), values["label"]))
    if not rows:
        raise InputError(f"{path} has no labels", remedy="one line a label below index,sample,label")
    return rows


def _lines(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        text = read_bounded(path, LARGEST_TABLE, "a table of labels").decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != tuple(columns):
            raise InputError(f"{path} has columns {reader.fieldnames}", remedy=f"first line: {','.join(columns)}")
        found = [(reader.line_num, dict(row)) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no table: {error}", remedy="CSV in UTF-8") from error
    for line, values in found:
        if None in values or None in values.values():
            raise InputError(f"{path}, line {line}: not {len(columns)} values", remedy=",".join(columns))
    return found


def _index(text: str, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > LARGEST_INDEX:
        raise InputError(f"{where}: {text!r} is no index", remedy="a whole number from 0")
    return int(text)


def _sample(text: str, folder: Path, where: str) -> bytes:
    if (digest := _DIGEST.fullmatch(text)) is not None:
        return bytes.fromhex(digest[1])
    try:
        require_plain(folder / text)
        with open(folder / text, "rb") as sample:
            return hashlib.file_digest(sample, "sha256").digest()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{where}: no sample {text!r}: {why}", remedy="name a file beside the table, or a SHA-256"
        ) from error


def sign_table(
    domain: RegistryDomain, dataset: bytes, rows: Sequence[Row], labeller: Account, *, salts: bool = False
) -> tuple[LabelBatch, list[Opening]]:
    """All rows signed by one labeller, and what opens them when they are salted."""
    openings = [Opening(row.label, secrets.token_bytes(SALT_BYTES)) for row in rows] if salts else []
    words = [item.word for item in openings] or [label_word(row.label) for row in rows]
    batch = LabelBatch(
        domain,
        dataset,
        np.tile(np.frombuffer(bytes.fromhex(labeller.address[2:]), np.uint8), (len(rows), 1)),
        np.array([row.index for row in rows], np.int64),
        np.frombuffer(b"".join(row.sample for row in rows), np.uint8).reshape(-1, 32),
        np.frombuffer(b"".join(words), np.uint8).reshape(-1, 32),
        np.zeros((len(rows), 65), np.uint8),
    )
    digests = batch.digests()
    for row in range(len(rows)):
        batch.signatures[row] = np.frombuffer(labeller.sign(digests[row].tobytes()), np.uint8)
    return batch, openings


def write_salts(path: Path, rows: Sequence[Row], openings: Sequence[Opening]) -> None:
    """A table that opens each label; whoever deletes a line, closes its label for good."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(SALTS)
        writer.writerows((row.index, item.label, item.salt.hex()) for row, item in zip(rows, openings, strict=True))
    path.chmod(0o600)


def read_salts(path: Path) -> dict[int, Opening]:
    """What opens each label, by index. Raises InputError naming the line that is not as it should be."""
    found: dict[int, Opening] = {}
    for line, values in _lines(path, SALTS):
        where = f"{path}, line {line}"
        if not re.fullmatch(r"[0-9a-f]{64}", values["salt"]):
            raise InputError(f"{where}: {values['salt']!r} is no salt", remedy="as `keifu prov label` wrote it")
        found[_index(values["index"], where)] = Opening(values["label"], bytes.fromhex(values["salt"]))
    return found


def join(batches: Sequence[LabelBatch]) -> LabelBatch:
    """One batch of several. Raises CheckFailed for batches of different data sets."""
    foreign = {batch.dataset for batch in batches}
    if len(foreign) > 1:
        raise CheckFailed(f"labels of {len(foreign)} data sets: {', '.join(sorted(item.hex() for item in foreign))}")
    first = batches[0]
    columns = ("labellers", "indices", "samples", "labels", "signatures")
    joined = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in columns}
    return replace(first, **joined)


def signers_statement(path: Path, batch: LabelBatch, digest: bytes) -> bytes:
    """Who signed how many labels, and the root that is anchored: what a record of the file at `path` commits to, so
    that whoever asks who labelled something learns it without the file."""
    labellers = ["0x" + row.tobytes().hex() for row in np.unique(batch.labellers, axis=0)]
    said = {
        "anchor": batch.tree().root.hex(),
        "dataset": batch.dataset.hex(),
        "labels": len(batch),
        "labellers": labellers if len(labellers) <= MAX_LABELLERS else len(labellers),
    }
    return canonical(statement(path.name, digest, said))


def faults(batch: LabelBatch, dataset: bytes | None = None) -> list[str]:
    """What is wrong with a set of labels: of another data set, a label twice, one labeller with two labels for one
    sample, one place with two samples."""
    found: list[str] = []
    if dataset is not None and batch.dataset != dataset:
        found.append(f"the labels are of data set {batch.dataset.hex()}, not of {dataset.hex()}")
    seen: dict[tuple[bytes, int], bytes] = {}
    samples: dict[int, bytes] = {}
    twice: list[int] = []
    contradicted: list[int] = []
    moved: list[int] = []
    for row in range(len(batch)):
        index, label = int(batch.indices[row]), batch.labels[row].tobytes()
        before = seen.setdefault((batch.labellers[row].tobytes(), index), b"")
        if before:
            (twice if before == label else contradicted).append(index)
        seen[batch.labellers[row].tobytes(), index] = label
        sample = batch.samples[row].tobytes()
        if samples.setdefault(index, sample) != sample:
            moved.append(index)
    for what, which in (
        ("labelled twice by one labeller", twice),
        ("labelled differently by one labeller", contradicted),
        ("named with two different samples", moved),
    ):
        if which:
            more = f" and {len(which) - NAMED} more" if len(which) > NAMED else ""
            found.append(f"{what}: {', '.join(map(str, which[:NAMED]))}{more}")
    return found
