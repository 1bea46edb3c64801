# pragma version 0.4.3
"""
@title ThriftyCaller
@license MIT
@notice Makes a call with little gas, and passes on what it answers or why it fails.
@custom:kill Not deployed.
"""

MAX_CALL: constant(uint256) = 4_096
MAX_ANSWER: constant(uint256) = 64


@external
def visit(_target: address, _payload: Bytes[MAX_CALL], _gas: uint256) -> (bool, Bytes[MAX_ANSWER]):
    ok: bool = False
    answer: Bytes[MAX_ANSWER] = b""
    ok, answer = raw_call(_target, _payload, max_outsize=MAX_ANSWER, gas=_gas, revert_on_failure=False)
    return ok, answer
