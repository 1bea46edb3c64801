"""The server as peers see it that are honest, slow, large, malformed or many."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
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
    body = repr((request.method, request.path, request.query)).encode()
    return Response(200, body, "text/plain", etag='"one"')


@contextmanager
def serving(limits: Limits = PATIENT) -> Iterator[tuple[str, int]]:
    server = Server(answer, host="127.0.0.1", port=0, limits=limits)
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
    """Everything that comes back until the server closes the connection."""
    with socket.create_connection(address) as connection:
        for part in parts:
            connection.sendall(part)
        if close:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: here", *headers, "", ""]).encode()


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
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x00\xff\xfe\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # without a host
        (get("/", "Host: there"), 400),
        (get("/", "Bad Header: x"), 400),
        (get("/?x"), 400),
        (get("/?x=%ff"), 400),
        (get("/?" + "&".join(f"x{n}=1" for n in range(40))), 400),
        (get("/", "Content-Length: -1"), 400),
        (get("/", "Content-Length: 5") + b"hello", 413),
        (get("/", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", 413),
        (get("/", method="DELETE"), 405),
        (get("/", "X: " + "y" * 9_000), 431),
        (b"GET /" + b"y" * 9_000, 431),
        (get("/refuse"), 400),
        (get("/missing"), 503),
        (get("/fail"), 500),
    ],
)
def test_what_cannot_be_answered_is_refused_whole(address, request_bytes, status):
    said = talk(address, request_bytes)
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
    assert b"application/problem+json" in said
    assert b"Traceback" not in said


def test_a_method_that_is_not_answered_is_told_which_are(address):
    assert b"\r\nAllow: GET, HEAD\r\n" in talk(address, get("/", method="PUT"))


def test_a_peer_that_says_nothing_is_left():
    with serving(QUICK_TO_LEAVE) as address:
        assert talk(address, close=False) == b""


def test_a_peer_that_says_half_is_left():
    with serving(QUICK_TO_HANG_UP) as address:
        assert talk(address, b"GET / HT", close=False) == b""
        assert talk(address, get("/", "Content-Length: 5") + b"he", close=False).startswith(b"HTTP/1.1 413")


def test_a_connection_ends_after_so_many_requests(address):
    assert talk(address, *[get("/")] * 5, close=False).count(b"200 OK") == 3


def test_more_peers_than_there_is_room_for_are_refused():
    with serving(PATIENT) as address:
        held = [socket.create_connection(address) for _ in range(2)]
        try:
            for connection in held:  # both are known to be there once they are answered
                connection.sendall(get("/"))
                assert connection.recv(64).startswith(b"HTTP/1.1 200")
            assert talk(address, get("/")).startswith(b"HTTP/1.1 503")
        finally:
            for connection in held:
                connection.close()


def test_a_port_that_somebody_has_is_refused():
    with serving() as (host, port), pytest.raises(EnvironmentFault, match=f"port {port} of {host} cannot be had"):
        Server(answer, host=host, port=port)


def test_an_address_of_no_machine_is_refused():
    with pytest.raises(EnvironmentFault, match=r"is no address of this machine|cannot be had"):
        Server(answer, host="203.0.113.1", port=0)


def test_a_fault_says_what_to_do():
    assert problem(404, "nothing", "look elsewhere").body == (
        b'{"type":"about:blank","title":"Not Found","status":404,"detail":"nothing","remedy":"look elsewhere"}'
    )
