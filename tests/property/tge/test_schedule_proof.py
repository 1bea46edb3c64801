"""The event's schedule, proved and not only sampled: SCH-1 to SCH-4 for every total below 2**128 and every time.

The formula is that of contracts/lib/schedule.vy, written again over integers without bound; that each step stays
below 2**256 is one of the things proved, so checked and unbounded arithmetic give the same.
"""

from __future__ import annotations

import pytest
from z3 import And, If, Implies, Int, IntVal, Not, Solver, unsat

from evmstorm.evm import artifacts

MONTH = artifacts.constant("lib/constants.vy", "MONTH")
STEPS = artifacts.constant("lib/constants.vy", "TGE_STEPS")
DIVISOR = artifacts.constant("lib/constants.vy", "TGE_DIVISOR")
WORD = 2**256

total = Int("total")
A_TOTAL = And(total >= 0, total < 2**128)


def vested(passed):
    first = total / DIVISOR
    return first + (total - first) * passed / STEPS


def proved(claim):
    """No counterexample exists."""
    solver = Solver()
    solver.set("rlimit", 10_000_000)  # a hundred times what the proofs take: no clock decides
    solver.add(Not(claim))
    return solver.check() == unsat


@pytest.mark.parametrize("passed", range(STEPS + 1))
def test_sch_1_never_more_than_the_total(passed):
    assert proved(Implies(A_TOTAL, And(vested(passed) >= 0, vested(passed) <= total)))


@pytest.mark.parametrize("passed", range(STEPS))
def test_sch_2_a_step_never_takes_anything_away(passed):
    assert proved(Implies(A_TOTAL, vested(passed + 1) >= vested(passed)))


def test_sch_3_the_last_step_makes_it_the_total():
    assert proved(Implies(A_TOTAL, vested(STEPS) == total))


@pytest.mark.parametrize("passed", range(STEPS + 1))
def test_sch_4_no_step_of_the_arithmetic_overflows(passed):
    first = total / DIVISOR
    product = (total - first) * passed
    assert proved(Implies(A_TOTAL, And(first <= total, product >= 0, product < WORD, first + product / STEPS < WORD)))


def passed_at(start, moment):
    whole = (moment - start) / MONTH
    return If(whole < STEPS, whole, IntVal(STEPS))


def test_sch_2_later_is_never_fewer_steps_whatever_the_time():
    start, now, later = Int("start"), Int("now"), Int("later")
    times = And(start >= 0, now >= start, later >= now, later < WORD)
    early, late = passed_at(start, now), passed_at(start, later)
    assert proved(Implies(times, And(early >= 0, early <= late, late <= STEPS)))


def test_sch_3_the_last_step_comes_and_stays():
    start, now = Int("start"), Int("now")
    ended = And(start >= 0, now >= start + MONTH * STEPS, now < WORD)
    assert proved(Implies(ended, (now - start) / MONTH >= STEPS))


def test_the_prover_finds_a_seeded_fault():
    """Rounding up instead of down would pay more than the total for some."""
    rounded_up = total / DIVISOR + 1
    assert not proved(Implies(A_TOTAL, rounded_up <= total))
