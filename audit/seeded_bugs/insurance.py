"""Bugs of Insurance: lists that promise what is not there, and claims of others."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("staking/Insurance.vy")

BUGS = [
    _bug("anyone opens a list", '    assert msg.sender == owner, "insurance: not the owner"\n', ""),
    _bug(
        "second list of a service",
        '    assert self.refunds[_service].root == empty(bytes32), "insurance: refund known"\n',
        "",
    ),
    _bug("opened while it may still slash", "block.timestamp >= service.removed + service.horizon", "True"),
    _bug("over one second early", "and block.timestamp >=", "and block.timestamp + 1 >="),
    _bug("opened for a service that is listed", "service.removed > 0 and ", ""),
    _bug("more than it took", '    assert _amount <= service.taken, "insurance: more than it took"\n', ""),
    _bug("a wei more than it took", "_amount <= service.taken", "_amount <= service.taken + 1"),
    _bug("more than is here", '    assert _amount <= self._free(), "insurance: more than is here"\n', ""),
    _bug("promised to nobody", "    self.promised += _amount\n", ""),
    _bug("promised for ever", "    self.promised -= _amount\n", ""),
    _bug(
        "promised coins are free",
        "staticcall token.balanceOf(self) - self.promised",
        "staticcall token.balanceOf(self)",
    ),
    _bug("coins stay at the hub", "    extcall hub.pay_insurance()\n", ""),
    _bug("empty root", "_root != empty(bytes32) and _amount > 0", "_amount > 0"),
    _bug("list over nothing", "_root != empty(bytes32) and _amount > 0", "_root != empty(bytes32)"),
    _bug("claimed twice", "    self.claimed[_service][loser] = True\n", ""),
    _bug(
        "claimed everywhere",
        "assert not self.claimed[_service][loser]",
        "assert not self.claimed[empty(address)][loser]",
    ),
    _bug("list never used up", "    self.refunds[_service].left = refund.left - _amount\n", ""),
    _bug("any proof", "merkle._root(leaf, _proof) == refund.root", "len(_proof) < 32"),
    _bug("any amount", "abi_encode(loser, _amount)", "abi_encode(loser, refund.left)"),
    _bug(
        "leaf hashed once", "keccak256(keccak256(abi_encode(loser, _amount)))", "keccak256(abi_encode(loser, _amount))"
    ),
    _bug(
        "whoever calls is paid",
        "token_transfers._push(token, _receiver, _amount)",
        "token_transfers._push(token, msg.sender, _amount)",
    ),
    _bug("sub-accounts lose", "staticcall hub.owner_key(msg.sender, _sub)", "msg.sender"),
    _bug("paid to nobody", '    assert _receiver != empty(address), "insurance: no receiver"\n', ""),
    _bug("event names the caller", "loser=loser, receiver=_receiver", "loser=msg.sender, receiver=_receiver"),
]
