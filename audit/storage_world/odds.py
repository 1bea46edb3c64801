"""What happens in worlds beside what `keifu.storage.loss` says: files that are lost, and epochs that droppers miss.

python -m audit.storage_world.odds
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import log1p

from audit.storage_world.broken import Broken
from audit.storage_world.chain import BLOCK, EPOCH
from audit.storage_world.world import Faults, Shape, World
from keifu.storage.loss import Code, loss_probability, miss_probability

__all__ = ["Losses", "Misses", "empty_node", "losses", "misses"]

BLOCKS = 400
CODE = (2, 4)
CHANCE = 0.006  # of a provider to be destroyed at a block
FILES = 10


@dataclass(frozen=True)
class Losses:
    files: int
    lost: int
    modelled: float  # files that the model expects to be lost
    repair: float  # mean, in seconds

    @property
    def ratio(self) -> float:
        """The larger of model over simulation and its inverse."""
        return max(self.modelled / self.lost, self.lost / self.modelled) if self.lost else float("inf")


def losses(worlds: int, seed: int = 1) -> Losses:
    """Worlds in which providers are destroyed one by one and others come, until the same block."""
    shape = Shape(
        providers=12, code=CODE, files=FILES, leaves=1, stormy=BLOCKS, quiet=0, faults=Faults(replaced=CHANCE),
        deal_blocks=100 * BLOCKS,
    )  # fmt: skip
    spans: list[float] = []
    repairs: list[float] = []
    lost = 0
    for number in range(seed, seed + worlds):
        world = World(number, shape)
        world.run()
        end = world.loop.now
        spans += [end - begun for begun in world.checks.stored_at.values()]
        repairs += world.checks.repairs
        lost += len(world.checks.lost)
    repair = sum(repairs) / len(repairs)
    rate = -log1p(-CHANCE) / BLOCK
    modelled = sum(loss_probability(Code(*CODE), rate, repair, span) for span in spans)
    return Losses(len(spans), lost, modelled, repair)


@dataclass(frozen=True)
class Misses:
    dropped: float
    epochs: int
    missed: int

    @property
    def ratio(self) -> float:
        """The larger of formula over simulation and its inverse."""
        found, wanted = self.missed / self.epochs, miss_probability(self.dropped)
        return max(found / wanted, wanted / found) if found else float("inf")


def misses(shards: int, dropped: int, epochs: int, seed: int = 1) -> Misses:
    """Every provider has dropped so many of its shards, and as they are masked nobody can help it."""
    shape = Shape(
        providers=4, code=CODE, files=shards, leaves=1, stormy=20, quiet=0, faults=Faults(),
        deal_blocks=1_000 * EPOCH, masked=True, watched=False,
    )  # fmt: skip
    world = World(seed, shape)
    world.run()
    if any(len(provider.store.kept()) != shards for provider in world.providers.values()):
        raise Broken("not every file was stored in time")
    for provider in world.providers.values():
        for _ in range(dropped):
            provider.drop_one()
    begun = world.chain.ledger.time // EPOCH
    for _ in range(epochs * EPOCH // BLOCK):
        world.block()
    counted = [(name, number) for name, number in world.chain.ledger.missed if begun < number <= begun + epochs - 1]
    return Misses(dropped / shards, (epochs - 1) * len(world.providers), len(counted))


def empty_node(epochs: int, *, masked: bool, seed: int = 1) -> Misses:
    """A provider that keeps nothing, and asks its peers when a leaf is drawn: rule 20's cheat."""
    shape = Shape(
        providers=4, code=CODE, files=3, leaves=2, stormy=20, quiet=0, faults=Faults(),
        deal_blocks=1_000 * EPOCH, masked=masked, watched=False,
    )  # fmt: skip
    world = World(seed, shape)
    world.run()
    cheat = next(iter(world.providers.values()))
    begun = world.chain.ledger.time // EPOCH
    for _ in range(epochs * EPOCH // BLOCK):
        while cheat.store.kept() and not world.chain.head_of(cheat.name, ()).owed:
            cheat.drop_one()
        world.block()
    counted = [name for name, number in world.chain.ledger.missed if begun < number < begun + epochs]
    if any(name != cheat.name for name in counted):
        raise Broken("a provider that keeps everything has missed an epoch")
    return Misses(1.0, epochs - 1, len(counted))


def main() -> int:
    found = losses(50)
    print(
        f"{found.lost} of {found.files} files lost, the model says {found.modelled:.1f}; "
        f"ratio {found.ratio:.3f}, mean repair {found.repair:.0f} s"
    )
    for dropped, epochs in ((1, 250), (10, 60), (50, 20)):
        seen = misses(100, dropped, epochs)
        print(f"{dropped} % dropped: {seen.missed} of {seen.epochs} epochs missed, ratio {seen.ratio:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
