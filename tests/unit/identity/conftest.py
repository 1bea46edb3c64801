"""Each test has the registries as they were built: what a test does is undone."""

from __future__ import annotations

import pytest

from tests.unit.identity.world import Agents


@pytest.fixture(scope="session")
def made():
    return Agents()


@pytest.fixture
def world(made):
    minted, asked = made.minted, made.asked
    with made.evm.anchor():
        yield made
    made.minted, made.asked = minted, asked


@pytest.fixture
def identity(world):
    return world.identity


@pytest.fixture
def reputation(world):
    return world.reputation


@pytest.fixture
def validation(world):
    return world.validation


@pytest.fixture
def agent(world):
    """One of the seller's."""
    return world.agent()
