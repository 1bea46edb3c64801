# pragma version 0.4.3
"""
@title HookToken
@license MIT
@notice Hostile: an ERC-20 that makes one call, chosen beforehand, in the middle of each transfer and remembers whether
    it got through. Stands for a receiver that is called on receipt and comes back. Can be told to answer False, too.
"""

# Longest call that can be armed, bytes.
MAX_CALL: constant(uint256) = 4_096

balanceOf: public(HashMap[address, uint256])
totalSupply: public(uint256)
allowance: public(HashMap[address, HashMap[address, uint256]])

# What is called in the middle of a transfer, and whether it succeeded the last time.
target: public(address)
payload: public(Bytes[MAX_CALL])
got_through: public(bool)
calls: public(uint256)

# Answers False instead of moving anything.
refuses: public(bool)


@external
def mint(_to: address, _amount: uint256):
    self.balanceOf[_to] += _amount
    self.totalSupply += _amount


@external
def arm(_target: address, _payload: Bytes[MAX_CALL]):
    self.target = _target
    self.payload = _payload


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
    self.balanceOf[_to] += _amount
    if self.target != empty(address):
        self.calls += 1
        self.got_through = raw_call(self.target, self.payload, revert_on_failure=False)
    return True
