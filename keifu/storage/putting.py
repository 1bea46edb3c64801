"""A client's core that brings files into storage: what it paid for is written down first, so no retry pays again.

A file is stored when its deal is active in a final block. Where a provider does not accept in time, the deal is
cancelled, and the next attempt names another provider in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keifu.keys import keccak256
from keifu.storage.deals import Placed, deal_id, deal_root
from keifu.storage.layout import word
from keifu.storage.provider.commands import Submit, WakeAt, Write
from keifu.storage.provider.intents import Intents
from keifu.storage.provider.messages import Record, Settled, ShardId
from keifu.storage.provider.retries import Backoff, Pauses

__all__ = ["Answered", "CancelDeal", "Choose", "ClientHead", "DealSeen", "File", "OpenDeal", "Put", "Stored", "Upload"]

Choose = Callable[[int, frozenset[str]], tuple[str, ...]]  # how many, not these -> providers


@dataclass(frozen=True)
class File:
    """What is to be stored: its shards by their roots, each of `leaves`."""

    name: str
    k: int
    roots: tuple[bytes, ...]
    leaves: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class DealSeen:
    """One of this client's deals in a block."""

    status: str  # open, active, cancelled or ended
    accepted: frozenset[int]
    accept_by: int
    since: int  # block of the status


@dataclass(frozen=True, slots=True)
class ClientHead:
    number: int
    time: int
    final: int
    deals: Mapping[bytes, DealSeen]


@dataclass(frozen=True, slots=True)
class Answered:
    """A provider keeps a shard, or says why not."""

    shard: ShardId
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class OpenDeal:
    id: bytes
    file: str
    k: int
    shards: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class CancelDeal:
    id: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    peer: str
    shard: ShardId


@dataclass(frozen=True, slots=True)
class Stored:
    """The file is safe: its deal is active in a final block."""

    file: str
    deal: bytes


ClientCommand = Write | Submit | Upload | Stored | WakeAt


@dataclass
class _Attempt:
    file: File
    number: int
    holders: tuple[str, ...]
    client: str
    done: bool = False
    deal: bytes = field(init=False)
    kept: set[int] = field(default_factory=set)  # acknowledged by their providers in this life of the process

    def __post_init__(self) -> None:
        self.deal = deal_id(self.client, deal_root(self.shards()), keccak256(self.file.salt + word(self.number)))

    def shards(self) -> tuple[Placed, ...]:
        roots = zip(self.holders, self.file.roots, strict=True)
        return tuple(Placed(holder, root, self.file.leaves) for holder, root in roots)


