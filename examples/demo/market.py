"""A market of one provider, for a chapter: a chain whose clock is that of the machine, the digits model promoted on it,
and the process of the node that sells its answers."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.demo import waiting
from examples.digits.training import Settings as Training
from examples.digits.weights import make_weights
from keifu.chain import Account, Anvil, ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.suite import COMPUTE
from keifu.compute.market import services
from keifu.compute.promises import needed_for
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.local.suite import deploy_suite, fund, warp
from keifu.node.chain import NodeChain
from keifu.node.compute.making import RECEIPT_KEY, market_section, own_section
from keifu.node.control import status_of
from keifu.node.kinds import kind_of
from keifu.node.operator.standing import bind
from keifu.node.setup import Wish, make_node
from keifu.provenance import Kind
from keifu.provenance import Record as Artefact
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN, DAY

__all__ = [
    "ETHER",
    "FUNDS",
    "PAGE",
    "PRICE",
    "RECORDS",
    "RESTITUTION",
    "Market",
    "NodeProcess",
    "Provider",
    "open_chain",
    "open_market",
    "promote",
    "until",
]

YOUTH = 40 * DAY  # the first block's age: what takes weeks has happened when the market opens
TERM = 30 * DAY
PRICE = COIN // 1_000  # of an answer
RESTITUTION = 400 * COIN
LOCKED = 1_000 * COIN
ETHER, FUNDS = 1, 5_000  # of each account; coins of those that pay or promise
PAGE = "https://answers.example"
KIND, MODEL, RECORDS = "compute", "model", "deployments"
PATIENCE_SECONDS = 60.0


@dataclass
class Market:
    """The chain with the suite on it, and who deals there."""

    anvil: Anvil
    client: ChainClient
    record: Record
    folder: Path
    training: Training = field(default_factory=Training)
    environment: bytes = b""

    @property
    def suite(self) -> Deployment:
        return Deployment(dict(self.record.contracts))

    def chain(self, role: str) -> RpcDeployer:
        return RpcDeployer(self.client, self.account(role), self.record.factory)

    def account(self, role: str, coins: int = 0) -> Account:
        """The account of a role, with ether."""
        account = Account.from_role(role)
        if coins or self.client.balance(account) == 0:
            fund(self.client, self.folder / RECORDS, account.address, ether=ETHER, coins=coins)
        return account


class NodeProcess:
    """A node of some kind that runs from a folder. `program` is the module whose command line runs it."""

    def __init__(self, kind: str, folder: Path, program: str = "keifu") -> None:
        self.log = folder.with_suffix(".log")
        command = [sys.executable, "-m", program, "node", kind, "run", str(folder)]
        with self.log.open("wb") as lines:
            self._process = subprocess.Popen(command, stdout=lines, stderr=lines)  # noqa: S603

    def end(self) -> int:
        """Let it end in order; its exit status."""
        self._process.terminate()
        try:
            return self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Provider:
    """An operator, and the node that it runs with the same key."""

    program = "keifu"  # the module whose command line runs the node

    def __init__(self, market: Market, name: str = "node") -> None:
        self.market, self.folder, self.url = market, market.folder / name, ""
        self.role = f"provider of {secrets.token_hex(4)}"  # two demos of one user share no key
        self.account = market.account(self.role, FUNDS)
        self.receipt_key = Account.from_role(f"{self.role} {RECEIPT_KEY}")
        self._process: NodeProcess | None = None

    @property
    def environment(self) -> bytes:
        """Whose promoted model it serves; nothing for another server's."""
        return self.market.environment

    def promise(self) -> None:
        """Put coins behind what it signs, at both services that slash for it; the node offers the rest."""
        market, suite = self.market, self.market.suite
        chain = market.chain(self.role)
        actions.register(chain, suite, 0, PAGE)
        node_chain = NodeChain(market.client, market.record, market.record.genesis)
        bind(node_chain, chain, self.account, market.environment, market.client.now + TERM)
        services.lock_coins(chain, suite, LOCKED)

    def start(self) -> None:
        """Run the node until it answers, and has promised. Raises CheckFailed with the place of its log when it does
        not."""
        market = self.market
        wish = Wish(
            market.anvil.url, "127.0.0.1:0", market.folder / RECORDS, role=self.role, own=self.section(),
            environment=self.environment.hex(), second_key=RECEIPT_KEY,
        )  # fmt: skip
        make_node(kind_of(KIND), self.folder, wish)
        self._process = NodeProcess(KIND, self.folder, self.program)
        if not until(self._answers):
            raise CheckFailed("the provider's node does not answer", remedy=f"look at {self._process.log}")

    def end(self) -> int:
        """Let it claim what it has earned, and end; its exit status."""
        return 0 if self._process is None else self._process.end()

    def _answers(self) -> bool:
        try:
            status = status_of(self.folder, KIND)
        except EnvironmentFault:
            return False
        self.url = f"http://{status['answers_at']}"
        return bool(status["models"]) and self.has_promised()

    def section(self) -> dict[str, Any]:
        """What its configuration says of its work."""
        promised = market_section(PAGE, cap=needed_for(RESTITUTION))
        artefacts = [str(self.market.folder / MODEL)]
        return own_section("127.0.0.1:0", "1 second", artefacts, (), {"request": PRICE}, market=promised)

    def has_promised(self) -> bool:
        handle = self.market.suite.at(self.market.client, COMPUTE)
        return bool(services.read_service(handle, self.account.address, self.market.environment).reserve)


def open_market(held: ExitStack, folder: Path) -> Market:
    """A chain of its own until `held` ends, with the suite and the digits model in production."""
    market = open_chain(held, folder)
    (folder / MODEL).mkdir()
    make_weights(folder / MODEL, market.training)
    promote(market, "digits", folder / MODEL)
    return market


def open_chain(held: ExitStack, folder: Path) -> Market:
    """The same without a model."""
    shutil.rmtree(folder, ignore_errors=True)
    anvil = held.enter_context(Anvil(since=int(time.time()) - YOUTH))
    client = anvil.client()
    record = Record(client.chain_id, genesis_of(client.rpc))
    deploy_suite(client, record, folder / RECORDS)
    warp(client, max(int(time.time()) - client.now, 1))
    return Market(anvil, client, record, folder)


def promote(market: Market, name: str, folder: Path, program_root: bytes = bytes(32)) -> None:
    """Put a model in production."""
    client = market.client
    author, owner = market.account("author"), market.account("owner")
    provenance = Provenance(client, market.suite["ProvenanceRegistry"], market.suite["Environments"])
    record = Artefact(author.address, Kind.WEIGHTS, digest_path(folder).root, program_root=program_root)
    artefact = provenance.register(record, author)
    market.environment = provenance.declare(name, [], owner)
    provenance.promote(market.environment, artefact, owner)


def until(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold."""
    return waiting.until(holds, PATIENCE_SECONDS)
