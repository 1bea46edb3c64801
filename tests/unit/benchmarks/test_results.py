"""results.json: one area's run leaves the others' rows alone."""

from __future__ import annotations

from dataclasses import replace

from benchmarks import _results
from benchmarks._areas import rows
from benchmarks._bars import bars
from benchmarks._rows import Result, Row


def result(id_: str, ours: float | None) -> Result:
    return Result(Row(id_, lambda _: 0, "how"), ours, None)


def test_a_run_replaces_its_rows_and_keeps_the_others():
    before = _results.merge({"results": []}, [result("gas.attest", 1), result("gas.slash", 2)], "one")
    after = _results.merge(before, [result("gas.attest", 3)], "two")
    assert after["commit"] == "two"
    assert {entry["id"]: entry["ours"] for entry in after["results"]} == {"gas.slash": 2, "gas.attest": 3}


def test_each_row_keeps_the_commit_at_which_it_was_measured():
    old = {"commit": "one", "results": [{"id": "gas.slash", "ours": 2, "peer": None, "unit": "gas", "quoted": False}]}
    after = _results.merge(old, [result("gas.attest", 3)], "two")
    assert {entry["id"]: entry["commit"] for entry in after["results"]} == {"gas.slash": "one", "gas.attest": "two"}


def test_a_row_that_gave_nothing_keeps_the_last_figure():
    before = _results.merge({"results": []}, [result("gas.attest", 1)], "one")
    assert _results.merge(before, [result("gas.attest", None)], "two")["results"] == before["results"]


def test_a_row_without_a_bar_is_kept_where_it_names_its_unit():
    bare = Result(Row("rate.some", lambda _: 0, "how"), 1, None)
    assert _results.merge({"results": []}, [bare], "one")["results"] == []
    [kept] = _results.merge({"results": []}, [replace(bare, row=replace(bare.row, unit="1/s"))], "one")["results"]
    assert (kept["id"], kept["ours"], kept["unit"]) == ("rate.some", 1, "1/s")


def test_rows_come_in_the_order_of_the_bars_with_their_unit():
    merged = _results.merge({"results": []}, [result("size.largest_contract", 9), result("gas.tge_claim_first", 8)], "")
    assert [entry["id"] for entry in merged["results"]] == ["gas.tge_claim_first", "size.largest_contract"]
    assert [entry["unit"] for entry in merged["results"]] == ["gas", "bytes"]


def test_the_committed_results_name_known_measures():
    kept = {row.id for row in rows("all") if row.unit}
    assert {entry["id"] for entry in _results.load()["results"]} <= set(bars()) | kept


def test_nothing_measured_yet_is_an_empty_document(tmp_path):
    assert _results.load(tmp_path / "none.json") == {"commit": "", "results": []}


def test_what_is_saved_is_loaded(tmp_path):
    document = _results.merge({"results": []}, [result("time.tge_8000", 3.21987)], "one")
    _results.save(document, tmp_path / "results.json")
    assert _results.load(tmp_path / "results.json") == document
    assert document["results"][0]["ours"] == 3.22
