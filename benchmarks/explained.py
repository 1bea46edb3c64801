"""The catalogue of errors: every reason of a contract and every fault that the tools raise, and who explains it.

What there is to explain is found another way than the catalogue finds it: reasons in the packaged contracts,
faults by importing each module and looking at what its names are. A fault counts when the catalogue has as many entries
of its class in its file as the file has places that make one, each with words about why it comes and what to do.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import ethwire
import evmstorm
import keifu
from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu import abi
from keifu.abi.remedies import IN_GENERAL
from keifu.cli.catalogue import Fault, catalogue
from keifu.errors import KeifuError

__all__ = ["ROWS", "faults", "missing"]

PACKAGES = (ethwire, evmstorm, keifu)


@cache
def missing() -> tuple[tuple[str, ...], int]:
    """What is not explained, and how much there is to explain."""
    entries = [entry for entry in catalogue() if _is_explained(entry)]
    said = {entry.message for entry in entries if entry.kind == "Revert"}
    due = _due_reasons()
    places = Counter((entry.where, entry.kind) for entry in entries)
    made = Counter(faults())
    left = [f"{kind} in {where}" for (where, kind), count in made.items() for _ in range(count - places[where, kind])]
    return (*sorted(due - said), *left), len(due) + made.total()


def _is_explained(entry: Fault) -> bool:
    return bool(entry.why and entry.remedy) and entry.remedy != IN_GENERAL


def _due_reasons() -> set[str]:
    return {reason for name in abi.names() for reason in abi.load(name).reasons}


def faults() -> Iterator[tuple[str, str]]:
    """File and class of every place that makes a fault."""
    for module in _modules():
        assert module.__file__ is not None
        text = Path(module.__file__).read_text(encoding="utf-8")
        where = module.__name__.replace(".", "/") + ("/__init__.py" if hasattr(module, "__path__") else ".py")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = getattr(module, node.func.id, None)
                if inspect.isclass(kind) and issubclass(kind, KeifuError):
                    yield where, node.func.id


def _modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _fraction(_: Lab) -> float:
    left, count = missing()
    return 1 - len(left) / count


def _count(_: Lab) -> float:
    return missing()[1]


ROWS = (
    Row(
        "count.errors",
        _fraction,
        "reasons of contracts and places that make a fault of a tool; each with why it comes, exit status and remedy",
        also=(("of", _count),),
    ),
)
