from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def deployer(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def other_deployer(accounts):
    return accounts[1]


@pytest.fixture(scope="module")
def factory(project, deployer):
    return project.Create3Factory.deploy(sender=deployer)
