# pragma version 0.4.3
"""
@title CallbackAttacker
@license MIT
@notice Hostile: an account of code that makes the calls it is told to, and when a call or coins reach it takes them,
    refuses them, or comes back once with a call of its own and remembers whether that got through.
"""

# Longest call, bytes.
MAX_CALL: constant(uint256) = 4_096

# What it does when something reaches it.
TAKE: constant(uint256) = 0
REFUSE: constant(uint256) = 1
COME_BACK: constant(uint256) = 2

mood: public(uint256)

# What it calls when it comes back, and whether it succeeded the last time.
target: public(address)
payload: public(Bytes[MAX_CALL])
got_through: public(bool)


@external
def arm(_mood: uint256, _target: address, _payload: Bytes[MAX_CALL]):
    self.mood = _mood
    self.target = _target
    self.payload = _payload


@external
@payable
def visit(_target: address, _payload: Bytes[MAX_CALL]):
    raw_call(_target, _payload, value=msg.value)


@external
@payable
def __default__():
    assert self.mood != REFUSE, "attacker: no"
    if self.mood == COME_BACK:
        self.mood = TAKE
        self.got_through = raw_call(self.target, self.payload, revert_on_failure=False)
