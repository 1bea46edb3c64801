# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Operators of the staking hub: weight and rewards
@license MIT
@notice Weight is what earns: an operator's bound coins and, of its pool, at most what they carry (`exposure`). The
    weight of an epoch is what was there from its start to its end: what joins counts from the next start, what leaves
    is taken out at once. Emission is earned on that weight. Fees that came in during an epoch are divided between the
    operator and its pool by the weight at its start (to one part in 2**62), so that nobody moves a day's fees at its
    end; the pool's part goes to the shares that stayed through it.
@dev The first call of an operator in an epoch (its rollover) divides what the epochs before it earned, in two steps
    however many they are: the epoch of the last call, by what stayed through it, and those after it, by what is there
    since. Remainders of divisions stay in `fees`. Nothing earns in the middle of an epoch.
    Arithmetic is unchecked where widths bound it: weights are below 2**98, the emission index stays below 2**98 and the
    fees of an operator below 2**181, so no product reaches 2**256.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import coins
from . import emission
from . import epochs

uses: coins
uses: emission
uses: epochs


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs between announcing a commission and its effect.
COMMISSION_NOTICE: public(constant(uint256)) = 14

# Whole of a commission, basis points.
BPS: constant(uint256) = 10_000

# Largest index that fits into a position, PRECISION wei a share: 119 bits.
MAX_INDEX: constant(uint256) = 2**119 - 1

# All of a division between operator and pool; as a shift, bits.
WHOLE: constant(uint256) = 2**WHOLE_BITS
WHOLE_BITS: constant(uint256) = 62

# Marks of generations stand above those of epochs.
GENERATIONS: constant(uint256) = 2**24


# One word: bound 96 | exposure 96 | commission 16 | next commission 16 | epoch 24.
struct Operator:
    bound: uint256  # wei of own coins that promises need, all services together
    exposure: uint256  # wei of delegations that they carry: the sum of multiple x bound
    terms: uint256  # commission 16 | next commission 16 | epoch from which the next one counts 24


# One word: own 96 | pool 96 | split 64.
struct Stayed:
    own: uint256  # wei of own weight that was there since the start of the pool's epoch
    pool: uint256  # wei of the pool's weight, the same
    split: uint256  # WHOLE + the pool's part of the weight at the start, of WHOLE; 0 when there was no weight


# Result of an operator's epoch rollover.
struct Rollover:
    closed: uint256  # index at the end of the epoch of the last call
    index: uint256  # at the start of this one
    full: uint256  # shares that stayed through the epoch of the last call
    stayed: uint256  # the word in `stayed`
    fees: uint256  # wei times PRECISION that wait
    operator: uint256  # wei for the operator: its own part and commission


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> packed Pool of its delegations.
pools_of: HashMap[address, uint256]

# operator -> packed Operator.
operators: HashMap[address, uint256]

# operator -> index at the start of the epoch in its pool, 128 bits | shares that are there since then, 128 bits.
earned: HashMap[address, uint256]

# operator -> packed Stayed of the epoch in its pool.
stayed: HashMap[address, uint256]

# operator -> wei times PRECISION that came in during the epoch in its pool, and remainders of divisions.
fees: HashMap[address, uint256]

# operator -> epoch in which shares came in -> index at its end, from which they earn;
#          -> GENERATIONS + generation that a slash ended -> index at which its shares stopped.
marks: HashMap[address, HashMap[uint256, uint256]]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def register_operator(_commission_bps: uint256, _metadata: String[256]):
    """
    @notice Become an operator: services can lock the caller's coins, others delegate to it.
    @param _commission_bps Part of its pool's rewards that is the operator's, basis points.
    @param _metadata URI of a description.
    """
    assert self.pools_of[msg.sender] == 0, "hub: operator known"
    self._check_commission(_commission_bps)
    emission._open_totals()
    now: uint256 = epochs._epoch()
    self.pools_of[msg.sender] = now << 232
    self.operators[msg.sender] = (_commission_bps | _commission_bps << 16) << 192
    self._announce(_commission_bps, now, _metadata)


