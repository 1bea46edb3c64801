"""JSON-RPC over one keep-alive connection, with batches, time-outs that grow, and back-off for reads."""

from __future__ import annotations

import itertools
import time
import weakref
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from ethwire.errors import ChainMismatch, NoAnswer, NotServed, RateLimited, Revert, RpcError, UsageError
from ethwire.rpc._even import EvenTexts
from ethwire.rpc._limit import Limit
from ethwire.rpc._values import octets, quantity, words
from ethwire.rpc.answers import read_many, read_one, refusal
from ethwire.rpc.transport import BrokenOff, Transport
from ethwire.rpc.wire import Begun, Wires

if TYPE_CHECKING:
    import httpx

__all__ = ["Calls", "Rpc"]

TIMEOUT_SECONDS = 30.0  # for the first try of a public node's answer; each later try has twice as long
LOCAL_TIMEOUT_SECONDS = 600.0  # nothing is lost on the way to a node of this machine: it is slow when the machine is
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.1
RATE_PAUSE_SECONDS = 1.0  # after "too many requests" from a node that does not say how long
LONGEST_WAIT_SECONDS = 60.0  # a node that wants to be left alone for longer is an error at once
MAX_REQUESTS = 1_000  # in one batch
HTTP_PORT = 80
OK, REDIRECT = 200, 300  # answers between them are good
MAX_BLOCKS = 2**32  # in one query for logs: as many as there are, until the node refuses
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_WRITES = ("eth_sendRawTransaction", "eth_sendTransaction", "anvil_", "evm_", "hardhat_")  # whatever begins like this

T = TypeVar("T")
R = TypeVar("R")
Calls = Sequence[tuple[str, Sequence[Any]]]


class _Request(msgspec.Struct, gc=False):
    id: int
    method: str
    params: Sequence[Any]
    jsonrpc: str = "2.0"


