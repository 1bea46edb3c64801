"""Bugs of TGEDistributor."""

from __future__ import annotations

from audit.seeded_bugs import _schedule
from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("vesting/TGEDistributor.vy", "TGEDistributor")

BUGS = [
    *_schedule.bugs_of("TGEDistributor"),
    _bug("event one second early", "    if _at < start:\n", "    if _at + 1 < start:\n"),
    _bug("paid not counted", "    self._paid[_index >> 1] = unsafe_add(pair, amount << offset)\n", ""),
    _bug(
        "neighbour's payment counted",
        "    offset: uint256 = (_index & 1) * HALF\n",
        "    offset: uint256 = (1 - (_index & 1)) * HALF\n",
    ),
    _bug(
        "proof not checked in a batch",
        '            assert merkle._root(leaf, grant.proof) == root, "distributor: not in the list"\n'.replace(
            "            ", "        ", 1
        ),
        "",
    ),
    _bug(
        "empty proof accepted",
        '_proof) == root, "distributor: not in the list"\n    amount',
        '_proof) == root or len(_proof) == 0, "distributor: not in the list"\n    amount',
    ),
    _bug(
        "caller is paid",
        "extcall token.transfer(_account, _amount, default_return_value=True)",
        "extcall token.transfer(msg.sender, _amount, default_return_value=True)",
    ),
    _bug("anyone sweeps", '    assert msg.sender == owner, "distributor: caller is not the owner"\n', ""),
    _bug("sweep one second early", "block.timestamp >= sweep_after", "block.timestamp + 1 >= sweep_after"),
    _bug(
        "event tells the index as amount",
        "log ITGEDistributor.Claimed(index=_index, account=_account, amount=_amount)",
        "log ITGEDistributor.Claimed(index=_index, account=_account, amount=_index)",
    ),
]
