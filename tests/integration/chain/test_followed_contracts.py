"""What a follower follows and where it keeps it: contracts, sinks, topics, databases that are not its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import pytest

from ethwire.rpc import NewHeads, Rpc
from keifu.chain.follower import ANYWHERE, Event, Follower, Source
from keifu.errors import ChainMismatch, EnvironmentFault, UsageError
from tests.faulty_node import BatchLimit, Change, FaultyNode, RangeLimit, Refuse
from tests.integration.chain.conftest import Totals, values


def caught_up(step):
    return step.caught_up


class Names:
    """A second sink: who said what in which block."""

    def __init__(self, database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE IF NOT EXISTS said (block INTEGER, who TEXT)")

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        database.executemany("INSERT INTO said VALUES (?, ?)", [(event.number, event.address) for event in events])

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM said WHERE block >= ?", (first_block,))


def follow(rpc, addresses, database, *sinks, **options) -> Follower:
    follower = Follower(rpc, addresses, database, *sinks, workers=0, **options)
    follower.run(caught_up, give_up_after=5)
    return follower


@pytest.fixture
def other(client, user):
    return client.deploy("Counter", 1_000, sender=user)


# contracts and sinks --------------------------------------------------------------------------------------------------


def test_several_sinks_share_one_pass(anvil, counter, other, user, database, totals):
    counter.add(sender=user)
    other.add(sender=user)
    node = FaultyNode(anvil.url)
    names = Names(database)
    follow(
        Rpc("http://node.invalid", transport=node.transport), [counter.address, other.address], database, totals, names
    )
    assert values(database) == [1, 1]
    assert [row[0] for row in database.execute("SELECT who FROM said")] == [counter.address, other.address]
    assert node.asked.count("eth_getLogs") == 1


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("max_range", [2, 2_000])
def test_the_past_of_a_contract_that_is_added_later_is_read(
    anvil, counter, other, user, database, totals, restart, max_range
):
    for amount in (1, 2, 3):
        counter.add(amount, sender=user)
        other.add(10 * amount, sender=user)
    follower = follow(anvil.rpc, [counter.address], database, totals, max_range=max_range)
    assert values(database) == [1, 3, 6]
    if restart:
        follower = Follower(
            anvil.rpc, [counter.address, other.address], database, totals, max_range=max_range, workers=0
        )
    else:
        follower.add(Source(other.address))
    other.add(100, sender=user)
    counter.add(4, sender=user)
    follower.run(caught_up)
    assert sorted(values(database)) == [1, 3, 6, 10, 10, 30, 60, 160]
    assert follower.unproved == []
    other.add(1, sender=user)
    follower.run(caught_up)
    assert values(database)[-1] == 161


def test_a_reorganisation_below_a_contract_that_is_being_added(anvil, counter, other, user, database, totals):
    for amount in (1, 2, 3):
        counter.add(amount, sender=user)
        other.add(10 * amount, sender=user)
    follower = follow(anvil.rpc, [counter.address], database, totals, max_range=2)
    follower.add(Source(other.address))
    follower.step()
    anvil.rpc.call("anvil_reorg", 4, [])
    follower.run(caught_up)
    assert sorted(values(database)) == [1, 10]


def test_a_lie_about_the_past_of_a_contract_is_undone(anvil, counter, other, user, database, totals):
    counter.add(sender=user)
    other.add(5, sender=user)
    counter.add(sender=user)
    follower = follow(anvil.rpc, [counter.address], database, totals)
    lie = Change(
        lambda request, result: (
            [log | {"data": "0x" + "0" * 63 + "9"} for log in result] if request["method"] == "eth_getLogs" else result
        )
    )
    node = FaultyNode(anvil.url, lie)
    follow(Rpc("http://node.invalid", transport=node.transport), [counter.address, other.address], database, totals)
    assert sorted(values(database)) == [1, 2, 5]
    assert follower.unproved == []


def test_topics_leave_out_what_nobody_wants(anvil, counter, other, user, database, totals):
    topic = "0x" + counter.interface.event("Counted").topic.hex()
    counter.add(sender=user)
    other.add(5, sender=user)
    sources = [
        Source(counter.address, topics=frozenset({topic})),
        Source(other.address, topics=frozenset({"0x" + "11" * 32})),
    ]
    follow(anvil.rpc, sources, database, totals)
    assert values(database) == [1]


def test_a_block_that_strangers_have_filled_is_read_from_its_receipts(anvil, counter, other, user, database, totals):
    """Anybody may log a topic so often that nodes refuse the logs of one block alone."""
    topic = "0x" + counter.interface.event("Counted").topic.hex()
    counter.add(sender=user)
    other.add(5, sender=user)
    full = {"code": -32_005, "message": "query returned more than 10000 results"}
    node = FaultyNode(
        anvil.url, Refuse("eth_getLogs", error=full, only=lambda asked: "address" not in asked["params"][0])
    )
    sources = [Source(counter.address), Source(ANYWHERE, topics=frozenset({topic}))]
    follow(Rpc("http://node.invalid", transport=node.transport), sources, database, totals)
    assert values(database) == [1, 5]


def test_nothing_is_asked_below_the_first_block(anvil, counter, user, database, totals):
    anvil.mine(20)
    counter.add(sender=user)
    node = FaultyNode(anvil.url)
    first = anvil.rpc.block_number() - 3
    follow(Rpc("http://node.invalid", transport=node.transport), [Source(counter.address, first)], database, totals)
    asked = [int(request["params"][0], 16) for request in node.requests if request["method"] == "eth_getBlockByNumber"]
    assert {number for number in asked if number < first} == {0}, "the first block of the chain tells chains apart"
    assert values(database) == [1]


@pytest.mark.case("tools-18")
@pytest.mark.parametrize("words", ["block range too large", "exceed maximum block range: 8", "no"])
def test_the_range_that_a_node_serves_is_learnt_and_kept(anvil, counter, user, database, totals, words):
    for _ in range(5):
        counter.add(sender=user)
        anvil.mine(60)
    node = FaultyNode(anvil.url, RangeLimit(8, words))
    rpc = Rpc("http://node.invalid", transport=node.transport)
    follow(rpc, [counter.address], database, totals)
    assert values(database) == [1, 2, 3, 4, 5]
    assert 4 <= rpc.blocks.size <= 8
    again = Rpc("http://node.invalid", transport=node.transport)
    counter.add(sender=user)
    anvil.mine(60)
    asked = len(node.requests)
    follow(again, [counter.address], database, totals)
    assert values(database) == [1, 2, 3, 4, 5, 6]
    sizes = [
        int(query["toBlock"], 16) - int(query["fromBlock"], 16) + 1
        for request in node.requests[asked:]
        if request["method"] == "eth_getLogs"
        for query in request["params"]
    ]
    assert max(sizes) <= 9, "the next run begins with what the first has learnt"


@pytest.mark.case("tools-18")
def test_the_size_of_a_batch_that_a_node_takes_is_learnt_and_kept(anvil, counter, user, database, totals):
    for _ in range(3):
        counter.add(sender=user)
        anvil.mine(150)
    node = FaultyNode(anvil.url, BatchLimit(30))
    first = Rpc("http://node.invalid", transport=node.transport)
    follow(first, [counter.address], database, totals)
    assert 15 <= first.requests.size <= 30
    counter.add(sender=user)
    anvil.mine(600)
    again = Rpc("http://node.invalid", transport=node.transport)
    node.faults[:] = [Refused(most=first.requests.size)]
    follow(again, [counter.address], database, totals)
    assert values(database) == [1, 2, 3, 4]


class Refused(BatchLimit):
    """A node of which nobody may ask more than it takes."""

    def response(self, requests, response):
        assert not isinstance(response.content, list) or len(requests) <= self.most
        return response


@pytest.mark.case("tools-20")
def test_blocks_that_others_share_cost_no_request_each(anvil, client, counter, other, user, database, totals):
    anvil.rpc.call("evm_setAutomine", False)
    for _ in range(40):
        for contract in (counter, other):
            request = {"from": user.address, "to": contract.address, "data": "0x" + contract.add.encode(1).hex()}
            anvil.rpc.call("anvil_impersonateAccount", user.address)
            anvil.rpc.call("eth_sendTransaction", request | {"gas": hex(200_000)})
        anvil.mine()
    node = FaultyNode(anvil.url)
    follow(Rpc("http://node.invalid", transport=node.transport), [counter.address], database, totals)
    assert len(values(database)) == 40
    assert node.posts < 20


# databases ------------------------------------------------------------------------------------------------------------


def test_a_database_of_another_chain_with_the_same_number_is_refused(anvil, counter, user, database, totals):
    follow(anvil.rpc, [counter.address], database, totals)

    def elsewhere(request, result):
        is_first = request["method"] == "eth_getBlockByNumber" and request["params"][0] == "0x0"
        return anvil.rpc.call("eth_getBlockByNumber", "0x1", False) | {"number": "0x1"} if is_first else result

    node = FaultyNode(anvil.url, elsewhere)
    with pytest.raises((ChainMismatch, EnvironmentFault)):
        follow(Rpc("http://node.invalid", transport=node.transport), [counter.address], database, totals)
    kept = database.execute("SELECT value FROM follower_meta WHERE key = 'genesis'").fetchone()
    database.execute("UPDATE follower_meta SET value = '0xother' WHERE key = 'genesis'")
    with pytest.raises(ChainMismatch, match=r"follows chain 31337 that begins with 0xother, not chain 31337"):
        Follower(anvil.rpc, [counter.address], database, totals)
    database.execute("UPDATE follower_meta SET value = ? WHERE key = 'genesis'", kept)
    follow(anvil.rpc, [counter.address], database, totals)


def test_a_database_of_a_newer_or_an_earlier_version_is_refused(anvil, counter, database, totals):
    follow(anvil.rpc, [counter.address], database, totals)
    [(schema,)] = database.execute("SELECT value FROM follower_meta WHERE key = 'schema'")
    database.execute("UPDATE follower_meta SET value = value + 1 WHERE key = 'schema'")
    with pytest.raises(UsageError, match=f"a newer version of Keifu wrote this database .schema {int(schema) + 1}"):
        Follower(anvil.rpc, [counter.address], database, totals)
    old = sqlite3.connect(":memory:")
    old.execute("CREATE TABLE follower_source (id INTEGER, source TEXT)")
    with pytest.raises(UsageError, match="an earlier version of Keifu wrote this database"):
        Follower(anvil.rpc, [counter.address], old, totals)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (lambda a, b: [b], "this database follows"),
        (lambda a, b: [Source(a, 1), b], "from another block or with other topics"),
        (lambda a, b: [Source(a, 2, frozenset({"0x" + "11" * 32}))], "from another block or with other topics"),
    ],
)
def test_a_database_of_other_contracts_or_blocks_is_refused(anvil, counter, other, database, totals, source, words):
    follow(anvil.rpc, [Source(counter.address, 2)], database, totals)
    with pytest.raises(ChainMismatch, match=words):
        Follower(anvil.rpc, source(counter.address, other.address), database, totals)
    follow(anvil.rpc, [Source(counter.address, 2)], database, totals)


def test_a_chain_id_that_changes_under_way_stops_the_follower_with_nothing_lost(anvil, counter, user, database, totals):
    node = FaultyNode(anvil.url)
    rpc = Rpc("http://node.invalid", transport=node.transport)
    follower = follow(rpc, [counter.address], database, totals)
    counter.add(sender=user)
    node.faults.append(Change(lambda request, result: "0x1" if request["method"] == "eth_chainId" else result))
    with pytest.raises(ChainMismatch, match="serves chain 1, not 31337"):
        follower.run(caught_up)
    assert values(database) == []
    node.faults.clear()
    follower.run(caught_up)
    assert values(database) == [1]


def test_a_chain_id_that_is_wrong_once_is_asked_again(anvil, counter, user, database, totals):
    node = FaultyNode(anvil.url)
    follower = follow(Rpc("http://node.invalid", transport=node.transport), [counter.address], database, totals)
    counter.add(sender=user)
    lie = Change(lambda request, result: "0x1" if request["method"] == "eth_chainId" else result, times=1)
    node.faults.append(lie)
    follower.run(caught_up)
    assert values(database) == [1]


def test_a_full_disk_is_one_line_and_loses_nothing(anvil, counter, user, tmp_path):
    path = tmp_path / "index.sqlite"
    database = sqlite3.connect(path)
    totals = Totals(database)
    follow(anvil.rpc, [counter.address], database, totals)
    database.execute("CREATE TABLE filler (content BLOB)")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    anvil.rpc.call("evm_setAutomine", True)
    for _ in range(150):
        counter.add(sender=user)
    with pytest.raises(EnvironmentFault, match="the database cannot be written: database or disk is full") as caught:
        follow(anvil.rpc, [counter.address], database, totals)
    assert "\n" not in str(caught.value)
    assert values(database) == []
    database.execute("PRAGMA max_page_count = 1000000")
    follow(anvil.rpc, [counter.address], database, totals)
    assert values(database) == list(range(1, 151))


def test_two_followers_of_one_database_are_told_and_nothing_is_lost(anvil, counter, user, tmp_path):
    path = tmp_path / "index.sqlite"
    counter.add(sender=user)
    first_database, second_database = sqlite3.connect(path), sqlite3.connect(path)
    first = Follower(anvil.rpc, [counter.address], first_database, Totals(first_database), max_range=1, workers=0)
    second = Follower(anvil.rpc, [counter.address], second_database, Totals(second_database), max_range=1, workers=0)
    read = second._readers[0].range

    def meanwhile(*args, **options):
        found = read(*args, **options)
        first.step()
        return found

    second._readers[0].range = meanwhile
    with pytest.raises(UsageError, match="another process follows into this database"):
        second.run(caught_up)
    first.run(caught_up)
    assert values(first_database) == [1]


def test_a_database_that_another_process_holds_is_one_line(anvil, counter, user, tmp_path):
    path = tmp_path / "index.sqlite"
    database, holder = sqlite3.connect(path, timeout=0), sqlite3.connect(path, isolation_level=None)
    totals = Totals(database)
    follower = Follower(anvil.rpc, [counter.address], database, totals, heads=NewHeads(), workers=0)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(EnvironmentFault, match="database is locked"):
        follower.run(caught_up)
    holder.execute("ROLLBACK")
    counter.add(sender=user)
    follower.run(caught_up)
    assert values(database) == [1]
