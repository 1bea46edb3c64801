"""The suite on a real node, indexed: complete, right after a reorganisation and after a crash, and checked."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from ethwire.rpc import Nodes, Rpc
from keifu.errors import EnvironmentFault
from keifu.index import reconcile
from keifu.index.reading import Question, events_of
from keifu.index.sessions import sessions_of
from tests.faulty_node import Change, FaultyNode
from tests.integration.index.acting import USES, Acting
from tests.integration.index.conftest import caught_up
from tests.integration.index.paying import pay_and_cover
from tests.integration.index.story import HOSTILE, act, register_text, stake
from tests.postgres import running_server
from tests.profiles import quick_or_deep


def places_of(store) -> set[tuple[int, int, str]]:
    events = store.database.query("SELECT block_number, log_index, transaction_hash FROM event")
    return {(int(block), int(index), transaction) for block, index, transaction in events}


def logs_of(world) -> set[tuple[int, int, str]]:
    """What the node itself has."""
    query = {"address": list(world.record.contracts.values()), "fromBlock": "0x0", "toBlock": "latest"}
    logs = world.client.rpc.call("eth_getLogs", query)
    return {(int(log["blockNumber"], 16), int(log["logIndex"], 16), log["transactionHash"]) for log in logs}


def test_every_event_is_in_its_table_and_agrees_with_the_contracts(world):
    act(world.client, world.suite)
    with world.indexed() as indexer:
        assert places_of(indexer.store) == logs_of(world)
        assert indexer.store.database.query("SELECT count(*) FROM undecoded") == [(0,)]
        rows = indexer.store.database.query("SELECT contract, event FROM event")
        assert {contract for contract, _ in rows} >= {
            "KeifuToken", "StakingHub", "ProvenanceRegistry", "Environments", "AlignmentCourt", "Timelock",
        }  # fmt: skip
        report = reconcile(indexer.store, world.client.rpc)
    assert (report.differences, report.suspect) == ([], "")
    assert report.compared.keys() >= {
        "supply",
        "balances",
        "locks",
        "shares",
        "stakes",
        "records",
        "environments",
        "cases",
    }
    assert (report.compared["records"], report.compared["environments"]) == (2, 1)


def test_channels_and_covers_agree_with_the_contracts(world):
    ids = pay_and_cover(world.client, world.suite)
    with world.indexed() as indexer:
        report = reconcile(indexer.store, world.client.rpc)
        assert (report.differences, report.suspect) == ([], "")
        wanted = {"channels": 2, "channel fees": 2, "covers": 2, "demands": 2}
        assert {group: report.compared[group] for group in wanted} == wanted
        for table, words in (
            ("channels_claimed", f"Channels.channels(0x{ids[0].hex()})"),
            ("channels_deposited", f"Channels.channels(0x{ids[1].hex()})"),
            ("compute_market_demanded", f"ComputeMarket.demand_of(0x{ids[0].hex()}"),
            ("compute_market_unanswered", f"ComputeMarket.cover_of(0x{ids[1].hex()}"),
            ("compute_market_covered", f"ComputeMarket.cover_of(0x{ids[0].hex()}"),
        ):
            indexer.store.database.execute(f"DELETE FROM {table}")  # noqa: S608 - a name above
            found = [difference.figure for difference in reconcile(indexer.store, world.client.rpc).differences]
            assert any(figure.startswith(words) for figure in found), (table, found)


def test_sessions_of_accounts_agree_with_the_contracts_and_strangers_are_left_out(world):
    acting = Acting.on(world.client, world.suite)
    first, second, stranger = acting.account(1), acting.account(2), acting.of_a_stranger(3)
    for account, calls in ((first, 3), (second, 1), (stranger, 2)):
        acting.grant(account)
        for wei in range(calls):
            acting.pay(account, wei)
    acting.revoke(second)
    with world.indexed() as indexer:
        granted, used = (indexer.store.by_event["AgentAccount", f"Session{name}"] for name in ("Granted", "Used"))
        used = events_of(indexer.store, Question(used)).events
        assert [event["address"] for event in used] == [first.address] * 3 + [second.address]
        assert not events_of(indexer.store, Question(where={"address": stranger.address}, table=granted)).events
        [session] = sessions_of(indexer.store, first.address, 9)
        assert (session.terms, session.revoked) == (tuple(first.session(acting.key)[:-1]), None)
        assert session.left == USES - 3
        report = reconcile(indexer.store, world.client.rpc)
        assert (report.differences, report.compared["sessions"]) == ([], 2)
        indexer.store.database.execute("DELETE FROM agent_account_session_used")
        [found] = reconcile(indexer.store, world.client.rpc).differences
        assert found.figure.startswith(f"AgentAccount {first.address}.session(")


def test_a_session_that_was_reorganised_away_is_gone_and_its_account_s_next_one_is_there(world):
    acting = Acting.on(world.client, world.suite)
    with world.indexed() as indexer:
        snapshot = world.anvil.snapshot()
        account = acting.account(1)
        acting.grant(account)
        indexer.run(caught_up)
        assert len(sessions_of(indexer.store, account.address, 9)) == 1
        world.anvil.restore(snapshot)
        world.client.forget_nonces()
        acting.client.forget_nonces()
        world.anvil.mine(3)
        indexer.run(caught_up)
        assert sessions_of(indexer.store, account.address, 9) == []
        again = acting.account(1)
        acting.grant(again, 7)
        indexer.run(caught_up)
        [session] = sessions_of(indexer.store, again.address, 9)
        assert (again.address, session.left) == (account.address, 7)
        assert reconcile(indexer.store, world.client.rpc).differences == []


def test_a_node_that_hides_what_an_account_logs_is_found_out_by_headers_and_receipts(world):
    acting = Acting.on(world.client, world.suite)
    account = acting.account(1)
    acting.grant(account)

    def hide(request, result):
        if request["method"] != "eth_getLogs":
            return result
        return [log for log in result if log["address"] != account.address]

    with (
        FaultyNode(world.anvil.url, Change(hide)) as node,
        Rpc(node.url) as rpc,
        world.indexed(rpc=rpc) as indexer,
    ):
        assert len(sessions_of(indexer.store, account.address, 9)) == 1


def test_text_that_is_none_stops_nobody(world):
    register_text(world.client, world.suite, HOSTILE)
    with world.indexed() as indexer:
        [event] = events_of(indexer.store, Question(where={"event": "Registered"})).events
    assert event["args"]["record"]["licence"] == r"\xff\x00\xfe"


def test_a_reorganisation_is_undone(world):
    with world.indexed() as indexer:
        snapshot = world.anvil.snapshot()
        act(world.client, world.suite)
        indexer.run(caught_up)
        before = places_of(indexer.store)
        world.anvil.restore(snapshot)
        world.client.forget_nonces()
        world.anvil.mine(3)
        stake(world.client, world.suite, 11)
        indexer.run(caught_up)
        assert places_of(indexer.store) == logs_of(world) != before
        assert reconcile(indexer.store, world.client.rpc).differences == []
        head = world.client.rpc.call("eth_getBlockByNumber", "latest", False)
        assert (indexer.store.position.number, indexer.store.position.hash) == (int(head["number"], 16), head["hash"])


DYING = """
import os, signal, sys
from ethwire.rpc import Rpc
from keifu.chain.deployments import find_record
from keifu.index import Indexer, suite_of
from keifu.keys import keccak256
from pathlib import Path

