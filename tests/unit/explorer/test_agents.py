"""Agents: owners, versions of data, leases, clones and what others say, each with where it stands on the chain."""

from __future__ import annotations

from contextlib import closing

import pytest

from benchmarks.explorer_agents import grant_session
from keifu.explorer import Explorer
from keifu.units import COIN, DAY
from tests.unit.explorer.conftest import HOSTILE, get, text
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


def part(page, name):
    return page.split(f'id="{name}"')[1].split("</section>")[0]


def row_of(page, key):
    [row] = [row for row in part(page, "sessions").split("<tr>") if f"/address/{key}" in row]
    return row


@pytest.mark.parametrize(
    ("name", "state", "used"),
    [("live", "live", "2 / 5"), ("revoked", "revoked", "0 / 9"), ("over", "over", "0 / 9"),
     ("used_up", "used up", "1 / 1")],
)  # fmt: skip
def test_each_session_has_its_state_at_the_block_and_its_uses(shown, known, name, state, used):
    row = row_of(shown, known[f"key_{name}"])
    assert (f">{state}<" in row, f">{used}<" in row) == (True, True)


def test_a_session_has_its_limits_and_what_it_may_call(shown, known):
    row = row_of(shown, known["key_live"])
    for said in (data(3 * COIN), data(COIN), "in 1 day", ">transfer<", "a plain payment", "may be approved"):
        assert said in row
    assert row.count('class="proof"') == 1


def test_calls_within_sessions_and_batches_that_were_brought_are_listed(shown, known):
    calls = part(shown, "calls")
    assert [calls.count(f"/address/{known[name]}") for name in ("key_live", "key_used_up", "agent_buyer")] == [2, 1, 1]
    assert ("7 calls of the owner" in calls, calls.count('class="proof"')) == (True, 4)


def test_a_session_ends_with_a_sale_and_gives_way_to_a_later_one(changing, known):
    explorer, scribe = changing
    account, number = known["agent_account"], int(known["agent"], 16)
    until = scribe.time + DAY
    grant_session(scribe, account, known["key_live"], 9, uses=4, until=until)
    scribe.write()
    page = text(explorer, f"/en/agent/{known['agent']}")
    rows = [row for row in part(page, "sessions").split("<tr>") if f"/address/{known['key_live']}" in row]
    assert [">live<" in rows[0], "0 / 4" in rows[0], ">replaced by a later one<" in rows[1]] == [True] * 3
    scribe.log("IntelligentNFT", "Transfer", from_=known["agent_buyer"], to=known["lab"], tokenId=number)
    scribe.next_block()
    grant_session(scribe, account, known["key_over"], 10, uses=4, until=scribe.time + DAY)
    scribe.write()
    page = part(text(explorer, f"/en/agent/{known['agent']}"), "sessions")
    assert (page.count(">live<"), page.count(">ended with a sale<"), page.count(">revoked<")) == (1, 4, 1)


def test_what_was_spent_is_asked_once_for_a_block_and_never_of_what_is_over(made, known):
    asked = []

    def spent(account, pairs, block_hash):
        asked.append((account, block_hash))
        assert {key for key, _ in pairs} == {known["key_live"], known["key_used_up"]}
        return {(known["key_live"], pairs[0][1]): COIN // 2} if len(asked) == 1 else None

    with closing(Explorer(str(made[0]), spent=spent)) as explorer:
        pages = [text(explorer, f"/en/agent/{known['agent']}") for _ in range(2)]
    assert [data(COIN // 2) in part(page, "sessions") for page in pages] == [True, True]
    assert len(asked) == 1


def test_a_node_that_says_nothing_leaves_the_limits_as_they_are(made, known):
    with closing(Explorer(str(made[0]), spent=lambda *_: None)) as explorer:
        assert data(3 * COIN) in part(text(explorer, f"/en/agent/{known['agent']}"), "sessions")


def test_an_agent_without_an_account_says_so(read, known):
    assert read(f"/en/agent/{known['clone']}").count("The account was not made yet.") == 2


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
