"""The rows and the bars name the same measures, and a row that cannot be taken says why."""

from __future__ import annotations

import pytest

from benchmarks._areas import AREAS, gas_rows, rows
from benchmarks._bars import bars
from benchmarks._lab import Lab
from benchmarks._rows import Quoted, Row, measure
from benchmarks.cost import figures_of, usual_inputs
from benchmarks.gas import recorded
from keifu.errors import ArtifactError, CheckFailed, EnvironmentFault

NO_LAB: Lab = None  # type: ignore[assignment]  # these rows need no chain


def test_each_row_has_a_bar_and_no_two_rows_share_one():
    """A bar without a row is of a room that is not built; `make bench` prints it as not yet. Gas without a bar is held
    by the gas check, and what has a unit of its own and no bar is for the cost report."""
    taken = [row.id for row in rows("all") if not row.id.startswith("info.") and not row.unit]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(bars()) | set(recorded())


def test_what_is_kept_without_a_bar_is_what_the_cost_report_reads():
    kept = {row.id for row in rows("all") if row.unit}
    assert not kept & set(bars())
    wanted = {name for figure in figures_of(usual_inputs()).values() for name in figure.inputs}
    assert {f"measured {id_}" for id_ in kept} <= wanted


def test_all_is_the_sum_of_the_areas():
    assert len(rows("all")) == sum(len(rows(area)) for area in AREAS)


def test_the_gas_check_measures_gas_rows_only():
    assert all(row.id.startswith("gas.") and not row.heavy for row in gas_rows())


@pytest.mark.parametrize(
    ("id_", "below", "above"), [("gas.erc20_transfer", True, False), ("ratio.digest", False, True)]
)
def test_a_bar_knows_which_way_is_better(id_, below, above):
    bar = bars()[id_]
    assert bar.met_by(bar.figure - 0.1) is below
    assert bar.met_by(bar.figure + 0.1) is above
    assert bar.met_by(bar.figure)


def test_a_row_gives_both_sides_and_their_ratio():
    result = measure(Row("gas.attest", lambda _: 60_000, "how", lambda _: 200_000), NO_LAB)
    assert (result.ours, result.peer, result.ratio, result.met, result.note) == (60_000, 200_000, 0.3, True, "")


def test_further_figures_stand_beside_it_with_the_digits_that_they_have():
    also = (("small:", lambda _: 0.000_061_2), ("large:", lambda _: 123_456.0))
    result = measure(Row("rate.convicted", lambda _: 0.000_668, "how", also=also), NO_LAB)
    assert result.note == "small: 6.12e-05; large: 123,456"


def test_a_missing_contract_is_a_named_row():
    def missing(_: Lab) -> float:
        raise ArtifactError("no contract X")

    result = measure(Row("gas.attest", missing, "how", Quoted(200_000, "a paper")), NO_LAB)
    assert (result.ours, result.met, result.quoted) == (None, None, True)
    assert result.note == "ours not measured: no contract X"


def test_a_missing_yardstick_keeps_our_figure():
    def missing(_: Lab) -> float:
        raise EnvironmentFault("no npm package")

    result = measure(Row("gas.attest", lambda _: 60_000, "how", missing), NO_LAB)
    assert (result.ours, result.peer, result.met) == (60_000, None, True)
    assert result.note == "the yardstick not measured: no npm package"


@pytest.mark.parametrize("error", [AssertionError, CheckFailed])
def test_a_wrong_payout_is_an_error_and_no_note(error):
    def wrong(_: Lab) -> float:
        raise error("grant 7: 1 wei paid, 2 due")

    with pytest.raises(error, match="grant 7"):
        measure(Row("gas.attest", wrong, "how"), NO_LAB)
