"""A storage node as its clients see it: uploads, and segments that are checked before anybody gets them.

Every call may be repeated, so one whose connection broke is tried once more on a fresh one.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import msgspec

from keifu.errors import CheckFailed, EnvironmentFault, InputError, UsageError
from keifu.storage.asking import Answer, AskingFault, Body, Connection
from keifu.storage.deals import Placed
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES, TOGETHER
from keifu.storage.provider.messages import Leaf
from keifu.storage.sequence import leaf_root
from keifu.storage.trees import SEGMENT_LEAVES, verify_segments

__all__ = ["NodeClient", "NodeFault", "NotThere", "Paying"]

PATIENCE_SECONDS = 60.0  # for one answer
_HASH_BYTES = 32
_MAX_PATH_BYTES = 32 * _HASH_BYTES
_LONGEST_WORD = 40
_MAX_ANSWER = TOGETHER * SEGMENT_BYTES
_FAULTS = AskingFault, OSError
_UNREADABLE = msgspec.DecodeError, UnicodeDecodeError, RecursionError  # of bytes that should be JSON
_OK, _PART, _UNPAID, _NOT_FOUND, _UNAVAILABLE = 200, 206, 402, 404, 503
_PAYMENTS = 4  # that are tried for one request: many may be under way with a voucher that is used up
_AGAIN, _USUAL_WAIT, _LONGEST_WAIT = 4, 1, 10  # times, seconds


class NodeFault(EnvironmentFault):
    """A node does not do what was asked, and another one may."""


class NotThere(NodeFault):
    """The node does not have it."""


class Paying(Protocol):
    """Pays nodes by x402."""

    def header(self, url: str, /) -> str: ...
    def pay(self, url: str, said: str, used: str, /) -> str: ...
    def took(self, url: str, used: str, /) -> None: ...


class _Begun(msgspec.Struct):
    first_missing: int
    root: str | None = None


class NodeClient:
    """One node. Calls come from any number of threads, each over a connection of its own that is kept."""

    def __init__(
        self,
        url: str,
        patience: float = PATIENCE_SECONDS,
        pause: Callable[[float], None] = time.sleep,
        payer: Paying | None = None,
    ) -> None:
        parts, port = _split(url)
        self.url, self._patience, self._pause = url.rstrip("/"), patience, pause
        self._payer = payer
        self._host, self._base = parts.hostname or "", parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = port or (443 if self._tls else 80)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._is_closed = False
        self._lock = threading.Lock()

    def close(self) -> None:
        """What is still under way ends with an error."""
        with self._lock:
            self._is_closed = True
            while self._idle:
                self._idle.pop().close()
            for connection in self._busy:
                connection.abort()

    # uploads -------------------------------------------------------------------------------------------------------

    def begin(self, upload: bytes, leaves: int) -> tuple[int, bytes | None]:
        """Begin an upload, or go on with it: the first segment that is missing, and the root when it is sealed."""
        said = self._json("PUT", f"/v1/uploads/{upload.hex()}?leaves={leaves}")
        try:
            found = msgspec.convert(said, _Begun)
            return found.first_missing, bytes.fromhex(found.root) if found.root else None
        except (msgspec.ValidationError, ValueError):
            raise self._fault("its answer to an upload cannot be read") from None

    def put(self, upload: bytes, number: int, data: Body, root: bytes) -> None:
        """Segment `number`, or a few from there on, with the root over their leaves."""
        self._json("PUT", f"/v1/uploads/{upload.hex()}/{number}/{root.hex()}", data)

    def seal(self, upload: bytes, root: bytes) -> None:
        self._json("POST", f"/v1/uploads/{upload.hex()}/seal/{root.hex()}", b"")

    def give_up(self, upload: bytes) -> None:
        self._json("DELETE", f"/v1/uploads/{upload.hex()}")

    # deals ---------------------------------------------------------------------------------------------------------

    def about(self) -> dict[str, Any]:
        """What the node stores for, as it says itself."""
        return self._json("GET", "/v1/node")

    def hand_over(
        self, deal: bytes, index: int, k: int, named: Sequence[Placed], word: bytes, *, signs: bool = False
    ) -> tuple[str, int, bytes]:
        """Say of which deal a sealed shard is, and what the deal's root names; `word` is the client's signature for k,
        or empty. The node keeps it, and accepts it by itself, or signs that for now. How it stands in a word, until
        when it has signed, and the signature."""
        shards = [{"provider": item.provider, "root": item.root.hex(), "leaves": item.leaves} for item in named]
        path = f"/v1/deals/{deal.hex()}/{index}{'?signed' if signs else ''}"
        document = {"k": k, "named": shards, "signature": word.hex()}
        said = self._json("PUT", path, msgspec.json.encode(document))
        try:
            signature = bytes.fromhex(str(said.get("signature", "")).removeprefix("0x"))
            return str(said.get("state", ""))[:_LONGEST_WORD], int(said.get("deadline", 0)), signature
        except (TypeError, ValueError, OverflowError):
            raise self._fault("its answer about a deal cannot be read") from None

    def known(self, deal: bytes) -> memoryview:
        """What a client said of a deal to this node, as it came."""
        return self._asked("GET", f"/v1/deals/{deal.hex()}").body

    def deletion(self, deal: bytes, index: int) -> dict[str, Any]:
        """The node's signed word that a shard's bytes are gone. Raises NotThere before they are."""
        return self._json("GET", f"/v1/deals/{deal.hex()}/{index}/deletion")

    # segments ------------------------------------------------------------------------------------------------------

    def segment(self, root: bytes, leaves: int, number: int) -> memoryview:
        """Segment `number` of a shard of so many leaves. Raises CheckFailed when the node gives other bytes."""
        return self.segments(root, leaves, number, 1)[0]

    def segments(self, root: bytes, leaves: int, first: int, count: int) -> list[memoryview]:
        """Segments from `first` on by one request: so many, or those that the shard has. Raises CheckFailed when the
        node gives other bytes."""
        if not 0 <= first * SEGMENT_LEAVES < leaves:
            raise InputError(f"the shard has no segment {first}", remedy="count them from 0")
        count = min(count, TOGETHER, -(-leaves // SEGMENT_LEAVES) - first)
        answer = self._asked("GET", f"/v1/shards/{root.hex()}/{first}{f'+{count}' if count > 1 else ''}")
        paths = answer.headers.get(b"keifu-path", b"").split(b",")
        if len(paths) != count:
            raise self._fault("its proofs of segments cannot be read")
        try:
            verify_segments(root, leaves, first, answer.body, list(map(self._path, paths)))
        except CheckFailed as error:
            raise CheckFailed(f"{self.url}: {error.message}", remedy=error.remedy) from error
        return [answer.body[at : at + SEGMENT_BYTES] for at in range(0, len(answer.body), SEGMENT_BYTES)]

    def leaf(self, root: bytes, leaves: int, number: int) -> Leaf:
        """One leaf of a shard with its path. Raises CheckFailed when the node gives another one."""
        answer = self._asked("GET", f"/v1/shards/{root.hex()}/leaves/{number}")
        data, path = bytes(answer.body), self._path(answer.headers.get(b"keifu-path", b""))
        if len(data) != LEAF_BYTES or leaf_root(data, number, leaves, path) != root:
            raise CheckFailed(f"{self.url} shows another leaf than {number}", remedy="read it from other shards")
        return Leaf(data, tuple(path))

    def _path(self, text: bytes) -> list[bytes]:
        try:
            path = bytes.fromhex(text.decode("latin-1"))
        except ValueError:
            raise self._fault("its proof of a segment cannot be read") from None
        if len(path) > _MAX_PATH_BYTES or len(path) % _HASH_BYTES:
            raise self._fault("its proof of a segment cannot be read")
        return [path[at : at + _HASH_BYTES] for at in range(0, len(path), _HASH_BYTES)]

    # asking --------------------------------------------------------------------------------------------------------

    def _json(self, method: str, path: str, body: Body | None = None) -> dict[str, Any]:
        answer = self._asked(method, path, body)
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except _UNREADABLE:
            raise self._fault("its answer cannot be read") from None

    def _asked(self, method: str, path: str, body: Body | None = None) -> Answer:
        """Of what a busy node is brought, it is asked a few times; what it should give, others may have."""
        answer = self._paid(path) if method == "GET" else self._once(method, path, body)
        for _ in range(0 if method == "GET" else _AGAIN):
            if answer.status != _UNAVAILABLE:
                break
            self._pause(_wait(answer))
            answer = self._once(method, path, body)
        if answer.status == _UNPAID:
            raise NodeFault(f"{self.url} wants to be paid for this", remedy="keifu store get --max-price")
        if answer.status not in {_OK, _PART}:
            kind = NotThere if answer.status == _NOT_FOUND else NodeFault
            raise kind(f"{self.url} answers {answer.status}: {_detail(answer.body)}", remedy="try another node")
        return answer

    def _once(self, method: str, path: str, body: Body | None, payment: str = "") -> Answer:
        return self._over(lambda connection: connection.ask(method, self._base + path, body, payment))

    def _paid(self, path: str) -> Answer:
        """What may have to be paid, where somebody pays."""
        payer = self._payer
        if payer is None:
            return self._once("GET", path, None)
        answer = self._once("GET", path, None, used := payer.header(self.url))
        for _ in range(_PAYMENTS):
            if answer.status != _UNPAID:
                payer.took(self.url, used)
                break
            used = payer.pay(self.url, answer.headers.get(b"payment-required", b"").decode("latin-1"), used)
            answer = self._once("GET", path, None, used)
        return answer

    def _over(self, ask: Callable[[Connection], Answer]) -> Answer:
        """By a connection that was kept, if it still works, else by a fresh one."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._asked_by(connection, ask)
            except _FAULTS:
                pass
        try:
            return self._asked_by(self._fresh(), ask)
        except _FAULTS as error:
            raise self._fault(f"it does not answer: {error}") from error

    def _asked_by(self, connection: Connection, ask: Callable[[Connection], Answer]) -> Answer:
        with self._lock:
            if self._is_closed:
                raise ConnectionAbortedError("nobody asks any more")
            self._busy.add(connection)
        try:
            answer = ask(connection)
        finally:
            with self._lock:
                self._busy.discard(connection)
        if connection.is_open:
            with self._lock:
                self._idle.append(connection)
        return answer

    def _fresh(self) -> Connection:
        return Connection(self._host, self._port, tls=self._tls, patience=self._patience, largest=_MAX_ANSWER)

    def _fault(self, what: str) -> NodeFault:
        return NodeFault(f"{self.url}: {what}", remedy="try another node")


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.username:
            return parts, parts.port
    except ValueError:  # a port that is none, for one
        pass
    raise UsageError(f"{url!r} is no address of a node", remedy="write it as https://host")


def _wait(answer: Answer) -> int:
    """Seconds after which a node that is busy wants to be asked again."""
    said = answer.headers.get(b"retry-after", b"")
    return min(int(said), _LONGEST_WAIT) if said.isdigit() and len(said) < len("1000") else _USUAL_WAIT


def _detail(answer: memoryview) -> str:
    """What a node says is wrong, made harmless: it is shown to people."""
    try:
        text = str(msgspec.json.decode(answer, type=dict[str, Any]).get("detail", ""))
    except _UNREADABLE:
        text = ""
    return "".join(sign for sign in text[:200] if sign.isprintable()) or "no reason"
