"""The file of a bundle: one gzip member of canonical JSON, with exactly one way to write each content.

What is read is written again and has to give the same bytes, so that no second spelling (capitals, another order, an
extra member) passes for the same bundle. Sizes are bounded before anything is parsed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from keifu._files import read_bounded
from keifu.errors import CheckFailed, InputError, UsageError
from keifu.provenance._model import Heartbeat, Label, Record, digest_bytes
from keifu.provenance.labels import LabelProof
from keifu.provenance.statement import canonical

__all__ = [
    "FORMAT",
    "HeartbeatDocument",
    "Parts",
    "Refused",
    "decode_parts",
    "encode_parts",
    "heartbeat_json",
    "heartbeat_of",
    "read_file",
    "refused_by",
]

FORMAT = "keifu-bundle/2"
HEADER = bytes.fromhex("1f8b08000000000000ff")  # gzip without a name, a time, or a word of who wrote it
LARGEST = 256 << 20  # bytes of JSON
MAX_PARTS = 1 << 23  # commas and opening brackets in it, as an upper bound on what it holds: each takes memory
SIGNATURE_BYTES = 65
_ADDRESS = re.compile("0x[0-9a-f]{40}")
V = (27, 28)
# What every verifier can hold, in whatever language: from zero, below 2**63.
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Refused(CheckFailed):
    """A bundle that is not believed; `check` names the check that refused it."""

    def __init__(self, check: str, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{check}: {message}", remedy=remedy)
        self.check = check


@contextmanager
def refused_by(check: str) -> Iterator[None]:
    """Whatever is refused inside is refused by `check`."""
    try:
        yield
    except Refused:
        raise
    except (CheckFailed, UsageError) as error:
        raise Refused(check, error.message, remedy=error.remedy) from error


class HeartbeatDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A heartbeat as it is written, in bundles and in files of heartbeats."""

    node: str
    environment: str
    seq: Number
    digest: str
    time: Number
    signature: str


class _Label(msgspec.Struct, forbid_unknown_fields=True):
    labeller: str
    dataset: str
    index: Number
    sample: str
    label: str
    signature: str
    proof: list[str]
    root: str
    anchorer: str


class _Link(msgspec.Struct, forbid_unknown_fields=True):
    relation: str
    parent: str


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    author: str
    kind: str
    digest: str
    contentRoot: str  # noqa: N815 - as it is written
    programRoot: str  # noqa: N815
    manifest: str
    uri: str
    licence: str
    version: str
    links: list[_Link]


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    chain: Number
    registry: str
    environments: str
    header: str
    nodes: list[str]
    root: str
    environment: str
    records: list[_Record]
    documents: list[str]
    heartbeats: list[HeartbeatDocument]
    labels: list[_Label]
    replaced: list[str] = []


@dataclass(frozen=True)
class Parts:
    """What a bundle says, before anything of it is believed. An empty `environment` is no question about one.
    `replaced` are accounts whose keys were replaced by those of authors and anchorers in it."""

    chain: int
    registry: str
    environments: str
    header: bytes
    nodes: tuple[bytes, ...]
    root: bytes
    environment: bytes
    records: tuple[Record, ...]
    documents: tuple[bytes, ...]
    heartbeats: tuple[tuple[Heartbeat, bytes], ...] = ()
    labels: tuple[LabelProof, ...] = ()
    replaced: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "chain": self.chain,
            "registry": self.registry,
            "environments": self.environments,
            "header": self.header.hex(),
            "nodes": [node.hex() for node in self.nodes],
            "root": self.root.hex(),
            "environment": self.environment.hex(),
            "records": [record.to_json() for record in self.records],
            "documents": [body.decode() for body in self.documents],
            "heartbeats": [heartbeat_json(*item) for item in self.heartbeats],
            "labels": [_label_json(item) for item in self.labels],
            **({"replaced": list(self.replaced)} if self.replaced else {}),
        }

    @classmethod
    def from_json(cls, found: _Document) -> Parts:
        return cls(
            found.chain,
            _address(found.registry),
            _address(found.environments) if found.environments else "",
            bytes.fromhex(found.header),
            tuple(map(bytes.fromhex, found.nodes)),
            digest_bytes(found.root, "root"),
            digest_bytes(found.environment, "environment") if found.environment else b"",
            tuple(Record.from_json(msgspec.to_builtins(record)) for record in found.records),
            tuple(text.encode() for text in found.documents),
            tuple(heartbeat_of(item) for item in found.heartbeats),
            tuple(_label(item) for item in found.labels),
            tuple(map(_address, found.replaced)),
        )


