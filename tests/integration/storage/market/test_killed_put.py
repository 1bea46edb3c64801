"""A client that stores a file is killed at its lines: one deal, paid once, and the file is there."""

from __future__ import annotations

import pytest

from tests.killed_process import require_nothing_wrong

PROGRAM = "tests.integration.storage.market.killed_put"


@pytest.mark.parametrize("paid_in", ["coin", "token"])
@pytest.mark.parametrize("which", ["last"])
def test_killed_at_its_lines(tmp_path, which, paid_in):
    require_nothing_wrong(PROGRAM, [tmp_path, paid_in], which, 12, 150)
