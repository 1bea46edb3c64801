"""One field of one answer is changed: a quick portion of what `make fuzz-deep` does ten thousand times."""

from __future__ import annotations

import pytest

from keifu.chain import Anvil
from tests.ape_chain import GENESIS
from tests.changed_answers import attempt, build_chain

pytestmark = [pytest.mark.case("tools-13"), pytest.mark.xdist_group("changed answers")]
RUNS, PARTS = 240, 8


@pytest.fixture(scope="module")
def chain():
    with Anvil(timestamp=GENESIS) as anvil:
        yield build_chain(anvil)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_index_is_right_in_the_end_whatever_is_changed(chain, part):
    outcomes = [(seed, attempt(chain, seed)) for seed in range(part, RUNS, PARTS)]
    assert [item for item in outcomes if item[1].fault] == []
    assert sum(bool(outcome.reported) for _, outcome in outcomes) > RUNS // PARTS // 2, "most runs change something"


@pytest.mark.parametrize("seed", [2_364, 2_414])
def test_a_head_that_is_too_low_once_is_not_the_end(chain, seed):
    """Found by the long run: an index that claimed to be caught up with blocks still to come."""
    assert attempt(chain, seed).fault == ""
