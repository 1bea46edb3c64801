"""What the market keeps of whole mountains: the published vectors, and groups of groups of them."""

from __future__ import annotations

import json

from audit.systems.storage_range_edges import BATCH, COUNT, SIDE, StorageRangeEdges, sequence
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from keifu.spec.storage import WHOLE, Range, Shard, leaves_of
from keifu.storage.sequence import ProviderSequence
from keifu.units import COIN
from tests.conformance.storage import VECTORS
from tests.profiles import quick_or_deep

KNOWN = json.loads(VECTORS.read_text(encoding="utf-8"))["mountains"]
OTHER = "other provider"

test_ranges_at_their_edges = sequences(StorageRangeEdges, examples=quick_or_deep(2, 100))


def started() -> StorageRangeEdges:
    system = Engine(StorageRangeEdges).system
    assert isinstance(system, StorageRangeEdges)
    system.start()
    return system


def published() -> Range:
    """Shard n has n mod 3 + 1 leaves, each of eight times its number."""
    numbers = range(KNOWN["shards"])
    return Range([Shard(tuple(leaves_of(at.to_bytes(32, "big") * 8 * (at % 3 + 1)))) for at in numbers])


def test_the_published_mountains() -> None:
    """STO-4: the nodes' sequence has the published paths, the market the published words."""
    known, system = published(), started()
    fast = ProviderSequence(shard.word.to_bytes(32, "big") for shard in known.shards if shard)
    for ordinal, words in KNOWN["paths"].items():
        assert ["0x" + word.hex() for word in fast.path(int(ordinal))] == words
    assert (fast.total, [int.from_bytes(peak, "big") for peak in fast.peaks]) == (KNOWN["total"], known.peaks)

    market, provider, deals = system.contract("long_market"), system[OTHER], system["watcher"]
    system.contract("hub").lock(market, provider, COIN, sender=provider)
    entries = [(int.from_bytes(fast.node_at(at), "big"), 0, 0, 9) for at in range(len(fast))]
    for first in range(0, len(entries), BATCH):
        market.store(provider, provider, entries[first : first + BATCH], sender=deals)

    def kept() -> list[dict[str, object]]:
        found = []
        for place in KNOWN["kept"]:
            height, number = place["height"], place["number"]
            word = market.whole(provider, number) if height == WHOLE else market.peak(provider, height)
            found.append({"height": height, "number": number, "word": f"0x{word:064x}"})
        return found

    assert kept() == KNOWN["kept"]
    system.goes(2)
    for ordinal in KNOWN["cleared"]:
        words = [entries[ordinal][0], *(int.from_bytes(word, "big") for word in fast.path(ordinal))]
        market.clear(provider, [(ordinal, words)], sender=deals)
        fast.clear(ordinal)
    assert kept() == KNOWN["kept without them"]


def test_groups_of_groups() -> None:
    """STO-4: eighteen whole mountains, of which one in each place of the scales loses a shard."""
    system, count = started(), 18 * SIDE + 3
    market, provider, deals = system.contract("long_market"), system["provider"], system["watcher"]
    for first in range(COUNT, count, BATCH):
        market.store(*system.stored_from(first, min(BATCH, count - first)), sender=deals)
    fast = ProviderSequence(shard.word.to_bytes(32, "big") for shard in sequence(count).shards if shard)

    def agrees() -> bool:
        leaves = [int.from_bytes(peak[-8:], "big") for peak in fast.peaks]
        begins = [sum(leaves[:number]) for number in range(19)]
        return [market.whole(provider, number) % 2**64 for number in range(19)] == begins

    assert agrees()
    system.goes(2)
    for number in (0, 3, 4, 15, 16, 17, 18):
        ordinal = number * SIDE + 1
        words = [fast.node_at(ordinal), *fast.path(ordinal)]
        market.clear(provider, [(ordinal, [int.from_bytes(word, "big") for word in words])], sender=deals)
        fast.clear(ordinal)
        assert agrees(), number
