"""A provider's sequence of shards: the mountain range of which the market keeps the peaks.

docs/storage-format.md says what is hashed. Beside the entries stand the nodes of the mountains above them, 64 bytes a
shard in all. So a change and a path take a step a level, eight at most, and finding a leaf takes one a mountain. The
entries alone are kept on a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keifu.errors import InputError, UsageError
from keifu.keys import keccak256
from keifu.storage.layout import LEAF_BYTES, word
from keifu.storage.trees import climb

__all__ = [
    "DRAWS",
    "EMPTY",
    "WHOLE",
    "Place",
    "ProviderSequence",
    "draws",
    "entry",
    "header",
    "leaf_root",
    "opens",
    "repair_draws",
]

DRAWS = 5
WHOLE = 8  # the height of a whole mountain: no other is higher
WORD_BYTES = 32
SUM_BYTES = 8  # of an entry, its last: the leaves below it
EMPTY = bytes(WORD_BYTES)  # a cleared shard's entry
_LEAF, _ENTRY, _NODE, _DRAW, _REPAIR_DRAW = 0, 2, 3, 6, 7  # domains
_LEAVES_AT, _INDEX_AT = 32, 72  # where a header's parts begin


def entry(root: bytes, leaves: int) -> bytes:
    """A shard's word in a sequence: 192 bits of its hash, and how many leaves it has."""
    hashed = keccak256(root + word(leaves) + word(_ENTRY))
    return hashed[:-SUM_BYTES] + leaves.to_bytes(SUM_BYTES, "big")


def header(ordinal: int, leaves: int, index: int) -> bytes:
    """The first word of an opened leaf's proof."""
    return word(ordinal | leaves << _LEAVES_AT | index << _INDEX_AT)


def draws(seed: bytes, epoch: int, provider: str, total: int) -> list[int]:
    """The leaves that an epoch asks for, of the `total` that the provider stored when it began."""
    start = seed + word(epoch) + _address(provider)
    return [_drawn(start, number, _DRAW, total) for number in range(DRAWS)]


def repair_draws(seed: bytes, deal: bytes, index: int, repairer: str, leaves: int) -> list[int]:
    """The leaves of a shard that its repairer has to open."""
    start = seed + deal + word(index) + _address(repairer)
    return [_drawn(start, number, _REPAIR_DRAW, leaves) for number in range(DRAWS)]


def _drawn(start: bytes, number: int, domain: int, among: int) -> int:
    return int.from_bytes(keccak256(start + word(number) + word(domain)), "big") % among


def _address(account: str) -> bytes:
    return word(int(account, 16))


def _sum(node: bytes) -> int:
    return int.from_bytes(node[-SUM_BYTES:], "big")


def _joined(left: bytes, right: bytes) -> bytes:
    hashed = keccak256(left + right + word(_NODE))
    return hashed[:-SUM_BYTES] + (_sum(left) + _sum(right)).to_bytes(SUM_BYTES, "big")


@dataclass(frozen=True)
class Place:
    """Where a leaf stands that is counted over a whole sequence."""

    ordinal: int
    index: int  # in its shard
    leaves: int  # of that shard


