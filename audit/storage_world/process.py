"""What providers, client and watcher have in common: a process with a core that dies between two commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit.storage_world.disk import Died, Disk
from audit.storage_world.store import DiskJournal
from keifu.storage.provider.commands import Alert, Submit, WakeAt, Write
from keifu.storage.provider.messages import Settled, Wake

if TYPE_CHECKING:
    from audit.storage_world.world import World

__all__ = ["Process"]

CLOCK = 1e5  # seconds by which a wrong one may differ
WAKE_STEP = 1.0  # seconds: wakes that are closer together are one
SHORT_JOURNAL = 40  # records that a journal may have before it is written anew


class Process:
    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.disk = Disk(world.draw, world.dies_now)
        self.is_up = False
        self.is_dead = False  # for good, with its disk
        self.up_since = 0.0
        self.clock = world.draw.uniform(-CLOCK, CLOCK) if world.faults.wrong_clocks else 0.0
        self.core: Any = None
        self.journal: DiskJournal
        self.life = 0
        self._wakes: set[float] = set()

    # To be said by each kind

    def make_core(self) -> Any:
        raise NotImplementedError

    def look(self) -> None:
        """At the chain."""
        raise NotImplementedError

    def carry_out(self, command: Any) -> None:
        raise NotImplementedError

    # Life and death

    def start(self) -> None:
        if self.is_dead or self.is_up:
            return
        self.life += 1
        self._wakes = set()
        self.is_up, self.up_since = True, self.world.loop.now
        self.world.note(f"{self.name} starts")
        try:
            self.journal = DiskJournal(self.disk)
            self.core = self.make_core()
        except Died:
            self._fall()

    def visit(self) -> None:
        """The chain: what became of the intents, then the newest block."""
        if not self.sees_chain:
            return
        for intent in self.core.unsettled:
            sent = self.world.senders.outcome(self.name, intent)
            if sent is None:
                self.take(Settled(intent, False, reason="never heard of"))
            elif sent.outcome is not None:
                self.take(Settled(intent, sent.outcome, sent.mined, sent.reason))
        if self.is_up:
            self.look()

    def die(self) -> None:
        if self.is_up:
            self.world.note(f"{self.name} dies")
            self.is_up, self.core = False, None
            self.disk.crash()

    def end(self) -> None:
        """For good: machine and disk are gone."""
        self.die()
        self.world.note(f"{self.name} is destroyed")
        self.is_dead = True
        self.disk.destroy()

    # Events

    @property
    def sees_chain(self) -> bool:
        return self.is_up and self.world.network.reaches(self.name)

    def take(self, event: Any) -> None:
        """Give an event to the core and carry out what it says; the process may die before any command."""
        if not self.is_up:
            return
        try:
            for command in self.core.handle(self.world.loop.now + self.clock, event):
                if self.world.dies_now():
                    raise Died
                self._do(command)
        except Died:
            self._fall()

    def _fall(self) -> None:
        """A death that a supervisor sees."""
        self.die()
        self.world.loop.after(self.world.draw.uniform(1, 40), self.start)

    def later(self, event: Any) -> None:
        """An event that follows from a command: given after the command's step is over, in the same life."""
        life = self.life
        self.world.loop.after(0.0, lambda: self.take(event) if self.life == life else None)

    def _do(self, command: Any) -> None:
        match command:
            case Write():
                self.journal.append(command.record)
                self._shorten()
            case Submit():
                self.world.note(f"{self.name} sends {command.intent}")
                self.world.senders.submit(self.name, command.intent, command.call)
            case WakeAt():
                self._wake_at(command.time - self.clock)
            case Alert():
                self.world.note(f"{self.name} alerts: {command.text}")
            case _:
                self.carry_out(command)

    def _shorten(self) -> None:
        """Kinds whose core can say its journal in fewer words do so."""

    def _wake_at(self, time: float) -> None:
        step = -(-time // WAKE_STEP) * WAKE_STEP
        if step in self._wakes:
            return
        self._wakes.add(step)
        life = self.life

        def wake() -> None:
            if self.life == life:
                self._wakes.discard(step)
                self.take(Wake())

        self.world.loop.at(step, wake)
