"""Demands about float models on the explorer's pages: the panel, what each member said, and how it ended."""

from __future__ import annotations

import pytest

from keifu.units import COIN
from tests.unit.explorer.conftest import get, text
from tests.unit.explorer.pages import Page

REEXECUTION = "ReExecution"
OPERATOR, CLIENT = "0x" + "0a" * 20, "0x" + "0b" * 20
PANEL = ["0x" + digits * 20 for digits in ("c1", "c2", "c3")]
NOTHING, RECEIPT = "0x" + "00" * 32, "0x" + "e1" * 32
TERMS = ["0x" + "d1" * 32, "0x" + "d2" * 32, 3, 2, 8 * COIN, 800 * COIN, 0, 10**10]


class Panels:
    """Writes what a demand logs."""

    def __init__(self, scribe):
        self.scribe = scribe
        self.log("Offered", promise=1, operator=OPERATOR, client=CLIENT, terms=TERMS)

    def log(self, event, **args):
        self.scribe.log(REEXECUTION, event, **args)

    def open(self, demand=1):
        self.log(
            "Opened", demand=demand, promise=1, receipt=RECEIPT, seed_epoch=5, request="0x61", response="0x62",
            stored=[NOTHING, NOTHING],
        )  # fmt: skip
        self.write()

    def write(self):
        self.scribe.write()
        self.scribe.next_block()


@pytest.fixture
def panels(changing):
    explorer, scribe = changing
    return explorer, Panels(scribe)


def test_a_demand_from_its_opening_to_the_conviction(panels):
    explorer, panels = panels
    assert "No answer was doubted." in text(explorer, "/en/reexecutions")
    panels.open()
    assert "waits for its panel" in text(explorer, "/en/reexecutions")
    panels.log("Drawn", demand=1, panel=PANEL, commit_until=10**10)
    panels.log("Committed", demand=1, seat=0, seal="0x" + "f1" * 32)
    panels.write()
    assert "the panel works" in text(explorer, "/en/reexecution/1")
    panels.log("Revealed", demand=1, seat=0, word=2, answer="0x" + "f2" * 32)
    panels.log("Accused", demand=1, case_id=7)
    panels.write()
    assert "before the court" in text(explorer, "/en/reexecutions")
    panels.log("Restored", demand=1, client=CLIENT, arrived=824 * COIN)
    panels.log("Closed", demand=1, outcome=2, rest_to=CLIENT, rest=0)
    panels.log("SeatSettled", demand=1, seat=1, fine=100 * COIN)
    panels.write()
    page = text(explorer, "/en/reexecution/1")
    for words in ("seat 0: differs", "case 7", "824 coins arrived", "seat 1, fine 100 coins", ">convicted<"):
        assert words in page
    assert "keifu reexecute status 1" in page
    assert "有責" in text(explorer, "/ja/reexecutions")
    Page(page)


@pytest.mark.parametrize(("outcome", "words"), [(0, "closed without a case"), (1, "acquitted"), (3, "void")])
def test_how_another_one_ended(panels, outcome, words):
    explorer, panels = panels
    panels.open()
    panels.open(2)
    panels.log("Closed", demand=2, outcome=outcome, rest_to=CLIENT, rest=0)
    panels.write()
    assert f">{words}<" in text(explorer, "/en/reexecution/2")
    assert "waits for its panel" in text(explorer, "/en/reexecution/1")


@pytest.mark.parametrize("place", ["reexecution/1", "reexecution/x", "reexecution/-1", "reexecution/1/2"])
def test_what_is_no_demand_is_not_found(explorer, place):
    assert get(explorer, f"/en/{place}").status == 404
