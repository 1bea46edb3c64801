"""A client behind a node that changes one field of one answer: a result or one error of ours, and nothing twice."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from ethwire.rpc import Rpc
from keifu.abi import Contract, Interface
from keifu.chain import ChainClient, _outbox
from keifu.errors import KeifuError, NoAnswer, NotServed, RpcError
from keifu.keys import Account
from tests.changed_sendings import answer_of
from tests.faulty_node import Change, FaultyNode, Mutation
from tests.unit.chain.sender.simulated_chain import SimulatedChain

pytestmark = pytest.mark.case("tools-13")

USER = Account.from_role("changed client")
TO = "0x" + "aa" * 20
ANSWERS = 16  # an honest run takes about that many
SEEDS = 300
_VIEW = {"type": "function", "name": "total", "inputs": [], "stateMutability": "view"}
TOTAL = Interface("Counter", [_VIEW | {"outputs": [{"type": "uint256", "name": ""}]}])


class Chain(SimulatedChain):
    """With what only a client asks for."""

    def _eth_getBalance(self, blocks, address, tag):
        return hex(10**20)

    def _eth_getCode(self, blocks, address, tag):
        return "0x6001"

    def _eth_call(self, blocks, request, tag):
        return "0x" + f"{7:064x}"

    def _eth_getBlockByNumber(self, blocks, tag, full):
        found = super()._eth_getBlockByNumber(blocks, tag, full)
        return found and found | {"timestamp": "0x64"}

    def _eth_getTransactionReceipt(self, blocks, tx_hash):
        found = super()._eth_getTransactionReceipt(blocks, tx_hash)
        log = {"address": TO, "topics": ["0x" + "11" * 32], "data": "0x"}
        return found and found | {"logs": [log]}


def behind(*faults) -> tuple[Chain, Rpc, FaultyNode]:
    chain = Chain(USER.address, 2, random.Random(1))

    def answers(requests):
        found = chain.batch([(request["method"], request["params"]) for request in requests])
        return [answer_of(request["id"], result) for request, result in zip(requests, found, strict=True)]

    node = FaultyNode(answers, *faults)
    rpc = Rpc("http://node.invalid", sleep=lambda _: None, transport=node.transport, attempts=2)
    return chain, rpc, node


@pytest.fixture
def pausing(monkeypatch):
    """Each pause of the client is a block."""
    chains: list[Chain] = []
    monkeypatch.setattr(_outbox, "time", SimpleNamespace(sleep=lambda _: chains[-1].tick()))
    return chains


def use(client: ChainClient) -> None:
    contract = client.at(TO, TOTAL)
    _ = contract.total(), client.balance(USER), client.code(TO), client.now
    client.send(USER, TO, b"\x01once", value=1)


def test_an_honest_run_takes_as_many_answers_as_are_changed(pausing):
    chain, rpc, node = behind()
    pausing.append(chain)
    use(ChainClient(rpc))
    assert ANSWERS - 4 <= len(node.requests) <= ANSWERS


@pytest.mark.parametrize("part", range(3))
def test_one_changed_field_is_one_error_or_nothing_and_nothing_is_sent_twice(pausing, part):
    for seed in range(part, SEEDS, 3):
        mutation = Mutation(seed, seed % ANSWERS)
        chain, rpc, _ = behind(mutation)
        pausing.append(chain)
        raised: list[Exception] = []
        try:
            use(ChainClient(rpc))
        except Exception as error:
            raised.append(error)
        reported = f"{seed}: {mutation.reported} came out as {raised}"
        assert all(isinstance(error, KeifuError) and "\n" not in str(error) for error in raised), reported
        for _ in range(5):
            chain.tick()
        assert sum(item.data == b"\x01once" for item in chain.taken()) <= 1, mutation.reported


@pytest.mark.parametrize("odd", [None, "zz", "0x", "-0x1", 7, [], {}, "0x1g"], ids=repr)
def test_an_odd_answer_to_a_question_is_one_error(odd):
    asked = "eth_getBalance", "eth_getCode", "eth_call", "eth_getBlockByNumber"
    _, rpc, _ = behind(Change(lambda request, result: odd if request["method"] in asked else result))
    client = ChainClient(rpc)
    contract: Contract = client.at(TO, TOTAL)
    for ask in (lambda: client.balance(USER), contract.total, lambda: client.now):
        with pytest.raises((NoAnswer, NotServed, KeifuError)):
            ask()
    if odd != "0x":  # an address without code
        with pytest.raises(RpcError):
            client.code(TO)
