"""Ten bugs of KeifuToken."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("token/KeifuToken.vy", "KeifuToken")

BUGS = [
    _bug(
        "one wei for the receiver",
        "unsafe_add(self.balanceOf[_to], _amount)",
        "unsafe_add(self.balanceOf[_to], _amount + 1)",
    ),
    _bug("balance unchecked", '    assert balance >= _amount, "token: insufficient balance"\n', ""),
    _bug("allowance not counted down", "        self.allowance[owner][msg.sender] = unsafe_sub(allowed, amount)\n", ""),
    _bug(
        "allowance of the wrong pair",
        "allowed: uint256 = self.allowance[owner][msg.sender]",
        "allowed: uint256 = self.allowance[msg.sender][owner]",
    ),
    _bug("permit used twice", "self.nonces[_owner] = unsafe_add(nonce, 1)", "self.nonces[_owner] = nonce"),
    _bug("permit one second late", "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    _bug("authorization one second early", "block.timestamp > _valid_after", "block.timestamp >= _valid_after"),
    _bug("anyone receives", '    assert msg.sender == _to, "token: caller is not the receiver"\n', ""),
    _bug(
        "malleated signature accepted",
        "    if s > convert(HALF_ORDER, uint256):\n        return empty(address)\n",
        "",
        "lib/signatures.vy",
    ),
    _bug(
        "event names the wrong sender",
        "log IERC20.Transfer(sender=_from, receiver=_to, value=_amount)",
        "log IERC20.Transfer(sender=msg.sender, receiver=_to, value=_amount)",
    ),
    _bug("cancelled authorization works", "    self._spend_nonce(_authorizer, _nonce)\n", ""),
]
