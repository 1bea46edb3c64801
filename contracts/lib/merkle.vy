# pragma version 0.4.3
"""
@title Proofs of membership in OpenZeppelin's StandardMerkleTree
@license MIT
@notice Inner nodes hash their two children in ascending order. Leaves are hashed twice by the caller
    (`keccak256(keccak256(abi_encode(...)))`), so that no 64-byte leaf can pass for an inner node.
"""

# A tree of 2**MAX_DEPTH leaves is as large as any that is accepted.
MAX_DEPTH: constant(uint256) = 32


@internal
@pure
def _root(_leaf: bytes32, _proof: DynArray[bytes32, MAX_DEPTH]) -> bytes32:
    """
    @dev The root of the tree in which `_proof`, from the bottom up, shows that `_leaf` is a member.
    """
    node: bytes32 = _leaf
    for sibling: bytes32 in _proof:
        if convert(node, uint256) < convert(sibling, uint256):
            node = keccak256(abi_encode(node, sibling))
        else:
            node = keccak256(abi_encode(sibling, node))
    return node
