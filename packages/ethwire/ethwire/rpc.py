"""JSON-RPC over one keep-alive connection, with batches, time-outs that grow, and back-off for reads."""

from __future__ import annotations

import itertools
import math
import ssl
import time
import weakref
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from ethwire._http import httpx
from ethwire.abi import decode_revert
from ethwire.errors import ChainMismatch, Revert, RpcError

__all__ = ["Rpc"]

TIMEOUT_SECONDS = 30.0  # for the first try of a public node's answer; each later try has twice as long
LOCAL_TIMEOUT_SECONDS = 600.0  # nothing is lost on the way to a node of this machine: it is slow when the machine is
CONNECT_SECONDS = 30.0
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.1
EXECUTION_REVERTED = 3  # error code that go-ethereum and anvil give, with the revert data
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_WRITES = ("eth_sendRawTransaction", "eth_sendTransaction", "anvil_", "evm_", "hardhat_")  # whatever begins like this


class _Response(msgspec.Struct):
    id: int | None = None
    result: Any = None
    error: dict[str, Any] | None = None


class _RawResponse(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] | None = None


T = TypeVar("T")
_RAW = msgspec.json.Decoder(_RawResponse)
_RAW_MANY = msgspec.json.Decoder(list[_RawResponse])
_ONE = msgspec.json.Decoder(_Response)
_MANY = msgspec.json.Decoder(list[_Response])


class Rpc:
    """A JSON-RPC endpoint. Reads are tried again after a transport fault, with twice the time; what changes the chain
    is sent once.

    `timeout` is in seconds; by default it depends on whether the node is on this machine. `math.inf` waits for as long
    as the node keeps the connection, as is right for a child process, whose end closes it.

    Raises RpcError when the node answers with an error or not at all, Revert when a call was refused by a contract.
    """

    def __init__(self, url: str, *, timeout: float | None = None, attempts: int = ATTEMPTS) -> None:
        self.url = url
        self._timeout = _patience(url) if timeout is None else timeout
        self._attempts = attempts
        self._ids = itertools.count(1)
        # The certificates of this machine are read only where they are needed: that takes a tenth of a second.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("http://") else True
        self._http = httpx.Client(headers={"Content-Type": "application/json"}, verify=verify)
        weakref.finalize(self, self._http.close)  # whoever drops an Rpc without closing it leaves no socket open

    def call(self, method: str, *params: Any) -> Any:
        """One request; its result."""
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        body = self._post(msgspec.json.encode(request), retry=not method.startswith(_WRITES), what=method)
        response = self._decode(_ONE, body, method)
        if response.error is not None:
            raise _failure(method, response.error)
        return response.result

    def call_as(self, kind: type[T], method: str, *params: Any) -> T:
        """One request, its result decoded straight into `kind` (a msgspec type): for the large answers."""
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        body = self._post(msgspec.json.encode(request), retry=True, what=method)
        envelope = self._decode(_RAW, body, method)
        if envelope.error is not None:
            raise _failure(method, envelope.error)
        return _typed(kind, envelope.result, method)

    def batch_as(self, kind: type[T], calls: Sequence[tuple[str, Sequence[Any]]]) -> list[T]:
        """Many requests whose results all are of `kind`, in order; raises at the first that failed."""
        if not calls:
            return []
        first = next(self._ids)
        requests = [
            {"jsonrpc": "2.0", "id": first + offset, "method": method, "params": params}
            for offset, (method, params) in enumerate(calls)
        ]
        self._ids = itertools.count(first + len(calls))
        body = self._post(msgspec.json.encode(requests), retry=True, what=f"a batch of {len(calls)}")
        by_id = {response.id: response for response in self._decode(_RAW_MANY, body, "batch")}
        results: list[T] = []
        for offset, (method, _) in enumerate(calls):
            response = by_id.get(first + offset)
            if response is None:
                raise RpcError(f"{self.url} left {method} of a batch unanswered")
            if response.error is not None:
                raise _failure(method, response.error)
            results.append(_typed(kind, response.result, method))
        return results

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Many requests in one round trip; results in order, an exception in the place of a request that failed."""
        if not calls:
            return []
        requests = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params} for method, params in calls
        ]
        retry = not any(method.startswith(_WRITES) for method, _ in calls)
        body = self._post(msgspec.json.encode(requests), retry=retry, what=f"a batch of {len(calls)}")
        by_id = {response.id: response for response in self._decode(_MANY, body, "batch")}
        results: list[Any] = []
        for request, (method, _) in zip(requests, calls, strict=True):
            response = by_id.get(request["id"])
            if response is None:
                results.append(RpcError(f"{self.url} left {method} of a batch unanswered"))
            elif response.error is not None:
                results.append(_failure(method, response.error))
            else:
                results.append(response.result)
        return results

    def chain_id(self) -> int:
        return int(self.call("eth_chainId"), 16)

    def require_chain(self, chain_id: int) -> None:
        """Raises ChainMismatch unless the node serves `chain_id`; call it before sending anything."""
        actual = self.chain_id()
        if actual != chain_id:
            raise ChainMismatch(
                f"{self.url} serves chain {actual}, not {chain_id}", remedy="check the network and the RPC address"
            )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Rpc:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _post(self, content: bytes, *, retry: bool, what: str) -> bytes:
        pause, limit = FIRST_PAUSE_SECONDS, self._timeout
        for attempt in range(1, self._attempts + 1):
            try:
                timeout = httpx.Timeout(limit if math.isfinite(limit) else None, connect=CONNECT_SECONDS)
                response = self._http.post(self.url, content=content, timeout=timeout)
                response.raise_for_status()
            except httpx.HTTPError as error:
                if not retry or attempt == self._attempts:
                    raise RpcError(
                        f"{self.url} did not answer {what}: {error or type(error).__name__}",
                        remedy="is the node up, and the address right?",
                    ) from error
                time.sleep(pause)
                pause *= 2
                limit *= 2
            else:
                return response.content
        raise AssertionError("unreachable")

    def _decode(self, decoder: msgspec.json.Decoder[Any], body: bytes, what: str) -> Any:
        try:
            return decoder.decode(body)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise RpcError(f"{self.url} answered {what} with something that is not JSON-RPC") from error


def _patience(url: str) -> float:
    return LOCAL_TIMEOUT_SECONDS if httpx.URL(url).host in _LOCAL_HOSTS else TIMEOUT_SECONDS


def _typed(kind: type[T], raw: msgspec.Raw, method: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RpcError(f"{method} answered with something else than it should: {error}") from error


def _failure(method: str, error: dict[str, Any]) -> RpcError | Revert:
    message, data, code = str(error.get("message", "")), error.get("data"), int(error.get("code", 0))
    if isinstance(data, dict):  # some nodes wrap it
        data = data.get("data")
    if code == EXECUTION_REVERTED or (isinstance(data, str) and data.startswith("0x") and "revert" in message):
        raw = bytes.fromhex(data[2:]) if isinstance(data, str) else b""
        return Revert(decode_revert(raw), data=raw)
    return RpcError(f"{method}: {message}", code=code, data=data)
