"""Agents: owners, versions of data, leases, clones and what others say, each with where it stands on the chain."""

from __future__ import annotations

import pytest

from keifu.units import COIN
from tests.unit.explorer.conftest import HOSTILE, get
from tests.unit.explorer.pages import Page
from tests.unit.explorer.test_answers import data


@pytest.fixture
def shown(read, known):
    return read(f"/en/agent/{known['agent']}")


def test_the_list_has_both_the_newest_first(read, known):
    page = read("/en/agents")
    assert page.index(known["clone"]) < page.index(known["agent"])
    assert known["agent_buyer"] in page
    assert "No agents." not in page


def test_an_agent_has_its_owner_terms_and_account(shown, known):
    for said in (known["agent_buyer"], known["lab"], known["agent_account"], "7.5 %", "at most 2, 1 generations deep"):
        assert said in shown
    assert "keifu account show" in shown


def test_an_account_that_somebody_else_s_code_made_for_the_token_is_not_shown_as_the_agent_s(shown, known):
    assert known["trap"] not in shown


def test_a_sale_s_price_stands_with_its_move_alone(shown):
    owners = shown[shown.index('id="owners"') : shown.index('id="leases"')]
    assert owners.count(data(100 * COIN)) == 1
    assert owners.count('class="proof"') == 2


def test_each_lease_counts_its_own_uses(shown):
    leases = shown[shown.index('id="leases"') : shown.index('id="clones"')]
    assert ("40 / 40" in leases, "5 / 40" in leases, leases.count(data(5 * COIN))) == (True, True, 2)


def test_every_version_of_data_and_every_word_has_its_proof(shown):
    versions = shown[shown.index('id="data"') : shown.index('id="owners"')]
    assert versions.count('class="proof"') == 2
    said = shown[shown.index('id="reputation"') :]
    for words in ("9.5", "-0.5", "(taken back)", "other data: what was said before"):
        assert words in said
    assert said.count('class="proof"') == 4


def test_a_clone_leads_to_its_parent(read, known):
    page = read(f"/en/agent/{known['clone']}")
    assert f"/en/agent/{known['agent']}" in page
    assert "No agent of the registry has its data." in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_strangers_say_of_it_stays_text(read, known, language):
    page = Page(read(f"/{language}/agent/{known['agent']}"))
    assert HOSTILE not in page.text
    assert not [tag for tag, name, text in page.attributes if name.startswith("on") or text.startswith("javascript")]


@pytest.mark.parametrize("number", ["1" * 64, "xyz", "", "0x"])
def test_what_is_no_agent_is_said(explorer, number):
    assert get(explorer, f"/en/agent/{number}").status == 404
