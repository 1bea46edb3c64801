"""Programs and records whose parts are made when somebody looks at them: a dispute looks at few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

from keifu.spec.inference_openings import Published

__all__ = ["Lazy", "Loaded"]

T = TypeVar("T")


class Lazy(Sequence[T]):
    """Items that are made when somebody looks at them."""

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> list[T]: ...

    def __getitem__(self, at: int | slice) -> T | list[T]:
        if isinstance(at, slice):
            return [self._make(number) for number in range(self._count)[at]]
        return self._make(range(self._count)[at])


@dataclass(frozen=True)
class Loaded(Published):
    """Descriptors are there already, so that nobody hashes a table of tokens again."""

    groups: Sequence[Sequence[bytes]] = field(default_factory=list)

    def written(self, group: int, slot: int) -> bytes:
        return self.groups[group][slot - 1]
