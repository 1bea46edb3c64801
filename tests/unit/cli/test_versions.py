"""Each distribution says its version in one place, which its pyproject.toml and whoever depends on it agree with."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

PROJECTS = {
    "ethwire": "packages/ethwire/pyproject.toml",
    "evmstorm": "engine/pyproject.toml",
    "keifu": "pyproject.toml",
}


def _project(name: str) -> dict[str, object]:
    project: dict[str, object] = tomllib.loads(Path(PROJECTS[name]).read_text())["project"]
    return project


@pytest.mark.parametrize("name", PROJECTS)
def test_package_and_project_have_one_version(name: str) -> None:
    assert importlib.import_module(name).__version__ == _project(name)["version"]


@pytest.mark.parametrize("name", ["evmstorm", "keifu"])
def test_the_dependency_on_ethwire_is_on_this_version(name: str) -> None:
    assert f"ethwire=={_project('ethwire')['version']}" in _project(name)["dependencies"]
