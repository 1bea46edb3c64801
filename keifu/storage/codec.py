"""A file to shards and back, a stripe at a time, so that memory stays flat at any size.

encoder = Encoder(FileKeys.fresh(), k=10, m=4)
for stripe in encoder.stripes(file):
    ...                                 # stripe.pieces[i] is the next segment of shard i, stripe.roots[i] its root
encoder.descriptor.content_root

decoder = Decoder(descriptor, keys)
for part in decoder.read(fetch):        # fetch(stripe, shards, count) -> by shard, at least `count` of them if it can
    ...
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.merkle.indexed import LEAF_BYTES, roots_of
from keifu.storage.ciphers import FileKeys, Masks, Segments
from keifu.storage.erasure import Code
from keifu.storage.layout import CHUNK_BYTES, SEGMENT_BYTES, TAG_BYTES, Descriptor, Header, piece_of
from keifu.storage.trees import Mountains

__all__ = ["Decoder", "Encoder", "Fetch", "Readable", "Stripe", "rebuild"]

Pieces = Mapping[int, bytes | memoryview]
Fetch = Callable[[int, Iterable[int], int], Pieces]


class Readable(Protocol):
    """A source of bytes; it may give fewer than are asked for."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Stripe:
    """One segment of each shard, and the segments' roots. The encoder says how long the bytes stay valid."""

    number: int
    pieces: NDArray[np.uint8]  # uint8[k + m, bytes]
    roots: NDArray[np.uint8]  # uint8[k + m, 32]


