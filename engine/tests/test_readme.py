"""What README.md says of the engine. Its commands are run as printed by tests/guides of this repository."""

from __future__ import annotations

import re
from pathlib import Path

from evmstorm.cli import _main

README = (Path(__file__).parents[1] / "README.md").read_text()
FILES = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", README, re.DOTALL))
MAX_LINES = 40


def test_the_description_is_short() -> None:
    assert len(FILES["described/savings.py"].splitlines()) < MAX_LINES


def test_every_setting_and_command_is_in_the_tables() -> None:
    assert set(re.findall(r"^\| `evmstorm (\w+)", README, re.MULTILINE)) == set(_main.COMMANDS)
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == {"descriptions", "seeded_bugs", "equivalents"}
