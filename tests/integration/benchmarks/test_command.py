"""`python -m benchmarks` as its users call it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks import _results, table
from benchmarks._rows import Row


@pytest.fixture
def saved(monkeypatch, tmp_path):
    """Results and a page with the table in a folder of the test's own."""
    path = tmp_path / "results.json"
    page = tmp_path / "page.md"
    page.write_text(f"{table.BEGIN}\n{table.END}\n")
    load, save = _results.load, _results.save
    monkeypatch.setattr(_results, "load", lambda: load(path))
    monkeypatch.setattr(_results, "save", lambda document: save(document, path))
    monkeypatch.setattr(table, "PAGES", {page: table.render})
    return path


def run(monkeypatch, rows, *options):
    monkeypatch.setattr(command, "rows", lambda area: rows)
    return CliRunner().invoke(command.main, ["--area", "suite", *options])


MET = Row("gas.attest", lambda _: 60_000, "a peer")
MISSED = Row("gas.register", lambda _: 90_000, "a peer")
HEAVY = Row("time.tree_1m", lambda _: 1 / 0, "never in a quick run", heavy=True)


def test_a_run_is_printed_and_kept(monkeypatch, saved):
    result = run(monkeypatch, [MET], "--strict")
    assert result.exit_code == 0, result.output
    assert "1 of 1 bars met" in result.output
    assert [entry["id"] for entry in _results.load()["results"]] == ["gas.attest"]
    assert "| `gas.attest` | 60,000 |" in next(iter(table.PAGES)).read_text()


def test_a_missed_bar_fails_only_a_strict_run(monkeypatch, saved):
    assert run(monkeypatch, [MISSED]).exit_code == 0
    assert run(monkeypatch, [MISSED], "--strict").exit_code == 1


def test_a_quick_run_leaves_the_heavy_rows_out(monkeypatch, saved):
    assert run(monkeypatch, [MET, HEAVY], "--quick").exit_code == 0


def test_a_wrong_result_fails_and_keeps_what_was_measured(monkeypatch, saved):
    def wrong(_):
        raise AssertionError("grant 7: 1 wei paid, 2 due")

    result = run(monkeypatch, [MET, Row("time.tge_8000", wrong, "never mind")])
    assert result.exit_code == 1
    assert "wrong result: time.tge_8000: grant 7: 1 wei paid, 2 due" in result.output
    assert [entry["id"] for entry in _results.load()["results"]] == ["gas.attest"]


def test_nothing_is_written_when_asked_not_to(monkeypatch, saved):
    run(monkeypatch, [MET], "--no-save")
    assert not saved.exists()


def test_an_unknown_area_is_wrong_use():
    result = CliRunner().invoke(command.main, ["--area", "weather"])
    assert result.exit_code == 2
    assert "'weather' is not one of" in result.output
