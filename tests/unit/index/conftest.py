"""Events as a follower hands them over, made from the packaged ABI, and a database of each kind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keifu.abi import encode_args, load
from keifu.chain.follower import Event
from keifu.index.database import Database, open_database
from keifu.index.rows import Decoder
from keifu.index.store import Store, Suite
from keifu.keys import keccak256
from tests.postgres import running_server

TOKEN, HUB, REGISTRY = ("0x" + digit * 40 for digit in "123")
OPERATOR, OWNER, SERVICE = ("0x" + digit * 40 for digit in "abc")
CONTRACTS = {TOKEN: "KeifuToken", HUB: "StakingHub", REGISTRY: "ProvenanceRegistry"}
SUITE = Suite(31_337, "0x" + "9" * 64, CONTRACTS)


def block_hash(number: int, fork: int = 0) -> str:
    return "0x" + keccak256(b"%d of fork %d" % (number, fork)).hex()


def logged(
    address: str, event: str, args: Mapping[str, Any], *, block: int, index: int = 0, fork: int = 0, contract: str = ""
) -> Event:
    """One log; `args` by name. An indexed string is given as its hash. `contract` says what is at the address."""
    abi = load(contract or CONTRACTS[address]).interface.event(event)
    topics = [abi.topic] + [encode_args([kind], [args[name]], name) for name, kind, indexed in abi.inputs if indexed]
    plain = [(kind, args[name]) for name, kind, indexed in abi.inputs if not indexed]
    data = encode_args([kind for kind, _ in plain], [value for _, value in plain], event)
    return Event(
        address=address,
        topics=["0x" + topic.hex() for topic in topics],
        data="0x" + data.hex(),
        block_number=hex(block),
        block_hash=block_hash(block, fork),
        transaction_hash="0x" + keccak256(b"transaction %d of %d" % (index, block)).hex(),
        transaction_index=hex(index),
        log_index=hex(index),
        block_time=1_700_000_000 + block,
    )


def staked(amount: int, *, block: int, index: int = 0, owner: str = OWNER, fork: int = 0) -> Event:
    args = {"operator": OPERATOR, "owner": owner, "amount": amount, "shares": amount}
    return logged(HUB, "Staked", args, block=block, index=index, fork=fork)


def write(store: Store, *events: Event, at: int | None = None, fork: int = 0) -> None:
    """Take in events, standing at the newest block of theirs unless another is named."""
    decoder = Decoder(store.suite.contracts, store.tables)
    number = max(event.number for event in events) if at is None else at
    with store.database.transaction():
        store.write([decoder.row(event) for event in events], number, block_hash(number, fork))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A server for all tests of a process. Skips where there is none."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def indexed(postgres) -> tuple[str, list[tuple[Any, ...]]]:
    """The address of an index without events, and what its `meta` says: hundreds of tables are made once."""
    url = postgres.new_database()
    with closing(open_database(url)) as database:
        Store(database, SUITE).claim()
        return url, database.query("SELECT key, value FROM meta")


@pytest.fixture(scope="session")
def blank(tmp_path_factory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("blank") / "index.sqlite"
    with closing(open_database(str(path))) as database:
        Store(database, SUITE).claim()
    return path


KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(params=KINDS)
def empty(request, tmp_path) -> str:
    """A database of each kind without a table."""
    if request.param == "sqlite":
        return str(tmp_path / "index.sqlite")
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture(params=KINDS)
def place(request, tmp_path) -> str:
    """An index of each kind without events."""
    if request.param == "sqlite":
        return str(shutil.copy(request.getfixturevalue("blank"), tmp_path))
    url, meta = request.getfixturevalue("indexed")
    with closing(open_database(url)) as database:
        Store(database, SUITE).revert(0)
        database.execute("DELETE FROM meta")
        database.execute_many("INSERT INTO meta VALUES (?, ?)", meta)
    return url


@pytest.fixture
def database(place) -> Iterator[Database]:
    with closing(open_database(place)) as opened:
        yield opened


@pytest.fixture
def store(database) -> Store:
    return Store(database, SUITE)
