"""What a dispute takes of an answer, as a client's folder keeps it."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.compute.canonical import HASH_BYTES, hashes_of, tokens_of
from keifu.compute.client.reexecuted import can_be_shown
from keifu.compute.receipt import Evidence, SignedReceipt
from keifu.compute.vectors import vectors_of
from keifu.compute.wire import unpack
from keifu.spec.inference_drawing import Drawing

__all__ = ["TABLES", "KeptAgain", "KeptReply", "keep", "kept_again", "replies"]

TABLES = (
    # Token ids and the roots of positions, by the hashes of receipts. Behind the roots stands what each group committed
    # to, position by position, of replies that came with it.
    """CREATE TABLE IF NOT EXISTS reply (hash BLOB PRIMARY KEY, prompt BLOB NOT NULL, ids BLOB NOT NULL,
    positions BLOB NOT NULL) WITHOUT ROWID""",
    # Of those whose tokens were drawn: by what.
    "CREATE TABLE IF NOT EXISTS drawn (hash BLOB PRIMARY KEY, seed BLOB NOT NULL, scale INTEGER) WITHOUT ROWID",
    # Of vectors the text's ids, the lanes, and what each group committed to.
    """CREATE TABLE IF NOT EXISTS vector (hash BLOB PRIMARY KEY, prompt BLOB NOT NULL, lanes BLOB NOT NULL,
    groups BLOB NOT NULL) WITHOUT ROWID""",
    # Of answers that a panel may compute again: both sides' bytes.
    """CREATE TABLE IF NOT EXISTS again (hash BLOB PRIMARY KEY, request BLOB NOT NULL, response BLOB NOT NULL)
    WITHOUT ROWID""",
    # Promises about such answers that this client has accepted, by their numbers at ReExecution.
    "CREATE TABLE IF NOT EXISTS promise (number INTEGER PRIMARY KEY)",
)
_REPLIES = (
    "SELECT receipt.request, text, prompt, ids, positions, seed, scale, 0 FROM reply JOIN receipt ON"
    " receipt.hash = reply.hash LEFT JOIN drawn ON drawn.hash = reply.hash WHERE ? IN (X'', reply.hash)"
)
_VECTORS = (
    "SELECT receipt.request, text, prompt, lanes, groups, NULL, NULL, 1 FROM vector JOIN receipt ON"
    " receipt.hash = vector.hash WHERE ? IN (X'', vector.hash)"
)
_AGAIN = (
    "SELECT receipt.request, text, again.request, response FROM again JOIN receipt ON receipt.hash = again.hash"
    " WHERE ? IN (X'', again.hash) ORDER BY 1"
)


@dataclass(frozen=True)
class KeptAgain:
    """An answer that a panel may compute again: its receipt, and the bytes as they went over the wire."""

    signed: SignedReceipt
    request: bytes
    response: bytes


@dataclass(frozen=True)
class KeptReply:
    """What a dispute takes of a reply: its receipt, the token ids in and out, and the roots of positions. Where it came
    with the reply, also what each group committed to, position by position: a dispute begins at a group then. Of a
    text's vector `ids` are its lanes, and `groups` has 96 bytes a group and position, and no roots of positions stand
    beside."""

    signed: SignedReceipt
    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    positions: tuple[bytes, ...]
    groups: bytes = b""
    drawing: Drawing | None = None  # by what its tokens were drawn
    is_vector: bool = False


def keep(database: sqlite3.Connection, signed: SignedReceipt, response: bytes, request: bytes = b"") -> None:
    """Nothing of an answer that nobody judges."""
    name = signed.receipt.struct_hash
    if signed.receipt.evidence == Evidence.REEXECUTED and can_be_shown(request, response):
        database.execute("INSERT OR IGNORE INTO again VALUES (?, ?, ?)", (name, request, response))
    if signed.receipt.evidence != Evidence.PROVED:
        return
    if (vectors := vectors_of(response)) is not None:
        if len(vectors) == 1 and vectors[0].groups:
            packed = _packed(vectors[0].ids), _packed(vectors[0].lanes.tolist())
            database.execute("INSERT OR IGNORE INTO vector VALUES (?, ?, ?, ?)", (name, *packed, vectors[0].groups))
        return
    tokens = tokens_of(response)
    if tokens is None or not tokens.positions:
        return
    if tokens.sampling is not None:
        drawing = tokens.sampling.drawing
        database.execute("INSERT OR IGNORE INTO drawn VALUES (?, ?, ?)", (name, drawing.seed, drawing.scale))
    behind = b"".join((*tokens.positions, tokens.groups))
    row = name, _packed(tokens.prompt), _packed(tokens.reply), behind
    database.execute("INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?)", row)


def replies(rows: Callable[[str, Sequence[Any]], list[Any]], receipt: bytes = b"") -> Iterator[KeptReply]:
    """All of them, oldest first; the one of a receipt's struct hash. `rows` runs a query."""
    found = rows(f"{_REPLIES} UNION ALL {_VECTORS} ORDER BY 1", (receipt, receipt))
    for _, text, prompt, ids, behind, seed, scale, is_vector in found:
        given, made = _unpacked(prompt), _unpacked(ids)
        end = 0 if is_vector else HASH_BYTES * (len(given) + len(made) - 1)
        drawing = None if seed is None else Drawing.of(seed, scale)
        positions = hashes_of(behind[:end])
        yield KeptReply(unpack(text), given, made, positions, behind[end:], drawing, bool(is_vector))


def kept_again(rows: Callable[[str, Sequence[Any]], list[Any]], receipt: bytes = b"") -> Iterator[KeptAgain]:
    """Those that a panel may judge, oldest first; the one of a receipt's struct hash."""
    for _, text, request, response in rows(_AGAIN, (receipt,)):
        yield KeptAgain(unpack(text), request, response)


def _packed(ids: Sequence[int]) -> bytes:
    return array("i", ids).tobytes()


def _unpacked(data: bytes) -> tuple[int, ...]:
    return tuple(array("i", data))
