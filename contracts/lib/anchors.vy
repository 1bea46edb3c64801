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
from . import merkle
from . import record_hash
from . import signatures

uses: eip712
uses: signatures

# An anchor's word: time (40), number of leaves (from bit 40).
COUNT_AT: constant(uint256) = 40
U40: constant(uint256) = 2**40 - 1

# Most leaves that an anchorer may state.
MAX_COUNT: constant(uint256) = 2**32 - 1

# Anchorer -> Merkle root -> its word.
_anchors: HashMap[address, HashMap[bytes32, uint256]]


@external
def anchor(_root: bytes32, _count: uint256, _manifest: bytes32, _uri: String[128]):
    """
    @notice Fix a tree of any number of signed records or labels: OpenZeppelin's StandardMerkleTree of [`bytes32`], one
        EIP-712 digest a leaf.
    @param _root The tree's root.
    @param _count Number of leaves, as the anchorer states it.
    @param _manifest Hash of the document that describes the batch.
    @param _uri Where the batch is found.
    """
    assert _root != empty(bytes32), "registry: empty root"
    assert _count > 0 and _count <= MAX_COUNT, "registry: leaf count out of range"
    assert self._anchors[msg.sender][_root] == 0, "registry: root is anchored"
    self._anchors[msg.sender][_root] = block.timestamp | (_count << COUNT_AT)
    log IProvenanceRegistry.Anchored(anchorer=msg.sender, root=_root, count=_count, manifest=_manifest, uri=_uri)


@external
@view
def anchor_of(_anchorer: address, _root: bytes32) -> (uint256, uint256):
    """
    @notice Time and stated number of leaves of an anchor; zeros when there is none.
    """
    word: uint256 = self._anchors[_anchorer][_root]
    return word & U40, word >> COUNT_AT


@external
@view
def is_member(
    _anchorer: address, _root: bytes32, _digest: bytes32, _proof: DynArray[bytes32, merkle.MAX_DEPTH]
) -> bool:
    """
    @notice Whether a digest is a leaf of an anchored tree. Says nothing about who signed it.
    """
    return self._anchors[_anchorer][_root] != 0 and merkle._root(self._leaf(_digest), _proof) == _root


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
    @notice Whether a label is in an anchored tree and its labeller signed it.
    """
    struct_hash: bytes32 = record_hash._label(_label)
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    if self._anchors[_anchorer][_root] == 0 or not signatures._signed_by_key(
        _label.labeller, struct_hash, digest, _signature
    ):
        return False
    return merkle._root(self._leaf(digest), _proof) == _root


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
    @notice Whether a record is in an anchored tree and its author signed it. Its parents are not checked; the verifier
        checks them.
    """
    struct_hash: bytes32 = record_hash._record(_record)
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    if self._anchors[_anchorer][_root] == 0 or not signatures._signed_by_key(
        _record.author, struct_hash, digest, _signature
    ):
        return False
    return merkle._root(self._leaf(digest), _proof) == _root


@internal
@pure
def _leaf(_digest: bytes32) -> bytes32:
    # Twice, so that no inner node can pass for a leaf.
    return keccak256(keccak256(_digest))
