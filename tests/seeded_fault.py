"""One fault of the past, and the tests that have to notice it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True)
class Fault:
    """`right` in `path` becomes `wrong`; `tests` are marked with `case` (words behind -k narrow them)."""

    case: str
    what: str
    path: str
    right: str
    wrong: str
    tests: str
    only: str = ""
    plugins: tuple[str, ...] = ()
