"""Plain words: sentences that had to be decoded do not come back, and what a program can check of prose is checked."""

from __future__ import annotations

import ast
import functools
import re

import pytest

from tests.unit.docs.pages import GLOSSARY, ROOT, english, name, prose

pytestmark = pytest.mark.case("tools-42")

LONGEST_SENTENCE = 40  # words
# What readers could not decode, as patterns over text in which blanks and comment signs are one blank.
DECODED = (
    r"members not to look ahead",
    r"ship no package to measure",
    r"worth as much as it makes calls",
    r"stands in front of the compiler",
    r"what is there,? stays",
    r"the books half turned",
    r"turned late",
    r"take what the largest guilty",
    r"as far as it allowed this contract",
    r"gives up that rest",
    r"nobody touches for a while",
    r"newcomer pays for faults",
    r"one that must never succeed",
    r"predicted refusals stand for",
    r"what BLOCKHASH would answer",
    r"somebody would act on",
    r"corpus are out already",
    r"memory that runs out cannot be helped",
    r"that only people connect",
    r"so many mutants, drawn",
    r"fewer per cent",
    r"next epoch in which the hub is used",
    r"of whom you said nothing",
    r"as .{1,40} says: name a block",
    r"transfers of nothing take the nonces",
    r"one program's opinion",
    r"are asked of revm",
    r"and they with nothing more",
)
SCANNED = (
    "docs",
    "contracts",
    "keifu",
    "engine",
    "audit",
    "examples",
    "packages",
    "scripts",
    "benchmarks",
    "README.md",
)
# Folders of Python whose docstrings are read like pages.
PYTHON = ("keifu", "packages/ethwire/ethwire", "engine/evmstorm", "audit", "examples", "scripts", "benchmarks")
TEXTS = {".md", ".py", ".vy", ".vyi", ".c", ".h", ".toml", ".sol"}
# Words of the house that are not the field's: the field's word stands beside each.
HOUSE_WORDS = {
    r"hunt(?:s|ed|ing)?": "search for",
    r"books": "epochs, or ledger",
    r"purse": "token transfers",
    r"docket": "list of open cases",
    r"hopeless": "must always revert",
    r"planted": "seeded",
    r"held against": "compared with",
    r"over night": "at once",
    r"newcomer": "new delegator",
    r"a twin": "a mirror",
    r"wiped out": "emptied",
}
# A sentence of prose whose subject is a bare `who`: a cell of a table has a blank before it.
BARE_WHO = re.compile(r"(?:[-*] )?Who (?!,)")
# Abbreviations that a reader knows without a glossary.
KNOWN_ABBREVIATIONS = """
AI API AVX AVX2 CI CPU CSS CSV FAST GB GPU HTML HTTP ID JSON MIT OS PATH SDK SHA SQL SVG TOML UI URL UTC UTF
UCI XML YAML CHANGELOG CONTRIBUTING README SECURITY
"""


@functools.cache
def flat_files():
    """What is scanned, by file."""
    return {file: flat(file.read_text(encoding="utf-8")) for file in scanned()}


def flat(text):
    """One line, without the signs that begin a comment."""
    return re.sub(r"\s+(?:#|//|\*|@\w+)?\s*", " ", text)


def scanned():
    for folder in SCANNED:
        path = ROOT / folder
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in TEXTS and file.is_file() and "node_modules" not in file.parts:
                yield file


