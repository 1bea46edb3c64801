# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Leaves that were taken back
@license MIT
@notice A leaf is a digest in an anchored tree. The tree stays as it was, and each other leaf counts as before.
"""

# keccak256(anchorer, root, digest) -> since when it is taken back; zero: not.
_revoked: HashMap[bytes32, uint256]


@external
@view
def leaf_revoked_at(_anchorer: address, _root: bytes32, _digest: bytes32) -> uint256:
    """
    @notice Since when (unix seconds) a leaf of an anchored tree is taken back; 0 when it is not.
    """
    return self._revoked[self._key(_anchorer, _root, _digest)]


@internal
@pure
def _key(_anchorer: address, _root: bytes32, _digest: bytes32) -> bytes32:
    return keccak256(abi_encode(_anchorer, _root, _digest))
