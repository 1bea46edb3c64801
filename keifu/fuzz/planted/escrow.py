"""Bugs of VestingEscrow."""

from __future__ import annotations

from keifu.fuzz.plant import Bug
from keifu.fuzz.planted import _schedule

__all__ = ["BUGS"]

FILE = "vesting/VestingEscrow.vy"


def _bug(name: str, old: str, new: str, file: str = FILE) -> Bug:
    return Bug(name, file, old, new, ("VestingEscrow",))


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
