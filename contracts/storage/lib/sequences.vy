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

# Mountains of a sequence, at most: it has fewer than 2^32 shards.
HEIGHTS: constant(uint256) = 32

# A proof's header: ordinal 32 | leaves 40 | index in the shard from bit 72.
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
LEAVES_AT: constant(uint256) = 32
INDEX_AT: constant(uint256) = 72


# A mountain: its peak, its height, the ordinal of its first shard and the leaves before it.
struct Mountain:
    peak: uint256
    height: uint256
    first: uint256
    before: uint256


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# provider -> height -> peak.
peaks: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _append(_provider: address, _count: uint256, _entry: uint256):
    """
    @dev Add a shard to a sequence of `_count`, as binary addition carries.
    """
    node: uint256 = _entry
    height: uint256 = 0
    for level: uint256 in range(HEIGHTS):
        if (_count >> level) & 1 == 0:
            break
        node = trees._join(self.peaks[_provider][level], node)
        height = level + 1
    self.peaks[_provider][height] = node


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
def _mountains(_provider: address, _count: uint256, _total: uint256) -> DynArray[Mountain, HEIGHTS]:
    """
    @dev The lowest first, which stands last.
    """
    found: DynArray[Mountain, HEIGHTS] = []
    before: uint256 = _total
    for height: uint256 in range(HEIGHTS):
        if _count >> height == 0:
            break
        if (_count >> height) & 1 == 1:
            peak: uint256 = self.peaks[_provider][height]
            before -= peak & trees.SUM
            first: uint256 = (_count >> (height + 1)) << (height + 1)
            found.append(Mountain(peak=peak, height=height, first=first, before=before))
    return found


@internal
@view
def _check_opened(
    _provider: address,
    _count: uint256,
    _total: uint256,
    _drawn: uint256[trees.DRAWS],
    _data: Bytes[trees.LEAF_BYTES * trees.DRAWS],
    _words: DynArray[uint256, trees.MAX_WORDS],
):
    """
    @dev Five leaves of a sequence, each the one that was drawn.
    """
    assert len(_data) == trees.LEAF_BYTES * trees.DRAWS, "storage: not five leaves"
    mountains: DynArray[Mountain, HEIGHTS] = self._mountains(_provider, _count, _total)
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
        mountain: Mountain = mountains[0]
        for other: Mountain in mountains:
            mountain = other
            if ordinal >= other.first:
                break
        place: uint256 = ordinal - mountain.first
        begin: uint256 = mountain.before
        assert at + mountain.height <= len(_words), "storage: words are missing"
        for level: uint256 in range(mountain.height, bound=HEIGHTS):
            beside: uint256 = _words[at]
            at += 1
            if (place >> level) & 1 == 1:
                begin += beside & trees.SUM
                entry = trees._join(beside, entry)
            else:
                entry = trees._join(entry, beside)
        assert entry == mountain.peak, "storage: not in the sequence"
        assert begin + index == _drawn[number], "storage: not the leaf that was drawn"
    assert at == len(_words), "storage: words left over"
