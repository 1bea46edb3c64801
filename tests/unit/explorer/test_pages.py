"""Every page of a small world: it is there, its links lead to pages, and what strangers say stays text."""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import unquote

import pytest

from benchmarks.explorer_world import address, word
from tests.unit.explorer.conftest import HOSTILE, get, text
from tests.unit.explorer.pages import Page


def followed(explorer, start: str) -> dict[str, Page]:
    """Every page that a link leads to, by its address."""
    found: dict[str, Page] = {}
    pending = deque([start])
    while pending:
        target = pending.popleft()
        if target in found:
            continue
        response = get(explorer, unquote(target))
        if response.status == 303:
            pending.append(response.location)
            continue
        assert response.status == 200, target
        found[target] = Page(response.body.decode())
        pending += [link.partition("#")[0] for link in found[target].links if link.startswith(start)]
    return found


@pytest.fixture(scope="module")
def all_pages(explorer) -> dict[str, Page]:
    return followed(explorer, "/en")


def test_every_link_leads_to_a_page_and_to_a_place_on_it(all_pages):
    assert len(all_pages) > 60
    for target, page in all_pages.items():
        for link in page.links:
            path, _, place = link.partition("#")
            if place and path in all_pages:
                assert place in all_pages[path].names, (target, link)


def test_each_kind_of_page_is_there_in_japanese(explorer, all_pages):
    kinds = {target.partition("?")[0].split("/")[2]: target for target in all_pages if target.count("/") > 1}
    assert len(kinds) > 15
    for target in kinds.values():
        page = text(explorer, unquote(target.replace("/en", "/ja", 1)))
        assert '<html lang="ja"' in page
        assert "自分で" in page or "aside" not in Page(page).tags


def test_nothing_that_a_stranger_says_becomes_more_than_text(all_pages):
    assert any("hacked" in page.text for page in all_pages.values())
    for made in all_pages.values():
        assert "img" not in made.tags
        scripts = {value for tag, name, value in made.attributes if tag == "script" and name == "src"}
        assert scripts <= {"/static/live.js", "/static/bundles.js"}
        for _, name, value in made.attributes:
            assert not name.startswith("on")
            assert name not in ("href", "src", "action") or value.startswith(("/", "#"))
            assert name != "style"


def test_no_page_names_another_server(all_pages):
    for target, page in all_pages.items():
        outside = [found for found in re.findall(r"(?:https?:)?//[a-z0-9.-]+", page.text) if "example" not in found]
        assert set(outside) <= {"http://www.w3.org"}, target


def test_every_page_says_how_to_check_it(all_pages):
    for target, page in all_pages.items():
        if re.fullmatch(r"/\w\w/(record|environment|operator|case|address|tx)/[^/]+", target):
            assert "<code>keifu " in page.text, target


def test_a_command_with_a_strangers_name_is_one_word_of_a_shell(read, known):
    """Its apostrophes too: who copies the line runs nothing else."""
    page = read(f"/en/address/{known['lab']}")
    assert "keifu prov identity" in page
    assert "--name &#x27;" in page


def test_what_runs_and_since_when_and_on_whose_word(read, known):
    page = read(f"/en/environment/{known['environment'][2:]}")
    assert f"/en/record/{known['first'][2:]}" in page
    assert "in order" in page
    assert f"/en/address/{address('reviewer')}" in page
    assert "(promotion 1)" in page
    assert "1 of 1" in read("/en")


def test_an_operator_with_all_that_it_has_at_stake(read, known):
    page = read(f"/en/operator/{known['cheat']}")
    for figure in ('<data value="850000000000000000000">850<', '<data value="238000000000000000000">238<', ">162<"):
        assert figure in page
    assert "a false one shown" in page
    assert "no false one shown" in read(f"/en/operator/{known['honest']}")


def test_a_slash_leads_to_its_evidence(read, known):
    page = read("/en/slashes")
    assert "false heartbeat for promotion 1:" in page
    row = next(row for row in page.split("<tr>") if "false heartbeat" in row)
    [transaction] = set(re.findall(r"/en/tx/(0x[0-9a-f]{64})", row))
    proof = read(f"/en/tx/{transaction}")
    assert "HeartbeatService.Reported" in proof
    assert word("swapped weights")[:10] in proof


def test_a_figure_leads_to_the_events_that_it_is_the_sum_of(read, known):
    page = read(f"/en/events/StakingHub/Staked+Unstaked+Slashed?operator={known['cheat']}")
    assert "250" + "0" * 18 in page
    assert "12" + "0" * 18 in page


def test_a_lineage_is_a_picture_with_links_and_a_table(read, known):
    page = read(f"/en/record/{known['second'][2:]}")
    picture = page[page.index("<svg") : page.index("</svg>")]
    for one in ("first", "second", "data"):
        assert f'<a href="/en/record/{known[one][2:]}">' in picture
    assert "fine-tuned from" in page[page.index("</svg>") :]


def test_what_rests_on_a_record(read, known):
    page = read(f"/en/record/{known['data'][2:]}/impact")
    assert f"/en/record/{known['second'][2:]}" in page
    assert f"/en/environment/{known['environment'][2:]}" in page
    assert "Nothing was made from it." in read(f"/en/record/{known['second'][2:]}/impact")


def test_a_case_step_by_step(read):
    page = read("/en/case/1")
    for said in ("convicted", "sealed vote", "answer", "decision", "abab"):
        assert said in page


