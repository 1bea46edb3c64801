"""A message that names a command names one that there is: a reader types what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import keifu
from keifu.cli.root import cli

SOURCES = sorted(Path(keifu.__file__).parent.rglob("*.py"))
_NAMED = re.compile(r"(?:^|[ :;,(`\"'])keifu((?: [a-z][a-z-]*)+)")
# Sentences in which the next words are no command's.
SENTENCES = {"chain starts", "machine"}


def texts(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def unknown(text: str) -> list[str]:
    """What a text calls a command that is none, up to the word that no command has."""
    found = []
    for named in _NAMED.findall(text):
        command: click.Command = cli
        known: list[str] = []
        for word in named.split():
            if not isinstance(command, click.Group):
                break
            known.append(word)
            below = command.get_command(click.Context(cli), word)
            if below is None:
                found.append(" ".join(known))
                break
            command = below
    return [words for words in found if words not in SENTENCES]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("case 1 is open: keifu court case 1", []),
        ("case 1 is open: keifu court show 1", ["court show"]),
        ("call keifu nothing, or keifu up", ["nothing"]),
    ],
)
def test_a_name_that_is_no_command_is_found(text, wrong):
    assert unknown(text) == wrong


def test_every_command_that_a_text_of_the_program_names_is_there():
    wrong = {
        (path.name, name) for path in SOURCES for text in texts(path.read_text()) for name in unknown(text)
    }  # fmt: skip
    assert wrong == set()
