"""The command line: quick, helpful, one line for a fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keifu.cli.root import NOUNS

KEIFU = Path(sys.executable).parent / "keifu"


def keifu(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KEIFU, *args], capture_output=True, text=True, check=False)


def test_help_lists_every_noun():
    result = keifu("--help")
    assert result.returncode == 0
    assert [noun for noun in NOUNS if noun not in result.stdout] == []


def test_help_imports_none_of_the_heavy_libraries():
    """What keeps `keifu --help` under 0.3 s; time itself is measured in the benches."""
    heavy = ["numba", "numpy", "httpx", "ape", "vyper", "pyrevm", "matplotlib", "rich"]
    code = f"import sys, keifu.cli; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_every_noun_has_help_with_an_example(noun):
    result = keifu(noun, "--help")
    assert result.returncode == 0
    assert "Example" in result.stdout


def test_an_unknown_noun_is_wrong_use():
    result = keifu("nothing")
    assert result.returncode == 2
    assert "No such command 'nothing'" in result.stderr
