"""The storage contracts at their edges: what every short way starts from, and how its log is undone with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import wraps
from typing import Any

from audit.systems._constructors import Deployment
from audit.systems._hub_edges import way
from audit.systems._storage import BUFFER, PROVIDERS, SECONDS, Promise, Stored, stream
from audit.systems._storage_oracles import StorageOracles
from evmstorm.fuzz.system import Action, Invariant, Steps
from evmstorm.fuzz.values import Value
from keifu.units import COIN

__all__ = ["StorageEdgeSystem", "edge"]

TERM = 20  # epochs of a deal, unless a way says otherwise
PRICE, RESTITUTION = 10**9, 10 * 10**9


def edge(*values: Value) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A short way whose log is undone with it; at its end the log's sentences hold."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def kept(system: StorageEdgeSystem, who: str, *args: Any) -> Steps:
            before = deepcopy({name: vars(system)[name] for name in system.log_names})
            yield from method(system, who, *args)
            system.agrees()
            vars(system).update(before)

        return way(*values)(kept)

    return mark


class StorageEdgeSystem(StorageOracles):
    """Short ways from two shards that two providers store, each with what the campaign's log says of it."""

    wait_weight = 1

    def start(self) -> None:
        known = set(vars(self))
        super().start()
        self.log_names = getattr(self, "log_names", set(vars(self)) - known)
        self.began = self.now

    @classmethod
    def actions(cls) -> list[Action]:
        """The ways alone: what the campaign does at random they do where it matters."""
        usual = {action.name for action in StorageOracles.actions()}
        return [action for action in super().actions() if action.name not in usual]

    @classmethod
    def invariants(cls) -> list[Invariant]:
        return []

    def constructors(self) -> Iterator[Deployment]:
        yield from ()

    def agrees(self) -> None:
        """All that the campaign compares."""
        for holds in (self.all_coins_are_the_log_s, self.ledgers_are_the_log_s, self.sequences_are_the_format_s,
                      self.proofs_are_the_log_s, self.deals_are_the_log_s, self.seeds_are_the_log_s):  # fmt: skip
            assert holds(), holds.__doc__

    # where and when ---------------------------------------------------------------------------------------------------

    @property
    def shard(self) -> Stored:
        """The provider's, of the first deal."""
        return self.promised[1].shards[0]

    @property
    def other_shard(self) -> Stored:
        return self.promised[1].shards[1]

    def goes(self, epoch: int, second: int = 60) -> None:
        self.evm.warp_to(self.first + (epoch - 1) * SECONDS + second)

    def seeded(self, epoch: int, *proving: str) -> Any:
        """An epoch whose seed is there, and who proves in it."""
        self.goes(epoch)
        yield from self.opening(self["watcher"])
        yield from self.seeing(self["watcher"])
        for role in proving:
            yield from self.showing(self[role], self[role])

    def missed_until(self, epoch: int) -> Any:
        """Epochs before one, from the next on, in which nobody proves."""
        for at in range(self.epoch + 1, epoch):
            yield from self.seeded(at)
        self.goes(epoch)

    def settling(self, role: str) -> Any:
        found = self.found(self[role])
        returned = yield self.act("market.settle", self[role], sender=self["stranger"])
        assert int.from_bytes(returned, "big") == found.epoch, "STO-7: settled up to another epoch"
        if self[role] in self.settled:
            self.settle_by(found, self["stranger"])

    # deals ------------------------------------------------------------------------------------------------------------

    def opens(
        self, *sizes: int, price: int = PRICE, restitution: int = RESTITUTION, accept_by: int = 0, term: int = TERM,
        by: tuple[str, ...] = PROVIDERS, masked: bool = False,
    ) -> Any:  # fmt: skip
        """A deal of the client's over shards of these sizes; `accept_by` and `term` are epochs from now on."""
        number, epoch, client = len(self.promised), self.epoch, self["client"]
        data = [(self[by[at % len(by)]], stream(f"{number} {at}", size)) for at, size in enumerate(sizes)]
        terms = (price, restitution, epoch + accept_by, epoch + term)
        deal = Promise(client, data, number.to_bytes(32, "big"), *terms[:3], epoch + 1, terms[3], masked=masked)
        yield self.tx("deals.open", deal.root, len(data), *terms, masked, deal.salt, sender=client)
        self.promised.append(deal)
        self.moved[client] -= price * len(data) * (term - 1) * 10**9
        return deal

    def accepted(self, *sizes: int, **terms: Any) -> Any:
        """The same, taken by its providers."""
        deal = yield from self.opens(*sizes, **terms)
        for shard in deal.shards:
            yield from self.accept(self["stranger"], shard, "", True)
        return deal

    def locks_more(self, role: str, coins: int) -> Any:
        yield self.tx("hub.lock", self["market"], self[role], coins * COIN, sender=self[role])
        self.locked[self[role]] += coins * COIN

    def tight(self, role: str) -> Any:
        """A lock that holds no more than promises and the buffer need."""
        yield from self.unlocking(self[role], self.amounts(self[role])[0])
        assert self.locked[self[role]] == self.needed(self[role], self.epoch) >= BUFFER

    def dried(self, role: str) -> Any:
        """A buffer that is used up, by misses from the third epoch on."""
        yield from self.seeded(2, *PROVIDERS[:2])
        yield from self.tight(role)
        epoch = 3
        while not self.found(self[role]).dry:
            yield from self.seeded(epoch)
            epoch += 1
