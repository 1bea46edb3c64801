"""`verify` says yes to what is right and names what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keifu.chain import RpcDeployer
from keifu.chain.deployments import Record
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
def deployment(backend, distribution):
    return tge.deploy(backend, Record(31_337, ""), distribution, save=lambda record: None)


@pytest.fixture
def funded(anvil, backend, deployment, distribution, deployer):
    tge.fund(backend, deployment, distribution, anvil.chain_id, deployer.sign)
    return deployment


@pytest.fixture
def failed(anvil, funded, distribution):
    """Which checks fail, for a list and terms."""

    def run(grants, terms=None, deployment=None):
        checks = verify(anvil.client(), deployment or funded, terms or distribution, grants, None)
        return [check.what for check in checks if not check.holds]

    return run


def test_what_is_right_passes_before_and_after_claims(anvil, backend, funded, distribution, grants, failed, tmp_path):
    assert failed(grants) == []
    write_files(grants, tmp_path)
    proof = find_proof(tmp_path, grants.accounts[3])
    assert tge.claim(backend, funded[tge.DISTRIBUTOR], proof) == grants.totals[3] // 3
    assert tge.claim(backend, funded[tge.DISTRIBUTOR], proof) == 0
    assert failed(grants) == []
    status = read_status(anvil.client(), funded, distribution)
    assert (status.claims, status.paid, status.balance) == (1, 381 * COIN, grants.allocation - 381 * COIN)


def test_another_list_is_named(grants, failed):
    other = Grants(grants.accounts, [*grants.totals[:-1], grants.totals[-1] + 1])
    assert failed(other)[:2] == ["the distributor has the root of the CSV", "the distributor has the sum of the CSV"]


def test_other_terms_are_named(grants, failed, distribution):
    assert failed(grants, replace(distribution, start=distribution.start + 1)) == ["it starts when the record says"]


def test_other_code_is_named(grants, failed, funded):
    swapped = replace(funded, addresses={**funded.addresses, tge.DISTRIBUTOR: funded["VestingEscrow"]})
    assert failed(grants, deployment=swapped) == ["TGEDistributor runs the published code"]


def test_a_distributor_that_was_not_paid_is_named(anvil, deployment, distribution, grants):
    checks = verify(anvil.client(), deployment, distribution, grants, None)
    assert [check.what for check in checks if not check.holds] == ["what is left covers what is owed"]