class Put:
    """`files` are what this client wants stored, the same after a restart; `records` are those of its journal."""

    def __init__(
        self,
        me: str,
        files: Iterable[File],
        choose: Choose,
        records: Iterable[Record] = (),
        backoff: Backoff = Backoff(),  # noqa: B008 - never changes
        patience: float = 20.0,
    ) -> None:
        self.me, self._choose, self._patience = me, choose, patience
        self._files = {file.name: file for file in files}
        known = list(records)
        self._intents = Intents(record for record in known if record["is"] != "put")
        self._attempts: dict[str, _Attempt] = {}
        self._ids: dict[bytes, _Attempt] = {}
        self._pauses = Pauses(me, backoff)
        self._head: ClientHead | None = None
        self._commands: list[ClientCommand] = []
        for record in known:
            if record["is"] == "put":
                self._begin(record)

    def add(self, file: File) -> None:
        """It is begun at the next event."""
        self._files[file.name] = file

    @property
    def unsettled(self) -> tuple[str, ...]:
        return tuple(intent.id for intent in self._intents)

    @property
    def done(self) -> bool:
        return all(name in self._attempts and self._attempts[name].done for name in self._files)

    def handle(self, now: float, event: Any) -> list[ClientCommand]:
        self._now, self._commands = now, []
        match event:
            case ClientHead():
                self._head = event
                self._intents.seen(event.number)
            case Answered():
                self._answered(event)
            case Settled():
                self._settled(event)
        if self._head:
            for file in self._files.values():
                self._step(file, self._head)
        return self._commands

    def _settled(self, event: Settled) -> None:
        if found := self._intents.settle(event):
            self._commands.append(Write(found[1]))
            if not event.done:
                self._pauses.failed(found[0].key, self._now)

    def _answered(self, event: Answered) -> None:
        attempt = self._ids.get(event.shard.deal)
        if attempt and not event.refusal:
            attempt.kept.add(event.shard.index)
            self._pauses.failed(f"asked {event.shard}", self._now)  # it is asked again if no acceptance follows
        elif attempt:
            self._pauses.failed(f"upload {event.shard}", self._now)

    def _begin(self, record: Record) -> None:
        attempt = _Attempt(
            self._files[record["file"]], record["number"], tuple(record["holders"]), self.me, record["done"]
        )
        self._attempts[attempt.file.name] = self._ids[attempt.deal] = attempt

    def _write(self, file: str, number: int, holders: tuple[str, ...], done: bool = False) -> None:
        record = {"is": "put", "file": file, "number": number, "holders": list(holders), "done": done}
        self._commands.append(Write(record))
        self._begin(record)

    def _step(self, file: File, head: ClientHead) -> None:
        attempt = self._attempts.get(file.name)
        if attempt is None:
            holders = self._choose(len(file.roots), frozenset())
            if len(holders) < len(file.roots):
                return  # too few providers: asked again at the next block
            self._write(file.name, 0, holders)
            attempt = self._attempts[file.name]
        if attempt.done:
            return
        deal = attempt.deal
        seen = head.deals.get(deal)
        if seen is None:
            self._submit("open", OpenDeal(deal, file.name, file.k, attempt.shards()), deal)
        elif seen.status in ("active", "ended") and seen.since <= head.final:
            self._write(file.name, attempt.number, attempt.holders, done=True)
            if seen.status == "active":
                self._commands.append(Stored(file.name, deal))
        elif seen.status == "open" and head.time > seen.accept_by:
            self._submit("cancel", CancelDeal(deal), deal)
        elif seen.status == "open":
            self._upload(attempt, deal, seen)
        elif seen.status == "cancelled" and seen.since <= head.final:
            self._replace(attempt, seen)

    def _replace(self, attempt: _Attempt, seen: DealSeen) -> None:
        """Others instead of those that did not accept, as far as there are any; the rest stays."""
        absent = [index for index in range(len(attempt.holders)) if index not in seen.accepted]
        new = iter(self._choose(len(absent), frozenset(attempt.holders)))
        holders = tuple(
            next(new, holder) if index in absent else holder for index, holder in enumerate(attempt.holders)
        )
        self._write(attempt.file.name, attempt.number + 1, holders)

    def _upload(self, attempt: _Attempt, deal: bytes, seen: DealSeen) -> None:
        for index, holder in enumerate(attempt.holders):
            shard = ShardId(deal, index)
            if index in attempt.kept and index not in seen.accepted:
                key, pause = f"asked {shard}", self._patience * 2
            else:
                key, pause = f"upload {shard}", 0.0
            if index in seen.accepted or self._wait_for(key, pause):
                continue
            self._pauses.failed(key, self._now)
            self._commands.append(Upload(holder, shard))

    def _wait_for(self, key: str, pause: float) -> bool:
        until = self._pauses.until(key)
        if until + pause > self._now:
            self._commands.append(WakeAt(until + pause))
            return True
        return False

    def _submit(self, kind: str, call: OpenDeal | CancelDeal, deal: bytes) -> None:
        key = f"{kind} {deal.hex()}"
        if self._intents.busy(key) or self._wait_for(key, 0.0):
            return
        intent, record = self._intents.new(kind, deal.hex())
        self._commands += [Write(record), Submit(intent.id, call)]
