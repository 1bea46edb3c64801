"""Forks of the chain that the machines of the engine follow; native/rules.c has what differs inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.errors import UsageError

__all__ = ["CANCUN", "HARDFORKS", "Hardfork", "hardfork", "newest"]


@dataclass(frozen=True)
class Hardfork:
    """`name` is the one that compilers and anvil use, `title` the one of the official tests."""

    name: str
    title: str
    blob_fraction: int  # how fast the price of blobs follows their number (EIP-4844, EIP-7691)
    blobs: int  # of one transaction at most (EIP-7594)
    blobs_a_block: int
    transaction_gas: int | None = None  # at most (EIP-7825)


HARDFORKS = (
    Hardfork("cancun", "Cancun", 3_338_477, 6, 6),
    Hardfork("prague", "Prague", 5_007_716, 9, 9),
    Hardfork("osaka", "Osaka", 5_007_716, 6, 9, 1 << 24),
)
CANCUN = HARDFORKS[0]
OLDER = ("homestead", "byzantium", "constantinople", "petersburg", "istanbul", "berlin", "london", "paris", "shanghai")


def hardfork(name: str) -> Hardfork:
    """The fork called `name`, as a compiler writes it; code for an older one runs on the oldest here. Raises
    UsageError when there is none."""
    if name.lower() in OLDER:
        return CANCUN
    for item in HARDFORKS:
        if item.name == name.lower():
            return item
    raise UsageError(f"no fork {name}", remedy=f"one of {', '.join(item.name for item in HARDFORKS)}")


def newest(names: list[str]) -> Hardfork:
    """The newest of some forks, on which the code for all of them runs."""
    return max((hardfork(name) for name in names), key=HARDFORKS.index, default=CANCUN)
