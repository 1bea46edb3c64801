"""Nouns that other distributions add, and ids by their first digits."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import click
import pytest

from keifu.cli import main, root
from keifu.cli._prov_options import Registry
from keifu.cli._types import RECORD
from keifu.errors import UsageError


@click.command("weigh")
def weigh() -> None:
    """Weigh a contract.

    Example: keifu weigh
    """
    click.echo("heavy")


@pytest.fixture
def keifu(capsys):
    def run(*args):
        with pytest.raises(SystemExit) as ending:
            main([*args])
        out, err = capsys.readouterr()
        return ending.value.code, out, err

    return run


@pytest.fixture
def added(monkeypatch):
    """What an installed distribution adds."""
    entries = {"weigh": EntryPoint("weigh", f"{__name__}:weigh", root.GROUP)}
    monkeypatch.setattr(root, "_added", lambda: entries)
    return entries


def test_a_distribution_adds_a_noun(keifu, added):
    assert keifu("weigh")[:2] == (0, "heavy\n")
    assert ["weigh", "Weigh a contract."] in [line.split(maxsplit=1) for line in keifu("--help")[1].splitlines()]
    assert "did you mean weigh?" in keifu("wiegh")[2]


def test_nobody_replaces_a_noun_of_ours(keifu, added):
    added["completion"] = EntryPoint("completion", f"{__name__}:weigh", root.GROUP)
    assert "_KEIFU_COMPLETE" in keifu("completion", "zsh")[1]


@pytest.mark.parametrize("noun", root.ENGINE_NOUNS)
def test_without_the_engine_its_nouns_say_how_to_install_it(keifu, monkeypatch, noun):
    monkeypatch.setattr(root, "_added", dict)
    status, _, reported = keifu(noun, "anything")
    assert (status, reported.count("\n"), "pip install evmstorm" in reported) == (3, 1, True)
    assert noun not in keifu("--help")[1]


class Ids:
    """A registry with these records."""

    def __init__(self, *ids):
        self.ids = ids

    def beginning_with(self, prefix):
        return [bytes.fromhex(item) for item in self.ids if item.startswith(prefix)]


def registry(*ids):
    made = Registry(None, None, None, 0)  # type: ignore[arg-type]  # no session: the source is set
    made.__dict__["source"] = Ids(*ids)
    return made


ONE, TWO, OTHER = "4ad8a8" + "00" * 29, "4ad8b9" + "00" * 29, "6c2e98" + "00" * 29


@pytest.mark.case("tools-39")
@pytest.mark.parametrize("text", ["6c2e", "0x6C2E98", "6c2e98…", "sha256:6c2e98...", OTHER])
def test_a_unique_beginning_is_an_id(text):
    assert registry(ONE, TWO, OTHER).record_id(RECORD.convert(text, None, None)).hex() == OTHER


@pytest.mark.case("tools-39")
def test_an_ambiguous_beginning_is_refused_with_the_candidates():
    with pytest.raises(UsageError) as caught:
        registry(ONE, TWO, OTHER).record_id(RECORD.convert("4ad8", None, None))
    assert str(caught.value) == "2 records begin with 4ad8: 4ad8a8000…, 4ad8b9000… (give more digits)"


def test_a_beginning_of_nothing_is_refused():
    with pytest.raises(UsageError, match="no record begins with beef"):
        registry(ONE).record_id(RECORD.convert("beef", None, None))
