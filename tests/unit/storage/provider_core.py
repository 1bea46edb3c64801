"""A provider's core with a few shards, and what tests ask it."""

from __future__ import annotations

from keifu.spec import storage as spec
from keifu.storage.provider.commands import (
    Submit,
)
from keifu.storage.provider.core import Provider
from keifu.storage.provider.desk import Policy
from keifu.storage.provider.messages import (
    Appended,
    Arrived,
    Leaf,
    Offer,
    ShardId,
)

__all__ = [
    "DATA",
    "ME",
    "OFFER",
    "OTHERS",
    "PEER",
    "ROOTS",
    "SEED",
    "SHARDS",
    "appended",
    "arrived",
    "calls",
    "leaf_of",
    "of",
    "provider",
]

ME, PEER = "0x" + "a2" * 20, "0x" + "c1" * 20
OTHERS = tuple(f"0x{number:040x}" for number in range(1, 4))
DATA = [bytes([number]) * 512 for number in range(4)]
ROOTS = [spec.shard_root(data) for data in DATA]
SHARDS = [ShardId(bytes([number]) * 32, 0) for number in range(4)]
OFFER = Offer(SHARDS[0], ROOTS[0], 2, 1_000)
SEED = b"s" * 32


def leaf_of(number: int, index: int) -> Leaf:
    data = DATA[number]
    return Leaf(data[256 * index : 256 * index + 256], tuple(spec.path(spec.leaves_of(data), index)))


def appended(*numbers: int) -> tuple[Appended, ...]:
    return tuple(Appended(1, SHARDS[number], ROOTS[number], 2) for number in numbers)


def provider(*kept: int, **policy) -> Provider:
    return Provider(ME, Policy(**policy), kept=[SHARDS[number] for number in kept])


def calls(commands) -> list:
    return [command.call for command in commands if isinstance(command, Submit)]


def of(commands, *kinds) -> list:
    return [command for command in commands if isinstance(command, kinds)]


def arrived(number: int = 0, handle: str = "h", **changed) -> Arrived:
    facts = {"root": ROOTS[number], "leaves": 2} | changed
    return Arrived(PEER, handle, SHARDS[number], **facts)
