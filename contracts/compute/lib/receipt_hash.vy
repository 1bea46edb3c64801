# pragma version 0.4.3
"""
@title A receipt's struct hash, and its place in a tree
@license MIT
@notice A leaf is the hash of the EIP-712 struct hash: leaves are hashed twice, so that none passes for an inner node. Who
    has a neighbour's leaf from a proof does not know its struct hash.
"""

from ...interfaces import IComputeMarket

RECEIPT_TYPE: constant(bytes32) = keccak256(
    "Receipt(bytes32 channelId,uint64 number,bytes32 environment,uint64 promotionSeq,bytes32 digest,bytes32 requestHash,bytes32 responseHash,bytes32 inputRoot,bytes32 outputRoot,bytes32 traceRoot,uint64 inputUnits,uint64 outputUnits,uint128 fee,uint128 charged,uint8 evidence,uint64 time)"
)


@internal
@pure
def _struct_hash(_receipt: IComputeMarket.Receipt) -> bytes32:
    return keccak256(abi_encode(RECEIPT_TYPE, _receipt))
