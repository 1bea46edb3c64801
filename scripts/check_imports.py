"""Which room may import which, and constants that are said once.

    ethwire <- evmstorm            the engine stands on ethwire alone
    ethwire <- keifu               the product never imports engine, audit, examples, benchmarks, scripts or tests
    errors, units, texts, serving, strangers, spec <- abi, keys, merkle <- chain
    <- accounts, agents, tge, staking, provenance, inference, inft, payments, storage, deploy
    <- compute, grants, reexecution
    <- node, index, cost
    <- agent, explorer, local, sdk <- network <- cli
    keifu, evmstorm <- audit, examples, benchmarks <- tests

A name that begins with an underscore belongs to its package: nobody outside imports it. A test may look inside what it
is about: engine/tests inside evmstorm, tests/unit/provenance inside keifu.provenance. What stands under
`if TYPE_CHECKING` is left out. A day, a coin and the zero address have one home each; nobody writes them out again.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ethwire.constants import DAY, ZERO_ADDRESS
from keifu.units import COIN

__all__ = ["faults", "main"]

ROOT = Path(__file__).parents[1]
OURS = ("ethwire", "evmstorm", "keifu", "audit", "examples", "benchmarks", "scripts", "tests")
# What each of ours may import of the others.
MAY_IMPORT = {
    "ethwire": set(),
    "evmstorm": {"ethwire"},
    "keifu": {"ethwire"},
    "audit": {"ethwire", "evmstorm", "keifu"},
    "examples": {"ethwire", "keifu"},
    "benchmarks": {"ethwire", "evmstorm", "keifu", "audit", "examples"},
    "scripts": {"ethwire", "evmstorm", "keifu", "audit", "benchmarks", "examples"},
    "tests": set(OURS),
}
# Tests that belong to a distribution.
OWN_TESTS = {"engine/tests": {"ethwire", "evmstorm"}, "packages/ethwire/tests": {"ethwire"}}
# Floors of keifu: a room imports its own floor and those below. What is not named is the top.
FLOORS = (
    {
        "errors",
        "units",
        "texts",
        "serving",
        "strangers",
        "_lazy",
        "_compiled",
        "_moves",
        "_prefetch",
        "_files",
        "_blocks",
        "_handed",
        "spec",
    }
    | {"__init__", "__version__"},
    {"abi", "keys", "merkle"},
    {"chain"},
    {"accounts", "agents", "tge", "staking", "provenance", "inference", "inft", "payments", "storage", "deploy"},
    {"compute", "grants", "reexecution"},
    {"node", "index", "cost"},
    {"agent", "explorer", "local", "sdk"},
    {"network"},
)
SPEC_MAY_IMPORT = {"errors", "units"}  # of keifu; models stand beside nothing else
# Constants by value, and from where everybody has them.
HOMES = {
    ZERO_ADDRESS: "ethwire.constants.ZERO_ADDRESS",
    COIN: "keifu.units.COIN, or ethwire.constants.ETHER",
    DAY: "keifu.units.DAY, or ethwire.constants.DAY",
}
# Where they are said.
SAID_IN = {"packages/ethwire/ethwire/constants.py", "keifu/units.py"}
MOVED = {"engine/evmstorm": "evmstorm", "packages/ethwire/ethwire": "ethwire"}
LONGEST_LINE = 120
LARGEST = 1_000  # power or repetition that is looked at
Faults = Iterator[tuple[int, str]]


def module_of(path: str) -> str:
    """The dotted name of a file; tests of a distribution of its own count as `tests` that look inside it."""
    for folder, name in MOVED.items():
        path = path.replace(f"{folder}/", f"{name}/", 1) if path.startswith(f"{folder}/") else path
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything that is imported, also inside functions, but for type checkers."""
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _floor(room: str) -> int:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), len(FLOORS))


def _inside(path: str) -> set[str]:
    """Packages whose private names a file may import."""
    module = module_of(path)
    parts = module.split(".")
    within = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    if path.startswith("engine/tests/"):
        within |= {"evmstorm", *(f"evmstorm.{room.name}" for room in (ROOT / "engine" / "evmstorm").iterdir())}
    if path.startswith("packages/ethwire/tests/"):
        within |= {"ethwire"}
    if parts[0] == "tests" and path.count("/") > 1:
        area = path.split("/")[2]
        within |= {area, f"keifu.{area}"}
        if area == "audit":
            within |= {"audit.systems", "audit.second_engines"}
    return within


