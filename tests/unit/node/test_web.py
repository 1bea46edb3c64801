"""Strangers at a node's pages: slow, huge, malformed, too many. Each is refused and counted, by reason."""

from __future__ import annotations

import contextlib
import socket

import pytest

from keifu.errors import EnvironmentFault
from keifu.node.web import AT_ONCE, LARGEST_REQUEST, Page, WebServer, json_page

PATIENCE, IMPATIENCE = 600.0, 0.2  # only what waits for ever is waited for with impatience


@pytest.fixture
def serve(background, refused):
    """A server with so much patience; its port."""
    servers = []

    def serve(patience=PATIENCE):
        pages = {"/healthz": lambda: Page(b"ok\n"), "/status": lambda: json_page({"a": 1})}
        servers.append(WebServer(pages, lambda reason: refused.update([reason]), patience=patience))
        address = background.submit(servers[-1].start("127.0.0.1", 0)).result()
        return int(address.rpartition(":")[2])

    yield serve
    for server in servers:
        background.submit(server.stop()).result()


@pytest.fixture
def port(serve):
    return serve()


def ask(port, request):
    """The whole answer; the server closes, and resets where it has not read all."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as client, contextlib.suppress(ConnectionError):
        client.sendall(request)
        while part := client.recv(1 << 16):
            answer += part
    return answer


def test_a_page_is_served(port, refused):
    answer = ask(port, b"GET /healthz?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nok\n")
    assert ask(port, b"HEAD /status HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n")
    assert refused == {}


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (b"GET /nothing HTTP/1.1\r\n\r\n", b"404", "unknown page"),
        (b"POST /healthz HTTP/1.1\r\n\r\n", b"405", "method"),
        (b"\x16\x03\x01 hello\r\n\r\n", b"400", "malformed"),
        (b"GET /healthz FTP/1\r\n\r\n", b"400", "malformed"),
    ],
)
def test_what_is_no_request_for_a_page(port, refused, request_, status, reason):
    assert ask(port, request_).startswith(b"HTTP/1.1 " + status)
    assert refused == {reason: 1}


def test_a_huge_request_is_not_answered(port, refused):
    assert ask(port, b"GET /" + b"x" * 2 * LARGEST_REQUEST + b" HTTP/1.1\r\n\r\n") == b""
    assert refused == {"too large": 1}


def test_a_slow_stranger_is_given_up(serve, refused):
    assert ask(serve(IMPATIENCE), b"GET /healthz HTTP/1.1\r\nHost") == b""
    assert refused == {"slow": 1}


def test_more_strangers_than_are_served_at_once(port, refused):
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(AT_ONCE)]
    try:
        assert ask(port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
    finally:
        for client in waiting:
            client.close()
    assert refused["too many at once"] == 1


def test_a_port_that_is_taken(background, port):
    server = WebServer({}, lambda reason: None)
    with pytest.raises(EnvironmentFault) as fault:
        background.submit(server.start("127.0.0.1", port)).result()
    assert f"cannot listen on 127.0.0.1:{port}" in fault.value.message
    assert "ss -ltnp" in fault.value.remedy
