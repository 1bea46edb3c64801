"""One chain with providers for all tests here, as it was at the beginning of each."""

from __future__ import annotations

import random

import pytest

from tests.storing import World

DATA = random.Random(5).randbytes(600_000)


@pytest.fixture(scope="package")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    made.provide(5)
    yield made
    made.close()


@pytest.fixture
def fresh(world):
    number = world.anvil.snapshot()
    yield world
    world.anvil.restore(number)
    for provider in world.providers:
        service = provider.service
        service.accepts, service.lies, service.gone, service.declared = True, False, False, {}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "client"
