"""Several endpoints as one: the next answers when one fails, most must agree, and what each serves is learnt."""

from __future__ import annotations

from typing import Any

import pytest

from ethwire.rpc import Limit, NewHeads, Nodes, Rpc, connect, heads_of
from keifu.chain import Anvil
from keifu.chain.finality import final_block
from keifu.errors import ChainMismatch, Contradiction, NoAnswer, NotServed, RpcError, UsageError
from tests.ape_chain import GENESIS
from tests.faulty_node import Change, Drop, Fault, FaultyNode, Missing, Overload, Refuse


def no_pause(seconds: float) -> None:
    pass


def saying(value: Any, *faults: Fault) -> FaultyNode:
    return FaultyNode(
        lambda requests: [{"jsonrpc": "2.0", "id": request["id"], "result": value} for request in requests], *faults
    )


def nodes_of(*nodes: FaultyNode) -> Nodes:
    return Nodes.of(
        [
            Rpc(f"http://node-{place}.invalid", transport=node.transport, attempts=1, sleep=no_pause)
            for place, node in enumerate(nodes)
        ]
    )


# failover -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Drop(), Overload(10**9), Overload(10**9, status=502), Missing("eth_blockNumber")])
def test_the_next_endpoint_answers_when_one_fails(fault):
    broken, sound = saying("0x1", fault), saying("0x2")
    nodes = nodes_of(broken, sound)
    assert nodes.block_number() == 2
    broken.posts = 0
    assert nodes.block_number() == 2
    assert broken.posts == 0, "the one that answered last is asked first"


def test_a_refusal_is_an_answer_and_nobody_else_is_asked():
    other = saying("0x2")
    nodes = nodes_of(saying("0x1", Refuse("eth_call", error={"code": -32_000, "message": "intrinsic gas"})), other)
    with pytest.raises(RpcError, match="intrinsic gas"):
        nodes.call("eth_call")
    assert other.posts == 0


def test_what_changes_the_chain_is_not_repeated_at_another_endpoint():
    other = saying("0x2")
    nodes = nodes_of(saying("0x1", Drop()), other)
    with pytest.raises(NoAnswer):
        nodes.call("eth_sendRawTransaction", "0x")
    assert other.posts == 0


def test_all_endpoints_that_fail_are_one_error():
    with pytest.raises(NoAnswer):
        nodes_of(saying("0x1", Drop()), saying("0x1", Drop())).block_number()
    with pytest.raises(NotServed):
        nodes_of(saying("0x1", Missing("eth_x")), saying("0x1", Missing("eth_x"))).call("eth_x")


# quorum ---------------------------------------------------------------------------------------------------------------


def test_a_fact_is_what_most_endpoints_say():
    nodes = nodes_of(saying("0x63"), saying("0x5"), saying("0x5"))
    assert nodes.agreed("eth_getBalance", "0xabc", "0x1") == "0x5"
    assert (
        nodes_of(saying("0x5"), saying("0x5", Drop()), saying("0x5")).agreed("eth_getBalance", "0xabc", "0x1") == "0x5"
    )


def test_a_fact_that_two_endpoints_tell_differently_is_no_fact():
    with pytest.raises(Contradiction, match=r"node-0\.invalid says \"0x63\"; http://node-1\.invalid says \"0x5\""):
        nodes_of(saying("0x63"), saying("0x5")).agreed("eth_getBalance", "0xabc", "0x1")


def test_one_of_two_endpoints_is_no_majority():
    with pytest.raises(NoAnswer, match="1 of 2 endpoints answered eth_getBalance, and more than half are needed"):
        nodes_of(saying("0x5"), saying("0x5", Drop())).agreed("eth_getBalance", "0xabc", "0x1")


def test_the_newest_state_is_asked_at_a_block_that_all_have():
    def head(number: str) -> Change:
        return Change(lambda request, result: number if request["method"] == "eth_blockNumber" else result)

    ahead, behind = saying("0x5", head("0x20")), saying("0x5", head("0x1e"))
    assert nodes_of(ahead, behind).agreed("eth_getBalance", "0xabc", "latest") == "0x5"
    assert ahead.requests[-1]["params"] == ["0xabc", "0x1e"]


