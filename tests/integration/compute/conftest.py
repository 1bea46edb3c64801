"""A real chain with the suite, and compute nodes on it, asked by x402's own client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from keifu.chain import Anvil, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.keys import Account
from keifu.node.compute.making import RECEIPT_KEY, own_section
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.payments.channel import Channel, Vouchers
from keifu.units import COIN, DAY
from tests.ape_chain import GENESIS
from tests.upstream import upstream

KEIFU = Path(sys.executable).parent / "keifu"


def until(holds: Callable[[], Any], process: subprocess.Popen[bytes] | None = None) -> Any:
    """What `holds` gives as soon as it gives something; a process that ends before fails. No test has a bar of time."""
    while not (found := holds()):
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}")
        time.sleep(0.05)
    return found


class Paid:
    """The chain, and a payer with coins on it."""

    def __init__(self, folder: Path, since: int = 0) -> None:
        """`since` is the first block's time, from which that of others goes on as everywhere."""
        self.folder = folder
        self.anvil = Anvil(since=since) if since else Anvil(timestamp=GENESIS)
        self.client = self.anvil.client()
        deployer = self.anvil.account("deployer")
        record = Record(self.client.chain_id, genesis_of(self.client.rpc))
        self.suite = deploy_protocol(
            RpcDeployer(self.client, deployer), record=record, save=lambda made: made.save(folder / "deployments")
        )
        self.token = self.suite.at(self.client, "KeifuToken")
        self.channels = self.suite.at(self.client, "Channels")
        self.vouchers = Vouchers(self.client.chain_id, self.channels.address)
        self.payer = self.anvil.account("payer")
        self.token.transfer(self.payer, 1_000 * COIN, sender=deployer)

    def channel(self, node: PaidNode, salt: int = 0, authorizer: Account | None = None) -> Channel:
        authorizer = authorizer or self.payer
        return Channel(
            self.payer.address, authorizer.address, node.account, node.account, self.token.address, DAY,
            salt.to_bytes(32, "big"),
        )  # fmt: skip

    def deposit(self, channel: Channel, amount: int) -> bytes:
        """By the payer's own transaction; the channel's id."""
        self.token.approve(self.channels.address, amount, sender=self.payer)
        self.channels.deposit(channel.values, amount, self.channels.address, b"", sender=self.payer)
        return self.vouchers.channel_id(channel)

    def held(self, channel_id: bytes) -> tuple[int, int]:
        found: tuple[int, int] = self.channels.channels(channel_id)
        return found


class PaidNode:
    """One compute node's folder, and the process that runs from it."""

    def __init__(self, paid: Paid, folder: Path, account: str) -> None:
        self.paid, self.folder, self.account = paid, folder, account
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *settings: str) -> PaidNode:
        flags = [word for item in settings for word in ("--set", item)]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [KEIFU, "node", "compute", "run", self.folder, *flags], stdout=log, stderr=log, env=dict(os.environ)
            )
        until(self._announced, self.process)
        self.url = f"http://{self.status()['answers_at']}"
        return self

    def _announced(self) -> bool:
        path = self.folder / "running.json"
        assert self.process is not None
        found = json.loads(path.read_text()) if path.exists() else {}
        self.owner_pages = found.get("owner_pages", "")
        return bool(found.get("pid") == self.process.pid)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"http://{self.owner_pages}/status").json()
        return found

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait()


@pytest.fixture(scope="package")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    made = Paid(tmp_path_factory.mktemp("paid"))
    yield made
    made.anvil.stop()


@pytest.fixture
def words() -> Iterator[Any]:
    with upstream() as server:
        yield server


@pytest.fixture
def make(paid: Paid, words: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PaidNode]]:
    """Makes nodes that sell the words of an upstream; whatever runs from them is ended with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[PaidNode] = []

    def make(role: str = "provider", market: dict[str, Any] | None = None, **prices: int) -> PaidNode:
        paid.anvil.account(role)
        folder = tmp_path / role
        own = own_section(
            "127.0.0.1:0", "1 second", (), (f"words={words.url}",), prices or {"request": 100}, market=market
        )
        wish = Wish(
            paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=role, own=own,
            second_key=RECEIPT_KEY if market else "",
        )  # fmt: skip
        account = make_node(kind_of("compute"), folder, wish).account
        made.append(PaidNode(paid, folder, account))
        return made[-1]

    yield make
    for node in made:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()
