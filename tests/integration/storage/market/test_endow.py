"""An endowment pays for a stored file term after term, on a real chain with nodes that accept."""

from __future__ import annotations

import pytest

from keifu.chain.suite import STORAGE_ENDOWMENT
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.storage.client import endowing
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import address_of, keys_of
from keifu.storage.client.trees import source_of
from keifu.storage.states import State
from keifu.units import COIN, DAY
from tests.integration.storage.market.test_put import put
from tests.storing import EPOCH

TERM = 8  # epochs
FALL, ABOVE = 1_000, 2_000


def wish(world, **changes):
    kept = {"amount": 50 * COIN, "seconds": TERM * EPOCH, "fall": FALL, "above": ABOVE, "reward": COIN // 2}
    return endowing.Wish(**{**kept, "heir": world.clients.address, **changes})


@pytest.fixture
def stored(fresh, folder, file):
    with Ledger(folder) as ledger:
        return fresh.storing(ledger).put(
            source_of(file), Wish(file.stat().st_size, 2, 1, 4 * EPOCH, False), most=10 * COIN, public=False
        )


def stands(world, row):
    return [shard.state for shard in world.market.shards(row.deal, len(row.kept.roots))]


def test_whoever_holds_the_shards_accepts_the_first_term(fresh, folder, stored):
    before = fresh.token.balanceOf(fresh.clients)
    with Ledger(folder) as ledger:
        row, found = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
    assert (row.state, row.deal, row.number) == ("stored", found.deal, stored.number + 1)
    assert stands(fresh, row) == [State.STORED] * 3
    assert fresh.market.require_deal(row.deal).client == found.address == row.kept.client
    assert before - fresh.token.balanceOf(fresh.clients) == 50 * COIN
    assert (found.number, found.term, found.fall) == (1, TERM, FALL)
    assert found.until == fresh.market.epoch() + 1 + TERM
    assert address_of(row) != address_of(stored)
    assert keys_of(row, fresh.clients) == keys_of(stored, fresh.clients)


def test_the_price_begins_above_the_dearest_of_those_who_hold_it(fresh, folder, stored):
    with Ledger(folder) as ledger:
        _, found = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
    assert found.price == stored.kept.price * 12_000 // 10_000


def test_the_same_call_founds_and_pays_once(fresh, folder, stored, monkeypatch):
    for provider in fresh.providers:
        provider.service.accepts = False
    before = fresh.token.balanceOf(fresh.clients)
    with Ledger(folder) as ledger:
        with pytest.raises(CheckFailed, match="0 of 3 shards are accepted"):
            endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        for provider in fresh.providers:
            provider.service.accepts = True
        row, _ = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        assert endowing.endow(fresh.storing(ledger), stored, wish(fresh))[0] == row
        assert len(ledger.files()) == 2
    assert before - fresh.token.balanceOf(fresh.clients) == 50 * COIN


@pytest.mark.parametrize("line", ["begin", "change"])
def test_a_call_that_broke_off_goes_on(fresh, folder, stored, monkeypatch, line):
    before = fresh.token.balanceOf(fresh.clients)

    def dies(*_, **__):
        raise KeyboardInterrupt

    with Ledger(folder) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, line, dies)
            with pytest.raises(KeyboardInterrupt):
                endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        row, _ = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        assert stands(fresh, row) == [State.STORED] * 3
        assert len(ledger.files()) == 2
    assert before - fresh.token.balanceOf(fresh.clients) == 50 * COIN


def test_the_next_term_is_opened_when_it_is_time_for_the_reward(fresh, folder, stored):
    opener = fresh.payer("opener", COIN)
    with Ledger(folder) as ledger:
        row, first = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        assert endowing.extend(fresh.storing(ledger), row) == (row, first)
        fresh.anvil.warp((first.opens - fresh.market.epoch()) * EPOCH)
        row, second = endowing.extend(fresh.storing(ledger, opener), row)
        assert fresh.token.balanceOf(opener) == COIN + first.reward
        assert (row.deal, row.state, second.number) == (second.deal, "stored", 2)
        assert second.price == first.price * 9_000 // 10_000
        assert endowing.extend(fresh.storing(ledger), row)[1].number == 2
    assert stands(fresh, row) == [State.STORED] * 3