def plain(text):
    """Prose without code, link targets, quoted words and markup."""
    text = re.sub(r"<!--.*?-->", "", prose(text), flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "Code", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*{1,2}|(?<!\w)_|_(?!\w)", "", text)


def passages(text):
    """Paragraphs, items of lists and cells of tables, each on one line."""
    for block in re.split(r"\n\s*\n", plain(text)):
        lines = block.splitlines()
        if any(line.startswith("|") for line in lines):
            yield from (cell for line in lines for cell in line.split("|"))
        else:
            yield from (" ".join(part.split()) for part in re.split(r"\n(?=\s*(?:[-*]|\d+\.)\s)", block))


def sentences(text):
    for passage in passages(text):
        yield from re.split(r"(?<=[.!?])\s+(?=[A-Z(\"“])|;\s+", passage)


@pytest.mark.parametrize("pattern", DECODED)
def test_a_sentence_that_had_to_be_decoded_does_not_come_back(pattern):
    wanted = re.compile(pattern, re.IGNORECASE)
    assert [name(file) for file, text in flat_files().items() if wanted.search(text)] == []


@pytest.mark.parametrize("page", english(), ids=name)
def test_sentences_are_short(page):
    found = [sentence for sentence in sentences(page.read_text(encoding="utf-8")) if count(sentence) > LONGEST_SENTENCE]
    assert not found


def count(sentence):
    return len([word for word in sentence.split() if re.search(r"\w", word)])


@pytest.mark.parametrize("page", english(), ids=name)
def test_words_are_the_field_s(page):
    text = plain(page.read_text(encoding="utf-8"))
    assert {
        word: better for word, better in HOUSE_WORDS.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)
    } == {}


@pytest.mark.parametrize("page", english(), ids=name)
def test_a_sentence_does_not_begin_with_who(page):
    """`Who asks pays` has to be read twice; `the account that asks pays` has not. Cells of a table may be short."""
    found = [sentence for sentence in sentences(page.read_text(encoding="utf-8")) if BARE_WHO.match(sentence)]
    assert [sentence for sentence in found if not sentence.rstrip().endswith("?")] == []


def docstrings(folder):
    """Where each docstring below a folder stands, and its prose: what is indented in it is code or drawn."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (ast.get_docstring(node) or "").splitlines()
                kept = (line for line in lines if not line.startswith(" ") and "  " not in line)
                yield f"{name(file)}:{getattr(node, 'lineno', 1)}", "\n".join(kept)


@pytest.mark.parametrize("folder", PYTHON)
def test_docstrings_are_prose_like_a_page(folder):
    """Sentences that are short, in the field's words."""
    found = []
    for place, text in docstrings(folder):
        found += [f"{place}: long: {sentence}" for sentence in sentences(text) if count(sentence) > LONGEST_SENTENCE]
        found += [f"{place}: {word}" for word in HOUSE_WORDS if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("page", english(), ids=name)
def test_abbreviations_are_in_the_glossary(page):
    explained = set(re.findall(r"\b[A-Z][A-Z0-9]+\b", GLOSSARY.read_text(encoding="utf-8")))
    text = re.sub(r"\b[A-Z]+-\d+\b", "", plain(page.read_text(encoding="utf-8")))  # invariants, cases and standards
    used = set(re.findall(r"\b[A-Z]{2,}[0-9]*\b", text))
    assert used - explained - set(KNOWN_ABBREVIATIONS.split()) == set()


@pytest.mark.parametrize("page", english(), ids=name)
def test_standards_are_in_the_glossary(page):
    standards = set(re.findall(r"\b(?:ERC|EIP)-\d+\b", plain(page.read_text(encoding="utf-8"))))
    assert {standard for standard in standards if standard not in GLOSSARY.read_text(encoding="utf-8")} == set()


@pytest.mark.parametrize(
    "text",
    [
        "must not leave the books half\n    # turned.",
        "A slash that takes nothing must not leave the books half turned",
    ],
)
def test_a_phrase_is_found_across_lines(text):
    assert re.search(DECODED[5], flat(text))


def test_a_long_sentence_is_found():
    assert max(map(count, sentences(" ".join(["word"] * 41) + "."))) == 41
    assert max(map(count, sentences("Short one. " + " ".join(["Word"] * 38) + "."))) == 38


@pytest.mark.parametrize(
    ("sentence", "bad"), [("Who asks pays a bond.", True), ("Whoever asks pays.", False), (" Who may end it ", False)]
)
def test_a_bare_who_is_found(sentence, bad):
    assert bool(BARE_WHO.match(sentence)) == bad
