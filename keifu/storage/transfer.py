"""Files to nodes and back: many segments under way at a time, and no more memory for a larger file.

descriptor = upload(file, size, encoder, nodes)     # shard i to nodes[i], sealed by its root there
for part in Downloads(descriptor, nodes, keys).read(): ...
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Protocol, Self

from keifu.errors import CheckFailed, InputError, KeifuError, UsageError
from keifu.keys import keccak256
from keifu.storage.asking import Body
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Decoder, Encoder, Readable, Stripe
from keifu.storage.layout import CHUNK_BYTES, FETCHED, TOGETHER, Descriptor, Layout, word
from keifu.storage.trees import joined_root

__all__ = ["AHEAD", "HELD", "Downloads", "Hedge", "Node", "upload", "upload_id"]

AHEAD = 8  # stripes that are fetched beside the one that is worked at: half of what a request brings
HELD = 2 * TOGETHER - 1  # stripes of which an encoder keeps the bytes, so that as many as may go in one request
ENOUGH = 8  # segments until it is known how long one takes
TOO_OFTEN = 3  # times that a node is late until it is not asked any more
_UPLOAD = 20  # domain


class Node(Protocol):
    """What a client does with a node: `NodeClient` over HTTP."""

    url: str

    def begin(self, upload: bytes, leaves: int, /) -> tuple[int, bytes | None]: ...
    def put(self, upload: bytes, number: int, data: Body, root: bytes, /) -> None: ...
    def seal(self, upload: bytes, root: bytes, /) -> None: ...
    def segment(self, root: bytes, leaves: int, number: int, /) -> bytes | memoryview: ...
    def segments(self, root: bytes, leaves: int, first: int, count: int, /) -> Sequence[bytes | memoryview]: ...


def upload_id(keys: FileKeys, file_id: bytes, shard: int) -> bytes:
    """Where a shard is uploaded: the same for a retry, and known to nobody without the file's key."""
    return keccak256(keys.key + file_id + word(shard) + word(_UPLOAD))


class _Upload:
    """One shard on its way to one node."""

    def __init__(self, node: Node, name: bytes, shard: int, leaves: int) -> None:
        self._node, self._id, self._shard = node, name, shard
        self._first, self._root = node.begin(self._id, leaves)  # what is missing there, and what was sealed

    def put(self, stripes: Sequence[Stripe]) -> None:
        """Neighbours, in order, but for those that are there."""
        if missing := [stripe for stripe in stripes if stripe.number >= self._first]:
            parts = [stripe.pieces[self._shard].data for stripe in missing]
            root = joined_root([stripe.roots[self._shard].tobytes() for stripe in missing])
            self._node.put(self._id, missing[0].number, parts, root)

    def seal(self, root: bytes) -> None:
        """Raises CheckFailed when an earlier upload of this file was of other bytes."""
        if self._root is None:
            self._node.seal(self._id, root)
        elif self._root != root:
            raise CheckFailed(f"the file has changed since {self._node.url} got it", remedy="store it as a new one")


