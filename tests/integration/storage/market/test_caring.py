"""A watcher's rounds on a real chain: who shows no leaf is asked on the chain, loses its shard, and is replaced."""

from __future__ import annotations

import pytest

from keifu.errors import CheckFailed
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.caring import Care
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.repairing import Target, target_of
from keifu.storage.client.storing import keys_of
from keifu.storage.states import State
from keifu.storage.watching import Watch
from keifu.units import COIN
from tests.integration.storage.market.test_put import put
from tests.storing import EPOCH, WINDOW

AT_ONCE = Watch(0.0, failures=2)


def test_a_provider_that_shows_no_leaf_is_asked_on_the_chain_and_replaced(fresh, file, folder):
    row = put(fresh, folder, file)
    liar = fresh.provider(row.kept.holders[1].provider)
    with Ledger(folder) as ledger:
        storing = fresh.storing(ledger)
        care = Care([target_of(row, keys_of(row, fresh.clients))], AT_ONCE, COIN)
        done = care.round(storing, 1.0)
        assert (done.sampled, done.failed, done.demanded) == (3, 0, [])
        liar.service.lies = True
        care.round(storing, 2.0)
        assert care.round(storing, 3.0).demanded == []
        done = care.round(storing, 4.0)
        assert done.demanded == [f"{row.deal.hex()}/1"]
        assert care.round(storing, 5.0).demanded == []
        fresh.anvil.warp(WINDOW + 10)
        done = care.round(storing, 6.0)
        assert done.ended == [f"{row.deal.hex()}/1"]
        (mended,) = done.mended
        assert (mended.index, mended.fault) == (1, "")
        assert mended.provider not in {holder.provider for holder in row.kept.holders}
        assert fresh.market.shards(row.deal, 3)[1].state is State.MENDED
        assert fresh.market.repairs.repair_of(row.deal, 1)[0].lower() == mended.provider
        again = Care([target_of(row, keys_of(row, fresh.clients))], AT_ONCE, COIN)
        assert again.round(storing, 1.0).demanded == []


def test_no_demand_is_paid_beyond_the_bound_nor_masked_shards_made_without_a_key(fresh, file, folder):
    row = put(fresh, folder, file)
    fresh.provider(row.kept.holders[0].provider).service.lies = True
    own = target_of(row, keys_of(row, fresh.clients))
    keyless = Target(own.deal, own.descriptor, own.placed, FileKeys(b""))
    before = fresh.token.balanceOf(fresh.clients)
    with Ledger(folder) as ledger:
        care = Care([keyless], AT_ONCE, 0)
        rounds = [care.round(fresh.storing(ledger), float(now)) for now in range(4)]
        assert [shard for done in rounds for shard in done.demanded] == []
        shard = f"shard {row.deal.hex()}/0"
        assert {text for done in rounds for text in done.alerts} == {
            f"{shard} does not answer, and a demand costs more than may be spent",
            f"2 shards of deal {row.deal.hex()} answer, 2 give it",
        }
    assert fresh.token.balanceOf(fresh.clients) == before


def test_a_file_that_cannot_be_mended_holds_up_no_other(fresh, tmp_path, folder):
    """Of one the mask key is not here; for the other nobody is left who takes its shard."""
    chosen = fresh.providers[1]
    chosen.service.accepts = False
    rows = []
    for name in ("first", "second"):
        (tmp_path / name).write_bytes(name.encode() * 1_000)
        with pytest.raises(CheckFailed, match="2 of 3 shards are accepted"):
            put(fresh, folder, tmp_path / name)
        with Ledger(folder, writes=False) as ledger:
            rows.append(ledger.files()[-1])
    fresh.anvil.warp(3 * EPOCH)
    for provider in fresh.providers:
        provider.service.declared = {"accepting": False}
    own = [target_of(row, keys_of(row, fresh.clients)) for row in rows]
    keyless = Target(own[0].deal, own[0].descriptor, own[0].placed, FileKeys(b""))
    with Ledger(folder) as ledger:
        done = Care([keyless, own[1]], AT_ONCE, 0).round(fresh.storing(ledger), 1.0)
    assert f"deal {keyless.deal.hex()}: masked shards are made again by the mask key" in done.alerts
    assert [(item.provider, item.fault) for item in done.mended] == [
        ("", "0 operators offer what is wanted, 1 shards need one each")
    ]
