"""Both languages say everything, and nothing that no page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import keifu.explorer
from keifu.explorer.words import LANGUAGES, chosen_language, words_of
from keifu.spec.kinds import Kind, Relation, Status

ENGLISH = words_of("en").texts
FOLDER = Path(keifu.explorer.__file__).parent
SOURCE = "\n".join(path.read_text() for path in sorted(FOLDER.rglob("*.py")))
# Names that are put together: what is before the part that changes.
MADE = set(re.findall(r"words\(f\"([a-z]+\.)\{", SOURCE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_with_the_same_marks(language):
    texts = words_of(language).texts
    assert texts.keys() == ENGLISH.keys()
    marks = {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in texts.items()}
    assert marks == {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in ENGLISH.items()}
    assert [name for name, text in texts.items() if not text.strip()] == []


def test_every_name_that_a_page_uses_is_there():
    used = set(re.findall(r"words\(\s*\"([a-z]+\.[\w.-]+)\"", SOURCE))
    assert used - ENGLISH.keys() == set()
    assert {name for kind in Kind for name in [f"kind.{kind.word}"]} <= ENGLISH.keys()
    assert {f"relation.{item.word}" for item in Relation} | {f"status.{item.word}" for item in Status} <= ENGLISH.keys()


def test_no_text_is_left_that_no_page_uses():
    left = [name for name in ENGLISH if f'"{name}"' not in SOURCE and not name.startswith(tuple(MADE))]
    # Both names of a choice stand in one expression.
    assert [name for name in left if f'"{name}"' not in SOURCE] == []


@pytest.mark.parametrize(
    ("header", "right"),
    [
        ("", "en"), ("ja", "ja"), ("de, ja;q=0.5", "ja"), ("JA-jp,en", "ja"), ("en-GB,ja", "en"), ("xx" * 500, "en"),
        (",;", "en"),
    ],
)  # fmt: skip
def test_the_readers_language_is_chosen(header, right):
    assert chosen_language(header) == right
