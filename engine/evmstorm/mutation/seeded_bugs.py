"""Bugs put into a source text on purpose, and the search for each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ethwire.errors import InputError
from evmstorm.evm import artifacts
from evmstorm.evm.artifacts import Artifact
from evmstorm.fuzz.counterexample import Counterexample, build
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Search
from evmstorm.fuzz.shrink import after_the_same_action, shrink
from evmstorm.fuzz.system import System

__all__ = ["Bug", "BugSearch", "Seeder", "compile_with", "loader", "overlay_of", "search_for_bug", "seeder"]

PACKAGES = "site-packages/"

Load = Callable[[str], Artifact]


@dataclass(frozen=True)
class Bug:
    """One change of one source file. `file` lies below contracts/, or is a package's as artefacts name it; `old` occurs
    there once; `contracts` are those whose code changes, by default the one that the file is named after."""

    name: str
    file: str
    old: str
    new: str
    contracts: tuple[str, ...] = ()


class Seeder(Protocol):
    """Makes bugs of one source file, or of another `file` that the same contracts carry."""

    def __call__(self, name: str, old: str, new: str, file: str = "") -> Bug: ...


def seeder(usual_file: str, *contracts: str) -> Seeder:
    """For a list of bugs that lie in the same file, and show in the same contracts."""

    def bug(name: str, old: str, new: str, file: str = "") -> Bug:
        return Bug(name, file or usual_file, old, new, contracts)

    return bug


@dataclass(frozen=True)
class BugSearch:
    """What became of a search for one bug. Seconds are the processor's, without compiling; `steps` counts the calls of
    the shrunk example, waits aside."""

    bug: str
    seconds: float
    calls: int
    steps: int
    example: Counterexample | None


def loader(changed: dict[str, Artifact]) -> Load:
    """Artefacts of the tree, but those in `changed`."""
    return lambda name: changed[name] if name in changed else artifacts.load(name)


def overlay_of(bug: Bug) -> dict[str, str]:
    """The changed text by its path; InputError when `old` is not in the source exactly once."""
    path = artifacts.source_path(bug.file if bug.file.startswith(PACKAGES) else f"contracts/{bug.file}")
    text = path.read_text()
    if text.count(bug.old) != 1:
        raise InputError(f"{bug.name}: {bug.old!r} occurs {text.count(bug.old)} times in {bug.file}, not once")
    return {str(path): text.replace(bug.old, bug.new)}


def compile_with(bug: Bug) -> Load:
    """Compile with `bug` in; raises InputError when its text is no longer in the source exactly once."""
    project = artifacts.project()
    overlay = overlay_of(bug)
    names = bug.contracts or (bug.file.rsplit("/", 1)[-1].removesuffix(".vy"),)
    paths = project.paths()
    changed = {name: artifacts.compile_contract(paths[name], project.root, overlay) for name in names}
    return loader(changed)


def search_for_bug(
    system: type[System], bug: Bug, *, seed: int = 1, seconds: float = 30.0, calls: int = 0, guided: bool = True
) -> BugSearch:
    """Search for `bug` until it is found or the budget is spent, and shrink what was found. The budget is `calls` and
    waits, which is the same search on any machine, or `seconds` when there is no such count."""
    engine = Engine(system, compile_with(bug))
    search = Search(engine, seed, guided=guided)
    started = time.process_time()
    while (finding := search.step()) is None:
        spent, made = time.process_time() - started, engine.calls + engine.waits
        if made >= calls if calls else spent > seconds:
            return BugSearch(bug.name, spent, made, 0, None)
    spent, made = time.process_time() - started, engine.calls + engine.waits
    data, finding = shrink(engine, search.data, finding, alike=after_the_same_action)
    example = build(engine, data, finding, seed)
    return BugSearch(bug.name, spent, made, sum(bool(step.target) for step in example.steps), example)
