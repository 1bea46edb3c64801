"""A chain with registry and environments, and the digits pipeline run through it once."""

from __future__ import annotations

import itertools

import pytest

from evmstorm.evm import artifacts
from examples.digits.pipeline import Cast, DigitsPipeline
from examples.digits.project import ArtefactFolder
from examples.digits.training import Settings
from keifu.chain import Anvil, ChainClient
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record as DeploymentRecord
from keifu.cli import main
from keifu.keys import Account
from keifu.provenance.lineage import walk
from keifu.provenance.registry import Provenance
from tests.ape_chain import GENESIS

CONTENTS = itertools.count()  # so that no two files have the same bytes


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
    project = ArtefactFolder(tmp_path_factory.mktemp("digits"), source, cast.author)
    pipeline = DigitsPipeline(project, cast, Settings(epochs=40))
    pipeline.run()
    return pipeline


@pytest.fixture(scope="package")
def project(pipeline):
    return pipeline.project


@pytest.fixture
def lineage(project, source):
    """Of the evaluation: everything is its ancestor."""
    return walk(source, project["evaluation"].id, names=project.names)


@pytest.fixture
def keifu(anvil, source, monkeypatch, capsys, tmp_path):
    """Runs one command line on a chain whose deployment is recorded; (status, standard output, standard error)."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("KEIFU_RPC", anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(tmp_path / "deployments"))
    genesis = source.chain.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    contracts = {"ProvenanceRegistry": source.registry.address, "Environments": source.environments.address}
    creations = {name: Creation(name, "", address, {}, "0x") for name, address in contracts.items()}
    DeploymentRecord(source.chain.chain_id, genesis, creations=creations).save(tmp_path / "deployments")

    def run(*args):
        with pytest.raises(SystemExit) as exit_info:
            main([*map(str, args)])
        source.chain.forget_nonces()
        out, err = capsys.readouterr()
        return exit_info.value.code, out, err

    return run


@pytest.fixture
def make(keifu, tmp_path):
    """Register a file with this content; the record's id."""

    def make(name, kind, *links, role="life author"):
        path = tmp_path / name.replace(" ", "_")
        path.write_text(f"{name} {next(CONTENTS)}")
        parents = [word for link in links for word in ("--link", link)]
        status, out, err = keifu("prov", "register", path, "--kind", kind, *parents, "--role", role)
        assert status == 0, err
        return out.strip()

    return make
