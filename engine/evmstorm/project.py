"""What the engine knows of the project that it searches: the table `[tool.evmstorm]` of the project's pyproject.toml,
or the same keys in an evmstorm.toml.

    [tool.evmstorm]
    descriptions = "audit.systems"              # package: one module a system
    seeded_bugs = "audit.seeded_bugs"           # package: one module a system, each with a list BUGS
    equivalents = "audit/equivalents.toml"      # mutants that no test can tell from the original, each argued

The project is the one that EVMSTORM_PROJECT names, or the nearest folder upwards from the working directory that has
contracts and one of the files in `evmstorm.layout`, as Foundry, Moccasin, ape or Hardhat write them. A process that
looked for it keeps what it found; `using` takes another one for a while.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ethwire.errors import ArtifactError, EthwireError, UsageError
from evmstorm.layout import MARKERS, is_project, toml

if TYPE_CHECKING:
    from evmstorm.fuzz.system import System
    from evmstorm.mutation.seeded_bugs import Bug

__all__ = [
    "around",
    "bugs_of",
    "choose",
    "choose_for",
    "equivalents",
    "is_description",
    "is_file",
    "load",
    "names",
    "names_with_bugs",
    "root",
    "settings",
    "using",
]

DESCRIBED = "described"  # where descriptions are unless a setting says otherwise
FILES = "evmstorm_files"  # modules that are named by their file are below it
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


def choose(folder: Path) -> None:
    """The project in `folder` from now on, here and in every process started from here. Raises ArtifactError where it
    is none."""
    _named(folder)
    os.environ[VARIABLE] = str(folder.resolve())


def around(file: Path) -> Path:
    """The project that a description's file belongs to: the nearest one upwards from it, or its own folder."""
    return next((folder for folder in file.parents if is_project(folder)), file.parent)


def choose_for(description: Path) -> str:
    """Choose the project around a description's file, unless one was chosen; the file's name as `load` takes it."""
    file = description.resolve()
    if not file.is_file():
        raise UsageError(f"{description} is not there", remedy="name a description's file, or a system of the project")
    if VARIABLE not in os.environ:
        choose(around(file))
    return str(file)


def is_file(name: str) -> bool:
    """Whether a system is named by the file of its description."""
    return name.endswith(".py")


@cache
def _named(folder: Path) -> Path:
    """A folder that was named needs no more than something to search: sources, artefacts or a description."""
    if is_project(folder) or any(folder.glob("*.py")) or any(folder.glob("*.json")):
        return folder.resolve()
    raise ArtifactError(
        f"no project with contracts and {', '.join(MARKERS[:-1])} or {MARKERS[-1]} at {folder}",
        remedy=f"name its folder by --project or {VARIABLE}, or change to that folder",
    )


@cache
def _found() -> Path:
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if is_project(folder):
            return folder.resolve()
    raise ArtifactError(
        f"no project with contracts and {', '.join(MARKERS[:-1])} or {MARKERS[-1]} here or above",
        remedy=f"change to its folder, or name it by --project or {VARIABLE}",
    )


def settings() -> dict[str, Any]:
    """What evmstorm.toml or the table [tool.evmstorm] of pyproject.toml says, empty when there is none; raises
    InputError for a file that is no TOML."""
    return _settings(root())


@cache
def _settings(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = toml(folder / "pyproject.toml").get("tool", {}).get("evmstorm", {})
    found = found | toml(folder / "evmstorm.toml")
    if "descriptions" not in found and (folder / DESCRIBED).is_dir():
        found["descriptions"] = DESCRIBED
    return found


def _package(setting: str) -> ModuleType:
    name = settings().get(setting)
    if not isinstance(name, str):
        raise UsageError(
            f"the project at {root()} names no {setting}",
            remedy=f'[tool.evmstorm] {setting} = "package" in pyproject.toml, or in evmstorm.toml without the heading',
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
    """Those of the project: a folder without `__init__.py` is one package with its namesakes, which projects that this
    process searched before have left on the path."""
    own = [path for path in package.__path__ if Path(path).resolve().is_relative_to(root())]
    found = pkgutil.iter_modules(own or package.__path__)
    return sorted(module.name for module in found if not module.name.startswith("_"))


def names() -> list[str]:
    """Every system that the project describes, in alphabetical order."""
    return _modules(_package("descriptions"))


def load(name: str) -> type[System]:
    """The description called `name`, or in the file of this name; raises UsageError when there is none."""
    module = _module_at(Path(name)) if is_file(name) else _module_of(name)
    from evmstorm.fuzz.system import System  # noqa: PLC0415 - the description language stands above this module

    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, System) and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise UsageError(f"{module.__name__} defines {len(found)} systems, not one")
    return found[0]


def _module_of(name: str) -> ModuleType:
    package = _package("descriptions")
    if name not in _modules(package):
        raise UsageError(f"no system is called {name}", remedy=f"there are: {', '.join(_modules(package))}")
    with _one_line(f"{package.__name__.replace('.', '/')}/{name}.py"):
        return importlib.import_module(f"{package.__name__}.{name}")


@contextmanager
def _one_line(file: str) -> Iterator[None]:
    """Whatever a description stumbles over while it is imported is a fault of its own."""
    try:
        yield
    except EthwireError:
        raise
    except Exception as error:
        raise UsageError(
            f"{file} cannot be imported: {type(error).__name__}: {error}", remedy=f"correct {file}"
        ) from error


def _module_at(path: Path) -> ModuleType:
    """A file that belongs to no package; what lies beside it, and in the project, it may import."""
    name = f"{FILES}.{path.stem}"  # below a name that nothing else has: a description may be called token.py
    if name in sys.modules and sys.modules[name].__file__ == str(path):
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"{path} is no Python file")
    for folder in (str(root()), str(path.parent)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        with _one_line(path.name):
            spec.loader.exec_module(module)
    except EthwireError:
        del sys.modules[name]
        raise
    return module


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


def equivalents(contract: str = "") -> list[dict[str, Any]]:
    """Mutants that are argued to be equivalent, of `contract` or of all: file, before, after (lines with single blanks)
    and why. In a file that several contracts carry an argument may hold for some `contracts` alone that it names."""
    name = settings().get("equivalents")
    if name is None:
        return []
    found: list[dict[str, Any]] = []
    for item in toml(root() / name).get("mutant", []):
        after = item["after"]
        found += [item | {"after": line} for line in (after if isinstance(after, list) else [after])]
    return [item for item in found if not contract or contract in item.get("contracts", [contract])]
