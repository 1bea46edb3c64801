# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Epochs of the staking hub
@license MIT
@notice Epochs have one length and are counted from 1. The last that fits into a packed word never ends: from then on
    nothing is earned any more, and everybody can still leave.
"""

# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Width of an epoch in a packed word: 24 bits. At an epoch a day it comes after 45,000 years.
LAST_EPOCH: constant(uint256) = 2**24 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Unix seconds at which epoch 1 starts.
GENESIS: immutable(uint256)

# Length of an epoch, seconds.
EPOCH_LENGTH: immutable(uint256)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_epoch_length: uint256):
    assert _epoch_length > 0, "hub: no epoch length"
    GENESIS = block.timestamp
    EPOCH_LENGTH = _epoch_length


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def epoch() -> uint256:
    """
    @notice The current epoch; the first is 1.
    """
    return self._epoch()


@external
@view
def epoch_start(_epoch: uint256) -> uint256:
    """
    @notice Unix seconds at which `_epoch` starts.
    """
    return self._epoch_start(_epoch)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _epoch() -> uint256:
    return min((block.timestamp - GENESIS) // EPOCH_LENGTH + 1, LAST_EPOCH)


@internal
@view
def _epoch_after(_seconds: uint256) -> uint256:
    """
    @dev The first epoch that starts when `_seconds` have passed, or later.
    """
    return min((block.timestamp - GENESIS + _seconds + EPOCH_LENGTH - 1) // EPOCH_LENGTH + 1, LAST_EPOCH)


@internal
@view
def _epoch_start(_epoch: uint256) -> uint256:
    return GENESIS + (max(_epoch, 1) - 1) * EPOCH_LENGTH
