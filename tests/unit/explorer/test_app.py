"""The application around the pages: languages, ETags, policy, states that change, and what is told to open pages."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing

import pytest

from benchmarks.explorer_world import address, promote, record
from keifu.chain.deployments import Record
from keifu.errors import EnvironmentFault
from keifu.explorer import Explorer
from keifu.explorer.deployed import Deployed
from keifu.explorer.live import mark_of
from keifu.spec.vesting import Schedule
from keifu.units import DAY
from tests.unit.explorer.conftest import get, text

REGISTRY = "ProvenanceRegistry"


def test_the_language_is_that_of_the_address_or_else_the_readers(explorer):
    assert b'<html lang="ja"' in get(explorer, "/", accept_language="ja").body
    assert b'<html lang="en"' in get(explorer, "/en", accept_language="ja").body
    assert b'href="/ja/records?cursor' not in get(explorer, "/en/records").body
    assert b'href="/ja/search?q=x"' in get(explorer, "/en/search?q=x").body


def test_each_language_has_an_etag_of_its_own_that_changes_with_the_tables(changing):
    explorer, scribe = changing
    first = get(explorer, "/en").etag
    assert first != get(explorer, "/ja").etag
    scribe.write()
    assert get(explorer, "/en").etag != first
    assert get(explorer, "/en/nothing").etag == ""


def test_pages_may_load_nothing_but_from_here(explorer):
    for target in ("/en", "/static/live.js", "/en/nothing"):
        policy = get(explorer, target).policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


def test_a_promotion_without_its_attestation_is_not_in_order(changing, known):
    explorer, scribe = changing
    place = f"/en/environment/{known['environment'][2:]}"
    promote(scribe, known["environment"], 2, known["data"])
    scribe.write()
    assert "policy not met" in text(explorer, place)
    assert "0 of 1" in text(explorer, "/en")
    promote(scribe, known["environment"], 3, known["second"])
    scribe.write()
    assert "in order" in text(explorer, place)
    where = {"attester": address("reviewer"), "schema": known["schema"], "subject": known["second"]}
    scribe.log(REGISTRY, "AttestationRevoked", edition=1, **where)
    scribe.write()
    assert "policy not met" in text(explorer, place)
    again = {"edition": 2, "revocable": True, "reference": "0x" + "00" * 32, "data": "0x" + "00" * 32}
    scribe.log(REGISTRY, "Attested", expiry=scribe.time + 12, **where, **again)
    scribe.write()
    assert "in order" in text(explorer, place)
    scribe.next_block()
    record(scribe, "another", 1, known["lab"])
    scribe.write()
    assert "policy not met" in text(explorer, place)  # it has run out


def test_a_record_that_was_withdrawn_is_said_wherever_it_runs(changing, known):
    explorer, scribe = changing
    scribe.log(REGISTRY, "StatusChanged", id=known["first"], status=3, reason="leaks <b>names</b>")
    scribe.write()
    assert "revoked" in text(explorer, f"/en/environment/{known['environment'][2:]}")
    page = text(explorer, f"/en/record/{known['first'][2:]}")
    assert "leaks &lt;b&gt;names&lt;/b&gt;" in page


def test_a_policy_that_asks_for_a_sound_lineage(changing, known):
    explorer, scribe = changing
    place = f"/en/environment/{known['environment'][2:]}"
    policy = {"environment": known["environment"], "version": 2, "entries": [], "sound": True}
    scribe.log("Environments", "PolicyAnnounced", effective_from=scribe.time, **policy)
    scribe.log(REGISTRY, "StatusChanged", id=known["data"], status=2, reason="")
    scribe.write()
    page = text(explorer, place)
    assert "rests on something withdrawn" in page
    assert f"/en/record/{known['data'][2:]}" in page


def test_a_policy_for_later_is_announced_and_not_in_force(changing, known):
    explorer, scribe = changing
    policy = {"environment": known["environment"], "version": 2, "entries": [], "sound": False}
    scribe.log("Environments", "PolicyAnnounced", effective_from=scribe.time + DAY, **policy)
    scribe.write()
    page = text(explorer, f"/en/environment/{known['environment'][2:]}")
    assert "Another one was announced" in page
    assert "1 of 1" in text(explorer, "/en")


def test_who_acts_for_an_account_whose_key_was_replaced(changing, known):
    explorer, scribe = changing
    scribe.log(REGISTRY, "Replaced", account=known["lab"], new=address("new key"))
    scribe.write()
    page = text(explorer, f"/en/address/{known['lab']}")
    assert "Its key was replaced by" in page
    assert f"/en/address/{address('new key')}" in page


def test_a_record_that_no_reader_could_hold_is_passed_over(changing, known):
    explorer, scribe = changing
    strange = record(scribe, "strange", 77, known["lab"], version="x" * 500)
    scribe.write()
    assert ">77<" in text(explorer, "/en/records")
    assert get(explorer, f"/en/record/{strange[2:]}").status == 404


def test_a_page_whose_block_is_gone_says_so(changing, known):
    explorer, scribe = changing
    for number in range(60):
        scribe.next_block()
        record(scribe, f"more {number}", 1, known["lab"])
    scribe.write()
    page = text(explorer, "/en/records")
    cursor = page[page.index("cursor=") + 7 :].partition('"')[0]
    assert "Newest" in text(explorer, f"/en/records?cursor={cursor}")
    scribe.revert(scribe.block - 58)
    assert get(explorer, f"/en/records?cursor={cursor}").status == 410


def test_the_schedule_of_the_event_is_drawn_where_it_is_known(made):
    def deployed(chain_id: int, genesis: str) -> Deployed:
        assert chain_id == 31_337
        assert genesis.startswith("0x")
        return Deployed(Record(chain_id, genesis), schedule=Schedule(1_800_000_000))

    with closing(Explorer(str(made[0]), deployed=deployed)) as explorer:
        assert 'class="vested"' in text(explorer, "/en/grants")


def test_what_was_refused_is_counted(changing):
    explorer, _ = changing
    explorer.refused("slow")
    explorer.refused("slow")
    body = get(explorer, "/metrics").body.decode()
    assert 'keifu_explorer_refused_total{reason="slow"} 2\n' in body
    assert "keifu_explorer_block 6" in body


def test_an_index_that_is_not_there(tmp_path):
    with pytest.raises(EnvironmentFault, match="there is no database"):
        Explorer(str(tmp_path / "none"))


def test_a_database_that_went_away_is_no_business_of_a_reader(changing):
    explorer, _ = changing
    explorer._readers.store.database.close()
    found = get(explorer, "/en")
    assert (found.status, b"sqlite" in found.body) == (503, False)
    assert get(explorer, "/en").status == 200


def test_open_pages_are_told_of_each_change_and_of_one_that_was_undone(changing, monkeypatch):
    """They are woken: none of them looks for itself."""
    monkeypatch.setattr("keifu.explorer.live.WAIT_SECONDS", 10**6)
    explorer, scribe = changing

    async def marks_sent() -> list[str]:
        events, marks = explorer.live.events(), []
        async for part in events:
            if part.startswith(b"event: block"):
                marks.append(json.loads(part.partition(b"data: ")[2])["mark"])
                if len(marks) == 1:
                    scribe.write()
                elif len(marks) == 2:
                    scribe.revert(scribe.block)
                else:
                    break
        await events.aclose()
        return marks

    marks = asyncio.run(marks_sent())
    assert len(set(marks)) == 3
    assert marks[-1] == mark_of(scribe.store.position)
