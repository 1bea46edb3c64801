"""A file in nodes of kind `storage`: accepted at once by their signatures, sampled, and read."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from keifu.storage.client import keeping
from keifu.storage.client.offers import providers
from keifu.storage.client.storing import descriptor_of
from keifu.storage.states import State
from tests.integration.node.conftest import until
from tests.integration.storage.market.test_put import put, read
from tests.storing import World


@pytest.fixture
def real(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path)
    with ExitStack() as held:
        nodes = [held.enter_context(made.real(f"real {number}").inside()) for number in range(3)]
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
    assert read(real, row, real.clients) == file.read_bytes()
