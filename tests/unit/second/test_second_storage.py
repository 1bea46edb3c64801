"""The same at the storage market: refunds, renewals, and what ends early."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from keifu.chain.suite import CHANNELS, STORAGE, STORAGE_DEALS, TIMELOCK, TOKEN
from keifu.errors import CheckFailed, Revert
from keifu.spec.storage import LEAF_BYTES, deal_path, deal_root, leaves_of, root
from keifu.storage.client import keeping
from keifu.storage.client.market import Market
from keifu.storage.client.money import Money
from keifu.units import COIN
from tests.beaten import Meanwhile

ROOT, LOCK = b"\x07" * 32, 20_000 * COIN


class Kept(msgspec.Struct, frozen=True):
    """What a renewal looks at of a file."""

    renewing: int = 0


class Noted(msgspec.Struct, frozen=True):
    deal: bytes
    kept: Kept
    state: str = "stored"


LEDGER: Any = SimpleNamespace(change=lambda row, state, kept: msgspec.structs.replace(row, state=state, kept=kept))


@pytest.fixture
def market(scene):
    return Market(scene.evm, scene.suite)


@pytest.fixture
def deal(scene, market):
    """Of three shards, which nobody has accepted."""
    now = market.epoch()
    chain, terms = scene.by(scene.own), (ROOT, 3, 10**9, 10**9, now + 1, now + 10, False, bytes(32))
    chain.call(scene.suite[TOKEN], TOKEN, "approve", scene.suite[STORAGE_DEALS], 100 * COIN)
    deal: bytes = chain.simulate(scene.suite[STORAGE_DEALS], STORAGE_DEALS, "open", *terms)
    chain.call(scene.suite[STORAGE_DEALS], STORAGE_DEALS, "open", *terms)
    return deal


def test_shards_are_refunded_though_another_takes_one_each_time(scene, market, deal):
    scene.evm.warp(3 * market.epoch_seconds)
    likes = {
        "refund": lambda of, due: ("refund", (of, due[:1])),
        "withdraw": lambda *_: ("pay", (scene.own.address,)),
    }
    second, before = scene.second(**likes), scene.held(scene.own)
    assert keeping.refund(market, second, deal).coins == scene.held(scene.own) - before == 27 * COIN
    assert second.beaten == ["refund"] * 3 + ["withdraw"]


def test_units_of_a_token_that_another_has_paid_out_are_paid_once(scene, market):
    token = scene.evm.deploy("QuietToken", sender=scene.own)
    scene.at(CHANNELS).listToken(token, True, sender=scene.suite[TIMELOCK])
    market._moneys[token.address.lower()] = Money(token.address.lower(), 18, "USDX", True)
    now, chain, deals = market.epoch(), scene.by(scene.own), scene.suite[STORAGE_DEALS]
    terms = (token.address, ROOT, 3, 10, 10**9, now + 1, now + 10, False, bytes(32))
    token.mint(scene.own, 1_000, sender=scene.own)
    token.approve(deals, 1_000, sender=scene.own)
    deal = chain.simulate(deals, STORAGE_DEALS, "open_in", *terms)
    chain.call(deals, STORAGE_DEALS, "open_in", *terms)
    scene.evm.warp(3 * market.epoch_seconds)
    second = scene.second(withdraw_token=lambda of, to: ("pay_token", (to, of)))
    assert keeping.refund(market, second, deal).units == 270
    assert second.beaten == ["withdraw_token"]


def test_a_deal_that_another_renews_is_renewed(scene, market, deal):
    scene.chain.call(scene.suite[TOKEN], TOKEN, "transfer", scene.other.address, COIN)
    scene.by(scene.other).call(scene.suite[TOKEN], TOKEN, "approve", scene.suite[STORAGE_DEALS], 100 * COIN)
    second, until = scene.second("renew"), market.require_deal(deal).end + 5
    row = Noted(deal, Kept())
    row, end = keeping.renew(market, LEDGER, second, row, 5 * market.epoch_seconds, 100 * COIN)
    assert (second.beaten, end, row.kept.renewing) == (["renew"], until, 0)


def stored(scene, market):
    """A deal of two shards, which the other one stores."""
    data = b"\x01" * LEAF_BYTES, b"\x02" * LEAF_BYTES
    shards = [(scene.other.address, root(leaves_of(item)), 1) for item in data]
    now, chain, provider = market.epoch(), scene.by(scene.own), scene.by(scene.other)
    terms = (deal_root(shards), 2, 10**9, 100 * 10**9, now + 1, now + 10, False, bytes(32))
    chain.call(scene.suite[TOKEN], TOKEN, "approve", scene.suite[STORAGE_DEALS], 100 * COIN)
    deal = chain.simulate(scene.suite[STORAGE_DEALS], STORAGE_DEALS, "open", *terms)
    chain.call(scene.suite[STORAGE_DEALS], STORAGE_DEALS, "open", *terms)
    scene.locks(STORAGE, LOCK, scene.other)
    for index, (_, shard, leaves) in enumerate(shards):
        path = [int.from_bytes(node, "big") for node in deal_path(shards, index)]
        provider.call(scene.suite[STORAGE_DEALS], STORAGE_DEALS, "accept", (deal, index, shard, leaves, path))
    return deal


def test_a_deal_is_ended_though_its_client_ends_a_shard_elsewhere(scene, market):
    deal = stored(scene, market)
    second = scene.second(first=scene.own, close=lambda of, due: ("close", (of, due[:1])))
    assert keeping.close(market, second, deal) == []
    assert second.beaten == ["close"] * 2
    assert market.require_deal(deal).closed


def test_a_deal_says_which_shards_its_client_has_ended(scene, market):
    deal = stored(scene, market)
    assert keeping.close(market, scene.by(scene.own), deal) == [0, 1]
    assert keeping.close(market, scene.by(scene.own), deal) == []


def test_a_deal_that_nobody_stores_is_ended_once(scene, market, deal):
    """Nobody accepts a shard of it from then on."""
    assert keeping.close(market, scene.by(scene.own), deal) == []
    assert market.require_deal(deal).closed
    block = scene.evm.block_number
    assert keeping.close(market, scene.by(scene.own), deal) == []
    assert scene.evm.block_number == block


def test_what_is_refused_though_nobody_did_it_is_not_said_to_be_done(scene, market, deal):
    def happens() -> None:
        raise Revert("contract: not now")

    def refused(function: str) -> Meanwhile:
        return Meanwhile(scene.evm, scene.own, function, happens)

    failed = pytest.raises(Revert, match=r"^reverted: contract: not now")
    with failed:
        keeping.renew(market, LEDGER, refused("renew"), Noted(deal, Kept()), 5 * market.epoch_seconds, 100 * COIN)
    scene.evm.warp(3 * market.epoch_seconds)
    with failed:
        keeping.refund(market, refused("refund"), deal)
    with failed:
        keeping.close(market, refused("close"), stored(scene, market))


def test_units_of_a_token_that_refuses_are_not_said_to_be_paid(scene, market, monkeypatch):
    def happens() -> None:
        raise Revert("token: frozen")

    money = Money("0x" + "0d" * 20, 18, "USDX", True)
    monkeypatch.setattr(market, "credited", lambda who, money: 270)
    monkeypatch.setattr(market, "paid_out", lambda chain, name: 0)
    monkeypatch.setattr(market, "money", lambda token: money)
    monkeypatch.setattr(market, "require_deal", lambda deal: SimpleNamespace(client="", shards=0, token=money.token))
    chain = Meanwhile(scene.evm, scene.own, "withdraw_token", happens)
    with pytest.raises(CheckFailed, match=r"the token refuses to pay .* USDX .*: token: frozen"):
        keeping.refund(market, chain, bytes(32))
