"""What an attestor answers: what it is, and requests to attest. Each answer is one document of JSON."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from keifu.compute.http import JSON, Exchange, Limits
from keifu.errors import InputError, KeifuError
from keifu.inft.requests import About, Answer, Asked, NotAttested
from keifu.node.compute.questions import Questions
from keifu.payments.book import Refused

__all__ = ["LIMITS", "Pages"]

LIMITS = Limits(body_bytes=256 << 10, connections=64)
ABOUT, ATTEST = b"/about", b"/attest"
_log = logging.getLogger("keifu.attestor")


class Pages:
    """In the event loop of the server. `not_ready` says why nothing is taken; "" when it is."""

    def __init__(
        self, about: Callable[[], About], questions: Questions[Asked, Answer], not_ready: Callable[[], str]
    ) -> None:
        self._about, self._questions, self._not_ready = about, questions, not_ready
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0]
        if path == ATTEST and exchange.method == b"POST":
            task = asyncio.get_running_loop().create_task(self._asked(exchange))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif path == ABOUT and exchange.method in (b"GET", b"HEAD"):
            exchange.reply(200, msgspec.json.encode(self._about()))
        elif path == ATTEST:
            exchange.reply(405, _fault("method", "ask by POST"), JSON + b"allow: POST\r\n")
        else:
            exchange.reply(404, _fault("path", "there is no such page: /about, /attest"))

    async def _asked(self, exchange: Exchange) -> None:
        try:
            status, answer = 200, msgspec.json.encode(await self._answer(exchange.body))
        except NotAttested as error:
            status, answer = 422, _fault(error.code, error.message, error.remedy)
        except InputError as error:
            status, answer = 400, _fault("form", error.message, error.remedy)
        except Refused as error:
            status, answer = 503, _fault(error.code, error.message)
        except KeifuError as error:
            status, answer = 503, _fault("later", error.message, error.remedy)
        except Exception:
            _log.exception("a request failed")
            status, answer = 500, _fault("failed", "the attestor failed; its log says why")
        exchange.reply(status, answer)

    async def _answer(self, body: bytes) -> Answer:
        if why := self._not_ready():
            raise Refused("later", why)
        try:
            asked = msgspec.json.decode(body, type=Asked)
            asked.request.require_readable()
            _ = [bytes.fromhex(text) for text in asked.keys]
        except (ValueError, KeyError, TypeError, RecursionError, KeifuError) as error:
            raise InputError(f"this is no request: {error}", remedy="ask by `keifu inft request`") from error
        return await self._questions.ask(asked)


def _fault(code: str, message: str, remedy: str | None = "") -> bytes:
    return msgspec.json.encode({"error": code, "message": message, "remedy": remedy or ""})
