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

# The height of a whole mountain: 256 shards. None is higher.
WHOLE: constant(uint256) = 8
IN_WHOLE: constant(uint256) = 2**WHOLE - 1

# Words of a shard that is cleared, at most; fewer are ever right.
PATH: constant(uint256) = 32

# Whole mountains are counted in fours, fours in sixteens and so on: a sequence has fewer than 2^24 of them.
DIGIT: constant(uint256) = 2
IN_GROUP: constant(uint256) = 2**DIGIT - 1
SCALES: constant(uint256) = 12
SCALE_AT: constant(uint256) = 32

# A proof's header: ordinal 32 | leaves 40 | index in the shard from bit 72.
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
LEAVES_AT: constant(uint256) = 32
INDEX_AT: constant(uint256) = 72


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# provider -> height -> peak of the mountain of that height that is not whole.
peaks: HashMap[address, HashMap[uint256, uint256]]

# provider -> scale and number of a group -> leaves before it in its larger group. A group of scale 0 is one whole
# mountain, the upper 192 bits of its word are those of its peak. The first group in a larger one has no leaves before.
wholes: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _append(_provider: address, _count: uint256, _entries: DynArray[uint256, BATCH]):
    """
    @dev Add shards to a sequence of `_count`, as binary addition carries. Only the peaks that stand in the end are
        written: one between would cost a new word.
    """
    made: uint256[WHOLE] = empty(uint256[WHOLE])
    count: uint256 = _count
    for entry: uint256 in _entries:
        node: uint256 = entry
        height: uint256 = 0
        for level: uint256 in range(WHOLE):
            if (count >> level) & 1 == 0:
                break
            left: uint256 = made[level]
            if left == 0:
                left = self.peaks[_provider][level]
            made[level] = 0
            node = trees._join(left, node)
            height = level + 1
        if height == WHOLE:
            self._complete(_provider, count >> WHOLE, node)
        else:
            made[height] = node
        count += 1
    # Nothing that was made is 0, whose 192 bits are of a hash.
    for level: uint256 in range(WHOLE):
        if (_count ^ count) >> level == 0:
            break
        if made[level] > 0:
            self.peaks[_provider][level] = made[level]


@internal
def _complete(_provider: address, _number: uint256, _peak: uint256):
    """
    @dev Whole mountain `_number` is there: what stands before the next one is known. Of its words only the one of the
        largest group that begins with it is new.
    """
    self.wholes[_provider][_number] |= _peak & ~trees.SUM
    group: uint256 = _number + 1
    leaves: uint256 = self._before(_provider, _number) + (_peak & trees.SUM) - self._before(_provider, group)
    scale: uint256 = 0
    for _: uint256 in range(SCALES):
        if group & IN_GROUP > 0:
            break
        group >>= DIGIT
        scale += 1
    self.wholes[_provider][(scale << SCALE_AT) | group] = leaves


@internal
def _clear(_provider: address, _count: uint256, _ordinal: uint256, _words: DynArray[uint256, PATH]) -> uint256:
    """
    @dev Put nothing in the place of a shard. `_words`: its entry, and the path to its peak.
    @return Its leaves.
    """
    assert _ordinal < _count, "storage: no such shard"
    height: uint256 = 0
    place: uint256 = 0
    height, place = self._mountain(_count, _ordinal)
    assert len(_words) == height + 1, "storage: no such shard"
    old: uint256 = _words[0]
    new: uint256 = 0
    for level: uint256 in range(height, bound=WHOLE):
        beside: uint256 = _words[level + 1]
        if (place >> level) & 1 == 1:
            old = trees._join(beside, old)
            new = trees._join(beside, new)
        else:
            old = trees._join(old, beside)
            new = trees._join(new, beside)
    kept: uint256 = self._kept(_provider, _ordinal, height)
    assert self._is_peak(kept, height, old) and _words[0] > 0, "storage: not in the sequence"
    leaves: uint256 = _words[0] & trees.SUM
    if height < WHOLE:
        self.peaks[_provider][height] = new
    else:
        number: uint256 = _ordinal >> WHOLE
        self.wholes[_provider][number] = (new & ~trees.SUM) | (kept & trees.SUM)
        self._lower(_provider, number, _count >> WHOLE, leaves)
    return leaves


