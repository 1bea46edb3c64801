"""Each test has the courtroom as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from tests.unit.court.courtroom import Courtroom
from tests.worlds import built_once

built, room = built_once(Courtroom)


@pytest.fixture
def court(room):
    return room.court


@pytest.fixture
def case(room):
    """An open case, in its answer."""
    return room.open()
