"""Asking strangers for what they have signed: each answer within its time and size, and nothing that it says believed.

A peer may be slow, huge, malformed, or lead to an address inside the watcher's own network. Each is given up with its
reason, and no peer makes another one wait.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from keifu.errors import InputError
from keifu.node.asking import FAULTS, GivenUp, client_of, fetch, reason_of
from keifu.node.web import Background
from keifu.provenance import Heartbeat
from keifu.provenance.bundle_file import HeartbeatDocument, heartbeat_of
from keifu.provenance.signed_headers import SignedHeader, read_header_line

__all__ = ["LARGEST_ANSWER", "MAX_LINES", "PAGE", "Answer", "Peers", "Said", "ask_all", "read_headers", "read_lines"]

LARGEST_ANSWER = 64 << 10  # bytes
MAX_LINES = 64  # heartbeats in an answer
PAGE = "heartbeats"
POLL_SECONDS = 0.02
T = TypeVar("T")
Said = tuple[Heartbeat, bytes]


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a peer said: lines, or why none."""

    operator: str
    said: tuple[T, ...]
    fault: str = ""


def read_lines(body: bytes) -> tuple[tuple[Said, ...], str]:
    """The heartbeats in an answer, and what is wrong with it."""
    return _lines_by(lambda line: heartbeat_of(msgspec.json.decode(line, type=HeartbeatDocument)), body)


def read_headers(body: bytes) -> tuple[tuple[SignedHeader, ...], str]:
    """The same of headers of another chain."""
    return _lines_by(read_header_line, body)


def _lines_by(read: Callable[[bytes], T], body: bytes) -> tuple[tuple[T, ...], str]:
    """What `read` makes of each line, and what is wrong with the answer: one bad line spoils none of the others."""
    said, fault = [], ""
    lines = body.splitlines()
    for line in lines[:MAX_LINES]:
        try:
            said.append(read(line))
        except (ValueError, RecursionError, OverflowError, InputError):
            fault = "malformed"
    return tuple(said), fault if len(lines) <= MAX_LINES else "huge"


class Peers(Generic[T]):
    """Asks for one page on the network's thread; the answers are fetched by the thread of the rounds."""

    def __init__(
        self,
        background: Background,
        page: str,
        read: Callable[[bytes], tuple[tuple[T, ...], str]],
        *,
        patience: float,
        private: bool,
        refused: Callable[[str], None],
    ) -> None:
        self._background, self._patience, self._private, self._refused = background, patience, private, refused
        self._page, self._read = page, read
        self._asked: set[str] = set()
        self._answers: SimpleQueue[Answer[T]] = SimpleQueue()
        self._client = client_of(patience)

    def ask(self, operator: str, url: str) -> None:
        """Ask, unless an answer is still awaited."""
        if operator not in self._asked:
            self._asked.add(operator)
            self._background.submit(self._ask(operator, url))

    @property
    def waits(self) -> bool:
        return bool(self._asked)

    def answers(self) -> list[Answer[T]]:
        """What has come since the last time."""
        found: list[Answer[T]] = []
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
        said: tuple[T, ...] = ()
        try:
            async with asyncio.timeout(self._patience):
                await self._require_public(url)
                body = await fetch(self._client, f"{url.rstrip('/')}/{self._page}", LARGEST_ANSWER)
                said, fault = self._read(body)
        except FAULTS as error:
            fault = reason_of(error)
        if fault:
            self._refused(fault)
        self._answers.put(Answer(operator, said, fault))

    async def _require_public(self, url: str) -> None:
        """An operator chooses its address: it must not make a watcher ask inside the watcher's own network."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GivenUp("no address")
        if self._private:
            return
        loop = asyncio.get_running_loop()
        for *_, place in await loop.getaddrinfo(parts.hostname, parts.port or 443):
            if not ipaddress.ip_address(place[0]).is_global:
                raise GivenUp("private address")


def ask_all(
    urls: Sequence[str], page: str, read: Callable[[bytes], tuple[tuple[T, ...], str]], *, patience: float
) -> list[Answer[T]]:
    """What these addresses answer, all asked at once, each within its time and size."""
    background, found = Background(), list[Answer[T]]()
    try:
        peers = Peers(background, page, read, patience=patience, private=True, refused=lambda _: None)
        for url in urls:
            peers.ask(url, url)
        while peers.waits:
            found += peers.answers()
            time.sleep(POLL_SECONDS)
        peers.close()
    finally:
        background.close()
    return found
