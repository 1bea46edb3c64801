# pragma version 0.4.3
"""
@title Whether an account signed a digest
@license MIT
@notice A key's signature, or a contract's word by ERC-1271. A key is tried first, so that an account which delegates to
    code (EIP-7702) keeps its key.
@custom:security A contract may say yes now and no later: accept its word only where the signature is consumed in the
    same transaction and can do nothing but what its signer could do itself.
"""

# Longest signature that is passed on to a contract, bytes: a Safe with twenty owners.
MAX_SIGNATURE: constant(uint256) = 1_300

# Half of secp256k1's order: a larger `s` is the same signature in another dress.
HALF_ORDER: constant(bytes32) = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

# `isValidSignature(bytes32,bytes)`, the call and its answer.
ERC1271_MAGIC: constant(bytes4) = 0x1626BA7E

# What a contract may spend on its answer, gas.
ERC1271_GAS: constant(uint256) = 200_000


@internal
@view
def _signed_vrs(_signer: address, _digest: bytes32, _v: uint8, _r: bytes32, _s: bytes32) -> bool:
    if self._recovers(_signer, _digest, convert(_v, uint256), convert(_r, uint256), convert(_s, uint256)):
        return True
    return _signer.is_contract and self._contract_says_yes(
        _signer, _digest, concat(_r, _s, slice(convert(_v, bytes32), 31, 1))
    )


@internal
@view
def _signed(_signer: address, _digest: bytes32, _signature: Bytes[MAX_SIGNATURE]) -> bool:
    if len(_signature) == 65:
        r: uint256 = extract32(_signature, 0, output_type=uint256)
        s: uint256 = extract32(_signature, 32, output_type=uint256)
        v: uint256 = extract32(_signature, 33, output_type=uint256) & 255
        if self._recovers(_signer, _digest, v, r, s):
            return True
    return _signer.is_contract and self._contract_says_yes(_signer, _digest, _signature)


@internal
@pure
def _recovers(_signer: address, _digest: bytes32, _v: uint256, _r: uint256, _s: uint256) -> bool:
    # ecrecover answers a malformed signature with the zero address.
    if _signer == empty(address) or _s > convert(HALF_ORDER, uint256):
        return False
    return ecrecover(_digest, _v, _r, _s) == _signer


@internal
@view
def _contract_says_yes(_signer: address, _digest: bytes32, _signature: Bytes[MAX_SIGNATURE]) -> bool:
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        _signer,
        abi_encode(_digest, _signature, method_id=ERC1271_MAGIC),
        max_outsize=32,
        gas=ERC1271_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return ok and len(answer) == 32 and convert(answer, bytes32) == convert(ERC1271_MAGIC, bytes32)
