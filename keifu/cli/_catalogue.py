"""Every way in which a command can end badly: reasons of contracts, and faults of these tools, with what to do.

The reasons come from the contracts' sources, the faults from the sources of this package, whenever they are asked for:
there is no list that could be out of date.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ethwire
import keifu
from keifu import abi, errors
from keifu.abi.errors import causes, remedy_of
from keifu.errors import KeifuError

__all__ = ["Entry", "catalogue", "matching"]

LEAST = 6  # letters of a message that say which one it is
HOLE = "…"  # what a message says of the case at hand
PACKAGES = (keifu, ethwire)


@dataclass(frozen=True)
class Entry:
    """One message: the exit status, what it says, why, and what to do."""

    exit_status: int
    kind: str
    message: str
    why: str
    remedy: str
    where: str


def catalogue() -> list[Entry]:
    """All of them: contracts first, each part in the order of its messages."""
    return [*sorted(_reasons(), key=_order), *sorted(_faults(), key=_order)]


def matching(text: str) -> list[Entry]:
    """Those whose message a line of output most likely is, else all that contain the text."""
    line = text.removeprefix("keifu: ").removeprefix("reverted: ")
    found = [(len(_fixed(entry.message)), entry) for entry in catalogue() if _is(entry.message, line)]
    most = max((fixed for fixed, _ in found), default=0)
    same = [entry for fixed, entry in found if fixed == most]
    return same or [entry for entry in catalogue() if line.lower() in entry.message.lower()]


def _fixed(message: str) -> str:
    """The part of a message that is the same each time."""
    return "".join(letter for letter in message if letter.isalpha())


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.message, entry.where, entry.kind


def _is(message: str, line: str) -> bool:
    parts = [re.escape(part) for part in message.split(HOLE)]
    return len(_fixed(message)) >= LEAST and re.match(".*".join(parts), line) is not None


def _reasons() -> Iterator[Entry]:
    contracts: dict[str, list[str]] = {}
    for name in abi.names():
        for reason in abi.load(name).reasons:
            contracts.setdefault(reason, []).append(name)
    for reason, found in causes().items():
        why = "; ".join(f"{cause.source} {cause.function}: {cause.holds}" for cause in found)
        yield Entry(1, "Revert", reason, why, remedy_of(reason), ", ".join(contracts.get(reason, ())))


def _faults() -> Iterator[Entry]:
    kinds = {name: value for name, value in vars(errors).items() if _is_fault(value)}
    for package in PACKAGES:
        assert package.__file__ is not None
        root = Path(package.__file__).parent
        for path in sorted(root.rglob("*.py")):
            where = f"{package.__name__}/{path.relative_to(root).as_posix()}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                    yield from _fault(kinds[node.func.id], node, where)


def _fault(kind: type[KeifuError], node: ast.Call, where: str) -> Iterator[Entry]:
    message = _text(node.args[0]) if node.args else ""
    given = next((_text(keyword.value) for keyword in node.keywords if keyword.arg == "remedy"), "")
    said = inspect.getdoc(kind) or ""
    yield Entry(kind.exit_code, kind.__name__, message or HOLE, " ".join(said.split()), given or _advice(kind), where)


def _advice(kind: type[KeifuError]) -> str:
    """What the class of a fault says in general."""
    return {
        1: "look at what the message names; nothing was left half-done",
        2: "change the call: --help shows what it takes",
        3: "look at what the message names, outside of these tools, then run the same command again",
    }[kind.exit_code]


def _is_fault(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, KeifuError)


def _text(node: ast.expr) -> str:
    """The words of a message that are the same each time."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    return HOLE
