"""What a node may answer, and what it may not: nothing larger, later or other than it says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pytest

from keifu.errors import CheckFailed, UsageError
from keifu.node.storage.mending import ask_known
from keifu.node.storage.records import Known
from keifu.storage import asking
from keifu.storage.deals import Placed, deal_root
from keifu.storage.nodes import NodeClient, NodeFault
from tests.shards import make_shard

SHARD = make_shard(1, 1, 256)


@contextmanager
def answering(*answers: bytes, pause: Callable[[float], None] = time.sleep) -> Iterator[NodeClient]:
    """A node that gives these answers, a connection each."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(1 << 16)
                    peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        client = NodeClient(f"http://127.0.0.1:{server.getsockname()[1]}", pause=pause)
        try:
            yield client
        finally:
            client.close()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def ok(body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b\r\n%b" % (len(body), headers, body)


def test_an_answer_comes_in_any_pieces():
    with answering(ok(SHARD.segments[0], b"Keifu-Path: \r\nConnection: close\r\n")) as client:
        assert client.segment(SHARD.root, 1, 0) == SHARD.segments[0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\na : b\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\na: b\r\nA: c\r\n\r\n", "its answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "its answer does not say how long it is"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "its answer does not say how long it is"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", "does not say how long"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n", "its answer is too large"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", "its answer is longer than it says"),
        (b"HTTP/1.1 200 OK\r\n" + b"a" * 80_000, "the head of its answer is too large"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "the connection was closed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "the connection was closed"),
        (ok(b"x", b"keifu-path: zz\r\n"), "its proof of a segment cannot be read"),
        (ok(b"x", b"keifu-path: abcd\r\n"), "its proof of a segment cannot be read"),
        (ok(b"x", b"keifu-path: " + b"ab" * 32 * 33 + b"\r\n"), "its proof of a segment cannot be read"),
        (b"HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\nabcd", "answers 500: no reason"),
        (b'HTTP/1.1 500 No\r\ncontent-length: 24\r\n\r\n{"detail":"a\\u001b[2Jb"}', r"answers 500: a\[2Jb"),
    ],
)
def test_what_is_no_answer_is_the_nodes_fault(answer, message):
    with answering(answer) as client, pytest.raises(NodeFault, match=message):
        client.segment(SHARD.root, 1, 0)


def test_other_bytes_are_refused_with_the_nodes_name():
    with (
        answering(ok(bytes(256))) as client,
        pytest.raises(CheckFailed, match=r"^http://127.*does not belong to shard"),
    ):
        client.segment(SHARD.root, 1, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"no",
        b'{"first_missing":"x"}',
        b'{"first_missing":0,"root":5}',
        b'{"first_missing":0,"root":"zz"}',
        b"{}",
    ],
)
def test_an_upload_that_is_answered_with_nonsense(body):
    with answering(ok(body)) as client, pytest.raises(NodeFault, match="its answer"):
        client.begin(bytes(32), 1)


def test_a_connection_that_was_kept_and_has_ended_is_replaced():
    with answering(ok(b"{}"), ok(b"{}")) as client:
        client.give_up(bytes(32))
        assert len(client._idle) == 1
        client.give_up(bytes(32))


# Deeper than Python goes, and not deeper than the stack of a process in which a compiler has lifted Python's bound.
DEEP = 2_000


@pytest.mark.parametrize(
    "body", [b'{"a":"\xff"}', b'{"a":' + b"[" * DEEP, b"[" * DEEP], ids=["no text", "deep", "a deep list"]
)
def test_an_answer_that_no_reader_takes_is_the_nodes_fault(body):
    with answering(ok(body)) as client, pytest.raises(NodeFault, match="its answer cannot be read"):
        client.about()


@pytest.mark.parametrize("url", ["http://.example", f"http://{'a' * 70}.example"])
def test_a_name_that_no_resolver_takes_is_the_nodes_fault(url):
    with pytest.raises(NodeFault, match="its host is no name"):
        NodeClient(url).about()


@pytest.mark.parametrize("url", ["http://host:99999", "http://[::1", "ftp://host", "http://", ""])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="is no address of a node"):
        NodeClient(url)


def test_a_node_that_sends_a_byte_now_and_then_is_given_up(monkeypatch):
    ticks = iter(range(1_000_000))
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: 100.0 * next(ticks)))
    with answering(ok(b"{}" + b" " * (1 << 19))) as client, pytest.raises(NodeFault, match="comes too slowly"):
        client.about()


def test_what_a_peer_says_of_a_deal_is_read_up_to_a_bound():
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n") as client:
        assert ask_known([client.url, "http://.example", "no address"], bytes(32), bytes(32)) is None


PLACED = tuple(Placed(f"0x{number:040x}", bytes([number]) * 32, 1) for number in range(1, 4))


def heard(stack: ExitStack, k: int, signature: bytes = b"", named: tuple[Placed, ...] = PLACED) -> str:
    """The address of a node that says this of a deal, once."""
    shards = [{"provider": item.provider, "root": item.root.hex(), "leaves": item.leaves} for item in named]
    said = json.dumps({"k": k, "named": shards, "signature": signature.hex()}).encode()
    return stack.enter_context(answering(ok(said, b"connection: close\r\n"))).url


def test_the_k_of_a_deal_is_not_the_word_of_whoever_answers_first():
    """Its root names the shards, and not how many of them give the file."""
    root, signed = deal_root(PLACED), bytes([7]) * 65
    with ExitStack() as stack:
        liar = heard(stack, 1)
        urls = [liar, heard(stack, 2), heard(stack, 2), heard(stack, 3, named=PLACED[:1] * 3)]
        assert ask_known(urls, bytes(32), root) == Known(2, PLACED)
    with ExitStack() as stack:
        urls = [heard(stack, 1), heard(stack, 1), heard(stack, 2, signed)]
        assert ask_known(urls, bytes(32), root, lambda known: known.signature == signed) == Known(2, PLACED, signed)
    with ExitStack() as stack:
        urls = [heard(stack, 1), heard(stack, 1), heard(stack, 2, signed)]
        assert ask_known(urls, bytes(32), root, wrong={1}) == Known(2, PLACED)


BUSY = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n%b\r\n"


def test_a_busy_node_is_brought_the_same_again_when_it_says_but_not_for_ever():
    waits: list[float] = []
    answers = BUSY % b"retry-after: 3\r\n", BUSY % b"", BUSY % b"retry-after: 999\r\n", ok(b"{}")
    with answering(*answers, pause=waits.append) as client:
        client.give_up(bytes(32))
    assert waits == [3, 1, 10]
    with answering(*[BUSY % b""] * 9, pause=waits.append) as client, pytest.raises(NodeFault, match="answers 503"):
        client.give_up(bytes(32))
    assert len(waits) == 3 + 4
    with answering(BUSY % b"", pause=waits.append) as client, pytest.raises(NodeFault, match="answers 503"):
        client.about()  # others are asked for what this one should give
    assert len(waits) == 3 + 4
