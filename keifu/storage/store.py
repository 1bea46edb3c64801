"""A content-addressed store of shards: what it has acknowledged survives a crash at any moment.

A shard arrives as segments under an id that its sender chose, one or a few at a time with the root over them, in any
order and any number of times. It is sealed by its own root, which has to be the root over what arrived, and from then
on found by it. Segments are written and made durable, entered in the index, and only then acknowledged. Senders that
come at the same time share one fdatasync and one transaction.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Self

import msgspec
import numpy as np

from keifu.chain.held import hold
from keifu.errors import CheckFailed, EnvironmentFault, InputError, UsageError
from keifu.merkle.indexed import path_in, tree_of
from keifu.storage.index import Index, Row
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES, TOGETHER
from keifu.storage.packs import Blobs, File, Frame, Packs, Place, StoreFull
from keifu.storage.trees import SEGMENT_LEAVES, joined_root, segment_root, segment_roots

__all__ = ["Limits", "Progress", "Store", "Stored", "Unknown"]

ID_BYTES = 32
MAX_LEAVES = 2**32
AT_ONCE = 64  # segments that share one fdatasync, 16 MiB
ERASED_AT_ONCE = 4_096


class Unknown(UsageError):
    """What was asked for is not here."""


@dataclass(frozen=True)
class Limits:
    """Bytes, whole segments counted: of everything, and of what nobody has taken responsibility for."""

    quota: int = 1 << 40
    unheld: int = 64 << 30


@dataclass(frozen=True)
class Progress:
    """How far an upload has come; `root` is there when it is sealed."""

    leaves: int
    segments: int
    have: int
    first_missing: int
    root: bytes | None


class Stored(msgspec.Struct, frozen=True):
    """A segment that can be sent: from `file`, or, where there is none, by `Store.read`."""

    root: bytes
    path: bytes
    place: Place
    file: File | None


@dataclass(frozen=True)
class _Waiting:
    """Neighbouring segments that somebody puts; what becomes of them says how many bytes of them were new."""

    shard: int
    frames: list[Frame]
    done: Future[int]


class Store:
    """One process has it open at a time. Calls come from any number of threads."""

    def __init__(
        self,
        folder: Path,
        blobs: Blobs | None = None,
        *,
        limits: Limits | None = None,
        database: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._held, self._limits, self._clock = ExitStack(), limits or Limits(), clock
        with ExitStack() as opened:
            hold(opened, folder / "store.lock", lambda holder: _taken(folder, holder), use="the store")
            self._blobs: Blobs = blobs or Packs(folder / "packs")
            opened.callback(self._blobs.close)
            self._index = Index(database or folder / "store.sqlite")
            opened.callback(self._index.close)
            self._commit = threading.Lock()
            self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
            self._fault = ""
            self._sweepable = self._index.newest_garbage()  # nobody reads what was released before this start
            self._recover()
            segment_root(bytes(2 * LEAF_BYTES), 0)  # compiled code is loaded before the first sender waits for it
            self._writer = threading.Thread(target=self._write_queue, name="store", daemon=True)
            self._writer.start()
            self._held.enter_context(opened.pop_all())

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._writer.join()
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # uploading -----------------------------------------------------------------------------------------------------

    def begin(self, upload: bytes, leaves: int) -> Progress:
        """Reserve the room of a shard; again is as good as once. Raises StoreFull when it does not fit."""
        _require_id(upload)
        if not 0 < leaves <= MAX_LEAVES:
            raise InputError(f"a shard has from 1 to {MAX_LEAVES} leaves, not {leaves}", remedy="split the file")
        with self._commit:
            row = self._index.shard(upload=upload)
            if row is None:
                self._require_room(leaves)
                self._index.begin(upload, leaves, int(self._clock()))
            elif row.leaves != leaves:
                raise InputError(f"this upload has {row.leaves} leaves, not {leaves}", remedy="take another id")
        return self.progress(upload)

    def _require_room(self, leaves: int) -> None:
        wanted = -(-leaves // SEGMENT_LEAVES)
        for most, unheld in ((self._limits.quota, False), (self._limits.unheld, True)):
            if (self._index.reserved(SEGMENT_LEAVES, unheld=unheld) + wanted) * SEGMENT_BYTES > most:
                what = "for what nobody has paid for" if unheld else "in this store"
                raise StoreFull(f"there is no room {what} for {wanted} segments", remedy="take another provider")

    def progress(self, upload: bytes) -> Progress:
        row = self._upload(upload)
        have, segments = self._index.count(row.id), -(-row.leaves // SEGMENT_LEAVES)
        first = segments if have == segments else self._index.first_missing(row.id)
        return Progress(row.leaves, segments, have, first, row.root)

    def put(self, upload: bytes, number: int, data: bytes | memoryview, root: bytes) -> int:
        """Keep segment `number`, or a few from there on; again is as good as once. How many bytes of them are new.
        Raises CheckFailed, and keeps nothing, when `root` is not the root over `data`, or when one of these numbers is
        there with other bytes."""
        return self.begin_put(upload, number, data, root).result()

    def begin_put(self, upload: bytes, number: int, data: bytes | memoryview, root: bytes) -> Future[int]:
        """The same, without a wait for the disk."""
        row = self._upload(upload)
        left = row.leaves * LEAF_BYTES - number * SEGMENT_BYTES
        if number < 0 or left <= 0:
            raise InputError(f"the shard has no segment {number}", remedy="count them from 0")
        count = min(max(1, -(-len(data) // SEGMENT_BYTES)), TOGETHER)
        if len(data) != (size := min(left, count * SEGMENT_BYTES)):  # whole segments, or up to the end
            raise InputError(f"segment {number} has {len(data)} bytes, not {size}", remedy="send it whole")
        roots = segment_roots(data, number)
        if joined_root(roots) != root:
            raise CheckFailed(f"segment {number} arrived damaged", remedy="send it again")
        view, done = memoryview(data), Future[int]()
        frames = [
            Frame(upload, number + place, found, view[place * SEGMENT_BYTES : (place + 1) * SEGMENT_BYTES])
            for place, found in enumerate(roots)
        ]
        self._queue.put(_Waiting(row.id, frames, done))
        return done

    def seal(self, upload: bytes, root: bytes, *, mends: bool = False) -> None:
        """The upload is whole; again is as good as once. Raises CheckFailed when `root` is not the root over it.

        A shard of this root that is here already stays, unless the upload `mends` it: then it takes its place.
        """
        with self._commit:
            known = self._index.shard(root=root)
            row = self._index.shard(upload=upload)
            if row is None or row.root is not None:
                if known is None or (row is not None and row.root != root):
                    raise Unknown("there is no such upload", remedy="begin it again")
                return
            levels = tree_of(np.frombuffer(self._whole(row), np.uint8).reshape(-1, len(root)))
            if levels[-1].tobytes() != root:
                raise CheckFailed("the segments do not have this root", remedy="give the upload up and begin again")
            if known is not None and not mends:  # another upload brought the same shard
                self._index.remove(row.id)
                return
            paths = (b"".join(path_in(levels, number)) for number in range(len(levels[0])))
            self._index.seal(row.id, root, paths, instead_of=known.id if known else None)

    def _whole(self, row: Row) -> bytes:
        roots = self._index.roots(row.id)
        if len(roots) != -(-row.leaves // SEGMENT_LEAVES):
            missing = self._index.first_missing(row.id)
            raise InputError(f"segment {missing} is missing", remedy="send it before you seal")
        return b"".join(root for _, root in roots)

    def give_up(self, upload: bytes) -> None:
        """Forget an upload that is not sealed."""
        with self._commit:
            row = self._index.shard(upload=upload)
            if row is not None and row.root is None:
                self._index.remove(row.id)

    # what is stored ------------------------------------------------------------------------------------------------

    def leaves(self, root: bytes) -> int:
        """Of a shard. Raises Unknown when it is not here."""
        return self._shard(root).leaves

    def find(self, root: bytes, number: int) -> Stored:
        """A segment of a shard, without a look at its bytes: whoever gets them checks them by the path."""
        return self.find_from(root, number, 1)[0]

    def find_from(self, root: bytes, first: int, count: int) -> list[Stored]:
        """So many segments from `first` on, or those that the shard has, which is one at least."""
        entries, file = self._index.segments(root, first, count), self._blobs.file
        if not entries:
            self._shard(root)
            raise Unknown(f"shard 0x{root.hex()} has no segment {first}", remedy="count them from 0")
        return [Stored(entry.root, entry.path, entry.place, file(entry.place)) for entry in entries]

    def read(self, found: Stored) -> bytes:
        """The bytes of a segment as the disk gives them: whoever gets them checks them by the path."""
        return self._blobs.read(found.place)

    def read_past_cache(self, found: Sequence[Stored]) -> memoryview | None:
        """All of them, one after another; None where they can only be read with the disk's cache."""
        return self._blobs.read_past_cache([stored.place for stored in found])

    def read_checked(self, root: bytes, number: int) -> bytes:
        """The bytes of a segment, compared with its root."""
        found = self.find(root, number)
        data = self.read(found)
        if len(data) != found.place.size or segment_root(data, number) != found.root:
            raise CheckFailed(
                f"segment {number} of shard 0x{root.hex()} is damaged here", remedy="repair it from other shards"
            )
        return data

    def hold(self, root: bytes, holder: bytes) -> None:
        """Keep a shard for a deal, until that is released."""
        _require_id(holder)
        with self._commit:
            self._index.hold(self._shard(root).id, holder)

    def held_by(self, holder: bytes) -> list[bytes]:
        """Roots of the shards that are kept for a deal."""
        return self._index.held_by(holder)

    def release(self, holder: bytes) -> list[bytes]:
        """A deal is over, in a final block: roots of the shards that are gone with it."""
        with self._commit:
            return [row.root for row in self._index.release(holder) if row.root is not None]

    def expire(self, before: int) -> int:
        """Forget what was begun before that time and nobody holds; how many shards."""
        with self._commit:
            old = self._index.unheld_before(before)
            for row in old:
                self._index.remove(row.id)
        return len(old)

    def sweep(self) -> int:
        """Give back the room of what had been released before the last call; how many segments. Call it more rarely
        than an answer may take: somebody may still be reading what was released since."""
        erased = 0
        with self._commit:
            while rows := self._index.garbage(self._sweepable, ERASED_AT_ONCE):
                self._blobs.erase([place for _, place in rows])
                self._index.erased(rows)
                erased += len(rows)
            for pack in self._index.unused_packs():
                if self._blobs.drop(pack):
                    self._index.dropped(pack)
            self._sweepable = self._index.newest_garbage()
        return erased

    @property
    def changes(self) -> int:
        """Grows when what was found before may be there no more."""
        return self._index.changes

    @property
    def reserved(self) -> int:
        """Bytes of all shards, whole segments counted."""
        return self._index.reserved(SEGMENT_LEAVES) * SEGMENT_BYTES

    # inside --------------------------------------------------------------------------------------------------------

    def _write_queue(self) -> None:
        """A thread of its own: all that has come in the meantime shares one write."""
        while (first := self._queue.get()) is not None:
            batch, count = [first], len(first.frames)
            while count < AT_ONCE and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                batch.append(following)
                count += len(following.frames)
            try:
                with self._commit:
                    outcomes = self._write(batch)
            except Exception as error:  # whoever waits gets it
                for waiting in batch:
                    waiting.done.set_exception(error)
            else:
                self._answer(batch, outcomes)

    @staticmethod
    def _answer(batch: list[_Waiting], outcomes: list[int | Exception]) -> None:
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                waiting.done.set_exception(outcome)
            else:
                waiting.done.set_result(outcome)

    def _write(self, batch: list[_Waiting]) -> list[int | Exception]:
        """All that is new of a batch: for each how many bytes. A number that is there already has to have that root."""
        new: dict[tuple[int, int], Frame] = {}
        outcomes: list[int | Exception] = []
        for waiting in batch:
            try:
                added = self._new_of(waiting, new)
            except CheckFailed as error:
                outcomes.append(error)
            else:
                new |= {(waiting.shard, frame.number): frame for frame in added}
                outcomes.append(sum(len(frame.data) for frame in added))
        if new:
            self._write_new(new)
        return outcomes

    def _new_of(self, waiting: _Waiting, new: dict[tuple[int, int], Frame]) -> list[Frame]:
        """What is not there yet, nor among those that are new."""
        shard, frames = waiting.shard, waiting.frames
        kept = self._index.kept(shard, frames[0].number, len(frames))
        kept |= {frame.number: new[shard, frame.number].root for frame in frames if (shard, frame.number) in new}
        added = [frame for frame in frames if frame.number not in kept]
        others = [frame.number for frame in frames if kept.get(frame.number, frame.root) != frame.root]
        row = self._index.shard(upload=frames[0].upload) if added else None
        if added and (row is None or row.id != shard or row.root is not None):
            others.append(added[0].number)
        if others:
            what = f"segment {others[0]} is there with other bytes, or its upload was given up"
            raise CheckFailed(what, remedy="begin another upload")
        return added

    def _write_new(self, new: dict[tuple[int, int], Frame]) -> None:
        if self._fault:
            raise EnvironmentFault(f"the store is not written any more: {self._fault}", remedy="restart the node")
        frames = list(new.values())
        places = self._blobs.write(frames, self._index.new_pack)
        try:
            self._index.enter(list(zip([shard for shard, _ in new], frames, places, strict=True)))
        except sqlite3.Error as error:  # what is written will be entered by the next start
            self._fault = str(error)
            raise EnvironmentFault(f"the index cannot be written: {error}", remedy="restart the node") from error

    def _recover(self) -> None:
        """Enter what was written and not yet indexed when a crash came."""
        for pack, indexed in self._index.packs():
            for frame, place in self._blobs.recover(pack, indexed):
                row = self._index.shard(upload=frame.upload)
                if row is None or row.root is not None or self._index.kept(row.id, frame.number):
                    self._index.throw(place)
                else:
                    self._index.enter([(row.id, frame, place)])

    def _upload(self, upload: bytes) -> Row:
        row = self._index.shard(upload=upload)
        if row is None:
            raise Unknown("there is no such upload", remedy="begin it")
        return row

    def _shard(self, root: bytes) -> Row:
        row = self._index.shard(root=root)
        if row is None:
            raise Unknown(f"shard 0x{root.hex()} is not stored here", remedy="ask another provider")
        return row


def _require_id(name: bytes) -> None:
    if len(name) != ID_BYTES:
        raise InputError(f"an id has {ID_BYTES} bytes, {len(name)} given", remedy="take a hash, or random bytes")


def _taken(folder: Path, holder: str) -> EnvironmentFault:
    whose = f" ({holder})" if holder else ""
    return EnvironmentFault(f"another process{whose} has the store in {folder} open", remedy="stop it first")