def encode_parts(parts: Parts) -> bytes:
    body = canonical(parts.to_json())
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(body) + deflate.flush()
    return HEADER + packed + zlib.crc32(body).to_bytes(4, "little") + len(body).to_bytes(4, "little")


def decode_parts(data: bytes) -> Parts:
    """Raises Refused ("file") for everything that `encode_parts` did not write."""
    try:
        body = _inflate(data)
        found = msgspec.json.decode(body, type=_Document)
        parts = Parts.from_json(found)
        whole = canonical(parts.to_json())
    except (ValueError, TypeError, RecursionError, OverflowError, KeyError, AttributeError, zlib.error) as error:
        raise Refused("file", f"not a bundle: {error or type(error).__name__}") from error
    except InputError as error:
        raise Refused("file", error.message, remedy=error.remedy) from error
    if found.format != FORMAT:
        raise Refused("file", f"a bundle of format {found.format}, this version reads {FORMAT}")
    if whole != body:
        raise Refused("file", "the bundle is not written in the one way that bundles are")
    return parts


def _inflate(data: bytes) -> bytes:
    if data[: len(HEADER)] != HEADER:
        raise ValueError("no gzip header of a bundle")
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    body = stream.decompress(data, LARGEST)
    if not stream.eof or stream.unused_data:
        raise ValueError(f"cut off, followed by something else, or more than {LARGEST:,} bytes")
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MAX_PARTS:
        raise ValueError(f"more than {MAX_PARTS:,} parts")
    return body


def heartbeat_json(heartbeat: Heartbeat, signature: bytes) -> dict[str, Any]:
    """A signed heartbeat in the form of `HeartbeatDocument`."""
    return {
        "node": heartbeat.node.lower(),
        "environment": heartbeat.environment.hex(),
        "seq": heartbeat.promotion_seq,
        "digest": heartbeat.digest.hex(),
        "time": heartbeat.time,
        "signature": signature.hex(),
    }


def heartbeat_of(item: HeartbeatDocument) -> tuple[Heartbeat, bytes]:
    """Raises InputError or ValueError for values that a heartbeat cannot have."""
    environment, digest = _words(item.environment, item.digest)
    said = Heartbeat(_address(item.node), environment, item.seq, digest, item.time)
    return said, _signature(item.signature)


def _label_json(item: LabelProof) -> dict[str, Any]:
    label = item.label
    return {
        "labeller": label.labeller.lower(),
        "dataset": label.dataset.hex(),
        "index": label.index,
        "sample": label.sample.hex(),
        "label": label.label.hex(),
        "signature": item.signature.hex(),
        "proof": [node.hex() for node in item.proof],
        "root": item.root.hex(),
        "anchorer": item.anchorer.lower(),
    }


def _label(item: _Label) -> LabelProof:
    dataset, sample, label, root = _words(item.dataset, item.sample, item.label, item.root)
    said = Label(_address(item.labeller), dataset, item.index, sample, label)
    return LabelProof(said, _signature(item.signature), tuple(_words(*item.proof)), root, _address(item.anchorer))


def _words(*texts: str) -> list[bytes]:
    return [digest_bytes(text, "a word of the bundle") for text in texts]


def _address(text: str) -> str:
    if _ADDRESS.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not 0x and 40 hex digits in small letters")
    return text


def _signature(text: str) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != SIGNATURE_BYTES or found[-1] not in V:
        raise ValueError("a signature that is not r, s and v of 27 or 28")
    return found


def read_file(path: str | Path) -> bytes:
    """Raises Refused ("file") when it cannot be read, or is larger than any bundle."""
    with refused_by("file"):
        return read_bounded(path, LARGEST, "a bundle")
