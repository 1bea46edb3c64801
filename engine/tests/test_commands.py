"""The command line as a person calls it: help, exit status, one line for what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ethwire.commands import exit_status
from evmstorm.cli import main
from evmstorm.cli._main import COMMANDS, cli


def _run(*args: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(args))
    return int(stopped.value.code or 0)


def test_the_list_names_every_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "--list") == 0
    assert capsys.readouterr().out.split() == ["meter", "vault"]


def test_an_unknown_system_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("fuzz", "nothing") == 2
    assert capsys.readouterr().err == "evmstorm: no system is called nothing (there are: meter, vault)\n"


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    assert _run("replay", str(tmp_path / "none.json")) == 2


@pytest.mark.parametrize("noun", sorted(COMMANDS))
def test_the_example_is_shown_as_the_command_was_called(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(noun, "--help") == 0
    assert f"Example: evmstorm {noun} " in capsys.readouterr().out

    other = click.Group("other", commands={noun: cli.get_command(click.Context(cli), noun)})
    assert exit_status(other, [noun, "--help"], program="other") == 0
    assert f"Example: other {noun} " in capsys.readouterr().out


@pytest.mark.parametrize("noun", sorted(COMMANDS))
def test_help_has_one_voice(noun: str) -> None:
    command = cli.get_command(click.Context(cli), noun)
    assert command is not None
    assert command.help
    assert command.help.split("\n\n")[0].endswith(".")
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"--{option.name} says nothing"
            phrase = option.help.partition("  [")[0]
            assert phrase[0].isupper(), phrase
            assert phrase.endswith("."), phrase


@pytest.mark.case("tools-41")
@pytest.mark.parametrize("args", [("fuzz",), ("fuzz", "--list"), ("coverage",), ("mutate", "Vault")])
def test_a_folder_that_is_no_project_is_one_line(args: tuple[str, ...], tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "EVMSTORM_PROJECT"}
    program = [sys.executable, "-c", "from evmstorm.cli import main; main()", *args]

    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "evmstorm: no project with contracts and foundry.toml, moccasin.toml, ape-config.yaml, hardhat.config.js, "
        "hardhat.config.ts, evmstorm.toml or pyproject.toml here or above "
        "(change to its folder, or name it by --project or EVMSTORM_PROJECT)\n"
    )


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("EVMSTORM_PROJECT", str(tmp_path))

    assert _run("fuzz", "--list") == 3
    assert f"at {tmp_path}" in capsys.readouterr().err
