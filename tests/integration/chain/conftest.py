from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import pytest

from evmstorm.evm import artifacts
from keifu.abi import Contract
from keifu.chain import Anvil, ChainClient
from keifu.chain.follower import Event
from tests.ape_chain import GENESIS
from tests.memory import in_memory


class Totals:
    """A sink that keeps each total in the table `total`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS total (block INTEGER, value INTEGER)")

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        rows = [(event.number, int(event.data, 16)) for event in events]
        database.executemany("INSERT INTO total VALUES (?, ?)", rows)

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM total WHERE block >= ?", (first_block,))


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture
def client(anvil) -> ChainClient:
    return ChainClient(anvil.rpc, artifacts.load)


@pytest.fixture
def user(anvil):
    return anvil.account("user")


@pytest.fixture
def counter(client, user) -> Contract:
    return client.deploy("Counter", 1_000, sender=user)


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


@pytest.fixture
def totals(database) -> Totals:
    return Totals(database)


def values(database: sqlite3.Connection) -> list[int]:
    return [row[0] for row in database.execute("SELECT value FROM total ORDER BY rowid")]


@pytest.fixture
def tmp_path(tmp_path):
    with in_memory(tmp_path) as folder:
        yield folder
