"""The storage network's trees: the vectors are those of the slow reference, and the page's words hold."""

from __future__ import annotations

import pytest

from ethwire.keys import keccak256
from keifu.spec.storage import LEAF_BYTES, SEGMENT_BYTES, Range, Shard, deal_path, deal_root, leaves_of, path, root
from tests.conformance.storage import VECTORS, written


def leaf(number: int) -> bytes:
    return keccak256(number.to_bytes(4, "big"))


def test_the_vectors_are_the_reference_s():
    assert VECTORS.read_text(encoding="utf-8") == written()


def test_a_segment_is_1024_leaves():
    assert SEGMENT_BYTES == 1024 * LEAF_BYTES


def test_equal_data_at_two_places_has_two_hashes():
    first, second = leaves_of(bytes(2 * LEAF_BYTES))
    assert first != second


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7, 8, 11, 31])
def test_the_last_of_an_odd_level_rises_unchanged(count):
    """Level by level: the other way of saying it, as a contract checks it."""
    leaves = [leaf(number) for number in range(count)]
    for index in range(count):
        node, place, size, siblings = leaves[index], index, count, iter(path(leaves, index))
        while size > 1:
            if place ^ 1 < size:
                beside = next(siblings)
                pair = beside + node if place & 1 else node + beside
                node = keccak256(pair + (1).to_bytes(32, "big"))
            place, size = place >> 1, (size + 1) >> 1
        assert node == root(leaves)
        assert next(siblings, None) is None


def test_a_deal_names_who_stores_what():
    shards = [(f"0x{number:040x}", leaf(number), number + 1) for number in range(14)]
    swapped = [shards[1], shards[0], *shards[2:]]
    assert deal_root(shards) != deal_root(swapped)
    assert len(deal_path(shards, 0)) == 4
    assert len(deal_path(shards, 13)) == 3


def test_appending_carries_like_addition():
    """Appending one by one, with the peaks alone, ends at the peaks of the whole."""
    shards = [Shard(tuple(leaf(100 * number + at) for at in range(number % 3 + 1))) for number in range(13)]
    for count in range(1, 14):
        before, after = Range(list(shards[: count - 1])).kept, Range(list(shards[:count])).kept
        changed = {place for place in before if before[place] != after.get(place)}
        assert changed == {(height, number) for height, number in before if not count >> height & 1}
        assert sum(peak & (2**64 - 1) for peak in after.values()) == Range(list(shards[:count])).total


def test_clearing_changes_one_peak_and_its_sum():
    shards = [Shard((leaf(number),)) for number in range(7)]
    whole, cleared = Range(list(shards)), Range([*shards[:2], None, *shards[3:]])
    assert [place for place in whole.kept if whole.kept[place] != cleared.kept[place]] == [(2, 0)]
    assert cleared.total == 6
    assert cleared.locate(2) == (3, 0)
