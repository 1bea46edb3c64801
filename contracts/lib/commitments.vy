# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Commitments: who knew a secret, and since when
@license MIT
@notice A prover says in one block that it knows a secret and shows it in a later one. Who copies the second call from
    the queue of waiting transactions has not made the first.
"""

# hash of (secret, prover) -> unix seconds at which it was committed; and its block.
_times: HashMap[bytes32, uint256]
_blocks: HashMap[bytes32, uint256]


@external
def commit_proof(_hash: bytes32):
    """
    @notice Say that the caller knows a secret, without showing it.
    @param _hash `keccak256(abi_encode(secret, caller))`.
    """
    if self._times[_hash] == 0:
        self._times[_hash] = block.timestamp
        self._blocks[_hash] = block.number


@internal
@view
def _committed(_secret: bytes32) -> uint256:
    """
    @dev Unix seconds at which the caller committed to a secret, in an earlier block; 0 if it did not.
    """
    proof: bytes32 = keccak256(abi_encode(_secret, msg.sender))
    return self._times[proof] if self._blocks[proof] < block.number else 0
