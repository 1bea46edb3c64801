"""Disputes between real processes: a fake is found, slashed and paid for; who is honest loses nothing."""

from __future__ import annotations

from keifu.chain.suite import DISPUTES
from keifu.compute.receipt import Evidence
from keifu.inference.disputes.reading import Outcome
from tests.integration.compute.conftest import until
from tests.integration.compute.disputes.conftest import RESTITUTION


def played(dispute):
    """What happened, and how it ended."""
    said = []

    def step():
        found = dispute.step()
        if isinstance(found, Outcome):
            return found
        if not said or said[-1] != found.words:
            said.append(found.words)
        return None

    return said, until(step)


def test_a_faked_token_is_slashed_and_paid_for(paid, sell, buy, judge):
    node = sell("faker", "tests.faking_node")
    buyer = buy(node)
    assert buyer.ask().evidence == Evidence.UNVERIFIED  # nothing is promised yet
    buyer.cover()
    buyer.ask_proved()
    dispute = buyer.dispute(judge)
    dispute.open()
    said, outcome = played(dispute)
    assert outcome == Outcome(True, RESTITUTION, RESTITUTION // 10), said
    assert "the wrong number is proved" in said
    disputes = paid.suite.at(paid.client, DISPUTES)
    assert disputes.credits(paid.payer.address) >= RESTITUTION + RESTITUTION // 10
