"""A chain of the present on which the market is listed, and compute nodes that promise there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from keifu.chain import Anvil, ChainClient, RpcDeployer
from keifu.chain.services import list_now
from keifu.chain.suite import COMPUTE
from keifu.compute.promises import needed_for
from keifu.compute.receipt import Receipts
from keifu.keys import Account
from keifu.local.suite import warp
from keifu.payments.channel import Channel
from keifu.staking import actions
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import Paid, PaidNode, until

YOUTH = 40 * DAY  # the first block's age: so long do services wait in the timelock at most
ENDPOINT = "https://answers.example"
RESTITUTION = 20 * COIN
LOCKED = 2_000 * COIN
CAP = 2 * needed_for(RESTITUTION)
FEE = 100


class Promised(Paid):
    """The chain, its market, and whoever acts there."""

    def __init__(self, folder: Any) -> None:
        self._idle = Anvil()  # nobody turns on its time: it is that by which the nodes of these tests live
        super().__init__(folder, since=self._present() - YOUTH)
        self.deployer = RpcDeployer(self.client, self.anvil.account("deployer"))
        list_now(self.deployer, self.suite, partial(warp, self.client))
        self.settle_in()
        self.catch_up()
        self.market = self.suite.at(self.client, COMPUTE)
        self.receipts = Receipts(self.client.chain_id, self.market.address)

    def settle_in(self) -> None:
        """What has to be old when the present begins."""

    def stop(self) -> None:
        self.anvil.stop()
        self._idle.stop()

    def _present(self) -> int:
        self._idle.rpc.call("evm_mine")
        return ChainClient(self._idle.rpc).now

    def catch_up(self) -> None:
        """Whoever looks next finds the time that is: only to begin with, the chain is younger."""
        warp(self.client, max(self._present() - self.client.now, 1))

    @contextmanager
    def left_as_it_was(self) -> Iterator[None]:
        """A test that turns time on leaves no chain behind that is ahead of the nodes of others."""
        before = self.client.rpc.call("evm_snapshot")
        yield
        self.client.rpc.call("evm_revert", before)
        self.client.forget_nonces()
        self.catch_up()

    def by(self, account: Account) -> RpcDeployer:
        return RpcDeployer(self.client, account)

    def lock(self, role: str, amount: int = LOCKED) -> Account:
        """The account of a role becomes an operator with coins behind its promises."""
        account = self.anvil.account(role)
        self.token.transfer(account, amount + 100 * COIN, sender=self.deployer.account)
        actions.register(self.by(account), self.suite, 0, "")
        actions.lock(self.by(account), self.suite, self.market.address, account.address, amount)
        return account

    def paid_for(self, node: PaidNode, salt: int) -> tuple[Channel, bytes]:
        channel = self.channel(node, salt)
        return channel, self.deposit(channel, COIN)


@pytest.fixture(scope="package")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promised]:
    made = Promised(tmp_path_factory.mktemp("promised"))
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def at_present(paid: Promised) -> Iterator[None]:
    with paid.left_as_it_was():
        yield


@pytest.fixture
def provide(paid: Promised, make: Callable[..., PaidNode]) -> Callable[..., PaidNode]:
    """A node whose account is an operator with a lock, that offers its words; it runs and has offered them."""

    def provide(role: str, *settings: str, cap: int = CAP, **prices: int) -> PaidNode:
        paid.lock(role)
        node = make(role, {"endpoint": ENDPOINT, "cap": cap}, **prices)
        node.run(*settings)
        until(lambda: paid.market.service(node.account, bytes(32))[3], node.process)
        return node

    return provide
