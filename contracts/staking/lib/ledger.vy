# pragma version 0.4.3
"""
@title Epochs of the staking hub: stake and rewards
@license MIT
@notice Whatever changes an operator's stake first does its epoch rollover, up to the current epoch. So the stake at the
    start of the current and the previous epoch is known, and rewards follow it: what came in during one epoch is earned
    over the next, by the stake at the start of that one.
@dev At the first call in an epoch the operator's rewards of earlier epochs are divided once: `increment` wei a share
    for the whole epoch. From then on `index` is its value at the epoch's end, so new shares start from it and earn
    nothing before the next epoch, and earnings grow linearly over the epoch. Shares that leave early give back the
    unearned part. One word a position, no history a position.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import pools


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Scale of rewards a share and of emission a coin.
PRECISION: constant(uint256) = 2**84

# Largest index that fits into a position, PRECISION wei a share.
MAX_INDEX: constant(uint256) = 2**120 - 1

# Half a word.
HALF: constant(uint256) = 2**128 - 1

# Least number of shares in a pool that has any, and least stake that emission is divided over, wei.
MIN_STAKE: constant(uint256) = 10**18

# Whole of a commission, basis points.
BPS: constant(uint256) = 10_000


# One word: active 96 | leaving 96 | unlock 40 | jailed 24.
struct Bond:
    active: uint256  # wei
    leaving: uint256  # wei on the way out
    unlock: uint256  # unix seconds at which they can be withdrawn and no longer slashed
    jailed: uint256  # epoch from which `unjail` is open; 0 when not jailed


# One word: stake 96 | insurance 96 | epoch 24.
struct Totals:
    stake: uint256  # wei, bonds and active delegations of all operators
    insurance: uint256  # wei that slashes owe to the insurance sink
    epoch: uint256  # of the last change


# Result of an operator's epoch rollover.
struct EpochRollover:
    index: uint256  # at the end of the epoch
    increment: uint256  # over the epoch
    fees: uint256  # wei times PRECISION, left for the next one
    operator: uint256  # wei for the operator: commission and its bond's part
    start: uint256  # the word in `starts`


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Unix seconds at which epoch 1 starts.
GENESIS: immutable(uint256)

# Length of an epoch, seconds.
EPOCH_LENGTH: immutable(uint256)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> packed Pool of its delegations.
pools_of: HashMap[address, uint256]

# operator -> packed Bond.
bonds: HashMap[address, uint256]

# operator -> stake in wei at the start of the epoch in its pool, 96 bits | at the start of the one before, 96 bits.
starts: HashMap[address, uint256]

# operator -> index at the end of the epoch in its pool, 128 bits | its increment over that epoch, 128 bits.
earned: HashMap[address, uint256]

# operator -> wei times PRECISION that will be earned over the next epoch, remainders of divisions included.
fees: HashMap[address, uint256]

# operator -> commission 16 | next commission 16 | epoch from which the next one counts.
terms: HashMap[address, uint256]

# owner -> wei to collect: restitution, provers' rewards, commission, rewards of shares that left, expired bonds.
credits: HashMap[address, uint256]

# epoch -> emission a coin up to its start, 128 bits | during it, 128 bits. Written at the epoch's first change.
history: HashMap[uint256, uint256]

# Packed Totals.
totals: uint256

# Wei of emission times PRECISION that will be earned over the next epoch.
emission: uint256


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_epoch_length: uint256):
    assert _epoch_length > 0, "hub: no epoch length"
    GENESIS = block.timestamp
    EPOCH_LENGTH = _epoch_length
    self.totals = 1 << 192


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _epoch() -> uint256:
    return (block.timestamp - GENESIS) // EPOCH_LENGTH + 1


@internal
@view
def _emission(_totals: Totals, _now: uint256) -> (uint256, uint256, uint256):
    """
    @dev Emission a coin up to the start of epoch `_now` and during it, and what is left for the next, times PRECISION.
    """
    word: uint256 = self.history[_totals.epoch]
    if _totals.epoch == _now:
        return word & HALF, word >> 128, self.emission
    before: uint256 = (word & HALF) + (word >> 128)
    if _totals.stake < MIN_STAKE:
        return before, 0, self.emission
    increment: uint256 = self.emission // _totals.stake
    return before, increment, self.emission - increment * _totals.stake


@internal
def _open_totals() -> Totals:
    """
    @dev The totals after the rollover to the current epoch; the caller changes and stores them.
    """
    totals: Totals = self._totals()
    now: uint256 = self._epoch()
    if totals.epoch != now:
        before: uint256 = 0
        increment: uint256 = 0
        left: uint256 = 0
        before, increment, left = self._emission(totals, now)
        self.history[now] = before | increment << 128
        self.emission = left
        totals.epoch = now
    return totals


@internal
def _change_total(_more: uint256, _less: uint256, _insurance: uint256):
    totals: Totals = self._open_totals()
    self.totals = ((totals.stake + _more - _less) | (totals.insurance + _insurance) << 96 | totals.epoch << 192)


@internal
@view
def _rollover(_operator: address, _pool: pools.Pool, _now: uint256) -> EpochRollover:
    """
    @dev The operator's state at the start of epoch `_now`, after its last rollover in an earlier one.
    """
    bond: uint256 = self.bonds[_operator] & pools.MAX_AMOUNT
    stake: uint256 = _pool.active + bond
    start: uint256 = self.starts[_operator]
    # Emission: the last epoch by the stake at its start, those after it by the stake since.
    before: uint256 = 0
    increment: uint256 = 0
    left: uint256 = 0
    before, increment, left = self._emission(self._totals(), _now)
    touched: uint256 = self.history[_pool.epoch]
    after: uint256 = (touched & HALF) + (touched >> 128)
    gross: uint256 = ((start & pools.MAX_AMOUNT) * (touched >> 128) + stake * (before - after) + self.fees[_operator])

    rollover: EpochRollover = empty(EpochRollover)
    previous: uint256 = stake
    if _pool.epoch + 1 == _now:
        previous = start & pools.MAX_AMOUNT
    rollover.start = stake | previous << 96
    rollover.index = self.earned[_operator] & HALF
    if gross > 0:
        whole: uint256 = gross // PRECISION
        rollover.operator = whole * self._commission(_operator, _now) // BPS
        if stake > 0:
            rollover.operator += (whole - rollover.operator) * bond // stake
        if _pool.shares == 0:
            rollover.operator = whole
        rollover.fees = gross - rollover.operator * PRECISION
        if _pool.shares > 0:
            rollover.increment = min(rollover.fees // _pool.shares, MAX_INDEX - rollover.index)
            rollover.index += rollover.increment
            rollover.fees -= rollover.increment * _pool.shares
            # If the rollover comes a whole epoch late, the whole increment is earned already: nobody came or left since.
            if _pool.epoch + 1 < _now:
                rollover.increment = 0
    return rollover


@internal
def _open(_operator: address) -> pools.Pool:
    """
    @dev The operator's pool after the rollover to the current epoch; the caller changes and stores it.
    """
    pool: pools.Pool = pools._pool(self.pools_of[_operator])
    self._check_known(pool.epoch)
    now: uint256 = self._epoch()
    if pool.epoch != now:
        self.totals = self._totals_word(self._open_totals())
        rollover: EpochRollover = self._rollover(_operator, pool, now)
        self.starts[_operator] = rollover.start
        self.earned[_operator] = rollover.index | rollover.increment << 128
        self.fees[_operator] = rollover.fees
        if rollover.operator > 0:
            self.credits[_operator] += rollover.operator
        pool.epoch = now
    return pool


@internal
def _touch(_operator: address) -> pools.Pool:
    """
    @dev Do the operator's epoch rollover and nothing else.
    """
    pool: pools.Pool = self._open(_operator)
    self.pools_of[_operator] = pools._pool_word(pool)
    return pool


@internal
@pure
def _check_known(_epoch: uint256):
    assert _epoch != 0, "hub: unknown operator"


@internal
@pure
def _check_free(_bond: Bond):
    assert _bond.jailed == 0, "hub: operator jailed"


@internal
def _credit(_owner: address, _amount: uint256):
    if _amount > 0:
        self.credits[_owner] += _amount


@internal
@view
def _stake_at(_operator: address, _epoch: uint256) -> uint256:
    """
    @dev Wei at the start of `_epoch`, the current or the previous one.
    """
    pool: pools.Pool = pools._pool(self.pools_of[_operator])
    if pool.epoch < _epoch:
        return pool.active + (self.bonds[_operator] & pools.MAX_AMOUNT)
    start: uint256 = self.starts[_operator]
    if pool.epoch == _epoch:
        return start & pools.MAX_AMOUNT
    return start >> 96


@internal
@view
def _epoch_start(_epoch: uint256) -> uint256:
    assert _epoch > 0, "hub: epochs start at 1"
    return GENESIS + (_epoch - 1) * EPOCH_LENGTH


@internal
@view
def _totals() -> Totals:
    word: uint256 = self.totals
    return Totals(
        stake=word & pools.MAX_AMOUNT,
        insurance=(word >> 96) & pools.MAX_AMOUNT,
        epoch=word >> 192,
    )


@internal
@pure
def _totals_word(_totals: Totals) -> uint256:
    return _totals.stake | _totals.insurance << 96 | _totals.epoch << 192


@internal
@view
def _bond(_operator: address) -> Bond:
    word: uint256 = self.bonds[_operator]
    return Bond(
        active=word & pools.MAX_AMOUNT,
        leaving=(word >> 96) & pools.MAX_AMOUNT,
        unlock=(word >> 192) & (2**40 - 1),
        jailed=word >> 232,
    )


@internal
def _store_bond(_operator: address, _bond: Bond):
    pools._check_amount(_bond.active)
    self.bonds[_operator] = (_bond.active | _bond.leaving << 96 | _bond.unlock << 192 | _bond.jailed << 232)


@internal
@view
def _commission(_operator: address, _epoch: uint256) -> uint256:
    word: uint256 = self.terms[_operator]
    if _epoch >= word >> 32:
        return (word >> 16) & (2**16 - 1)
    return word & (2**16 - 1)
