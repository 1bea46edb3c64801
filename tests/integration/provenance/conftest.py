"""A chain with registry and environments, and the digits pipeline run through it once."""

from __future__ import annotations

import pytest

from evmstorm.evm import artifacts
from examples.digits.pipeline import Cast, DigitsPipeline, Settings
from examples.digits.project import Workshop
from keifu.chain import Anvil, ChainClient
from keifu.keys import Account
from keifu.provenance.lineage import walk
from keifu.provenance.registry import Provenance
from tests.ape_chain import GENESIS


@pytest.fixture(scope="package")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture(scope="package")
def source(anvil):
    client = ChainClient(anvil.rpc, load=artifacts.load)
    deployer = anvil.account("deployer")
    registry = client.deploy("ProvenanceRegistry", sender=deployer)
    environments = client.deploy("Environments", registry.address, sender=deployer)
    client.forget_nonces()
    return Provenance(client, registry.address, environments.address)


@pytest.fixture(scope="package")
def cast(anvil):
    return Cast(
        author=anvil.account("author"),
        labellers=tuple(Account.from_role(f"labeller {i}") for i in range(4)),
        evaluator=anvil.account("evaluator"),
        scanner=anvil.account("scanner"),
        owner=anvil.account("owner"),
        nodes=(Account.from_role("honest node"), Account.from_role("cheating node")),
    )


@pytest.fixture(scope="package")
def pipeline(source, cast, tmp_path_factory):
    workshop = Workshop(tmp_path_factory.mktemp("digits"), source, cast.author)
    pipeline = DigitsPipeline(workshop, cast, Settings(epochs=40))
    pipeline.run()
    return pipeline


@pytest.fixture(scope="package")
def workshop(pipeline):
    return pipeline.workshop


@pytest.fixture
def lineage(workshop, source):
    """Of the evaluation: everything is its ancestor."""
    return walk(source, workshop["evaluation"].id, names=workshop.names)