def test_a_deal_says_where_each_shard_is_and_what_became_of_it(read, known):
    page = Page(read(f"/en/deal/{known['deal'].removeprefix('0x')}"))
    for said in ("stored", "lost", "waits for its provider", "leaf demanded", "repair reserved"):
        assert said in page.text
    assert "epoch proven" in Page(read(f"/en/store/{known['store']}")).text


def test_a_deal_in_another_token_says_which_and_counts_its_smallest_units(read, known):
    page = Page(read(f"/en/deal/{known['deal_in_token'][2:]}"))
    assert known["token"] in read(f"/en/deal/{known['deal_in_token'][2:]}")
    for said in ("1,234", "pay credited", "5,678 smallest units of the token"):
        assert said in page.text
    store = Page(read(f"/en/store/{known['store']}")).text
    for said in ("1,024,000", "4,321"):
        assert said in store
    assert "1,024,000" not in Page(read(f"/en/deal/{known['deal'][2:]}")).text


def test_an_endowment_says_what_it_pays_and_how_long_its_coins_are_enough(read, known):
    """Coins of three first terms came; 1.9 of them are paid. The rest is for 36 whole epochs at the price of now."""
    page = Page(read(f"/en/endowment/{known['endowment']}"))
    for said in ("pays", "-10.00%", "epoch 62", "epoch 98, in further terms", ">0.099<", "anybody, by sending coins"):
        assert said in page.text, said
    for deal in ("first_term", "second_term"):
        assert f"/en/deal/{known[deal][2:]}" in page.links
    assert f"/en/endowment/{known['endowment']}" in Page(read("/en/endowments")).links


def test_a_deal_leads_to_the_endowment_that_pays_it_and_another_to_none(read, known):
    link = f"/en/endowment/{known['endowment']}"
    assert link in Page(read(f"/en/deal/{known['second_term'][2:]}")).links
    assert "/endowment/" not in read(f"/en/deal/{known['deal'][2:]}")


def test_coins_that_are_too_few_and_coins_that_were_given_away_show(changing, known):
    explorer, scribe = changing
    place, heir = known["endowment"], known["store"]
    cost = 3 * 9 * 10**5 * 10**9  # of an epoch
    scribe.log("KeifuToken", "Transfer", from_=place, to=heir, value=36 * cost)
    scribe.write()
    assert "too few coins for a further epoch" in text(explorer, f"/en/endowment/{place}")
    scribe.next_block()
    scribe.log("StorageEndowment", "WoundUp", at=place, heir=heir, amount=18 * cost)
    scribe.write()
    assert "given to its heir" in text(explorer, f"/en/endowment/{place}")


def test_what_is_no_endowment_is_not_shown_as_one(explorer, known):
    assert get(explorer, f"/en/endowment/{known['store']}").status == 404
    assert get(explorer, "/en/endowment/nothing").status == 404


def test_grants_are_curves(read):
    assert '<path d="M' in read("/en/grants")
    assert 'class="paid"' in read("/en/escrow/1")
    assert ">300<" in read("/en/grant/7")


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("first", "/en/record/{first}"),
        ("environment", "/en/environment/{environment}"),
        ("cheat", "/en/operator/0x{cheat}"),
        ("lab", "/en/address/0x{lab}"),
    ],
)
def test_a_search_leads_to_what_it_can_only_mean(explorer, known, asked, place):
    plain = {name: value.removeprefix("0x") for name, value in known.items()}
    for wanted in (known[asked], plain[asked].upper(), f"  {plain[asked]} "):
        found = get(explorer, f"/en/search?q={wanted}")
        assert (found.status, found.location) == (303, place.format(**plain))


def test_a_digest_a_transaction_and_a_block_are_found(explorer, known):
    digest = word("bytes of model 1")[2:]
    assert get(explorer, f"/en/search?q=sha256:{digest}").location == f"/en/record/{known['first'][2:]}"
    assert get(explorer, "/en/search?q=2").location == "/en/block/2"
    transaction = word("transaction 1 of block 2 of fork 0")
    assert get(explorer, f"/en/search?q={transaction}").location == f"/en/tx/{transaction}"


def test_a_name_and_the_beginning_of_an_id_are_listed(explorer, known):
    assert f"/en/record/{known['first'][2:]}" in text(explorer, f"/en/search?q={known['first'][2:10]}")
    assert "NameClaimed" in text(explorer, f"/en/search?q={HOSTILE}")
    assert "Nothing mentions" in text(explorer, "/en/search?q=nobody")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/en/nothing", 404), ("/en/record/xyz", 404), ("/en/record/" + "0" * 64, 404), ("/en/operator/0x12", 404),
        ("/en/operator/0x" + "1" * 40, 404), ("/en/case/1000", 404), ("/en/case/²", 404),
        ("/en/grant/" + "9" * 90, 404),
        ("/en/tx/0x", 404), ("/en/block/-1", 404), ("/en/block/99999999", 404), ("/en/events/Nobody/Staked", 404),
        ("/en/events/StakingHub/Nothing", 404), ("/en/events/StakingHub/Staked?amount=1", 404), ("/fr/records", 404),
        ("/en/records?cursor=AAAA", 400), ("/en/search", 400), ("/en/search?q=" + "x" * 300, 400),
        ("/en/records/1/2/3", 404), ("/en/../../etc/passwd", 404), ("/static/../app.py", 404), ("/static/", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(explorer, target, status):
    found = get(explorer, target)
    assert found.status == status
    Page(found.body.decode())
