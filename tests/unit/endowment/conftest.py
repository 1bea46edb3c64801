"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture(scope="session")
def built():
    return World()


@pytest.fixture
def world(built):
    with built.evm.anchor():
        yield built


@pytest.fixture
def endowment(world):
    return world.endowment
