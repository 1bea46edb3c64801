"""A storage node that is killed at each step: nothing acknowledged is lost, nothing is accepted or paid twice."""

from __future__ import annotations

import signal
import threading

from keifu.keys import Account
from tests.integration.node.conftest import until
from tests.integration.storage.faults import assert_served, kill_when
from tests.integration.storage.world import PRICE

NAMES = ["storer"]


def test_a_node_that_is_killed_at_each_step_goes_on_and_is_paid_once(world):
    node = world.node(NAMES[0]).run()
    deal = world.open(NAMES[:1])
    deal.upload(node, 0)
    assert deal.hand(node, 0).json()["state"] == "kept"
    node.end(signal.SIGKILL)
    node.run()
    assert_served(node, deal, 0)
    until(lambda: deal.state(node, 0) == "accepted", node.process)
    sent = node.log().count('"intent": "')
    world.next_epoch()
    stop = threading.Event()
    killer = threading.Thread(target=lambda: (kill_when(node, " prove ", 0), stop.set()))
    killer.start()
    world.pass_epoch(stop.is_set)
    killer.join()
    assert node.log().count('"intent": "') > sent
    node.run()
    until(lambda: world.proven(NAMES[0], world.market.epoch()), node.process)
    assert world.market.ledger(Account.from_role(NAMES[0]))[-1] == PRICE
    assert deal.state(node, 0) == "accepted"
    assert world.shard(deal, 0)[1] == 0  # it was accepted once
    node.end()
