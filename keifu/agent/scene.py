"""Where agents are made and run: a chain with the suite, the owner, and folders of storage and channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keifu.chain import ChainClient, Deployment, RpcDeployer

__all__ = ["Ground", "Readable", "Scene"]


@dataclass(frozen=True)
class Ground:
    """A chain with the suite, to read from. No event of the suite is older than `first_block`."""

    client: ChainClient
    suite: Deployment
    first_block: int


@dataclass(frozen=True)
class Scene:
    """One owner on one chain."""

    client: ChainClient
    suite: Deployment
    chain: RpcDeployer  # sends for the owner
    sign: Callable[[bytes], bytes]
    first_block: int
    storage: Path
    channels: Path
    registry: str = ""  # of accounts, where it is another than the suite's


Readable = Ground | Scene
