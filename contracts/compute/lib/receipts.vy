# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Receipts of a provider's answers
@license MIT
@notice A receipt's leaf is the hash of its EIP-712 struct hash, so that no leaf passes for an inner node. One signature
    stands under the root of a thousand receipts at most.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IComputeMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ...lib import hotkeys
from ...lib import merkle
from ...lib import signatures
from . import receipt_hash

uses: eip712
uses: hotkeys


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# EIP-712 type of what is signed for a batch.
BATCH_TYPE: constant(bytes32) = keccak256("ReceiptBatch(bytes32 root)")


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def evidence_of(_shown: IComputeMarket.SignedReceipt) -> bytes32:
    """
    @notice What a prover hashes with its address, for `commit_proof`, before it shows a receipt.
    """
    return self._evidence(_shown)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@pure
def _evidence(_shown: IComputeMarket.SignedReceipt) -> bytes32:
    return keccak256(abi_encode(_shown))


@internal
@view
def _operator_of(_shown: IComputeMarket.SignedReceipt) -> address:
    """
    @dev For whom a receipt speaks: the operator of the key that signed its batch, at the receipt's time. Under what is
        no signature stands an account that promised nothing, or nobody.
    """
    time: uint256 = convert(_shown.receipt.time, uint256)
    assert time <= block.timestamp, "compute: receipt's time has not come"
    root: bytes32 = merkle._root(receipt_hash._leaf(_shown.receipt), _shown.proof)
    struct_hash: bytes32 = keccak256(abi_encode(BATCH_TYPE, root))
    return self._operator_of_key(struct_hash, _shown.signature, time)


@internal
@view
def _operator_of_key(_struct_hash: bytes32, _signature: Bytes[65], _time: uint256) -> address:
    return hotkeys._operator_of(self._key_of(_struct_hash, _signature), hotkeys.RECEIPT, _time)


@internal
@view
def _key_of(_struct_hash: bytes32, _signature: Bytes[65]) -> address:
    """
    @dev By key alone: a contract could change its answer.
    """
    return signatures._recovered(eip712._hash_typed_data_v4(_struct_hash), _signature)
