"""The trees of the storage network in plain Python, slowly: what docs/storage-format.md says, and nothing faster.

It shares no code with the trees that nodes and clients build. `vectors` makes what every implementation must agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ethwire.keys import keccak256

__all__ = [
    "DRAWS",
    "LEAF_BYTES",
    "SEGMENT_BYTES",
    "WHOLE",
    "Range",
    "Shard",
    "deal_id",
    "deal_leaf",
    "deal_path",
    "deal_root",
    "draw",
    "leaves_of",
    "path",
    "repair_draw",
    "root",
    "shard_root",
    "vectors",
]

LEAF_BYTES = 256
SEGMENT_BYTES = 256 * 1024
DRAWS = 5
WHOLE = 8

_SUM = 2**64 - 1
_LEAF, _NODE, _SEQUENCE_LEAF, _SEQUENCE_NODE, _DEAL_LEAF, _DEAL_NODE, _DRAW, _REPAIR_DRAW, _DEAL = range(9)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account.removeprefix("0x"))


def leaves_of(shard: bytes) -> list[bytes]:
    """The hashes of a shard's leaves; the shard is a whole number of them."""
    assert shard, "no leaf"
    assert len(shard) % LEAF_BYTES == 0, "no whole number of leaves"
    pieces = [shard[at : at + LEAF_BYTES] for at in range(0, len(shard), LEAF_BYTES)]
    return [keccak256(piece + index.to_bytes(8, "big") + bytes([_LEAF])) for index, piece in enumerate(pieces)]


def _left_size(size: int) -> int:
    """The largest power of two that is smaller than `size`: what stands under the left child."""
    power = 1
    while 2 * power < size:
        power *= 2
    return power


def root(leaves: Sequence[bytes], domain: int = _NODE) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    cut = _left_size(len(leaves))
    return keccak256(root(leaves[:cut], domain) + root(leaves[cut:], domain) + _word(domain))


def path(leaves: Sequence[bytes], index: int, domain: int = _NODE) -> list[bytes]:
    """The siblings of leaf `index`, from the bottom up."""
    if len(leaves) == 1:
        return []
    cut = _left_size(len(leaves))
    if index < cut:
        return [*path(leaves[:cut], index, domain), root(leaves[cut:], domain)]
    return [*path(leaves[cut:], index - cut, domain), root(leaves[:cut], domain)]


def shard_root(shard: bytes) -> bytes:
    return root(leaves_of(shard))


def deal_leaf(index: int, provider: str, shard: bytes, count: int) -> bytes:
    return keccak256(_word(index) + _address(provider) + shard + _word(count) + _word(_DEAL_LEAF))


def deal_root(shards: Sequence[tuple[str, bytes, int]]) -> bytes:
    """Of (provider, shard root, number of leaves), in the order of the shards."""
    return root([deal_leaf(index, *shard) for index, shard in enumerate(shards)], _DEAL_NODE)


def deal_path(shards: Sequence[tuple[str, bytes, int]], index: int) -> list[bytes]:
    return path([deal_leaf(place, *shard) for place, shard in enumerate(shards)], index, _DEAL_NODE)


def deal_id(client: str, deal: bytes, salt: bytes) -> bytes:
    return keccak256(_address(client) + deal + salt + _word(_DEAL))


def draw(seed: bytes, epoch: int, provider: str, number: int, total: int) -> int:
    """Which leaf of all that a provider stores its draw `number` of an epoch asks for."""
    preimage = seed + _word(epoch) + _address(provider) + _word(number) + _word(_DRAW)
    return int.from_bytes(keccak256(preimage), "big") % total


def repair_draw(seed: bytes, deal: bytes, index: int, repairer: str, number: int, count: int) -> int:
    """Which leaf of a shard its repairer's draw `number` asks for."""
    preimage = seed + deal + _word(index) + _address(repairer) + _word(number) + _word(_REPAIR_DRAW)
    return int.from_bytes(keccak256(preimage), "big") % count


@dataclass(frozen=True)
class Shard:
    """A shard in a provider's sequence: the hashes of its leaves."""

    leaves: tuple[bytes, ...]

    @property
    def word(self) -> int:
        preimage = root(self.leaves) + _word(len(self.leaves)) + _word(_SEQUENCE_LEAF)
        return int.from_bytes(keccak256(preimage), "big") & ~_SUM | len(self.leaves)


def _join(left: int, right: int) -> int:
    hashed = int.from_bytes(keccak256(_word(left) + _word(right) + _word(_SEQUENCE_NODE)), "big")
    return hashed & ~_SUM | (left & _SUM) + (right & _SUM)


