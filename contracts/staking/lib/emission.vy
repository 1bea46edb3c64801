# pragma version 0.4.3
"""
@title Emission of the staking hub
@license MIT
@notice The same number of wei for each epoch of a fixed span. An epoch's emission is fixed when it is over: by the
    weight that was there from its start to its end, and at most CAP wei for a coin of it. What that weight does not
    earn goes to the treasury, so emission never waits for whoever comes next.
@dev One growing index, wei for a wei of weight times PRECISION. However many epochs nobody called in, they are closed
    in one step: the first of them by the weight that stayed through it, the others by the weight since, which cannot
    have changed. Arithmetic is unchecked where widths bound it: rates and weights are below 2**96, epochs below 2**24,
    CAP below 2**84, and what is earned is never more than what the schedule has.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import pools
from . import coins
from . import epochs

uses: coins
uses: epochs


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Scale of rewards a share and of emission a coin.
PRECISION: constant(uint256) = 2**84

# Half a word.
HALF: constant(uint256) = 2**128 - 1

# The time in which emission can at most double a stake, seconds: 2,000 days.
DOUBLING: constant(uint256) = 2_000 * 86_400


# One word: next 96 | full 96 | epoch 24.
struct Totals:
    next: uint256  # wei of weight that the next epoch starts with, all operators together
    full: uint256  # wei of weight that was there since this epoch's start
    epoch: uint256  # of the last change


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Gets what nobody earns.
treasury: public(immutable(address))

# First epoch of the schedule, and the first after it.
FIRST: immutable(uint256)
END: immutable(uint256)

# Most that a wei of weight earns in an epoch, times PRECISION.
CAP: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Packed Totals.
totals: uint256

# Index at the start of the epoch in `totals`, 128 bits | wei of the schedule an epoch, 96 bits.
schedule: uint256

# epoch -> index at its start, 128 bits | at its end, 128 bits. Written when the first call after it closes it; an epoch
# without a call has none.
history: HashMap[uint256, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_treasury: address, _first: uint256, _count: uint256):
    """
    @param _first First epoch with emission.
    @param _count Number of epochs with emission.
    """
    assert _treasury not in [empty(address), self], "hub: no treasury"
    assert _first > 0 and _count > 0, "hub: no schedule"
    assert _first < epochs.LAST_EPOCH and _count <= epochs.LAST_EPOCH - _first, "hub: schedule too long"
    treasury = _treasury
    FIRST = _first
    END = _first + _count
    CAP = PRECISION * epochs.EPOCH_LENGTH // DOUBLING
    self.totals = 1 << 192


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _open_totals():
    """
    @dev Close the epochs that are over.
    """
    totals: Totals = self._totals()
    now: uint256 = epochs._epoch()
    if totals.epoch == now:
        return
    word: uint256 = self.schedule
    closed: uint256 = 0
    index: uint256 = 0
    unearned: uint256 = 0
    closed, index, unearned = self._accrued(totals, word, now)
    self.history[totals.epoch] = (word & HALF) | closed << 128
    self.schedule = index | (word >> 128) << 128
    self.totals = totals.next | totals.next << 96 | now << 192
    coins._credit(treasury, unearned)


@internal
@view
def _accrued(_totals: Totals, _schedule: uint256, _now: uint256) -> (uint256, uint256, uint256):
    """
    @dev Index at the end of the last epoch with a call and at the start of `_now`, and wei that nobody earned.
    """
    rate: uint256 = _schedule >> 128
    each: uint256 = 0
    unearned: uint256 = 0
    second: uint256 = unsafe_add(_totals.epoch, 1)
    each, unearned = self._emitted(rate, _totals.full, self._paying(_totals.epoch, second))
    closed: uint256 = unsafe_add(_schedule & HALF, each)
    more: uint256 = 0
    each, more = self._emitted(rate, _totals.next, self._paying(second, _now))
    return closed, unsafe_add(closed, each), unsafe_add(unearned, more)


@internal
@view
def _emitted(_rate: uint256, _weight: uint256, _epochs: uint256) -> (uint256, uint256):
    """
    @dev What a wei of `_weight` earns in `_epochs`, times PRECISION, and wei that are left over.
    """
    each: uint256 = 0
    if _weight > 0:
        each = unsafe_mul(min(unsafe_mul(_rate, PRECISION) // _weight, CAP), _epochs)
    earned: uint256 = unsafe_add(unsafe_mul(each, _weight), PRECISION - 1) // PRECISION
    return each, unsafe_sub(unsafe_mul(_rate, _epochs), earned)


@internal
@view
def _paying(_from: uint256, _until: uint256) -> uint256:
    """
    @dev Epochs of the schedule from `_from` on and before `_until`.
    """
    first: uint256 = max(_from, FIRST)
    return unsafe_sub(max(min(_until, END), first), first)


@internal
@view
def _indices(_epoch: uint256, _now: uint256) -> (uint256, uint256, uint256):
    """
    @dev Index at the start and at the end of `_epoch`, which is over and had a call, and at the start of `_now`.
    """
    totals: Totals = self._totals()
    word: uint256 = self.schedule
    index: uint256 = word & HALF
    closed: uint256 = 0
    if totals.epoch != _now:
        unearned: uint256 = 0
        closed, index, unearned = self._accrued(totals, word, _now)
        if totals.epoch == _epoch:
            return word & HALF, closed, index
    word = self.history[_epoch]
    return word & HALF, word >> 128, index


@internal
def _weigh(_more: uint256, _less: uint256, _left: uint256):
    """
    @dev Change the weight of the next epoch by `_more - _less`, and take `_left` out of this one's.
    """
    totals: Totals = self._totals()
    next: uint256 = totals.next + _more - _less
    pools._check_amount(next)
    self.totals = next | (totals.full - _left) << 96 | totals.epoch << 192


@internal
def _fund(_amount: uint256) -> uint256:
    """
    @dev Raise the schedule by `_amount` over what is left of it, this epoch included; wei that this takes.
    """
    self._open_totals()
    now: uint256 = epochs._epoch()
    assert now < END, "hub: emission is over"
    left: uint256 = END - max(now, FIRST)
    more: uint256 = _amount // left
    coins._check_amount(more)
    word: uint256 = self.schedule
    rate: uint256 = (word >> 128) + more
    pools._check_amount(rate)
    self.schedule = (word & HALF) | rate << 128
    return more * left


@internal
@view
def _totals() -> Totals:
    word: uint256 = self.totals
    return Totals(next=word & pools.MAX_AMOUNT, full=(word >> 96) & pools.MAX_AMOUNT, epoch=word >> 192)
