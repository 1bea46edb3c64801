"""The share arithmetic of lib/pools.vy, proved with z3 for pools of any size (real division, floor added as bounds)."""

from __future__ import annotations

import z3

from evmstorm.evm import artifacts

MAX_AMOUNT = artifacts.constant("lib/pools.vy", "MAX_AMOUNT")
SPENT_BITS = artifacts.constant("lib/pools.vy", "SPENT_BITS")
RESOURCES = 10_000_000  # of the solver, a thousand times what the proofs take: no clock decides


def _proved(claim: z3.BoolRef, *given: z3.BoolRef) -> None:
    solver = z3.Solver()
    solver.set("rlimit", RESOURCES)
    solver.add(*given, z3.Not(claim))
    assert solver.check() == z3.unsat


def _pool() -> tuple[z3.ArithRef, z3.ArithRef, z3.BoolRef]:
    tokens, shares = z3.Reals("tokens shares")
    return tokens, shares, z3.And(tokens > 0, tokens <= shares)


def test_hub_8_minting_keeps_a_share_at_most_a_coin():
    """HUB-8: amount * shares // tokens > amount - 1 for whole numbers, hence >= amount as shares >= tokens."""
    tokens, shares, pool = _pool()
    amount, exact = z3.Reals("amount exact")
    _proved(exact >= amount, pool, amount > 0, exact * tokens == amount * shares)


def test_hub_8_burning_keeps_a_share_at_most_a_coin():
    """HUB-8: what is left in the pool is below what is left of shares, plus one for the floor; both are whole."""
    tokens, shares, pool = _pool()
    part, exact, paid = z3.Reals("part exact paid")
    floor = z3.And(paid <= exact, paid > exact - 1)
    given = (pool, part > 0, part <= shares, exact * shares == part * tokens, floor)
    _proved(tokens - paid < shares - part + 1, *given)


def test_hub_8_in_and_out_never_gains():
    """HUB-8: shares for `amount` are worth at most `amount` at once, whatever the pool."""
    tokens, shares, pool = _pool()
    amount, minted, worth = z3.Reals("amount minted worth")
    given = (
        pool,
        amount > 0,
        minted >= 0,
        minted * tokens <= amount * shares,
        worth * (shares + minted) <= minted * (tokens + amount),
    )
    _proved(worth <= amount, *given)


def test_no_product_overflows():
    """Shares stay below 2**128 while no pool is cheaper than 2**-SPENT_BITS; products stay below 2**256."""
    most_shares = (MAX_AMOUNT + 1) << SPENT_BITS
    assert most_shares <= 2**128
    assert MAX_AMOUNT * most_shares < 2**256
