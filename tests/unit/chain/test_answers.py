"""Whatever a node answers is a result or one typed error with the node's own words, and nothing else."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import httpx
import msgspec
import pytest

from ethwire.rpc import Rpc
from keifu.chain.header import Header
from keifu.errors import KeifuError, LimitExceeded, NoAnswer, NotServed, RateLimited, Revert, RpcError, UsageError
from tests.faulty_node import BatchLimit, FaultyNode, Mutation, Overload, Refuse

REASON = "08c379a0" + "20".rjust(64, "0") + "13".rjust(64, "0") + b"counter: over limit".hex().ljust(64, "0")


class Pauses:
    """A clock that nobody waits for."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def answering(*contents: Any, status: int = 200, headers: dict[str, str] | None = None, **options: Any) -> Rpc:
    """An endpoint that gives these bodies one after the other, the last one for ever."""
    left = list(contents)

    def handle(_: httpx.Request) -> httpx.Response:
        content = left.pop(0) if len(left) > 1 else left[0]
        kind = "content" if isinstance(content, bytes) else "json"
        return httpx.Response(status, headers=headers, **{kind: content})

    return Rpc("http://node.invalid", transport=httpx.MockTransport(handle), **{"sleep": Pauses(), **options})


def error(**fields: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": fields}


def result(value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": value}


def honest(requests: Any) -> list[dict[str, Any]]:
    return [{"jsonrpc": "2.0", "id": request["id"], "result": "0x10"} for request in requests]


def at(node: FaultyNode, **options: Any) -> Rpc:
    return Rpc("http://node.invalid", transport=node.transport, **{"sleep": Pauses(), **options})


# results that the caller decodes --------------------------------------------------------------------------------------


def in_batch(*results: dict[str, Any]) -> list[dict[str, Any]]:
    return [item | {"id": number} for number, item in enumerate(results, 1)]


TWO = (("first", []), ("second", []))


def test_a_result_is_left_as_it_came():
    assert bytes(answering(result({"a": [1]})).call_as(msgspec.Raw, "any")) == b'{"a":[1]}'
    rpc = answering(in_batch(result({"a": 1}), result("0x")))
    assert [bytes(item) for item in rpc.batch_as(msgspec.Raw, TWO)] == [b'{"a":1}', b'"0x"']


@pytest.mark.parametrize(
    ("second", "kind"), [(result(None), NotServed), (error(code=-32_000, message="no"), RpcError), ({}, NotServed)]
)
def test_null_and_errors_are_told_there_too(second: dict[str, Any], kind: type[RpcError]):
    with pytest.raises(kind):
        answering(second | {"id": 1}).call_as(msgspec.Raw, "any")
    with pytest.raises(kind):
        answering(in_batch(result("0x"), second)).batch_as(msgspec.Raw, TWO)


# error objects --------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-13")
@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"code": "RATE_LIMIT", "message": "slow down"}, RateLimited, "RATE_LIMIT: slow down"),
        ({"code": None, "message": "oh no"}, RpcError, "oh no"),
        ({"code": -32_000.5, "message": "half a code"}, RpcError, "half a code"),
        ({"code": [1], "message": ["a", "list"]}, RpcError, "a.*list"),
        ({"message": None}, RpcError, "without a message"),
        ({"code": True}, RpcError, "True"),
        ({"code": 10**400, "message": "far"}, RpcError, "far"),
        ("plain words", RpcError, "plain words"),
        (["a list"], RpcError, "a list"),
        (7, RpcError, "7"),
        (False, RpcError, "."),
        ({"code": -32_601, "message": "the method eth_x does not exist/is not available"}, NotServed, "does not exist"),
        ({"code": -32_000, "message": "header not found"}, NotServed, "header not found"),
        ({"code": -32_000, "message": "missing trie node 00"}, NotServed, "missing trie node"),
        ({"code": -32_005, "message": "daily request count exceeded, request rate limited"}, RateLimited, "daily"),
        ({"code": -32_005, "message": "query returned more than 10000 results"}, LimitExceeded, "10000"),
        ({"code": -32_602, "message": "block range is too wide"}, LimitExceeded, "too wide"),
        ({"code": -32_000, "message": "exceed maximum block range: 1024"}, LimitExceeded, "1024"),
        ({"code": -32_000, "message": "nonce too low"}, RpcError, "nonce too low"),
    ],
)
def test_an_error_object_of_any_shape_is_one_typed_error_with_its_words(given, kind, words):
    with answering(error() | {"error": given}, attempts=1) as rpc, pytest.raises(kind, match=words) as caught:
        rpc.call("eth_call")
    assert caught.value.url == "http://node.invalid"


