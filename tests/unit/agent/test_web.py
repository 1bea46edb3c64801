"""Who is answered over HTTP, and how much waits: those who read documents keep nobody with the token waiting."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

import pytest

from keifu.agent.mcp.web import DOCUMENTS, MCP_PATH, WAITING, Pages, Site

TOKEN, CARD = "a secret of this server", "/card.json"
HOST = {b"host": b"localhost:8643"}
ASKS = HOST | {b"content-type": b"application/json", b"authorization": b"Bearer " + TOKEN.encode()}


class Exchange:
    def __init__(self, headers, path=MCP_PATH, method=b"POST"):
        self.headers, self.path, self.method, self.body, self.status = headers, path.encode(), method, b"{}", 0

    def reply(self, status, body, *headers):
        self.status = status


@pytest.fixture
def pages():
    """Of a server whose tools and documents wait for `free`."""
    free = threading.Event()

    def waits(*_):
        free.wait()
        return SimpleNamespace(status=200, body=b"{}")

    site = Site(SimpleNamespace(answer=waits), {CARD: lambda: json.dumps(waits().status)}, frozenset({""}), TOKEN)
    made = Pages(site)
    made.free = free
    return made


def statuses(pages, asked):
    """Of what is answered at once (0 for what waits), and of all in the end."""

    async def ask():
        for exchange in asked:
            pages.handle(exchange)
        at_once = [exchange.status for exchange in asked]
        pages.free.set()
        await asyncio.gather(*pages._tasks)
        return at_once, [exchange.status for exchange in asked]

    return asyncio.run(ask())


def test_strangers_who_read_documents_leave_room_for_messages(pages):
    read = [Exchange(HOST, CARD, b"GET") for _ in range(WAITING * 2)]
    asked = [Exchange(ASKS) for _ in range(WAITING)]
    at_once, ended = statuses(pages, read + asked)
    assert at_once.count(0) == WAITING
    assert ended[: WAITING * 2] == [200] * DOCUMENTS + [503] * (WAITING * 2 - DOCUMENTS)
    assert ended[WAITING * 2 :] == [200] * DOCUMENTS + [503] * (WAITING - DOCUMENTS)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({b"host": b"[::1]:1"}, 200), ({b"origin": b"http://127.0.0.1:1"}, 200),
        ({b"host": b"example.org"}, 403), ({b"host": b""}, 403), ({b"origin": b"null"}, 403),
        ({b"origin": b"https://localhost.example.org"}, 403), ({b"origin": b"http://localhost@example.org"}, 403),
        ({b"authorization": b"Bearer"}, 401), ({b"authorization": b"bearer " + TOKEN.encode()}, 401),
        ({b"authorization": b"Bearer " + TOKEN.encode() + b"\xff"}, 401), ({b"content-type": b"text/plain"}, 415),
    ],
)  # fmt: skip
def test_who_is_answered(pages, change, status):
    assert statuses(pages, [Exchange(ASKS | change)])[1] == [status]
