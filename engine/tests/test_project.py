"""The project that is searched: where it is, and what its table may say."""

from __future__ import annotations

import sys
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


def test_an_argument_holds_for_every_contract_or_for_those_it_names(folder: Path) -> None:
    (folder / "equal.toml").write_text(
        '[[mutant]]\nfile = "a.vy"\nbefore = "b"\nafter = "c"\nwhy = "d"\n'
        '[[mutant]]\nfile = "e.vy"\nbefore = "f"\nafter = ["g", "h"]\nwhy = "i"\ncontracts = ["One", "Two"]\n'
    )
    (folder / "pyproject.toml").write_text('[tool.evmstorm]\nequivalents = "equal.toml"\n')

    with project.using(folder):
        found = {name: [item["after"] for item in project.equivalents(name)] for name in ("", "Two", "Other")}

    assert found == {"": ["c", "g", "h"], "Two": ["c", "g", "h"], "Other": ["c"]}


def test_another_project_s_descriptions_are_not_this_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both in a folder of one name, and the first one's is still on the path of this process."""
    monkeypatch.setattr("sys.path", list(sys.path))
    for name in ("first", "second"):
        described = tmp_path / name / "namesakes"
        described.mkdir(parents=True)
        (described / f"{name}.py").write_text("")
        (tmp_path / name / "evmstorm.toml").write_text('descriptions = "namesakes"\n')
        (tmp_path / name / "contracts").mkdir()
        with project.using(tmp_path / name):
            assert project.names() == [name]


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


def test_a_description_with_an_error_of_its_own_is_named(folder: Path) -> None:
    (folder / "faulty").mkdir()
    (folder / "faulty" / "bank.py").write_text("1 / 0\n")
    (folder / "pyproject.toml").write_text('[tool.evmstorm]\ndescriptions = "faulty"\n')
    said = r"^faulty/bank\.py cannot be imported: ZeroDivisionError: division by zero \(correct faulty/bank\.py\)$"
    with project.using(folder), pytest.raises(UsageError, match=said):
        project.load("bank")


def test_a_file_that_is_no_toml_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.evmstorm\n")
    with project.using(folder), pytest.raises(InputError, match="is no TOML"):
        project.names()
