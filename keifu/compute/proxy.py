"""A local address for plain OpenAI clients: it pays for them, and hands on no answer that was not compared.

A client brings a key of this proxy (`keifu usage key`), whose caps bound what it spends. Of a stream the events are
handed on as they come, and its end when the receipt held; what does not hold ends in OpenAI's form of an error. Nothing
is tried again by itself: an answer that was lost may have been paid. Several texts of one request are asked one by one
where each is proved then (`keifu.compute.client.apart`), and come back in one answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec

from keifu.compute.client.apart import apart
from keifu.compute.client.checks import ReplyRefused
from keifu.compute.client.client import ComputeClient, Provider, ProviderFault, Stream
from keifu.compute.client.store import CapReached
from keifu.compute.events import event_of
from keifu.compute.http import JSON, Exchange, Server, failure_body
from keifu.compute.tee import TEE_HEADER
from keifu.compute.wire import RECEIPT_HEADER
from keifu.errors import KeifuError
from keifu.payments.wallet import NoChannel, PaymentRefused, TooDear

__all__ = ["ENDPOINTS", "KEY_PREFIX", "Fault", "Proxy", "fault_of", "new_key"]

ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/classify")
KEY_PREFIX, KEY_BYTES = "sk-keifu-", 24
WORKERS = 32
STOP_CHECK_SECONDS = 0.05
EVENTS = b"content-type: text/event-stream\r\ncache-control: no-cache\r\n"
ONCE = b"x-should-retry: false\r\n"  # OpenAI's clients would pay again
BEARER = b"Bearer "
BAD_GATEWAY, PAYMENT_NEEDED, TOO_MANY, BAD_REQUEST = 502, 402, 429, 400
OWN_FAULTS_FROM = 500


@dataclass(frozen=True)
class Fault:
    """An error as OpenAI's clients read it."""

    status: int
    kind: str
    code: str
    message: str


def new_key() -> tuple[str, bytes]:
    """A key for a plain client, and its digest: the key itself is kept nowhere."""
    text = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    return text, digest_of(text.encode())


def digest_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def fault_of(error: KeifuError) -> Fault:
    """What a plain client is told."""
    message = f"{error.message} ({error.remedy})" if error.remedy else error.message
    if isinstance(error, ReplyRefused):
        return Fault(BAD_GATEWAY, "receipt_refused", error.checks[0].replace(" ", "_"), message)
    if isinstance(error, CapReached):
        return Fault(TOO_MANY, "insufficient_quota", "insufficient_quota", message)
    if isinstance(error, ProviderFault):
        if BAD_REQUEST <= error.status < OWN_FAULTS_FROM:
            return Fault(error.status, "invalid_request_error", "provider_refused", message)
        return Fault(BAD_GATEWAY, "provider_error", "provider_failed", message)
    if isinstance(error, (NoChannel, TooDear, PaymentRefused)):
        return Fault(PAYMENT_NEEDED, "payment_required", type(error).__name__, message)
    return Fault(BAD_GATEWAY, "provider_error", type(error).__name__, message)


class Proxy:
    """Answers on one address until `stopped()`. The caller closes the client. `together` asks about several texts at
    once, whatever is promised for one."""

    def __init__(
        self, client: ComputeClient, provider: Provider, *, host: str, port: int, together: bool = False
    ) -> None:
        self._client, self._provider, self._together = client, provider, together
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="proxy")
        self._server = Server(self._handle, host=host, port=port)
        self._loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        """Where plain clients ask: their `base_url`."""
        return f"{self._server.url}/v1"

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        asyncio.run(self._until(stopped))

    async def _until(self, stopped: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.start()
        try:
            while not stopped():
                await asyncio.sleep(STOP_CHECK_SECONDS)
        finally:
            await self._server.stop()
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _handle(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0].decode("latin-1")
        if (key := self._key(exchange)) is None:
            exchange.fail(
                401, "invalid_request_error", "invalid_api_key", "this proxy has no such key: keifu usage key"
            )
        elif exchange.method == b"GET" and path == "/v1/models":
            self._pool.submit(self._answer, exchange, self._models)
        elif exchange.method == b"POST" and path in ENDPOINTS:
            self._pool.submit(self._answer, exchange, lambda it: self._ask(it, path, key))
        else:
            exchange.fail(404, "invalid_request_error", "not_found", f"there is no {path[:80]}")

    def _key(self, exchange: Exchange) -> str | None:
        given = exchange.headers.get(b"authorization", b"")
        return self._client.store.key_of(digest_of(given.removeprefix(BEARER))) if given.startswith(BEARER) else None

    # in threads ----------------------------------------------------------------------------------------------------

    def _answer(self, exchange: Exchange, work: Callable[[Exchange], None]) -> None:
        try:
            work(exchange)
        except KeifuError as error:
            self._fail(exchange, fault_of(error))
        except Exception as error:
            self._fail(exchange, Fault(500, "server_error", type(error).__name__, "the proxy failed to answer this"))

    def _models(self, exchange: Exchange) -> None:
        body = self._client.models(self._provider)
        self._soon(exchange.reply, 200, body)

    def _ask(self, exchange: Exchange, path: str, key: str) -> None:
        if not self._together and (found := apart(self._client, self._provider, path, exchange.body, key=key)):
            self._soon(exchange.reply, 200, msgspec.json.encode(found.document))
            return
        with self._client.stream(self._provider, path, exchange.body, key=key) as stream:
            if stream.is_stream:
                self._stream(exchange, stream)
                return
            body = b"".join(stream)
            held = {RECEIPT_HEADER: stream.answer.receipt_text, TEE_HEADER: stream.answer.tee_text}
            headers = "".join(f"{name}: {text}\r\n" for name, text in held.items() if text)
            self._soon(exchange.reply, 200, body, JSON + headers.encode())

    def _stream(self, exchange: Exchange, stream: Stream) -> None:
        """Nothing more is read for a peer that has left."""
        self._soon(exchange.begin, 200, EVENTS)
        try:
            for part in stream:
                if not self._sent(exchange, part):
                    return
        except KeifuError as error:
            fault = fault_of(error)
            self._sent(exchange, event_of(failure_body(fault.kind, fault.code, fault.message)))
        self._soon(exchange.end)

    def _sent(self, exchange: Exchange, part: bytes) -> bool:
        return asyncio.run_coroutine_threadsafe(exchange.send(part), self._loop).result()

    def _fail(self, exchange: Exchange, fault: Fault) -> None:
        self._soon(exchange.fail, fault.status, fault.kind, fault.code, fault.message, ONCE)

    def _soon(self, work: Callable[..., Any], *values: Any) -> None:
        """In the loop, in which the server lives."""
        self._loop.call_soon_threadsafe(work, *values)
