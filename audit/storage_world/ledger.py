"""What the model chain keeps at one block. Values never change, so a copy of the tables is a copy of the block."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache

from keifu.storage.provider.messages import Appended, Cleared, Demand, Operation, ShardId, Vacancy
from keifu.storage.sequence import ProviderSequence, entry

__all__ = ["Epoch", "Ledger", "Listed", "sequence_of"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A deal."""

    client: str
    file: str
    k: int
    holders: tuple[str, ...]
    roots: tuple[bytes, ...]
    leaves: int
    accept_by: int
    end: int
    status: str = "open"
    accepted: frozenset[int] = frozenset()
    since: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    seed: bytes  # empty before it is opened
    opened: int
    deadline: int
    totals: dict[str, int]  # leaves when it began, by provider


@lru_cache(maxsize=4096)
def sequence_of(entries: tuple[bytes, ...]) -> ProviderSequence:
    return ProviderSequence(entries)


@dataclass
class Ledger:
    number: int = 0
    time: int = 0
    deals: dict[bytes, Listed] = field(default_factory=dict)
    entries: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    operations: dict[str, tuple[Operation, ...]] = field(default_factory=dict)
    shards: dict[str, tuple[ShardId, ...]] = field(default_factory=dict)  # by ordinal
    epochs: dict[int, Epoch] = field(default_factory=dict)
    proven: dict[tuple[str, int], int] = field(default_factory=dict)  # provider and epoch -> leaves that it is paid for
    missed: dict[tuple[str, int], int] = field(default_factory=dict)  # -> how many in a row
    in_a_row: dict[str, int] = field(default_factory=dict)
    demands: dict[int, Demand] = field(default_factory=dict)  # open ones
    asked: int = 0  # demands that were ever opened
    vacancies: dict[ShardId, Vacancy] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)  # deals by file that were paid for

    def copy(self) -> Ledger:
        tables = (
            "deals", "entries", "operations", "shards", "epochs", "proven", "missed", "in_a_row", "demands",
            "vacancies", "opened",
        )  # fmt: skip
        found = copy(self)
        for name in tables:
            setattr(found, name, dict(getattr(self, name)))
        return found

    def sequence(self, provider: str) -> ProviderSequence:
        return sequence_of(self.entries.get(provider, ()))

    def append(self, provider: str, shard: ShardId, root: bytes, leaves: int) -> None:
        self.entries[provider] = (*self.entries.get(provider, ()), entry(root, leaves))
        self.shards[provider] = (*self.shards.get(provider, ()), shard)
        self._note(provider, Appended(self.number, shard, root, leaves))

    def clear(self, provider: str, ordinal: int) -> None:
        entries = list(self.entries[provider])
        entries[ordinal] = bytes(32)
        self.entries[provider] = tuple(entries)
        self._note(provider, Cleared(self.number, ordinal))

    def _note(self, provider: str, operation: Operation) -> None:
        self.operations[provider] = (*self.operations.get(provider, ()), operation)

    def standing(self, provider: str) -> list[tuple[int, ShardId]]:
        """Shards in the sequence that are not cleared, with their ordinals."""
        entries = self.entries.get(provider, ())
        return [(at, shard) for at, shard in enumerate(self.shards.get(provider, ())) if any(entries[at])]

    def is_due(self, provider: str, shard: ShardId) -> bool:
        """Whether a provider has to have this shard: its deal runs or begins, and names it."""
        deal = self.deals[shard.deal]
        return deal.status in ("open", "active") and deal.holders[shard.index] == provider
