"""Every command of the README and the guides is typed as it is printed, and prints what the page says."""

from __future__ import annotations

import re

import pytest

from tests.guides._pages import CONSOLE, ROOT, TOOLS, fences, inline, pages, steps
from tests.guides._session import Session
from tests.guides.checkout import checkout

pytestmark = pytest.mark.case("tools-38")

# Commands that no test of this kind can run, and why. Those of `.ci/run` are run there, on a fresh clone.
ELSEWHERE = {
    "sudo apt install git make gcc python3 python3-venv nodejs npm": "changes the machine",
    "make setup": "makes the tool chain that the copy is given",
    "make test": "minutes: .ci/run",
    "make pages": "runs these tests: .ci/run",
    "make demo": "a minute: .ci/run",
    "make lint": "a minute: .ci/run",
    "make docs": "builds the site from a clone: .ci/run",
    "python -m http.server": "shows the site until Ctrl-C",
    "make format": "rewrites what `make lint` finds",
    "make abi": "writes what is committed, which a test compares with the sources",
    "make lock": "asks the package registries",
    "make chain": "stays until Ctrl-C, as `keifu chain` without --detach",
    "make fuzz": "minutes, for every system; the auditors' guide runs single ones",
    "make fuzz-deep": "hours",
    "make soak": "half an hour; `make test` runs the same with small numbers",
    "ape accounts": "asks for a password on the terminal",
    "ape test": "`make test` is this for all folders",
    "pip install evmstorm": "asks the package registry; tests/integration/packaging installs the wheel",
    "python -m tests.conformance.mutate": "minutes; tests run it with small numbers",
    "keifu report": "tests/integration/provenance/test_report.py runs it in every form",
    "python -m tests.seeded_cases": "compiles the tree once for each case",
    "keifu up --operators 3 --watchers 2": "tests/integration/node/test_network.py starts one with real processes",
    "keifu status": "the same test looks at it",
    "keifu logs operator-1 --lines 1": "the same test reads them",
    "keifu down": "the same test ends it",
    "python -m evmstorm.conformance.state_tests": "wants the official tests; engine/tests run it over one file",
    "node bundle": "`make lint` compares what it writes with what is committed",
    "keifu completion": "tests/unit/cli/test_every_command.py asks a shell for completions",
    "evmstorm new": "engine/tests run it for every template",
    "python -m audit.second_engines.forge": "minutes; tests run it with small numbers",
    "python -m audit.second_engines.prove": "minutes, and installs halmos when first used",
    "python -m audit.deep_campaign": "hours; with --sample, minutes",
    "python -m audit.mutation_scores": "hours; with --sample, minutes",
    "python -m audit.second_engines.speed": "minutes; the benchmarks run it",
    "pytest tests/unit/tge/test_read_csv.py -q": "is a part of `make test`",
    "pytest tests/property/tge/test_schedule_proof.py -q": "is a part of `make test`",
}
# Pages with the same commands as another one.
TRANSLATIONS = {"README.ja.md": "README.md"}
PAGES = [page for page in pages() if page not in TRANSLATIONS]
SHELL_LANGUAGES = {"", "sh", "bash", "shell", "zsh"}
_COMMAND = re.compile(rf"^(?:python -m [\w.]+|(?:{'|'.join(TOOLS)}) [a-z-]+)")


# The case of each page that was found wrong by itself.
CASES = {"docs/guides/ai-developer.md": "provenance-7"}
# Pages whose nodes listen on the ports that compute nodes have by themselves: one after the other.
ONE_PORT = (
    "docs/guides/chat.md",
    "docs/guides/disputes.md",
    "docs/guides/re-execution.md",
    "docs/guides/selling-answers.md",
)


def marks(page: str) -> list[pytest.MarkDecorator]:
    case = [pytest.mark.case(CASES[page])] if page in CASES else []
    return case + ([pytest.mark.xdist_group("ports of compute nodes")] if page in ONE_PORT else [])


@pytest.mark.page
@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(page, marks=marks(page)) for page in PAGES])
def test_every_command_does_what_the_page_says(page, tmp_path, record_property):
    with Session(checkout(tmp_path / "keifu"), tmp_path / "home") as session:
        for step in steps(page):
            if step.name in ELSEWHERE:
                continue
            session.follow(step)
            if step.works:
                record_property("command", step.name)


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_in_console_blocks(page):
    """A block of another kind would not be run."""
    hidden = [
        f"{page}:{block.first + offset}: {line}"
        for block in fences((ROOT / page).read_text())
        if block.language in SHELL_LANGUAGES
        for offset, line in enumerate(block.lines)
        if _COMMAND.match(line.removeprefix("$ "))
    ]
    assert hidden == []


def named(page: str) -> set[str]:
    """Commands, up to the verb, that the text of a page names."""
    return {found[0] for text in inline((ROOT / page).read_text()) if (found := _COMMAND.match(text))}


def printed() -> set[str]:
    return {step.name for page in pages() for step in steps(page)}


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_the_text_names_are_run_somewhere(page):
    run = " ; ".join(printed())
    assert {command for command in named(page) if command not in run and command not in ELSEWHERE} == set()


def test_what_is_run_elsewhere_is_run_there():
    mentioned = printed().union(*map(named, pages()))
    assert {command for command in ELSEWHERE if command not in mentioned} == set()
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    by_ci = [command for command, why in ELSEWHERE.items() if ".ci/run" in why]
    assert [command for command in by_ci if not any(line.startswith(command) for line in ci)] == []


@pytest.mark.parametrize("page", TRANSLATIONS)
def test_a_translation_has_the_same_commands(page):
    def typed(name):
        return [(step.command, step.expected) for step in steps(name)]

    assert typed(page) == typed(TRANSLATIONS[page])
    assert typed(page)


def test_a_console_is_no_language_that_hides_commands():
    assert CONSOLE not in SHELL_LANGUAGES
