"""The measured tables of README and docs are what results.json says."""

from __future__ import annotations

from benchmarks import _results, table

DOCUMENT = {
    "results": [
        {"id": "gas.attest", "ours": 71_000, "peer": 204_167, "unit": "gas", "quoted": True},
        {"id": "time.tge_8000", "ours": 3.22, "peer": None, "unit": "s", "quoted": False},
    ]
}


def test_every_page_agrees_with_the_results():
    assert table.main(["--check"]) == 0, "run `python -m benchmarks.table`"


def test_a_missed_bar_and_a_quoted_peer_are_marked():
    missed, met = table.render(DOCUMENT).splitlines()[2:]
    assert missed.startswith("| `gas.attest` | 71,000 | 204,167 (quoted) | ≤ 70,000 gas | **no** |")
    assert met.startswith("| `time.tge_8000` | 3.22 | – | ≤ 20 s | yes |")


def test_only_the_text_between_the_marks_changes():
    text = f"above\n{table.BEGIN}\nold\n{table.END}\nbelow\n"
    assert table.replaced(text, "new") == f"above\n{table.BEGIN}\nnew\n{table.END}\nbelow\n"


def test_a_text_without_marks_stays():
    assert table.replaced("no marks", table.render(_results.load())) == "no marks"


def test_a_page_that_differs_is_named(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(f"{table.BEGIN}\nold\n{table.END}\n")
    monkeypatch.setattr(table, "PAGES", {page: table.render_front})
    assert table.main(["--check"]) == 1
    assert "page.md: the measured table is out of date" in capsys.readouterr().err
    assert "old" in page.read_text()


def test_the_front_has_six_figures_and_marks_what_is_missed():
    assert len(table.FRONT) == 6
    entry = {"id": "gas.anchor_record", "ours": 7, "peer": 167_046, "unit": "gas", "quoted": False}
    (line,) = table.render_front({"results": [entry]}).splitlines()[2:]
    assert "| **7** | 167,046 | ≤ 6 (**missed**) |" in line


def test_both_languages_show_the_same_figures():
    def figures(language):
        return [line.split("|")[2] for line in table.render_front(_results.load(), language).splitlines()[2:]]

    assert figures("en") == figures("ja")
    assert len(figures("en")) == 6


def test_each_page_has_its_marks():
    for page in table.PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count(table.BEGIN) == text.count(table.END) == 1, page
