# pragma version 0.4.3
"""
@title HostileERC1271
@license MIT
@notice A contract account for tests: says yes by ERC-1271, or misbehaves in one of the ways that a caller must survive.
@custom:kill Not deployed.
"""


interface Registry:
    def cancel_nonce(): nonpayable


# Ways to answer.
YES: constant(uint256) = 0
NO: constant(uint256) = 1
REVERT: constant(uint256) = 2
BURN_GAS: constant(uint256) = 3
CALL_BACK: constant(uint256) = 4
SHORT: constant(uint256) = 5
LONG: constant(uint256) = 6

# `isValidSignature(bytes32,bytes)` and its yes.
MAGIC: constant(bytes4) = 0x1626BA7E

# How it answers.
mood: public(uint256)


@external
def set_mood(_mood: uint256):
    """
    @notice Choose how to answer.
    """
    self.mood = _mood


@external
@raw_return
def isValidSignature(_hash: bytes32, _signature: Bytes[1_300]) -> Bytes[96]:
    """
    @notice ERC-1271, more or less.
    """
    mood: uint256 = self.mood
    yes: bytes32 = convert(MAGIC, bytes32)
    if mood == NO:
        return abi_encode(b"")  # a first word that is not the magic one
    if mood == REVERT:
        raise "moody: no"
    if mood == BURN_GAS:
        for i: uint256 in range(1_000_000):
            self.mood = i
    if mood == CALL_BACK:
        extcall Registry(msg.sender).cancel_nonce()
    if mood == SHORT:
        return slice(abi_encode(yes), 0, 4)
    if mood == LONG:
        return abi_encode(yes, yes, yes)
    return abi_encode(yes)
