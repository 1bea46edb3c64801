"""The connection to a node of this machine: kept, never used after its end, and as patient as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from ethwire.errors import NoAnswer, UsageError
from ethwire.rpc import Rpc

OK = b'{"jsonrpc":"2.0","id":%d,"result":"0x1"}'


def answer(number: int, *, status: str = "200 OK", more: str = "") -> bytes:
    body = OK % number
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


class Node:
    """Speaks HTTP by script: for each connection, what it answers to one request after the other, then it hangs up."""

    def __init__(self, *connections: list[bytes]) -> None:
        self._connections = connections
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.requests: list[list[bytes]] = [[] for _ in connections]
        self.hung_up = [threading.Event() for _ in connections]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/path?query"

    def _serve(self) -> None:
        for number, answers in enumerate(self._connections):
            try:
                connection, _ = self._listening.accept()
            except OSError:  # the test has ended before it connected so often
                return
            with connection:
                for text in answers:
                    self.requests[number].append(self._request(connection))
                    connection.sendall(text)
            self.hung_up[number].set()

    def _request(self, connection: socket.socket) -> bytes:
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += self._more(connection)
        head, _, body = seen.partition(b"\r\n\r\n")
        [length] = [
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        ]
        while len(body) < length:
            body += self._more(connection)
        return head + body

    def _more(self, connection: socket.socket) -> bytes:
        part = connection.recv(65_536)
        assert part, "the client hung up"
        return part

    def end(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()


@pytest.fixture
def node() -> Iterator[Callable[..., Node]]:
    nodes: list[Node] = []

    def start(*connections: list[bytes]) -> Node:
        nodes.append(Node(*connections))
        return nodes[-1]

    yield start
    for started in nodes:
        started.end()


def test_one_connection_for_many_requests(node: Callable[..., Node]) -> None:
    running = node([answer(1), answer(2), answer(3)])
    with Rpc(running.url) as rpc:
        assert [rpc.call("eth_chainId") for _ in range(3)] == ["0x1"] * 3
    assert len(running.requests[0]) == 3
    assert running.requests[0][0].startswith(b"POST /path?query HTTP/1.1")


def test_what_is_sent_once_does_not_go_into_a_connection_that_the_node_has_ended(node: Callable[..., Node]) -> None:
    """It would be lost, and nobody could say whether it was."""
    running = node([answer(1)], [answer(2)])
    with Rpc(running.url) as rpc:
        rpc.call("eth_chainId")
        running.hung_up[0].wait()
        assert rpc.call("eth_sendRawTransaction", "0x02") == "0x1"
    assert [len(requests) for requests in running.requests] == [1, 1]


@pytest.mark.parametrize(
    "broken",
    [
        answer(1)[:-5],  # half a body
        b"HTTP/1.1 200 OK\r\nContent-Length: 50",  # half a head
        b"SMTP is spoken here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nlonger\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" + OK % 1,  # without the last part
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 18 + b"\r\n\r\n",
        b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"",
    ],
)
def test_a_broken_answer_is_asked_for_again_and_a_write_is_not(node: Callable[..., Node], broken: bytes) -> None:
    running = node([broken], [answer(2)], [broken])
    with Rpc(running.url, sleep=lambda _: None) as rpc:
        with pytest.raises(NoAnswer, match="did not answer eth_sendRawTransaction"):
            rpc.call("eth_sendRawTransaction", "0x02")
        assert rpc.call("eth_chainId") == "0x1"
        running.hung_up[1].wait()
        with pytest.raises(NoAnswer, match="did not answer anvil_mine"):
            rpc.call("anvil_mine")


def test_a_node_that_hangs_up_by_announcement_is_not_asked_on_that_connection(node: Callable[..., Node]) -> None:
    running = node([answer(1, more="Connection: close\r\n")], [answer(2)])
    with Rpc(running.url) as rpc:
        assert [rpc.call("eth_chainId") for _ in range(2)] == ["0x1"] * 2


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%X;note\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize("more", ["", "Retry-After: 1\r\n"])
def test_an_answer_in_parts_leaves_the_connection_for_the_next_request(node: Callable[..., Node], more: str) -> None:
    in_parts = f"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n{more}\r\n".encode() + chunked(OK % 1, 7)
    running = node([in_parts, b"HTTP/1.1 100 Continue\r\n\r\n" + answer(2)])
    with Rpc(running.url) as rpc:
        assert [rpc.call("eth_chainId") for _ in range(2)] == ["0x1"] * 2
    assert len(running.requests[0]) == 2


def test_an_answer_without_a_length_ends_with_its_connection(node: Callable[..., Node]) -> None:
    running = node([b"HTTP/1.0 200 OK\r\n\r\n" + OK % 1], [answer(2).replace(b"HTTP/1.1", b"HTTP/1.0")], [answer(3)])
    with Rpc(running.url) as rpc:
        assert [rpc.call("eth_chainId") for _ in range(3)] == ["0x1"] * 3
    assert [len(requests) for requests in running.requests] == [1, 1, 1]


def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with Rpc(url, attempts=1) as rpc, pytest.raises(NoAnswer, match=r"did not answer eth_chainId: .*refused"):
        rpc.call("eth_chainId")


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:eighty", "http://127.0.0.1:99999"])
def test_what_is_no_url_is_said_at_once(url: str) -> None:
    with pytest.raises(UsageError, match="is no URL"):
        Rpc(url)
