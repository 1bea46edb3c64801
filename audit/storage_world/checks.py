"""What must hold in every world, at every block and at its end. A broken rule ends the world with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.storage_world.broken import Broken
from audit.storage_world.chain import BLOCK, DEPTH
from audit.storage_world.ledger import Ledger, Listed
from audit.storage_world.store import LEAF_BYTES
from keifu.spec import storage as spec
from keifu.storage.provider.commands import Accept, Prove
from keifu.storage.provider.messages import ShardId
from keifu.storage.putting import OpenDeal
from keifu.storage.sequence import draws
from keifu.storage.watching import DemandLeaf

if TYPE_CHECKING:
    from audit.storage_world.provider_process import ProviderProcess
    from audit.storage_world.world import World

__all__ = ["Checks"]

CALM = 6  # blocks in one piece, inside a window, that a provider needs to prove


class Checks:
    def __init__(self, world: World) -> None:
        self._world = world
        self._stored: dict[bytes, int] = {}  # deal -> fewest shards that were alive since it was stored
        self._calm: dict[str, int] = {}  # blocks in a row in which a provider was up and reached the chain
        self._windows: dict[tuple[str, int], int] = {}  # the most of them inside an epoch's window
        self._undone = float("-inf")  # when blocks were undone last
        self._judged: set[tuple[str, int]] = set()
        self._acknowledged: dict[tuple[str, ShardId], tuple[int, int]] = {}  # block and life in which a client heard
        self.missed = 0
        self.lost: set[bytes] = set()
        self.stored_at: dict[bytes, float] = {}
        self.lost_at: dict[bytes, float] = {}
        self._gone: dict[ShardId, float] = {}  # since when a stored shard is not on its holder's disk
        self.repairs: list[float] = []  # seconds from there until it was somewhere again

    # What processes tell

    def acknowledged(self, provider: ProviderProcess, shard: ShardId) -> None:
        root = self._world.roots[shard]
        if provider.is_whole and not provider.drops and not provider.store.is_durable(shard, root):
            raise Broken(f"{provider.name} acknowledged shard {shard}, which a crash would lose")
        self._acknowledged[provider.name, shard] = self._world.chain.ledger.number, provider.life

    def deleted(self, provider: ProviderProcess, shard: ShardId) -> None:
        chain = self._world.chain
        known_since, life = self._acknowledged.get((provider.name, shard), (0, 0))
        needed = any(self._needs(ledger, provider.name, shard) for ledger in (chain.ledger, chain.final_ledger))
        promised = known_since > chain.final and provider.life == life
        if needed or promised:
            raise Broken(f"{provider.name} deletes shard {shard}, to which somebody may have a right")

    @staticmethod
    def _needs(ledger: Ledger, provider: str, shard: ShardId) -> bool:
        deal = ledger.deals.get(shard.deal)
        if deal is None:
            return False
        waits = deal.status == "open" and ledger.time <= deal.accept_by and shard.index not in deal.accepted
        offered = waits and deal.holders[shard.index] == provider
        return offered or any(found == shard for _, found in ledger.standing(provider))

    def refused(self, sender: str, call: object) -> None:
        """Nobody asks twice for what can be had once."""
        ledger = self._world.chain.ledger
        recent = self._world.loop.now - self._undone < DEPTH * BLOCK  # an answer that was seen may be undone
        match call:
            case Accept():
                deal = ledger.deals.get(call.shard.deal)
                if deal and call.shard.index in deal.accepted and deal.holders[call.shard.index] == sender:
                    raise Broken(f"{sender} accepts shard {call.shard} twice")
            case DemandLeaf() if not recent and any(found.shard == call.shard for found in ledger.demands.values()):
                raise Broken(f"the watcher pays for two demands on shard {call.shard} at a time")
            case OpenDeal() if call.id in ledger.deals:
                raise Broken(f"the client opens deal {call.id.hex()} twice")

    def stored(self, file: str, deal_id: bytes) -> None:
        self._world.note(f"{file} is stored")
        deal = self._world.chain.ledger.deals.get(deal_id)
        if deal is None or deal.status == "open" or deal.since > self._world.chain.final:
            raise Broken(f"the client takes {file} for stored, and its deal may be undone")
        self._stored.setdefault(deal_id, len(deal.holders))
        self.stored_at.setdefault(deal_id, self._world.loop.now)

    def proof(self, provider: str, call: Prove) -> None:
        """A proof that the chain took shows the bytes that the client has sent."""
        ledger = self._world.chain.ledger
        epoch, places = ledger.epochs[call.epoch], self._places(provider)
        for leaf, data in zip(draws(epoch.seed, call.epoch, provider, epoch.totals[provider]), call.data, strict=True):
            shard, index = places[leaf]
            if data != self._world.data[self._world.roots[shard]][index * LEAF_BYTES : (index + 1) * LEAF_BYTES]:
                raise Broken(f"{provider} is paid for epoch {call.epoch} without leaf {leaf}")

    def _places(self, provider: str) -> list[tuple[ShardId, int]]:
        """Every leaf of a sequence, in order: the slow way."""
        ledger = self._world.chain.ledger
        return [
            (shard, index) for _, shard in ledger.standing(provider) for index in range(ledger.deals[shard.deal].leaves)
        ]

    # At every block

    def reorganised(self) -> None:
        self._calm = {}
        self._undone = self._world.loop.now

    def block(self) -> None:
        self._count_calm()
        self._misses()
        self._files()
        for provider in self._world.providers.values():
            if provider.is_up and provider.is_whole and not provider.drops:
                self._holds(provider)

    def _count_calm(self) -> None:
        world = self._world
        ledger = world.chain.ledger
        open_epochs = [
            (number, epoch) for number, epoch in ledger.epochs.items() if epoch.seed and ledger.time <= epoch.deadline
        ]
        for name, provider in world.providers.items():
            calm = provider.sees_chain and provider.up_since <= world.loop.now - world.block_time
            self._calm[name] = self._calm.get(name, 0) + 1 if calm and name not in world.cut_now else 0
            for number, epoch in open_epochs:
                inside = (ledger.time - epoch.opened) // world.block_time
                most = max(self._windows.get((name, number), 0), min(self._calm[name], inside))
                self._windows[name, number] = most

    def _misses(self) -> None:
        for (name, epoch), _ in self._world.chain.ledger.missed.items():
            if (name, epoch) in self._judged:
                continue
            self._judged.add((name, epoch))
            self.missed += 1
            provider = self._world.providers[name]
            honest = provider.is_whole and not provider.drops and not provider.is_dead
            if honest and self._windows.get((name, epoch), 0) >= CALM:
                raise Broken(f"{name} was there for {self._windows[name, epoch]} blocks and missed epoch {epoch}")

    def _holds(self, provider: ProviderProcess) -> None:
        ledger = self._world.chain.ledger
        for _, shard in ledger.standing(provider.name):
            if ledger.is_due(provider.name, shard) and not provider.store.is_durable(shard, self._world.roots[shard]):
                raise Broken(f"{provider.name} promised shard {shard} and does not have it")

    def alive(self, deal_id: bytes, deal: Listed) -> int:
        """Shards that are on the disk of who is to have them."""
        return sum(
            self._world.providers[holder].has(ShardId(deal_id, index), deal.roots[index])
            for index, holder in enumerate(deal.holders)
        )

    def _count(self, deal_id: bytes, deal: Listed) -> int:
        """Shards that are alive; how long the others are gone is noted."""
        alive = 0
        for index, holder in enumerate(deal.holders):
            shard = ShardId(deal_id, index)
            if self._world.providers[holder].has(shard, deal.roots[index]):
                alive += 1
                if shard in self._gone:
                    self.repairs.append(self._world.loop.now - self._gone.pop(shard))
            else:
                self._gone.setdefault(shard, self._world.loop.now)
        return alive

    def _files(self) -> None:
        running: dict[str, int] = {}
        for deal_id, deal in self._world.chain.ledger.deals.items():
            if deal.status in ("open", "active"):
                running[deal.file] = running.get(deal.file, 0) + 1
            if deal_id in self._stored and deal.status == "active" and deal_id not in self.lost:
                self._stored[deal_id] = min(self._stored[deal_id], self._count(deal_id, deal))
                if self._stored[deal_id] < deal.k:
                    self.lost.add(deal_id)
                    self.lost_at[deal_id] = self._world.loop.now
                    self._world.note(f"{deal.file} is lost: fewer than {deal.k} shards are left")
        if twice := [file for file, deals in running.items() if deals > 1]:
            raise Broken(f"two deals are paid for {twice[0]}")

    # At the end

    def is_over(self) -> bool:
        """Whether nothing is left to do in a world without faults."""
        return not self.open_ends()

    def open_ends(self) -> list[str]:
        world = self._world
        found = [f"{name} waits for {core.core.unsettled[0]}" for name, core in world.busy()]
        if not world.senders.is_idle(found.name for found in world.processes if not found.is_dead):
            found.append("transactions wait")
        if not world.client.core.done and len(world.alive_providers()) >= world.n:
            found.append("the client has files that are not stored")
        for deal_id, deal in world.chain.ledger.deals.items():
            watched = deal.status == "active" and deal_id in self._stored and deal_id not in self.lost
            if watched and self.alive(deal_id, deal) < len(deal.holders) and world.can_repair():
                found.append(f"{deal.file} has {self.alive(deal_id, deal)} of {len(deal.holders)} shards")
        for provider in world.alive_providers():
            found += self._leftovers(provider)
        return found

    def _leftovers(self, provider: ProviderProcess) -> list[str]:
        ledger = self._world.chain.ledger
        standing = ledger.standing(provider.name)
        over = [shard for _, shard in standing if not ledger.is_due(provider.name, shard)]
        due = {shard for _, shard in standing}
        found = [f"{provider.name} has not cleared {over[0]}"] if over else []
        if more := set(provider.store.kept()) - due:
            found.append(f"{provider.name} keeps {len(more)} shards for nobody")
        return found

    def agree(self) -> None:
        """The chain's sequences are those of the slow reference, and the cores know them."""
        world, ledger = self._world, self._world.chain.ledger
        for name, provider in world.providers.items():
            entries, shards = ledger.entries.get(name, ()), ledger.shards.get(name, ())
            slow = spec.Range([
                spec.Shard(tuple(spec.leaves_of(world.data[world.roots[shard]]))) if any(node) else None
                for node, shard in zip(entries, shards, strict=True)
            ])  # fmt: skip
            fast = ledger.sequence(name)
            if [int.from_bytes(peak, "big") for peak in fast.peaks] != slow.peaks:
                raise Broken(f"the sequence of {name} is not that of the reference")
            if not provider.is_dead and provider.core.sequence_root != fast.root:
                raise Broken(f"{name} has another sequence than the chain")
