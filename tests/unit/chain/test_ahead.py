"""Requests that are sent now and read later. Whatever is wrong with an answer is asked again in the usual way."""

from __future__ import annotations

import socket
import threading

import pytest

from ethwire.rpc import Nodes, Rpc
from keifu.errors import KeifuError, LimitExceeded, NoAnswer, NotServed, RateLimited
from tests.faulty_node import BatchLimit, Change, Drop, FaultyNode, Mutation, Overload, Refuse

CALLS = [("double", [hex(number)]) for number in range(5)]
DOUBLED = [hex(2 * number) for number in range(5)]


def no_pause(seconds: float) -> None:
    pass


def doubled(requests):
    return [
        {"jsonrpc": "2.0", "id": request["id"], "result": hex(2 * int(request["params"][0], 16))}
        for request in requests
    ]


def rpc_of(node: FaultyNode) -> Rpc:
    return Rpc(node.url, sleep=no_pause)


def test_answers_wait_until_they_are_wanted_and_connections_are_used_again():
    with FaultyNode(doubled) as node, rpc_of(node) as rpc:
        for _ in range(3):
            many, one = rpc.begin_batch_as(str, CALLS), rpc.begin_as(str, "double", "0x7", again=pytest.fail)
            assert (one.result(), many.result()) == ("0xe", DOUBLED)
        assert len(rpc._wires._all) == len(rpc._wires._idle) == 2
        assert node.posts == 6


@pytest.mark.parametrize(
    "fault",
    [
        Drop(times=1),
        Overload(1, retry_after="1"),
        Overload(1, status=502, body="bad gateway"),
        Overload(1, status=200, body={"jsonrpc": "2.0", "id": None, "error": {"code": -32_000, "message": "busy"}}),
        Overload(1, status=200, body=[]),
        Overload(1, status=200, body="not JSON"),
        BatchLimit(3),
        Refuse("double", error={"code": -32_005, "message": "busy"}, times=1),
        Change(lambda _, result: None, times=1),
        Change(lambda _, result: 7, times=1),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_what_goes_wrong_once_is_asked_again(fault):
    with FaultyNode(doubled, fault) as node, rpc_of(node) as rpc:
        assert rpc.begin_batch_as(str, CALLS).result() == DOUBLED
        assert node.posts > 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Drop(), NoAnswer),
        (Overload(10**9), RateLimited),
        (Overload(10**9, status=413), LimitExceeded),
        (Change(lambda _, result: None), NotServed),
        (Change(lambda _, result: 7), NoAnswer),
    ],
    ids=["dropped", "busy", "too large", "null", "another kind"],
)
def test_what_stays_wrong_is_told_in_the_usual_way(fault, error):
    with FaultyNode(doubled, fault) as node, rpc_of(node) as rpc:
        with pytest.raises(error):
            rpc.begin_batch_as(str, CALLS).result()
        one = rpc.begin_as(str, "double", "0x7", again=lambda: rpc.call_as(str, "double", "0x7"))
        with pytest.raises(error):
            one.result()


def test_no_changed_answer_raises_anything_but_our_own_errors():
    with FaultyNode(doubled) as node:
        for seed in range(100):
            node.faults[:] = [Mutation(seed, seed % 5)]
            with rpc_of(node) as rpc:
                try:
                    found = rpc.begin_batch_as(str, CALLS).result()
                except KeifuError:
                    continue
            wrong = [place for place in range(5) if found[place] != DOUBLED[place]]
            assert wrong in ([], [seed % 5])  # the text of a result may be a lie; it stays in its place


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_server_that_talks_nonsense_is_asked_again_and_then_told(said):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                wire, _ = server.accept()
                with wire:
                    wire.recv(65_536)
                    wire.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with Rpc(f"http://127.0.0.1:{server.getsockname()[1]}", attempts=2, sleep=no_pause) as rpc:
            begun = rpc.begin_batch_as(str, CALLS)
            with pytest.raises(NoAnswer, match="did not answer"):
                begun.result()
        stop.set()
        socket.create_connection(server.getsockname()).close()
        thread.join()


def test_nobody_listening_is_told_when_the_result_is_wanted():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with Rpc(f"http://127.0.0.1:{port}", attempts=1, sleep=no_pause) as rpc:
        begun = rpc.begin_batch_as(str, CALLS)
        with pytest.raises(NoAnswer, match="did not answer"):
            begun.result()


def test_what_nobody_wants_any_more_leaves_no_connection_open():
    with FaultyNode(doubled) as node:
        rpc = rpc_of(node)
        rpc.begin_batch_as(str, CALLS).cancel()
        assert not rpc._wires._all
        left = rpc.begin_batch_as(str, CALLS)
        rpc.close()
        assert not rpc._wires._all
        assert left is not None  # pytest tells of a socket that stays open


def test_a_far_node_and_several_are_left_to_threads():
    for url in ("https://127.0.0.1:1", "http://rpc.example", "http://user:word@127.0.0.1:1"):
        with Rpc(url) as rpc:
            assert rpc.begin_batch_as(str, CALLS) is None
            assert rpc.begin_as(str, "double", "0x7", again=pytest.fail) is None
    with Rpc("http://127.0.0.1:1", transport=FaultyNode(doubled).transport) as rpc:
        assert rpc.begin_batch_as(str, CALLS) is None
    with Nodes("http://127.0.0.1:1", "http://127.0.0.1:2") as nodes:
        assert nodes.begin_batch_as(str, CALLS) is None
    with FaultyNode(doubled) as node, rpc_of(node) as rpc:
        rpc.requests.refused(4)  # more than the node takes: the usual way cuts it
        assert rpc.begin_batch_as(str, CALLS) is None
