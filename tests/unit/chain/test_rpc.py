"""JSON-RPC: one clear error for each way a node can fail."""

from __future__ import annotations

import pytest

from evmstorm.evm import artifacts
from keifu.chain import Anvil, ChainClient, Rpc
from keifu.errors import ChainMismatch, Revert, RpcError
from keifu.keys import Account
from tests.ape_chain import GENESIS


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture(scope="module")
def client(anvil):
    return ChainClient(anvil.rpc, artifacts.load)


@pytest.fixture(scope="module")
def user(anvil):
    return anvil.account("user")


def test_nobody_listening():
    with pytest.raises(RpcError, match=r"127\.0\.0\.1:1 did not answer eth_chainId.*is the node up"):
        Rpc("http://127.0.0.1:1", attempts=1).chain_id()


def test_another_chain(anvil):
    anvil.rpc.require_chain(31_337)
    with pytest.raises(ChainMismatch, match="serves chain 31337, not 16661"):
        anvil.rpc.require_chain(16_661)


def test_an_error_names_the_method(anvil):
    with pytest.raises(RpcError, match="eth_nothing:"):
        anvil.rpc.call("eth_nothing")


def test_a_batch_keeps_order_and_errors_in_place(anvil):
    results = anvil.rpc.batch([("eth_chainId", []), ("eth_nothing", []), ("eth_chainId", [])])
    assert results[0] == results[2] == hex(31_337)
    assert isinstance(results[1], RpcError)


def test_a_refused_call_is_a_revert_with_its_reason(client, user):
    counter = client.deploy("Counter", 5, sender=user)
    with pytest.raises(Revert) as caught:
        counter.add(6, sender=user)
    assert caught.value.reason == "counter: over the limit"


def test_a_mined_failure_is_a_revert_with_its_reason(client, user):
    counter = client.deploy("Counter", 5, sender=user)
    with pytest.raises(Revert) as caught:
        client.send(user, counter.address, counter.add.encode(6), gas=100_000)
    assert caught.value.reason == "counter: over the limit"


def test_receipt_of_a_transaction(client, user):
    counter = client.deploy("Counter", 5, sender=user)
    receipt = counter.add(4, sender=user)
    [counted] = receipt.events("Counted")
    assert (counted.by, counted.total) == (user.address, 4)
    assert receipt.gas_used > 21_000


def test_an_account_without_funds_is_told(client):
    with pytest.raises(RpcError, match=r"(?i)insufficient funds"):
        client.send(Account.from_role("pauper"), Account.from_role("user").address, value=1)
