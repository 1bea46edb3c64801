"""Packages whose names are imported when they are first used (PEP 562): a command pays for what it needs alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

__all__ = ["attach"]


def attach(package: str, modules: dict[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of `package`, whose public names come from these modules, by module."""
    places = {name: module for module, names in modules.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - the name that Python looks for
        try:
            module = places[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        value = getattr(import_module(module), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807
        own = vars(sys.modules[package])
        return sorted({*places, *own.get("__all__", ()), *(name for name in own if name.startswith("_"))})

    return __getattr__, __dir__
