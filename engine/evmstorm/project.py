"""What the engine knows of the project that it searches: the table `[tool.evmstorm]` of the project's pyproject.toml.

    [tool.evmstorm]
    descriptions = "audit.systems"              # package: one module a system
    seeded_bugs = "audit.seeded_bugs"           # package: one module a system, each with a list BUGS
    equivalents = "audit/equivalents.toml"      # mutants that no test can tell from the original, each argued

The project is the one that EVMSTORM_PROJECT names, or the nearest folder upwards from the working directory that has
`contracts/` and a pyproject.toml or ape-config.yaml. A process that looked for it keeps what it found; `using` takes
another one for a while.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ethwire.errors import ArtifactError, InputError, UsageError

if TYPE_CHECKING:
    from evmstorm.fuzz.system import System
    from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["bugs_of", "equivalents", "is_description", "load", "names", "names_with_bugs", "root", "settings", "using"]

CONTRACTS = "contracts"
MARKERS = ("pyproject.toml", "ape-config.yaml")
VARIABLE = "EVMSTORM_PROJECT"


def root() -> Path:
    """The folder of the project; raises ArtifactError when there is none."""
    named = os.environ.get(VARIABLE)
    return _named(Path(named)) if named else _found()


@contextmanager
def using(folder: Path) -> Iterator[Path]:
    """The project in `folder` instead, for everything inside, also in processes that are started there."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder.resolve())
    try:
        yield root()
    finally:
        del os.environ[VARIABLE]
        if before is not None:
            os.environ[VARIABLE] = before


def _is_project(folder: Path) -> bool:
    return (folder / CONTRACTS).is_dir() and any((folder / marker).is_file() for marker in MARKERS)


@cache
def _named(folder: Path) -> Path:
    if _is_project(folder):
        return folder.resolve()
    raise ArtifactError(
        f"no project with {CONTRACTS}/ and {' or '.join(MARKERS)} at {folder}",
        remedy=f"name its folder by {VARIABLE}, or unset it and change to that folder",
    )


@cache
def _found() -> Path:
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if _is_project(folder):
            return folder.resolve()
    raise ArtifactError(
        f"no project with {CONTRACTS}/ and {' or '.join(MARKERS)} here or above",
        remedy=f"change to its folder, or name it by {VARIABLE}",
    )


def settings() -> dict[str, Any]:
    """The table [tool.evmstorm], empty when there is none; raises InputError for a file that is no TOML."""
    return _settings(root())


@cache
def _settings(folder: Path) -> dict[str, Any]:
    path = folder / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text()).get("tool", {}).get("evmstorm", {})
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error
    return found


def _package(setting: str) -> ModuleType:
    name = settings().get(setting)
    if not isinstance(name, str):
        raise UsageError(
            f"the project at {root()} names no {setting}",
            remedy=f'[tool.evmstorm] {setting} = "package" in its pyproject.toml',
        )
    if str(root()) not in sys.path:
        sys.path.insert(0, str(root()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # a module that the package itself asks for
        raise UsageError(
            f"the project at {root()} has no package {name}",
            remedy=f"correct {setting} in the table [tool.evmstorm] of its pyproject.toml",
        ) from error


def _modules(package: ModuleType) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))


def names() -> list[str]:
    """Every system that the project describes, in alphabetical order."""
    return _modules(_package("descriptions"))


def load(name: str) -> type[System]:
    """The description called `name`; raises UsageError when there is none."""
    from evmstorm.fuzz.system import System  # noqa: PLC0415 - the description language stands above this module

    package = _package("descriptions")
    if name not in _modules(package):
        raise UsageError(f"no system is called {name}", remedy=f"there are: {', '.join(_modules(package))}")
    module = importlib.import_module(f"{package.__name__}.{name}")
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, System) and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise UsageError(f"{module.__name__} defines {len(found)} systems, not one")
    return found[0]


def is_description(module: str) -> bool:
    """Whether a module belongs to the project's descriptions."""
    return module.startswith(f"{settings().get('descriptions')}.")


def names_with_bugs() -> list[str]:
    """Systems that bugs are seeded in."""
    return _modules(_package("seeded_bugs"))


def bugs_of(system: str) -> list[Bug]:
    """The bugs seeded in `system`, none when there is no list of them."""
    if "seeded_bugs" not in settings():
        return []
    package = _package("seeded_bugs")
    if system not in _modules(package):
        return []
    bugs: list[Bug] = importlib.import_module(f"{package.__name__}.{system}").BUGS
    return bugs


def equivalents() -> list[dict[str, str]]:
    """Mutants that are argued to be equivalent: file, before, after (lines with single blanks) and why."""
    name = settings().get("equivalents")
    if name is None:
        return []
    found: list[dict[str, str]] = tomllib.loads((root() / name).read_text()).get("mutant", [])
    return found
