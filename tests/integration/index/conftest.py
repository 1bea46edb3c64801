"""The suite on a chain of its own, once for all tests of a process; each test goes back to that block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keifu.chain import Anvil, ChainClient, Deployment
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.index import Indexer, suite_of
from keifu.local.dwellers import settle_in
from keifu.local.suite import deploy_suite
from tests.ape_chain import GENESIS


@dataclass
class World:
    """A chain with operators, locks, a juror and a promise, its record, and a folder for databases."""

    anvil: Anvil
    client: ChainClient
    suite: Deployment
    record: Record
    records: Path
    folder: Path

    def indexer(self, place: str = "", rpc=None, **options) -> Indexer:
        notices = options.pop("notices", [])
        place = place or str(self.folder / "index.sqlite")
        return Indexer(rpc or self.client.rpc, suite_of(self.record), place, on_notice=notices.append, **options)

    def indexed(self, **options) -> Indexer:
        """One that has caught up."""
        indexer = self.indexer(**options)
        indexer.run(caught_up)
        return indexer


def caught_up(step) -> bool:
    return step.caught_up


@pytest.fixture(scope="session")
def _settled(tmp_path_factory) -> Iterator[tuple[Anvil, ChainClient, Deployment, Record, Path]]:
    records = tmp_path_factory.mktemp("deployments")
    with Anvil(since=GENESIS) as anvil:  # time is let pass there, which a clock of one second a block does not do
        client = anvil.client()
        record = Record(client.chain_id, genesis_of(client.rpc))
        suite = deploy_suite(client, record, records)
        settle_in(client, suite)
        yield anvil, client, suite, record, records


@pytest.fixture
def world(_settled, tmp_path) -> Iterator[World]:
    anvil, client, suite, record, records = _settled
    snapshot = anvil.snapshot()
    yield World(anvil, client, suite, record, records, tmp_path)
    anvil.restore(snapshot)
    client.forget_nonces()
