"""Bugs of StakingHub and of the modules it is made of: first each attack on its first edition, put back. Where the
old code is gone, its rule is put into the new code."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["ATTACKS", "BUGS"]


_bug = partial(Bug, contracts=("StakingHub",))

POOLS, EXITS = "lib/pools.vy", "staking/lib/exits.vy"
SLASHING, POSITIONS, LOCKS = "staking/lib/slashing.vy", "staking/lib/positions.vy", "staking/lib/locks.vy"
OPERATORS, SERVICES, EMISSION = "staking/lib/operators.vy", "staking/lib/services.vy", "staking/lib/emission.vy"

# The numbers of the attacks begin the names.
ATTACKS = [
    _bug(
        "staking-3: services share what is locked, pro rata",
        SLASHING,
        "    damages: uint256 = min(_damages, lock.amount)\n",
        "    whole: uint256 = max(operators._operator(_operator).bound, 1)\n"
        "    damages: uint256 = min(_damages, lock.amount * lock.bound // whole)\n",
    ),
    _bug(
        "staking-4: delegators stand for a lock that is gone",
        SLASHING,
        "& locks.MULTIPLE, penalty)",
        "& locks.MULTIPLE, min(_penalty, pools.MAX_AMOUNT))",
    ),
    _bug(
        "staking-5: an operator takes its lock back while promises are open",
        LOCKS,
        'assert services._is_over(services.services[_service]), "hub: service may still slash"',
        'assert services.services[_service] > 0, "hub: service may still slash"',
    ),
    _bug(
        "staking-9: a commission counts for time before it",
        OPERATORS,
        "self._commission(operator.terms, _pool.epoch)",
        "self._commission(operator.terms, _now)",
    ),
    _bug(
        "staking-10: shares of the last second earn for the whole epoch",
        OPERATORS,
        "            self.marks[_operator][pool.epoch] = rollover.closed\n",
        "            self.marks[_operator][pool.epoch] = self.earned[_operator] & emission.HALF\n",
    ),
    _bug(
        "staking-10: own coins of the last second weigh for the whole epoch",
        EMISSION,
        "self._emitted(rate, _totals.full, self._paying(_totals.epoch, second))",
        "self._emitted(rate, _totals.next, self._paying(_totals.epoch, second))",
    ),
    _bug(
        "staking-12: four fifths of a penalty come back",
        SLASHING,
        "unsafe_mul(damages, 4) // 5",
        "unsafe_mul(from_lock, 4) // 5",
    ),
    _bug(
        "staking-13: a service slashes no more once it is removed",
        SERVICES,
        "block.timestamp >= removed + (_word & HORIZON)",
        "block.timestamp >= removed",
    ),
    _bug(
        "staking-14: a removed service slashes for ever",
        SLASHING,
        "service > 0 and not services._is_over(service)",
        "service > 0",
    ),
    _bug(
        "staking-15: what is bound can only shrink once it is there",
        LOCKS,
        "    bound: uint256 = min(_amount, lock.amount)\n",
        "    bound: uint256 = min(_amount, lock.amount)\n    if lock.bound > 0:\n        bound = min(bound, lock.bound)\n",
    ),
    _bug(
        "staking-16: a delegated coin delays a lock",
        LOCKS,
        "    operators._pool(_operator)\n",
        '    assert operators._pool(_operator).active == 0, "hub: change pending"\n',
    ),
    _bug(
        "staking-17: what promises need can be unlocked",
        LOCKS,
        "assert _bound <= lock.amount and _amount <= lock.amount - _bound,",
        "assert _amount <= lock.amount,",
    ),
    _bug(
        "staking-18: the smallest slash unbinds everything",
        SLASHING,
        "unsafe_sub(lock.bound, min(lock.bound, unsafe_sub(lock.amount, from_lock)))",
        "lock.bound",
    ),
    _bug(
        "staking-19: emission waits for whoever comes",
        EMISSION,
        "    coins._credit(treasury, unearned)\n",
        "    coins._credit(treasury, 0)\n    if now < END:\n        self.schedule += (unearned // (END - now)) << 128\n",
    ),
    _bug(
        "staking-19: emission of an epoch is not capped by its weight",
        EMISSION,
        "    CAP = PRECISION * epochs.EPOCH_LENGTH // DOUBLING\n",
        "    CAP = PRECISION\n",
    ),
    _bug(
        "staking-20: an announced raise blocks a lowering",
        LOCKS,
        "    elif _multiple < now:\n",
        "    elif _multiple < now and (multiples >> MULTIPLE_BITS) & CHANGE == 0:\n",
    ),
    _bug(
        "staking-21: a top-up loses what was earned",
        POSITIONS,
        "unsafe_mul(position.index, position.shares)",
        "unsafe_mul(index, position.shares)",
    ),
    _bug("staking-22: the winner pays", SLASHING, "unsafe_mul(damages, 4) // 5", "unsafe_mul(damages, 3) // 5"),
]

BUGS = [
    *ATTACKS,
    _bug(
        "shares rounded for the delegator",
        POOLS,
        "    return _amount * _shares // _tokens\n",
        "    return (_amount * _shares + _tokens - 1) // _tokens\n",
    ),
    _bug("unbonding is not slashed", EXITS, "        bucket.tokens -= cut\n", ""),
    _bug("ticket paid twice", EXITS, "    self.tickets[_owner][_ticket] = 0\n", ""),
    _bug("ticket one second early", EXITS, "block.timestamp >= _time", "block.timestamp + 1 >= _time"),
    _bug(
        "mean index rounded down",
        POSITIONS,
        "unsafe_mul(index, shares)), unsafe_sub(sum, 1)\n",
        "unsafe_mul(index, shares)), 0\n",
    ),
    _bug(
        "a raise counts after one unbonding period",
        LOCKS,
        "epochs._epoch_after(2 * exits.UNBONDING)",
        "epochs._epoch_after(exits.UNBONDING)",
    ),
    _bug(
        "a second lowering puts the first off",
        LOCKS,
        '        assert lowering == 0, "hub: a lowering waits"\n',
        "",
    ),
    _bug(
        "a raise earns when it is announced",
        LOCKS,
        "        raising = _multiple | epoch << MULTIPLE_BITS\n",
        "        raising = _multiple | epoch << MULTIPLE_BITS\n        multiple = _multiple\n",
    ),
    _bug(
        "who leaves keeps its part of the epoch",
        OPERATORS,
        "        self.earned[_operator] -= _shares << 128\n",
        "",
    ),
    _bug(
        "a pool takes more than own coins answer for",
        "staking/StakingHub.vy",
        "pool.active <= operators._operator(_operator).exposure",
        "pool.active <= 2 * operators._operator(_operator).exposure",
    ),
]
