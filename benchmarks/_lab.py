"""Where gas is measured: one real anvil with our contracts, fresh from the sources, and the peers'."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from benchmarks import _peers
from evmstorm.evm import artifacts
from evmstorm.evm.hardforks import CANCUN, HARDFORKS
from keifu.abi import Contract, PackagedContract, Receipt
from keifu.chain import Account, Anvil, ChainClient
from keifu.errors import KeifuError

__all__ = ["GENESIS", "NEWEST", "Lab", "on_both"]

T = TypeVar("T")
NEWEST = HARDFORKS[-1].name
GENESIS = 1_800_000_000  # chain time of the first block, unix seconds: runs repeat
POOL_TRIES, POOL_PAUSE_SECONDS = 100, 0.01


class Lab:
    """One chain for a whole run. Every measured transaction is alone in its block, so no slot is warm from another."""

    def __init__(self, hardfork: str = CANCUN.name) -> None:
        self.anvil = Anvil(timestamp=GENESIS, hardfork=hardfork)
        self.client = ChainClient(self.anvil.rpc, load=self._load)
        self._shared: dict[Callable[[Lab], Any], Any] = {}

    def account(self, role: str) -> Account:
        return self.anvil.account(role)

    @property
    def deployer(self) -> Account:
        return self.account("bench deployer")

    def deploy(self, name: str, *args: Any) -> Contract:
        """Deploy one of ours or one of the peers' by name. Raises ArtifactError when we have no such contract."""
        return self.client.deploy(name, *args, sender=self.deployer)

    def shared(self, build: Callable[[Lab], T]) -> T:
        """What `build` makes, made once for all rows of the run. Call it outside `undo`.

        A build that failed fails for every row that wants it, without being tried again.
        """
        if build not in self._shared:
            try:
                self._shared[build] = build(self)
            except (KeifuError, ModuleNotFoundError) as error:
                self._shared[build] = error
        made: T | Exception = self._shared[build]
        if isinstance(made, Exception):
            raise made
        return made

    @contextmanager
    def undo(self) -> Iterator[None]:
        """The chain is afterwards as it was before."""
        number = self.anvil.snapshot()
        try:
            yield
        finally:
            self._wait_for_the_pool()
            self.anvil.restore(number)
            self.client.forget_nonces()

    def _wait_for_the_pool(self) -> None:
        """anvil takes a mined transaction out of its pool a little later. The same one, sent again after `restore`,
        would go with it and never be mined."""
        for _ in range(POOL_TRIES):
            if int(self.anvil.rpc.call("txpool_status")["pending"], 16) == 0:
                return
            time.sleep(POOL_PAUSE_SECONDS)

    def gas(self, receipt: Receipt) -> int:
        """Gas of the whole transaction, as the node's receipt has it."""
        return receipt.gas_used

    def close(self) -> None:
        self.anvil.stop()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _load(self, name: str) -> PackagedContract:
        if name in _peers.known():
            peer = _peers.load(name)
            addresses = {library: self._library(library) for library in peer.libraries.values()}
            return PackagedContract(name, peer.interface, peer.linked(addresses), "", "", 0)
        artifact = artifacts.load(name)
        return PackagedContract(name, artifact.interface, artifact.creation_code, "", artifact.sources_key, 0)

    def _library(self, name: str) -> str:
        return self.client.deploy(name, sender=self.account(f"bench library {name}")).address


def on_both(take: Callable[[Lab], float]) -> Callable[[Lab], float]:
    """The larger figure of the oldest fork and the newest."""

    def dearest(lab: Lab) -> float:
        with Lab(NEWEST) as newest:
            return max(take(lab), take(newest))

    return dearest
