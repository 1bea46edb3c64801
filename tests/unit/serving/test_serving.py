"""The server as peers see it that are honest, slow, large, malformed or many, and what is counted of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from keifu.errors import EnvironmentFault, UsageError
from keifu.serving import Limits, Request, Response, Server, problem

AGES = 600.0  # seconds
PATIENT = Limits(request_bytes=2_048, request_seconds=AGES, idle_seconds=AGES, requests=3, connections=2)
QUICK_TO_LEAVE = replace(PATIENT, idle_seconds=0.1)
QUICK_TO_HANG_UP = replace(PATIENT, request_seconds=0.1)


def answer(request: Request) -> Response:
    if request.path == "/fail":
        raise ZeroDivisionError
    if request.path == "/refuse":
        raise UsageError("so not", remedy="like this")
    if request.path == "/missing":
        raise EnvironmentFault("the database is gone", remedy="bring it back")
    if request.path == "/nothing":
        return problem(404, "there is nothing")
    if request.path == "/stream":
        return Response(200, b"", "text/event-stream", stream=parts)
    body = repr((request.method, request.path, request.query)).encode()
    return Response(200, body, "text/plain", etag='"one"')


async def parts() -> AsyncGenerator[bytes, None]:
    for part in (b"one", b"", b"two"):
        yield part
        await asyncio.sleep(0)


REFUSED = Counter[str]()


@pytest.fixture(autouse=True)
def refused() -> Counter[str]:
    """How often a peer was refused, by reason."""
    REFUSED.clear()
    return REFUSED


@contextmanager
def serving(limits: Limits = PATIENT, names: tuple[str, ...] | None = ()) -> Iterator[tuple[str, int]]:
    server = Server(
        answer,
        host="127.0.0.1",
        port=0,
        limits=limits,
        names=names,
        refused=lambda reason: REFUSED.update([reason]),
    )
    ended = threading.Event()
    thread = threading.Thread(target=server.run, args=(ended.is_set,))
    thread.start()
    try:
        yield "127.0.0.1", int(server.url.rpartition(":")[2])
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


def talk(address: tuple[str, int], *parts: bytes, close: bool = True) -> bytes:
    """Everything that comes back until the server closes the connection, which it may do while a peer still sends."""
    said: list[bytes] = []
    with socket.create_connection(address) as connection:
        with contextlib.suppress(OSError):
            for part in parts:
                connection.sendall(part)
            if close:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            said.extend(iter(lambda: connection.recv(65_536), b""))
    return b"".join(said)


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def test_a_request_is_answered_with_its_query_in_order(address):
    said = talk(address, get("/a%20b?x=1&y=%C3%A9&x="))
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(repr(("GET", "/a b", (("x", "1"), ("y", "é"), ("x", "")))).encode())


def test_every_answer_keeps_browsers_from_doing_more_with_it(address):
    for target in ("/", "/fail"):
        said = talk(address, get(target)).lower()
        for header in (b"x-content-type-options: nosniff", b"content-security-policy: default-src 'none'"):
            assert header in said, target


def test_a_head_has_the_headers_of_a_get_without_its_body(address):
    body, head = talk(address, get("/")), talk(address, get("/", method="HEAD"))
    length = len(repr(("GET", "/", ())))
    assert (head.endswith(b"\r\n\r\n"), f"Content-Length: {length + 1}".encode() in head) == (True, True)
    assert f"Content-Length: {length}".encode() in body


@pytest.mark.parametrize("known", ['"one"', 'W/"one"', '"zero", "one"'])
def test_who_has_the_answer_is_told_so(address, known):
    said = talk(address, get("/", f"If-None-Match: {known}"))
    assert (said.startswith(b"HTTP/1.1 304 Not Modified\r\n"), said.endswith(b"\r\n\r\n")) == (True, True)


def test_who_has_another_answer_gets_this_one(address):
    assert talk(address, get("/", 'If-None-Match: "two"')).startswith(b"HTTP/1.1 200 OK")


def test_a_connection_is_kept_for_the_next_request(address):
    assert talk(address, get("/a"), get("/b")).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("request_bytes", "status", "reason"),
    [
        (b"nonsense\r\n\r\n", 400, "malformed"),
        (b"\x00\xff\xfe\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed"),  # without a host
        (get("/", "Host: there"), 400, "malformed"),
        (get("/", "Bad Header: x"), 400, "malformed"),
        (get("/?x"), 400, "malformed"),
        (get("/?x=%ff"), 400, "malformed"),
        (get("/?" + "&".join(f"x{n}=1" for n in range(40))), 400, "malformed"),
        (get("/", "Content-Length: -1"), 400, "malformed"),
        (get("/", "Content-Length: 5") + b"hello", 413, "body"),
        (get("/", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", 413, "body"),
        (get("/", method="DELETE"), 405, "method"),
        (get("/", "X: " + "y" * 9_000), 431, "too large"),
        (b"GET /" + b"y" * 9_000, 431, "too large"),
        (get("/nothing"), 404, "unknown page"),
        (get("/refuse"), 400, None),
        (get("/missing"), 503, None),
        (get("/fail"), 500, None),
    ],
)
def test_what_cannot_be_answered_is_refused_whole(address, refused, request_bytes, status, reason):
    said = talk(address, request_bytes)
    assert refused == ({reason: 1} if reason else {})
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
    assert b"application/problem+json" in said
    assert b"Traceback" not in said


def test_a_method_that_is_not_answered_is_told_which_are(address):
    assert b"\r\nAllow: GET, HEAD\r\n" in talk(address, get("/", method="PUT"))


def test_a_huge_request_is_answered_although_it_is_not_read(address, refused):
    assert talk(address, get("/", "X: " + "y" * 500_000)).startswith(b"HTTP/1.1 431")
    assert refused == {"too large": 1}


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("127.0.0.1:8640", 200),
        ("[::1]:8640", 200),
        ("keifu.example", 200),
        ("keifu.example:443", 200),
        ("keifu.example.evil.example", 421),
        ("rebound.example", 421),
        ("", 421),
    ],
)
def test_a_loopback_address_answers_to_known_names_only(refused, name, right):
    with serving(names=("Keifu.example",)) as address:
        said = talk(address, f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    assert said.startswith(f"HTTP/1.1 {right} ".encode()), said
    assert refused == ({} if right == 200 else {"host": 1})


def test_who_answers_everybody_answers_to_any_name():
    with serving(names=None) as address:
        assert talk(address, b"GET / HTTP/1.1\r\nHost: any.example\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_stream_comes_part_by_part(address):
    said = talk(address, get("/stream", "Connection: close"), close=False)
    assert b"transfer-encoding: chunked" in said.lower()
    assert said.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert talk(address, get("/stream", method="HEAD")).endswith(b"\r\n\r\n")


def test_a_peer_that_says_nothing_is_left(refused):
    with serving(QUICK_TO_LEAVE) as address:
        assert talk(address, close=False) == b""
    assert refused == {"slow": 1}


def test_a_peer_that_says_half_is_left(refused):
    with serving(QUICK_TO_HANG_UP) as address:
        assert talk(address, b"GET / HT", close=False) == b""
        assert refused == {"slow": 1}
        assert talk(address, get("/", "Content-Length: 5") + b"he", close=False).startswith(b"HTTP/1.1 413")
    assert refused == {"slow": 1, "body": 1}


def test_a_peer_that_goes_in_the_middle_is_counted(address, refused):
    assert talk(address, b"GET / HT") == b""
    assert refused == {"broken off": 1}


def test_a_connection_ends_after_so_many_requests(address):
    said = talk(address, *[get("/")] * 5, close=False)
    assert said.count(b"200 OK") == 3
    # The last one says so: a client that reads it sends nothing more.
    assert said.lower().count(b"connection: close") == 1


def test_the_last_answer_is_not_lost_to_what_a_peer_still_sends(address):
    """A connection that is closed with bytes unread is reset: the peer reads an error in the place of an end."""
    with socket.create_connection(address) as connection:
        connection.sendall(get("/") * 3 + b"x" * 50_000)
        said = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert said.count(b"200 OK") == 3


def test_more_peers_than_there_is_room_for_are_refused_even_by_silent_ones(refused):
    with serving(PATIENT) as address:
        held = [socket.create_connection(address) for _ in range(2)]
        try:
            assert talk(address, get("/")).startswith(b"HTTP/1.1 503")
            assert talk(address, close=False).startswith(b"HTTP/1.1 503")
        finally:
            for connection in held:
                connection.close()
    assert refused["too many at once"] == 2


def test_a_port_that_somebody_has_is_refused():
    with serving() as (host, port), pytest.raises(EnvironmentFault, match=f"cannot listen on {host}:{port}"):
        Server(answer, host=host, port=port)


def test_an_address_of_no_machine_is_refused():
    with pytest.raises(EnvironmentFault, match=r"is no address of this machine|cannot listen"):
        Server(answer, host="203.0.113.1", port=0)


def test_a_fault_says_what_to_do():
    assert problem(404, "nothing", "look elsewhere").body == (
        b'{"type":"about:blank","title":"Not Found","status":404,"detail":"nothing","remedy":"look elsewhere"}'
    )
