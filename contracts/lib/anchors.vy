# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Anchors: Merkle roots over any number of signed records or labels
@license MIT
@notice A tree is OpenZeppelin's StandardMerkleTree of [`bytes32`] with one EIP-712 digest a leaf. One transaction
    fixes it; afterwards anyone proves what is in it, here and offline.
"""

from snekmate.utils import eip712_domain_separator as eip712
from ..interfaces import IProvenanceRegistry
from . import identities
from . import leaves
from . import merkle
from . import record_hash
from . import signatures

uses: eip712
uses: identities
uses: leaves
uses: signatures

# An anchor's word: time (40), number of leaves (32), since when it is taken back (40, zero: not), number of leaves that
# are taken back (32).
COUNT_AT: constant(uint256) = 40
REVOKED_AT: constant(uint256) = 72
LEAVES_AT: constant(uint256) = 112
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1

# Most leaves that an anchorer may state.
MAX_COUNT: constant(uint256) = 2**32 - 1

# Anchorer -> Merkle root -> its word.
_anchors: HashMap[address, HashMap[bytes32, uint256]]


@external
def revoke_anchor(_root: bytes32, _reason: String[128], _anchorer: address = msg.sender):
    """
    @notice Take back a whole anchor, for good: none of its leaves counts any more.
    @param _root The tree's root.
    @param _reason In words, for whoever relied on it.
    @param _anchorer Whose anchor it is: one's own, or of an account that one acts for.
    """
    word: uint256 = self._revocable(_anchorer, _root, _anchorer, _reason)
    self._anchors[_anchorer][_root] = word | (block.timestamp << REVOKED_AT)
    log IProvenanceRegistry.AnchorRevoked(anchorer=_anchorer, root=_root, reason=_reason)


@external
def revoke_leaf(
    _anchorer: address,
    _root: bytes32,
    _digest: bytes32,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _reason: String[128],
):
    """
    @notice Take one leaf out of a tree that one anchored, for good; the others count as before.
    @param _anchorer Whose anchor it is: oneself, or an account that one acts for.
    @param _root The tree's root.
    @param _digest The leaf's EIP-712 digest.
    @param _proof That it is in the tree.
    @param _reason In words, for whoever relied on it.
    """
    self._revoke_leaf(_anchorer, _root, _anchorer, _digest, _proof, _reason)


@external
def revoke_label(
    _anchorer: address,
    _root: bytes32,
    _label: IProvenanceRegistry.Label,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _reason: String[128],
):
    """
    @notice Take back a label of one's own in a tree that somebody anchored, for good.
    @param _anchorer Who anchored it.
    @param _root The tree's root.
    @param _label The label; `labeller` is the caller, or an account that he acts for.
    @param _proof That it is in the tree.
    @param _reason In words, for whoever relied on it.
    """
    digest: bytes32 = eip712._hash_typed_data_v4(record_hash._label(_label))
    self._revoke_leaf(_anchorer, _root, _label.labeller, digest, _proof, _reason)


@external
@view
def anchor_of(_anchorer: address, _root: bytes32) -> (uint256, uint256, uint256, uint256):
    """
    @notice Time and stated number of leaves of an anchor, since when it is taken back (0: not), and how many of its
        leaves are; zeros when there is none.
    """
    word: uint256 = self._anchors[_anchorer][_root]
    return word & U40, (word >> COUNT_AT) & U32, (word >> REVOKED_AT) & U40, word >> LEAVES_AT


@external
@view
def is_member(
    _anchorer: address, _root: bytes32, _digest: bytes32, _proof: DynArray[bytes32, merkle.MAX_DEPTH]
) -> bool:
    """
    @notice Whether a digest is a leaf of an anchored tree, and its anchorer did not take it back. Says nothing about
        who signed it.
    """
    if merkle._root(self._leaf(_digest), _proof) != _root:
        return False
    return self._counts(_anchorer, _root, _digest)


@external
@view
def is_label(
    _anchorer: address,
    _root: bytes32,
    _label: IProvenanceRegistry.Label,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _signature: Bytes[65],
) -> bool:
    """
    @notice Whether a label is in an anchored tree, its labeller signed it, nobody took it back, and it was anchored
        before the labeller's key was closed, if it ever was.
    """
    struct_hash: bytes32 = record_hash._label(_label)
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    if merkle._root(self._leaf(digest), _proof) != _root:
        return False
    if not signatures._signed_by_key(_label.labeller, struct_hash, digest, _signature):
        return False
    return self._counts(_anchorer, _root, digest) and self._was_open(_anchorer, _root, _label.labeller)


@external
@view
def is_record(
    _anchorer: address,
    _root: bytes32,
    _record: IProvenanceRegistry.Record,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _signature: Bytes[65],
) -> bool:
    """
    @notice Whether a record is in an anchored tree, its author signed it, its anchorer did not take it back, and it
        was anchored before the author's key was closed, if it ever was. Its parents are for the verifier to check.
    """
    struct_hash: bytes32 = record_hash._record(_record)
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    if merkle._root(self._leaf(digest), _proof) != _root:
        return False
    if not signatures._signed_by_key(_record.author, struct_hash, digest, _signature):
        return False
    return self._counts(_anchorer, _root, digest) and self._was_open(_anchorer, _root, _record.author)


@internal
def _revoke_leaf(
    _anchorer: address,
    _root: bytes32,
    _account: address,
    _digest: bytes32,
    _proof: DynArray[bytes32, merkle.MAX_DEPTH],
    _reason: String[128],
):
    word: uint256 = self._revocable(_anchorer, _root, _account, _reason)
    assert merkle._root(self._leaf(_digest), _proof) == _root, "registry: not in the tree"
    key: bytes32 = leaves._key(_anchorer, _root, _digest)
    assert leaves._revoked[key] == 0, "registry: already revoked"
    leaves._revoked[key] = block.timestamp
    self._anchors[_anchorer][_root] = word + (1 << LEAVES_AT)
    log IProvenanceRegistry.LeafRevoked(
        anchorer=_anchorer, root=_root, digest=_digest, account=_account, reason=_reason
    )


@internal
@view
def _revocable(_anchorer: address, _root: bytes32, _account: address, _reason: String[128]) -> uint256:
    word: uint256 = self._anchors[_anchorer][_root]
    assert word != 0, "registry: unknown anchor"
    assert identities._acts_for(msg.sender, _account), "registry: not the account's key"
    assert len(_reason) > 0, "registry: no reason given"
    assert (word >> REVOKED_AT) & U40 == 0, "registry: already revoked"
    return word


@internal
@view
def _counts(_anchorer: address, _root: bytes32, _digest: bytes32) -> bool:
    """
    @dev Whether the anchor stands and this leaf of it was not taken back. The leaf's own slot is read only where the
        anchor's word says that some were.
    """
    word: uint256 = self._anchors[_anchorer][_root]
    if word == 0 or (word >> REVOKED_AT) & U40 != 0:
        return False
    return word >> LEAVES_AT == 0 or leaves._revoked[leaves._key(_anchorer, _root, _digest)] == 0


@internal
@view
def _was_open(_anchorer: address, _root: bytes32, _account: address) -> bool:
    """
    @dev Whether the account's key was in use when the tree was anchored: a thief may sign as of any time later.
    """
    closed: uint256 = identities._identities[_account] >> identities.CLOSED_AT
    return closed == 0 or self._anchors[_anchorer][_root] & U40 <= closed


@internal
@pure
def _leaf(_digest: bytes32) -> bytes32:
    # Twice, so that no inner node can pass for a leaf.
    return keccak256(keccak256(_digest))
