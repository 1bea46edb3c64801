"""Batches that pass the simulation and fail in their block: what that costs a relayer at most."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from keifu.abi import load
from keifu.accounts import Intent, Token, account_code
from keifu.chain.sender import Intent as Sending
from keifu.chain.sender.intent import State
from keifu.chain.suite import ACCOUNT
from keifu.errors import UsageError
from keifu.node.relayer.accounts import Accounts
from keifu.node.relayer.spending import Spending
from keifu.node.sections import RelayerWork
from keifu.payments.book import Refused

CHAIN, IMPLEMENTATION, NFT, COIN = 31_337, "0x" + "4b" * 20, "0x" + "5c" * 20, "0x" + "6d" * 20
RELAYER, ONE, OTHER = "0x" + "7e" * 20, "0x" + "0a" * 20, "0x" + "0b" * 20
GAS = 10  # wei of ether for each batch, and what is paid for it
CODE = account_code(IMPLEMENTATION, Token(CHAIN, NFT, 7))


class Sender:
    """Sends nothing, and keeps how each stands."""

    def __init__(self) -> None:
        self.account, self.sent = SimpleNamespace(address=RELAYER), dict[str, Sending]()

    def submit(self, sending: Sending) -> None:
        self.sent[sending.id] = msgspec.structs.replace(sending, state=State.SENT)

    def step(self) -> None:
        """A block comes when the test says so."""

    def get(self, id_: str) -> Sending:
        if id_ not in self.sent:
            raise UsageError("not known")
        return self.sent[id_]

    def end(self, state: State) -> None:
        self.sent = {id_: msgspec.structs.replace(item, state=state) for id_, item in self.sent.items()}


class Suite(dict[str, str]):
    def at(self, client: Any, name: str) -> Any:
        del client
        return SimpleNamespace(interface=load(name).interface)


class Bench:
    def __init__(self) -> None:
        self.sender, self.database = Sender(), sqlite3.connect(":memory:", isolation_level=None)

    def accounts(self) -> Accounts:
        """Of a relayer whose process has just begun: a batch may be given to an account for free, and all may twice."""
        settings = RelayerWork(listen="127.0.0.1:0", free_each=GAS, free_all=2 * GAS, most_gas=100 * GAS)
        rpc = SimpleNamespace(call=lambda *_: "0x1", estimated_many=lambda _: [hex(GAS)])
        client: Any = SimpleNamespace(chain_id=CHAIN, rpc=rpc, code=lambda _: CODE)
        refunds: Any = SimpleNamespace(token=COIN, terms=True, price=lambda cost: cost)
        suite: Any = Suite({ACCOUNT: IMPLEMENTATION, "IntelligentNFT": NFT})
        return Accounts(client, suite, self.sender, Spending(self.database, settings), refunds, 10 * GAS)  # type: ignore[arg-type]


def batch(nonce: int, account: str = ONE) -> Intent:
    """Pays for its gas."""
    data = "a9059cbb" + RELAYER[2:].rjust(64, "0") + f"{GAS:064x}"
    call = {"to": COIN, "value": "0", "data": data}
    document = {"chain_id": CHAIN, "account": account, "signer": ONE, "calls": [call], "nonce": nonce,
                "deadline": 1, "signature": "11" * 65}  # fmt: skip
    return msgspec.convert(document, Intent)


def state(accounts: Accounts, intent: Intent) -> str:
    try:
        return accounts._brought(intent).state
    except Refused as refused:
        return refused.code


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_of_two_batches_of_one_account_the_second_waits_for_a_block(bench):
    accounts = bench.accounts()
    other_form = msgspec.structs.replace(batch(0), signature="22" * 65)
    assert [state(accounts, item) for item in (batch(0), other_form, batch(0), batch(0, OTHER))] == [
        "sent", "relayer_busy", "sent", "sent",
    ]  # fmt: skip
    assert state(accounts, batch(0, ONE[2:])) == "relayer_account"
    bench.sender.end(State.MINED)
    assert state(accounts, batch(1)) == "sent"


def test_an_account_whose_batches_fail_is_brought_none_in_that_hour(bench):
    accounts = bench.accounts()
    for nonce in range(2):
        assert state(accounts, batch(nonce)) == "sent"
        bench.sender.end(State.FAILED)
        accounts.step()
    assert state(accounts, batch(2)) == "relayer_budget"
    assert state(accounts, batch(0, OTHER)) == "sent"


def test_a_batch_that_failed_while_the_relayer_was_down_counts(bench):
    assert state(bench.accounts(), batch(0)) == "sent"
    bench.sender.end(State.FAILED)
    accounts = bench.accounts()
    accounts.step()
    assert accounts._spending.hour == (GAS, GAS)
