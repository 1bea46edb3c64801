"""docs/parameters.md says what the contracts say, and the deterrence inequality holds for every gain it names."""

from __future__ import annotations

import z3

from audit.parameters import PAGE, deterred, page
from evmstorm.evm import artifacts
from keifu.chain.protocol import Params

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


def test_a_case_fits_into_the_horizon():
    """A service that names the court needs a horizon of the longest case; the hub must be able to grant it."""
    appeals = artifacts.constant("staking/AlignmentCourt.vy", "MAX_APPEALS")
    params = Params()
    turn = 2 * params.epoch_length + params.reveal_period
    assert (appeals + 1) * turn + appeals * params.appeal_period <= params.unbonding


def test_a_commission_is_announced_long_enough_to_leave():
    notice = artifacts.constant("staking/lib/operators.vy", "COMMISSION_NOTICE")
    params = Params()
    assert notice * params.epoch_length >= params.unbonding


def test_no_seat_can_pay_its_penalty_with_less_than_it_holds():
    seat = artifacts.constant("staking/lib/juries.vy", "SEAT")
    assert artifacts.constant("staking/lib/juries.vy", "PENALTY") <= seat
