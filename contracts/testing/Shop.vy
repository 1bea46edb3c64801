# pragma version 0.4.3
"""
@title Shop
@license MIT
@notice Hostile: a target of session keys that takes by allowance, gives back, pays coins, and in the middle of a trade
    makes one call that was chosen beforehand and remembers whether it got through.
"""

from ethereum.ercs import IERC20

# Longest call that can be armed, bytes.
MAX_CALL: constant(uint256) = 4_096

# What is called in the middle of the next trade, and whether it succeeded.
target: public(address)
payload: public(Bytes[MAX_CALL])
got_through: public(bool)


@deploy
@payable
def __init__():
    pass


@external
def arm(_target: address, _payload: Bytes[MAX_CALL]):
    self.target = _target
    self.payload = _payload


@external
def visit(_target: address, _payload: Bytes[MAX_CALL]):
    """
    @notice A call of its own, for whoever asks.
    """
    raw_call(_target, _payload)


@external
@payable
def trade(_token: IERC20, _take: uint256, _give: uint256, _coins: uint256):
    if _take > 0:
        extcall _token.transferFrom(msg.sender, self, _take)
    if self.target != empty(address):
        target: address = self.target
        self.target = empty(address)
        self.got_through = raw_call(target, self.payload, revert_on_failure=False)
    if _give > 0:
        extcall _token.transfer(msg.sender, _give)
    if _coins > 0:
        raw_call(msg.sender, b"", value=_coins)


@external
@payable
def __default__():
    pass