@internal
def _lower(_provider: address, _number: uint256, _next: uint256, _leaves: uint256):
    """
    @dev Whole mountain `_number` of `_next` has fewer leaves: so has what stands before each group behind it.
    """
    group: uint256 = _number
    last: uint256 = _next
    for scale: uint256 in range(SCALES):
        if group == last:
            break
        for behind: uint256 in range(group + 1, min(last, group | IN_GROUP) + 1, bound=IN_GROUP):
            self.wholes[_provider][(scale << SCALE_AT) | behind] -= _leaves
        group >>= DIGIT
        last >>= DIGIT


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
        height, place = self._mountain(_count, ordinal)
        kept: uint256 = self._kept(_provider, ordinal, height)
        begin: uint256 = self._begin(_provider, _count, ordinal, height, kept)
        assert at + height <= len(_words), "storage: words are missing"
        # The longest loop of a proof: what `trees._join` does, in place.
        for level: uint256 in range(height, bound=WHOLE):
            left: uint256 = entry
            right: uint256 = _words[unsafe_add(at, level)]
            if (place >> level) & 1 == 1:
                left = right
                right = entry
                begin = unsafe_add(begin, left & trees.SUM)
            hashed: uint256 = convert(keccak256(abi_encode(left, right, trees.SEQUENCE_NODE)), uint256)
            entry = (hashed & ~trees.SUM) | unsafe_add(left & trees.SUM, right & trees.SUM)
        at += height
        assert self._is_peak(kept, height, entry), "storage: not in the sequence"
        assert begin + index == _drawn[number], "storage: not the leaf that was drawn"
    assert at == len(_words), "storage: words left over"


@internal
@pure
def _mountain(_count: uint256, _ordinal: uint256) -> (uint256, uint256):
    """
    @dev Where a shard stands.
    @return The mountain's height, and the shard's place in it.
    """
    height: uint256 = WHOLE
    place: uint256 = _ordinal & IN_WHOLE
    if _ordinal >> WHOLE < _count >> WHOLE:
        return height, place
    for _: uint256 in range(WHOLE):
        height -= 1
        size: uint256 = _count & (1 << height)
        if place < size:
            break
        place -= size
    return height, place


@internal
@view
def _kept(_provider: address, _ordinal: uint256, _height: uint256) -> uint256:
    """
    @dev The word that is kept of a shard's mountain.
    """
    if _height < WHOLE:
        return self.peaks[_provider][_height]
    return self.wholes[_provider][_ordinal >> WHOLE]


@internal
@pure
def _is_peak(_kept: uint256, _height: uint256, _entry: uint256) -> bool:
    """
    @dev Whether the word that is kept of a mountain is that of this peak. Of a whole one the hash says the sum, too.
    """
    return _kept == _entry or (_height == WHOLE and (_kept ^ _entry) & ~trees.SUM == 0)


@internal
@view
def _begin(_provider: address, _count: uint256, _ordinal: uint256, _height: uint256, _kept: uint256) -> uint256:
    """
    @dev Leaves before a shard's mountain.
    """
    number: uint256 = _ordinal >> WHOLE
    if _height == WHOLE:
        return (_kept & trees.SUM) + self._before_group(_provider, number)
    leaves: uint256 = self._before(_provider, number)
    height: uint256 = _height + 1
    higher: uint256 = (_count & IN_WHOLE) >> height
    for _: uint256 in range(WHOLE):
        if higher == 0:
            break
        if higher & 1 == 1:
            leaves += self.peaks[_provider][height] & trees.SUM
        height += 1
        higher >>= 1
    return leaves


@internal
@view
def _before(_provider: address, _number: uint256) -> uint256:
    """
    @dev Leaves before whole mountain `_number`, or of all whole ones where it is the next.
    """
    return (self.wholes[_provider][_number] & trees.SUM) + self._before_group(_provider, _number)


@internal
@view
def _before_group(_provider: address, _number: uint256) -> uint256:
    """
    @dev Leaves before the group of whole mountains in which `_number` is.
    """
    leaves: uint256 = 0
    group: uint256 = _number
    for scale: uint256 in range(1, SCALES):
        group >>= DIGIT
        if group == 0:
            break
        if group & IN_GROUP > 0:
            leaves = unsafe_add(leaves, self.wholes[_provider][(scale << SCALE_AT) | group] & trees.SUM)
    return leaves


@internal
@view
def _whole(_provider: address, _number: uint256) -> uint256:
    return (self.wholes[_provider][_number] & ~trees.SUM) | self._before(_provider, _number)
