"""The reasons with which a contract's sources revert, as far as they are written out: "<contract>: <reason>"."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from vyper import ast as vy_ast

from evmstorm.evm.artifact import Artifact

__all__ = ["place", "reasons"]

ROOT = Path(__file__).parents[1]
PACKAGES = "site-packages/"


def reasons(artifact: Artifact) -> list[str]:
    """Sorted. Those of a library's function that the contract does not call are among them."""
    return sorted({reason for name in artifact.sources if name.endswith(".vy") for reason in _of(name)})


@cache
def _of(name: str) -> frozenset[str]:
    module = vy_ast.parse_to_ast(place(name).read_text())
    found = [node.msg for node in module.get_descendants(vy_ast.Assert)]
    found += [node.exc for node in module.get_descendants(vy_ast.Raise)]
    return frozenset(message.value for message in found if isinstance(message, vy_ast.Str))


def place(name: str) -> Path:
    """A source of this repository, or of an installed package."""
    if not name.startswith(PACKAGES):
        return ROOT / name
    package, _, rest = name.removeprefix(PACKAGES).partition("/")
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / rest
