# pragma version 0.4.3
"""
@title ContractWallet
@license MIT
@notice An account made of code: says yes by ERC-1271 to what its key signed, and makes the calls that its key sends.
"""

# Longest call and signature, bytes.
MAX_CALL: constant(uint256) = 8_192
MAX_SIGNATURE: constant(uint256) = 1_300

# The answer of ERC-1271.
MAGIC: constant(bytes4) = 0x1626BA7E

key: public(address)


@deploy
def __init__(_key: address):
    self.key = _key


@external
@view
def isValidSignature(_digest: bytes32, _signature: Bytes[MAX_SIGNATURE]) -> bytes4:
    if len(_signature) != 65:
        return 0xffffffff
    r: uint256 = extract32(_signature, 0, output_type=uint256)
    s: uint256 = extract32(_signature, 32, output_type=uint256)
    v: uint256 = extract32(_signature, 33, output_type=uint256) & 255
    if self.key != empty(address) and ecrecover(_digest, v, r, s) == self.key:
        return MAGIC
    return 0xffffffff


@external
@payable
def run(_target: address, _payload: Bytes[MAX_CALL]):
    assert msg.sender == self.key, "wallet: caller is not the key"
    raw_call(_target, _payload, value=msg.value)