@external
def set_terms(_commission_bps: uint256, _metadata: String[256]):
    """
    @notice Announce a commission, which counts COMMISSION_NOTICE epochs later, and publish a description. A commission
        announced before and not counting yet is replaced.
    """
    self._check_commission(_commission_bps)
    self._open(msg.sender)
    now: uint256 = epochs._epoch()
    operator: Operator = self._operator(msg.sender)
    epoch: uint256 = min(now + COMMISSION_NOTICE, epochs.LAST_EPOCH)
    operator.terms = self._commission(operator.terms, now) | _commission_bps << 16 | epoch << 32
    self._store(msg.sender, operator)
    self._announce(_commission_bps, epoch, _metadata)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _announce(_commission_bps: uint256, _epoch: uint256, _metadata: String[256]):
    log IStakingHub.TermsAnnounced(
        operator=msg.sender,
        commission_bps=_commission_bps,
        epoch=_epoch,
        metadata=_metadata,
    )


@internal
@pure
def _check_commission(_commission_bps: uint256):
    assert _commission_bps <= BPS, "hub: commission too high"


@internal
def _open(_operator: address) -> pools.Pool:
    """
    @dev The operator's pool after the rollover to the current epoch; a caller that changes it stores it.
    """
    pool: pools.Pool = self._pool(_operator)
    now: uint256 = epochs._epoch()
    if pool.epoch != now:
        emission._open_totals()
        rollover: Rollover = self._rollover(_operator, pool, now)
        if pool.shares > rollover.full:
            self.marks[_operator][pool.epoch] = rollover.closed
        self.earned[_operator] = rollover.index | pool.shares << 128
        self.stayed[_operator] = rollover.stayed
        self.fees[_operator] = rollover.fees
        coins._credit(_operator, rollover.operator)
        pool.epoch = now
        self.pools_of[_operator] = pools._pool_word(pool)
    return pool


