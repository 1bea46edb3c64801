"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from tests.unit.inft.world import World


@pytest.fixture(scope="session")
def built():
    return World()


@pytest.fixture
def world(built):
    minted, asked = built.minted, built.asked
    with built.evm.anchor():
        yield built
    built.minted, built.asked = minted, asked


@pytest.fixture
def nft(world):
    return world.nft


@pytest.fixture
def verifier(world):
    return world.verifier


@pytest.fixture
def private(world):
    """A token of the seller's with one private item."""
    return world.mint()


@pytest.fixture
def public(world):
    """A token of the seller's without private data."""
    return world.mint(items=0)
