"""The three distributions as whoever installs them gets them: built, and installed where nothing else of ours is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UV = ROOT / ".cache" / "uv" / "bin" / "uv"
DISTRIBUTIONS = {"ethwire": ROOT / "packages" / "ethwire", "evmstorm": ROOT / "engine", "keifu": ROOT}
OURS = (*DISTRIBUTIONS, "_editable_impl_", "__editable__")

USE = """
from evmstorm.evm import LocalEvm, native_build
LocalEvm()
print(native_build._built())
"""

pytestmark = [pytest.mark.case("tools-41"), pytest.mark.xdist_group("wheels")]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    for folder in DISTRIBUTIONS.values():
        command = [UV, "build", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable, "-o", out]
        subprocess.run([*command, folder], check=True, capture_output=True)
    return {name: next(out.glob(f"{name}-*.whl")) for name in DISTRIBUTIONS}


@pytest.fixture(scope="module")
def without_engine(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("product"), [wheels["ethwire"], wheels["keifu"]])


@pytest.fixture(scope="module")
def with_engine(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("both"), list(wheels.values()))


@pytest.fixture(scope="module")
def engine_alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("engine"), [wheels["ethwire"], wheels["evmstorm"]])


def _environment(folder: Path, wheels: Sequence[Path]) -> Path:
    """A virtual environment with these wheels and everything else that this one has, but what is ours."""
    venv.create(folder, symlinks=True)
    target = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for item in Path(sysconfig.get_path("purelib")).iterdir():
        if not item.name.startswith(OURS) and item.suffix != ".pth":
            (target / item.name).symlink_to(item)
    command = [UV, "pip", "install", "--no-deps", "--offline", "--python", folder / "bin" / "python", *wheels]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def run(environment: Path, *args: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EVMSTORM"))}
    outside |= variables
    command = [environment / "bin" / args[0], *args[1:]]
    return subprocess.run(command, cwd=cwd, env=outside, capture_output=True, text=True, check=False)


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
