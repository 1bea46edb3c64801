"""Bugs of VestingEscrow."""

from __future__ import annotations

from audit.seeded_bugs import _schedule
from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("vesting/VestingEscrow.vy", "VestingEscrow")

BUGS = [
    *_schedule.bugs_of("VestingEscrow"),
    _bug(
        "cliff one step early",
        "if passed < _amounts >> CLIFF_BIT:",
        "if passed + 1 < _amounts >> CLIFF_BIT:",
        "vesting/lib/grants.vy",
    ),
    _bug("claim paid twice", "        self._amounts[_id] = grants._with_paid(amounts, amount)\n", ""),
    _bug(
        "anyone revokes",
        '    assert msg.sender == self._revoker[_id], "escrow: caller is not the revoker"\n    terms',
        "    terms",
    ),
    _bug(
        "revoked for the beneficiary",
        "    token_transfers._push(token, msg.sender, refund)\n",
        "    token_transfers._push(token, grants._beneficiary(terms), refund)\n",
    ),
    _bug("revoked total not lowered", "    self._amounts[_id] = amounts - unvested\n", ""),
    _bug(
        "successor not checked",
        '    assert msg.sender == self.successor[_id], "escrow: caller is not the successor"\n',
        "",
    ),
    _bug("offer stays open", "    self.successor[_id] = empty(address)\n", ""),
    _bug("revoker stays", "    self._revoker[_id] = empty(address)\n    self._amounts", "    self._amounts"),
    _bug(
        "event names the successor twice",
        "beneficiary=grants._beneficiary(terms), successor=msg.sender)",
        "beneficiary=msg.sender, successor=msg.sender)",
    ),
]
