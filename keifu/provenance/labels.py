"""Labels at scale: each signed by its labeller, all fixed by one anchor, any one of them provable.

A label's EIP-712 digest binds labeller, data set, index, the sample's SHA-256 and the label. A batch is arrays of one
row a label, so that a hundred thousand are hashed in a moment; signatures are what takes the time.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from coincurve import PublicKey
from numpy.typing import NDArray

from keifu import merkle
from keifu._files import require_plain
from keifu.abi.eip712 import LABEL
from keifu.errors import CheckFailed, InputError
from keifu.keys import Account, keccak256
from keifu.provenance._model import Label, RegistryDomain

__all__ = ["LabelBatch", "LabelProof", "label_word"]

WORD = 32
ADDRESS = 20
SIGNATURE = 65
V_OFFSET = 27
_HALF_ORDER = (0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2).to_bytes(WORD, "big")
MAX_LABELS = 10_000_000  # of one file
LABEL_BYTES = ADDRESS + 8 + WORD + WORD + SIGNATURE
CHUNK = 2_500  # signatures checked between two reports of progress
PARALLEL_FROM = 10_000  # below, starting processes costs more than it saves

# What a file that is no such archive, and a header that is no Python, are found by.
_UNREADABLE = (
    OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, SyntaxError, TokenError, zipfile.BadZipFile,
)  # fmt: skip

Bytes = NDArray[np.uint8]


def label_word(label: int | str | bytes) -> bytes:
    """32 bytes that stand for a label: a number as such, anything longer by its SHA-256."""
    if isinstance(label, int):
        return label.to_bytes(WORD, "big")
    return hashlib.sha256(label.encode() if isinstance(label, str) else label).digest()


@dataclass(frozen=True)
class LabelProof:
    """One label with everything that shows it: signature, path to the root, and whose anchor the root is."""

    label: Label
    signature: bytes
    proof: tuple[bytes, ...]
    root: bytes
    anchorer: str

    def verify(self, domain: RegistryDomain, trusted_root: bytes) -> None:
        """Offline; raises CheckFailed saying what is wrong. That `trusted_root` was anchored is for the chain."""
        if not domain.is_label_signed(self.label, self.signature):
            raise CheckFailed(f"label of sample {self.label.index} is not signed by {self.label.labeller}")
        leaf = keccak256(keccak256(domain.label_digest(self.label)))
        if self.root != trusted_root or not merkle.verify(trusted_root, leaf, self.proof):
            raise CheckFailed(f"label of sample {self.label.index} is not in the anchored batch")

    @property
    def args(self) -> tuple[Any, ...]:
        """As the registry's `is_label` takes them."""
        return (self.anchorer, self.root, self.label.args, list(self.proof), self.signature)


