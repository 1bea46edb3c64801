"""ChainClient behind a node that drops, refuses and forgets: one transaction's trouble is not the next one's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ethwire.constants import GWEI
from keifu.chain import Call, ChainClient, _outbox
from keifu.errors import OutOfGas, RpcError
from keifu.keys import Account
from tests.unit.chain.sender.conftest import Choosy, refuses

PAYEE = Account.from_role("payee").address


@pytest.fixture
def no_pauses(monkeypatch):
    """Pauses take no time."""
    monkeypatch.setattr(_outbox, "time", SimpleNamespace(sleep=lambda seconds: None))


def balance(anvil, who=PAYEE) -> int:
    return int(anvil.rpc.call("eth_getBalance", who, "latest"), 16)


def mining(anvil, asked: list[str], *, forget: int = 0, every: int = 1):
    """anvil mines only when it is asked for receipts, from the `forget`th time on; the first times it drops what it
    has. Without blocks of its own it is a public node for whoever waits."""

    def answer(method, params):
        if method == "eth_getTransactionReceipt":
            asked.append(method)
            if len(asked) <= forget:
                anvil.rpc.call("anvil_dropAllTransactions")
            elif len(asked) % every == 0:
                anvil.mine()

    return answer


@pytest.fixture
def by_hand(anvil, user):
    anvil.rpc.call("evm_setAutomine", False)
    return anvil


# dropped and stuck ---------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-17")
def test_a_transaction_that_the_node_drops_is_sent_again(by_hand, user, no_pauses):
    client = ChainClient(Choosy(by_hand.url, mining(by_hand, [], forget=1)))
    client.send(user, PAYEE, value=1)
    assert balance(by_hand) == 1


@pytest.mark.case("tools-17")
def test_one_dropped_transaction_does_not_block_the_next(by_hand, user, no_pauses):
    asked: list[str] = []
    node = Choosy(by_hand.url, mining(by_hand, asked, forget=10**9))
    client = ChainClient(node)
    with pytest.raises(RpcError, match="1 transactions were not mined in 120 s"):
        client.send(user, PAYEE, value=1)
    by_hand.rpc.call("anvil_dropAllTransactions")
    node.answer = mining(by_hand, asked)
    for _ in range(3):
        client.send(user, PAYEE, value=10)
    assert balance(by_hand) == 30


@pytest.mark.case("tools-19")
def test_a_stuck_transaction_is_replaced_when_the_base_fee_rises(by_hand, user, no_pauses):
    asked: list[str] = []

    def answer(method, params):
        if method == "eth_getTransactionReceipt":
            asked.append(method)
            if len(asked) == 1:
                by_hand.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
            by_hand.mine()

    client = ChainClient(Choosy(by_hand.url, answer))
    client.send(user, PAYEE, value=1)
    assert balance(by_hand) == 1
    assert int(by_hand.rpc.call("eth_getTransactionCount", user.address, "latest"), 16) == 1


@pytest.mark.case("tools-19")
def test_fees_are_read_for_each_transaction(anvil, user):
    client = ChainClient(anvil.rpc)
    client.send(user, PAYEE, value=1)
    anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(100 * GWEI))
    anvil.mine()
    receipt = client.send(user, PAYEE, value=1)
    offered = int(anvil.rpc.call("eth_getTransactionByHash", receipt.tx_hash)["maxFeePerGas"], 16)
    assert offered > 150 * GWEI
    for _ in range(20):
        anvil.mine()
    receipt = client.send(user, PAYEE, value=1)
    offered = int(anvil.rpc.call("eth_getTransactionByHash", receipt.tx_hash)["maxFeePerGas"], 16)
    assert offered < 50 * GWEI


# a refused batch -----------------------------------------------------------------------------------------------------


def adds(counter, user, amounts):
    return [Call(counter, "add", (amount,), user, gas=100_000) for amount in amounts]


@pytest.mark.case("tools-17")
@pytest.mark.parametrize("refused", [(0,), (1,), (3,), (0, 2), (1, 2, 3)])
def test_a_refused_batch_never_sends_its_tail_later(anvil, counter, user, refused):
    node = Choosy(anvil.url, lambda method, params: None)
    client = ChainClient(node, counter.backend.load)
    counter = client.at(counter.address, counter.interface)
    node.answer = refuses(*refused)
    with pytest.raises(RpcError, match="txpool is full"):
        client.send_many(adds(counter, user, [1, 10, 20, 40]))
    sent_before = sum([1, 10, 20, 40][: refused[0]])
    assert counter.total() == sent_before
    node.answer = lambda method, params: None
    for _ in range(6):
        client.send(user, PAYEE, value=1)
    anvil.mine(3)
    assert counter.total() == sent_before


@pytest.mark.case("tools-17")
def test_a_tail_that_cannot_be_withdrawn_stops_the_account(anvil, counter, user):
    node = Choosy(anvil.url, lambda method, params: None)
    client = ChainClient(node, counter.backend.load)
    counter = client.at(counter.address, counter.interface)
    node.answer = refuses(0, 4, 7)
    with pytest.raises(RpcError, match="transactions of a refused batch in the node's pool"):
        client.send_many(adds(counter, user, [1, 10, 20, 40]))
    with pytest.raises(RpcError, match="transactions of a refused batch in the node's pool"):
        client.send(user, PAYEE, value=1)
    node.answer = lambda method, params: None
    client.send(user, PAYEE, value=1)
    anvil.mine(3)
    assert (counter.total(), balance(anvil)) == (0, 1)


@pytest.mark.case("tools-17")
def test_a_batch_that_cannot_be_paid_is_refused_before_anything_is_sent(anvil, counter):
    poor = anvil.account("poor", ether=0)
    anvil.rpc.call("anvil_setBalance", poor.address, hex(10**15))
    with pytest.raises(RpcError, match=r"insufficient funds: 0x.* may take"):
        counter.backend.send_many(adds(counter, poor, [1] * 50))
    assert int(anvil.rpc.call("eth_getTransactionCount", poor.address, "pending"), 16) == 0


# 0G ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chain_id", [16_661, 16_602])
def test_the_tip_is_what_a_chain_accepts(anvil, user, chain_id):
    """Nodes of 0G say 1 wei and take no less than 2 gwei."""
    says_one_wei = lambda method, params: "0x1" if method == "eth_maxPriorityFeePerGas" else None  # noqa: E731
    client = ChainClient(Choosy(anvil.url, says_one_wei))
    client._outbox.chain_id = chain_id
    assert client._outbox._market(client.rpc.batch(list(_outbox._MARKET))).fees.priority == 2 * GWEI


# gas -----------------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-16")
def test_out_of_gas_is_told_as_such(client, counter, user):
    with pytest.raises(OutOfGas, match=r"^out of gas: 25,000 of 25,000 used \(send it again with a higher limit\)$"):
        client.send(user, counter.address, counter.add.encode(5), gas=25_000)