@pytest.mark.case("tools-13")
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"code": 3, "message": "execution reverted", "data": "0x" + REASON}, "counter: over limit"),
        ({"code": -32_015, "message": "VM execution error.", "data": "Reverted 0x" + REASON}, "counter: over limit"),
        ({"code": -32_015, "message": "VM execution error.", "data": "Reverted 0x"}, ""),
        ({"code": 3, "message": "execution reverted", "data": {"data": "0x" + REASON}}, "counter: over limit"),
        ({"code": -32_000, "message": "execution reverted: over the limit"}, "over the limit"),
        ({"code": "3", "message": "execution reverted", "data": "0xabc"}, ""),
        ({"code": 3, "message": "execution reverted", "data": 5}, ""),
        ({"code": 3, "message": "execution reverted", "data": "0xzz"}, ""),
    ],
)
def test_a_revert_is_a_revert_in_every_node_s_way_to_say_it(given, reason):
    with answering(error(**given)) as rpc, pytest.raises(Revert) as caught:
        rpc.call("eth_call")
    assert caught.value.reason == reason


def test_a_node_s_words_are_made_fit_for_a_terminal():
    with answering(error(message="\x1b[2Jgone\r\n" + "x" * 9_000)) as rpc, pytest.raises(RpcError) as caught:
        rpc.call("eth_call")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


# results --------------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-13")
@pytest.mark.parametrize(
    "value", [None, "", "0x", "latest", 5, True, [], {}, "0xzz", "0x" + "1" * 65, "10", " 0x1", "0x1_0"]
)
def test_a_number_that_is_none_is_told(value):
    with (
        answering(result(value)) as rpc,
        pytest.raises(NotServed if value is None else NoAnswer, match="eth_blockNumber"),
    ):
        rpc.block_number()


@pytest.mark.parametrize("value", [None, "", "0x1", 5, "0x zz", {}])
def test_bytes_that_are_none_are_told(value):
    with answering(result(value)) as rpc, pytest.raises(NotServed if value is None else NoAnswer, match="eth_getCode"):
        rpc.octets("eth_getCode")


