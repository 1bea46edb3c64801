# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Keys that speak for an operator
@license MIT
@notice An operator's own key stays in the drawer. It names keys for daily work, each for one kind of statement; such a
    key can sign, and move nothing. A key belongs to one operator for ever, and agrees to that by its signature, so
    nobody claims another's.
@dev A key's word: operator from bit 0 (160), kind (8), since (40), until (40; zero: not retired), seconds. A key that
    nobody named speaks for the account of its own address.
@custom:security A retired key could still sign a statement of an earlier time: it has to be destroyed, and its operator
    answers for it as long as its services take evidence.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from . import signatures

uses: eip712
uses: signatures


# ############################################################## #
#                              EVENTS                            #
# ############################################################## #

event KeyRegistered:
    operator: indexed(address)
    key: indexed(address)
    kind: uint8


event KeyRetired:
    operator: indexed(address)
    key: indexed(address)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# What a key signs: heartbeats, receipts of work, transactions.
HEARTBEAT: constant(uint8) = 1
RECEIPT: constant(uint8) = 2
TRANSACTION: constant(uint8) = 3

# Positions in a key's word, and masks.
KIND_AT: constant(uint256) = 160
SINCE_AT: constant(uint256) = 168
UNTIL_AT: constant(uint256) = 208
U8: constant(uint256) = 2**8 - 1
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# EIP-712 type of a key's consent.
KEY_TYPE: constant(bytes32) = keccak256("HotKey(address operator,address key,uint8 kind)")


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# key -> its word.
_keys: HashMap[address, uint256]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def register_key(_key: address, _kind: uint8, _signature: Bytes[65]):
    """
    @notice Let `_key` speak for the caller from now on, in statements of one kind.
    @param _kind 1 heartbeats, 2 receipts, 3 transactions.
    @param _signature The key's over HotKey(operator, key, kind) under this contract's domain.
    """
    assert HEARTBEAT <= _kind and _kind <= TRANSACTION, "keys: no such kind"
    assert self._keys[_key] == 0, "keys: key is taken"
    struct_hash: bytes32 = keccak256(abi_encode(KEY_TYPE, msg.sender, _key, _kind))
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    assert signatures._signed_by_key(_key, struct_hash, digest, _signature), "keys: key did not agree"
    self._keys[_key] = (
        convert(msg.sender, uint256) | (convert(_kind, uint256) << KIND_AT) | (block.timestamp << SINCE_AT)
    )
    log KeyRegistered(operator=msg.sender, key=_key, kind=_kind)


@external
def retire_key(_key: address):
    """
    @notice What `_key` signs of a later time counts for nobody. By its operator or by itself, for ever.
    """
    word: uint256 = self._keys[_key]
    operator: address = convert(word & U160, address)
    assert msg.sender in [operator, _key], "keys: not the operator"
    assert word > 0 and word >> UNTIL_AT == 0, "keys: no such key"
    self._keys[_key] = word | (block.timestamp << UNTIL_AT)
    log KeyRetired(operator=operator, key=_key)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def key(_key: address) -> (address, uint8, uint256, uint256):
    """
    @notice Operator, kind, since and until (unix seconds; zero: not retired) of a key; zeros for one that nobody named.
    """
    word: uint256 = self._keys[_key]
    return (
        convert(word & U160, address),
        convert((word >> KIND_AT) & U8, uint8),
        (word >> SINCE_AT) & U40,
        word >> UNTIL_AT,
    )


@external
@view
def operator_of(_key: address, _kind: uint8, _time: uint256) -> address:
    """
    @notice For whom a statement of `_kind` speaks that `_key` signed at `_time`; zero for nobody.
    """
    return self._operator_of(_key, _kind, _time)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _operator_of(_key: address, _kind: uint8, _time: uint256) -> address:
    word: uint256 = self._keys[_key]
    # Before somebody's it was its own.
    if word == 0 or _time < (word >> SINCE_AT) & U40:
        return _key
    retired: uint256 = word >> UNTIL_AT
    if (word >> KIND_AT) & U8 != convert(_kind, uint256) or (retired > 0 and _time > retired):
        return empty(address)
    return convert(word & U160, address)
