"""A provider's sequence of nine whole mountains and four others: what is kept of each, proofs, and what is cleared.

Each action goes a short way of its own from the same start, and is undone. The slow reference says what is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from audit.systems._hub_edges import way
from audit.systems._storage import SECONDS, WINDOW, hashed_seed
from audit.systems._storage_dealing import words_to
from audit.systems._storage_edges import StorageEdgeSystem
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.spec.storage import DRAWS, LEAF_BYTES, WHOLE, Range, Shard, draw, leaves_of
from keifu.units import COIN

__all__ = ["StorageRangeEdges"]

SIDE = 2**WHOLE  # shards of a whole mountain
COUNT = 9 * SIDE + 64 + 8 + 4 + 1
BATCH = 64  # shards that one call stores
OTHER, NO_SHARD = "storage: not in the sequence", "storage: no such shard"
# First and last ones of mountains and of their groups of four.
EDGES = (0, SIDE - 1, SIDE, 4 * SIDE - 1, 4 * SIDE, 8 * SIDE, 9 * SIDE - 1, 9 * SIDE, COUNT - 5, COUNT - 1)


@cache
def data_of(kind: int) -> bytes:
    """Of 768 kinds, so that mountains 0, 3 and 6 are the same."""
    return kind.to_bytes(32, "big") * 8 * (kind % 3 + 1)


@cache
def shard_of(kind: int) -> Shard:
    return Shard(tuple(leaves_of(data_of(kind))))


@cache
def entry_of(kind: int) -> int:
    return shard_of(kind).word


def sequence(count: int, cleared: Iterable[int] = ()) -> Range:
    gone = set(cleared)
    return Range([None if at in gone else shard_of(at % (3 * SIDE)) for at in range(count)])


class StorageRangeEdges(StorageEdgeSystem):
    """Short ways of a market to which a person speaks as its deals, and where a provider stores many shards."""

    contracts = ("StorageMarket",)

    def open(self) -> None:
        super().open()
        provider, hub = self["provider"], self.contract("hub")
        terms = (*self.market_terms[:3], self["watcher"], SECONDS, WINDOW, 1, 1)
        market = self.evm.deploy("StorageMarket", *terms, sender=self.evm.account("maker of mountains"))
        self.bind(long_market=market)
        hub.list_service(market, 20 * 24 * 3600, 4, sender=self.owner)
        hub.lock(market, provider, COIN, sender=provider)
        for first in range(0, COUNT, BATCH):
            market.store(*self.stored_from(first, min(BATCH, COUNT - first)), sender=self["watcher"])

    def stored_from(self, first: int, count: int) -> tuple[Any, ...]:
        """What `store` takes: shards of no price."""
        kinds = [at % (3 * SIDE) for at in range(first, first + count)]
        return self["provider"], self["provider"], [(entry_of(kind), 0, 0, 9) for kind in kinds]

    def stores_until(self, count: int) -> Any:
        for first in range(COUNT, count, BATCH):
            given = self.stored_from(first, min(BATCH, count - first))
            yield self.tx("long_market.store", *given, sender=self["watcher"])

    def clears(self, *pieces: tuple[int, list[int]], fails: str | None = None) -> Any:
        return self.tx("long_market.clear", self["provider"], pieces, sender=self["watcher"], fails=fails)

    def agrees_with(self, known: Range) -> None:
        """STO-4: of every mountain, and the leaves before the next whole one."""
        provider, wholes = self["provider"], len(known.shards) >> WHOLE
        for (height, number), word in known.kept.items():
            place = ("whole", number) if height == WHOLE else ("peak", height)
            assert self.ask(f"long_market.{place[0]}", provider, place[1]) == word, f"STO-4: {place}"
        before = sum(len(shard.leaves) for shard in known.shards[: wholes << WHOLE] if shard)
        assert self.ask("long_market.whole", provider, wholes) == before, "STO-4: leaves of all whole mountains"
        assert self.ask("long_market.whole", provider, wholes + 1) == 0, "STO-4: nothing there"
        assert self.answer_of("long_market.ledger", provider)[0] == known.total, "STO-4: leaves of all"

    # what is kept -----------------------------------------------------------------------------------------------------

    @way()
    def what_was_stored(self, who: str) -> Steps:
        yield self.tx("long_market.settle", self["provider"], sender=who)
        self.agrees_with(sequence(COUNT))

    @way(Choice((-2, -1, 0, 1, 2, BATCH - 1)))
    def another_whole_one(self, who: str, more: int) -> Steps:
        """Its last shard is one of the last of a call, or of the first."""
        yield from self.stores_until(10 * SIDE + more)
        self.agrees_with(sequence(10 * SIDE + more))

    @way(Choice(EDGES), Choice((0, 1, 200)))
    def what_is_cleared(self, who: str, ordinal: int, more: int) -> Steps:
        """Two shards in one call, the second on the sequence without the first."""
        self.goes(2)
        gone = dict.fromkeys((ordinal, (ordinal + more) % COUNT))
        pieces: list[tuple[int, list[int]]] = []
        for at in gone:
            pieces.append((at, words_to(sequence(COUNT, [done for done, _ in pieces]), at)))
        yield self.clears(*pieces)
        left = sequence(COUNT, gone)
        self.agrees_with(left)
        yield self.clears((ordinal, words_to(left, ordinal)), fails=OTHER)
        yield from self.proves(who, left)

    @way(Choice((0, 5, 8)))
    def cleared_and_gone_on(self, who: str, number: int) -> Steps:
        """A mountain without a shard, and then the next one is whole."""
        self.goes(2)
        gone = number * SIDE + 7
        yield self.clears((gone, words_to(sequence(COUNT), gone)))
        yield from self.stores_until(10 * SIDE + 3)
        self.agrees_with(sequence(10 * SIDE + 3, [gone]))

    @way(Choice(EDGES))
    def what_is_not_cleared(self, who: str, ordinal: int) -> Steps:
        self.goes(2)
        known = sequence(COUNT)
        words = words_to(known, ordinal)
        yield self.clears((ordinal, words[:-1]), fails=NO_SHARD)
        yield self.clears((ordinal, [*words, 0]), fails=NO_SHARD)
        yield self.clears((ordinal, []), fails=NO_SHARD)
        yield self.clears((ordinal, [words[0] ^ 1, *words[1:]]), fails=OTHER)
        if len(words) > 1:
            yield self.clears((ordinal, [*words[:-1], words[-1] ^ 1]), fails=OTHER)
            yield self.clears((ordinal ^ 1, words), fails=OTHER)
        if ordinal < 8 * SIDE:
            yield self.clears((ordinal + SIDE, words), fails=OTHER)
        yield self.clears((COUNT, [1]), fails=NO_SHARD)

    # proofs -----------------------------------------------------------------------------------------------------------

    def challenged(self, who: str, number: int, known: Range) -> Any:
        """Leaves that the second epoch asks for."""
        self.goes(2)
        seed = hashed_seed(number)
        at = int.from_bytes((yield self.tx("long_market.open_epoch", 2, sender=who)), "big")
        yield self.tx("randomness.put", at, seed, sender=who)
        yield self.tx("long_market.see_seed", 2, sender=who)
        return [draw(seed, 2, self["provider"], place, known.total) for place in range(DRAWS)]

    def shown(self, words: list[list[int]], drawn: list[int], known: Range) -> tuple[bytes, list[int]]:
        pieces = []
        for leaf in drawn:
            ordinal, index = known.locate(leaf)
            pieces.append(data_of(ordinal % (3 * SIDE))[index * LEAF_BYTES : (index + 1) * LEAF_BYTES])
        return b"".join(pieces), [word for part in words for word in part]

    def proof(self, drawn: list[int], known: Range) -> list[list[int]]:
        return [[int.from_bytes(word, "big") for word in known.proof(leaf)] for leaf in drawn]

    def sends(self, who: str, data: bytes, words: list[int], fails: str | None = None) -> Any:
        return self.tx("long_market.prove", self["provider"], 2, data, words, sender=who, fails=fails)

    def proves(self, who: str, known: Range) -> Any:
        drawn = yield from self.challenged(who, 0, known)
        yield self.sends(who, *self.shown(self.proof(drawn, known), drawn, known))
        self.emitted("long_market.Proven", provider=self["provider"], epoch=2, earned=0)

    @way(Choice(range(24)))
    def every_seed_can_be_answered(self, who: str, number: int) -> Steps:
        known = sequence(COUNT)
        drawn = yield from self.challenged(who, number, known)
        yield self.sends(who, *self.shown(self.proof(drawn, known), drawn, known))

    @way(Choice(range(8)), Choice(range(DRAWS)))
    def of_another_mountain(self, who: str, number: int, at: int) -> Steps:
        """A word counts at its own place alone: equal mountains do not answer for each other."""
        known = sequence(COUNT)
        drawn = yield from self.challenged(who, number, known)
        words = self.proof(drawn, known)
        ordinal = words[at][0] % 2**32
        for other in range(ordinal % SIDE, 9 * SIDE, SIDE):
            if ordinal < 9 * SIDE and other != ordinal:
                same = (other - ordinal) % (3 * SIDE) == 0
                moved = [*words[:at], [words[at][0] - ordinal + other, *words[at][1:]], *words[at + 1 :]]
                reason = "storage: not the leaf that was drawn" if same else OTHER
                yield self.sends(who, *self.shown(moved, drawn, known), fails=reason)

    @way(Choice(range(4)))
    def beyond_the_end(self, who: str, number: int) -> Steps:
        """Of the sequence, and of the shard: the first place behind it."""
        known = sequence(COUNT)
        drawn = yield from self.challenged(who, number, known)
        words = self.proof(drawn, known)
        ordinal, leaves = words[0][0] % 2**32, words[0][0] >> 32 & 2**40 - 1
        for header in (words[0][0] - ordinal + COUNT, ordinal | leaves << 32 | leaves << 72):
            moved = [[header, *words[0][1:]], *words[1:]]
            yield self.sends(who, *self.shown(moved, drawn, known), fails="storage: no such leaf")

    @way(Choice(range(8)))
    def above_the_peak(self, who: str, number: int) -> Steps:
        """A path ends at the peak of a whole mountain: one that leads on to a node over two of them is refused."""
        known = sequence(COUNT)
        drawn = yield from self.challenged(who, number, known)
        words = self.proof(drawn, known)
        beside = next(iter(known.kept.values()))
        yield self.sends(who, *self.shown([*words[:-1], [*words[-1], beside]], drawn, known),
                         fails="storage: words left over")  # fmt: skip
        yield self.sends(who, *self.shown([*words[:-1], words[-1][:-1]], drawn, known),
                         fails="storage: words are missing")  # fmt: skip
        data, flat = self.shown(words, drawn, known)
        yield self.sends(who, data, [*flat[:-1], flat[-1] ^ 1], fails=OTHER)
        yield self.sends(who, data, flat)