def walls(path: str, tree: ast.Module) -> Faults:
    """Imports through a wall, up a floor, or of a private name."""
    here = module_of(path)
    mine = next((folder for folder in OWN_TESTS if path.startswith(f"{folder}/")), here.split(".")[0])
    allowed = OWN_TESTS.get(mine) or MAY_IMPORT.get(mine, set(OURS))
    for line, name in imported(tree):
        first, *rest = name.split(".")
        if first not in OURS:
            continue
        if first != mine and first not in allowed:
            yield line, f"{here} imports {name}: {mine} never imports {first}"
        elif first == mine == "keifu" and rest:
            yield from ((line, fault) for fault in _floors(here, name, rest[0]))
        yield from ((line, fault) for fault in _private(path, here, name))


def _floors(here: str, name: str, room: str) -> Iterator[str]:
    own = here.split(".")[1] if "." in here else "__init__"
    if own == room:
        return
    if own == "spec" and room not in SPEC_MAY_IMPORT:
        yield f"{here} imports {name}: a model imports no room but ethwire"
    elif _floor(room) > _floor(own):
        yield f"{here} imports {name}: {room} is above {own}"


def _private(path: str, here: str, name: str) -> Iterator[str]:
    parts = name.split(".")
    for end, part in enumerate(parts):
        owner = ".".join(parts[:end])
        # ape runs every script without an underscore as a command: theirs says nothing about who may import it.
        if part.startswith("_") and not part.startswith("__") and owner != "scripts" and owner not in _inside(path):
            yield f"{here} imports {name}: {part} is private to {owner}"
            return


def constants(path: str, tree: ast.Module) -> Faults:
    """Constants that are written out again: the value itself, or an expression that gives it."""
    if path in SAID_IN:
        return
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in texts or not isinstance(node, (ast.Constant, ast.BinOp)):
            continue
        value = _value(node)
        if type(value) in {int, str} and value in HOMES and (value != DAY or isinstance(node, ast.Constant)):
            yield node.lineno, f"{ast.unparse(node)} has a home: {HOMES[value]}"


def _value(node: ast.expr) -> Any:
    """The value of an expression of literals, None for any other."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, power = _value(left), _value(right)
            return base**power if type(base) is int and type(power) is int and 0 <= power <= LARGEST else None
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            text, count = _value(left), _value(right)
            return text * count if type(text) is str and type(count) is int and count <= LARGEST else None
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _value(left), _value(right)
            return first + second if type(first) is type(second) is str else None
    return None


def engine_names_nothing_of_ours(text: str, names: re.Pattern[str]) -> Faults:
    """Words of a file of the engine that name a contract of the suite."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := names.search(line):
            yield number, f"the engine names {found[0]}, a contract of the suite"


def suite_names() -> re.Pattern[str]:
    """Contracts that are deployed, of this repository."""
    paths = (ROOT / "contracts").rglob("*.vy")
    names = {path.stem for path in paths if not {"lib", "interfaces", "testing"} & set(path.parts)}
    names -= {"Randomness"}  # a word of its own
    return re.compile(r"\b(" + "|".join(sorted(names)) + r")\b")


def long_lines(text: str) -> Faults:
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            yield number, f"{len(line)} characters, of {LONGEST_LINE}"


def _files() -> list[str]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listed.stdout.splitlines() if (ROOT / path).is_file()]


def faults() -> list[str]:
    """Every fault of the tree as one line, `path:line: what`."""
    names = suite_names()
    found: list[str] = []
    for path in _files():
        text = ""
        checks: list[Faults] = []
        if path.endswith(".py"):
            text = (ROOT / path).read_text()
            tree = ast.parse(text, path)
            checks += [walls(path, tree), constants(path, tree)]
        if path.startswith("engine/") and path.endswith((".py", ".md", ".c", ".h", ".vy", ".toml")):
            checks.append(engine_names_nothing_of_ours((ROOT / path).read_text(), names))
        if path == "CHANGELOG.md":
            checks.append(long_lines((ROOT / path).read_text()))
        found += [f"{path}:{line}: {fault}" for check in checks for line, fault in check]
    return found


def main() -> int:
    found = faults()
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
