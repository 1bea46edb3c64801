"""Strangers that a watcher asks: slow, huge, malformed, gone, or leading into the watcher's own network."""

from __future__ import annotations

import asyncio
import time

import pytest

from keifu.keys import Account
from keifu.node.watcher.peers import LARGEST_ANSWER, MAX_LINES, Peers, read_lines
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.heartbeats import line_of

PATIENCE, IMPATIENCE = 600.0, 0.2  # only what waits for ever is waited for with impatience
NODE = Account.from_role("node")
SAID = Heartbeat(NODE.address.lower(), b"\x01" * 32, 1, b"\x02" * 32, 1_700_000_000)
LINE = line_of(SAID, NODE.sign(heartbeat_digest(environments_domain(1, "0x" + "11" * 20), SAID))).encode()
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(LINE), LINE)


@pytest.fixture
def serve(background):
    """A stranger that answers with these bytes, then waits or ends; its URL."""
    servers = []

    def serve(answer: bytes, *, stays: bool = False) -> str:
        async def talk(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if stays:
                await asyncio.sleep(PATIENCE)
            writer.close()

        async def start():
            return await asyncio.start_server(talk, "127.0.0.1", 0)

        servers.append(background.submit(start()).result())
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield serve
    for server in servers:
        background.submit(_end(server)).result()


async def _end(server):
    server.close()


def ask(background, refused, url, *, private=True, patience=PATIENCE):
    """The one answer of one stranger."""
    peers = Peers(background, patience=patience, private=private, refused=lambda reason: refused.update([reason]))
    try:
        peers.ask("0xa", url)
        peers.ask("0xa", url)  # not asked twice at once
        while not (found := peers.answers()):
            time.sleep(0.005)
        assert not peers.waits
        return found
    finally:
        peers.close()


def test_a_good_answer(background, refused, serve):
    [answer] = ask(background, refused, serve(GOOD) + "/")
    assert (answer.operator, answer.fault, [said for said, _ in answer.said]) == ("0xa", "", [SAID])
    assert refused == {}


@pytest.mark.parametrize(
    ("answer", "stays", "reason"),
    [
        (b"", True, "slow"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True, "slow"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 * LARGEST_ANSWER), False, "huge"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", False, "malformed"),
        (b"\x00\x01\x02\r\n\r\n", False, "not reached"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", False, "no heartbeats"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1\r\nContent-Length: 0\r\n\r\n", False, "no heartbeats"),
    ],
)
def test_what_is_refused_is_counted(background, refused, serve, answer, stays, reason):
    [found] = ask(background, refused, serve(answer, stays=stays), patience=IMPATIENCE if stays else PATIENCE)
    assert (found.said, found.fault) == ((), reason)
    assert refused == {reason: 1}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "private address"),
        ("http://[::1]:1", "private address"),
        ("http://10.0.0.1", "private address"),
        ("file:///etc/passwd", "no address"),
        ("http://", "no address"),
        ("not an address", "no address"),
    ],
)
def test_an_operator_does_not_choose_an_address_inside_the_network(background, refused, url, reason):
    [found] = ask(background, refused, url, private=False)
    assert found.fault == reason


def test_nobody_listens(background, refused):
    [found] = ask(background, refused, "http://127.0.0.1:9")
    assert found.fault == "not reached"


def test_one_bad_line_spoils_none_of_the_others():
    said, fault = read_lines(LINE + b"\nnonsense\n" + LINE + b"\n" + LINE.replace(b'"seq": 1', b'"seq": -1'))
    assert (len(said), fault) == (2, "malformed")
    said, fault = read_lines(b"\n".join([LINE] * (MAX_LINES + 1)))
    assert (len(said), fault) == (MAX_LINES, "huge")
