from __future__ import annotations

import pytest

from audit.tge_replay import validators
from keifu.chain import Anvil
from tests.ape_chain import GENESIS


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture(scope="session")
def grants():
    return validators(20)
