"""The follower behind nodes that lie, lag and lack: the index is right, or the owner knows why not."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest

from ethwire.rpc import NewHeads, Nodes, Rpc
from keifu.chain.follower import Follower, Notice
from keifu.errors import Contradiction, NotServed, RpcError
from tests.faulty_node import Change, FaultyNode, Lag, Missing, Refuse, over_http, recorded
from tests.integration.chain.conftest import Totals, values

INDEX = [1, 2, 3, 4]


def caught_up(step):
    return step.caught_up


def no_pause(seconds: float) -> None:
    pass


@pytest.fixture
def chain(anvil, counter, user):
    """Four events of ours, each in its block, with empty blocks between and behind."""
    for _ in INDEX:
        counter.add(sender=user)
        anvil.mine()
    return anvil


class Watched:
    """A follower of the counter over endpoints, with what it tells its owner."""

    def __init__(self, address: str, database: sqlite3.Connection, *nodes: FaultyNode | str, **options) -> None:
        self.notices: list[Notice] = []
        rpcs = [
            Rpc(f"http://node-{place}.invalid", transport=node.transport, attempts=1, sleep=no_pause)
            for place, node in enumerate(nodes)
        ]
        self.follower = Follower(
            Nodes.of(rpcs) if len(rpcs) > 1 else rpcs[0],
            [address],
            database,
            Totals(database),
            on_notice=self.notices.append,
            heads=NewHeads(sleep=no_pause),
            workers=0,
            **options,
        )
        self.steps = []

    def run(self, failures: int = 10) -> Watched:
        self.follower.run(caught_up, on_step=self.steps.append, give_up_after=failures)
        return self

    def reported(self, kind: str) -> str:
        return "\n".join(notice.message for notice in self.notices if notice.kind == kind)


def logs_only(change):
    """A lie about eth_getLogs, for as long as it stands."""
    return Change(lambda request, result: change(result) if request["method"] == "eth_getLogs" else result)


def with_status(data: str):
    return lambda logs: [log | {"data": data} for log in logs]


# null is not a reorganisation -----------------------------------------------------------------------------------------


@pytest.mark.case("tools-11")
@pytest.mark.parametrize("blocks", [1, 3, 9])
def test_a_node_that_is_behind_undoes_nothing(chain, counter, database, blocks):
    node = FaultyNode(chain.url)
    watched = Watched(counter.address, database, node).run()
    node.faults.append(Lag(blocks))
    watched.run()
    assert values(database) == INDEX
    assert all(step.reverted_to is None for step in watched.steps)


@pytest.mark.case("tools-11")
@pytest.mark.parametrize("pruned", [lambda number: True, lambda number: number > 3, lambda number: number < 5])
def test_a_block_that_is_null_is_not_served_and_undoes_nothing(chain, counter, database, pruned):
    node = FaultyNode(chain.url)
    watched = Watched(counter.address, database, node).run()

    def null(request, result):
        is_block = request["method"] == "eth_getBlockByNumber"
        return None if is_block and pruned(int(request["params"][0], 16)) else result

    node.faults.append(Change(null))
    chain.mine()
    for _ in range(3):
        with suppress(NotServed):
            watched.follower.step()
    assert values(database) == INDEX
    node.faults.clear()
    watched.run()
    assert values(database) == INDEX


@pytest.mark.case("tools-11")
def test_a_real_reorganisation_is_still_one(chain, counter, user, database):
    watched = Watched(counter.address, database, FaultyNode(chain.url)).run()
    chain.rpc.call("anvil_reorg", 3, [])
    watched.run()
    assert values(database) == [1, 2, 3]
    assert any(step.reverted_to is not None for step in watched.steps)


# logs that cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-12")
@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (lambda logs: [*logs, logs[-1]], "it is there twice"),
        (lambda logs: [log | {"address": "0x" + "ab" * 20} for log in logs], "bloom filter does not announce it"),
        (lambda logs: [log | {"removed": True} for log in logs], "it was removed"),
        (lambda logs: [log | {"topics": ["0x" + "cd" * 32]} for log in logs], "bloom filter does not announce it"),
        (lambda logs: [log | {"blockHash": "0x" + "ef" * 32} for log in logs], "another chain than the headers"),
        (lambda logs: [log | {"transactionIndex": "0x7"} for log in logs], "another transaction in that place"),
        (lambda logs: [log | {"transactionHash": "0x" + "12" * 32} for log in logs], "another transaction"),
        (lambda logs: [log | {"blockNumber": "0x9999"} for log in logs], "nobody asked for it"),
        (lambda logs: [log | {"data": "0x123"} for log in logs], "cannot be true"),
        (lambda logs: [log | {"data": "0x 0"} for log in logs], "cannot be true"),
    ],
    ids=["twice", "foreign", "removed", "topic", "other chain", "place", "transaction", "number", "odd", "space"],
)
def test_a_log_that_cannot_be_true_is_refused_by_name(chain, counter, database, lie, words):
    node = FaultyNode(chain.url, logs_only(lambda logs: lie(logs) if logs else logs))
    watched = Watched(counter.address, database, node)
    with pytest.raises(Contradiction, match=words):
        watched.run(failures=2)
    assert values(database) == []
    assert "node-0.invalid" in watched.reported("lie")
    node.faults.clear()
    watched.run()
    assert values(database) == INDEX


@pytest.mark.case("tools-12")
def test_a_log_in_a_block_whose_bloom_filter_has_none_is_refused(chain, counter, database):
    empty = chain.rpc.call("eth_getBlockByNumber", "latest", False)

    def moved(request, result):
        if request["method"] != "eth_getLogs" or int(request["params"][0]["toBlock"], 16) < int(empty["number"], 16):
            return result
        place = {"blockNumber": empty["number"], "blockHash": empty["hash"]}
        return [*result[:-1], result[-1] | place]

    watched = Watched(counter.address, database, FaultyNode(chain.url, Change(moved)))
    with pytest.raises(Contradiction, match="bloom filter does not announce it"):
        watched.run(failures=2)


# an index that was lied to --------------------------------------------------------------------------------------------


@pytest.mark.case("provenance-4")
@pytest.mark.parametrize("proved_only", [False, True])
def test_a_changed_byte_of_data_is_found_by_the_receipts_root(chain, counter, database, proved_only):
    node = FaultyNode(chain.url, logs_only(with_status("0x" + "07".rjust(64, "0"))))
    watched = Watched(counter.address, database, node, proved_only=proved_only).run()
    assert values(database) == INDEX
    assert watched.follower.unproved == []
    if not proved_only:
        assert "node-0.invalid gave other logs of block" in watched.reported("lie")
        assert [step.reverted_to is not None for step in watched.steps].count(True) == 1


@pytest.mark.case("provenance-4")
def test_a_log_withheld_with_its_bloom_filter_zeroed_is_refused(chain, counter, database):
    def withhold(request, result):
        if request["method"] == "eth_getLogs":
            return result[1:]
        if request["method"] == "eth_getBlockByNumber" and isinstance(result, dict):
            return result | {"logsBloom": "0x" + "00" * 256}
        return result

    node = FaultyNode(chain.url, withhold)
    watched = Watched(counter.address, database, node)
    with pytest.raises(Contradiction, match="does not hash to the block's hash"):
        watched.run(failures=2)
    node.faults.clear()
    assert values(watched.run().follower.database) == INDEX


@pytest.mark.case("provenance-4")
def test_an_index_that_was_lied_to_heals_when_an_honest_node_comes(chain, counter, tmp_path):
    """The liar has no receipts, so nothing could be proved; then the owner names another endpoint."""
    path = tmp_path / "index.sqlite"
    database = sqlite3.connect(path)
    liar = FaultyNode(chain.url, logs_only(with_status("0x" + "07".rjust(64, "0"))), Missing("eth_getBlockReceipts"))
    watched = Watched(counter.address, database, liar).run()
    assert values(database) == [7, 7, 7, 7]
    assert [item.why != "" for item in watched.follower.unproved] == [True] * 4, "it is marked, and told"
    assert "nothing proves the events of 4 blocks" in watched.reported("unproved")
    database.close()

    database = sqlite3.connect(path)
    healed = Watched(counter.address, database, FaultyNode(chain.url)).run()
    assert values(database) == INDEX
    assert healed.follower.unproved == []
    assert "gave other logs of block" in healed.reported("lie")


def test_a_liar_s_later_logs_are_proved_before_they_count(chain, counter, user, database):
    watched = Watched(counter.address, database, FaultyNode(chain.url, logs_only(with_status("0x" + "07" * 32)))).run()
    lies = len(watched.notices)
    counter.add(sender=user)
    watched.run()
    assert values(database) == [*INDEX, 5]
    assert len(watched.notices) == lies


def test_a_sink_that_stumbles_over_a_lie_gets_what_is_proved(chain, counter, database):
    """A number that no column takes, as a real contract could never log it."""
    watched = Watched(counter.address, database, FaultyNode(chain.url, logs_only(with_status("0x" + "ff" * 32)))).run()
    assert values(database) == INDEX
    assert watched.follower.unproved == []


# what cannot be proved by receipts ------------------------------------------------------------------------------------


def test_without_receipts_a_second_endpoint_says_the_same(chain, counter, database):
    nodes = [FaultyNode(chain.url, Missing("eth_getBlockReceipts")) for _ in range(2)]
    watched = Watched(counter.address, database, *nodes).run()
    assert values(database) == INDEX
    assert watched.follower.unproved == []


def test_two_endpoints_without_receipts_that_disagree_are_named(chain, counter, database):
    lie = logs_only(with_status("0x" + "07".rjust(64, "0")))
    lacking = Missing("eth_getBlockReceipts")
    nodes = [FaultyNode(chain.url, lie, lacking), FaultyNode(chain.url, lacking)]
    watched = Watched(counter.address, database, *nodes).run()
    assert len(watched.follower.unproved) == 4
    assert "give different logs of block" in watched.reported("lie")


@pytest.mark.parametrize("agrees", [True, False])
def test_without_any_of_them_a_view_of_the_contract_decides(chain, counter, database, agrees):
    asked: list[int] = []

    def view(number: int) -> bool:
        asked.append(number)
        return agrees

    node = FaultyNode(chain.url, Missing("eth_getBlockReceipts"))
    watched = Watched(counter.address, database, node, view=view).run()
    assert values(database) == INDEX
    assert bool(watched.follower.unproved) is not agrees
    assert asked


@pytest.mark.case("tools-15")
def test_a_node_without_receipts_is_told_and_followed_all_the_same(chain, counter, database):
    watched = Watched(counter.address, database, FaultyNode(chain.url, Missing("eth_getBlockReceipts"))).run()
    assert values(database) == INDEX
    assert "eth_getBlockReceipts: the method does not exist" in watched.reported("unproved")


@pytest.mark.case("tools-15")
def test_a_node_without_logs_is_followed_by_receipts(chain, counter, database):
    watched = Watched(counter.address, database, FaultyNode(chain.url, Missing("eth_getLogs"))).run()
    assert values(database) == INDEX
    assert watched.follower.unproved == []


@pytest.mark.case("tools-15")
def test_a_node_without_both_is_told(chain, counter, database):
    node = FaultyNode(chain.url, Missing("eth_getLogs", "eth_getBlockReceipts"))
    watched = Watched(counter.address, database, node)
    with pytest.raises(NotServed, match="eth_getBlockReceipts"):
        watched.run(failures=3)
    assert "eth_getBlockReceipts" in watched.reported("silent")


@pytest.mark.case("tools-15")
def test_a_silent_endpoint_is_told_at_once_and_then_less_and_less_often(chain, counter, database):
    node = FaultyNode(chain.url)
    watched = Watched(counter.address, database, node)
    node.faults.append(Refuse("eth_blockNumber", error={"code": -32_000, "message": "not today"}))
    with pytest.raises(RpcError, match="not today"):
        watched.run(failures=100)
    said = watched.reported("silent").splitlines()
    assert len(said) == 3
    assert "not today (8 times in a row)" in said[1]


@pytest.mark.case("tools-15")
def test_a_wrong_address_is_told_to_whoever_reads_the_log(caplog):
    with pytest.raises(RpcError, match=r"127\.0\.0\.1:1 did not answer"):
        Follower(Rpc("http://127.0.0.1:1", attempts=1), ["0x" + "11" * 20], sqlite3.connect(":memory:"))


# several endpoints ----------------------------------------------------------------------------------------------------


def test_the_next_endpoint_is_followed_when_one_contradicts_itself(chain, counter, database):
    liar = FaultyNode(chain.url, logs_only(lambda logs: [log | {"removed": True} for log in logs]))
    watched = Watched(counter.address, database, liar, FaultyNode(chain.url)).run()
    assert values(database) == INDEX
    assert "node-0.invalid cannot be true: it was removed" in watched.reported("lie")


def test_a_chain_that_most_endpoints_do_not_have_is_refused(chain, counter, user, database):
    number = chain.snapshot()
    counter.add(sender=user)
    other = recorded(over_http(chain.url))
    Watched(counter.address, database, FaultyNode(other)).run()
    assert values(database) == [*INDEX, 5]
    chain.restore(number)
    chain.mine(3)
    fresh = sqlite3.connect(":memory:")
    watched = Watched(counter.address, fresh, FaultyNode(other), FaultyNode(chain.url), FaultyNode(chain.url)).run()
    assert values(fresh) == INDEX
    assert "has another block" in watched.reported("lie")
