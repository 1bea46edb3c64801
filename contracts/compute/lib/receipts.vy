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
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _signed(_shown: IComputeMarket.SignedReceipt) -> (address, bytes32):
    """
    @dev For whom a receipt speaks, and its struct hash: the operator of the key that signed its batch, at the receipt's
        time. Under what is no signature stands an account that promised nothing, or nobody.
    """
    time: uint256 = convert(_shown.receipt.time, uint256)
    assert time <= block.timestamp, "compute: time has not come"
    struct_hash: bytes32 = receipt_hash._struct_hash(_shown.receipt)
    root: bytes32 = merkle._root(keccak256(struct_hash), _shown.proof)
    key: address = self._key_of(receipt_hash._batch_hash(root), _shown.signature)
    return hotkeys._operator_of(key, hotkeys.RECEIPT, time), struct_hash


@internal
@view
def _key_of(_struct_hash: bytes32, _signature: Bytes[65]) -> address:
    """
    @dev By key alone: a contract could change its answer.
    """
    return signatures._recovered(eip712._hash_typed_data_v4(_struct_hash), _signature)
