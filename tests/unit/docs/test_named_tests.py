"""Tests that the threat model, the invariants and the table of cheats name are there, under these names."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.unit.docs.pages import ROOT

PAGES = ("docs/threat-model.md", "docs/invariants.md", "docs/inference-disputes.md")
_NAMED = re.compile(r"`(?:(?P<file>[\w/]*\.py|…)?(?:::)?)?(?P<test>test_[\w]+…?)?`")


@cache
def names_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@cache
def files():
    return [path for folder in ("tests", "engine/tests", "packages") for path in (ROOT / folder).rglob("test_*.py")]


def missing(cell):
    """Names in a cell of a table that no file of tests has. A name without a file may be in any; one that ends with
    an ellipsis stands for those that begin so."""
    for found in _NAMED.finditer(cell):
        file, test = found["file"], found["test"]
        named = file and file != "…"
        held = [path for path in files() if not named or str(path).endswith(f"/{file}")]
        if named and not held and "test_" in file:
            yield file
        if test and not any(name.startswith(test[:-1]) if test[-1] == "…" else name == test
                            for path in held or files() for name in names_in(path)):  # fmt: skip
            yield f"{file or ''}::{test}"


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_row_names_is_there(page):
    rows = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [row.rsplit("|", 2)[1] for row in rows]
    assert len(cells) > 50
    assert [name for cell in cells for name in missing(cell)] == []


@pytest.mark.parametrize(
    ("cell", "gone"),
    [
        ("`test_named_tests.py::test_every_test_that_a_row_names_is_there`", []),
        ("`test_named_tests.py::test_every_…`, `test_a_row_…`", []),
        ("`test_named_tests.py::test_nothing_of_the_kind`", ["test_named_tests.py::test_nothing_of_the_kind"]),
        ("`tests/unit/docs/test_no_such.py`", ["tests/unit/docs/test_no_such.py"]),
        ("`test_every_test_that_a_row_names_is_there`, machine", []),
    ],
)
def test_a_row_is_read_as_people_read_it(cell, gone):
    assert list(missing(cell)) == gone


def test_each_invariant_has_a_number_of_its_own():
    numbers = re.findall(r"^\| ([A-Z]+[0-9]*-[0-9]+) \|", (ROOT / "docs/invariants.md").read_text(), re.MULTILINE)
    assert len(numbers) > 100
    assert sorted(numbers) == sorted(set(numbers))
