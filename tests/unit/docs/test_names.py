"""Names explain themselves: those that a reader had to decode at a first reading do not come back."""

import ast
import re

import pytest

from tests.unit.docs.test_words import ROOT, SCANNED

# What no name is made of, and what says the same.
DECODED_NAMES = {
    "books": "records, epochs",
    "purse": "balance",
    "workshop": "project, folder of artefacts",
    "docket": "cases",
    "hunt": "search",
    "hopeless": "must always revert",
    "planted": "seeded",
    "told": "reported, message",
    "newborn": "constructor caller",
    "moody": "hostile",
    "visitor": "callback attacker",
    "seedbox": "mock randomness",
}
PLAIN = "|".join(DECODED_NAMES)
MAXIMUM = re.compile(r"\b_?MOST_[A-Z]")
IN_C = re.compile(r"\b(?:MOST_\w+|got|room)\b(?=\s*[(=;,\[])")
SUFFIXES = {".py", ".vy", ".vyi", ".c", ".h"}


def decoded(name):
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("seed_box", "seedbox")
    return bool(MAXIMUM.search(name) or re.search(rf"(?:^|_)(?:{PLAIN})s?(?:_|$)", snake))


def python_names(text):
    """Names that a file defines, but those of tests: they are sentences."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if not name.startswith("test_"):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def vyper_names(text):
    return re.findall(r"^\s*(?:def |event |struct |flag )?(\w+)(?:\(|:)", text, re.MULTILINE)


def names(file):
    text = file.read_text()
    if file.suffix in {".c", ".h"}:
        yield from IN_C.findall(text)
    elif re.search(PLAIN, text, re.IGNORECASE) or MAXIMUM.search(text):
        yield from filter(decoded, python_names(text) if file.suffix == ".py" else vyper_names(text))


def sources():
    for folder in ("tests", *SCANNED):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in SUFFIXES and "node_modules" not in file.parts:
                yield file


def test_no_name_has_to_be_decoded():
    assert {str(file.relative_to(ROOT)): sorted(set(names(file))) for file in sources() if any(names(file))} == {}


def test_no_file_has_a_name_that_has_to_be_decoded():
    assert [str(file.relative_to(ROOT)) for file in sources() if decoded(file.stem)] == []


@pytest.mark.parametrize("name", ["Workshop", "_told", "purse", "MOST_SECRETS", "short_hunts", "told_at", "SeedBox"])
def test_a_name_that_had_to_be_decoded_is_found(name):
    assert decoded(name)
    assert list(python_names(f"{name} = 1")) == [name]


@pytest.mark.parametrize("name", ["most_costs", "max_secrets", "reported", "SEEDED", "bookshop"])
def test_others_are_not(name):
    assert not decoded(name)
