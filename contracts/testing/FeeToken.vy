# pragma version 0.4.3
"""
@title FeeToken
@license MIT
@notice Hostile: an ERC-20 that keeps one percent of every transfer, mints to anyone, and can be told to answer False.
"""

balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)
allowance: public(HashMap[address, HashMap[address, uint256]])

# Answers False instead of moving anything.
refuses: public(bool)


@external
def mint(_to: address, _amount: uint256):
    self.balanceOf[_to] += _amount
    self.totalSupply += _amount


@external
def set_refuses(_refuses: bool):
    self.refuses = _refuses


@external
def approve(_spender: address, _amount: uint256) -> bool:
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
    if self.refuses:
        return False
    self.balanceOf[_from] -= _amount
    self.balanceOf[_to] += _amount - _amount // 100
    return True