class Rpc:
    """A JSON-RPC endpoint. Reads are tried again after a transport fault, with twice the time, and after as long as a
    busy node asks for; what changes the chain is sent once.

    `timeout` is in seconds; by default it depends on whether the node is on this machine. `math.inf` waits for as long
    as the node keeps the connection, as is right for a child process, whose end closes it. `sleep` pauses between
    tries; `transport` stands in the place of the network.

    Raises RpcError when the node answers with an error or not at all, Revert when a call was refused by a contract.
    Nothing that a node answers raises anything else. `requests` and `blocks` are how much it serves at once.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self.requests, self.blocks = Limit(MAX_REQUESTS), Limit(MAX_BLOCKS)
        self._timeout = _patience(url) if timeout is None else timeout
        self._attempts = attempts
        self._sleep = sleep
        self._ids = itertools.count(1)
        self._wires = _wires(url, self._timeout) if transport is None else None
        self._node = self._wires or _far(url, transport)
        weakref.finalize(self, self._node.close)  # whoever drops an Rpc without closing it leaves no socket open

    @property
    def endpoints(self) -> tuple[Rpc, ...]:
        """Each endpoint on its own."""
        return (self,)

    # one request ---------------------------------------------------------------------------------------------------

    def call(self, method: str, *params: Any) -> Any:
        """One request; its result."""
        return self._one(Any, method, params, retry=not method.startswith(_WRITES))

    def call_as(self, kind: type[T], method: str, *params: Any) -> T:
        """One request, its result decoded straight into `kind` (a msgspec type): for the large answers. Raises
        NotServed for null."""
        result: T | None = self._one(kind, method, params, retry=True)
        if result is None:
            raise _null(method, self.url)
        return result

    def quantity(self, method: str, *params: Any) -> int:
        """One request whose result is a number."""
        return quantity(self.call(method, *params), method, self.url)

    def octets(self, method: str, *params: Any) -> bytes:
        """One request whose result is bytes."""
        return octets(self.call(method, *params), method, self.url)

    def agreed(self, method: str, *params: Any) -> Any:
        """A fact that money depends on: one endpoint's answer here, most endpoints' answer where there are several."""
        return self.call(method, *params)

    def agreed_many(self, calls: Calls, of: Callable[[Any], Any]) -> list[Any]:  # noqa: ARG002 - not of itself
        """Many of them in one round trip, an exception in the place of what failed. `of` picks what endpoints must
        agree in: nodes add members of their own."""
        return self.batch(calls)

    def estimated_many(self, calls: Calls) -> list[Any]:
        """Amounts of gas in one round trip, an exception in the place of what was refused. Where there are several
        endpoints, none alone names too little or too much."""
        return self.batch(calls)

    def block_number(self) -> int:
        return self.quantity("eth_blockNumber")

    def chain_id(self) -> int:
        return self.quantity("eth_chainId")

    def require_chain(self, chain_id: int) -> None:
        """Raises ChainMismatch unless the node serves `chain_id`; call it before sending anything."""
        actual = self.chain_id()
        if actual != chain_id:
            raise ChainMismatch(
                f"{self.url} serves chain {actual}, not {chain_id}", remedy="check the network and the RPC address"
            )

    # many requests -------------------------------------------------------------------------------------------------

    def batch_as(self, kind: type[T], calls: Calls) -> list[T]:
        """Many requests whose results all are of `kind`, in order; raises at the first that failed, NotServed for a
        null."""
        results: list[T] = []
        for result in self.each_as(kind, calls):
            if isinstance(result, (RpcError, Revert)):
                raise result
            results.append(result)
        return results

    def each_as(self, kind: type[T], calls: Calls) -> list[T | RpcError | Revert]:
        """The same, with an exception in the place of a request that failed or whose result is null."""
        return [
            _null(method, self.url) if result is None else result
            for (method, _), result in zip(calls, self._batches(kind, calls), strict=True)
        ]

    def batch(self, calls: Calls) -> list[Any]:
        """Many requests in one round trip; results in order, an exception in the place of a request that failed.
        Raises RpcError when the node refuses the batch as a whole."""
        return self._batches(Any, calls)

    def _batches(self, kind: Any, calls: Calls) -> list[Any]:
        """In as many batches as the node wants. What changes the chain goes in one: a part of it might count."""
        if any(method.startswith(_WRITES) for method, _ in calls):
            return self._many(kind, calls, retry=False)
        return self.requests.in_parts(calls, lambda part: self._many(kind, part, retry=True))

    def _many(self, kind: Any, calls: Calls, *, retry: bool) -> list[Any]:
        if len(calls) == 1:  # some nodes take no batch at all
            [(method, params)] = calls
            try:
                return [self._one(kind, method, params, retry=retry)]
            except (NoAnswer, RateLimited):
                raise
            except (RpcError, Revert) as error:
                return [error]
        asked, content = self._packed(calls)
        return self._exchange(
            content,
            lambda body, url: list(read_many(kind, body, asked, url)),
            retry=retry,
            what=f"a batch of {len(calls)}",
        )

    def _packed(self, calls: Calls) -> tuple[list[tuple[int, str]], bytes]:
        requests = [_Request(number, *call) for number, call in zip(self._ids, calls, strict=False)]
        return [(item.id, item.method) for item in requests], msgspec.json.encode(requests)

    def _one(self, kind: Any, method: str, params: Sequence[Any], *, retry: bool) -> Any:
        request = _Request(next(self._ids), method, params)
        return self._exchange(
            msgspec.json.encode(request),
            lambda body, url: read_one(kind, body, request.id, method, url),
            retry=retry,
            what=method,
        )

    # ahead of time ------------------------------------------------------------------------------------------------

    def begin_batch_as(self, kind: type[T], calls: Calls) -> Begun[Sequence[T]] | None:
        """`batch_as` of reads, sent now and read when its result is wanted; None where that needs a thread."""
        if self._wires is None or not 1 < len(calls) <= self.requests.size:
            return None
        asked, content = self._packed(calls)

        def read(body: bytes) -> Sequence[T] | None:
            try:
                found: Sequence[Any] = read_many(kind, body, asked, self.url)
            except RpcError:
                return None
            faults = () if isinstance(found, EvenTexts) else found
            return None if any(item is None or isinstance(item, Exception) for item in faults) else found

        return Begun(self._wires, content, read, lambda: self.batch_as(kind, calls))

    def begin_as(self, kind: type[T], method: str, *params: Any, again: Callable[[], R]) -> Begun[T | R] | None:
        """`call_as` in the same way. `again` asks once more when the answer is none."""
        if self._wires is None:
            return None
        request = _Request(next(self._ids), method, params)

        def read(body: bytes) -> T | R | None:
            try:
                found: T | None = read_one(kind, body, request.id, method, self.url)
            except (RpcError, Revert):
                return None
            return found

        return Begun(self._wires, msgspec.json.encode(request), read, again)

    # life ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        self._node.close()

    def __enter__(self) -> Rpc:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # transport -----------------------------------------------------------------------------------------------------

    def _exchange(self, content: bytes, read: Callable[[bytes, str], T], *, retry: bool, what: str) -> T:
        """Send, and read the answer; again after a fault that may pass, when that is harmless."""
        pause, limit = FIRST_PAUSE_SECONDS, self._timeout
        for attempt in range(1, self._attempts + 1):
            last = not retry or attempt == self._attempts
            try:
                return read(self._post(content, limit, what), self.url)
            except RateLimited as error:
                wait = max(error.retry_after, RATE_PAUSE_SECONDS * 2 ** (attempt - 1))
                if last or error.retry_after > LONGEST_WAIT_SECONDS:
                    raise
            except NoAnswer:
                wait = pause
                if last:
                    raise
            self._sleep(wait)
            pause *= 2
            limit *= 2
        raise AssertionError("unreachable")

    def _post(self, content: bytes, limit: float, what: str) -> bytes:
        try:
            answer = self._node.post(content, limit)
        except BrokenOff as error:
            raise NoAnswer(
                f"{self.url} did not answer {what}: {words(str(error))}",
                remedy="is the node up, and the address right?",
                url=self.url,
            ) from error
        if not OK <= answer.status < REDIRECT:
            refused = refusal(answer.status, answer.body, _seconds(answer.retry_after), what, self.url)
            if refused is not None:
                raise refused
        return answer.body


def _null(method: str, url: str) -> NotServed:
    return NotServed(f"{method} of {url} is null", remedy="the node is behind, or does not have it", url=url)


def _seconds(header: str) -> float:
    """Retry-After as seconds from now; 0 when it says nothing that can be read."""
    if header.strip().isdecimal():
        return float(header[:9])
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _patience(url: str) -> float:
    return LOCAL_TIMEOUT_SECONDS if _parsed(url).hostname in _LOCAL_HOSTS else TIMEOUT_SECONDS


def _wires(url: str, timeout: float) -> Wires | None:
    """To a node of this machine; a far one wants encryption, compression and proxies, which httpx has."""
    parsed = _parsed(url)
    if parsed.scheme != "http" or parsed.hostname not in _LOCAL_HOSTS or parsed.username is not None:
        return None
    path = f"{parsed.path or '/'}?{parsed.query}" if parsed.query else parsed.path or "/"
    return Wires(parsed.hostname, parsed.port or HTTP_PORT, path, timeout)


def _far(url: str, transport: httpx.BaseTransport | None) -> Transport:
    from ethwire.rpc._far import Far  # noqa: PLC0415 - takes as long to import as everything else together

    return Far(url, transport)


def _parsed(url: str) -> SplitResult:
    try:
        parsed = urlsplit(url)
        _ = parsed.port  # is read, and refused, when it is asked for
    except ValueError as error:
        raise UsageError(f"{words(url)} is no URL: {error}", remedy="like https://rpc.example") from error
    return parsed
