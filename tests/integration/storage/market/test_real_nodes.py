"""A file in nodes of kind `storage`: accepted at once by their signatures, sampled, and read."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR
from keifu.compute.client.store import Store
from keifu.errors import CheckFailed
from keifu.payments.wallet import Terms
from keifu.storage.client import endowing, keeping
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.offers import providers
from keifu.storage.client.paying import Payer
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import descriptor_of
from keifu.storage.client.trees import source_of
from keifu.storage.states import State
from keifu.units import COIN
from tests.integration.node.conftest import until
from tests.integration.storage.market.test_put import put, read
from tests.storing import EPOCH, World

PRICE = 1 << 40  # of a gibibyte, so that a segment costs 2^28
FEE = PRICE // 4_096


def terms(world: World, most: int) -> Terms:
    suite = world.suite
    return Terms(world.client.chain_id, suite[CHANNELS], "", most, suite[ERC3009_COLLECTOR])


@pytest.fixture
def real(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path)
    with ExitStack() as held:
        nodes = [made.real(f"real {number}") for number in range(3)]
        for node in nodes:
            node.add_settings(f"retrieval = {{ price = {PRICE}, free = 0 }}")
            held.enter_context(node.inside())
        until(lambda: len(providers(made.market)) == len(nodes))
        yield made
    made.close()


def sent(real: World) -> int:
    return real.client.rpc.quantity("eth_getTransactionCount", real.clients.address, "latest")


def test_a_file_from_its_nodes_and_back(real, file, folder):
    before = sent(real)
    row = put(real, folder, file, patience=60)
    assert row.state == "stored"
    assert sent(real) - before == len(("approve", "open", "accept_signed"))
    assert {shard.state for shard in real.market.shards(row.deal, 3)} == {State.STORED}
    descriptor = descriptor_of(row.kept)
    assert [item.fault for item in keeping.sampled(real.market, row.deal, descriptor, 3)] == ["", "", ""]
    with pytest.raises(CheckFailed, match=r"stripe 0 has 0 good segments of the 2 it needs"):
        read(real, row, real.clients)
    with Store(folder / "payments") as store:
        payers = [Payer(real.clients, store, terms(real, most), real.token.address, lambda: real.client.now)
                  for most in (2 * FEE, 40 * FEE, 40 * FEE)]  # fmt: skip
        with pytest.raises(CheckFailed, match=r"of the 2 it needs"):
            read(real, row, real.clients, payer=payers[0])
        assert FEE < payers[0].signed <= 2 * FEE  # two segments, the second of them shorter
        assert read(real, row, real.clients, payer=payers[1]) == file.read_bytes()
        assert 2 * FEE < payers[1].signed <= 6 * FEE
        assert read(real, row, real.clients, payer=payers[2]) == file.read_bytes()
        assert 0 < payers[2].signed <= 6 * FEE  # for two segments of three nodes
        assert {len(store.channels()), len({kept.channel.receiver for kept in store.channels()})} <= {2, 3}


def test_nodes_open_and_accept_an_endowment_s_terms_by_themselves(real, file, folder):
    """Nobody calls anything after it was founded."""
    size = file.stat().st_size
    with Ledger(folder) as ledger:
        storing = real.storing(ledger, patience=60)
        stored = storing.put(source_of(file), Wish(size, 2, 1, 8 * EPOCH, False), most=50 * COIN, public=True)
        wish = endowing.Wish(100 * COIN, 8 * EPOCH, 0, 0, COIN // 2, real.clients.address)
        row, first = endowing.endow(storing, stored, wish)
    real.anvil.warp((first.opens - real.market.epoch()) * EPOCH)
    until(lambda: endowing.of(real.market, row).number == 2)
    second = endowing.of(real.market, row)
    until(lambda: {shard.state for shard in real.market.shards(second.deal, 3)} == {State.STORED})
    with Ledger(folder) as ledger:
        row, found = endowing.extend(real.storing(ledger), row)
    assert (found.number, row.deal) == (2, second.deal)
