"""A world by its number: providers, a client, a watcher and a chain, what befalls them, and a quiet time at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from audit.storage_world.broken import Broken
from audit.storage_world.chain import BLOCK, DEPTH, Chain
from audit.storage_world.checks import Checks
from audit.storage_world.loop import Loop, Network
from audit.storage_world.others import ClientProcess, WatcherProcess
from audit.storage_world.process import Process
from audit.storage_world.provider_process import ProviderProcess, code_of
from audit.storage_world.senders import Senders
from audit.storage_world.store import LEAF_BYTES, root_of
from keifu.storage.provider.commands import Prove
from keifu.storage.provider.messages import ShardId
from keifu.storage.putting import File, OpenDeal

__all__ = ["Faults", "Outcome", "Shape", "World", "play"]

CODES = ((2, 4), (4, 7), (10, 14))  # k and n
PROVIDERS = 16
STORMY, QUIET = 56, 140  # blocks; of the quiet time at most


@dataclass
class Faults:
    """What befalls a world: shares of messages and commands, and chances a block."""

    lost: float = 0.0
    doubled: float = 0.0
    damaged: float = 0.0  # of shards that are sent to a provider, or rebuilt by one
    death_of_process: float = 0.0  # a command
    reorganisation: float = 0.0
    cut_off: float = 0.0
    full_disk: float = 0.0
    rot: float = 0.0
    end_of_provider: float = 0.0
    ends: int = 0  # providers that may be destroyed
    droppers: int = 0
    liars: int = 0
    wrong_clocks: bool = False
    replaced: float = 0.0  # chance of each provider and block to be destroyed, with another one coming instead

    @classmethod
    def drawn(cls, draw: Random, spare: int) -> Faults:
        """Each kind is there or not, so that worlds differ."""

        def sometimes(chance: float, most: float) -> float:
            return draw.uniform(0, most) if draw.random() < chance else 0.0

        return cls(
            lost=sometimes(0.6, 0.2),
            doubled=sometimes(0.5, 0.2),
            damaged=sometimes(0.5, 0.3),
            death_of_process=sometimes(0.7, 0.03),
            reorganisation=sometimes(0.6, 0.25),
            cut_off=sometimes(0.6, 0.15),
            full_disk=sometimes(0.4, 0.2),
            rot=sometimes(0.3, 0.03),
            end_of_provider=sometimes(0.5, 0.05),
            ends=draw.randint(0, spare + 2),
            droppers=draw.choice((0, 0, 0, 1, 2)),
            liars=draw.choice((0, 0, 1)),
            wrong_clocks=draw.choice((False, False, True)),
        )


@dataclass(frozen=True)
class Shape:
    """How large a world is and how long it lasts; faults that are not given are drawn."""

    providers: int = PROVIDERS
    code: tuple[int, int] | None = None
    files: int = 0  # 0: drawn
    leaves: int = 0  # 0: drawn
    stormy: int = STORMY
    quiet: int = QUIET
    faults: Faults | None = None
    deal_blocks: int = 0
    masked: bool = False
    watched: bool = True


@dataclass(frozen=True)
class Outcome:
    seed: int
    broken: str  # the rule that does not hold; empty when all do
    blocks: int
    notes: tuple[str, ...]
    stored: int = 0
    lost: int = 0
    missed: int = 0


class World:
    def __init__(self, seed: int, shape: Shape = Shape()) -> None:
        self.draw = draw = Random(seed)  # noqa: S311 - worlds are to be foreseen
        self.k, self.n = shape.code or draw.choice(CODES)
        self.shape = shape
        self.faults = shape.faults or Faults.drawn(draw, shape.providers - self.n)
        self.block_time = BLOCK
        self.notes: list[str] = []
        self.loop = Loop()
        self.network = Network(self.loop, draw, self.faults.lost, self.faults.doubled)
        blocks = shape.deal_blocks or draw.choice((24, 40, 90, 10_000))
        self.chain = Chain(draw, blocks * BLOCK, shape.masked)
        self.senders = Senders(self.chain, draw)
        self.checks = Checks(self)
        self.data: dict[bytes, bytes] = {}  # shards by root
        self.roots: dict[ShardId, bytes] = {}
        self.cut_now: set[str] = set()
        self._stormy = True
        self.providers: dict[str, ProviderProcess] = {}
        for _ in range(shape.providers):
            self._join()
        self.files = [self._file(number) for number in range(shape.files or draw.randint(1, 4))]
        self.client, self.watcher = ClientProcess(self), WatcherProcess(self)
        self._choose_cheats(list(self.providers))

    def _join(self) -> ProviderProcess:
        name = f"0x{len(self.providers) + 1:040x}"
        self.providers[name] = ProviderProcess(self, name)
        return self.providers[name]

    def _choose_cheats(self, names: list[str]) -> None:
        cheats = self.draw.sample(names, self.faults.droppers + self.faults.liars)
        for name in cheats[: self.faults.droppers]:
            self.providers[name].drops = True
        for name in cheats[self.faults.droppers :]:
            self.providers[name].lies = True

    def _file(self, number: int) -> File:
        leaves = self.shape.leaves or self.draw.choice((1, 2, 3, 6))
        rows = np.frombuffer(self.draw.randbytes(self.k * leaves * LEAF_BYTES), np.uint8).reshape(self.k, -1)
        parity = np.empty((self.n - self.k, rows.shape[1]), np.uint8)
        code_of(self.k, self.n).encode(rows, parity)
        shards = [row.tobytes() for row in (*rows, *parity)]
        roots = tuple(root_of(shard) for shard in shards)
        self.data |= zip(roots, shards, strict=True)
        return File(f"file {number}", self.k, roots, leaves, self.draw.randbytes(32))

    # What processes ask of it

    def note(self, text: str) -> None:
        self.notes.append(f"{self.loop.now:8.1f} s, block {self.chain.ledger.number}: {text}")

    def dies_now(self) -> bool:
        return self._stormy and self.draw.random() < self.faults.death_of_process

    def as_it_arrives(self, data: bytes) -> bytes:
        """Now and then with other bytes than were meant."""
        if self._stormy and self.draw.random() < self.faults.damaged:
            return self.draw.randbytes(len(data))
        return data

    def shuffled(self, names: list[str]) -> list[str]:
        return self.draw.sample(names, len(names))

    def shard_data(self, shard: ShardId) -> bytes | None:
        deal = self.chain.ledger.deals.get(shard.deal)
        return self.data[deal.roots[shard.index]] if deal else None

    @property
    def processes(self) -> list[Process]:
        watcher = [self.watcher] if self.shape.watched else []
        return [*self.alive_providers(), self.client, *watcher]

    def alive_providers(self) -> list[ProviderProcess]:
        return [provider for provider in self.providers.values() if not provider.is_dead]

    def busy(self) -> Iterator[tuple[str, Process]]:
        return ((found.name, found) for found in self.processes if not found.is_dead and found.core.unsettled)

    def can_repair(self) -> bool:
        """Whether there is a provider for each shard, and none whose disk has changed unseen."""
        return len(self.alive_providers()) >= self.n and not any(found.has_rot for found in self.alive_providers())

    # What happens

    def run(self) -> None:
        for process in self.processes:
            self.loop.at(self.draw.uniform(0, 5), process.start)
        for file in self.files:
            self.loop.at(self.draw.choice((0, 0, BLOCK * self.shape.stormy / 2)), self._want(file))
        for _ in range(self.shape.stormy):
            self._strike()
            self.block()
        self._calm_down()
        for _ in range(self.shape.quiet):
            self.block()
            if self.checks.is_over():
                break
        else:
            if self.shape.quiet:
                raise Broken("; ".join(self.checks.open_ends()))
            return
        self.checks.agree()

    def _want(self, file: File) -> Callable[[], None]:
        """The client wants a file stored from some time on."""
        return lambda: self.client.wants(file)

    def block(self) -> None:
        self.loop.run(self.loop.now + BLOCK)
        self.chain.begin_block()
        reachable = {found.name for found in self.processes if found.sees_chain}
        self.senders.mine(reachable, self._executed)
        self.checks.block()
        for process in self.processes:
            self.loop.after(self.draw.uniform(0.1, BLOCK - 1), process.visit)
        self.cut_now = set(self.network.cut_off)

    def _executed(self, account: str, call: object, was_taken: bool) -> None:
        if not was_taken:
            self.checks.refused(account, call)
        elif isinstance(call, Prove):
            self.checks.proof(account, call)
        elif isinstance(call, OpenDeal):
            self.roots |= {ShardId(call.id, index): shard.root for index, shard in enumerate(call.shards)}

    def _happens(self, chance: float) -> bool:
        return self.draw.random() < chance

    def _strike(self) -> None:
        """What befalls this world before its next block."""
        faults, draw = self.faults, self.draw
        if self._happens(faults.reorganisation) and self.chain.ledger.number > DEPTH:
            self._reorganise(draw.randint(1, DEPTH - 1))
        if self._happens(faults.cut_off):
            self._cut_off(draw.choice(self.processes), BLOCK * draw.choice((1, 2, 5, 15, 45)))
        if self._happens(faults.full_disk):
            self._fill(draw.choice(self.alive_providers()), BLOCK * draw.choice((2, 6)))
        if self._happens(faults.rot):
            self._rot(draw.choice(self.alive_providers()))
        dead = sum(found.is_dead for found in self.providers.values())
        if dead < faults.ends and self._happens(faults.end_of_provider):
            draw.choice(self.alive_providers()).end()
        for provider in self.alive_providers():
            if self._happens(faults.replaced):
                provider.end()
                self._join().start()
            if provider.drops and self._happens(0.1):
                provider.drop_one()

    def _reorganise(self, depth: int) -> None:
        self.chain.undo(depth)
        self.senders.undo(self.chain.ledger.number)
        self.checks.reorganised()
        self.note(f"{depth} blocks are undone")

    def _cut_off(self, process: Process, seconds: float) -> None:
        self.note(f"{process.name} is cut off for {seconds} s")
        self.network.cut_off.add(process.name)
        self.cut_now.add(process.name)
        self.loop.after(seconds, lambda: self.network.cut_off.discard(process.name))

    def _fill(self, provider: ProviderProcess, seconds: float) -> None:
        self.note(f"the disk of {provider.name} is full for {seconds} s")
        provider.disk.is_full = True

        def empty() -> None:
            provider.disk.is_full = False

        self.loop.after(seconds, empty)

    def _rot(self, provider: ProviderProcess) -> None:
        shards = [name for name in sorted(provider.disk.durable) if name.startswith("shard ")]
        if shards:
            self.note(f"a bit changes on the disk of {provider.name}")
            provider.is_whole, provider.has_rot = False, True
            provider.disk.rot(self.draw.choice(shards))

    def _calm_down(self) -> None:
        self.note("all is quiet from now on")
        self._stormy = False
        self.network.lost = self.network.doubled = 0.0
        self.network.cut_off.clear()
        for provider in self.providers.values():
            if provider.drops:
                provider.die()  # it finds at its start what is missing
            provider.drops = provider.lies = provider.disk.is_full = False
        for process in self.processes:
            process.start()


def play(seed: int, shape: Shape = Shape()) -> Outcome:
    """Run a world to its end."""
    world = World(seed, shape)
    broken = ""
    try:
        world.run()
    except Broken as error:
        broken = str(error)
    except Exception as error:
        broken = f"a raw {type(error).__name__}: {error}"
    checks = world.checks
    deals = world.chain.ledger.deals.values()
    stored = sum(deal.status in ("active", "ended") for deal in deals)
    notes = tuple(world.notes)
    return Outcome(seed, broken, world.chain.ledger.number, notes, stored, len(checks.lost), checks.missed)
