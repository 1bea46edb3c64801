"""Bugs that we plant to see whether a campaign finds them: one file a system, each with a list `BUGS`."""

from __future__ import annotations

import importlib
import pkgutil

from keifu.fuzz.plant import Bug

__all__ = ["load", "names"]


def names() -> list[str]:
    """Systems with planted bugs."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(system: str) -> list[Bug]:
    """The bugs planted for `system`; ModuleNotFoundError when it has none."""
    bugs: list[Bug] = importlib.import_module(f"{__name__}.{system}").BUGS
    return bugs
