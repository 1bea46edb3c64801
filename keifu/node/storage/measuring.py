"""What a storage node costs and earns: its disk measured, and a year's gas beside a year's pay."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil, log2
from pathlib import Path
from typing import Any

from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.sections import StorageWork
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.disk import leaf_at
from keifu.node.storage.prices import GIB
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.sequence import DRAWS, WHOLE
from keifu.storage.states import GWEI, damages_of
from keifu.storage.store import Store
from keifu.storage.trees import Mountains, segment_root
from keifu.units import DAY, coins

__all__ = ["Estimate", "bench", "estimate", "gas_of_proof"]

MIB = 1 << 20
YEAR = 365 * DAY
# Gas of a proof, fitted to the rows of benchmarks for 1,000 to 100,000 shards of one segment: a part that is always
# there, one for each word of a leaf and its path, and one for each doubling of whole mountains, whose words are read.
PROOF_BASE, PROOF_WORD, PROOF_DOUBLING = 83_000, 740, 3_000
Measured = tuple[str, float, str]


def gas_of_proof(leaves: int, shards: int) -> int:
    """Of one epoch, about: five paths, each through a shard and through the sequence."""
    levels = ceil(log2(max(2, shards)))
    words = ceil(log2(max(2, leaves // max(1, shards)))) + min(levels, WHOLE) + LEAF_BYTES // 32
    return PROOF_BASE + DRAWS * PROOF_WORD * words + PROOF_DOUBLING * max(0, levels - WHOLE)


@dataclass(frozen=True)
class Estimate:
    """Amounts in wei; `gas` of a year in units."""

    epochs: int
    proof_gas: int
    gas: int
    gas_price: int
    gas_cost: int
    pay: int
    lock: int
    locked: int

    def data(self) -> dict[str, Any]:
        return {name: str(value) for name, value in asdict(self).items()}

    def rows(self) -> list[tuple[str, str, str]]:
        return [
            ("proofs a year", f"{self.epochs:,}", f"of {self.proof_gas:,} gas"),
            ("gas a year", f"{self.gas:,}", f"at {self.gas_price:,} wei: {coins(self.gas_cost)} ether"),
            ("pay a year", f"{coins(self.pay)} coins", "when every epoch is proven"),
            ("to be locked", f"{coins(self.lock)} coins", f"{coins(self.locked)} are"),
        ]


def estimate(
    chain: NodeChain, account: str, settings: StorageWork, stored: int, shards: int, gas_price: int | None
) -> Estimate:
    """For so many gibibytes in so many shards, at the node's own terms. Raises RpcError."""
    contracts = Contracts(chain, Account.from_role("nobody"))
    leaves = stored * GIB // LEAF_BYTES
    epochs, proof = YEAR // contracts.epoch_seconds, gas_of_proof(leaves, shards)
    price = chain.rpc.quantity("eth_gasPrice") if gas_price is None else gas_price
    damages = damages_of(settings.restitution * stored)
    locked = contracts.hub.lock_of(contracts.market.address, account) if account else 0
    return Estimate(
        epochs, proof, epochs * proof, price, epochs * proof * price, settings.price * stored * epochs * GWEI,
        damages * GWEI + leaves * contracts.leaf_buffer, locked,
    )  # fmt: skip


@contextmanager
def _timed(found: list[Measured], name: str, amount: float, unit: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds = max(time.perf_counter() - began, 1e-9)
    found.append((name, amount / seconds, unit))


def bench(folder: Path, megabytes: int) -> list[Measured]:
    """Write a shard of random bytes beside the node's own, read it, open leaves of it; nothing of it stays."""
    found: list[Measured] = []
    count = max(1, megabytes * MIB // SEGMENT_BYTES)
    segments = [os.urandom(SEGMENT_BYTES) for _ in range(min(count, 64))]
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as place, Store(Path(place)) as store:
        upload, top = os.urandom(32), Mountains()
        store.begin(upload, count * SEGMENT_BYTES // LEAF_BYTES)
        with _timed(found, "taken and on the disk", count * SEGMENT_BYTES / MIB, "MiB/s"):
            waiting = []
            for number in range(count):
                data = segments[number % len(segments)]
                root = segment_root(data, number)
                top.append(root)
                waiting.append(store.begin_put(upload, number, data, root))
            for done in waiting:
                done.result()
        store.seal(upload, top.root)
        with _timed(found, "read", count * SEGMENT_BYTES / MIB, "MiB/s"):
            for number in range(count):
                store.read(store.find(top.root, number))
        with _timed(found, "proofs", 20, "a second"):
            for number in range(20 * DRAWS):
                leaf_at(store, top.root, number * 7_919 % (count * SEGMENT_BYTES // LEAF_BYTES))
    return found
