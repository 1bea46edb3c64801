"""Bugs of TGEDistributor on the way from a claim to a stake."""

from __future__ import annotations

from audit.seeded_bugs import _schedule
from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]


_bug = seeder("vesting/TGEDistributor.vy")

BUGS = [
    *_schedule.bugs_of("TGEDistributor"),
    _bug("signature counts twice", "    self.nonces[_account] = nonce + 1\n", ""),
    _bug("signature one second late", "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    _bug(
        "anyone signs",
        '    assert signatures._signed(_account, struct_hash, _signature), "distributor: invalid signature"\n',
        "",
    ),
    _bug(
        "list unchecked for a signature",
        '_proof) == root, "distributor: not in the list"\n    return self._stake(_index, _account',
        '_proof) != empty(bytes32), "distributor: not in the list"\n    return self._stake(_index, _account',
    ),
    _bug(
        "claim staked again and again",
        "msg.sender, self._take(_index, _total), _operator",
        "msg.sender, self._vested(_total, block.timestamp), _operator",
    ),
    _bug(
        "messenger gets the stake",
        "hub.stake_for(_operator, _account, staked, min_shares)",
        "hub.stake_for(_operator, msg.sender, staked, min_shares)",
    ),
    _bug("messenger gets the rest", "            _account, _due - staked,", "            msg.sender, _due - staked,"),
    _bug("wallet pays for the claim", "_account, self, staked - _due,", "_account, self, staked,"),
    _bug(
        "allowance not asked for",
        "min(staticcall token.balanceOf(_account), staticcall token.allowance(_account, self))",
        "staticcall token.balanceOf(_account)",
    ),
    _bug(
        "least shares rounded down",
        "(_min_shares * staked + _amount - 1) // _amount",
        "_min_shares * staked // _amount",
    ),
    _bug("too little to stake is kept", "        staked = 0\n", "        return 0\n"),
    _bug(
        "event tells what was to be staked",
        "    if _due > 0:\n        log ITGEDistributor.Claimed(index=_index, account=_account, amount=_due)",
        "    if _due > 0:\n        log ITGEDistributor.Claimed(index=_index, account=_account, amount=_amount)",
    ),
]
