"""The project that is searched: where it is, and what its table may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ethwire.errors import ArtifactError, InputError, UsageError
from evmstorm import project
from evmstorm.evm import artifacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def test_another_project_is_used_for_a_while(folder: Path) -> None:
    before = project.root()

    with project.using(folder) as root:
        assert project.root() == root == artifacts.project().root == folder.resolve()
        assert artifacts.names() == []
        assert project.equivalents() == []

    assert project.root() == artifacts.project().root == before


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=f"at {tmp_path}"), project.using(tmp_path):
        pass


def test_a_project_that_describes_nothing_is_told_how_to(folder: Path) -> None:
    with project.using(folder), pytest.raises(UsageError, match=r"names no descriptions \(\[tool.evmstorm\]"):
        project.names()


def test_a_table_that_names_no_package_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.evmstorm]\ndescriptions = "not_there"\n')
    with project.using(folder), pytest.raises(UsageError, match=r"has no package not_there \(correct descriptions"):
        project.names()


def test_a_description_that_asks_for_what_is_not_installed_says_so(folder: Path) -> None:
    (folder / "asking").mkdir()
    (folder / "asking" / "__init__.py").write_text("import not_installed_at_all\n")
    (folder / "pyproject.toml").write_text('[tool.evmstorm]\ndescriptions = "asking"\n')
    with project.using(folder), pytest.raises(ModuleNotFoundError, match="not_installed_at_all"):
        project.names()


def test_a_file_that_is_no_toml_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.evmstorm\n")
    with project.using(folder), pytest.raises(InputError, match="is no TOML"):
        project.names()
