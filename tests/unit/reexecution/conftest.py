"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

from audit.reexecuted import ReExecuted
from tests.worlds import built_once

built, world = built_once(ReExecuted)
