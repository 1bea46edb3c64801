"""Bugs of StakingHub and of the modules it is made of."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]


_bug = partial(Bug, contracts=("StakingHub",))

POOLS, EXITS = "lib/pools.vy", "staking/lib/exits.vy"
SLASHING, POSITIONS = "staking/lib/slashing.vy", "staking/lib/positions.vy"
OPERATORS, OBLIGATIONS = "staking/lib/operators.vy", "staking/lib/obligations.vy"
HUB, BOOKS = "staking/StakingHub.vy", "staking/lib/ledger.vy"

BUGS = [
    _bug(
        "shares rounded for the delegator",
        POOLS,
        "    return _amount * _shares // _tokens\n",
        "    return (_amount * _shares + _tokens - 1) // _tokens\n",
    ),
    _bug("unbonding is not slashed", EXITS, "        bucket.tokens -= cut\n", ""),
    _bug("ticket paid twice", EXITS, "    self.tickets[_owner][_ticket] = 0\n", ""),
    _bug(
        "total of stake unchecked",
        HUB,
        "    ledger._change_total(_amount, 0, 0)\n",
        "    ledger._change_total(_amount + 1, 0, 0)\n",
    ),
    _bug("ticket one second early", EXITS, "block.timestamp >= _time", "block.timestamp + 1 >= _time"),
    _bug(
        "anyone slashes for a service",
        SLASHING,
        "obligations._service(_service).arbiter == msg.sender",
        "obligations._service(_service).arbiter != empty(address)",
    ),
    _bug("victim and prover swapped", SLASHING, "_credit(_prover, to_prover)", "_credit(_operator, to_prover)"),
    _bug(
        "books not opened before a bond",
        OPERATORS,
        "    bond.active += _amount\n",
        "    bond.active += _amount\n    ledger.fees[msg.sender] = 0\n",
    ),
    _bug("commitment not used up by a slash", SLASHING, "    obligations._consume(_service, _operator, taken)\n", ""),
    _bug("event tells what was asked for", SLASHING, "from_bond=from_bond", "from_bond=_amount"),
    _bug(
        "slash reaches matured tickets",
        EXITS,
        "self.buckets[_operator][half - i] = pools",
        "self.buckets[_operator][half - i - 1] = pools",
    ),
    _bug("jail forgotten", SLASHING, "    bond.jailed = pool.epoch + JAIL_EPOCHS\n", ""),
    _bug("reward index rounded up", POSITIONS, "full * _shares + shares - 1) // shares", "full * _shares) // shares"),
    _bug(
        "removed service slashes for ever",
        OBLIGATIONS,
        "_service.removed == 0 or block.timestamp <= _service.removed + _service.horizon",
        "True",
    ),
    _bug(
        "leaver keeps what it has not earned",
        POSITIONS,
        "        ledger.fees[_operator] += unearned\n",
        "        ledger._credit(_owner, unearned // ledger.PRECISION)\n",
    ),
]
