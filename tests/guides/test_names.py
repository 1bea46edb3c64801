"""No page names a command, a verb, an option or a make target that is not there, wherever in the page it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from evmstorm.cli import cli as engine
from keifu.cli.root import cli as product
from tests.guides._pages import ROOT, fences, inline, steps
from tests.unit.docs.pages import name, pages

pytestmark = pytest.mark.case("tools-38")

HISTORY = "CHANGELOG.md"  # names what was there then
APE_OPTIONS = {"--network", "--account"}  # in the place of --rpc, --key-file and --role
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
TREES = {"keifu": product, "evmstorm": engine}
_START = re.compile(r"(?:^|[;|&(]\s*|\$\()(?:\w+=\S* )*(?=(?:keifu|evmstorm|make|ape run)(?:\s|$))")
_END = re.compile(r"[;|&)<>]|\s#|\n")
_TEMPLATE = re.compile(r"[<…A-Z$]")  # <noun>, …, FILE, $variable: stands for any word


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of ours in a line, up to a pipe, a comment or the line's end."""
    for found in _START.finditer(text):
        rest = text[found.end() :]
        # A bar between words without spaces is a choice: `keifu fuzz|mutate`.
        plain = re.sub(r"(?<=\w)\|(?=\w)", "\0", re.sub(r"\"[^\"]*\"|'[^']*'", "QUOTED", rest))
        yield _END.split(plain)[0].replace("\0", "|").split()


def fault(words: list[str]) -> str:
    """What is wrong with the names of a command; "" if nothing is."""
    if words[0] == "make":
        wrong = [word for word in words[1:] if "=" not in word and not _TEMPLATE.search(word) and word not in TARGETS]
        return f"no make target {wrong[0]}" if wrong else ""
    if words[0] == "ape":
        return _fault_in(product, words[2:], APE_OPTIONS)
    return _fault_in(TREES[words[0]], words[1:])


def _fault_in(command: click.Command, words: list[str], known: set[str] = frozenset()) -> str:
    context = click.Context(command, resilient_parsing=True)
    options = {"-h", "--help", *known, *(opt for parameter in command.params for opt in parameter.opts)}
    for position, word in enumerate(words):
        if word.startswith("-"):
            if word.partition("=")[0] not in options and not _TEMPLATE.search(word):
                return f"no option {word}"
        elif isinstance(command, click.Group) and not _TEMPLATE.search(word):
            for choice in word.split("|"):
                found = command.get_command(context, choice)
                if found is None:
                    return "" if _is_value(words, position) else f"no command {choice}"
                if problem := _fault_in(found, words[position + 1 :], known):
                    return problem
            return ""
    return ""


def _is_value(words: list[str], position: int) -> bool:
    """Whether the word is what an option before it takes."""
    return position > 0 and words[position - 1].startswith("-")


def printed(text: str, page: str) -> Iterator[str]:
    """What stands in code in a page: spans, and lines that a reader types."""
    yield from inline(text)
    yield from (step.command for step in steps(page) if step.typed)
    yield from (line for block in fences(text) if block.language != "console" for line in block.lines)


@pytest.mark.parametrize("page", [name(page) for page in pages() if page.name != HISTORY])
def test_a_page_names_what_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [words for line in printed(text, page) for words in commands(line)]
    assert [(" ".join(words), problem) for words in found if (problem := fault(words))] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("keifu tge status --chart out/vesting.svg", ""),
        ("id=$(keifu prov register data --kind dataset --role author)", ""),
        ("keifu fuzz|mutate|coverage|replay", ""),
        ("keifu chain --chain-id 31338 --detach", ""),
        ("ape run staking delegate --network … --account … --operator 0x… --amount 50", ""),
        ("ape run <area> <verb>", ""),
        ("FAST=1 make demo", ""),
        ("keifu tge stauts", "no command stauts"),
        ("keifu stake status", "no command stake"),
        ("keifu fuzz|mutated", "no command mutated"),
        ("keifu tge status --picture out.svg", "no option --picture"),
        ("cd x && keifu prov digest --fast .", "no option --fast"),
        ("ape run staking bond --network …", "no command bond"),
        ("ape run staking status --node http://x", "no option --node"),
        ("evmstorm fuzz vault --second 5", "no option --second"),
        ("make demos", "no make target demos"),
    ],
)
def test_a_name_that_is_not_there_is_seen(line, problem):
    [words] = commands(line)
    assert fault(words) == problem
