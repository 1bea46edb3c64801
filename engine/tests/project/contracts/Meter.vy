# pragma version 0.4.3
"""
@title Meter
@license MIT
@notice State, an event, a revert reason, an overload and a constructor argument, and nothing else.
"""


event Counted:
    by: indexed(address)
    total: uint256


# Sum of everything that was added.
total: public(uint256)
# Largest amount a call may add.
LIMIT: public(immutable(uint256))


@deploy
def __init__(_limit: uint256):
    assert _limit > 0, "meter: no limit"
    LIMIT = _limit


@external
def add(_amount: uint256 = 1) -> uint256:
    assert _amount <= LIMIT, "meter: over the limit"
    self.total += _amount
    log Counted(by=msg.sender, total=self.total)
    return self.total
