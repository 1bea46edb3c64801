# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Promotions: what an environment ran, by block
@license MIT
@notice A promotion is one word: the artefact's id, whose low six bytes are zero, and there the block number.
"""

# Part of a promotion's word that is the artefact's id; the rest is the block number.
BLOCK_MASK: constant(uint256) = 2**48 - 1

# An environment's word: owner from bit 0 (160), promotions (40), announced policies (32).
SEQ_AT: constant(uint256) = 160
POLICY_AT: constant(uint256) = 200
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# Environment -> its word; zero when it was never declared.
_environments: HashMap[bytes32, uint256]

# Environment -> number of the promotion, from 1 -> its word.
_promotions: HashMap[bytes32, HashMap[uint256, uint256]]


@external
@view
def promotion(_environment: bytes32, _seq: uint256) -> (bytes32, uint256):
    """
    @notice Artefact and block of a promotion; zeros when there is none of that number.
    """
    word: uint256 = self._promotions[_environment][_seq]
    return self._artefact(word), word & BLOCK_MASK


@external
@view
def at(_environment: bytes32, _block: uint256) -> (bytes32, uint256):
    """
    @notice What ran at the end of a past block, and its promotion; zeros when nothing did. The answer never changes.
    """
    assert _block < block.number, "environments: block is not past"
    low: uint256 = 0
    high: uint256 = (self._environments[_environment] >> SEQ_AT) & U40
    # Invariant: promotion `low` (0: none) is not after `_block`, promotion `high + 1` is.
    for _: uint256 in range(41):
        if low == high:
            break
        middle: uint256 = (low + high + 1) // 2
        if self._promotions[_environment][middle] & BLOCK_MASK <= _block:
            low = middle
        else:
            high = middle - 1
    return self._artefact(self._promotions[_environment][low]), low


@internal
def _append(_environment: bytes32, _word: uint256, _artefact: bytes32) -> uint256:
    seq: uint256 = ((_word >> SEQ_AT) & U40) + 1
    self._environments[_environment] = _word + (1 << SEQ_AT)
    self._promotions[_environment][seq] = convert(_artefact, uint256) | block.number
    return seq


@internal
@pure
def _artefact(_word: uint256) -> bytes32:
    return convert(_word & ~BLOCK_MASK, bytes32)
