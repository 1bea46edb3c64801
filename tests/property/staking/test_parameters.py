"""docs/parameters.md says what the contracts say, and the deterrence inequality holds for every gain it names."""

from __future__ import annotations

import z3

from audit.parameters import PAGE, deterred, page
from evmstorm.evm import artifacts
from keifu.chain.parameters import Params

BPS = 10_000


def test_the_page_is_current():
    path = artifacts.project().root / PAGE
    assert path.read_text() == page(), "run `make docs`"


def test_a_slash_is_three_times_the_expected_gain():
    """slash ≥ 3 × gain / p for every slash, p and gain up to what the page calls deterred; not for one wei more."""
    slash, found, gain, bound = z3.Ints("slash found gain bound")
    ranges = z3.And(slash >= 0, found > 0, found <= BPS, gain >= 0)
    floor = z3.And(3 * BPS * bound <= slash * found, slash * found < 3 * BPS * (bound + 1))
    holds = slash * found >= 3 * gain * BPS
    solver = z3.Solver()
    solver.add(ranges, floor, (gain <= bound) != holds)
    assert solver.check() == z3.unsat
    assert deterred(1_000, 100) == 3


def test_a_case_fits_into_the_longest_horizon():
    """A service with the court needs its evidence window and a case; the hub must be able to grant that."""
    longest = artifacts.constant("staking/lib/cases.vy", "LONGEST_CASE")
    assert Params().unbonding + longest <= artifacts.constant("staking/lib/services.vy", "MAX_HORIZON")


def test_delegators_can_leave_before_anything_costs_them_more():
    notice = artifacts.constant("staking/lib/operators.vy", "COMMISSION_NOTICE")
    params = Params()
    assert notice * params.epoch_length >= params.unbonding
    assert 2 * params.unbonding >= params.unbonding * 3 // 2 + params.epoch_length  # a raise, the longest ticket


def test_no_emission_before_the_first_multiple_counts():
    params = Params()
    assert (params.emission_start - 1) * params.epoch_length >= 2 * params.unbonding
