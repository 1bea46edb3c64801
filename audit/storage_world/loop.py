"""The only clock of a world, and its network: calls in the order of their times, messages late, twice or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

__all__ = ["Loop", "Network"]


class Loop:
    def __init__(self) -> None:
        self.now = 0.0
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def at(self, time: float, call: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._calls, (max(time, self.now), self._number, call))

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        self.at(self.now + seconds, call)

    def run(self, until: float) -> None:
        while self._calls and self._calls[0][0] <= until:
            self.now, _, call = heappop(self._calls)
            call()
        self.now = until


@dataclass
class Network:
    loop: Loop
    draw: Random
    lost: float = 0.0  # share of the messages
    doubled: float = 0.0
    slowest: float = 2.0
    cut_off: set[str] = field(default_factory=set)  # reach nobody, and no chain

    def reaches(self, *names: str) -> bool:
        return not self.cut_off & set(names)

    def send(self, sender: str, receiver: str, deliver: Callable[[], None]) -> None:
        copies = 1 + (self.draw.random() < self.doubled)
        for _ in range(copies):
            if self.draw.random() >= self.lost and self.reaches(sender, receiver):
                self.loop.after(self.draw.uniform(0.05, self.slowest), lambda: self._arrive(sender, receiver, deliver))

    def _arrive(self, sender: str, receiver: str, deliver: Callable[[], None]) -> None:
        if self.reaches(sender, receiver):
            deliver()
