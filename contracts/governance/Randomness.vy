# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Randomness
@license MIT
@notice One seed an epoch from the beacon chain: the prevrandao of a block that is fixed long before it exists. Anyone
    brings that block's header within 256 blocks, while its hash can still be checked, and gets a tip.
@dev Epoch e belongs to block first + e * stride. When nobody captured it in time, the block 256 later takes its place,
    and so on; such a late capture pays nobody. For chains with a real prevrandao; others use CommitRevealRandomness.
    Both implement IRandomness, so a consumer can use either.
@custom:security The proposer of the block may leave it out: that is one new draw for each proposal given up, at the
    price of a block reward. Whoever prevents everyone else from capturing for 256 blocks gets one new draw, too. A
    chain with a prevrandao of 0 is refused at deployment, one that repeats it at the second capture.
@custom:kill Nothing to stop: without captures there are no seeds, and consumers wait or give up by their own rules.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IRandomness

implements: IRandomness


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Blocks for which the EVM knows a hash.
REACH: constant(uint256) = 256

# Blocks between the moment an epoch can be named and its block, at least: two beacon epochs.
LOOKAHEAD: public(constant(uint256)) = 64

# Longest header, bytes.
MAX_HEADER: constant(uint256) = 1_024

# Where the header's difficulty stands: after a list prefix and seven items of fixed length.
DIFFICULTY_AT: constant(uint256) = 448

# Largest number that a block can have: a header's number has 64 bits.
MAX_BLOCK: constant(uint256) = 2**64 - 1

# Items of varying length between those and the mix hash: difficulty, number, gas limit, gas used, time, extra data.
VARYING: constant(uint256) = 6


# ############################################################## #
#                           IMMUTABLES                           #
# ############################################################## #

# Block of epoch 0.
first: public(immutable(uint256))

# Blocks between the blocks of two epochs.
stride: public(immutable(uint256))

# For the first to capture in time, wei, while the contract has it.
tip: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# epoch -> seed; zero until captured.
seed: public(HashMap[uint256, bytes32])

# The prevrandao of the last capture.
last: bytes32


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
@payable
def __init__(_stride: uint256, _tip: uint256):
    """
    @param _stride Blocks of an epoch.
    @param _tip Wei for a capture in time; paid from what the contract holds.
    """
    assert _stride > 0, "randomness: no stride"
    assert block.prevrandao != empty(bytes32), "randomness: no prevrandao"
    first = block.number
    stride = _stride
    tip = _tip


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def capture(_epoch: uint256, _header: Bytes[MAX_HEADER]) -> bytes32:
    """
    @notice Fix the seed of `_epoch` by the RLP of its block's header (`source(_epoch)` says which block).
    @return The seed.
    """
    assert self.seed[_epoch] == empty(bytes32), "randomness: already captured"
    source: uint256 = self._source(_epoch)
    assert source < block.number, "randomness: too early"
    assert keccak256(_header) == blockhash(source), "randomness: not that header"
    mix: bytes32 = self._mix(_header)
    assert mix != self.last, "randomness: prevrandao repeats"
    self.last = mix
    seed: bytes32 = keccak256(abi_encode(chain.id, self, _epoch, mix))
    self.seed[_epoch] = seed
    log IRandomness.Captured(epoch=_epoch, seed=seed, source=source)
    if source == self._block_of(_epoch) and self.balance >= tip:
        # A caller that cannot receive the tip gets none.
        if not raw_call(msg.sender, b"", value=tip, revert_on_failure=False):
            pass
    return seed


@external
@payable
def fund_tips():
    """
    @notice Give coins for tips.
    """
    pass


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def next() -> uint256:
    """
    @notice The first epoch whose seed nobody can know yet.
    """
    return (block.number + LOOKAHEAD - first) // stride + 1


@external
@view
def source(_epoch: uint256) -> uint256:
    """
    @notice The block whose header fixes the seed of `_epoch`, if it is captured now.
    """
    return self._source(_epoch)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _block_of(_epoch: uint256) -> uint256:
    assert _epoch <= (MAX_BLOCK - first) // stride, "randomness: epoch out of range"
    return first + _epoch * stride


@internal
@view
def _source(_epoch: uint256) -> uint256:
    block_of: uint256 = self._block_of(_epoch)
    if block.number <= block_of + REACH:
        return block_of
    return block_of + (block.number - 1 - block_of) // REACH * REACH


@internal
@pure
def _mix(_header: Bytes[MAX_HEADER]) -> bytes32:
    at: uint256 = DIFFICULTY_AT
    for _: uint256 in range(VARYING):
        prefix: uint256 = convert(slice(_header, at, 1), uint256)
        if prefix >= 128:
            at += prefix - 128
        at += 1
    return extract32(_header, at + 1)