url, genesis, records, place, journal = sys.argv[1:]

class Dying:
    left = 3
    def apply(self, database, events):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
    def revert(self, database, first_block):
        pass

rpc = Rpc(url)
record, _ = find_record(rpc.chain_id(), genesis, Path(records))
indexer = Indexer(rpc, suite_of(record), place, Dying(), journal=Path(journal), on_notice=print)
indexer.follower._most = 10
indexer.run(lambda step: step.caught_up)
"""


@pytest.fixture(params=quick_or_deep(["sqlite"], ["sqlite", "postgres"]))
def place(request, tmp_path):
    if request.param == "sqlite":
        yield str(tmp_path / "index.sqlite")
        return
    with running_server() as server:
        yield server.new_database()


def test_a_process_that_is_killed_goes_on_where_it_was(world, place):
    act(world.client, world.suite)
    journal = world.folder / "journal"
    died = subprocess.run(
        [sys.executable, "-c", DYING, world.anvil.url, world.record.genesis, str(world.records), place, str(journal)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr
    with world.indexer(place, journal=journal) as indexer:
        assert 0 < indexer.store.position.number < world.client.rpc.block_number()
        indexer.run(caught_up)
        assert places_of(indexer.store) == logs_of(world)
        assert reconcile(indexer.store, world.client.rpc).differences == []


# what is wrong is named ----------------------------------------------------------------------------------------------


def test_events_that_were_lost_are_found_by_the_views(world):
    with FaultyNode(world.anvil.url) as node, Nodes(world.anvil.url, node.url) as nodes, world.indexed() as indexer:
        for table in ("staking_hub_staked", "staking_hub_locked"):
            indexer.database.execute(f"DELETE FROM {table}")  # noqa: S608 - our names
        alone, both = (reconcile(indexer.store, rpc) for rpc in (world.client.rpc, nodes))
    assert {item.figure.split("(")[0] for item in alone.differences} == {
        "StakingHub.operator_state", "StakingHub.lock_of",
    }  # fmt: skip
    assert (
        both.suspect
        == "every endpoint contradicts the events: they were lost or changed before they came into the tables"
    )


def test_an_endpoint_that_lies_in_its_views_is_named(world):
    def lie(request, result):
        return f"0x{int(result, 16) + 1:064x}" if request["method"] == "eth_call" and len(result) == 66 else result

    with world.indexed() as indexer, FaultyNode(world.anvil.url, Change(lie)) as node, Rpc(node.url) as liar:
        alone = reconcile(indexer.store, liar)
        nodes = Nodes.of([world.client.rpc, liar])
        both = reconcile(indexer.store, nodes)
    assert {item.url for item in alone.differences} == {liar.url}
    assert alone.suspect.startswith(f"either {liar.url} lies, or events were lost")
    assert both.suspect == f"{liar.url} contradicts the events and the other endpoints"


def test_an_endpoint_that_leaves_logs_out_is_named_and_nothing_is_missing(world):
    def lose(request, result):
        return result[:-1] if request["method"] == "eth_getLogs" and len(result) > 1 else result

    with (
        FaultyNode(world.anvil.url, Change(lose)) as node,
        Rpc(node.url) as rpc,
        world.indexed(rpc=rpc, notices=(notices := [])) as indexer,
    ):
        assert places_of(indexer.store) == logs_of(world)
        assert {(notice.kind, notice.url) for notice in notices} == {("lie", node.url)}


def test_an_endpoint_of_another_chain_is_refused(world):
    with world.indexed() as indexer:
        world.anvil.mine()
        position = indexer.store.position
        with indexer.database.transaction():
            indexer.store.stand_at(position.number, "0x" + "ee" * 32)
        with pytest.raises(EnvironmentFault, match=f"block {position.number} of {world.anvil.url} is 0x"):
            reconcile(indexer.store, world.client.rpc)
