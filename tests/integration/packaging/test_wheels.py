"""The three distributions as whoever installs them gets them: built, and installed where nothing else of ours is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.integration.packaging.conftest import DISTRIBUTIONS, environment_of, run

USE = """
from evmstorm.evm import LocalEvm, native_build
LocalEvm()
print(native_build._built())
"""

pytestmark = [pytest.mark.case("tools-41"), pytest.mark.xdist_group("wheels")]


@pytest.fixture(scope="module")
def without_engine(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_of(tmp_path_factory.mktemp("product"), [wheels["ethwire"], wheels["keifu"]])


@pytest.fixture(scope="module")
def with_engine(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_of(tmp_path_factory.mktemp("both"), list(wheels.values()))


@pytest.fixture(scope="module")
def engine_alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_of(tmp_path_factory.mktemp("engine"), [wheels["ethwire"], wheels["evmstorm"]])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_holds_its_package_with_types_and_nothing_else(wheels: dict[str, Path], name: str) -> None:
    files = zipfile.ZipFile(wheels[name]).namelist()

    assert {file.split("/")[0] for file in files if ".dist-info/" not in file} == {name}
    assert f"{name}/py.typed" in files
    assert not [file for file in files if "/tests/" in file or file.endswith(".pyc")]
    libraries = [file for file in files if file.endswith(".so")]
    assert len(libraries) == (name == "evmstorm"), "the engine's machine is compiled, and nothing else is"
    assert wheels[name].name.endswith("-none-any.whl") == (not libraries), (
        "a compiled wheel says for which system it is"
    )


def test_the_product_works_without_the_engine(without_engine: Path, tmp_path: Path) -> None:
    done = run(without_engine, "python", "-c", "import keifu, keifu.chain, keifu.spec, keifu.cli", cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    listed = run(without_engine, "keifu", "--help", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert run(without_engine, "python", "-c", "import evmstorm", cwd=tmp_path).returncode != 0


@pytest.mark.parametrize("noun", ["fuzz", "mutate", "coverage", "replay"])
def test_a_noun_of_the_engine_without_it_is_one_line_with_the_remedy(
    without_engine: Path, tmp_path: Path, noun: str
) -> None:
    done = run(without_engine, "keifu", noun, "x", cwd=tmp_path)

    assert done.returncode in (2, 3)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "evmstorm" in done.stderr.splitlines()[-1]


def test_with_the_engine_its_nouns_join(with_engine: Path, tmp_path: Path) -> None:
    listed = run(with_engine, "keifu", "--help", cwd=tmp_path)
    assert all(f"\n  {noun} " in listed.stdout for noun in ("fuzz", "mutate", "coverage", "replay")), listed.stdout

    shown = run(with_engine, "keifu", "fuzz", "--help", cwd=tmp_path)
    assert "Example: keifu fuzz " in shown.stdout, shown.stderr


def test_the_engine_works_alone(engine_alone: Path, tmp_path: Path) -> None:
    assert run(engine_alone, "evmstorm", "--help", cwd=tmp_path).returncode == 0

    done = run(engine_alone, "evmstorm", "fuzz", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "no project with contracts" in done.stderr


def test_the_machine_of_the_wheel_needs_no_compiler(engine_alone: Path, tmp_path: Path) -> None:
    """And nothing is written anywhere: the library lies where it was installed."""
    done = run(engine_alone, "python", "-c", USE, cwd=tmp_path, PATH="", CC="no-such-compiler", HOME=str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(engine_alone)
    assert not list(tmp_path.iterdir())
