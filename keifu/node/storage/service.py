"""What a storage node answers over HTTP: segments with their proofs, and uploads.

    GET    /v1/shards/ROOT                      its leaves and segments
    GET    /v1/shards/ROOT/NUMBER               a segment; `keifu-path` leads from its root (`etag`) to the shard's
    GET    /v1/shards/ROOT/NUMBER+COUNT         so many from there on, as far as the shard goes; a path of each
    PUT    /v1/uploads/ID?leaves=N              begin, or begin again: how far it is
    GET    /v1/uploads/ID                       how far it is
    PUT    /v1/uploads/ID/NUMBER/ROOT           a segment, or a few from there on, with the root over their leaves
    POST   /v1/uploads/ID/seal/ROOT             all is there, and this is the root over it
    DELETE /v1/uploads/ID                       give it up

Segments that were asked for lately go from the disk's cache to the socket without a copy, and are not looked for again.
Others are read past it, once for a whole answer. What waits for a disk or a hash is done by threads.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Protocol

import msgspec

from keifu.compute.http import JSON, Exchange, Limits, Loaded, Part, Sendable
from keifu.errors import CheckFailed, InputError, KeifuError
from keifu.node.storage.counts import Counts
from keifu.node.storage.lately import Lately
from keifu.node.storage.ready import Ready, ReadyAnswers
from keifu.serving import problem, span_of
from keifu.storage.layout import SEGMENT_BYTES, TOGETHER
from keifu.storage.packs import StoreFull
from keifu.storage.store import Progress, Store, Stored, Unknown
from keifu.storage.trees import SEGMENT_LEAVES

__all__ = ["HTTP_LIMITS", "Answer", "Fault", "Gate", "Job", "Service", "json_answer"]

HTTP_LIMITS = Limits(
    head_bytes=8 << 10,
    body_bytes=TOGETHER * SEGMENT_BYTES,
    request_seconds=30.0,
    connections=512,
    queued=4,
    direct_bytes=SEGMENT_BYTES // 4,
)
WHOLE, UNAVAILABLE = 200, 503
WORKERS = 4  # threads that hash, and wait for object stores
WAITING = 64  # requests that wait for a thread, each with a few segments in memory
_WHOLE = b"content-type: application/octet-stream\r\ncache-control: immutable\r\n"
_BYTES = _WHOLE + b"accept-ranges: bytes\r\n"
_AGAIN = b"retry-after: 1\r\n"
_HEX = rb"([0-9a-f]{64})"
_SEGMENT = re.compile(rb"/v1/shards/" + _HEX + rb"/(0|[1-9][0-9]{0,9})")
_SEGMENTS = re.compile(rb"/v1/shards/" + _HEX + rb"/(0|[1-9][0-9]{0,9})[+]([1-9][0-9]?)")
_SHARD = re.compile(rb"/v1/shards/" + _HEX)
_BEGIN = re.compile(rb"/v1/uploads/" + _HEX + rb"\?leaves=([1-9][0-9]{0,9})")
_UPLOAD = re.compile(rb"/v1/uploads/" + _HEX)
_PIECE = re.compile(rb"/v1/uploads/" + _HEX + rb"/(0|[1-9][0-9]{0,9})/" + _HEX)
_SEAL = re.compile(rb"/v1/uploads/" + _HEX + rb"/seal/" + _HEX)
_log = logging.getLogger("keifu.storage")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: bytes = JSON
    parts: Sequence[Sendable] = ()  # instead of `body`


class _Piece(msgspec.Struct, frozen=True):
    """What is given of a segment."""

    stored: Stored
    start: int
    length: int


class _Found(msgspec.Struct, frozen=True):
    """An answer that is looked for; `changes` is the store's count before that."""

    status: int
    headers: bytes
    pieces: Sequence[_Piece]
    size: int
    changes: int


Job = Callable[[], "Answer | Future[Answer]"]


class Gate(Protocol):
    """Has what is given paid for."""

    def open(self, exchange: Exchange, size: int, give: Callable[[bytes], None]) -> None:
        """`give` gets headers about the payment; else the exchange is answered here."""


