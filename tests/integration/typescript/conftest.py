"""A project of a dApp team that has installed `@keifu/abi`, viem and ethers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from keifu.chain import Account, Anvil, Params, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.parameters import Distribution
from keifu.chain.services import list_now
from keifu.chain.suite import DISTRIBUTOR, TIMELOCK, TOKEN, VERIFIER
from keifu.local.suite import fund, warp
from keifu.staking import actions
from keifu.staking.owner import queue_or_execute
from keifu.tge import Grants
from keifu.units import COIN, DAY
from tests.ape_chain import GENESIS
from tests.conformance.typescript import build as build_verifier

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "packages" / "abi"
TOOLS = ROOT / "node_modules"
INSTALLED = ("viem", "ethers", "typescript", "abitype", "@noble/hashes", "@noble/curves")

Node = Callable[..., str]


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built here, so that two workers do not build into one folder."""
    folder = tmp_path_factory.mktemp("dapp")
    build_verifier()
    packages = folder / "packages"
    shutil.copytree(PACKAGE, packages / "abi", ignore=shutil.ignore_patterns("dist"))
    shutil.copytree(PACKAGE.parent / "verify", packages / "verify", ignore=shutil.ignore_patterns("src", "tests"))
    shutil.copytree(PACKAGE.parent / "testkit", packages / "testkit")
    modules = folder / "node_modules"
    for scope in ("@keifu", "@noble"):
        (modules / scope).mkdir(parents=True)
    for name in INSTALLED:
        (modules / name).symlink_to(TOOLS / name)
    for name in ("abi", "verify", "testkit"):
        (modules / "@keifu" / name).symlink_to(packages / name)
    (folder / "package.json").write_text('{ "type": "module" }\n')
    subprocess.run(["node", packages / "abi" / "build.mjs"], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="package")
def node(project: Path) -> Node:
    """Run a program of Node's in the project; what it prints. What it prints when it fails is part of the failure."""

    def run(*words: Any, status: int = 0) -> str:
        done = subprocess.run(["node", *map(str, words)], cwd=project, text=True, capture_output=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


class Chain:
    """The suite on a chain of its own, and whoever acts there."""

    def __init__(self, folder: Path) -> None:
        self.anvil = Anvil(since=GENESIS)
        self.client = self.anvil.client()
        self.deployer = RpcDeployer(self.client, self.anvil.account("deployer"))
        record = Record(self.client.chain_id, genesis_of(self.client.rpc))
        holders = [self.account(library, "holder").address.lower() for library in ("viem", "ethers")]
        self.grants = Grants(holders, [4_000 * COIN, 8_000 * COIN])
        times = (self.client.now, DAY, 8, self.client.now + 4_000 * DAY)
        params = Params(distribution=Distribution(self.grants.tree.root, self.grants.allocation, *times))
        self.suite = deploy_protocol(self.deployer, params, record=record, save=lambda made: made.save(folder))
        self.deployer.call(self.suite[TOKEN], TOKEN, "transfer", self.suite[DISTRIBUTOR], self.grants.allocation)
        list_now(self.deployer, self.suite, partial(warp, self.client))
        self.record = folder / f"{self.client.chain_id}.json"
        self.attestors = [self.account("any", f"attestor {number}") for number in range(params.signers_needed)]
        self._enrol()

    def account(self, library: str, role: str) -> Account:
        """Whoever acts by one of the libraries."""
        return self.anvil.account(f"{library} {role}")

    def _enrol(self) -> None:
        """The timelock names the attestors of private data, and their coins count."""
        name = partial(queue_or_execute, self.client, self.deployer, self.suite, VERIFIER, "name_attestor")
        for attestor in self.attestors:
            name(attestor.address)
        warp(self.client, self.deployer.call(self.suite[TIMELOCK], TIMELOCK, "get_minimum_delay"))
        for attestor in self.attestors:
            name(attestor.address)
            fund(self.client, self.record.parent, attestor.address, ether=10, coins=5_000)
            own = RpcDeployer(self.client, attestor)
            actions.register(own, self.suite, 0, "")
            actions.lock(own, self.suite, self.suite[VERIFIER], attestor.address, 3_000 * COIN)
            own.call(self.suite[VERIFIER], VERIFIER, "join")
        warp(self.client, 8 * DAY)


@pytest.fixture(scope="package")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    made = Chain(tmp_path_factory.mktemp("deployments"))
    yield made
    made.anvil.stop()
