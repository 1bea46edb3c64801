"""Bloom filters of block headers: which addresses and topics a block's logs can have (yellow paper, section 4.3.1)."""

from __future__ import annotations

import re
from functools import lru_cache

from keifu.chain.follower._model import Event
from keifu.keys import keccak256

__all__ = ["bloom_mask", "bloom_of_log"]

_BITS = 2_048
_ITEM = re.compile(r"0x(?:[0-9a-f]{40}|[0-9a-f]{64})")


@lru_cache(maxsize=100_000)
def bloom_mask(item: str) -> int:
    """The three bits that stand for an address or topic. Raises ValueError when it is neither, in lower-case hex."""
    if not _ITEM.fullmatch(item):
        raise ValueError(f"{item[:80]} is neither an address nor a topic")
    digest = keccak256(bytes.fromhex(item[2:]))
    first, second, third = digest[0] << 8 | digest[1], digest[2] << 8 | digest[3], digest[4] << 8 | digest[5]
    return 1 << first % _BITS | 1 << second % _BITS | 1 << third % _BITS


def bloom_of_log(event: Event) -> int:
    """The bits of one log. Raises ValueError when its address or a topic is malformed."""
    bloom = bloom_mask(event.address)
    for topic in event.topics:
        bloom |= bloom_mask(topic)
    return bloom
