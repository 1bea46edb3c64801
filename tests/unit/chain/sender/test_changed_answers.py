"""One field of one answer is changed: a quick portion of what `make fuzz-deep` does ten thousand times."""

from __future__ import annotations

import pytest

from tests.changed_sendings import attempt

pytestmark = pytest.mark.case("tools-13")
RUNS = 60


def test_each_intent_takes_effect_once_whatever_is_changed(tmp_path):
    outcomes = []
    for seed in range(RUNS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        outcomes.append((seed, attempt(seed, folder)))
    assert [item for item in outcomes if item[1].fault] == []
    assert sum(bool(outcome.reported) for _, outcome in outcomes) > RUNS // 2, "most runs change something"


@pytest.mark.parametrize("seed", [4_425, 8_008])
def test_a_number_that_no_column_takes_is_one_line(tmp_path, seed):
    """Found by the long run: the newest block, and the block of a receipt."""
    outcome = attempt(seed, tmp_path)
    assert outcome.fault == ""


def test_a_new_database_is_not_given_to_a_chain_that_was_named_once(tmp_path):
    """Found by the long run: one wrong chain id at the very first, and the database was that chain's for ever."""
    outcome = attempt(1_070, tmp_path)
    assert "eth_chainId" in outcome.reported
    assert outcome.fault == ""
