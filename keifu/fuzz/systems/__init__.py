"""One file a system under test. A file that holds one subclass of System is found by its name: `keifu fuzz vault`."""

from __future__ import annotations

import importlib
import pkgutil

from keifu.errors import UsageError
from keifu.fuzz.system import System

__all__ = ["load", "names"]


def names() -> list[str]:
    """Every system there is a description of, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> type[System]:
    """The description called `name`; raises UsageError when there is none."""
    if name not in names():
        raise UsageError(f"no system is called {name}", remedy=f"there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, System) and item.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise UsageError(f"{module.__name__} defines {len(found)} systems, not one")
    return found[0]
