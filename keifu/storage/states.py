"""What the chain says of deals and shards, as their client and their providers read it.

Amounts are in gwei, times in epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple, Self

from keifu.storage.deals import Placed, deal_path

__all__ = ["EVIDENCE", "GWEI", "DealState", "Shard", "State", "damages_of", "holds", "next_named", "shown"]

GWEI = 10**9  # wei
EVIDENCE = 3  # epochs after a shard's end in which it may still be declared lost, as the market has it


class State(IntEnum):
    FREE = 0
    STORED = 1
    LOST = 2
    OVER = 3
    MENDED = 4

    @property
    def word(self) -> str:
        return {
            State.FREE: "waits for its provider",
            State.STORED: "stored",
            State.LOST: "lost",
            State.OVER: "over",
            State.MENDED: "lost, under repair",
        }[self]


class Shard(NamedTuple):
    """Where a shard stands."""

    provider: str
    ordinal: int
    start: int
    end: int
    state: State

    @classmethod
    def of(cls, said: Sequence[Any]) -> Self:
        """What the contract answers."""
        provider, ordinal, start, end, state = said
        return cls(provider.lower(), ordinal, start, end, State(state))


class DealState(NamedTuple):
    """What a client promised."""

    client: str
    root: bytes
    accept_by: int
    begin: int
    end: int
    shards: int
    closed: bool
    masked: bool
    over: int
    price: int
    restitution: int
    token: str  # that it is paid in; its price is in gwei where that is the suite's coin, else in smallest units

    @classmethod
    def of(cls, said: Sequence[Any]) -> Self:
        """What the contract answers."""
        client, root, *rest = said
        return cls(client.lower(), bytes(root), *rest)._replace(token=rest[-1].lower())

    @property
    def damages(self) -> int:
        """Gwei that its provider reserves for one shard."""
        return damages_of(self.restitution)

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings, in gwei; the price of a deal in another token in its smallest
        units."""
        times = {"accept_by": self.accept_by, "begin": self.begin, "end": self.end}
        amounts = {"price": str(self.price), "restitution": str(self.restitution), "token": self.token}
        flags = {"closed": self.closed, "masked": self.masked}
        return {"client": self.client, "root": self.root.hex(), "shards": self.shards, **times, **amounts, **flags}


def damages_of(restitution: int) -> int:
    """Gwei that a provider reserves for a shard of so much restitution."""
    paid = restitution + restitution // 10 + restitution // 4
    return (paid * 5 + 3) // 4


def shown(placed: Sequence[Placed], index: int) -> tuple[Any, ...]:
    """What contracts are shown of a shard: provider as the root names it, root, leaves, and the path."""
    shard = placed[index]
    path = [int.from_bytes(node, "big") for node in deal_path(placed, index)]
    return shard.provider, shard.root, shard.leaves, path


def holds(shard: Shard, until: int) -> bool:
    """Whether its provider stores a shard to a term's end `until`: an endowment has it named again for the next one."""
    return shard.state is State.STORED or (shard.state is State.OVER and shard.end == until)


def next_named(named: Sequence[Placed], shards: Sequence[Shard | None], until: int) -> list[Placed]:
    """The next term of an endowment as its nodes open it: who stores a shard now, else whom the term before named."""
    return [
        Placed(shard.provider, item.root, item.leaves) if shard and holds(shard, until) else item
        for item, shard in zip(named, shards, strict=True)
    ]
