# pragma version 0.4.3
"""
@title What attestors and receivers sign about a transfer of data
@license MIT
@notice EIP-712 structs of the data verifier. Everything that a signature must not be used for elsewhere is in it: chain
    and verifier by the domain; token, its number, the clone's, from whom and to whom; old and new hash, sealed key, the
    key it is sealed to and the key's own hash of every item; what it backs, epoch, nonce and deadline.
@dev The first proof carries what ERC-7857 has no field for, in `ownershipProof.proof`: hash of the key 32 | backing 12
    | epoch 4 | deadline 5 | chain id 8 | 3 zero bytes, then the signatures. The others carry the hash of their key
    alone.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IDataVerifier


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# What one statement says of all items together.
struct Terms:
    backing: uint256  # wei that the signers promise to the sender if the key turns out wrong
    epoch: uint256  # of the hub, in which it was signed
    deadline: uint256  # unix seconds
    chain_id: uint256


# A statement with its items by hash, as evidence.
struct Statement:
    move: IDataVerifier.Move
    items: bytes32
    terms: Terms


# One data item, as attestors sign it.
struct Item:
    old_hash: bytes32
    new_hash: bytes32
    sealed_key: Bytes[65]
    public_key: Bytes[64]
    key_hash: bytes32


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Bytes of a proof before the signatures, and of one signature (EIP-2098).
HEAD: constant(uint256) = 64
SIGNATURE: constant(uint256) = 64

ITEM_TYPE: constant(bytes32) = keccak256(
    "Item(bytes32 oldDataHash,bytes32 newDataHash,bytes sealedKey,bytes encryptedPubKey,bytes32 keyHash)"
)
STATEMENT_TYPE: constant(bytes32) = keccak256(
    "Statement(address token,uint256 tokenId,uint256 cloneId,address from,address to,Item[] items,uint256 backing,uint256 epoch,bytes32 nonce,uint256 deadline)Item(bytes32 oldDataHash,bytes32 newDataHash,bytes sealedKey,bytes encryptedPubKey,bytes32 keyHash)"
)
DATUM_TYPE: constant(bytes32) = keccak256("Datum(bytes32 oldDataHash,bytes32 newDataHash,bytes encryptedPubKey)")
ACCESS_TYPE: constant(bytes32) = keccak256(
    "Access(address token,uint256 tokenId,uint256 cloneId,address from,address to,Datum[] data,bytes32 nonce,uint256 deadline)Datum(bytes32 oldDataHash,bytes32 newDataHash,bytes encryptedPubKey)"
)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _terms(_proof: Bytes[320]) -> Terms:
    word: uint256 = extract32(_proof, 32, output_type=uint256)
    assert word & (2**24 - 1) == 0, "verifier: proof has no such form"
    return Terms(
        backing=word >> 160,
        epoch=(word >> 128) & (2**32 - 1),
        deadline=(word >> 88) & (2**40 - 1),
        chain_id=(word >> 24) & (2**64 - 1),
    )


@internal
@pure
def _item(_old: bytes32, _new: bytes32, _sealed_key: bytes32, _public_key: bytes32, _key_hash: bytes32) -> bytes32:
    """
    @dev Of one item; key and public key by their hashes.
    """
    return keccak256(abi_encode(ITEM_TYPE, _old, _new, _sealed_key, _public_key, _key_hash))


@internal
@pure
def _list(_hashes: DynArray[bytes32, 8]) -> bytes32:
    """
    @dev Of an array of structs, as EIP-712 hashes it.
    """
    return keccak256(slice(abi_encode(_hashes), 64, 32 * len(_hashes)))


@internal
@pure
def _statement(_token: address, _move: IDataVerifier.Move, _items: bytes32, _terms: Terms, _nonce: bytes32) -> bytes32:
    return keccak256(
        abi_encode(
            STATEMENT_TYPE,
            _token,
            _move.token_id,
            _move.clone_id,
            _move.sender,
            _move.receiver,
            _items,
            _terms.backing,
            _terms.epoch,
            _nonce,
            _terms.deadline,
        )
    )


@internal
@pure
def _access(_token: address, _move: IDataVerifier.Move, _data: bytes32, _deadline: uint256, _nonce: bytes32) -> bytes32:
    return keccak256(
        abi_encode(
            ACCESS_TYPE,
            _token,
            _move.token_id,
            _move.clone_id,
            _move.sender,
            _move.receiver,
            _data,
            _nonce,
            _deadline,
        )
    )
