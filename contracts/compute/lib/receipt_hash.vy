# pragma version 0.4.3
"""
@title A receipt's struct hash, and its place in a tree
@license MIT
@notice A leaf is the hash of the EIP-712 struct hash: leaves are hashed twice, so that none passes for an inner node. Who
    has a neighbour's leaf from a proof does not know its struct hash.
"""

from snekmate.utils import eip712_domain_separator as eip712
from snekmate.utils import message_hash_utils
from ...interfaces import IComputeMarket

# Of the market's domain.
NAME: constant(String[13]) = "Keifu Compute"
VERSION: constant(String[1]) = "1"

# Bytes of a receipt in calldata.
LENGTH: constant(uint256) = 16 * 32

# EIP-712 type of what is signed for a batch.
BATCH_TYPE: constant(bytes32) = keccak256("ReceiptBatch(bytes32 root)")

RECEIPT_TYPE: constant(bytes32) = keccak256(
    "Receipt(bytes32 channelId,uint64 number,bytes32 environment,uint64 promotionSeq,bytes32 digest,bytes32 requestHash,bytes32 responseHash,bytes32 inputRoot,bytes32 outputRoot,bytes32 traceRoot,uint64 inputUnits,uint64 outputUnits,uint128 fee,uint128 charged,uint8 evidence,uint64 time)"
)


@internal
@pure
def _struct_hash(_receipt: IComputeMarket.Receipt) -> bytes32:
    return keccak256(abi_encode(RECEIPT_TYPE, _receipt))


@internal
@pure
def _struct_hash_of(_words: Bytes[LENGTH]) -> bytes32:
    """
    @dev The same of a receipt as it stands in calldata.
    """
    return keccak256(concat(RECEIPT_TYPE, _words))


@internal
@pure
def _batch_hash(_root: bytes32) -> bytes32:
    """
    @dev Struct hash of what a receipt key signs for a batch.
    """
    return keccak256(abi_encode(BATCH_TYPE, _root))


@internal
@view
def _batch_digest(_market: address, _root: bytes32) -> bytes32:
    """
    @dev What is signed, under the domain of a market that is another contract.
    """
    domain: bytes32 = keccak256(abi_encode(eip712._TYPE_HASH, keccak256(NAME), keccak256(VERSION), chain.id, _market))
    return message_hash_utils._to_typed_data_hash(domain, self._batch_hash(_root))
