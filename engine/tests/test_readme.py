"""What README.md prints is run as printed, in a project made of the files that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evmstorm.cli import _main

README = (Path(__file__).parents[1] / "README.md").read_text()
FILES = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", README, re.DOTALL))
COMMANDS = re.findall(r"^\$ ((?:evmstorm fuzz|sed) .*)$", README, re.MULTILINE)[:3]
MAX_LINES = 40


@pytest.fixture
def savings(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "EVMSTORM_PROJECT"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_description_is_short() -> None:
    assert len(FILES["described/savings.py"].splitlines()) < MAX_LINES


def test_the_commands_do_what_is_printed(savings: Path) -> None:
    right, change, wrong = COMMANDS

    assert (done := _run(right, savings)).returncode == 0, done.stderr
    assert _run(change, savings).returncode == 0
    done = _run(wrong, savings)

    reported = done.stdout.splitlines()
    shown = README.split(f"$ {change}\n$ {wrong}\n")[1].split("```")[0].splitlines()
    assert [
        line for line in shown[: shown.index("exit status 1") + 1] if "…" not in line and line not in reported
    ] == []
    assert "evmstorm replay .cache/fuzz/findings/savings-withdraw-refusal-" in done.stdout


def test_the_known_bugs_are_found_as_printed(tmp_path: Path) -> None:
    """Each command of that section, in a folder that is no project."""
    section = README.split("## A known bug in five minutes")[1].split("```console\n")[1].split("```")[0]
    blocks = section.replace("cd .. && ", "").split("$ ")[1:]
    for block in blocks:
        command, *shown = block.splitlines()
        reported = _run(command, tmp_path).stdout.splitlines()
        assert [line for line in shown if "…" not in line and line not in reported] == []
    assert len(blocks) == 3


def test_every_setting_and_command_is_in_the_tables() -> None:
    assert set(re.findall(r"^\| `evmstorm (\w+)", README, re.MULTILINE)) == set(_main.COMMANDS)
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == {"descriptions", "seeded_bugs", "equivalents"}