@internal
@view
def _rollover(_operator: address, _pool: pools.Pool, _now: uint256) -> Rollover:
    """
    @dev The operator's state at the start of epoch `_now`, after its last call in an earlier one.
    """
    start: uint256 = 0
    closed: uint256 = 0
    index: uint256 = 0
    start, closed, index = emission._indices(_pool.epoch, _now)
    operator: Operator = self._operator(_operator)
    bps: uint256 = self._commission(operator.terms, _pool.epoch)
    earned: uint256 = self.earned[_operator]
    rollover: Rollover = empty(Rollover)
    rollover.full = earned >> 128

    # The epoch of the last call.
    scaled: uint256 = 0
    rollover.closed, scaled, rollover.fees = self._share_out(
        earned & emission.HALF,
        self.fees[_operator],
        unsafe_sub(closed, start),
        self._stayed(self.stayed[_operator]),
        rollover.full,
        bps,
    )
    # Those after it.
    stayed: Stayed = Stayed(own=operator.bound, pool=min(_pool.active, operator.exposure), split=0)
    weight: uint256 = unsafe_add(stayed.own, stayed.pool)
    if weight > 0:
        stayed.split = unsafe_add(WHOLE, unsafe_mul(stayed.pool, WHOLE) // weight)
    rollover.index = rollover.closed
    if _now > unsafe_add(_pool.epoch, 1):
        more: uint256 = 0
        rollover.index, more, rollover.fees = self._share_out(
            rollover.closed, rollover.fees, unsafe_sub(index, closed), stayed, _pool.shares, bps
        )
        scaled = unsafe_add(scaled, more)
    rollover.operator = scaled // emission.PRECISION
    rollover.fees = unsafe_add(rollover.fees, scaled % emission.PRECISION)
    rollover.stayed = stayed.own | stayed.pool << 96 | stayed.split << 192
    return rollover


@internal
@pure
def _share_out(
    _index: uint256, _fees: uint256, _emitted: uint256, _stayed: Stayed, _shares: uint256, _bps: uint256
) -> (uint256, uint256, uint256):
    """
    @dev Divide fees and emission of one epoch or of several alike: new index, the operator's part, and fees that wait
        (for weight, or for shares that stayed), both times PRECISION.
    """
    if _stayed.split == 0:
        return _index, 0, _fees
    pool: uint256 = unsafe_mul(_fees, unsafe_sub(_stayed.split, WHOLE)) >> WHOLE_BITS
    own: uint256 = unsafe_add(unsafe_mul(_stayed.own, _emitted), unsafe_sub(_fees, pool))
    pool = unsafe_add(pool, unsafe_mul(_stayed.pool, _emitted))
    if _shares == 0:
        return _index, own, pool
    commission: uint256 = unsafe_mul(pool, _bps) // BPS
    pool = unsafe_sub(pool, commission)
    increment: uint256 = min(pool // _shares, unsafe_sub(MAX_INDEX, _index))
    return (
        unsafe_add(_index, increment), unsafe_add(own, commission), unsafe_sub(pool, unsafe_mul(increment, _shares))
    )


@internal
def _change_weight(_operator: address, _before: uint256, _pool: uint256):
    """
    @dev After a change of what earns: `_before` was the operator's weight, and at most `_pool` of its pool have stayed.
    """
    operator: Operator = self._operator(_operator)
    stayed: Stayed = self._stayed(self.stayed[_operator])
    # Parts of a packed word, none of which can fall below zero.
    own: uint256 = unsafe_sub(stayed.own, min(stayed.own, operator.bound))
    pool: uint256 = unsafe_sub(stayed.pool, min(stayed.pool, min(operator.exposure, _pool)))
    self.stayed[_operator] -= own | pool << 96
    emission._weigh(self._weight(_operator), _before, unsafe_add(own, pool))


@internal
def _withdraw(_operator: address, _before: uint256, _shares: uint256):
    """
    @dev After shares left the pool, `_shares` of which were there since this epoch's start.
    """
    if _shares == 0:
        emission._weigh(self._weight(_operator), _before, 0)
    else:
        # Shares are the upper half of the word.
        self.earned[_operator] -= _shares << 128
        self._change_weight(_operator, _before, self._full(_operator))


@internal
def _close(_operator: address, _pool: pools.Pool) -> pools.Pool:
    """
    @dev A new generation after a slash that emptied the pool. The old one keeps what it earned up to this epoch's start.
    """
    index: uint256 = self.earned[_operator] & emission.HALF
    self.marks[_operator][GENERATIONS + _pool.generation] = index
    # Shares that came in during this epoch end before they begin to earn.
    self.marks[_operator][_pool.epoch] = index
    self.earned[_operator] = index
    return pools.Pool(active=0, shares=0, generation=_pool.generation + 1, epoch=_pool.epoch)


@internal
@view
def _weight(_operator: address) -> uint256:
    """
    @dev Wei that earn from the next epoch's start on.
    """
    operator: Operator = self._operator(_operator)
    return unsafe_add(operator.bound, min(self.pools_of[_operator] & pools.MAX_AMOUNT, operator.exposure))


@internal
@view
def _full(_operator: address) -> uint256:
    """
    @dev Wei of the pool that were there since this epoch's start.
    """
    pool: pools.Pool = self._pool(_operator)
    return pools._worth(pool.active, pool.shares, self.earned[_operator] >> 128)


@internal
@view
def _pool(_operator: address) -> pools.Pool:
    pool: pools.Pool = pools._pool(self.pools_of[_operator])
    assert pool.epoch != 0, "hub: unknown operator"
    return pool


@internal
@view
def _operator(_operator: address) -> Operator:
    word: uint256 = self.operators[_operator]
    return Operator(bound=word & pools.MAX_AMOUNT, exposure=(word >> 96) & pools.MAX_AMOUNT, terms=word >> 192)


@internal
def _store(_operator: address, _state: Operator):
    pools._check_amount(_state.bound)
    pools._check_amount(_state.exposure)
    self.operators[_operator] = _state.bound | _state.exposure << 96 | _state.terms << 192


@internal
@pure
def _stayed(_word: uint256) -> Stayed:
    return Stayed(own=_word & pools.MAX_AMOUNT, pool=(_word >> 96) & pools.MAX_AMOUNT, split=_word >> 192)


@internal
@pure
def _commission(_terms: uint256, _epoch: uint256) -> uint256:
    if _epoch >= _terms >> 32:
        return (_terms >> 16) & (2**16 - 1)
    return _terms & (2**16 - 1)
