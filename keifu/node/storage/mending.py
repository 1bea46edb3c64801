"""Shards that are built again from those of other providers, segment by segment, so that memory does not grow.

What was fetched lies in a folder of the shard until it is kept, so a repair that a crash ended goes on. Every segment
is compared with its shard's root when it comes; the shard that is made has to have the root that its deal names.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from keifu.errors import KeifuError
from keifu.keys import keccak256
from keifu.node.storage.records import Known
from keifu.storage.deals import Placed, deal_root
from keifu.storage.erasure import MAX_SHARDS, Code
from keifu.storage.layout import SEGMENT_BYTES
from keifu.storage.nodes import NodeClient
from keifu.storage.provider.messages import Fetched, FetchFailed, Rebuilt, ShardId
from keifu.storage.store import Store
from keifu.storage.trees import SEGMENT_LEAVES, Mountains, segment_root

__all__ = ["Mending", "ask_known", "known_of"]

PATIENCE_SECONDS = 10.0
LARGEST_ANSWER = 64 << 10
SIGNATURE_BYTES = 65
LEAF_BYTES = SEGMENT_BYTES // SEGMENT_LEAVES


class _Named(msgspec.Struct):
    provider: str
    root: str
    leaves: int


class _Known(msgspec.Struct):
    k: int
    named: list[_Named]
    signature: str = ""


def known_of(body: bytes | memoryview) -> Known:
    """What a document says of a deal. Raises ValueError for one that no client makes."""
    said = msgspec.json.decode(body, type=_Known)
    if not 0 < said.k <= len(said.named) <= MAX_SHARDS:
        raise ValueError("k is not from 1 to the number of shards")
    named = []
    for item in said.named:
        root, _ = bytes.fromhex(item.root.removeprefix("0x")), int(item.provider, 16)
        if len(root) != 32 or len(item.provider) != 42 or item.leaves <= 0:  # noqa: PLR2004 - a hash; 0x and 20 bytes
            raise ValueError("a shard is named by an address, 32 bytes and its leaves")
        named.append(Placed(item.provider.lower(), root, item.leaves))
    signature = bytes.fromhex(said.signature.removeprefix("0x"))
    if len(signature) not in (0, SIGNATURE_BYTES):
        raise ValueError("a signature has 65 bytes")
    return Known(said.k, tuple(named), signature)


def ask_known(
    urls: list[str],
    deal: bytes,
    root: bytes,
    is_signed: Callable[[Known], bool] = lambda known: False,
    wrong: Collection[int] = (),
) -> Known | None:
    """What these providers say of a deal, as far as the deal's root agrees: with the client's signature, else with the
    k that most of them name and that did not prove `wrong`. By any thread."""
    heard: list[Known] = []
    for url in urls:
        try:
            with closing(NodeClient(url, PATIENCE_SECONDS)) as client:
                known = known_of(client.known(deal))
        except (KeifuError, ValueError, RecursionError, msgspec.MsgspecError):
            continue
        if deal_root(known.named) != root:
            continue
        if is_signed(known):
            return known
        if known.k not in wrong:
            heard.append(replace(known, signature=b""))
    votes = Counter(known.k for known in heard)
    return max(heard, key=lambda known: votes[known.k], default=None)


class Mending:
    """By any thread; each job by one at a time."""

    def __init__(self, store: Store, folder: Path, client: Callable[[str], NodeClient] = NodeClient) -> None:
        self._store, self._folder, self._client = store, folder, client

    def _spool(self, shard: ShardId) -> Path:
        return self._folder / shard.deal.hex() / str(shard.index)

    def forget(self, shard: ShardId) -> None:
        """What was fetched for a shard that is kept now."""
        shutil.rmtree(self._spool(shard), ignore_errors=True)

    def fetch(self, job: str, wanted: ShardId, source: ShardId, placed: Placed, url: str) -> Fetched | FetchFailed:
        """One shard of another provider, as far as it is not here yet. `url` is empty for one that nobody knows."""
        spool = self._spool(wanted) / f"from-{source.index}"
        try:
            spool.parent.mkdir(parents=True, exist_ok=True)
            with spool.open("ab") as file:
                done = file.tell() // SEGMENT_BYTES if file.tell() < placed.leaves * LEAF_BYTES else None
                if done is None:
                    return Fetched(job, source.index)
                file.truncate(done * SEGMENT_BYTES)
                client = self._client(url)
                try:
                    for number in range(done, -(-placed.leaves // SEGMENT_LEAVES)):
                        file.write(client.segment(placed.root, placed.leaves, number))
                finally:
                    client.close()
        except (KeifuError, OSError):
            return FetchFailed(job, source.index)
        return Fetched(job, source.index)

    def rebuild(self, job: str, shard: ShardId, known: Known) -> Rebuilt:
        """The shard from what was fetched, into the store. Raises KeifuError and OSError."""
        wanted, sources = known.named[shard.index], self._sources(shard, known)
        code = Code(known.k, len(known.named) - known.k)
        upload = keccak256(b"keifu repair" + shard.deal + shard.index.to_bytes(32, "big"))
        self._store.give_up(upload)
        self._store.begin(upload, wanted.leaves)
        top = Mountains()
        for number in range(-(-wanted.leaves // SEGMENT_LEAVES)):
            pieces = {index: _piece(path, number) for index, path in sources.items()}
            data = code.rebuild(pieces, [shard.index])[shard.index].tobytes()
            root = segment_root(data, number)
            self._store.put(upload, number, data, root)
            top.append(root)
        if top.root == wanted.root:
            self._store.seal(upload, top.root, mends=True)
        else:
            self._store.give_up(upload)
            self.forget(shard)  # nobody knows which of them is wrong
        return Rebuilt(job, upload.hex(), top.root, wanted.leaves)

    def _sources(self, shard: ShardId, known: Known) -> dict[int, Path]:
        """Those that are whole: of a peer that failed only a part is here."""
        found = {int(path.name.removeprefix("from-")): path for path in self._spool(shard).glob("from-*")}
        sizes = {index: known.named[index].leaves * LEAF_BYTES for index in found}
        return {index: path for index, path in found.items() if path.stat().st_size == sizes[index]}


def _piece(path: Path, number: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    with path.open("rb") as file:
        file.seek(number * SEGMENT_BYTES)
        return np.frombuffer(file.read(SEGMENT_BYTES), np.uint8)
