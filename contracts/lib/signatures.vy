# pragma version 0.4.3
"""
@title Whether an account signed a typed struct
@license MIT
@notice A key's signature, or a contract's answer by ERC-1271. A key is tried first, so that an account which delegates
    to code (EIP-7702) keeps its key.
@dev Takes what wallets send: 65 bytes (r, s, v) with v of 27 and 28 or of 0 and 1, or the 64 bytes of EIP-2098 (r, and
    s with the parity in its highest bit). A signature is therefore no identifier: what is signed carries a nonce. A
    contract is given the bytes as they came.
    The struct may be signed under the contract's domain, or under the same domain with a salt of zero added. The second
    is what viem makes of the answer of `eip712Domain`, which has a salt of zero for "none". Both name this contract on
    this chain.
@custom:security A contract may say yes now and no later: accept its answer only where the signature is consumed in the
    same transaction and can do nothing but what its signer could do itself.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from snekmate.utils import message_hash_utils

uses: eip712


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest signature that is passed on to a contract, bytes: a Safe with twenty owners.
MAX_SIGNATURE: constant(uint256) = 1_300

# Half of secp256k1's order: a larger `s` would be a second form of the same signature.
HALF_ORDER: constant(bytes32) = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

# The part of EIP-2098's second word that is `s`; the bit above it is the parity.
COMPACT_S: constant(uint256) = 2**255 - 1

# `v` is the parity and this.
V_OFFSET: constant(uint256) = 27

# EIP-712 type of a domain with a salt.
SALTED_DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
)

# `isValidSignature(bytes32,bytes)`, the call and its answer.
ERC1271_MAGIC: constant(bytes4) = 0x1626BA7E

# What a contract may spend on its answer, gas.
ERC1271_GAS: constant(uint256) = 200_000


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _signed(_signer: address, _struct_hash: bytes32, _signature: Bytes[MAX_SIGNATURE]) -> bool:
    """
    @dev By key or by contract.
    """
    digest: bytes32 = eip712._hash_typed_data_v4(_struct_hash)
    if len(_signature) <= 65 and self._signed_by_key(_signer, _struct_hash, digest, convert(_signature, Bytes[65])):
        return True
    return _signer.is_contract and (
        self._contract_says_yes(_signer, digest, _signature)
        or self._contract_says_yes(_signer, self._salted_digest(_struct_hash), _signature)
    )


@internal
@view
def _signed_by_key(_signer: address, _struct_hash: bytes32, _digest: bytes32, _signature: Bytes[65]) -> bool:
    """
    @dev By key alone, for answers that must not change later. `_digest` is the struct's under the contract's domain.
    """
    if _signer == empty(address):
        return False
    return (
        self._recovered(_digest, _signature) == _signer
        or self._recovered(self._salted_digest(_struct_hash), _signature) == _signer
    )


@internal
@pure
def _recovered(_digest: bytes32, _signature: Bytes[65]) -> address:
    """
    @dev Whose key signed a digest; zero for what is no signature.
    """
    if len(_signature) < 64:
        return empty(address)
    s: uint256 = extract32(_signature, 32, output_type=uint256)
    v: uint256 = V_OFFSET + (s >> 255)
    if len(_signature) == 65:
        v = extract32(_signature, 33, output_type=uint256) & 255
        if v < 2:
            v += V_OFFSET
    else:
        s &= COMPACT_S
    if s > convert(HALF_ORDER, uint256):
        return empty(address)
    # ecrecover answers a malformed signature with the zero address.
    return ecrecover(_digest, v, extract32(_signature, 0, output_type=uint256), s)


@internal
@view
def _salted_digest(_struct_hash: bytes32) -> bytes32:
    """
    @dev The struct's digest under this contract's domain with a salt of zero.
    """
    domain: bytes32 = keccak256(
        abi_encode(SALTED_DOMAIN_TYPE, eip712._HASHED_NAME, eip712._HASHED_VERSION, chain.id, self, empty(bytes32))
    )
    return message_hash_utils._to_typed_data_hash(domain, _struct_hash)


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
