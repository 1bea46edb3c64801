"""An anvil of its own, a funded account, and nodes that misbehave in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keifu.chain import Anvil, Rpc
from keifu.chain.sender import Intent, Policy, Sender
from keifu.errors import RpcError
from keifu.keys import Account
from tests.ape_chain import GENESIS


@pytest.fixture(autouse=True)
def own_locks(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture
def by_hand(anvil, account):
    """Blocks come only when the test says so."""
    anvil.rpc.call("evm_setAutomine", False)
    return anvil


@pytest.fixture
def account(anvil) -> Account:
    return anvil.account("sender")


@pytest.fixture
def payee() -> str:
    return Account.from_role("payee").address


class Clock:
    """Seconds that pass when somebody sleeps, or a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_sender(anvil, account, clock, tmp_path) -> Callable[..., Sender]:
    """A sender on anvil, or on another endpoint; closed at the end of the test."""
    opened: list[Sender] = []

    def make(rpc: Any = None, *, who: Account = account, name: str = "sender.db", **policy: Any) -> Sender:
        database: Path = tmp_path / name
        sender = Sender(database, rpc or anvil.rpc, who, policy=Policy(**policy), clock=clock, sleep=clock.sleep)
        opened.append(sender)
        return sender

    yield make
    for sender in opened:
        sender.close()


class Choosy(Rpc):
    """A node that answers some requests otherwise: `answer(method, params)` gives an exception or a value, or None to
    ask anvil."""

    def __init__(self, url: str, answer: Callable[[str, Any], Any]) -> None:
        super().__init__(url)
        self.answer = answer
        self.asked: list[str] = []

    def call(self, method: str, *params: Any) -> Any:
        [found] = self.batch([(method, list(params))])
        if isinstance(found, Exception):
            raise found
        return found

    def batch(self, calls: Any) -> list[Any]:
        own = [self.answer(method, params) for method, params in calls]
        self.asked += [method for method, _ in calls]
        rest = iter(super().batch([call for call, answer in zip(calls, own, strict=True) if answer is None]))
        return [next(rest) if answer is None else answer for answer in own]


def refuses(*numbers: int) -> Callable[[str, Any], Any]:
    """A node that refuses the transactions with these numbers, in the order in which they come; the first is 0."""
    seen = 0

    def answer(method: str, params: Any) -> Any:
        nonlocal seen
        if method != "eth_sendRawTransaction":
            return None
        seen += 1
        return RpcError("eth_sendRawTransaction: txpool is full") if seen - 1 in numbers else None

    return answer


def pay(payee: str, number: int = 0) -> Intent:
    """An intent whose value tells it from the others."""
    return Intent(f"pay {number}", payee, value=10**number)


def balance(anvil, who: str) -> int:
    return int(anvil.rpc.call("eth_getBalance", who, "latest"), 16)


def nonce(anvil, account) -> int:
    return int(anvil.rpc.call("eth_getTransactionCount", account.address, "latest"), 16)