def heads(*numbers: str) -> list[FaultyNode]:
    def head(number: str) -> Change:
        return Change(lambda request, result: number if request["method"] == "eth_blockNumber" else result)

    return [saying("0x5", head(number)) for number in numbers]


@pytest.mark.parametrize("numbers", [("0xffffffff", "0x20", "0x20"), ("0x1", "0x20", "0x21"), ("0x20", "0x1", "0x22")])
def test_one_of_three_that_names_an_odd_head_does_not_make_the_state_old_or_unknown(numbers):
    nodes = heads(*numbers)
    nodes_of(*nodes).agreed("eth_getBalance", "0xabc", "latest")
    assert nodes[0].requests[-1]["params"] == ["0xabc", "0x20"]


def test_of_two_endpoints_one_far_behind_is_told():
    with pytest.raises(NoAnswer, match="the endpoints are 64 blocks apart, too far for a fact about the newest state"):
        nodes_of(*heads("0x60", "0x20")).agreed("eth_getBalance", "0xabc", "latest")


def test_facts_by_the_batch_are_what_most_endpoints_say_of_what_counts():
    calls = [("eth_getTransactionReceipt", ["0x1"]), ("eth_getTransactionReceipt", ["0x2"])]

    def status(node: FaultyNode, value: Any) -> FaultyNode:
        node.faults.append(Change(lambda request, _: {"status": value, "extra": request["id"]}))
        return node

    found = nodes_of(status(saying(0), "0x0"), status(saying(0), "0x1"), status(saying(0), "0x1")).agreed_many(
        calls, lambda answer: answer["status"]
    )
    assert [answer["status"] for answer in found] == ["0x1", "0x1"]
    doubts = nodes_of(status(saying(0), "0x0"), status(saying(0), "0x1")).agreed_many(calls, lambda it: it["status"])
    assert [type(answer) for answer in doubts] == [Contradiction, Contradiction]
    assert "http://node-0.invalid says" in str(doubts[0])
    with pytest.raises(NoAnswer, match="1 of 2 endpoints answered"):
        nodes_of(saying("0x0"), saying("0x0", Drop())).agreed_many(calls, lambda answer: answer)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (["0x1", "0x64"], "0x64"),
        (["0x64", "0x1"], "0x64"),
        (["0x1", "0x64", "0x66"], "0x64"),
        (["0xffffff", "0x64", "0x66"], "0x66"),
        ([None, "0x64", "0x66"], "0x66"),
    ],
)
def test_an_amount_of_gas_is_no_single_endpoint_s_word(said, counts):
    """Neither one that names too little nor one that names too much is believed, nor one that names none."""
    assert nodes_of(*map(saying, said)).estimated_many([("eth_estimateGas", [{}])] * 2) == [counts] * 2
    assert nodes_of(*map(saying, said)).estimated_many([]) == []


def test_a_refusal_is_what_more_than_half_say():
    refusing = FaultyNode(
        lambda requests: [
            {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "execution reverted: closed"}}
            for request in requests
        ]
    )
    calls = [("eth_estimateGas", [{}]), ("eth_estimateGas", [{}])]
    refused = nodes_of(refusing, refusing, saying("0x1")).estimated_many(calls)
    assert [str(answer) for answer in refused] == ["reverted: closed"] * 2
    assert nodes_of(refusing, saying("0x2"), saying("0x1")).estimated_many(calls) == ["0x2"] * 2
    for other in (saying("0x1"), saying("0x1", Drop())):
        doubts = nodes_of(refusing, other).estimated_many(calls)
        assert [type(answer) for answer in doubts] == [Contradiction] * 2
        assert "http://node-0.invalid says" in str(doubts[0])


def test_one_endpoint_is_believed():
    node = saying("0x5")
    assert Rpc("http://node.invalid", transport=node.transport).agreed("eth_getBalance", "0xabc", "latest") == "0x5"


# connecting -----------------------------------------------------------------------------------------------------------


