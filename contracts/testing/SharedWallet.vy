# pragma version 0.4.3
"""
@title SharedWallet
@license MIT
@notice An account of several people: says yes by ERC-1271 to what enough of them signed. Their signatures follow one
    another, 65 bytes each, in ascending order of their addresses, as a Safe takes them.
"""

MAX_OWNERS: constant(uint256) = 20

# Bytes of one signature.
SIZE: constant(uint256) = 65

# The answer of ERC-1271.
MAGIC: constant(bytes4) = 0x1626BA7E

owners: DynArray[address, MAX_OWNERS]
needed: public(uint256)


@deploy
def __init__(_owners: DynArray[address, MAX_OWNERS], _needed: uint256):
    self.owners = _owners
    self.needed = _needed


@external
@view
def isValidSignature(_digest: bytes32, _signature: Bytes[MAX_OWNERS * SIZE]) -> bytes4:
    if len(_signature) != self.needed * SIZE:
        return 0xffffffff
    last: address = empty(address)
    for i: uint256 in range(self.needed, bound=MAX_OWNERS):
        r: uint256 = extract32(_signature, i * SIZE, output_type=uint256)
        s: uint256 = extract32(_signature, i * SIZE + 32, output_type=uint256)
        v: uint256 = extract32(_signature, i * SIZE + 33, output_type=uint256) & 255
        signer: address = ecrecover(_digest, v, r, s)
        if convert(signer, uint160) <= convert(last, uint160) or signer not in self.owners:
            return 0xffffffff
        last = signer
    return MAGIC
