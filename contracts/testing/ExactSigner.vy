# pragma version 0.4.3
"""
@title ExactSigner
@license MIT
@notice A contract account for tests: says yes by ERC-1271 to exactly one question, digest and signature byte for byte.
@custom:kill Not deployed.
"""

# The answers of ERC-1271.
YES: constant(bytes4) = 0x1626BA7E
NO: constant(bytes4) = 0xFFFFFFFF

# keccak256(abi_encode(digest, signature)) of the question.
question: public(bytes32)


@external
def expect(_question: bytes32):
    self.question = _question


@external
@view
def isValidSignature(_digest: bytes32, _signature: Bytes[2_000]) -> bytes4:
    if keccak256(abi_encode(_digest, _signature)) == self.question:
        return YES
    return NO
