"""A disk as a crash leaves it: what was synced stays, of the rest some is lost, some torn, some there."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from keifu.errors import EnvironmentFault

__all__ = ["Died", "Disk"]

LOST, WHOLE = 0.4, 0.3  # shares of what was not synced before a crash; the rest is torn


class Died(Exception):
    """The process ended between two commands, or inside one."""


class Disk:
    def __init__(self, draw: Random, dies: Callable[[], bool]) -> None:
        self._draw, self._dies = draw, dies
        self.durable: dict[str, bytes] = {}
        self._cached: dict[str, bytes | None] = {}  # None: deleted
        self.is_full = False

    def write(self, name: str, data: bytes) -> None:
        """Raises EnvironmentFault when there is no room."""
        if self.is_full:
            raise EnvironmentFault("the disk is full", remedy="delete something")
        self._cached[name] = data

    def append(self, name: str, data: bytes) -> None:
        """Small files: the room for them was set aside."""
        self._cached[name] = (self.read(name) or b"") + data

    def truncate(self, name: str, size: int) -> None:
        self._cached[name] = (self.read(name) or b"")[:size]

    def delete(self, name: str) -> None:
        self._cached[name] = None

    def read(self, name: str) -> bytes | None:
        return self._cached[name] if name in self._cached else self.durable.get(name)

    def rename(self, old: str, new: str) -> None:
        data = self.read(old)
        assert data is not None
        self._cached[new] = data
        self._cached[old] = None

    def names(self) -> list[str]:
        return [name for name in sorted({*self.durable, *self._cached}) if self.read(name) is not None]

    def sync(self, name: str) -> None:
        """Raises Died when the process does not live to see it."""
        if self._dies():
            raise Died
        if name in self._cached:
            self._make_durable(name, self._cached.pop(name))

    def crash(self) -> None:
        """What was not synced: there, gone, or written in part."""
        for name, data in self._cached.items():
            fate = self._draw.random()
            if fate < LOST:
                continue
            if fate < LOST + WHOLE or data is None:
                self._make_durable(name, data)
            else:
                self._tear(name, data)
        self._cached = {}

    def _tear(self, name: str, data: bytes) -> None:
        before = self.durable.get(name, b"")
        begin = len(before) if data.startswith(before) else 0
        self.durable[name] = data[: self._draw.randrange(begin, len(data) + 1)]

    def _make_durable(self, name: str, data: bytes | None) -> None:
        if data is None:
            self.durable.pop(name, None)
        else:
            self.durable[name] = data

    def rot(self, name: str) -> None:
        """One bit of a file changes where it lies."""
        data = bytearray(self.durable[name])
        data[self._draw.randrange(len(data))] ^= 1 << self._draw.randrange(8)
        self.durable[name] = bytes(data)

    def destroy(self) -> None:
        self.durable, self._cached = {}, {}