@dataclass
class Range:
    """A provider's sequence: every shard that it ever took, in order; `None` where one was cleared."""

    shards: list[Shard | None] = field(default_factory=list)

    def _word(self, ordinal: int) -> int:
        shard = self.shards[ordinal]
        return 0 if shard is None else shard.word

    def _node(self, first: int, height: int) -> int:
        if height == 0:
            return self._word(first)
        half = 2 ** (height - 1)
        return _join(self._node(first, height - 1), self._node(first + half, height - 1))

    @property
    def mountains(self) -> list[tuple[int, int]]:
        """(height, first ordinal) of each mountain, in order: each is as high as the shards that are left allow."""
        found, first = [], 0
        for height in range(WHOLE, -1, -1):
            while first + 2**height <= len(self.shards):
                found.append((height, first))
                first += 2**height
        return found

    @property
    def peaks(self) -> list[int]:
        """Of the mountains, in order."""
        return [self._node(first, height) for height, first in self.mountains]

    @property
    def kept(self) -> dict[tuple[int, int], int]:
        """What the market keeps of each mountain, by height and number of its kind: of a whole one the hash of the
        peak and the leaves before it, of any other the peak."""
        found, before = {}, 0
        for (height, first), peak in zip(self.mountains, self.peaks, strict=True):
            whole = height == WHOLE
            found[height, first // 2**WHOLE if whole else 0] = peak & ~_SUM | before if whole else peak
            before += peak & _SUM
        return found

    @property
    def total(self) -> int:
        return sum(len(shard.leaves) for shard in self.shards if shard)

    def locate(self, leaf: int) -> tuple[int, int]:
        """(ordinal of the shard, index in it) of a leaf that is counted over the whole sequence."""
        for ordinal, shard in enumerate(self.shards):
            count = len(shard.leaves) if shard else 0
            if leaf < count:
                return ordinal, leaf
            leaf -= count
        raise IndexError(leaf)

    def path(self, ordinal: int) -> list[int]:
        """The words beside the way from a shard up to its mountain's peak."""
        height, first = next(found for found in self.mountains if found[1] <= ordinal < found[1] + 2 ** found[0])
        place, words = ordinal - first, []
        for level in range(height):
            words.append(self._node(first + ((place >> level) ^ 1) * 2**level, level))
        return words

    def proof(self, leaf: int) -> list[bytes]:
        """The words that open one leaf, beside its data: header, path in the shard, path in the sequence."""
        ordinal, index = self.locate(leaf)
        shard = self.shards[ordinal]
        assert shard
        header = _word(ordinal | len(shard.leaves) << 32 | index << 72)
        return [header, *path(shard.leaves, index), *(_word(word) for word in self.path(ordinal))]


def _stream(name: str, size: int) -> bytes:
    """Bytes that anybody can make again: SHA-256 of the name and a number, one after another."""
    parts = [sha256(f"{name} {at}".encode()).digest() for at in range((size + 31) // 32)]
    return b"".join(parts)[:size]


def vectors() -> dict[str, Any]:
    """What docs/storage-format.md calls the vectors, as JSON: whole numbers, and bytes in hexadecimal."""
    counts = (1, 2, 3, 4, 5, 7, 8, 13, 64, 1000, 1024, 1025)
    shards = {count: _stream(f"shard {count}", count * LEAF_BYTES) for count in counts}
    known = {count: leaves_of(shard) for count, shard in shards.items()}
    sequence = Range([Shard(tuple(known[count])) for count in counts])
    named = [("0x" + f"{index + 1:040x}", root(known[count]), count) for index, count in enumerate(counts)]
    deal, salt, seed = deal_root(named), sha256(b"salt").digest(), sha256(b"seed").digest()
    client, provider = "0x" + "c1" * 20, "0x" + "a2" * 20
    drawn = [draw(seed, 7, provider, number, sequence.total) for number in range(DRAWS)]
    cleared = Range([None if place in (2, 9) else shard for place, shard in enumerate(sequence.shards)])
    return {
        "shards": [
            {
                "name": f"shard {count}",
                "leaves": count,
                "first": _hex(known[count][0]),
                "root": _hex(root(known[count])),
                "paths": {
                    str(index): [_hex(node) for node in path(known[count], index)]
                    for index in sorted({0, count // 2, count - 1})
                },
            }
            for count in counts
        ],
        "deal": {
            "shards": [{"provider": who, "root": _hex(node), "leaves": count} for who, node, count in named],
            "root": _hex(deal),
            "paths": [[_hex(node) for node in deal_path(named, index)] for index in range(len(named))],
            "client": client,
            "salt": _hex(salt),
            "id": _hex(deal_id(client, deal, salt)),
        },
        "sequence": {
            "words": [_hex(_word(shard.word)) for shard in sequence.shards if shard],
            "peaks": [_hex(_word(word)) for word in sequence.peaks],
            "total": sequence.total,
            "cleared": [_hex(_word(word)) for word in cleared.peaks],
        },
        "mountains": _mountains(1100, cleared=(300, 1090)),
        "challenge": {
            "seed": _hex(seed),
            "epoch": 7,
            "provider": provider,
            "draws": drawn,
            "proof": [[_hex(word) for word in sequence.proof(leaf)] for leaf in drawn],
        },
        "repair": {
            "repairer": client,
            "index": 9,
            "draws": [repair_draw(seed, deal, 9, client, number, 1000) for number in range(DRAWS)],
        },
    }


def _mountains(count: int, cleared: tuple[int, ...]) -> dict[str, Any]:
    """A sequence with whole mountains. Shard n has n mod 3 + 1 leaves, each of eight times word(n)."""
    shards = [Shard(tuple(leaves_of(_word(number) * 8 * (number % 3 + 1)))) for number in range(count)]
    whole = Range(list(shards))
    less = Range([None if number in cleared else shard for number, shard in enumerate(shards)])
    opened = (0, 255, 256, 1023, 1024, 1095, count - 1)
    return {
        "shards": count,
        "total": whole.total,
        "paths": {str(ordinal): [_hex(_word(word)) for word in whole.path(ordinal)] for ordinal in opened},
        "kept": _kept(whole),
        "cleared": list(cleared),
        "kept without them": _kept(less),
    }


def _kept(sequence: Range) -> list[dict[str, Any]]:
    return [
        {"height": height, "number": number, "word": _hex(_word(word))}
        for (height, number), word in sequence.kept.items()
    ]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