class ProviderSequence:
    """Shards in the order in which they were taken; the place of one never changes."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]  # nodes by height, each level one after another
        for node in entries:
            self.push(node)

    def __len__(self) -> int:
        """Shards, the cleared ones too."""
        return len(self._levels[0]) // WORD_BYTES

    @classmethod
    def from_bytes(cls, data: bytes) -> ProviderSequence:
        """What `to_bytes` made. Raises InputError for a part of a word."""
        if len(data) % WORD_BYTES:
            raise InputError(f"{len(data)} bytes are no whole number of entries", remedy="build it again from events")
        return cls(data[at : at + WORD_BYTES] for at in range(0, len(data), WORD_BYTES))

    def to_bytes(self) -> bytes:
        """The entries in order, 32 bytes each; everything else follows from them."""
        return bytes(self._levels[0])

    @property
    def peaks(self) -> list[bytes]:
        """The root of each mountain, in order."""
        return [self._node(height, first >> height) for height, first in _mountains(len(self))]

    @property
    def total(self) -> int:
        """Leaves of all shards."""
        return sum(map(_sum, self.peaks))

    @property
    def root(self) -> bytes:
        """One word for the whole range, to compare two of them; no contract knows it."""
        return keccak256(word(len(self)) + b"".join(self.peaks))

    def append(self, root: bytes, leaves: int) -> int:
        """The new shard's ordinal."""
        self.push(entry(root, leaves))
        return len(self) - 1

    def push(self, node: bytes) -> None:
        """An entry behind the others, as binary addition carries."""
        self._levels[0] += node
        height, count = 0, len(self)
        while count % 2 == 0 and height < WHOLE:
            if len(self._levels) == height + 1:
                self._levels.append(bytearray())
            self._levels[height + 1] += _joined(self._node(height, count - 2), self._node(height, count - 1))
            height, count = height + 1, count // 2

    def clear(self, ordinal: int) -> None:
        """The shard is not stored any more; its place stays."""
        self.put(ordinal, EMPTY)

    def put(self, ordinal: int, node: bytes) -> None:
        """Another entry in a place that there is: nothing for a cleared shard, the old one when that is undone."""
        self.node_at(ordinal)
        height, place = 0, ordinal
        self._set(0, place, node)
        while height < WHOLE and place ^ 1 < self._size(height):
            place, height = place >> 1, height + 1
            left = 2 * place
            self._set(height, place, _joined(self._node(height - 1, left), self._node(height - 1, left + 1)))

    def cut(self, count: int) -> None:
        """Back to the first `count` shards, after a reorganisation."""
        for height, level in enumerate(self._levels):
            del level[(count >> height) * WORD_BYTES :]

    def node_at(self, ordinal: int) -> bytes:
        """A shard's entry. Raises UsageError when there is none."""
        if not 0 <= ordinal < len(self):
            raise UsageError(f"no shard {ordinal} in a sequence of {len(self)}", remedy="read the events again")
        return self._node(0, ordinal)

    def locate(self, leaf: int) -> Place:
        """Raises UsageError for a leaf beyond the last one."""
        for height, first in _mountains(len(self)):
            place, total = first >> height, _sum(self._node(height, first >> height))
            if leaf < total:
                return self._below(height, place, leaf)
            leaf -= total
        raise UsageError(f"the sequence ends {leaf} leaves before this one", remedy="read the events again")

    def _below(self, height: int, place: int, leaf: int) -> Place:
        while height:
            height, place = height - 1, 2 * place
            left = _sum(self._node(height, place))
            if leaf >= left:
                leaf, place = leaf - left, place + 1
        return Place(place, leaf, _sum(self._node(0, place)))

    def path(self, ordinal: int) -> list[bytes]:
        """The words beside the way from a shard up to its mountain's peak."""
        self.node_at(ordinal)
        height, found = 0, []
        while height < WHOLE and ordinal ^ 1 < self._size(height):
            found.append(self._node(height, ordinal ^ 1))
            ordinal, height = ordinal >> 1, height + 1
        return found

    def proof(self, leaf: int, shard_path: Sequence[bytes]) -> list[bytes]:
        """The words that open one leaf beside its data: header, path in the shard, path in the sequence."""
        place = self.locate(leaf)
        return [header(place.ordinal, place.leaves, place.index), *shard_path, *self.path(place.ordinal)]

    def _size(self, height: int) -> int:
        return len(self._levels[height]) // WORD_BYTES if height < len(self._levels) else 0

    def _node(self, height: int, place: int) -> bytes:
        at = place * WORD_BYTES
        return bytes(self._levels[height][at : at + WORD_BYTES])

    def _set(self, height: int, place: int, node: bytes) -> None:
        at = place * WORD_BYTES
        self._levels[height][at : at + WORD_BYTES] = node


def leaf_root(data: bytes, index: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
    """The root of the shard in which these bytes are leaf `index`; None for a path of another length."""
    return climb(keccak256(data + index.to_bytes(8, "big") + bytes([_LEAF])), index, leaves, path)


def opens(count: int, peaks: Sequence[bytes], leaf: int, data: bytes, words: Sequence[bytes]) -> bool:
    """Whether a proof opens `leaf` of a sequence of `count` shards with these peaks: what the market checks."""
    if not words or len(data) != LEAF_BYTES:
        return False
    named = int.from_bytes(words[0], "big")
    ordinal, leaves, index = named % 2**32, named >> _LEAVES_AT & 2**40 - 1, named >> _INDEX_AT
    if ordinal >= count or index >= leaves:
        return False
    above = 1 + _depth(index, leaves)
    root = leaf_root(data, index, leaves, words[1:above])
    if root is None:
        return False
    at, height, first = _mountain(count, ordinal)
    begin, node, place, beside = sum(map(_sum, peaks[:at])), entry(root, leaves), ordinal - first, words[above:]
    if len(beside) != height:
        return False
    for level, other in enumerate(beside):
        if place >> level & 1:
            begin, node = begin + _sum(other), _joined(other, node)
        else:
            node = _joined(node, other)
    return node == peaks[at] and begin + index == leaf


def _depth(index: int, count: int) -> int:
    """Siblings of a leaf: where it rises unchanged there is none."""
    found = 0
    while count > 1:
        found += index ^ 1 < count
        index, count = index >> 1, (count + 1) >> 1
    return found


def _mountains(count: int) -> list[tuple[int, int]]:
    """(height, first ordinal) of each, in order: the whole ones, and one for each bit that is left."""
    first = count >> WHOLE << WHOLE
    found = [(WHOLE, begin) for begin in range(0, first, 1 << WHOLE)]
    for height in reversed(range(WHOLE)):
        if count >> height & 1:
            found.append((height, first))
            first += 1 << height
    return found


def _mountain(count: int, ordinal: int) -> tuple[int, int, int]:
    """(number, height, first ordinal) of the mountain in which a shard stands."""
    mountains = _mountains(count)
    number = next(at for at, (height, first) in enumerate(mountains) if ordinal < first + (1 << height))
    return number, *mountains[number]
