"""Providers of storage for a chapter: a chain of short epochs, and a node for each provider, all processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from examples.demo import waiting
from keifu.chain import Account, Anvil, ChainClient, Deployment, Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.chain.suite import STORAGE, TOKEN
from keifu.errors import CheckFailed, Revert
from keifu.staking import actions
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.market import Market
from keifu.storage.client.offers import providers
from keifu.storage.client.storing import Storing
from keifu.units import COIN

__all__ = ["EPOCH", "LOCKED", "WINDOW", "Stores", "open_stores", "until"]

EPOCH, WINDOW = 3_600, 900  # seconds
GENESIS = 1_767_225_600
LOCKED, FUNDS = 2_000 * COIN, 10_000 * COIN
PRICE, RESTITUTION = 10**12, 10**14  # gwei of a gibibyte: a demo's files are small
REGIONS = ("europe", "america", "asia")
RECORDS = "deployments"
PATIENCE_SECONDS = 120.0
BLOCKS = 50  # mined at a time while a seed is waited for


@dataclass
class Stores:
    """The chain, and who stores there."""

    anvil: Anvil
    client: ChainClient
    suite: Deployment
    folder: Path
    names: list[str] = field(default_factory=list)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def market(self) -> Market:
        return Market(self.client, self.suite)

    def account(self, role: str) -> Account:
        return self.anvil.account(role)

    def by(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.client, self.account(role))

    def fund(self, role: str, amount: int = FUNDS) -> Account:
        account = self.account(role)
        self.suite.at(self.client, TOKEN).transfer(account, amount, sender=self.account("deployer"))
        return account

    def storing(self, ledger: Ledger, role: str) -> Storing:
        return Storing(self.market, ledger, self.by(role), self.account(role), time.sleep)

    def role_of(self, provider: str) -> str:
        return next(name for name in self.names if self.account(name).address.lower() == provider)

    def start(self, name: str) -> None:
        """An operator with a lock, and its node."""
        chain, number = self.by(name), len(self.names)
        self.fund(name)
        actions.register(chain, self.suite, 0, "")
        actions.lock(chain, self.suite, self.suite[STORAGE], chain.sender, LOCKED)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{free.getsockname()[1]}"
        node = [sys.executable, "-m", "keifu", "node", "storage"]
        where = str(self.folder / name.replace(" ", "-"))
        terms = ["--price", str(PRICE), "--restitution", str(RESTITUTION), "--region", REGIONS[number % len(REGIONS)]]
        subprocess.run(  # noqa: S603
            [
                *node, "init", where, "--rpc", self.anvil.url, "--deployments", str(self.folder / RECORDS),
                "--role", name, "--listen", place, "--url", f"http://{place}", "--owner-pages", "127.0.0.1:0",
                "--poll", "1 second", *terms,
            ],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603
                [*node, "run", where, "--set", "storage.turns=0"], stdout=log, stderr=log, env=dict(os.environ)
            )
        self.names.append(name)

    def drop(self, name: str) -> int:
        """Overwrite all segments that a provider has; how many bytes."""
        gone = 0
        for pack in (self.folder / name.replace(" ", "-") / "store" / "packs").iterdir():
            size = pack.stat().st_size
            with pack.open("r+b") as file:
                file.write(bytes(size))
            gone += size
        return gone

    def end(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait()

    def next_epoch(self) -> int:
        """Go to the beginning of the next epoch; its number."""
        epoch = self.market.epoch() + 1
        self.anvil.warp_to(int(self.market.market.start()) + (epoch - 1) * EPOCH + 1)
        return epoch

    def seeded(self) -> None:
        """Make the blocks that the seed of this epoch waits for."""
        handle, randomness = self.market.market, self.suite.at(self.client, "Randomness")
        epoch = handle.epoch()
        try:
            number = handle.seed_number(epoch)
        except Revert:  # no provider has opened the epoch yet
            return
        if not any(randomness.seed(number)) and randomness.source(number) >= self.client.rpc.block_number():
            self.anvil.mine(BLOCKS)
        else:
            self.anvil.mine()


def open_stores(held: ExitStack, folder: Path, count: int) -> Stores:
    """A chain of its own with so many providers, until `held` ends. Raises CheckFailed when they do not offer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    anvil = held.enter_context(Anvil(timestamp=GENESIS))
    client = anvil.client()
    deployer = RpcDeployer(client, anvil.account("deployer"))
    record = Record(client.chain_id, genesis_of(client.rpc))
    params = Params(storage_epoch=EPOCH, storage_window=WINDOW)
    suite = deploy_protocol(deployer, params, record=record, save=lambda made: made.save(folder / RECORDS))
    list_now(deployer, suite, anvil.warp)
    stores = Stores(anvil, client, suite, folder)
    held.callback(stores.end)
    for number in range(count):
        stores.start(f"store {number + 1}")
    if not until(lambda: len(providers(stores.market)) == count):
        raise CheckFailed("the providers' nodes do not offer storage", remedy=f"look at the logs in {folder}")
    return stores


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold."""
    return waiting.until(holds, PATIENCE_SECONDS)
