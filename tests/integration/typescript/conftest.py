"""A project of a dApp team that has installed `@keifu/abi`, viem and ethers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from keifu.chain import Anvil, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.local.suite import warp
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
    modules = folder / "node_modules"
    for scope in ("@keifu", "@noble"):
        (modules / scope).mkdir(parents=True)
    for name in INSTALLED:
        (modules / name).symlink_to(TOOLS / name)
    for name in ("abi", "verify"):
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
        self.suite = deploy_protocol(self.deployer, record=record, save=lambda made: made.save(folder))
        list_now(self.deployer, self.suite, partial(warp, self.client))
        self.record = folder / f"{self.client.chain_id}.json"


@pytest.fixture(scope="package")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    made = Chain(tmp_path_factory.mktemp("deployments"))
    yield made
    made.anvil.stop()
