"""The event follower over a real anvil: every event once, whatever the chain and the node do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from keifu.chain import Rpc
from keifu.chain.follower import Follower, Source
from keifu.errors import ChainMismatch, RpcError
from tests.faulty_node import FaultyNode
from tests.integration.chain.conftest import Totals, values


def caught_up(step):
    return step.caught_up


def test_delivers_every_event_once_in_order(anvil, counter, user, database, totals):
    for _ in range(7):
        counter.add(sender=user)
    follower = Follower(anvil.rpc, [counter.address], database, totals, max_range=2)
    follower.run(caught_up)
    assert values(database) == [1, 2, 3, 4, 5, 6, 7]
    counter.add(5, sender=user)
    follower.run(caught_up)
    assert values(database)[-2:] == [7, 12]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("max_range", [16, 2_000])
def test_full_blocks_are_read_a_few_at_a_time(anvil, counter, user, database, totals, monkeypatch, workers, max_range):
    """What is held at once depends on the events, not on the blocks; also while they are proved."""
    monkeypatch.setattr("keifu.chain.follower._reading.EVENTS_AT_ONCE", 2)
    for _ in range(60):
        counter.add(sender=user)
    proofs, each_as = [], Rpc.each_as

    def counted(rpc, kind, calls):
        proofs.append(len(calls))
        return each_as(rpc, kind, calls)

    monkeypatch.setattr(Rpc, "each_as", counted)
    steps = []
    follower = Follower(anvil.rpc, [counter.address], database, totals, max_range=max_range, workers=workers)
    follower.run(caught_up, on_step=steps.append)
    assert values(database) == [*range(1, 61)]
    read = [step.events for step in steps if step.events]
    assert max(read[1:]) <= 4, read
    assert max(proofs) <= 4, proofs


def test_undoes_a_reorganisation(anvil, counter, user, database, totals):
    counter.add(sender=user)
    kept = int(anvil.rpc.call("eth_blockNumber"), 16)
    for _ in range(4):
        counter.add(10, sender=user)
    follower = Follower(anvil.rpc, [counter.address], database, totals)
    follower.run(caught_up)
    assert values(database) == [1, 11, 21, 31, 41]
    steps = []
    anvil.rpc.call("anvil_reorg", 3, [])
    follower.run(caught_up, on_step=steps.append)
    assert [step.reverted_to for step in steps if step.reverted_to is not None] == [kept + 1]
    assert values(database) == [1, 11]


def test_what_was_asked_for_ahead_of_a_reorganisation_is_undone(anvil, client, counter, user, database, totals):
    """The blocks behind the first range are on their way when the chain changes below them."""
    for _ in range(40):
        counter.add(sender=user)
    follower = Follower(anvil.rpc, [counter.address], database, totals, max_range=16)
    first = follower.step()
    assert first.reached < first.head
    anvil.rpc.call("anvil_reorg", 38, [])
    client.forget_nonces()
    counter.add(100, sender=user)
    follower.run(caught_up)
    assert values(database) == [1, 2, 102]


def test_what_was_asked_for_ahead_is_dropped_when_another_contract_is_added(
    anvil, client, counter, user, database, totals
):
    other = client.deploy("Counter", 1_000, sender=user)
    for _ in range(20):
        counter.add(sender=user)
        other.add(1_000, sender=user)
    follower = Follower(anvil.rpc, [counter.address], database, totals, max_range=16)
    follower.step()
    follower.add(Source(other.address))
    follower.run(caught_up)
    assert sorted(values(database)) == sorted([*range(1, 21), *range(1_000, 21_000, 1_000)])


def test_confirmations_leave_the_newest_blocks_alone(anvil, counter, user, database, totals):
    for _ in range(4):
        counter.add(sender=user)
    follower = Follower(anvil.rpc, [counter.address], database, totals, confirmations=2)
    follower.run(caught_up)
    assert values(database) == [1, 2]


def test_a_node_that_drops_logs_is_found_out(anvil, counter, user, database, totals):
    for _ in range(6):
        counter.add(sender=user)

    def drop_logs(request, result):
        return result[::3] if request["method"] == "eth_getLogs" else result

    with FaultyNode(anvil.url, drop_logs) as node:
        Follower(Rpc(node.url), [counter.address], database, totals).run(caught_up)
    assert values(database) == [1, 2, 3, 4, 5, 6]


def test_a_node_that_drops_logs_and_receipts_is_refused(anvil, counter, user, database, totals):
    counter.add(sender=user)

    def drop_all(request, result):
        return [] if request["method"] in ("eth_getLogs", "eth_getBlockReceipts") else result

    with FaultyNode(anvil.url, drop_all) as node:
        follower = Follower(Rpc(node.url), [counter.address], database, totals)
        with pytest.raises(RpcError, match="do not give the root in its header"):
            follower.step()
    assert values(database) == []


def test_a_node_that_mixes_two_chains_is_refused(anvil, counter, user, database, totals):
    counter.add(sender=user)

    def other_chain(request, result):
        if request["method"] == "eth_getBlockByNumber" and request["params"][0] == "0x1":
            return {**result, "parentHash": "0x" + "ab" * 32, "hash": "0x" + "cd" * 32}
        return result

    with FaultyNode(anvil.url, other_chain) as node:
        follower = Follower(Rpc(node.url), [counter.address], database, totals)
        with pytest.raises(RpcError, match="does not hash to the block"):
            follower.step()


def test_a_node_that_breaks_off_is_tried_again(anvil, counter, user, database, totals):
    for _ in range(3):
        counter.add(sender=user)
    calls = 0

    def break_off(request, result):
        nonlocal calls
        if request["method"] == "eth_getLogs":
            calls += 1
            if calls % 2 == 1:
                raise ConnectionError
        return result

    with FaultyNode(anvil.url, break_off) as node:
        Follower(Rpc(node.url), [counter.address], database, totals).run(caught_up)
    assert values(database) == [1, 2, 3]


def test_a_database_of_other_contracts_is_refused(anvil, counter, user, database, totals):
    Follower(anvil.rpc, [counter.address], database, totals)
    with pytest.raises(ChainMismatch, match="this database follows"):
        Follower(anvil.rpc, [user.address], database, totals)


KILLED = """
import os, signal, sqlite3, sys
from keifu.chain import Rpc
from keifu.chain.follower import Follower
from tests.integration.chain.conftest import Totals

url, address, path, commits = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
database = sqlite3.connect(path)

class Dying(Totals):
    left = commits
    def apply(self, database, events):
        super().apply(database, events)
        Dying.left -= 1
        if Dying.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)  # after the rows, before the commit

Follower(Rpc(url), [address], database, Dying(database), max_range=2).run(lambda step: step.caught_up)
"""


def test_a_killed_follower_neither_misses_nor_repeats(anvil, counter, user, tmp_path):
    for _ in range(9):
        counter.add(sender=user)
    path = tmp_path / "follower.sqlite"
    for commits in (1, 3, 2):
        process = subprocess.run(
            [sys.executable, "-c", KILLED, anvil.url, counter.address, str(path), str(commits)], check=False
        )
        assert process.returncode == -9
    database = sqlite3.connect(path)
    Follower(anvil.rpc, [counter.address], database, Totals(database), max_range=2).run(caught_up)
    assert values(database) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