@pytest.mark.parametrize("value", [{}, [], 5, "0x", {"number": 5}])
def test_a_result_of_another_kind_is_told(value):
    with answering(result(value)) as rpc, pytest.raises(NoAnswer, match="eth_getBlockByNumber"):
        rpc.call_as(Header, "eth_getBlockByNumber", "0x1", False)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>502</html>", b"[]", b"{", b"\xff\xfe", b"null", b"7", b'{"id": 2, "result": "0x1"}', b"[" * 100_000],
    ids=["empty", "html", "list", "half", "bytes", "null", "number", "other id", "deep"],
)
def test_a_body_that_is_no_answer_is_told(body):
    with answering(body, attempts=1) as rpc, pytest.raises(NoAnswer, match=r"node\.invalid answered"):
        rpc.call("eth_chainId")


@pytest.mark.parametrize("body", [[], [result("0x1")], [{"id": 1}, {"id": 1}], "text", [5], [{"id": [2]}]])
def test_a_batch_that_is_not_answered_one_for_one_is_told(body):
    with answering(body, attempts=1) as rpc, pytest.raises(NoAnswer):
        rpc.batch_as(str, [("eth_chainId", []), ("eth_blockNumber", [])])


# HTTP -----------------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-14")
@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_an_http_error_with_a_json_rpc_body_keeps_the_node_s_words(status):
    refused = answering(error(code=-32_000, message="insufficient funds for gas"), status=status, attempts=1)
    with refused as rpc, pytest.raises(RpcError, match="insufficient funds for gas") as caught:
        rpc.call("eth_sendRawTransaction", "0x")
    assert caught.value.code == -32_000


@pytest.mark.case("tools-14")
def test_too_many_requests_keeps_the_node_s_words_and_its_time():
    body = error(code=-32_005, message="you have used your compute units")
    busy = answering(body, status=429, headers={"Retry-After": "90"})
    with busy as rpc, pytest.raises(RateLimited, match="you have used your compute units") as caught:
        rpc.call("eth_chainId")
    assert caught.value.retry_after == 90


@pytest.mark.case("tools-14")
@pytest.mark.parametrize("status", [429, 503])
def test_a_node_that_says_when_to_come_back_is_left_alone_until_then(status):
    pauses = Pauses()
    node = FaultyNode(honest, Overload(2, status=status, retry_after="7", body=b"busy"))
    assert at(node, sleep=pauses).block_number() == 16
    assert pauses.taken == [7, 7]


def test_a_node_that_does_not_say_when_is_given_more_and_more_time():
    pauses = Pauses()
    assert at(FaultyNode(honest, Overload(3, body=b"busy")), sleep=pauses).block_number() == 16
    assert pauses.taken == [1, 2, 4]


@pytest.mark.parametrize("wanted", ["3600", "Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_node_that_wants_an_hour_is_an_error_at_once(wanted):
    pauses = Pauses()
    with pytest.raises(RateLimited) as caught:
        at(FaultyNode(honest, Overload(9, retry_after=wanted, body=b"busy")), sleep=pauses).block_number()
    assert caught.value.retry_after >= 3_600
    assert pauses.taken == []


@pytest.mark.parametrize("wanted", ["soon", "-5", "1e9", "Fri, 99 Foo"])
def test_a_time_that_cannot_be_read_is_no_time(wanted):
    pauses = Pauses()
    assert at(FaultyNode(honest, Overload(1, retry_after=wanted, body=b"")), sleep=pauses).block_number() == 16
    assert pauses.taken == [1]


def test_what_changes_the_chain_is_not_sent_again_to_a_busy_node():
    node = FaultyNode(honest, Overload(1, retry_after="1", body=b"busy"))
    with pytest.raises(RateLimited):
        at(node).call("eth_sendRawTransaction", "0x")
    assert node.posts == 1


@pytest.mark.parametrize("status", [301, 401, 404])
def test_a_wrong_address_is_told_at_once_with_what_it_says(status):
    pauses = Pauses()
    wrong = answering(b"no such project", status=status, sleep=pauses)
    with wrong as rpc, pytest.raises(RpcError, match=f"HTTP {status}: no such project.*is the address right"):
        rpc.call("eth_chainId")
    assert pauses.taken == []


def test_what_is_no_url_is_wrong_use():
    with pytest.raises(UsageError, match="is no URL"):
        Rpc("http://[::1")


# batches --------------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-14")
def test_one_error_object_for_a_batch_keeps_the_node_s_words():
    refused = answering({"jsonrpc": "2.0", "id": None, "error": {"code": -32_600, "message": "not today"}})
    with refused as rpc, pytest.raises(RpcError, match="a batch of 2: not today") as caught:
        rpc.batch([("eth_chainId", []), ("eth_chainId", [])])
    assert caught.value.code == -32_600


@pytest.mark.case("tools-14")
@pytest.mark.parametrize("status", [200, 400, 413])
def test_the_size_of_a_batch_is_learnt_and_kept(status):
    node = FaultyNode(honest, BatchLimit(10, status=status))
    rpc = at(node)
    assert rpc.batch_as(str, [("eth_chainId", [])] * 45) == ["0x10"] * 45
    learnt, before = rpc.requests.size, node.posts
    assert 5 <= learnt <= 10
    rpc.batch_as(str, [("eth_chainId", [])] * learnt)
    assert node.posts == before + 1


def test_a_node_that_takes_no_batch_at_all_is_asked_one_by_one():
    node = FaultyNode(honest, BatchLimit(0, message="batch requests are not supported"))
    assert at(node).batch_as(str, [("eth_chainId", [])] * 5) == ["0x10"] * 5


def test_a_batch_that_changes_the_chain_is_never_cut():
    node = FaultyNode(honest, BatchLimit(1))
    with pytest.raises(LimitExceeded):
        at(node).batch([("eth_sendRawTransaction", ["0x"])] * 3)
    assert node.posts == 1


def test_an_error_inside_a_batch_stays_in_its_place():
    node = FaultyNode(honest, Refuse("eth_call", error={"code": "X", "message": "no"}))
    first, second, third = at(node).batch([("eth_chainId", []), ("eth_call", []), ("eth_chainId", [])])
    assert (first, third) == ("0x10", "0x10")
    assert isinstance(second, RpcError)


# all of it ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(300))
def test_no_changed_answer_raises_anything_but_our_own_errors(seed):
    draw = random.Random(seed)
    node = FaultyNode(honest, Mutation(seed, draw.randrange(3)))
    rpc = at(node, attempts=1)
    asks = (
        rpc.block_number,
        lambda: rpc.batch_as(str, [("eth_chainId", []), ("eth_getCode", [])]),
        lambda: rpc.octets("eth_getCode"),
    )
    for ask in draw.sample(asks, 3):
        with suppress(KeifuError):
            ask()
