# pragma version 0.4.3
"""
@title QuietToken
@license MIT
@notice An ERC-20 whose transfers return nothing, as some old ones do. It mints to anyone.
"""

balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def mint(_to: address, _amount: uint256):
    self.balanceOf[_to] += _amount
    self.totalSupply += _amount


@external
def approve(_spender: address, _amount: uint256):
    self.allowance[msg.sender][_spender] = _amount


@external
def transfer(_to: address, _amount: uint256):
    self._move(msg.sender, _to, _amount)


@external
def transferFrom(_from: address, _to: address, _amount: uint256):
    self.allowance[_from][msg.sender] -= _amount
    self._move(_from, _to, _amount)


@internal
def _move(_from: address, _to: address, _amount: uint256):
    self.balanceOf[_from] -= _amount
    self.balanceOf[_to] += _amount
