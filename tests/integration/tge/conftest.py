from __future__ import annotations

import pytest

from keifu.chain import Anvil
from keifu.tge.replay import validators

GENESIS = 1_767_225_600


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture(scope="session")
def grants():
    return validators(20)
