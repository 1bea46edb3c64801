"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from tests.worlds import built_once

from .world import World

built, world = built_once(World)


@pytest.fixture
def channels(world):
    return world.channels


@pytest.fixture
def token(world):
    return world.token
