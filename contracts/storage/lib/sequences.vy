# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What a provider stores, as an append-only mountain range
@license MIT
@notice Keeps the peaks of each provider's sequence. A shard is appended in a few hashes, opened along one path, and
    cleared where it stands.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import trees


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Shards that one call appends, at most.
BATCH: constant(uint256) = 64

# Mountains of a sequence, at most: it has fewer than 2^32 shards.
HEIGHTS: constant(uint256) = 32

# A proof's header: ordinal 32 | leaves 40 | index in the shard from bit 72.
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
LEAVES_AT: constant(uint256) = 32
INDEX_AT: constant(uint256) = 72


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# provider -> height -> peak.
peaks: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _append(_provider: address, _count: uint256, _entries: DynArray[uint256, BATCH]):
    """
    @dev Add shards to a sequence of `_count`, as binary addition carries. Only the peaks that stand in the end are
        written: one between would cost a new word.
    """
    made: uint256[HEIGHTS] = empty(uint256[HEIGHTS])
    count: uint256 = _count
    for entry: uint256 in _entries:
        node: uint256 = entry
        height: uint256 = 0
        for level: uint256 in range(HEIGHTS):
            if (count >> level) & 1 == 0:
                break
            left: uint256 = made[level]
            if left == 0:
                left = self.peaks[_provider][level]
            made[level] = 0
            node = trees._join(left, node)
            height = level + 1
        made[height] = node
        count += 1
    # Nothing that was made is 0, whose 192 bits are of a hash.
    for level: uint256 in range(HEIGHTS):
        if (_count ^ count) >> level == 0:
            break
        if made[level] > 0:
            self.peaks[_provider][level] = made[level]


@internal
def _clear(_provider: address, _count: uint256, _ordinal: uint256, _words: DynArray[uint256, HEIGHTS]) -> uint256:
    """
    @dev Put nothing in the place of a shard. `_words`: its entry, and the path to its peak.
    @return Its leaves.
    """
    assert len(_words) > 0, "storage: no such shard"
    height: uint256 = len(_words) - 1
    first: uint256 = (_count >> (height + 1)) << (height + 1)
    assert (
        (_count >> height) & 1 == 1 and first <= _ordinal and _ordinal < first + (1 << height)
    ), "storage: no such shard"
    old: uint256 = _words[0]
    new: uint256 = 0
    place: uint256 = _ordinal - first
    for level: uint256 in range(height, bound=HEIGHTS):
        beside: uint256 = _words[level + 1]
        if (place >> level) & 1 == 1:
            old = trees._join(beside, old)
            new = trees._join(beside, new)
        else:
            old = trees._join(old, beside)
            new = trees._join(new, beside)
    assert old == self.peaks[_provider][height] and _words[0] > 0, "storage: not in the sequence"
    self.peaks[_provider][height] = new
    return _words[0] & trees.SUM


@internal
@view
def _check_opened(
    _provider: address,
    _count: uint256,
    _drawn: uint256[trees.DRAWS],
    _data: Bytes[trees.LEAF_BYTES * trees.DRAWS],
    _words: DynArray[uint256, trees.MAX_WORDS],
):
    """
    @dev Five leaves of a sequence of `_count`, each the one that was drawn.
    """
    assert len(_data) == trees.LEAF_BYTES * trees.DRAWS, "storage: not five leaves"
    highest: uint256 = self._highest(_count)
    at: uint256 = 0
    for number: uint256 in range(trees.DRAWS):
        assert at < len(_words), "storage: words are missing"
        header: uint256 = _words[at]
        ordinal: uint256 = header & U32
        leaves: uint256 = (header >> LEAVES_AT) & U40
        index: uint256 = header >> INDEX_AT
        assert ordinal < _count and index < leaves, "storage: no such leaf"
        node: bytes32 = trees._leaf(slice(_data, number * trees.LEAF_BYTES, trees.LEAF_BYTES), index)
        node, at = trees._climb(node, index, leaves, _words, at + 1, trees.NODE)
        entry: uint256 = trees._entry(node, leaves)
        height: uint256 = 0
        place: uint256 = 0
        begin: uint256 = 0
        height, place, begin = self._mountain(_provider, _count, highest, ordinal)
        assert at + height <= len(_words), "storage: words are missing"
        # The longest loop of a proof: what `trees._join` does, in place.
        for level: uint256 in range(height, bound=HEIGHTS):
            left: uint256 = entry
            right: uint256 = _words[unsafe_add(at, level)]
            if (place >> level) & 1 == 1:
                left = right
                right = entry
                begin = unsafe_add(begin, left & trees.SUM)
            hashed: uint256 = convert(keccak256(abi_encode(left, right, trees.SEQUENCE_NODE)), uint256)
            entry = (hashed & ~trees.SUM) | unsafe_add(left & trees.SUM, right & trees.SUM)
        at += height
        assert entry == self.peaks[_provider][height], "storage: not in the sequence"
        assert begin + index == _drawn[number], "storage: not the leaf that was drawn"
    assert at == len(_words), "storage: words left over"


@internal
@pure
def _highest(_count: uint256) -> uint256:
    """
    @dev The height of the highest mountain.
    """
    height: uint256 = 0
    for level: uint256 in range(1, HEIGHTS):
        if _count >> level == 0:
            break
        height = level
    return height


@internal
@view
def _mountain(_provider: address, _count: uint256, _highest: uint256, _ordinal: uint256) -> (uint256, uint256, uint256):
    """
    @dev Where a shard stands, looked for from the highest mountain on: most leaves are there.
    @return The mountain's height, the shard's place in it, and the leaves before it.
    """
    height: uint256 = _highest
    place: uint256 = _ordinal
    before: uint256 = 0
    for _: uint256 in range(HEIGHTS):
        size: uint256 = _count & (1 << height)
        if place < size:
            break
        if size > 0:
            before += self.peaks[_provider][height] & trees.SUM
            place -= size
        height -= 1
    return height, place, before
