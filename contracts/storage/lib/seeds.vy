# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Epochs of the storage market and their seeds
@license MIT
@notice Epoch e uses the seed that the first `open_epoch(e)` after its start names, which nobody can know yet. Proofs
    are taken from the second in which the market first saw that seed, for one window, inside the epoch. An epoch whose
    seed comes too late for that asks for nothing and pays nothing.
@dev Whoever names or shows a seed gets a tip while the pot has it. The pot gets what slashes of misses leave, and what
    anybody puts in.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IRandomness
from ...interfaces import IStorageMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import payouts
from ...lib import token_transfers

uses: payouts


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# An epoch's word: number of its seed plus one from bit 0 (64), last second for proofs (40).
LAST_AT: constant(uint256) = 64
U64: constant(uint256) = 2**64 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

randomness: public(immutable(IRandomness))

# Seconds of an epoch, and of the window for its proofs.
epoch_seconds: public(immutable(uint256))
window: public(immutable(uint256))

# Wei for whoever names or shows a seed.
tip: public(immutable(uint256))

# Start of epoch 1, unix seconds.
start: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# epoch -> its word.
_words: HashMap[uint256, uint256]

# epoch -> its seed; zero until it was shown, for ever if that was too late.
seed_of: public(HashMap[uint256, bytes32])

# Wei for tips.
pot: public(uint256)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_randomness: address, _epoch_seconds: uint256, _window: uint256, _tip: uint256):
    assert _randomness.is_contract, "storage: randomness is no contract"
    assert 0 < _window and _window < _epoch_seconds, "storage: bad window"
    randomness = IRandomness(_randomness)
    epoch_seconds = _epoch_seconds
    window = _window
    tip = _tip
    start = block.timestamp


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def open_epoch(_epoch: uint256) -> uint256:
    """
    @notice Name the seed of the epoch under way: the first whose value nobody can know yet. Paid.
    @return The number of the seed.
    """
    assert _epoch == self._now(), "storage: not this epoch"
    assert not self._opened(_epoch), "storage: already open"
    number: uint256 = staticcall randomness.next()
    self._words[_epoch] = number + 1
    self._pay_tip()
    log IStorageMarket.EpochOpened(epoch=_epoch, seed_number=number)
    return number


@external
def see_seed(_epoch: uint256) -> bytes32:
    """
    @notice Show the epoch's seed, as soon as it is there: the window for proofs begins now. Paid.
    """
    assert _epoch == self._now(), "storage: not this epoch"
    word: uint256 = self._words[_epoch]
    assert word > 0, "storage: epoch is not open"
    assert word >> LAST_AT == 0, "storage: seed was seen"
    last: uint256 = block.timestamp + window
    assert last < start + _epoch * epoch_seconds, "storage: too late for a window"
    seed: bytes32 = staticcall randomness.seed((word & U64) - 1)
    assert seed != empty(bytes32), "storage: no seed yet"
    self._words[_epoch] = word | (last << LAST_AT)
    self.seed_of[_epoch] = seed
    self._pay_tip()
    log IStorageMarket.SeedSeen(epoch=_epoch, seed=seed, last=last)
    return seed


@external
def fund_tips(_amount: uint256):
    """
    @notice Give coins for tips.
    """
    token_transfers._pull(payouts.token, _amount)
    self.pot += _amount


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def epoch() -> uint256:
    """
    @notice The epoch under way; the first is 1.
    """
    return self._now()


@external
@view
def proofs_until(_epoch: uint256) -> uint256:
    """
    @notice Last second in which the epoch's proofs are taken; 0 while its seed was not seen.
    """
    return self._words[_epoch] >> LAST_AT


@external
@view
def seed_number(_epoch: uint256) -> uint256:
    """
    @notice The seed that an open epoch waits for, by its number.
    """
    assert self._opened(_epoch), "storage: epoch is not open"
    return (self._words[_epoch] & U64) - 1


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _now() -> uint256:
    return (block.timestamp - start) // epoch_seconds + 1


@internal
@view
def _opened(_epoch: uint256) -> bool:
    return self._words[_epoch] > 0


@internal
@view
def _seen(_epoch: uint256) -> bool:
    return self._words[_epoch] >> LAST_AT > 0


@internal
@view
def _takes_proofs(_epoch: uint256) -> bool:
    return block.timestamp <= self._words[_epoch] >> LAST_AT


@internal
def _pay_tip():
    if self.pot >= tip:
        self.pot -= tip
        payouts.credits[msg.sender] += tip