class Encoder:
    """Encodes one file; `descriptor` is there when all stripes were taken.

    The caller's thread reads and encrypts; others make parity and hash, a stripe each. The bytes of a stripe stay valid
    while `held` further ones are asked for. With the header of an earlier encoder and the same keys, the same file
    gives the same shards.
    """

    def __init__(
        self, keys: FileKeys, k: int, m: int, *, header: Header | None = None, workers: int = 0, held: int = 0
    ) -> None:
        self.keys, self.code = keys, Code(k, m)
        self.header = header or keys.header(k, m)
        if (self.header.k, self.header.m) != (k, m):
            raise UsageError(f"the header is of {self.header.k} + {self.header.m} shards", remedy="take those numbers")
        keys.require(self.header)
        self._workers, self.held = workers or os.cpu_count() or 1, held
        self._segments, self._masks = Segments(keys, self.header), Masks(keys.mask, self.header)
        self._trees = [Mountains() for _ in range(self.code.n)]
        self._size = 0
        self._descriptor: Descriptor | None = None

    @property
    def descriptor(self) -> Descriptor:
        if self._descriptor is None:
            raise UsageError("the file is not encoded yet", remedy="take all stripes first")
        return self._descriptor

    def stripes(self, source: Readable) -> Iterator[Stripe]:
        ahead = self._workers + 1  # one more than can be worked at
        buffers = [np.empty(self.code.n * SEGMENT_BYTES, np.uint8) for _ in range(ahead + self.held)]
        running: deque[Future[Stripe]] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="encoder") as pool:
            try:
                for number, (buffer, used) in enumerate(self._filled(source, buffers)):
                    running.append(pool.submit(self._stripe, number, buffer, used))
                    if len(running) == ahead:
                        yield self._counted(running.popleft())
                while running:
                    yield self._counted(running.popleft())
            finally:
                pool.shutdown(cancel_futures=True)
        self._descriptor = Descriptor(self.header, self._size, tuple(tree.root for tree in self._trees))

    def _counted(self, running: Future[Stripe]) -> Stripe:
        """The next stripe, when it is done, in the shards' trees."""
        stripe = running.result()
        for tree, root in zip(self._trees, stripe.roots, strict=True):
            tree.append(root.tobytes())
        return stripe

    def _filled(
        self, source: Readable, buffers: Sequence[NDArray[np.uint8]]
    ) -> Iterator[tuple[NDArray[np.uint8], int]]:
        """Ciphertext into the fronts of the buffers in turn, up to k segments each: how many bytes it is."""
        turn, used = cycle(buffers), 0
        buffer = next(turn)
        for number, (chunk, last) in enumerate(_chunks(source)):
            self._size += len(chunk)
            end = used + len(chunk) + TAG_BYTES
            self._segments.encrypt(chunk, number, buffer[used:end], last=last)
            used = end
            if last or used == self.code.k * SEGMENT_BYTES:
                yield buffer, used
                buffer, used = next(turn), 0

    def _stripe(self, number: int, buffer: NDArray[np.uint8], used: int) -> Stripe:
        code, size = self.code, min(SEGMENT_BYTES, piece_of(used, self.code.k))
        buffer[used : code.k * size] = 0
        pieces = buffer[: code.n * size].reshape(code.n, size)
        code.encode(pieces[: code.k], pieces[code.k :])
        for shard in range(code.n):
            self._masks.apply(pieces[shard], shard, number * SEGMENT_BYTES)
        leaves = size // LEAF_BYTES
        roots = roots_of(pieces.reshape(code.n, leaves, LEAF_BYTES), number * SEGMENT_BYTES // LEAF_BYTES)
        return Stripe(number, pieces, roots)


def _chunks(source: Readable) -> Iterator[tuple[bytes, bool]]:
    """Whole chunks and whether each is the last: an empty file is one empty chunk."""
    chunk = _exactly(source, CHUNK_BYTES)
    while following := _exactly(source, CHUNK_BYTES):
        yield chunk, False
        chunk = following
    yield chunk, True


def _exactly(source: Readable, size: int) -> bytes:
    """So many bytes, fewer only at the end: a pipe gives less at a time."""
    data = source.read(size)
    while 0 < len(data) < size and (more := source.read(size - len(data))):
        data += more
    return data


class Decoder:
    """Reads a file, or a part of it, from any k of its shards."""

    def __init__(self, descriptor: Descriptor, keys: FileKeys) -> None:
        keys.require(descriptor.header)
        self.descriptor, self.layout = descriptor, descriptor.layout
        self.code = Code(descriptor.header.k, descriptor.header.m)
        self._segments = Segments(keys, descriptor.header)
        self._masks = Masks(keys.mask, descriptor.header)
        self._stripe, self._known = -1, dict[int, NDArray[np.uint8]]()  # pieces of the stripe that is read now
        self._built = dict[int, NDArray[np.uint8]]()  # those of it that were made from the others

    def read(self, fetch: Fetch, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, a chunk at a time. `fetch` is asked for what is needed, and for as many of all
        other shards as it takes when something of it is missing or damaged."""
        end = self.layout.size if length is None else start + length
        if not 0 <= start <= end <= self.layout.size:
            raise UsageError(
                f"bytes {start} to {end} are not in the file", remedy=f"it has {self.layout.size}, counted from 0"
            )
        first, past = start // CHUNK_BYTES, max(start // CHUNK_BYTES + 1, -(-end // CHUNK_BYTES))
        for number in range(first, min(past, self.layout.chunks)):
            plain = self._chunk(number, fetch)
            yield plain[max(0, start - number * CHUNK_BYTES) : end - number * CHUNK_BYTES]

    def _chunk(self, number: int, fetch: Fetch) -> bytes:
        stripe, place = divmod(number, self.code.k)
        size = self.layout.piece_bytes(stripe)
        begin, end = place * SEGMENT_BYTES, place * SEGMENT_BYTES + self.layout.chunk_bytes(number) + TAG_BYTES
        shards = range(begin // size, -(-end // size))
        last = number == self.layout.chunks - 1
        if stripe != self._stripe:
            self._stripe, self._known, self._built = stripe, {}, {}
        known, suspects = self._known, range(0)
        if self._built and known.keys().isdisjoint(shards):
            return self._opened(self._built, shards, size, (begin, end), number, last)
        if missing := [shard for shard in shards if shard not in known]:
            known |= self._good(stripe, fetch(stripe, missing, len(missing)), size)
        if all(shard in known for shard in shards):
            try:
                return self._opened(known, shards, size, (begin, end), number, last)
            except CheckFailed:  # somewhere in them: they are made again from the others
                suspects = shards
                for shard in shards:
                    del known[shard]
                self._built = {}
        if (needed := self.code.k - len(known)) > 0:
            others = [shard for shard in range(self.code.n) if shard not in known and shard not in suspects]
            known |= self._good(stripe, fetch(stripe, others, needed), size)
        if len(known) < self.code.k:
            absent = ", ".join(str(shard) for shard in range(self.code.n) if shard not in known)
            raise CheckFailed(
                f"stripe {stripe} has {len(known)} good segments of the {self.code.k} it needs: not those of shards "
                f"{absent}",
                remedy="try again when more providers answer",
            )
        self._built = self.code.rebuild(known, range(self.code.k))  # all at once takes hardly longer than one
        return self._opened(self._built, shards, size, (begin, end), number, last)

    def _good(self, stripe: int, pieces: Pieces, size: int) -> dict[int, NDArray[np.uint8]]:
        """Unmasked copies of the pieces that have the right length."""
        good = {}
        for shard, piece in pieces.items():
            if len(piece) == size and 0 <= shard < self.code.n:
                good[shard] = self._masks.applied(piece, shard, stripe * SEGMENT_BYTES)
        return good

    def _opened(
        self,
        pieces: Mapping[int, NDArray[np.uint8]],
        shards: range,
        size: int,
        span: tuple[int, int],
        number: int,
        last: bool,
    ) -> bytes:
        parts = [pieces[shard].data for shard in shards]
        joined = parts[0] if len(parts) == 1 else memoryview(b"".join(parts))
        shift = shards.start * size
        return self._segments.decrypt(joined[span[0] - shift : span[1] - shift], number, last=last)


def rebuild(descriptor: Descriptor, mask: bytes, stripe: int, pieces: Pieces, wanted: int) -> bytes:
    """The segment of one shard from those of k others, masked as it was. It takes the mask key and not the file's."""
    header, size = descriptor.header, descriptor.layout.piece_bytes(stripe)
    masks = Masks(mask, header)
    known = {}
    for shard, piece in pieces.items():
        if len(piece) != size:
            raise InputError(f"shard {shard} has {len(piece)} bytes in stripe {stripe}, not {size}")
        known[shard] = masks.applied(piece, shard, stripe * SEGMENT_BYTES)
    built = Code(header.k, header.m).rebuild(known, [wanted])[wanted].copy()
    masks.apply(built, wanted, stripe * SEGMENT_BYTES)
    return built.tobytes()
