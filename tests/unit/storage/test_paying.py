"""A reader's bound holds for what it signs in all: vouchers, and deposits into channels."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from keifu.keys import Account
from keifu.payments import x402
from keifu.payments.wallet import EXCEEDS, MISMATCH, KeptChannel, Terms
from keifu.storage.client.paying import Payer
from keifu.storage.nodes import NodeFault

CHAIN, COIN, CHANNELS, COLLECTOR = 31_337, "0x" + "4b" * 20, "0x" + "5c" * 20, "0x" + "6d" * 20
PRICE, MOST, USED = 10, 100, 5_000


class Kept:
    """Channels in memory."""

    def __init__(self) -> None:
        self.all: dict[bytes, KeptChannel] = {}

    def channels(self) -> list[KeptChannel]:
        return list(self.all.values())

    def keep_channel(self, kept: KeptChannel) -> None:
        self.all[kept.id] = kept

    def signed(self, channel_id: bytes, most: int, signature: bytes) -> None:
        self.all[channel_id] = dataclasses.replace(self.all[channel_id], signed=most, signature=signature)

    def adopt(self, channel_id: bytes, charged: int, proven: int, now: int) -> bool:
        raise AssertionError


def says(error: str, node: int = 1, **extra: Any) -> str:
    """A node's 402."""
    who = "0x" + f"{node:02x}" * 20
    extra |= {"receiverAuthorizer": who, "withdrawDelay": 900, "name": "Coin", "version": "1", x402.AHEAD: True}
    asked = x402.Requirements(x402.SCHEME, x402.network_of(CHAIN), COIN, str(PRICE), who, 60, extra)
    return x402.encode(x402.Required([asked], error=error))


def deposited(header: str) -> int:
    payload = x402.decode(header, x402.Payment, x402.PAYMENT_SIGNATURE).payload
    return int(payload.deposit.amount) if isinstance(payload, x402.DepositPayload) else 0


@pytest.fixture
def store() -> Kept:
    return Kept()


@pytest.fixture
def payer(store: Kept) -> Payer:
    terms = Terms(CHAIN, CHANNELS, "", MOST, COLLECTOR)
    found = Payer(Account.from_role("reader"), store, terms, COIN, lambda: 1_000)
    found.requests = 4
    return found


def brought(payer: Payer, url: str, said: str) -> int:
    """What the node may put into a channel next; nothing when it is not paid."""
    try:
        return deposited(payer.pay(url, said, payer.header(url)))
    except NodeFault:
        return 0


def test_a_node_that_never_has_enough_gets_deposits_within_the_bound(payer):
    assert x402.decode(says(""), x402.Required, x402.PAYMENT_REQUIRED).accepts
    sums = [brought(payer, "http://one", says(EXCEEDS)) for _ in range(30)]
    assert sums[0] == 4 * PRICE
    assert sum(sums) <= MOST


def test_many_nodes_get_deposits_within_the_bound(payer):
    sums = [brought(payer, f"http://{node}", says("", node)) for node in range(1, 30)]
    assert 2 * PRICE <= sum(sums) <= MOST


def test_a_channel_that_has_paid_much_is_filled_for_this_file_alone(payer, store):
    payer.pay("http://one", says(""), "")
    (kept,) = store.channels()
    store.signed(kept.id, USED, kept.signature)
    assert brought(payer, "http://one", says(EXCEEDS)) == 4 * PRICE
    state = {"channelState": {"chargedCumulativeAmount": str(USED)}}
    assert brought(payer, "http://one", says(MISMATCH, **state)) == 0
    assert store.channels()[0].signed == USED + 2 * PRICE
