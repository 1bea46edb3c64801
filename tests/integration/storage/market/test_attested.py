"""Attestors whose store is the storage network: old data is read from providers, new data is with them before anything
is signed, and whatever fails leaves deals, coins and statements as they were."""

from __future__ import annotations

import pytest

from keifu.chain.logs import find_events
from keifu.errors import CheckFailed
from keifu.inft.stores import NetworkStore, Terms
from keifu.keys import Account
from keifu.node.attestor.desk import Desk
from keifu.storage.client.address import FileAddress
from keifu.storage.states import State
from keifu.units import COIN
from tests.integration.storage.market.test_put import DEAD, balance
from tests.storing import EPOCH
from tests.unit.node.attesting import NAMES, PLAIN, Bench

ITEMS = len(PLAIN)


@pytest.fixture
def bench(fresh, tmp_path):
    terms = Terms((2, 1), 10 * EPOCH, 10 * COIN)
    chain = fresh.by(fresh.clients)
    store = NetworkStore(fresh.market, tmp_path / "client", chain, fresh.clients, terms, lambda _: None)
    return Bench(tmp_path, store)


@pytest.fixture
def paid(fresh, bench):
    """Deals that were opened since the old data is there, and whether coins went."""
    deals, before = opened(fresh), balance(fresh)
    return lambda: (opened(fresh) - deals, balance(fresh) < before)


def opened(world):
    return sum(1 for _ in find_events(world.client, world.market.deals, "DealOpened"))


def dies(*_):
    raise ConnectionAbortedError("the process is gone")


def test_old_data_comes_from_providers_and_new_data_is_with_them(fresh, bench, paid):
    request = bench.request()
    answers = bench.all(request)
    assert {answer.digest for answer in answers} == {answers[0].digest}
    assert paid() == (ITEMS, True)
    for item, old in zip(answers[0].items, bench.addresses, strict=True):
        assert item.address != old
        shards = fresh.market.shards(FileAddress.parse(item.address).deal, 3)
        assert {shard.state for shard in shards} == {State.STORED}
    assert bench.all(request) == answers
    assert paid() == (ITEMS, True)


@pytest.mark.parametrize("first", [0, 1])
def test_who_dies_before_it_signs_stores_and_pays_once(bench, paid, monkeypatch, first):
    """In the middle of storing, and between storing and signing."""
    request = bench.request()
    asked = bench.asked(request, NAMES[0])
    with monkeypatch.context() as patch:
        if first:
            patch.setattr(Desk, "_signed", dies)
        else:
            keep, calls = bench.store.keep, []

            def once(*item):
                calls.append(item)
                return keep(*item) if len(calls) == 1 else dies()

            patch.setattr(bench.store, "keep", once)
        with pytest.raises(ConnectionAbortedError):
            bench.desk(NAMES[0]).attest(asked)
    assert bench.desk(NAMES[0])._book.all == 0
    assert paid() == (ITEMS if first else 1, True)
    answers = bench.all(request)
    assert len({answer.digest for answer in answers}) == 1
    assert paid() == (ITEMS, True)


def test_cut_data_in_the_network_is_refused_by_name(bench, paid, fresh):
    whole = bench.store.get(bench.addresses[0])
    bench.addresses[0] = bench.put(whole[:-1])
    before = paid()
    assert bench.refusal(bench.asked(bench.request(), NAMES[0])) == "other_data"
    assert paid() == before


@pytest.mark.parametrize(("name", "kept"), [(NAMES[0], 0), (NAMES[1], ITEMS)])
def test_data_that_nobody_shows_is_signed_by_nobody_until_it_is_back(fresh, bench, paid, name, kept):
    """Old data at the leading attestor, new data at the next one."""
    request = bench.request()
    lead = bench.desk(NAMES[0]).attest(bench.asked(request, NAMES[0])) if kept else None
    asked, number = bench.asked(request, name, lead), fresh.anvil.snapshot()
    for provider in fresh.providers:
        fresh.offer(provider.account, DEAD)
    with pytest.raises(CheckFailed, match="0 good segments of the 2 it needs"):
        bench.desk(name).attest(asked)
    assert (bench.desk(name)._book.all, paid()) == (0, (kept, bool(kept)))
    fresh.anvil.restore(number)
    assert bench.desk(name).attest(asked).attestor == Account.from_role(name).address
