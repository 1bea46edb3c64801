"""The client that stores files and the watcher that samples them, as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit.storage_world.process import Process
from audit.storage_world.store import leaf_of
from keifu.storage.provider.messages import Leaf
from keifu.storage.provider.retries import Backoff
from keifu.storage.putting import File, Put, Stored, Upload
from keifu.storage.watching import Sample, Sampled, Watch, Watcher

if TYPE_CHECKING:
    from audit.storage_world.world import World

__all__ = ["ClientProcess", "WatcherProcess"]


class ClientProcess(Process):
    def __init__(self, world: World) -> None:
        super().__init__(world, "0x" + "c1" * 20)
        self._files: list[File] = []

    def wants(self, file: File) -> None:
        """Known to the process in all its lives."""
        self._files.append(file)
        if self.core is not None:
            self.core.add(file)

    def make_core(self) -> Put:
        return Put(self.name, self._files, self._choose, self.journal.records(), Backoff(4.0, 12.0), 6.0)

    def _choose(self, count: int, without: frozenset[str]) -> tuple[str, ...]:
        names = [name for name in self.world.providers if name not in without]
        names = self.world.shuffled(names)
        return tuple(sorted(names, key=lambda name: not self.world.providers[name].is_up))[:count]

    def look(self) -> None:
        self.take(self.world.chain.client_head(self.name))

    def carry_out(self, command: Any) -> None:
        match command:
            case Upload():
                peer, shard = self.world.providers[command.peer], command.shard
                data = self.world.shard_data(shard)
                if data is not None:
                    self.world.network.send(
                        self.name, peer.name, lambda: peer.arrive(self.name, shard, self.world.as_it_arrives(data))
                    )
            case Stored():
                self.world.checks.stored(command.file, command.deal)
            case _:
                raise AssertionError(f"no such command: {command}")


class WatcherProcess(Process):
    def __init__(self, world: World) -> None:
        super().__init__(world, "0x" + "a7" * 20)

    def make_core(self) -> Watcher:
        watch = Watch(every=30.0, patience=6.0, failures=2, backoff=Backoff(180.0, 600.0))
        return Watcher(self.name, watch, self.world.draw.randrange, self.journal.records())

    def look(self) -> None:
        self.take(self.world.chain.watcher_head())

    def carry_out(self, command: Any) -> None:
        assert isinstance(command, Sample)
        peer, life = self.world.providers[command.peer], self.life

        def ask() -> None:
            data = peer.give(command.shard) if peer.is_up else None
            leaf = leaf_of(data, command.leaf) if data else None
            if peer.is_up:
                self.world.network.send(peer.name, self.name, lambda: answer(leaf))

        def answer(leaf: Leaf | None) -> None:
            if life == self.life:
                self.take(Sampled(command.job, leaf))

        self.world.network.send(self.name, peer.name, ask)