def upload(source: Readable, size: int, encoder: Encoder, nodes: Sequence[Node]) -> Descriptor:
    """Store a file of so many bytes, shard i at nodes[i]. With the same header and keys it goes on where it ended: what
    a node has is not sent again. An encoder with HELD stripes lets several go in one request. Raises what the first
    node raises that fails."""
    if len(nodes) != encoder.code.n:
        raise UsageError(f"{encoder.code.n} shards, {len(nodes)} nodes", remedy="name one node for each shard")
    leaves, together = Layout(size, encoder.code.k).leaves, max(1, min(TOGETHER, (encoder.held + 1) // 2))
    names = [upload_id(encoder.keys, encoder.header.id, shard) for shard in range(len(nodes))]
    with ThreadPoolExecutor(len(nodes) * 2, thread_name_prefix="upload") as pool:
        try:
            begun = [pool.submit(_Upload, node, names[shard], shard, leaves) for shard, node in enumerate(nodes)]
            shards = [future.result() for future in begun]
            waiting: deque[list[Future[None]]] = deque()
            for stripes in _grouped(encoder.stripes(source), together):
                waiting.append([pool.submit(shard.put, stripes) for shard in shards])
                while (len(waiting) + 1) * together - 1 > encoder.held:  # their bytes go with the next ones
                    _all(waiting.popleft())
            while waiting:
                _all(waiting.popleft())
            descriptor = encoder.descriptor
            if descriptor.size != size:
                raise InputError(f"the file has {descriptor.size} bytes, not {size}", remedy="store it again")
            _all([pool.submit(shard.seal, root) for shard, root in zip(shards, descriptor.shards, strict=True)])
        finally:
            pool.shutdown(cancel_futures=True)
    return descriptor


def _grouped(stripes: Iterator[Stripe], size: int) -> Iterator[list[Stripe]]:
    """The same in groups of so many."""
    while group := list(islice(stripes, size)):
        yield group


def _all(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()


class Hedge:
    """How long a segment is waited for before others are fetched to make it: four times what the middle one took."""

    def __init__(self, first: float = 4.0, least: float = 0.25) -> None:
        self._first, self._least = first, least
        self._took: deque[float] = deque(maxlen=64)

    def took(self, seconds: float) -> None:
        self._took.append(seconds)

    @property
    def seconds(self) -> float:
        times = sorted(self._took)
        return max(self._least, 4 * times[len(times) // 2]) if len(times) >= ENOUGH else self._first


class Downloads:
    """A file from the nodes that have its shards; None stands for a node that is not there.

    Segments are fetched ahead of their use. A node that fails once, gives wrong bytes, or is late a few times, is not
    asked again, and its segments are made from others.
    """

    def __init__(
        self, descriptor: Descriptor, nodes: Sequence[Node | None], keys: FileKeys, hedge: Hedge | None = None
    ) -> None:
        if len(nodes) != len(descriptor.shards):
            raise UsageError(f"{len(descriptor.shards)} shards, {len(nodes)} nodes", remedy="give None where none is")
        self._descriptor, self._nodes = descriptor, list(nodes)
        self._decoder = Decoder(descriptor, keys)
        self._leaves, self._k = descriptor.layout.leaves, descriptor.header.k
        self._pool = ThreadPoolExecutor(len(nodes) + self._k * AHEAD, thread_name_prefix="download")
        self._running: dict[int, dict[int, Future[bytes | memoryview]]] = {}  # by stripe and shard
        self._late: dict[int, set[int]] = {}  # shards by stripe
        self._times_late: Counter[int] = Counter()
        self._last, self._is_part = 0, False  # of what is read now
        self._hedge = hedge or Hedge()
        self.faults: dict[int, str] = {}  # why a shard's node is not asked any more

    def close(self) -> None:
        """What a slow node still sends is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on. Raises CheckFailed when too few nodes give what they should."""
        layout = self._descriptor.layout
        end = layout.size if length is None else start + length
        stripe_bytes = self._k * CHUNK_BYTES
        self._last = max(end - 1, start) // stripe_bytes
        self._is_part = end - start < stripe_bytes  # then a segment is fetched when its bytes are asked for
        return self._decoder.read(self._fetch, start, length)

    def _fetch(self, stripe: int, shards: Iterable[int], count: int) -> dict[int, bytes | memoryview]:
        for old in [number for number in self._running if number < stripe]:
            del self._running[old]
        if not self._is_part:
            for number in range(stripe, min(stripe + AHEAD, self._last) + 1):
                self._start(number, range(len(self._nodes)), self._k)
        late, wanted = self._late.setdefault(stripe, set()), list(shards)
        late -= {shard for shard, future in self._running.get(stripe, {}).items() if future.done()}
        while True:
            in_time = [shard for shard in wanted if shard not in late]
            is_all = self._start(stripe, in_time, count)
            running = self._running[stripe]
            results = {shard: self._result(stripe, shard) for shard in in_time if shard in running}
            found = {shard: data for shard, data in results.items() if data is not None}
            if len(found) >= count:
                return found
            if is_all and self._has_others(stripe, wanted):
                return found  # the decoder asks for those
            if is_all:
                return found | self._overdue(stripe, wanted, count - len(found))

    def _start(self, stripe: int, among: Iterable[int], count: int) -> bool:
        """Fetch so many of these shards, those that are under way included. Whether there are no more to fetch."""
        running = self._running.setdefault(stripe, {})
        among = list(among)
        count -= sum(shard in running for shard in among)
        for shard in among:
            node = self._nodes[shard]
            if node is None or shard in self.faults or shard in running:
                continue
            if count <= 0:
                return False
            count -= 1
            self._pool.submit(self._segments, node, shard, stripe, self._together(shard, stripe))
        return True

    def _together(self, shard: int, first: int) -> list[Future[bytes | memoryview]]:
        """What one request brings: segments from this one on that nobody fetches yet."""
        futures = []
        past = first + 1 if self._is_part else min(first + FETCHED, self._last + 1)
        for stripe in range(first, past):
            running = self._running.setdefault(stripe, {})
            if shard in running:
                break
            running[shard] = Future()
            futures.append(running[shard])
        return futures

    def _segments(self, node: Node, shard: int, first: int, futures: Sequence[Future[bytes | memoryview]]) -> None:
        began = time.monotonic()
        try:
            found = node.segments(self._descriptor.shards[shard], self._leaves, first, len(futures))
        except BaseException as error:
            for future in futures:
                future.set_exception(error)
            return
        self._hedge.took(time.monotonic() - began)
        for future, data in zip(futures, found, strict=True):
            future.set_result(data)

    def _result(self, stripe: int, shard: int) -> bytes | memoryview | None:
        try:
            return self._running[stripe][shard].result(self._hedge.seconds)
        except TimeoutError:
            self._late.setdefault(stripe, set()).add(shard)
            self._times_late[shard] += 1
            if self._times_late[shard] >= TOO_OFTEN:
                self.faults.setdefault(shard, "it is slower than the others")
            return None
        except KeifuError as error:
            self.faults[shard] = str(error)
            del self._running[stripe][shard]
            return None

    def _has_others(self, stripe: int, wanted: Sequence[int]) -> bool:
        """Whether a shard that was not asked for could still be fetched."""
        running = self._running[stripe]
        return any(
            node is not None and shard not in wanted and shard not in running and shard not in self.faults
            for shard, node in enumerate(self._nodes)
        )

    def _overdue(self, stripe: int, wanted: Sequence[int], count: int) -> dict[int, bytes | memoryview]:
        """Of shards that were late, the first that come. It is all there is."""
        running, found = self._running[stripe], dict[int, bytes | memoryview]()
        waiting = {running[shard]: shard for shard in wanted if shard in self._late[stripe] and shard in running}
        while waiting and len(found) < count:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                shard = waiting.pop(future)
                try:
                    found[shard] = future.result()
                except KeifuError as error:
                    self.faults[shard] = str(error)
                    del running[shard]
        return found
