"""Numbers of contracts that depend on one another; docs/parameters.md says what the contracts say."""

from __future__ import annotations

import pytest
import z3

from audit.court_rules import rules
from audit.parameters import PAGE, deterred, page
from evmstorm.evm import artifacts
from keifu.chain.protocol import Params
from keifu.spec.court import ASKED, LONGEST_CASE, LONGEST_WAIT, Table
from keifu.spec.staking import MAX_HORIZON, RAISE_NOTICE
from keifu.units import COIN

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


def test_a_case_fits_into_every_horizon():
    """A service with the court needs its evidence window and one case; the hub grants sixty days at most."""
    assert LONGEST_CASE <= LONGEST_WAIT
    assert LONGEST_CASE + LONGEST_WAIT <= MAX_HORIZON


def test_delegators_have_time_to_leave():
    """A commission is announced for longer than an unbonding period, a raised multiple for longer than any ticket."""
    notice = artifacts.constant("staking/lib/operators.vy", "COMMISSION_NOTICE")
    params = Params()
    assert notice * params.epoch_length >= params.unbonding
    assert 3 * params.unbonding // 2 < RAISE_NOTICE


@pytest.mark.parametrize("asked", ASKED)
def test_the_model_s_table_is_the_contract_s(asked):
    """The model has the numbers of the table by itself."""
    number = lambda name: artifacts.constant("staking/lib/docket.vy", name)  # noqa: E731
    table = Table(asked * COIN, COIN)
    scale = max(1, asked / number("SMALL"))
    assert table.fee(0) == number("FIRST_FEE") * COIN
    assert table.fee(1) == (number("SECOND_FEE") + number("SECOND_FEE_TENTHS") / 10 * scale) * COIN
    assert table.deposit(0) == number("FIRST_DEPOSIT") * COIN
    assert table.deposit(1) == number("SECOND_DEPOSIT") * scale * COIN
    assert table.fees(1) == number("SECOND_FEES") * table.fee(1)
    assert table.lost == asked * COIN // number("LOSS_DIVISOR")


def test_the_rules_of_the_court_hold():
    assert [rule.name for rule in rules() if not rule.holds] == []