@dataclass(frozen=True)
class LabelBatch:
    """Labels of one data set, one row each: labellers uint8[n, 20], indices int64[n], samples and labels uint8[n, 32],
    signatures uint8[n, 65]."""

    domain: RegistryDomain
    dataset: bytes
    labellers: Bytes
    indices: NDArray[np.int64]
    samples: Bytes
    labels: Bytes
    signatures: Bytes

    def __len__(self) -> int:
        return len(self.indices)

    @classmethod
    def sign(
        cls,
        domain: RegistryDomain,
        dataset: bytes,
        labellers: Sequence[Account],
        samples: Sequence[bytes],
        labels: Sequence[bytes],
        *,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> LabelBatch:
        """Row i is the label of sample i by `labellers[i]`; the keys are at hand, as in tests and the demo. Real
        labellers sign `domain.label_digest(label)` in their wallets; `keifu.keys.canonical` makes 65 bytes of what
        they send."""
        addresses = np.array([list(bytes.fromhex(account.address[2:])) for account in labellers], np.uint8)
        batch = cls(
            domain,
            dataset,
            addresses,
            np.arange(len(labels), dtype=np.int64),
            _rows([hashlib.sha256(sample).digest() for sample in samples], WORD),
            _rows(labels, WORD),
            np.zeros((len(labels), SIGNATURE), np.uint8),
        )
        digests = batch.digests()
        for row, account in enumerate(labellers):
            batch.signatures[row] = np.frombuffer(account.sign(digests[row].tobytes()), np.uint8)
            if row % CHUNK == 0:
                on_progress(row)
        on_progress(len(labels))
        return batch

    def digests(self) -> Bytes:
        """EIP-712 digests, uint8[n, 32]: what `RegistryDomain.label_digest` gives, for all rows at once."""
        rows = np.zeros((len(self), 6 * WORD), np.uint8)
        rows[:, :WORD] = np.frombuffer(LABEL.type_hash, np.uint8)
        rows[:, 2 * WORD - ADDRESS : 2 * WORD] = self.labellers
        rows[:, 2 * WORD : 3 * WORD] = np.frombuffer(self.dataset, np.uint8)
        rows[:, 4 * WORD - 8 : 4 * WORD] = self.indices.astype(">i8").view(np.uint8).reshape(-1, 8)
        rows[:, 4 * WORD : 5 * WORD] = self.samples
        rows[:, 5 * WORD :] = self.labels
        signed = np.empty((len(self), 2 + 2 * WORD), np.uint8)
        signed[:, :2] = (0x19, 0x01)
        signed[:, 2 : 2 + WORD] = np.frombuffer(self.domain.domain.separator, np.uint8)
        signed[:, 2 + WORD :] = merkle.hash_rows(rows)
        return merkle.hash_rows(signed)

    def tree(self) -> merkle.Tree:
        """The tree whose root is anchored."""
        return merkle.build(merkle.hash_leaves(self.digests()))

    def bad_signatures(self, *, workers: int = 0, on_progress: Callable[[int], None] = lambda done: None) -> list[int]:
        """Rows that their labeller did not sign as they stand, in order: forged, moved or relabelled."""
        digests = self.digests()
        parts = [
            (
                digests[start : start + CHUNK],
                self.signatures[start : start + CHUNK],
                self.labellers[start : start + CHUNK],
            )
            for start in range(0, len(self), CHUNK)
        ]
        workers = workers or (os.cpu_count() or 1 if len(self) >= PARALLEL_FROM else 1)
        bad: list[int] = []
        if workers == 1:
            for number, part in enumerate(parts):
                bad += self._unsigned(number * CHUNK + row for row in check_rows(part))
                on_progress(min(len(self), (number + 1) * CHUNK))
            return bad
        # libsecp256k1 runs without the interpreter's lock, so threads are enough.
        with ThreadPoolExecutor(workers) as pool:
            for number, rows in enumerate(pool.map(check_rows, parts)):
                bad += self._unsigned(number * CHUNK + row for row in rows)
                on_progress(min(len(self), (number + 1) * CHUNK))
        return bad

    def _unsigned(self, rows: Iterable[int]) -> list[int]:
        """Those of `rows`, which the fast check refused, that are not signed in one of the rarer forms either."""
        return [row for row in rows if not self.domain.is_label_signed(self.label(row), self.signatures[row].tobytes())]

    def verify(self, trusted_root: bytes, **options: Any) -> None:
        """Raises CheckFailed naming the samples whose labels are not as their labellers signed them, or saying that the
        batch is not the anchored one. Takes the options of `bad_signatures`."""
        bad = self.bad_signatures(**options)
        if bad:
            shown = ", ".join(str(self.indices[row]) for row in bad[:20])
            more = f" and {len(bad) - 20} more" if len(bad) > 20 else ""  # noqa: PLR2004
            raise CheckFailed(f"{len(bad)} labels are not as signed: samples {shown}{more}")
        if self.tree().root != trusted_root:
            raise CheckFailed(
                "every label is signed, but the batch is not the anchored one: some were added or left out"
            )

    def prove(self, row: int, anchorer: str, tree: merkle.Tree | None = None) -> LabelProof:
        """Everything that shows row `row`; give `tree` to prove many."""
        tree = tree or self.tree()
        return LabelProof(self.label(row), self.signatures[row].tobytes(), tuple(tree.proof(row)), tree.root, anchorer)

    def proof_of(self, sample: int, anchorer: str) -> LabelProof:
        """Everything that shows the only label of a sample. Raises InputError when there is none, or several."""
        rows = np.flatnonzero(self.indices == sample)
        if len(rows) != 1:
            raise InputError(f"the batch has {len(rows)} labels of sample {sample}, not one")
        return self.prove(int(rows[0]), anchorer)

    def label(self, row: int) -> Label:
        return Label(
            "0x" + self.labellers[row].tobytes().hex(),
            self.dataset,
            int(self.indices[row]),
            self.samples[row].tobytes(),
            self.labels[row].tobytes(),
        )

    def write(self, path: str | Path) -> None:
        """One file of arrays, as .npz holds them, under exactly this name."""
        with open(path, "wb") as file:
            np.savez(
                file,
                dataset=np.frombuffer(self.dataset, np.uint8),
                labellers=self.labellers,
                indices=self.indices,
                samples=self.samples,
                labels=self.labels,
                signatures=self.signatures,
            )

    @classmethod
    def read(cls, path: str | Path, domain: RegistryDomain) -> LabelBatch:
        """Raises InputError when the file is not a batch or its arrays do not fit together, before it takes memory for
        more than the arrays of `MAX_LABELS`."""
        try:
            _require_small(path)
            with np.load(path, allow_pickle=False) as data:
                dataset = data["dataset"].tobytes()
                batch = cls(
                    domain,
                    dataset,
                    data["labellers"],
                    data["indices"],
                    data["samples"],
                    data["labels"],
                    data["signatures"],
                )
        except _UNREADABLE as error:
            raise InputError(f"{path} is not a batch of labels: {error}") from error
        if batch.indices.dtype != np.int64 or batch.indices.ndim != 1 or len(dataset) != WORD:
            raise InputError(f"the arrays in {path} do not fit together")
        widths = (
            (batch.labellers, ADDRESS),
            (batch.samples, WORD),
            (batch.labels, WORD),
            (batch.signatures, SIGNATURE),
        )
        if any(rows.dtype != np.uint8 or rows.shape != (len(batch), width) for rows, width in widths):
            raise InputError(f"the arrays in {path} do not fit together")
        return batch


def _require_small(path: str | Path) -> None:
    """Raises ValueError when the arrays of a file would take more memory than a batch may: a few kilobytes of zeros
    packed can stand for any amount."""
    require_plain(path)
    with zipfile.ZipFile(path) as file:
        if sum(item.file_size for item in file.infolist()) > MAX_LABELS * LABEL_BYTES:
            raise ValueError(f"more than {MAX_LABELS:,} labels")


def check_rows(part: tuple[Bytes, Bytes, Bytes]) -> list[int]:
    """Rows of (digests, signatures, labellers) that do not recover to the labeller."""
    digests, signatures, labellers = (rows.tobytes() for rows in part)
    return [
        row
        for row in range(len(part[0]))
        if _signer(signatures[row * SIGNATURE : (row + 1) * SIGNATURE], digests[row * WORD : (row + 1) * WORD])
        != labellers[row * ADDRESS : (row + 1) * ADDRESS]
    ]


def _signer(signature: bytes, digest: bytes) -> bytes:
    """Address that signed in the usual form, or nothing."""
    if signature[-1] - V_OFFSET not in (0, 1) or signature[WORD:-1] > _HALF_ORDER:
        return b""
    try:
        key = PublicKey.from_signature_and_message(
            signature[:-1] + bytes([signature[-1] - V_OFFSET]), digest, hasher=None
        )
    except Exception:  # coincurve raises a bare Exception for a signature that nobody can have made
        return b""
    return keccak256(key.format(compressed=False)[1:])[-ADDRESS:]


def _rows(values: Sequence[bytes], width: int) -> Bytes:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, width).copy()
