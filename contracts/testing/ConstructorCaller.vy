# pragma version 0.4.3
"""
@title ConstructorCaller
@license MIT
@notice A contract that makes a call while it is being made, takes coins, and remembers whether its call got through.
"""

# Longest call, bytes.
MAX_CALL: constant(uint256) = 1_024

got_through: public(bool)


@deploy
@payable
def __init__(_target: address, _payload: Bytes[MAX_CALL]):
    if _target != empty(address):
        self.got_through = raw_call(_target, _payload, revert_on_failure=False)
