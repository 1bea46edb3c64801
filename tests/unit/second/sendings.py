"""Every place in keifu that sends a call of a contract of the suite, found in its source.

A place is a function of a module and the name of what it calls, as in "tge.chain claim: claim". What goes through a
node's durable sender as data is none: there a refusal is a state of the intent, and the node goes on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from keifu import abi
from keifu.errors import KeifuError

__all__ = ["Place", "places"]

SOURCE = Path(__file__).resolve().parents[3] / "keifu"
SENDS = (
    "call",
    "transact",
    "send",
    "pay",
    "paid",
    "partial",
    "ask",
    "queue_or_execute",
    "send_with_coins",
    "let_answer",
)
CAREFUL = ("unless_done", "sent_unless_done", "until_done")  # what takes up what another has done


@dataclass(frozen=True)
class Place:
    """Where something is sent. `is_careful`: its function reckons with another who was first; `is_alone`: it sends
    nothing else but approvals, and not in a loop."""

    name: str
    is_careful: bool
    is_alone: bool


def places() -> list[Place]:
    """All of them, each once."""
    found = [place for path in sorted(SOURCE.rglob("*.py")) for place in _in_module(path)]
    return list({place.name: place for place in found}.values())


def _in_module(path: Path) -> Iterator[Place]:
    name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for owner, function in _functions(ast.parse(path.read_text()), ""):
        calls = list(_sent(function, name))
        for called, in_loop in calls:
            is_alone = not in_loop and all(other in (called, "approve") for other, _ in calls)
            yield Place(f"{name.removeprefix('keifu.')} {owner}: {called}", _is_careful(function), is_alone)


def _functions(tree: ast.AST, owner: str) -> Iterator[tuple[str, ast.AST]]:
    """Of a module and its classes; a function in another is a part of that."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{owner}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{node.name}.")


def _sent(function: ast.AST, module: str, in_loop: bool = False) -> Iterator[tuple[str, bool]]:
    for node in ast.iter_child_nodes(function):
        looping = in_loop or isinstance(node, ast.For | ast.While)
        if isinstance(node, ast.Call) and (called := _called(node, module)):
            yield called, looping
        yield from _sent(node, module, looping)


def _called(call: ast.Call, module: str) -> str:
    """What a call sends; "" where it sends nothing."""
    by = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if any(key.arg == "sender" for key in call.keywords) and by in _changing():
        return by
    if by.removeprefix("_") not in SENDS:
        return ""
    named = [item.value for part in call.args for item in _ways(part) if isinstance(item, ast.Constant)]
    contracts = [found for item in call.args if isinstance(item, ast.Name) and (found := _contract(item.id, module))]
    known = set().union(*(_of(contract) for contract in contracts)) if contracts else _changing()
    return next((name for name in named if name in known), "")


def _ways(part: ast.expr) -> list[ast.expr]:
    return [part.body, part.orelse] if isinstance(part, ast.IfExp) else [part]


def _is_careful(function: ast.AST) -> bool:
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return not names.isdisjoint(CAREFUL)


def _contract(name: str, module: str) -> str:
    """The contract that a constant of a module names."""
    found = getattr(import_module(module), name, None) if name.isupper() else None
    return found if isinstance(found, str) and _of(found) else ""


@cache
def _of(contract: str) -> frozenset[str]:
    """Functions of a contract that change something; none where it is no contract."""
    try:
        interface = abi.load(contract).interface
    except KeifuError:
        return frozenset()
    return frozenset(function.name for function in interface.functions if not function.is_view)


@cache
def _changing() -> frozenset[str]:
    return frozenset().union(*(_of(contract) for contract in abi.names()))
