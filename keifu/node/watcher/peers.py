"""Asking strangers for their heartbeats: each answer within its time and its size, and nothing that it says believed.

A peer may be slow, huge, malformed, or lead to an address inside the watcher's own network. Each is given up with its
reason, and no peer makes another one wait.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import httpx
import msgspec

from keifu.errors import InputError
from keifu.node.web import Background
from keifu.provenance import Heartbeat
from keifu.provenance.bundle_file import HeartbeatDocument, heartbeat_of

__all__ = ["Answer", "Peers", "read_lines"]

LARGEST_ANSWER = 64 << 10  # bytes
MAX_LINES = 64  # heartbeats in an answer
PAGE = "heartbeats"
FOUND = 200
Said = tuple[Heartbeat, bytes]


class _GivenUp(Exception):
    """A peer was given up; its text is the reason."""


@dataclass(frozen=True)
class Answer:
    """What a peer said: lines, or why none."""

    operator: str
    said: tuple[Said, ...]
    fault: str = ""


def read_lines(body: bytes) -> tuple[tuple[Said, ...], str]:
    """The heartbeats in an answer, and what is wrong with it: one bad line spoils none of the others."""
    said, fault = [], ""
    lines = body.splitlines()
    for line in lines[:MAX_LINES]:
        try:
            said.append(heartbeat_of(msgspec.json.decode(line, type=HeartbeatDocument)))
        except (ValueError, RecursionError, OverflowError, InputError):
            fault = "malformed"
    return tuple(said), fault if len(lines) <= MAX_LINES else "huge"


class Peers:
    """Asks on the network's thread; the answers are fetched by the thread of the rounds."""

    def __init__(
        self, background: Background, *, patience: float, private: bool, refused: Callable[[str], None]
    ) -> None:
        self._background, self._patience, self._private, self._refused = background, patience, private, refused
        self._asked: set[str] = set()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=patience)

    def ask(self, operator: str, url: str) -> None:
        """Ask, unless an answer is still awaited."""
        if operator not in self._asked:
            self._asked.add(operator)
            self._background.submit(self._ask(operator, url))

    @property
    def waits(self) -> bool:
        return bool(self._asked)

    def answers(self) -> list[Answer]:
        """What has come since the last time."""
        found = []
        while True:
            try:
                found.append(self._answers.get_nowait())
            except Empty:
                break
            self._asked.discard(found[-1].operator)
        return found

    def close(self) -> None:
        self._background.submit(self._client.aclose()).result()

    async def _ask(self, operator: str, url: str) -> None:
        said: tuple[Said, ...] = ()
        try:
            async with asyncio.timeout(self._patience):
                said, fault = read_lines(await self._fetch(url))
        except TimeoutError:
            fault = "slow"
        except _GivenUp as reason:
            fault = str(reason)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            fault = "not reached"
        if fault:
            self._refused(fault)
        self._answers.put(Answer(operator, said, fault))

    async def _fetch(self, url: str) -> bytes:
        await self._require_public(url)
        async with self._client.stream("GET", f"{url.rstrip('/')}/{PAGE}") as answer:
            if answer.status_code != FOUND:
                raise _GivenUp("no heartbeats")
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise _GivenUp("huge")
            return body

    async def _require_public(self, url: str) -> None:
        """An operator chooses its address: it must not make a watcher ask inside the watcher's own network."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _GivenUp("no address")
        if self._private:
            return
        loop = asyncio.get_running_loop()
        for *_, place in await loop.getaddrinfo(parts.hostname, parts.port or 443):
            if not ipaddress.ip_address(place[0]).is_global:
                raise _GivenUp("private address")
