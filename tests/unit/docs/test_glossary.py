"""The glossary: both languages for each term, one sentence each, sorted, found from the README."""

from __future__ import annotations

import re

from tests.unit.docs.pages import GLOSSARY, ROOT


def sections():
    """Rows (term, Japanese, meaning, Japanese meaning) by section."""
    found: dict[str, list[list[str]]] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line, [])
        elif line.startswith("| ") and not line.startswith("| term "):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_each_term_has_four_cells_and_one_sentence_in_each_language():
    wrong = []
    for term, *cells in (row for rows in sections().values() for row in rows):
        _, meaning, japanese = cells
        if not (re.fullmatch(r"[^.]+\.", meaning) and japanese.endswith("。")):
            wrong.append(term)
    assert not wrong


def test_terms_are_sorted_and_named_once():
    every = [row[0].lower() for rows in sections().values() for row in rows]
    assert len(every) == len(set(every)) > 80
    for heading, rows in sections().items():
        terms = [row[0].lower() for row in rows]
        assert terms == sorted(terms), heading


def test_the_readme_leads_here():
    for page in ("README.md", "README.ja.md"):
        assert "(docs/glossary.md)" in (ROOT / page).read_text(encoding="utf-8")
