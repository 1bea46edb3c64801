"""`verify` of a distribution says yes to what is right and names what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.chain import RpcDeployer
from keifu.chain.deployments import Record
from keifu.errors import EnvironmentFault
from keifu.tge import Grants, Schedule
from keifu.tge import chain as tge
from keifu.tge.check import verify
from keifu.tge.files import find_proof, write_files
from keifu.tge.status import read_status
from keifu.units import COIN


@pytest.fixture
def deployer(anvil):
    return anvil.account("deployer")


@pytest.fixture
def backend(anvil, deployer):
    return RpcDeployer(anvil.client(), deployer)


@pytest.fixture
def distribution(grants, anvil):
    return tge.distribution_of(grants.tree.root, grants.allocation, Schedule(anvil.client().now))


@pytest.fixture
def record():
    return Record(31_337, "")


@pytest.fixture
def deployment(backend, record, distribution):
    return tge.deploy(backend, record, distribution, save=lambda record: None)


@pytest.fixture
def funded(anvil, backend, deployment, distribution, deployer):
    tge.fund(backend, deployment, distribution, anvil.chain_id, deployer.sign)
    return deployment


@pytest.fixture
def failed(anvil, funded, record):
    """Which checks fail, for a list and the folder that was published for it."""

    def run(grants, folder=None):
        return [check.what for check in verify(anvil.client(), record, grants, folder=folder) if not check.holds]

    return run


def test_what_is_right_passes_before_and_after_claims(anvil, backend, funded, distribution, grants, failed, tmp_path):
    assert failed(grants) == []
    write_files(grants, tmp_path)
    proof = find_proof(tmp_path, grants.accounts[3])
    assert tge.claim(backend, funded[tge.DISTRIBUTOR], proof) == grants.totals[3] // 3
    assert tge.claim(backend, funded[tge.DISTRIBUTOR], proof) == 0
    assert failed(grants, tmp_path) == []
    status = read_status(anvil.client(), funded, distribution)
    assert (status.claims, status.paid, status.balance) == (1, 381 * COIN, grants.allocation - 381 * COIN)


def test_another_list_is_named(grants, failed):
    other = Grants(grants.accounts, [*grants.totals[:-1], grants.totals[-1] + 1])
    assert failed(other)[:2] == ["the distributor has the root of the CSV", "the distributor has the sum of the CSV"]


@pytest.mark.case("tools-2")
def test_files_of_another_list_or_schedule_than_that_on_chain_are_named(grants, failed, tmp_path):
    write_files(grants, tmp_path, steps=12)
    assert failed(grants, tmp_path) == ["published allocation.json: steps is 12, not 36"]
    write_files(Grants(grants.accounts[:-1], grants.totals[:-1]), tmp_path)
    assert "published tree.json: line 1" in {what.split(", byte")[0] for what in failed(grants, tmp_path)}


@pytest.mark.case("tools-1")
@pytest.mark.parametrize("field", ["start", "step", "steps", "sweep_after", "allocation", "root"])
def test_other_terms_in_the_record_are_named(grants, failed, record, distribution, field):
    other = b"\x01" * 32 if field == "root" else getattr(distribution, field) + (1 if field == "sweep_after" else -1)
    changed = replace(distribution, **{field: other})
    record.parameters["distribution"] = changed.data()
    assert f"TGEDistributor.{field}" in failed(grants)


def test_a_distributor_that_was_not_paid_is_named(anvil, deployment, record, grants):
    checks = verify(anvil.client(), record, grants)
    assert [check.what for check in checks if not check.holds] == ["what is left covers what is owed"]


def test_a_record_without_a_distribution_is_told(anvil, grants):
    with pytest.raises(EnvironmentFault, match="no distribution is recorded for chain 31337"):
        verify(anvil.client(), Record(31_337, ""), grants)
