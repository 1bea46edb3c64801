# pragma version 0.4.3
"""
@title Positions of delegators
@license MIT
@notice What an owner key holds of an operator's pool, and what it has earned there.
@dev `index` is where the shares' earnings start. Joining in mid-epoch moves it to the mean of old and new shares, so it
    can be ahead of the current index; then nothing is due before the epoch ends.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import pools
from . import ledger

uses: ledger


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# One word: shares 128 | index 120 | generation 8.
struct Position:
    shares: uint256
    index: uint256  # up to which rewards are paid, PRECISION wei a share
    generation: uint256


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> generation that a slash ended -> index at which its shares stopped earning.
closed: HashMap[address, HashMap[uint256, uint256]]

# operator -> owner -> packed Position.
positions: HashMap[address, HashMap[address, uint256]]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _join(_operator: address, _owner: address, _pool: pools.Pool, _shares: uint256):
    """
    @dev Give `_owner` new shares, which earn from the next epoch's start.
    """
    position: Position = self._position(_operator, _owner)
    full: uint256 = ledger.earned[_operator] & ledger.HALF
    if position.generation != _pool.generation:
        ledger._credit(_owner, self._pending(_operator, _pool, position))
        position = Position(shares=0, index=full, generation=_pool.generation)
    shares: uint256 = position.shares + _shares
    # The mean index of old and new shares, rounded up.
    position.index = (position.index * position.shares + full * _shares + shares - 1) // shares
    position.shares = shares
    self._store(_operator, _owner, position)


@internal
def _leave(_operator: address, _owner: address, _pool: pools.Pool, _shares: uint256):
    """
    @dev Take shares from `_owner`: what they earned is credited, what they would have earned is left to the others.
    """
    position: Position = self._position(_operator, _owner)
    assert (position.generation == _pool.generation and position.shares >= _shares), "hub: not enough shares"
    word: uint256 = ledger.earned[_operator]
    reached: uint256 = max(self._linear(word), position.index)
    ledger._credit(_owner, _shares * (reached - position.index) // ledger.PRECISION)
    unearned: uint256 = _shares * ((word & ledger.HALF) - reached)
    if unearned > 0:
        ledger.fees[_operator] += unearned
    position.shares -= _shares
    assert (position.shares == 0 or position.shares >= ledger.MIN_STAKE), "hub: dust left"
    self._store(_operator, _owner, position)


@internal
def _take(_operator: address, _owner: address, _pool: pools.Pool) -> uint256:
    """
    @dev What `_owner` has earned and was not paid yet; counts as paid from now on.
    """
    position: Position = self._position(_operator, _owner)
    amount: uint256 = self._pending(_operator, _pool, position)
    if amount > 0:
        position.index = self._reached(_operator, _pool, position)
        self._store(_operator, _owner, position)
    return amount


@internal
def _close(_operator: address, _pool: pools.Pool) -> pools.Pool:
    """
    @dev A new generation after a slash that emptied the pool. The old one keeps what it earned, this epoch included.
    """
    self.closed[_operator][_pool.generation] = (ledger.earned[_operator] & ledger.HALF)
    return pools.Pool(active=0, shares=0, generation=_pool.generation + 1, epoch=_pool.epoch)


@internal
@view
def _linear(_earned: uint256) -> uint256:
    """
    @dev The index by now, given the packed one for the current epoch.
    """
    increment: uint256 = _earned >> 128
    elapsed: uint256 = (block.timestamp - ledger.GENESIS) % ledger.EPOCH_LENGTH
    return ((_earned & ledger.HALF) - increment + increment * elapsed // ledger.EPOCH_LENGTH)


@internal
@view
def _reached(_operator: address, _pool: pools.Pool, _position: Position) -> uint256:
    """
    @dev The index up to which a position has earned; a generation that a slash ended stopped there.
    """
    if _position.generation != _pool.generation:
        return self.closed[_operator][_position.generation]
    return self._linear(ledger.earned[_operator])


@internal
@view
def _pending(_operator: address, _pool: pools.Pool, _position: Position) -> uint256:
    reached: uint256 = self._reached(_operator, _pool, _position)
    if reached <= _position.index:
        return 0
    return _position.shares * (reached - _position.index) // ledger.PRECISION


@internal
@view
def _pending_now(_operator: address, _owner: address) -> uint256:
    """
    @dev What a claim would find, without storing the rollover.
    """
    pool: pools.Pool = pools._pool(ledger.pools_of[_operator])
    position: Position = self._position(_operator, _owner)
    now: uint256 = ledger._epoch()
    if position.generation != pool.generation or pool.epoch == now or pool.epoch == 0:
        return self._pending(_operator, pool, position)
    rollover: ledger.EpochRollover = ledger._rollover(_operator, pool, now)
    reached: uint256 = max(self._linear(rollover.index | rollover.increment << 128), position.index)
    return position.shares * (reached - position.index) // ledger.PRECISION


@internal
@view
def _position(_operator: address, _owner: address) -> Position:
    word: uint256 = self.positions[_operator][_owner]
    return Position(
        shares=word & ledger.HALF,
        index=(word >> 128) & ledger.MAX_INDEX,
        generation=word >> 248,
    )


@internal
def _store(_operator: address, _owner: address, _position: Position):
    self.positions[_operator][_owner] = (_position.shares | _position.index << 128 | _position.generation << 248)
