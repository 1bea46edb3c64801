"""Real processes on a real chain: an operator follows promotions, watchers have a lie slashed, nothing is lost."""

from __future__ import annotations

import json
import signal
import threading

from keifu.keys import Account
from keifu.node.operator.artefacts import Artefacts
from tests.integration.node.conftest import RESERVE, until

LIE = b"\x66" * 32


def test_an_operator_follows_promotion_and_rollback_and_ends_in_order(keifu, at_first, make):
    at_first.enlist("honest operator")
    node = make("operator", "honest node")
    assert keifu("node", "operator", "doctor", node.folder)[0] == 1  # nothing is at stake yet
    assert keifu("node", "operator", "bind", node.folder, "--role", "honest operator")[0] == 0
    assert keifu("node", "operator", "doctor", node.folder)[0] == 0
    node.run()
    first = node.heartbeat()
    assert (first["seq"], first["digest"]) == (1, at_first.digest(0).hex())
    assert first["node"] == Account.from_role("honest node").address
    assert node.get("/readyz").text == "ready\n"
    status, _, err = keifu("node", "operator", "run", node.folder)
    assert (status, f"process {node.process.pid}" in err) == (3, True)
    at_first.promote(1)
    assert until(lambda: (beat := node.heartbeat())["seq"] == 2 and beat)["digest"] == at_first.digest(1).hex()
    at_first.provenance.rollback(at_first.environment, 1, at_first.owner)
    assert until(lambda: (beat := node.heartbeat())["seq"] == 3 and beat)["digest"] == at_first.digest(0).hex()
    assert "keifu_node_promotion_seq 3.0" in node.get("/metrics").text
    node.assert_shown()
    assert node.end() == 0
    assert not (node.folder / "running.json").exists()
    assert keifu("node", "operator", "exit", node.folder, "--role", "honest operator")[0] == 0


def test_a_promotion_that_comes_while_an_older_one_is_hashed_is_hashed_next(at_first, make, monkeypatch):
    """Not an hour later, when bytes are hashed again in any case."""
    find, begun, may_end = Artefacts.find, threading.Event(), threading.Event()

    def held(artefacts, entry):
        if entry.id == at_first.artefacts[1]:
            begun.set()
            may_end.wait()
        return find(artefacts, entry)

    monkeypatch.setattr(Artefacts, "find", held)
    at_first.enlist("honest operator")
    node = make("operator", "honest node")
    with node.inside():
        at_first.promote(1)
        begun.wait()
        at_first.provenance.rollback(at_first.environment, 1, at_first.owner)
        until(lambda: node.get("/status").json()["promoted"] == 3)
        may_end.set()
        beat = until(lambda: (said := node.heartbeat())["seq"] == 3 and said)
    assert beat["digest"] == at_first.digest(0).hex()


def test_a_false_heartbeat_is_slashed_once_by_two_watchers_of_which_one_is_killed(keifu, at_first, make, peer, liar):
    peer.body = at_first.signed(liar, 1, at_first.digest(0)).encode()
    first, second = (make("watcher", name, "--poll", "1") for name in ("first watcher", "second watcher"))
    first.run()
    with second.inside():
        until(lambda: peer.asked >= 4)
        kept = until(lambda: first.get("/heartbeats").json()["heartbeats"])
        operator = Account.from_role("lying operator").address.lower()
        assert kept == [{"operator": operator, "said": json.loads(peer.body)}]
        _tell_the_lie(at_first, peer, liar, first)
        done = [until(lambda w=watcher: _ended(w)) for watcher in (first, second)]
    assert sorted(next(iter(states)) for states in done) == ["lost", "paid"]
    assert len(at_first.reports()) == 1
    token = at_first.suite.at(at_first.client, "KeifuToken")
    rewards = [token.balanceOf(Account.from_role(f"{name} watcher").address) for name in ("first", "second")]
    assert sorted(map(bool, rewards)) == [False, True]
    first.assert_shown()
    assert first.end() == 0


def _tell_the_lie(at_first, peer, liar, killed):
    """One of two watchers is killed when both have committed, and runs again."""
    assert at_first.binding("lying operator")[3] == RESERVE
    at_first.client.rpc.call("evm_setAutomine", False)
    peer.body = at_first.signed(liar, 1, LIE).encode()
    until(lambda: int(at_first.client.rpc.call("txpool_status")["pending"], 16) == 2)
    killed.end(signal.SIGKILL)
    at_first.client.rpc.call("evm_setAutomine", True)
    at_first.anvil.mine()
    killed.run()
    until(lambda: at_first.binding("lying operator")[3] == 0)


def _ended(watcher):
    states = watcher.get("/status").json().get("evidence", {})
    return states if set(states) <= {"paid", "lost"} else None
