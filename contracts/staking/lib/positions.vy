# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Positions of delegators
@license MIT
@notice What an owner key holds of an operator's pool, and what it has earned there.
@dev Shares earn from the end of the epoch in which they came. A position is one word: its shares and either the index
    up to which they are paid, or the epoch in which all of them came. What is added to shares that earn already waits
    in a second word and joins them, at the mean index, at a later call: nothing that was earned is lost, and nothing
    is earned twice. The second word is kept when it is empty, so that its slot stays in use.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import pools
from . import coins
from . import emission
from . import epochs
from . import operators

uses: coins
uses: epochs
uses: operators


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# One word: shares 128 | index 120, or CAME + epoch | generation 8. And a second: shares 128 | epoch 24 | generation 8.
struct Position:
    shares: uint256  # that earn in this epoch
    index: uint256  # up to which these are paid, PRECISION wei a share
    fresh: uint256  # shares that came in this epoch
    generation: uint256
    reached: uint256  # the index up to which these shares have earned
    second: bool  # whether the second word holds shares


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Least number of shares that a position has, if any.
MIN_SHARES: constant(uint256) = 10**18

# Says that the rest of a position's middle part is an epoch and no index.
CAME: constant(uint256) = 2**119


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> owner -> packed Position.
positions: HashMap[address, HashMap[address, uint256]]

# operator -> owner -> its second word: what was added and does not earn yet, when it was stored.
additions: HashMap[address, HashMap[address, uint256]]


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def position(_operator: address, _owner: address) -> (uint256, uint256):
    """
    @notice Shares of an owner key, and what they are worth, wei.
    """
    pool: pools.Pool = pools._pool(operators.pools_of[_operator])
    position: Position = self._current(_operator, _owner, pool)
    if position.generation != pool.generation:
        return 0, 0
    shares: uint256 = position.shares + position.fresh
    return shares, pools._worth(pool.active, pool.shares, shares)


@external
@view
def pending_rewards(_operator: address, _owner: address) -> uint256:
    """
    @notice Wei that `claim_rewards` would pay.
    """
    return self._pending_now(_operator, _owner)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _join(_operator: address, _owner: address, _pool: pools.Pool, _shares: uint256):
    """
    @dev Give `_owner` new shares, which earn from the next epoch's start.
    """
    # The index is not needed to join, and it stands in a word that is not otherwise read.
    position: Position = self._position(_operator, _owner, _pool, _pool.epoch, 0, operators.MAX_INDEX)
    if position.generation != _pool.generation:
        coins._credit(_owner, self._earned(position, position.shares))
        position = Position(shares=0, index=0, fresh=0, generation=_pool.generation, reached=0, second=position.second)
    position.fresh += _shares
    self._store(_operator, _owner, _pool.epoch, position)


@internal
def _leave(_operator: address, _owner: address, _pool: pools.Pool, _shares: uint256) -> uint256:
    """
    @dev Take shares from `_owner`, those that came in this epoch first. What the others earned is credited.
    @return Shares of them that were there since the epoch's start.
    """
    position: Position = self._current(_operator, _owner, _pool)
    assert (
        position.generation == _pool.generation and unsafe_add(position.shares, position.fresh) >= _shares
    ), "hub: not enough shares"
    stayed: uint256 = unsafe_sub(_shares, min(_shares, position.fresh))
    coins._credit(_owner, self._earned(position, stayed))
    position.fresh = unsafe_sub(position.fresh, unsafe_sub(_shares, stayed))
    position.shares = unsafe_sub(position.shares, stayed)
    rest: uint256 = unsafe_add(position.shares, position.fresh)
    assert rest == 0 or rest >= MIN_SHARES, "hub: dust left"
    self._store(_operator, _owner, _pool.epoch, position)
    return stayed


@internal
def _take(_operator: address, _owner: address, _pool: pools.Pool) -> uint256:
    """
    @dev What `_owner` has earned and was not paid yet; counts as paid from now on.
    """
    position: Position = self._current(_operator, _owner, _pool)
    amount: uint256 = self._earned(position, position.shares)
    if amount > 0:
        position.index = position.reached
        self._store(_operator, _owner, _pool.epoch, position)
    return amount


@internal
@view
def _current(_operator: address, _owner: address, _pool: pools.Pool) -> Position:
    index: uint256 = operators.earned[_operator] & emission.HALF
    return self._position(_operator, _owner, _pool, _pool.epoch, index, index)


@internal
@view
def _position(
    _operator: address, _owner: address, _pool: pools.Pool, _now: uint256, _closed: uint256, _index: uint256
) -> Position:
    """
    @dev A position in epoch `_now`, at whose start the operator's index is `_index`; `_closed` is the index at the end
        of the epoch in `_pool`, if that is an earlier one.
    """
    word: uint256 = self.positions[_operator][_owner]
    shares: uint256 = word & emission.HALF
    index: uint256 = (word >> 128) & (2 * CAME - 1)
    position: Position = Position(
        shares=shares, index=index, fresh=0, generation=word >> 248, reached=_index, second=False
    )
    if position.generation != _pool.generation:
        position.reached = operators.marks[_operator][operators.GENERATIONS + position.generation]
    came: uint256 = index & epochs.LAST_EPOCH
    if index >= CAME:
        position.shares = 0
        position.index = 0
    elif shares > 0:
        word = self.additions[_operator][_owner]
        shares = word & emission.HALF
        came = (word >> 128) & epochs.LAST_EPOCH
        position.second = shares > 0
    if shares == 0:
        return position
    if came == _now:
        position.fresh = shares
        return position
    if came == _pool.epoch:
        index = _closed
    else:
        index = operators.marks[_operator][came]
    # A generation that a slash ended in the epoch in which they came earns nothing for them.
    index = min(index, position.reached)
    sum: uint256 = unsafe_add(position.shares, shares)
    # The mean index of old and new shares, rounded up.
    position.index = unsafe_add(
        unsafe_add(unsafe_mul(position.index, position.shares), unsafe_mul(index, shares)), unsafe_sub(sum, 1)
    ) // sum
    position.shares = sum
    return position


@internal
@pure
def _earned(_position: Position, _shares: uint256) -> uint256:
    """
    @dev What `_shares` of a position, none of them fresh, have earned since they were paid.
    """
    return unsafe_mul(_shares, unsafe_sub(_position.reached, _position.index)) // emission.PRECISION


@internal
@view
def _pending_now(_operator: address, _owner: address) -> uint256:
    """
    @dev What a claim would find, without storing the rollover.
    """
    pool: pools.Pool = operators._pool(_operator)
    now: uint256 = epochs._epoch()
    position: Position = empty(Position)
    if pool.epoch == now:
        position = self._current(_operator, _owner, pool)
    else:
        rollover: operators.Rollover = operators._rollover(_operator, pool, now)
        position = self._position(_operator, _owner, pool, now, rollover.closed, rollover.index)
    return self._earned(position, position.shares)


@internal
def _store(_operator: address, _owner: address, _now: uint256, _position: Position):
    came: uint256 = 0
    if _position.shares == 0 and _position.fresh > 0:
        self.positions[_operator][_owner] = (_position.fresh | (CAME + _now) << 128 | _position.generation << 248)
    else:
        self.positions[_operator][_owner] = (_position.shares | _position.index << 128 | _position.generation << 248)
        came = _position.fresh
    if came > 0 or _position.second:
        self.additions[_operator][_owner] = came | _now << 128 | _position.generation << 152
