"""The whole suite in process, its services listed, people with coins; each test has it as it was built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm
from keifu.chain import Deployment, Params, deploy_protocol
from keifu.chain.services import list_now
from keifu.chain.suite import REEXECUTION, TOKEN
from keifu.keys import Account
from keifu.node.reexecutor import leaving
from keifu.spec.vesting import Schedule
from keifu.staking.actions import lock, register
from keifu.tge import Grants
from keifu.tge.chain import distribution_of
from keifu.units import COIN, DAY
from tests.beaten import BeatenHere, Like

FUNDS = 2_000_000 * COIN
ALLOCATED = 1_000 * COIN
SLOT_LOCK = 20_000 * COIN


class Scene:
    """`own` is who is always second, `other` who is first."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        self.own, self.other = self.evm.account("own"), self.evm.account("other")
        self.grants = Grants([self.own.address], [ALLOCATED])
        self.schedule = Schedule(self.evm.now + 1)
        self.distribution = distribution_of(self.grants.tree.root, self.grants.allocation, self.schedule)
        self.chain = EvmDeployer(self.evm, self.evm.account("deployer"))
        self.suite: Deployment = deploy_protocol(self.chain, Params(distribution=self.distribution))
        list_now(self.chain, self.suite, self.evm.warp)
        for account in (self.own, self.other):
            self.chain.call(self.suite[TOKEN], TOKEN, "transfer", account.address, FUNDS)

    def by(self, account: Account) -> EvmDeployer:
        return EvmDeployer(self.evm, account)

    def second(self, *functions: str, first: Account | None = None, **likes: Like) -> BeatenHere:
        """`own`, whose calls of these come after those of `first`, the other one unless it is named."""
        return BeatenHere(self.evm, self.own, self.by(first or self.other), *functions, **likes)

    def at(self, name: str) -> Any:
        return self.suite.at(self.evm, name)

    def held(self, account: Account) -> int:
        found: int = self.at(TOKEN).balanceOf(account.address)
        return found

    def locks(self, service: str, amount: int, who: Account | None = None) -> None:
        """`own`, or another, becomes an operator with a lock there."""
        chain = self.by(who or self.own)
        register(chain, self.suite, 0, "")
        lock(chain, self.suite, self.suite[service], chain.sender, amount)


@pytest.fixture(scope="session")
def built() -> Scene:
    return Scene()


@pytest.fixture
def wound_up(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any], Any]:
    """Winds up a re-executor with one slot, by whoever sends: a first time here, and its time is over."""
    scene.locks(REEXECUTION, SLOT_LOCK)
    chain, pool = scene.by(scene.own), b"\x03" * 32
    chain.call(scene.suite[REEXECUTION], REEXECUTION, "join", pool, 0)
    monkeypatch.setattr(leaving, "models_of", lambda *_: [SimpleNamespace(pool=pool)])
    place: Any = SimpleNamespace(suite=scene.suite, client=scene.evm)
    assert leaving.leave(place, chain, None, tmp_path).leaving > 0
    scene.evm.warp(60 * DAY)
    return lambda sends: leaving.leave(place, sends, None, tmp_path)


@pytest.fixture
def scene(built: Scene) -> Any:
    with built.evm.anchor():
        yield built
