"""What the contracts of intelligent NFTs allow: kinds and number of data items, royalties, clones, leases.

Imports nothing heavy, so that a command line can be checked with it.
"""

from __future__ import annotations

from keifu.units import DAY

__all__ = [
    "DATA_KINDS",
    "LONGEST_LEASE",
    "LONGEST_OFFER",
    "MAX_CLONES",
    "MAX_GENERATIONS",
    "MAX_ITEMS",
    "MAX_QUOTA",
    "MAX_ROYALTY_BPS",
]

# By the number that a token keeps of it (`kind_name` of the contract).
DATA_KINDS = (
    "data", "prompt", "history", "memory", "weights", "adapter", "tools", "configuration",
    "persona", "knowledge", "dataset", "code", "index", "policy", "log", "media",
)  # fmt: skip
MAX_ITEMS = 8
MAX_ROYALTY_BPS, MAX_CLONES, MAX_GENERATIONS = 2_000, 2**32 - 1, 8
MAX_QUOTA = 2**32 - 1  # uses of a lease
LONGEST_LEASE, LONGEST_OFFER = 180 * DAY, 365 * DAY  # seconds
