"""What the explorer serves to the page for holders and authors."""

from __future__ import annotations

import json
import shutil
from contextlib import closing

import pytest

from benchmarks.explorer_world import address, word
from keifu.errors import InputError
from keifu.explorer import Explorer
from keifu.explorer.dapp import POLICY, Dapp
from keifu.tge import read_csv, write_files
from tests.unit.explorer.conftest import get, text

FILES = ("index.html", "dapp.css", "dapp.js")
HOLDER, NOBODY = address("holder of a grant"), address("nobody")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for name in FILES:
        (folder / name).write_text(f"the {name}")
    return folder


@pytest.fixture(scope="module")
def grants(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grants")
    (folder / "list.csv").write_text(f"account,total\n{HOLDER},12.5\n{address('another')},1\n")
    write_files(read_csv(folder / "list.csv"), folder)
    return folder


@pytest.fixture(scope="module")
def served(made, page, grants):
    with closing(Explorer(str(made[0]), dapp=Dapp(page, grants))) as explorer:
        yield explorer


def asked(explorer, target):
    return json.loads(text(explorer, target))


def test_its_files_are_served_by_their_kinds_under_a_policy(served):
    for name, place, kind in zip(
        FILES, ("", "dapp.css", "dapp.js"), ("text/html", "text/css", "text/javascript"), strict=True
    ):
        found = get(served, f"/dapp/{place}")
        assert (found.status, found.body.decode(), found.content_type.split(";")[0]) == (200, f"the {name}", kind)
        assert found.policy == POLICY
        assert found.etag
    assert (get(served, "/dapp").status, get(served, "/dapp").location) == (301, "/dapp/")
    assert get(served, "?a=b").status == 200  # an address without a path is the first page
    assert "script-src 'self'; style-src 'self'" in POLICY  # nothing inline, nothing from elsewhere
    assert "connect-src 'self';" in POLICY


def test_every_page_leads_to_it_where_it_is_served(served, explorer):
    assert 'href="/dapp/"' in text(served, "/en")
    assert 'href="/dapp/"' in text(served, "/ja/grants")
    assert "/dapp/" not in text(explorer, "/en")
    assert get(explorer, "/dapp/").status == 404


def test_the_suite_as_a_record_says_it(served):
    found = asked(served, "/dapp/suite.json")
    assert found["chain_id"] == 31_337
    assert found["contracts"]["StakingHub"] == {"address": address("StakingHub")}


def test_operators_have_their_newest_terms(changing, page):
    _, scribe = changing
    known = address("honest operator")
    before = {row["operator"]: row for row in _operators(scribe, page)}
    assert known in before
    scribe.log("StakingHub", "TermsAnnounced", operator=known, commission_bps=777, epoch=1, metadata="new")
    scribe.write()
    after = {row["operator"]: row for row in _operators(scribe, page)}
    assert after.keys() == before.keys()
    assert after[known] == {"operator": known, "metadata": "new", "commission_bps": 777}


def _operators(scribe, page):
    return json.loads(Dapp(page).answer("/dapp/operators.json", scribe.store).body)


def test_where_an_account_has_something(changing, page):
    _, scribe = changing
    one, two, operator = address("one"), address("two"), address("honest operator")
    scribe.log("VestingEscrow", "Created", id=71, beneficiary=one, revoker=two, total=5, divisor=1)
    scribe.log("VestingEscrow", "BeneficiaryTransferred", id=71, beneficiary=one, successor=two)
    for _ in range(2):
        scribe.log("StakingHub", "Staked", operator=operator, owner=one, amount=5, shares=5)
    scribe.log("StakingHub", "Unstaked", operator=operator, owner=one, ticket=9, ticket_owner=one, amount=5, shares=5)
    scribe.write()

    def places(account):
        return json.loads(Dapp(page).answer(f"/dapp/account/{account}", scribe.store).body)

    found = {"escrows": ["71"], "operators": [operator], "tickets": ["9"], "records": []}
    assert places(one) == places("0x" + one[2:].upper()) == found  # the chain says whose the grant is now
    assert places(two)["escrows"] == ["71"]
    assert places(NOBODY) == {"escrows": [], "operators": [], "tickets": [], "records": []}
    assert len(places(address("lab"))["records"]) > 3


def test_a_line_of_the_published_list(served, made, page):
    found = asked(served, f"/dapp/grant/{HOLDER}")
    assert (found["published"], found["grant"]["account"].lower()) == (True, HOLDER)
    assert found["grant"]["total"] == str(125 * 10**17)
    assert len(found["grant"]["proof"]) == 1
    assert asked(served, f"/dapp/grant/{NOBODY}") == {"grant": None, "published": True}
    with closing(Explorer(str(made[0]), dapp=Dapp(page))) as without:
        assert asked(without, f"/dapp/grant/{HOLDER}") == {"grant": None, "published": False}


@pytest.mark.parametrize(
    "target",
    [
        "nothing", "suite.json/more", "account", "account/0x12", f"account/{word('too long')}", "grant/%3Cscript%3E",
        "../static/verify.js", "dapp.js/..", "grant/", f"account/{NOBODY}/more",
    ],
)  # fmt: skip
def test_nothing_else_is_there(served, target):
    found = get(served, f"/dapp/{target}")
    assert (found.status, found.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("name", FILES)
def test_a_page_that_was_not_built(tmp_path, page, name):
    folder = shutil.copytree(page, tmp_path / "page")
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"has no {name}") as caught:
        Dapp(folder)
    assert caught.value.remedy == "make dapp builds the page"


def test_a_damaged_list_is_no_answer_that_there_is_no_grant(made, page, grants, tmp_path):
    folder = shutil.copytree(grants, tmp_path / "grants")
    (folder / "proofs" / "00000.jsonl").write_text("{")
    with closing(Explorer(str(made[0]), dapp=Dapp(page, folder))) as served:
        found = get(served, f"/dapp/grant/{HOLDER}")
    assert found.status == 503
    assert b"list" in found.body
