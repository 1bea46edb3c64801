"""Disputes about answers on the explorer's pages: whose turn it is, step by step, and how they ended."""

from __future__ import annotations

import pytest

from keifu.units import COIN
from tests.unit.explorer.conftest import get, text
from tests.unit.explorer.pages import Page

DISPUTES, GAME = "InferenceDisputes", "InferenceGame"
OPERATOR, CHALLENGER = "0x" + "0a" * 20, "0x" + "0b" * 20
CHANNEL, DISPUTE, RECEIPT, OTHER = ("0x" + digits * 32 for digits in ("c1", "d1", "e1", "e2"))
SOON = 10**10
WHO = {"channel": CHANNEL, "operator": OPERATOR, "challenger": CHALLENGER}


class Court:
    """Writes what a dispute logs."""

    def __init__(self, scribe):
        self.scribe, self.at = scribe, {"book": scribe.addresses[DISPUTES], "dispute": DISPUTE}

    def open(self, receipt=RECEIPT):
        self.scribe.log(DISPUTES, "Opened", **WHO, dispute=DISPUTE, receipt=receipt)

    def move(self, stage, deadline=SOON):
        self.scribe.log(GAME, "Moved", **self.at, stage=stage, deadline=deadline)

    def end(self, event, **amounts):
        self.scribe.log(DISPUTES, event, **WHO, **amounts)
        self.scribe.write()
        self.scribe.next_block()


@pytest.fixture
def court(changing):
    explorer, scribe = changing
    return explorer, Court(scribe)


def test_whose_turn_it_is(court):
    explorer, court = court
    assert "Nothing was disputed." in text(explorer, "/en/disputes")
    court.open()
    court.move(1)
    court.scribe.write()
    assert "the operator&#x27;s turn" in text(explorer, "/en/disputes")
    court.scribe.next_block()
    court.move(2)
    court.scribe.write()
    assert "the challenger&#x27;s turn" in text(explorer, "/en/disputes")
    court.scribe.next_block()
    court.scribe.log(GAME, "GroupNamed", **court.at, group=3, boundary="0x" + "01" * 32, marks=["0x" + "02" * 32] * 3)
    court.move(3, deadline=1)
    court.scribe.write()
    assert "too late" in text(explorer, "/en/disputes")
    page = text(explorer, f"/en/dispute/{RECEIPT[2:]}")
    assert "group 3" in page
    assert "the operator shows the roots of its tensors" in page
    Page(page)


def test_how_it_ended_and_that_the_next_one_is_another(court):
    """A channel's disputes have one id: what belongs to which follows from their places."""
    explorer, court = court
    court.open()
    court.move(1)
    court.scribe.log(GAME, "Asked", **court.at, stage=6, deadline=SOON, slot=2, part=1, stride=0, count=0)
    court.scribe.write()
    assert "the operator&#x27;s turn" in text(explorer, "/en/disputes")
    court.scribe.next_block()
    court.scribe.log(GAME, "Narrowed", **court.at, stage=7, deadline=SOON, block=3)
    court.move(8)
    court.end("Convicted", restitution=50 * COIN, reward=5 * COIN)
    court.open(OTHER)
    court.move(1)
    court.end("Acquitted")
    page = text(explorer, f"/en/dispute/{RECEIPT[2:]}")
    assert "50 coins to the payer, 5 to the challenger" in page
    assert "tensor 2, part 1" in page
    assert "sums within a sum" in page
    assert "sum 3" in page
    assert page.count("the operator shows what each group committed to") == 1
    assert ">acquitted<" in text(explorer, f"/en/dispute/{OTHER[2:]}")
    listed = text(explorer, "/en/disputes")
    assert listed.index(">acquitted<") < listed.index(">convicted<")
    assert "有責" in text(explorer, "/ja/disputes")
    assert f"keifu dispute list --operator {OPERATOR} --channel {CHANNEL[2:]}" in page


@pytest.mark.parametrize("place", ["dispute/" + "ab" * 32, "dispute/x", "dispute/" + "ab" * 31])
def test_what_is_no_dispute_is_not_found(explorer, place):
    assert get(explorer, f"/en/{place}").status == 404
