# pragma version 0.4.3
"""
@title FrozenToken
@license MIT
@notice An ERC-20 whose issuer freezes accounts, as those of some stable coins do. It says of itself whatever it is made
    with, and mints to anyone.
"""

balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(uint8)
symbol: public(String[64])

# Whom nothing is sent to.
is_frozen: public(HashMap[address, bool])


@deploy
def __init__(_decimals: uint8, _symbol: String[64]):
    self.decimals = _decimals
    self.symbol = _symbol


@external
def mint(_to: address, _amount: uint256):
    self.balanceOf[_to] += _amount
    self.totalSupply += _amount


@external
def freeze(_account: address, _frozen: bool):
    self.is_frozen[_account] = _frozen


@external
def approve(_spender: address, _amount: uint256) -> bool:
    assert _amount == 0 or self.allowance[msg.sender][_spender] == 0, "frozen: change it by way of nothing"
    self.allowance[msg.sender][_spender] = _amount
    return True


@external
def transfer(_to: address, _amount: uint256) -> bool:
    return self._move(msg.sender, _to, _amount)


@external
def transferFrom(_from: address, _to: address, _amount: uint256) -> bool:
    self.allowance[_from][msg.sender] -= _amount
    return self._move(_from, _to, _amount)


@internal
def _move(_from: address, _to: address, _amount: uint256) -> bool:
    assert not self.is_frozen[_to], "frozen: account is frozen"
    self.balanceOf[_from] -= _amount
    self.balanceOf[_to] += _amount
    return True
