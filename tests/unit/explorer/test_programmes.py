"""Grant programmes: what their pages say of money, votes, milestones and evidence."""

from __future__ import annotations

import pytest

from benchmarks.explorer_world import address, word
from keifu.chain.suite import GRANTS
from keifu.explorer import Explorer
from keifu.units import COIN, DAY
from tests.unit.explorer.conftest import get, text


def data(wei: int) -> str:
    return f'value="{wei}"'


def test_a_programme_has_its_money_terms_and_committee(read, known):
    assert data(500 * COIN) in read("/en/programmes")
    page = read("/en/programme/1")
    for part in (data(500 * COIN), "10 %", "24 hours", "/en/proposal/1", "/en/proposal/2", known["owner"]):
        assert part in page


def test_a_proposal_says_how_each_voted_and_what_each_milestone_came_to(read, known):
    page = read("/en/proposal/1")
    assert page.count(">for it<") == 2
    assert ">has an interest<" in page
    assert ">clawed back<" in page
    assert ">lapsed<" in page
    assert f"/en/record/{known['second'][2:]}" in page
    assert "attested by 1 of 2" in page
    assert "of sound ancestry" in page
    assert ">over<" in page


def test_a_proposal_that_nobody_carried_yet(read):
    page = read("/en/proposal/2")
    assert ">voting<" in page
    assert "Nobody has voted." in page
    assert page.count(">pending<") == 2


def test_states_change_with_what_is_logged(changing):
    explorer, scribe = changing
    scribe.log(GRANTS, "Carried", proposal=2, reserved=200 * COIN, objections_until=scribe.time + DAY)
    scribe.write()
    assert ">in notice<" in text(explorer, "/en/proposal/2")
    scribe.log(GRANTS, "Stopped", proposal=2, objections=COIN, total=2 * COIN)
    scribe.write()
    assert ">stopped by stake<" in text(explorer, "/en/proposal/2")


def test_a_milestone_is_overdue_and_a_programme_ends(changing):
    explorer, scribe = changing
    scribe.next_block(400 * DAY // 12)
    scribe.log(GRANTS, "Funded", program=1, payer=address("late"), amount=COIN)
    scribe.write()
    page = text(explorer, "/en/proposal/2")
    assert page.count(">overdue<") == 2
    assert ">programme has ended<" in page


@pytest.mark.parametrize("place", ["programme/9", "programme/x", "proposal/9", "proposal/-1", f"proposal/{word('a')}"])
def test_what_is_not_there(explorer: Explorer, place):
    assert get(explorer, f"/en/{place}").status == 404
