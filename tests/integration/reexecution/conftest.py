"""A chain of the present with a court, a pool of three re-executors, and a provider that serves a float model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ethwire.commands import exit_status
from examples.floats.server import FloatServer, floats, make_weights
from keifu.chain import RpcDeployer
from keifu.chain.suite import COURT, REEXECUTION
from keifu.cli.root import cli
from keifu.keys import Account
from keifu.local.suite import warp
from keifu.node.compute.making import RECEIPT_KEY
from keifu.node.kinds import kind_of
from keifu.node.setup import Wish, make_node
from keifu.provenance.digest import digest_path
from keifu.reexecution.reading import MATURITY, SLOT_STAKE, Reading, pool_key
from keifu.reexecution.tolerance import Rule, Tolerance
from keifu.staking import actions
from keifu.staking.hotkeys import KeyKind, name_key
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import PaidNode
from tests.integration.compute.market.conftest import Promised
from tests.integration.node.conftest import Node

OPERATOR = "provider"
MEMBERS = ("member2", "member3", "member4")
NEWCOMER = "member1"  # has coins, and no slot
FEE, RESTITUTION = 8 * COIN, 800 * COIN
TOLERANCE = Tolerance(Rule.NUMBERS, 1e-4, 1e-3)
SEATS = 1_000_000 * COIN
Run = Callable[..., Any]


class Panels(Promised):
    """The chain, its court and its pool."""

    def settle_in(self) -> None:
        self.weights = make_weights(self.folder / "weights")
        self.digest = digest_path(self.weights).root
        self.pool = pool_key(self.digest, TOLERANCE.encoded, FEE)
        self.reading = Reading(self.client, self.suite)
        self.token.transfer(self.payer, 2_000 * COIN, sender=self.deployer.account)  # the bond of a case
        where = self.suite[REEXECUTION]
        juror = self._staked("juror", self.suite[COURT], SEATS)
        juror.call(self.suite[COURT], COURT, "join")
        for place, name in enumerate(MEMBERS):
            self._staked(name, where, SLOT_STAKE).call(where, REEXECUTION, "join", self.pool, place)
        self.token.transfer(self.anvil.account(NEWCOMER), SLOT_STAKE, sender=self.deployer.account)
        warp(self.client, MATURITY + DAY)
        juror.call(self.suite[COURT], COURT, "poke", juror.sender)

    def _staked(self, name: str, service: str, amount: int) -> RpcDeployer:
        account = self.anvil.account(name)
        self.token.transfer(account, amount, sender=self.deployer.account)
        actions.register(self.by(account), self.suite, 0, "")
        actions.lock(self.by(account), self.suite, service, account.address, amount)
        return self.by(account)

    def held_by(self, name: str) -> int:
        found: int = self.token.balanceOf(Account.from_role(name).address)
        return found

    def pass_to(self, time: int) -> None:
        warp(self.client, max(time - self.client.now, 1))

    def to_the_seed(self, demand: int) -> None:
        source = self.reading.randomness.source(self.reading.demand(demand).seed_epoch)
        self.client.rpc.call("anvil_mine", hex(max(source + 2 - self.client.rpc.block_number(), 1)), hex(1))


@pytest.fixture(scope="package")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panels]:
    made = Panels(tmp_path_factory.mktemp("panels"))
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def at_present(paid: Panels) -> Iterator[None]:
    with paid.left_as_it_was():
        yield


@pytest.fixture
def servers(paid: Panels) -> Iterator[dict[str, FloatServer]]:
    """One of each member's own, and the provider's."""
    with ExitStack() as held:
        names = (OPERATOR, *MEMBERS, NEWCOMER)
        yield {name: held.enter_context(floats(paid.weights, seed)) for seed, name in enumerate(names)}


@pytest.fixture
def words(servers: dict[str, FloatServer]) -> FloatServer:
    """What the provider's node serves, for the fixture that makes it."""
    return servers[OPERATOR]


@pytest.fixture
def run(paid: Panels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command as a role; what it prints as JSON, or its complaint."""
    monkeypatch.setenv("KEIFU_RPC", paid.anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(paid.folder / "deployments"))
    monkeypatch.setenv("KEIFU_CLIENT", str(tmp_path / "client"))

    def call(role: str, *args: Any, status: int = 0) -> Any:
        signer = ["--role", role] if role else []
        found = exit_status(cli, [*map(str, args), *signer, "--json"], program="keifu")
        paid.client.forget_nonces()
        said = capsys.readouterr()
        assert found == status, said
        return said.err if status else json.loads(said.out)

    return call


@pytest.fixture
def provider(paid: Panels, words: FloatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PaidNode]:
    """A node that serves the float model for an operator, whose own key stays apart from it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    operator = paid.anvil.account(OPERATOR)
    paid.token.transfer(operator, 7_000 * COIN, sender=paid.deployer.account)
    actions.register(paid.by(operator), paid.suite, 0, "")
    actions.lock(paid.by(operator), paid.suite, paid.suite[REEXECUTION], operator.address, 4_000 * COIN)
    role = "float node"
    key = Account.from_role(f"{role} {RECEIPT_KEY}")
    name_key(paid.by(operator), paid.suite, paid.client.chain_id, key, KeyKind.RECEIPT)
    warp(paid.client, 1)
    paid.anvil.account(role)
    model = {"upstream": words.url, "request": 100, "reexecuted": paid.digest.hex(), "endpoints": ["embeddings"]}
    own = {"listen": "127.0.0.1:0", "poll": "1 second", "models": {"words": model}}
    wish = Wish(
        paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=role, second_key=RECEIPT_KEY,
        own={**own, "market": {"endpoint": "https://answers.example", "operator": operator.address}},
    )  # fmt: skip
    made = make_node(kind_of("compute"), tmp_path / role, wish)
    node = PaidNode(paid, tmp_path / role, made.account).run()
    yield node
    if node.process is not None and node.process.poll() is None:
        node.process.kill()
        node.process.wait()


@pytest.fixture
def member(
    paid: Panels, servers: dict[str, FloatServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Node]]:
    """Makes a member's node; whatever runs from it is ended with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[Node] = []

    def member(name: str) -> Node:
        model = {
            "upstream": servers[name].url, "digest": paid.digest.hex(), "weights": str(paid.weights),
            "absolute": TOLERANCE.absolute, "relative": TOLERANCE.relative, "fee": FEE, "endpoints": ["embeddings"],
        }  # fmt: skip
        folder = tmp_path / name.replace(" ", "-")
        own = {"poll": "1 seconds", "turn": "1 seconds", "models": {"floats": model}}
        wish = Wish(paid.anvil.url, "127.0.0.1:0", paid.folder / "deployments", role=name, own=own)
        make_node(kind_of("reexecutor"), folder, wish)
        made.append(Node("reexecutor", folder))
        return made[-1]

    yield member
    for node in made:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()
