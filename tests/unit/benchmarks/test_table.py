"""The README's measured table is what results.json says."""

from __future__ import annotations

from benchmarks import _results, table

DOCUMENT = {
    "results": [
        {"id": "gas.attest", "ours": 71_000, "peer": 204_167, "unit": "gas", "quoted": True},
        {"id": "time.tge_8000", "ours": 3.22, "peer": None, "unit": "s", "quoted": False},
    ]
}


def test_readme_agrees_with_the_results():
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
