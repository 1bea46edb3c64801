"""README.ja.md is the README: the same headings, commands, figures, links and pictures."""

from __future__ import annotations

import re

import pytest

from benchmarks import table
from tests.unit.docs.pages import FENCE, LINK, ROOT, headings, prose

ENGLISH, JAPANESE = ROOT / "README.md", ROOT / "README.ja.md"
OTHER = {"README.md": "README.ja.md", "README.ja.md": "README.md"}


def commands(text):
    return FENCE.findall(text)


def inline(text):
    """What stands in backticks outside the measured table, sorted: the order of words differs."""
    return sorted(re.findall(r"`([^`]+)`", outside_the_table(prose(text))))


def links(text):
    return sorted(target for target in LINK.findall(text) if target not in OTHER)


def figures(text):
    """Bars and figures of the measured table, without their words."""
    begin, end = text.index(table.BEGIN), text.index(table.END)
    rows = [line.split("|")[2:5] for line in text[begin:end].splitlines()[3:] if line.startswith("|")]
    return [re.findall(r"[\d.,]+", "|".join(row)) for row in rows]


def numbers(text):
    """Versions and counts that are written in digits outside tables."""
    lines = [line for line in outside_the_table(prose(text)).splitlines() if not line.startswith("|")]
    return sorted(set(re.findall(r"\d+\.\d+|\d{2,}", "\n".join(lines))) - {"10"})


def outside_the_table(text):
    return text[: text.index(table.BEGIN)] + text[text.index(table.END) :]


@pytest.mark.parametrize("part", [commands, inline, links, figures, numbers, headings])
def test_both_languages_say_the_same(part):
    english, japanese = part(ENGLISH.read_text(encoding="utf-8")), part(JAPANESE.read_text(encoding="utf-8"))
    assert japanese == english
    assert english


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (commands, "$ make demo", "$ make demonstration"),
        (inline, "`make fuzz`", "`make search`"),
        (links, "docs/status.md", "docs/state.md"),
        (figures, "| **5.02**", "| **5.03**"),
        (numbers, "3.11", "3.10"),
        (headings, "## ライセンス", "### ライセンス"),
    ],
)
def test_a_difference_is_noticed(part, old, new):
    text = JAPANESE.read_text(encoding="utf-8")
    assert old in text
    assert part(text.replace(old, new)) != part(text)


def test_each_links_to_the_other():
    assert "(README.ja.md)" in ENGLISH.read_text(encoding="utf-8")
    assert "(README.md)" in JAPANESE.read_text(encoding="utf-8")