def test_urls_with_commas_are_several_endpoints():
    with Anvil(timestamp=GENESIS) as anvil:
        assert type(connect(anvil.url)) is Rpc
        again = anvil.url.replace("127.0.0.1", "localhost")
        nodes = connect(f"{anvil.url}, {again} ,wss://heads.invalid,{again}")
        assert [node.url for node in nodes.endpoints] == [anvil.url, again]
        with FaultyNode(anvil.url, lambda request, result: "0x1") as other, pytest.raises(ChainMismatch, match="31337"):
            connect(f"{anvil.url},{other.url}")


@pytest.mark.parametrize("text", ["", " , ", "wss://heads.invalid"])
def test_no_address_to_read_from_is_wrong_use(text):
    with pytest.raises(UsageError, match="holds no address"):
        connect(text)


# limits ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("served", [1, 7, 1_000, 1_024, 10_000])
def test_a_limit_is_found_and_kept(served):
    limit, refused = Limit(2**32), 0
    for _ in range(200):
        size = limit.size
        if size > served:
            refused += 1
            limit.refused(size)
        else:
            limit.served(size)
    assert served * 7 // 8 <= limit.size <= served
    assert refused < 50


def test_a_limit_that_gets_tighter_is_followed_down_and_up_again():
    limit = Limit(2_000)
    for served in (2_000, 10, 2_000):
        for _ in range(5_000):
            size = limit.size
            limit.refused(size) if size > served else limit.served(size)
        assert limit.size <= served
    assert limit.size > 500


# heads ----------------------------------------------------------------------------------------------------------------


def test_a_subscription_wakes_up_at_a_new_block():
    with Anvil(timestamp=GENESIS) as anvil:
        heads = heads_of(f"{anvil.url},{anvil.url.replace('http', 'ws')}")
        heads.wait(0.01)
        assert heads.subscribed, heads.error
        anvil.mine()
        heads.wait(600)  # a pause would be ten minutes
        heads.close()


@pytest.mark.parametrize("url", ["", "ws://127.0.0.1:1", "ws://no such host"])
def test_without_a_subscription_it_is_a_pause(url):
    pauses: list[float] = []
    heads = NewHeads(url, sleep=pauses.append)
    heads.wait(3)
    heads.wait(5)
    assert pauses == [3, 5]
    assert bool(heads.error) == bool(url)


def test_a_subscription_that_breaks_is_opened_again():
    pauses: list[float] = []
    with Anvil(timestamp=GENESIS) as anvil:
        heads = NewHeads(anvil.url.replace("http", "ws"), sleep=pauses.append)
        heads.wait(0.01)
        heads._socket.close()
        heads.wait(1)
        assert not heads.subscribed
        heads.wait(100)
        heads.wait(0.01)
        assert heads.subscribed
        heads.close()


# finality -------------------------------------------------------------------------------------------------------------


def chain(number: int, *, head: int, finalized: int | None) -> FaultyNode:
    def answer(request: dict[str, Any], _: Any) -> Any:
        block = None if finalized is None else {"number": hex(finalized)}
        return {"eth_chainId": hex(number), "eth_blockNumber": hex(head)}.get(request["method"], block)

    return saying(None, Change(answer))


@pytest.mark.parametrize(
    ("number", "finalized", "final"),
    [(31_337, 20, 100), (16_661, None, 98), (16_602, 99, 99), (1, 70, 70), (1, None, 36), (1, 10, 36), (1, 500, 100)],
    ids=["local", "0G by depth", "Galileo by tag", "Ethereum by tag", "by depth", "tag too old", "tag ahead"],
)
def test_final_is_what_the_node_says_or_what_is_deep_enough(number, finalized, final):
    rpc = Rpc("http://node.invalid", transport=chain(number, head=100, finalized=finalized).transport)
    assert final_block(rpc) == final


def test_of_several_endpoints_the_most_careful_counts():
    assert final_block(nodes_of(chain(1, head=100, finalized=90), chain(1, head=96, finalized=80))) == 80
    with pytest.raises(NoAnswer):
        final_block(nodes_of(chain(1, head=100, finalized=90), saying("0x1", Drop())))