class Fault(KeifuError):
    """A refusal with a status and a reason of its own."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message, remedy="look at docs/storage-node.md")
        self.status, self.reason = status, reason


class Service:
    """Answers in the event loop of its server, and by threads of its own."""

    def __init__(
        self,
        store: Store,
        counts: Counts,
        more: Callable[[Exchange], Job | None] = lambda exchange: None,
        gate: Gate | None = None,
    ) -> None:
        self._store, self._counts, self._more, self._gate = store, counts, more, gate
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="storage")
        self._waiting, self._lately, self._ready = 0, Lately(), ReadyAnswers()

    def close(self) -> None:
        """Wait for what is being written."""
        self._pool.shutdown()

    def handle(self, exchange: Exchange) -> None:
        path = exchange.path
        if exchange.method in {b"GET", b"HEAD"}:
            ready = self._ready.get(path, self._store.changes)
            if ready is not None and b"range" not in exchange.headers:
                self._give(exchange, ready.size, lambda paid: self._send_ready(exchange, ready, paid))
                return
            if found := _SEGMENT.fullmatch(path):
                self._segment(exchange, _bytes(found[1]), int(found[2]))
                return
            if (found := _SEGMENTS.fullmatch(path)) and int(found[3]) <= TOGETHER:
                self._segments(exchange, _bytes(found[1]), int(found[2]), int(found[3]))
                return
            if found := _SHARD.fullmatch(path):
                root = _bytes(found[1])
                self._at_once(exchange, lambda: self._shard(root))
                return
        if job := self._job(exchange) or self._more(exchange):
            self._by_thread(exchange, job)
        else:
            self._refuse(exchange, 404, "unknown path", "there is nothing of this name here")

    # segments ------------------------------------------------------------------------------------------------------

    def _segment(self, exchange: Exchange, root: bytes, number: int) -> None:
        changes = self._store.changes
        try:
            stored = self._store.find(root, number)
        except KeifuError as error:
            self._fail(exchange, error)
            return
        size = stored.place.size
        span = span_of(exchange.headers.get(b"range", b"").decode("latin-1"), size)
        if span is None:
            headers = JSON + b"content-range: bytes */%d\r\n" % size
            self._refuse(exchange, 416, "range", f"the segment has {size} bytes", headers)
            return
        start, length = span
        proof = b'etag: "%b"\r\nkeifu-path: %b\r\n' % (stored.root.hex().encode(), stored.path.hex().encode())
        headers, status = _BYTES + proof, WHOLE
        if length != size:
            headers += b"content-range: bytes %d-%d/%d\r\n" % (start, start + length - 1, size)
            status = 206
        self._give_found(exchange, _Found(status, headers, [_Piece(stored, start, length)], length, changes))

    def _segments(self, exchange: Exchange, root: bytes, first: int, count: int) -> None:
        """By one request: a node that wakes for each segment finds the processor's caches cold."""
        changes = self._store.changes
        try:
            found = self._store.find_from(root, first, count)
        except KeifuError as error:
            self._fail(exchange, error)
            return
        headers = _WHOLE + b"keifu-path: %b\r\n" % b",".join(stored.path.hex().encode() for stored in found)
        pieces = [_Piece(stored, 0, stored.place.size) for stored in found]
        size = sum(piece.length for piece in pieces)
        self._give_found(exchange, _Found(WHOLE, headers, pieces, size, changes))

    def _give_found(self, exchange: Exchange, found: _Found) -> None:
        self._give(exchange, found.size, lambda paid: self._send(exchange, found, paid))

    def _give(self, exchange: Exchange, size: int, send: Callable[[bytes], None]) -> None:
        """`send` gets headers about the payment."""
        if exchange.method == b"HEAD" or self._gate is None:
            send(b"")
        else:
            self._gate.open(exchange, size, send)

    def _send(self, exchange: Exchange, found: _Found, paid: bytes) -> None:
        self._count(exchange, len(found.pieces), found.size)
        headers = found.headers + paid
        parts = [
            Part(piece.stored.file, piece.stored.place.offset + piece.start, piece.length)
            for piece in found.pieces
            if piece.stored.file is not None
        ]
        if len(parts) != len(found.pieces):
            self._by_thread(exchange, lambda: self._elsewhere(found.pieces, found.status, headers))
        elif self._is_past_cache(exchange, found):
            self._by_thread(exchange, lambda: Answer(found.status, b"", headers, self._past_cache(found) or parts))
        else:
            if found.status == WHOLE and exchange.method != b"HEAD":  # of which no disk has given anything
                self._ready.keep(exchange.path, Ready(found.headers, parts, found.size), found.changes)
            exchange.reply_file(found.status, parts, found.size, headers)

    def _send_ready(self, exchange: Exchange, ready: Ready, paid: bytes) -> None:
        self._count(exchange, len(ready.parts), ready.size)
        exchange.reply_file(WHOLE, ready.parts, ready.size, ready.headers + paid)

    def _count(self, exchange: Exchange, segments: int, size: int) -> None:
        if exchange.method != b"HEAD":
            self._counts.sent(segments, size)

    def _is_past_cache(self, exchange: Exchange, found: _Found) -> bool:
        """Whole segments, while there are threads for others, too."""
        is_body = exchange.method != b"HEAD" and found.status == WHOLE
        name = found.pieces[0].stored.root
        return is_body and self._waiting < WAITING // 2 and self._lately.takes(name, found.size)

    def _past_cache(self, found: _Found) -> list[Loaded]:
        data = self._store.read_past_cache([piece.stored for piece in found.pieces])
        if data is None:
            self._lately.give_back(found.size)
            return []
        return [Loaded(data, lambda: self._lately.give_back(found.size))]

    def _elsewhere(self, pieces: Sequence[_Piece], status: int, headers: bytes) -> Answer:
        body = b"".join(self._store.read(piece.stored)[piece.start : piece.start + piece.length] for piece in pieces)
        return Answer(status, body, headers)

    def _shard(self, root: bytes) -> Answer:
        leaves = self._store.leaves(root)
        return json_answer({"leaves": leaves, "segments": -(-leaves // SEGMENT_LEAVES)})

    # uploads -------------------------------------------------------------------------------------------------------

    def _job(self, exchange: Exchange) -> Job | None:
        """What a thread has to do; None for what nobody does."""
        store, path, body = self._store, exchange.path, exchange.large or exchange.body
        match exchange.method:
            case b"PUT":
                if found := _PIECE.fullmatch(path):
                    upload, number, root = _bytes(found[1]), int(found[2]), _bytes(found[3])
                    return lambda: self._put(upload, number, body, root)
                if found := _BEGIN.fullmatch(path):
                    upload, leaves = _bytes(found[1]), int(found[2])
                    return lambda: _progress(store.begin(upload, leaves))
            case b"GET" if found := _UPLOAD.fullmatch(path):
                upload = _bytes(found[1])
                return lambda: _progress(store.progress(upload))
            case b"POST" if found := _SEAL.fullmatch(path):
                upload, root = _bytes(found[1]), _bytes(found[2])
                return lambda: self._seal(upload, root)
            case b"DELETE" if found := _UPLOAD.fullmatch(path):
                upload = _bytes(found[1])
                return lambda: self._give_up(upload)
        return None

    def _put(self, upload: bytes, number: int, body: bytes | memoryview, root: bytes) -> Future[Answer]:
        """Hashed here, written by the store's thread."""
        answer: Future[Answer] = Future()

        def written(done: Future[int]) -> None:
            if (fault := done.exception()) is not None:
                answer.set_exception(fault)
                return
            self._counts.kept(done.result(), len(body))
            answer.set_result(json_answer({"kept": number}))

        self._store.begin_put(upload, number, body, root).add_done_callback(written)
        return answer

    def _seal(self, upload: bytes, root: bytes) -> Answer:
        self._store.seal(upload, root)
        self._counts.sealed()
        return json_answer({"root": root.hex()})

    def _give_up(self, upload: bytes) -> Answer:
        self._store.give_up(upload)
        return json_answer({})

    # answering -----------------------------------------------------------------------------------------------------

    def _at_once(self, exchange: Exchange, job: Callable[[], Answer]) -> None:
        try:
            answer = job()
        except KeifuError as error:
            self._fail(exchange, error)
        else:
            exchange.reply(answer.status, answer.body, answer.headers)

    def _by_thread(self, exchange: Exchange, job: Job) -> None:
        if self._waiting >= WAITING:
            self._refuse(exchange, UNAVAILABLE, "busy", "too much waits for the disk: come back later")
            return
        self._waiting += 1
        loop = asyncio.get_running_loop()

        def finish(future: Future[Answer]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever asked
                loop.call_soon_threadsafe(self._done, exchange, future)

        def run() -> None:
            try:
                result = job()
            except Exception as error:
                future: Future[Answer] = Future()
                future.set_exception(error)
            else:
                future = result if isinstance(result, Future) else _future_of(result)
            future.add_done_callback(finish)

        self._pool.submit(run)

    def _done(self, exchange: Exchange, future: Future[Answer]) -> None:
        self._waiting -= 1
        error = future.exception()
        if error is None:
            answer = future.result()
            if answer.parts:
                size = sum(part.length for part in answer.parts)
                exchange.reply_file(answer.status, answer.parts, size, answer.headers)
            else:
                exchange.reply(answer.status, answer.body, answer.headers)
        elif isinstance(error, KeifuError):
            self._fail(exchange, error)
        else:
            _log.error("an answer failed", exc_info=error)
            self._refuse(exchange, 500, "failed", "the server failed to answer this")

    def _fail(self, exchange: Exchange, error: KeifuError) -> None:
        status, reason = (error.status, error.reason) if isinstance(error, Fault) else (UNAVAILABLE, "unavailable")
        for kind, found, word in _FAULTS:
            if isinstance(error, kind):
                status, reason = found, word
                break
        self._refuse(exchange, status, reason, error.message)

    def _refuse(self, exchange: Exchange, status: int, reason: str, message: str, headers: bytes = JSON) -> None:
        self._counts.refused(reason)
        if status == UNAVAILABLE:
            headers += _AGAIN
        exchange.reply(status, problem(status, message).body, headers)


_FAULTS: tuple[tuple[type[KeifuError], int, str], ...] = (
    (Unknown, 404, "unknown"),
    (StoreFull, 507, "full"),
    (CheckFailed, 409, "damaged"),
    (InputError, 400, "malformed"),
)


def _future_of(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def _bytes(text: bytes) -> bytes:
    return bytes.fromhex(text.decode())


def json_answer(document: object) -> Answer:
    return Answer(200, msgspec.json.encode(document))


def _progress(progress: Progress) -> Answer:
    return json_answer(asdict(progress) | {"root": progress.root.hex() if progress.root else None})
