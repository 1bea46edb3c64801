"""A chain on which disputes are listed, compute nodes that promise there for a promoted token model, and a client."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from keifu.chain.suite import DISPUTES
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.covering import Covers
from keifu.compute.client.disputing import Dispute, Judge, reading_of
from keifu.compute.client.side import chain_side
from keifu.compute.client.store import Store
from keifu.compute.promises import needed_for
from keifu.compute.receipt import Evidence
from keifu.inference.programs import disputed_root
from keifu.inference.tokens.building import build
from keifu.inference.tokens.keeping import load
from keifu.node.compute.making import RECEIPT_KEY, own_section
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.payments.wallet import Terms, Wallet
from keifu.provenance import Kind, Record
from keifu.provenance.digest import digest_path
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN
from tests.conformance.inference.gguf_file import speaking
from tests.integration.compute.conftest import KEIFU, PaidNode, until
from tests.integration.compute.market.conftest import Promised

RESTITUTION, LOCKED, MOST = 20 * COIN, 1_000 * COIN, 1_000
QUESTION = {"model": "promoted", "prompt": "Is it true that", "max_tokens": 6}


@pytest.fixture(scope="package")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promised]:
    made = Promised(tmp_path_factory.mktemp("disputed"))
    yield made
    made.stop()


@pytest.fixture(scope="package")
def integers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("integers")
    build(speaking(folder / "tiny.gguf"), folder / "model")
    return folder / "model"


@pytest.fixture(scope="package")
def provenance(paid: Promised) -> Provenance:
    return Provenance(paid.client, paid.suite["ProvenanceRegistry"], paid.suite["Environments"])


def promoted(paid: Promised, provenance: Provenance, integers: Path, name: str) -> bytes:
    """An environment of this name, which has promoted the model."""
    author = paid.anvil.account("author")
    record = Record(author.address, Kind.WEIGHTS, digest_path(integers).root, program_root=disputed_root(integers))
    made = provenance.declare(name, [], author)
    provenance.promote(made, provenance.register(record, author), author)
    return made


@pytest.fixture(scope="package")
def environment(paid: Promised, provenance: Provenance, integers: Path) -> bytes:
    return promoted(paid, provenance, integers, "chat")


@pytest.fixture(scope="package")
def judge(paid: Promised, provenance: Provenance, integers: Path) -> Judge:
    return Judge(load(integers), provenance, paid.market)


@pytest.fixture(autouse=True)
def at_present(paid: Promised, environment: bytes) -> Iterator[None]:
    with paid.left_as_it_was():
        yield


@dataclass
class Buyer:
    """A client that pays one node, with its folder."""

    paid: Promised
    node: PaidNode
    client: ComputeClient
    provider: Provider
    path: str = "/v1/completions"
    question: Mapping[str, Any] = field(default_factory=lambda: QUESTION)

    def ask(self) -> Any:
        return self.client.ask(self.provider, self.path, self.question)

    def ask_proved(self) -> Any:
        """A cover answers from the second behind its block on, and this chain may be ahead by some."""
        return until(lambda: found if (found := self.ask()).evidence == Evidence.PROVED else None)

    def cover(self) -> None:
        (kept,) = self.client.store.channels()
        covers = Covers(self.client, self.paid.client, self.paid.suite, DISPUTES)
        sender = self.paid.by(self.paid.payer)
        covers.open(sender, self.provider, kept, restitution=RESTITUTION, most=COIN)

    def dispute(self, judge: Judge, by: Any = None) -> Dispute:
        """About the newest reply. Blocks come with transactions here, and it has to be older than one."""
        self.paid.client.rpc.call("evm_mine")
        judged = judge.judge(list(self.client.store.replies())[-1])
        assert judged is not None
        reading = reading_of(self.paid.client, self.paid.suite, 0)
        return Dispute(self.paid.by(by or self.paid.payer), self.paid.client, self.paid.suite, reading, judged)


class DisputedNode(PaidNode):
    """A node whose program may be one that cheats."""

    program: tuple[str, ...] = ()
    kind = "compute"

    def start(self, *settings: str) -> None:
        command = [sys.executable, "-m", *self.program] if self.program else [str(KEIFU)]
        flags = [word for item in settings for word in ("--set", item)]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "node", self.kind, "run", self.folder, *flags], stdout=log, stderr=log, env=dict(os.environ)
            )

    def run(self, *settings: str) -> DisputedNode:
        self.start(*settings)
        until(self._announced, self.process)
        self.url = f"http://{self.status()['answers_at']}"
        until(lambda: self.status()["loaded"], self.process)
        disputes = self.paid.suite.at(self.paid.client, DISPUTES)
        until(lambda: disputes.cap(self.account, self.receipt_key())[0], self.process)
        return self

    def receipt_key(self) -> str:
        return str(self.status()["market"]["receipt_key"])


@pytest.fixture
def sell(
    paid: Promised, environment: bytes, integers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., DisputedNode]]:
    """Makes nodes that answer for their tokens; they run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[DisputedNode] = []

    def sell(role: str, *program: str) -> DisputedNode:
        account = paid.anvil.account(role)
        paid.token.transfer(account, LOCKED + 100 * COIN, sender=paid.deployer.account)
        actions.register(paid.by(account), paid.suite, 0, "")
        actions.lock(paid.by(account), paid.suite, paid.suite[DISPUTES], account.address, LOCKED)
        own = own_section(
            "127.0.0.1:0", "1 second", [str(integers)], (), {"request": 100}, dispute_cap=2 * needed_for(RESTITUTION)
        )
        wish = Wish(
            paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=role, own=own,
            environment=environment.hex(), second_key=RECEIPT_KEY,
        )  # fmt: skip
        node = DisputedNode(paid, tmp_path / role, make_node(kind_of("compute"), tmp_path / role, wish).account)
        node.program = program
        made.append(node)
        node.run()
        return node

    yield sell
    for node in made:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """What a watcher's questions are drawn from."""
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "mail.txt").write_text("Is it true that a receipt binds it? No one has to.\n\nWhat is a proof of work?\n")
    return folder


@pytest.fixture
def watch(paid: Promised, environment: bytes, integers: Path, asked: Path, tmp_path: Path) -> Iterator[Any]:
    from tests.integration.compute.disputes.watching import watching  # noqa: PLC0415 - it stands on this file

    with watching(paid, environment, integers, asked, tmp_path) as made:
        yield made


@pytest.fixture
def buy(paid: Promised, environment: bytes, tmp_path: Path) -> Iterator[Callable[[DisputedNode], Buyer]]:
    """A client with a channel to a node."""
    made: list[Store] = []

    def buy(node: DisputedNode) -> Buyer:
        side = chain_side(paid.client, paid.suite, 0, None)
        store = Store(tmp_path / f"client of {node.folder.name}")
        made.append(store)
        wallet = Wallet(
            paid.payer, store,
            Terms(side.chain_id, side.channels, side.market, MOST, paid.suite["Erc3009DepositCollector"], COIN),
        )  # fmt: skip
        provider = Provider(node.url, node.account, environment)
        return Buyer(paid, node, ComputeClient(wallet, side.sources), provider)

    yield buy
    for store in made:
        store.close()
