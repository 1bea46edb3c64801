"""Facts about money where several endpoints are given: one that lies changes nothing, and of two nobody is believed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ethwire.rpc import Nodes, Rpc
from evmstorm.evm import artifacts
from keifu.chain import ChainClient, _outbox, _pricing
from keifu.chain.sender import Intent, Policy, Sender, State
from keifu.errors import Contradiction, Revert
from keifu.keys import Account
from tests.faulty_node import Change, FaultyNode

PAYEE = Account.from_role("payee").address


def no_pause(seconds: float) -> None:
    pass


def nodes(anvil, lie, honest: int) -> Nodes:
    """The one that lies is asked first."""
    behind = [FaultyNode(anvil.url, Change(lie)), *(FaultyNode(anvil.url) for _ in range(honest))]
    return Nodes.of(
        [
            Rpc(f"http://node-{place}.invalid", transport=node.transport, attempts=1, sleep=no_pause)
            for place, node in enumerate(behind)
        ]
    )


def lies(method: str, value):
    return lambda request, result: value(result) if request["method"] == method else result


MILLION = "0x" + f"{10**6:064x}"
FACTS = [
    ("eth_getBalance", lambda _: "0x1", lambda client, counter: client.balance(PAYEE), 7),
    ("eth_call", lambda _: MILLION, lambda client, counter: client.at(counter.address, "Counter").total(), 3),
    ("eth_getCode", lambda _: "0x6001", lambda client, counter: client.code(PAYEE), b""),
]


@pytest.mark.parametrize(("method", "value", "ask", "truth"), FACTS)
def test_one_of_three_that_lies_about_money_changes_nothing(anvil, client, user, counter, method, value, ask, truth):
    client.send(user, PAYEE, value=7)
    counter.add(3, sender=user)
    assert ask(ChainClient(nodes(anvil, lies(method, value), 2), artifacts.load), counter) == truth


@pytest.mark.parametrize(("method", "value", "ask", "truth"), FACTS)
def test_two_that_disagree_about_money_are_named(anvil, client, user, counter, method, value, ask, truth):
    with pytest.raises(Contradiction, match=f"the endpoints disagree about {method}: http://node-0.invalid says"):
        ask(ChainClient(nodes(anvil, lies(method, value), 1), artifacts.load), counter)


@pytest.mark.parametrize(("method", "value", "ask", "truth"), FACTS)
def test_one_endpoint_alone_is_believed(anvil, client, user, counter, method, value, ask, truth):
    rpc = Rpc("http://node.invalid", transport=FaultyNode(anvil.url, Change(lies(method, value))).transport)
    assert ask(ChainClient(rpc, artifacts.load), counter) != truth


FAILED = lies("eth_getTransactionReceipt", lambda receipt: receipt and receipt | {"status": "0x0"})


def test_a_receipt_is_what_most_endpoints_say(anvil, user):
    receipt = ChainClient(nodes(anvil, FAILED, 2)).send(user, PAYEE, value=7)
    assert receipt.gas_used == 21_000
    alone = Rpc("http://node.invalid", transport=FaultyNode(anvil.url, Change(FAILED)).transport)
    with pytest.raises(Revert):
        ChainClient(alone).send(user, PAYEE, value=7)


def test_two_that_disagree_about_a_receipt_are_named(anvil, user, monkeypatch):
    monkeypatch.setattr(_outbox, "time", SimpleNamespace(sleep=no_pause))
    with pytest.raises(Contradiction, match="the endpoints disagree about eth_getTransactionReceipt: http://node-0"):
        ChainClient(nodes(anvil, FAILED, 1)).send(user, PAYEE, value=7)


def test_a_sender_is_not_told_by_one_of_three_that_it_has_paid(anvil, user, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    anvil.rpc.call("evm_setAutomine", False)
    block = anvil.rpc.call("eth_getBlockByNumber", "latest", False)
    lying: list[bool] = []

    def lie(request, result):
        if lying and request["method"] == "eth_getTransactionReceipt":
            reported = {"transactionHash": request["params"][0], "status": "0x1", "gasUsed": "0x5208"}
            return reported | {"blockNumber": block["number"], "blockHash": block["hash"], "logs": []}
        if lying and request["method"] == "eth_getTransactionCount" and request["params"][1] == "latest":
            return hex(int(result, 16) + 1)
        return result

    rpc = nodes(anvil, lie, 2)
    with Sender(tmp_path / "sender.db", rpc, user, policy=Policy(depth=0), sleep=no_pause) as sender:
        sender.submit(Intent("pay", PAYEE, value=7, gas=21_000))
        sender.step()
        lying.append(True)
        for _ in range(5):
            sender.step()
        assert sender.get("pay").state is State.SENT
        lying.clear()
        anvil.mine()
        [ended] = sender.wait("pay", seconds=60)
    assert ended.state is State.DONE
    assert anvil.rpc.call("eth_getBalance", PAYEE, "latest") == "0x7"


@pytest.mark.parametrize("honest", [1, 2])
@pytest.mark.parametrize("sends", ["client", "sender"])
def test_an_estimate_that_one_endpoint_makes_too_small_is_not_believed(
    anvil, user, counter, tmp_path, monkeypatch, sends, honest
):
    """With the small one as its limit the call would run out of gas in its block."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(_pricing, "ROLLOVER_GAS", 0)
    rpc = nodes(anvil, lies("eth_estimateGas", lambda _: hex(22_000)), honest)
    if sends == "client":
        ChainClient(rpc, artifacts.load).at(counter.address, "Counter").add(3, sender=user)
    else:
        with Sender(tmp_path / "sender.db", rpc, user, policy=Policy(depth=0), sleep=no_pause) as sender:
            sender.submit(Intent("add", counter.address, counter.add.encode(3)))
            [ended] = sender.wait("add", seconds=60)
        assert ended.state is State.DONE
    assert counter.total() == 3
