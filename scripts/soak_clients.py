"""What clients of a soak's compute nodes have in common. Nobody kills this process: what clients lose when they are
killed is tested elsewhere."""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Self, TypeVar

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import open_record
from keifu.keys import Account
from keifu.network.folder import Network, Part

__all__ = ["Clients", "providers", "sent_by", "tally"]

C = TypeVar("C")


class Clients(ABC, Generic[C]):
    """Each works in a thread of its own, from `start` until `stop`."""

    def __init__(self, network: Network, chain: ChainClient, seed: int) -> None:
        self.network, self.chain, self._seed = network, chain, seed
        self.record = open_record(network.chain_id, network.genesis, Path(network.deployments))
        self.suite = Deployment(dict(self.record.contracts))
        self.stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    @abstractmethod
    def work(self, client: C, dice: random.Random) -> None:
        """Of one client, until `stopping` is set. A run repeats what its dice say."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what the clients have opened."""

    def start(self, clients: Sequence[C]) -> None:
        for number, client in enumerate(clients):
            dice = random.Random(self._seed + number)  # noqa: S311
            self._threads.append(threading.Thread(target=self.work, args=(client, dice)))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody asks any more."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def by(self, key: Account, chain: ChainClient | None = None) -> RpcDeployer:
        return RpcDeployer(chain or self.chain, key, self.record.factory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.close()


def providers(network: Network) -> list[Part]:
    """Its compute nodes."""
    return [part for part in network.parts if part.kind == "compute"]


def tally(failed: Iterable[Counter[str]], nothing: str) -> str:
    """How often what failed, in words."""
    whole = sum(failed, Counter[str]())
    return ", ".join(f"{count} {what}" for what, count in whole.items()) or nothing


def sent_by(chain: ChainClient, accounts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Sender, contract and data of every call that these accounts have sent, from the first block on."""
    who = {account.lower() for account in accounts}
    for number in range(chain.rpc.block_number() + 1):
        for item in chain.rpc.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if item["from"].lower() in who and item["to"]:
                yield item["from"].lower(), item["to"].lower(), item["input"]
