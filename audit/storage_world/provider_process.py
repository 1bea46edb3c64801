"""A provider as a process: the core of keifu.storage.provider beside a store, peers and a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audit.storage_world.disk import Died
from audit.storage_world.process import SHORT_JOURNAL, Process
from audit.storage_world.store import LEAF_BYTES, Store, leaf_of, root_of
from keifu.errors import EnvironmentFault
from keifu.storage.erasure import Code
from keifu.storage.provider.commands import Answer, Delete, Discard, Fetch, Keep, Lookup, Open, Rebuild
from keifu.storage.provider.core import Provider
from keifu.storage.provider.desk import Policy
from keifu.storage.provider.messages import (
    Arrived,
    Fetched,
    FetchFailed,
    Found,
    KeepFailed,
    Kept,
    Leaf,
    Opened,
    OpenFailed,
    Rebuilt,
    ShardId,
)
from keifu.storage.provider.retries import Backoff
from keifu.storage.putting import Answered

if TYPE_CHECKING:
    from audit.storage_world.world import World

__all__ = ["ProviderProcess", "code_of"]

POLICY = Policy(patience=6.0, stagger=48.0, backoff=Backoff(2.0, 12.0))
_CODES: dict[tuple[int, int], Code] = {}


def code_of(k: int, n: int) -> Code:
    if (k, n) not in _CODES:
        _CODES[k, n] = Code(k, n - k)
    return _CODES[k, n]


class ProviderProcess(Process):
    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.store: Store
        self.is_whole = True  # no bit of its disk was changed by anybody else
        self.has_rot = False  # one that only reading shows
        self.drops = False  # deletes shards that it was paid to keep
        self.lies = False  # sends other bytes than it was asked for
        self._known: tuple[Any, ...] = ()
        self._fetched: dict[str, dict[int, bytes]] = {}
        self._handles = 0

    def make_core(self) -> Provider:
        self.store = Store(self.disk)
        self._known, self._fetched = (), {}
        return Provider(self.name, POLICY, self.journal.records(), self.store.kept())

    def _shorten(self) -> None:
        if len(list(self.journal.records())) > SHORT_JOURNAL:
            self.journal.replace(self.core.records())

    def look(self) -> None:
        head = self.world.chain.head_of(self.name, self._known)
        self._known = (*self._known[: head.kept], *head.operations)
        self.take(head)

    def carry_out(self, command: Any) -> None:
        match command:
            case Keep():
                self._keep(command)
            case Discard():
                self.store.discard(command.handle)
            case Delete():
                self.world.checks.deleted(self, command.shard)
                self.store.delete(command.shard)
            case Answer():
                self._answer(command)
            case Open():
                self._open(command)
            case Lookup():
                deal = self.world.chain.deal(command.deal)
                if deal and self.sees_chain:
                    self.later(Found(deal))
            case Fetch():
                self._fetch(command)
            case Rebuild():
                self._rebuild(command)
            case _:
                raise AssertionError(f"no such command: {command}")

    # The store

    def arrive(self, peer: str, shard: ShardId, data: bytes) -> None:
        """A peer has sent a shard."""
        if not self.is_up:
            return
        self.take(Arrived(peer, self._put(data), shard, root_of(data), len(data) // LEAF_BYTES))

    def _put(self, data: bytes) -> str:
        """Its handle."""
        self._handles += 1
        self.store.put(str(self._handles), data)
        return str(self._handles)

    def _keep(self, command: Keep) -> None:
        try:
            self.store.keep(command.handle, command.shard)
        except EnvironmentFault as error:
            self.later(KeepFailed(command.shard, error.message))
        else:
            self.later(Kept(command.shard))

    def _answer(self, command: Answer) -> None:
        client = self.world.client
        if not command.refusal:
            self.world.checks.acknowledged(self, command.shard)
        answered = Answered(command.shard, command.refusal)
        self.world.network.send(self.name, client.name, lambda: client.take(answered))

    def _open(self, command: Open) -> None:
        leaves: list[Leaf] = []
        for shard, index in command.leaves:
            data = self.store.data(shard)
            if data is None:
                self.later(OpenFailed(command.job, shard))
                return
            leaves.append(leaf_of(data, index))
        self.later(Opened(command.job, tuple(leaves)))

    def has(self, shard: ShardId, root: bytes) -> bool:
        """Whether the shard is on the disk, whether or not the process is up."""
        if self.is_dead:
            return False
        data = self.disk.durable.get(f"shard {shard}")
        return data is not None and root_of(data) == root

    def drop_one(self) -> None:
        """Behind the core's back."""
        if self.is_up and (shards := self.store.kept()):
            self.world.note(f"{self.name} drops a shard")
            self.is_whole = False
            try:
                self.store.delete(self.world.draw.choice(shards))
            except Died:
                self._fall()

    # Peers

    def _fetch(self, command: Fetch) -> None:
        peer, life = self.world.providers[command.peer], self.life
        job, shard = command.job, command.shard

        def ask() -> None:
            if peer.is_up:
                found = peer.give(shard)
                self.world.network.send(peer.name, self.name, lambda: self._fetched_one(life, job, shard, found))

        self.world.network.send(self.name, peer.name, ask)

    def give(self, shard: ShardId) -> bytes | None:
        """To whoever asks."""
        data = self.store.data(shard)
        return data[:-1] + bytes([data[-1] ^ 1]) if data and self.lies else data

    def _fetched_one(self, life: int, job: str, shard: ShardId, data: bytes | None) -> None:
        if life != self.life or not self.is_up:
            return
        deal = self.world.chain.deal(shard.deal)
        if data is not None and deal and root_of(data) == deal.roots[shard.index]:
            self._fetched.setdefault(job, {})[shard.index] = data
            self.take(Fetched(job, shard.index))
        else:
            self.take(FetchFailed(job, shard.index))

    def _rebuild(self, command: Rebuild) -> None:
        deal = self.world.chain.deal(command.shard.deal)
        assert deal
        known = {index: np.frombuffer(data, np.uint8) for index, data in self._fetched[command.job].items()}
        index = command.shard.index
        known.pop(index, None)
        data = code_of(deal.k, len(deal.holders)).rebuild(known, [index])[index].tobytes()
        data = self.world.as_it_arrives(data)
        self.later(Rebuilt(command.job, self._put(data), root_of(data), len(data) // LEAF_BYTES))