def test_a_term_that_another_one_opened_is_found(fresh, folder, stored, tmp_path):
    with Ledger(folder) as ledger:
        row, first = endowing.endow(fresh.storing(ledger), stored, wish(fresh))
        fresh.anvil.warp((first.opens - fresh.market.epoch()) * EPOCH)
        there, _ = endowing.extend(fresh.storing(ledger), row)
        row = ledger.change(row, "stored", row.kept, deal=first.deal)
        assert endowing.extend(fresh.storing(ledger), row)[0] == there


def test_a_shard_that_nobody_stores_goes_to_another_one(fresh, folder, stored):
    gone = fresh.provider(stored.kept.holders[0].provider)
    with Ledger(folder) as ledger:
        storing = fresh.storing(ledger)
        gone.service.accepts = False
        with pytest.raises(CheckFailed, match="2 of 3 shards are accepted"):
            endowing.endow(storing, stored, wish(fresh))
        row = next(item for item in ledger.files() if item.kept.endowment)
        first = endowing.of(fresh.market, row)
        fresh.anvil.warp((first.opens - fresh.market.epoch()) * EPOCH)
        row, second = endowing.extend(storing, row)
    assert second.price == first.price
    assert row.kept.named[0] != gone.account.address.lower()
    assert stands(fresh, row) == [State.STORED] * 3


def test_more_coins_last_longer_and_the_rest_is_the_heir_s(fresh, folder, stored):
    heir = fresh.anvil.account("heir")
    with Ledger(folder) as ledger:
        storing = fresh.storing(ledger)
        row, before = endowing.endow(storing, stored, wish(fresh, heir=heir.address, amount=9 * COIN, reward=COIN))
        assert before.lasts == 0
        more = endowing.top_up(storing, row, 20 * COIN)
        assert (more.coins - before.coins, more.lasts > 0) == (20 * COIN, True)
        with pytest.raises(Revert, match="endowment: may still go on"):
            endowing.wind_up(storing, row)
        fresh.anvil.warp((TERM + 2) * EPOCH + 180 * DAY)
        left = endowing.wind_up(storing, row)
    assert fresh.token.balanceOf(heir) >= left.coins


def test_masked_files_and_endowed_ones_are_not_endowed(fresh, folder, file, stored):
    with Ledger(folder) as ledger:
        storing = fresh.storing(ledger)
        row, _ = endowing.endow(storing, stored, wish(fresh))
        with pytest.raises(UsageError, match=r"file 2 has an endowment"):
            endowing.endow(storing, row, wish(fresh))
        with pytest.raises(UsageError, match=r"file 1 has no endowment"):
            endowing.extend(storing, stored)
    masked = put(fresh, folder, file)
    with Ledger(folder) as ledger, pytest.raises(UsageError, match=r"an endowment goes on without its founder"):
        endowing.endow(fresh.storing(ledger), masked, wish(fresh))


def test_what_is_no_endowment_is_named(fresh):
    home = fresh.suite[STORAGE_ENDOWMENT]
    with pytest.raises(CheckFailed, match="is no endowment that was founded"):
        endowing.at(fresh.market, home)


def test_more_coins_than_there_are_found_nothing(fresh, folder, stored):
    with Ledger(folder) as ledger:
        with pytest.raises(CheckFailed, match="1,000,000,000 are needed"):
            endowing.endow(fresh.storing(ledger), stored, wish(fresh, amount=10**9 * COIN))
        with pytest.raises(Revert, match="endowment: too few coins"):
            endowing.endow(fresh.storing(ledger), stored, wish(fresh, amount=1))
        assert [row.kept.endowment for row in ledger.files()] == [""]
