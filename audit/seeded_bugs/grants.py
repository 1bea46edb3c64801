"""Bugs of VestingEscrow in what it keeps of grants at stake."""

from __future__ import annotations

from audit.seeded_bugs import _schedule
from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

ESCROW, STAKES = "vesting/VestingEscrow.vy", "vesting/lib/stakes.vy"


_bug = seeder(STAKES, "VestingEscrow")

BUGS = [
    *_schedule.bugs_of("VestingEscrow"),
    _bug(
        "part of a stake rounded up",
        "stake.active * _shares // held",
        "(stake.active * _shares + held - 1) // held",
    ),
    _bug("coins at stake paid out", "stake.owed - stake.active - stake.leaving", "stake.owed - stake.leaving"),
    _bug("ticket not taken off what is leaving", "    self.stakes[_id].leaving -= principal\n", ""),
    _bug("loss not recorded", "principal - min(amount, principal)", "0"),
    _bug(
        "beneficiary bears a loss first",
        "min(self.stakes[_id].owed, _lost)",
        "_lost - min(_lost, self.stakes[_id].lost)",
    ),
    _bug("losses forgotten at a revocation", "min(self.stakes[_id].lost, _unvested)", "0"),
    _bug(
        "revoker paid before the stake is back",
        "min(stake.owed, stake.active + stake.leaving)",
        "min(stake.owed, stake.leaving)",
    ),
    _bug("pool written off twice", "    self.stakes[_id].active = 0\n", ""),
    _bug(
        "second operator forgets the first",
        '    assert stake.active == 0 or stake.operator == _operator, "escrow: staked with another operator"\n',
        "",
    ),
    _bug(
        "anyone takes a grant out of stake",
        '        assert stakes.stakes[_id].owed > 0, "escrow: caller is not the beneficiary"\n',
        "        pass\n",
        ESCROW,
    ),
    _bug(
        "coins of others staked",
        '    assert _amount <= self._here(_id, self._amounts[_id]), "escrow: not enough coins here"\n',
        "",
        ESCROW,
    ),
    _bug(
        "settlement goes to the beneficiary",
        "token_transfers._push(token, creditor, amount)",
        "token_transfers._push(token, grants._beneficiary(self._terms[_id]), amount)",
        ESCROW,
    ),
    _bug("messenger gets the rewards", "stakes._rewards(_id, beneficiary)", "stakes._rewards(_id, msg.sender)", ESCROW),
    _bug(
        "event tells what was put in",
        "Returned(id=_id, ticket=_ticket, amount=amount, lost=lost)",
        "Returned(id=_id, ticket=_ticket, amount=principal, lost=lost)",
    ),
]
