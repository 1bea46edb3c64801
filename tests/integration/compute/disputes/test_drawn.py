"""Drawn tokens between real processes: a provider that draws otherwise than by seed and weights is convicted."""

from __future__ import annotations

from dataclasses import replace

import pytest

import keifu
from keifu.chain.suite import DISPUTES
from keifu.compute.client.kept import KeptReply
from keifu.errors import CheckFailed
from keifu.units import COIN
from tests.integration.compute.disputes.conftest import QUESTION, RESTITUTION
from tests.integration.compute.disputes.test_played import calls_from

DRAWN = {**QUESTION, "temperature": 0.9, "seed": 7}


@pytest.fixture
def draw(buy):
    return lambda node: replace(buy(node), question=DRAWN)


def test_dis_14_tokens_that_are_drawn_otherwise_are_slashed_and_paid_for(paid, sell, draw, integers, monkeypatch):
    """DIS-14: by the SDK, also where a reply that cannot be judged is kept before it."""
    node = sell("faker of draws", "tests.faking_draws")
    buyer = draw(node)
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    *_, reply = buyer.client.store.replies()
    assert reply.drawing is not None
    spoil(buyer.client.store, reply)
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock, bond = hub.lock_of(disputes.address, node.account), disputes.bond()
    monkeypatch.setenv("KEIFU_CLIENT", str(buyer.client.store.folder))
    begun, said = paid.client.rpc.quantity("eth_blockNumber") + 1, []
    with keifu.connect(paid.anvil.url, role="payer", deployments=paid.folder / "deployments") as k:
        assert k.covers.dispute(integers, on_step=said.append) * COIN == RESTITUTION + RESTITUTION // 10 + bond
    assert said[-2:] == ["the wrong number is proved", "closed"]
    assert lock - hub.lock_of(disputes.address, node.account) == RESTITUTION * 1_475 // 1_000
    calls = calls_from(paid, begun)
    assert (calls[0], calls[-2:]) == ("open", ["prove", "close"])


def spoil(store, reply: KeptReply) -> None:
    """Whatever was kept before is of another seed than its receipt's: none of it can be judged."""
    with store._writing() as database:
        newest = reply.signed.receipt.struct_hash
        database.execute("UPDATE drawn SET scale = scale + 1 WHERE hash <> ?", (newest,))
        assert database.execute("SELECT count(*) FROM drawn").fetchone()[0] > 1


def test_dis_14_an_honest_node_that_draws_is_right(paid, sell, draw, judge):
    """DIS-14: its drawn tokens are proved, and nobody is sent into a dispute about them."""
    buyer = draw(sell("honest drawer"))
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    *_, reply = buyer.client.store.replies()
    assert (reply.drawing is not None, judge.judge(reply).words) == (True, "right")
    with pytest.raises(CheckFailed, match="the reply is what the model makes"):
        buyer.dispute(judge).open()
