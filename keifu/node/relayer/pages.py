"""x402's three endpoints, and one for batches of agents' accounts. Whatever comes, the answer is one of x402's
documents, or one line of JSON that says why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from keifu.accounts import Brought, Intent
from keifu.compute.http import JSON, Exchange, Limits
from keifu.errors import InputError, KeifuError
from keifu.node.relayer.accounts import Accounts
from keifu.node.relayer.desk import Answer, Desk, refusal
from keifu.payments.book import Refused
from keifu.payments.facilitator import Supported, read_asked
from keifu.payments.x402 import PAYMENT_SIGNATURE

__all__ = ["LIMITS", "Pages"]

LIMITS = Limits(body_bytes=512 << 10, connections=256)
_PATHS = {b"/verify": False, b"/settle": True}
_ACCOUNT = b"/account"
_REFUND = PAYMENT_SIGNATURE.lower().encode()
_log = logging.getLogger("keifu.relayer")


class Pages:
    """In the event loop of the server. `not_ready` says why nothing is taken; "" when it is."""

    def __init__(self, desk: Desk, accounts: Accounts, supported: Supported, not_ready: Callable[[], str]) -> None:
        self._desk, self._accounts, self._not_ready = desk, accounts, not_ready
        self._network = supported.kinds[0].network
        self._supported = msgspec.json.encode(supported)
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0]
        if path in _PATHS and exchange.method == b"POST":
            self._begin(self._asked(exchange, settles=_PATHS[path]))
        elif path == _ACCOUNT and exchange.method == b"POST":
            self._begin(self._brought(exchange))
        elif path == b"/supported" and exchange.method in (b"GET", b"HEAD"):
            exchange.reply(200, self._supported)
        elif path in (*_PATHS, _ACCOUNT):
            exchange.reply(405, b'{"error":"ask by POST"}', JSON + b"allow: POST\r\n")
        else:
            exchange.reply(404, b'{"error":"there is no such page: /verify, /settle, /account, /supported"}')

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _brought(self, exchange: Exchange) -> None:
        """A batch that an account's owner has signed."""
        try:
            if why := self._not_ready():
                raise Refused("relayer_busy", why)
            intent = msgspec.json.decode(exchange.body, type=Intent)
            intent.require_readable()
            status, answer = 200, msgspec.json.encode(await self._accounts.questions.ask(intent))
        except Refused as refused:
            status, answer = 422, msgspec.json.encode(Brought("refused", reason=f"{refused.code}: {refused.message}"))
        except (ValueError, KeyError, TypeError, RecursionError, InputError) as error:
            status, answer = 400, msgspec.json.encode(Brought("refused", reason=f"this is no intent: {error}"))
        except KeifuError as error:
            status, answer = 503, msgspec.json.encode(Brought("later", reason=error.message))
        except Exception:
            _log.exception("a batch failed")
            status, answer = 500, msgspec.json.encode(Brought("later", reason="the relayer failed; its log says why"))
        exchange.reply(status, answer)

    async def _asked(self, exchange: Exchange, *, settles: bool) -> None:
        status = 200
        answer: Answer
        try:
            answer = await self._answer(exchange, settles=settles)
        except InputError as error:
            status, answer = 400, self._refusal("payload_type", error.message, settles=settles)
        except KeifuError as error:
            status, answer = 503, self._refusal("rpc_read_failed", error.message, settles=settles)
        except Exception:
            _log.exception("a request failed")
            status, answer = (
                500,
                self._refusal("relayer_failed", "the relayer failed; its log says why", settles=settles),
            )
        exchange.reply(status, msgspec.json.encode(answer))

    async def _answer(self, exchange: Exchange, *, settles: bool) -> Answer:
        if why := self._not_ready():
            return self._refusal("relayer_busy", why, settles=settles)
        asked = read_asked(exchange.body)
        refund = exchange.headers.get(_REFUND, b"").decode("latin-1")
        try:
            return await self._desk.ask(asked, refund, settles=settles)
        except Refused as refused:
            return refusal(asked, refused, self._network, settles=settles)

    def _refusal(self, code: str, message: str, *, settles: bool) -> Answer:
        return refusal(None, Refused(code, message), self._network, settles=settles)
