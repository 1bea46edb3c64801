"""Tests of the chain layer: databases are in memory."""

from __future__ import annotations

import pytest

from tests.memory import in_memory


@pytest.fixture
def tmp_path(tmp_path):
    with in_memory(tmp_path) as folder:
        yield folder
