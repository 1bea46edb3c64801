# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Slashing
@license MIT
@notice Takes what a service has proven an operator to owe. Damages and penalty come from the operator's lock behind that
    service; delegators, leaving ones included, stand for the penalty up to a multiple of it. Four fifths of the damages
    are the service's, who pays its victims from them; everything else goes to the insurance. So money that is paid out
    never comes from a delegator, and whoever slashes itself through friends loses a fifth.
@dev Touches a fixed number of words: service, lock, operator, pool, at most three buckets, weights, two credits.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import coins
from . import exits
from . import locks
from . import operators
from . import services

uses: coins
uses: exits
uses: locks
uses: operators
uses: services


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where everything goes that slashes take and do not pay to services.
insurance: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_insurance: address):
    assert _insurance not in [empty(address), self], "hub: no insurance"
    insurance = _insurance


# ############################################################## #
#                        SERVICE FUNCTIONS                       #
# ############################################################## #

@external
def slash(_operator: address, _damages: uint256, _penalty: uint256) -> (uint256, uint256, uint256):
    """
    @notice Take damages, then a penalty, from the operator's lock behind the caller: as much of both as is there. The
        caller itself must prevent a second slash for one fault.
    @param _damages Wei, of which four fifths, rounded down, are credited to the caller.
    @param _penalty Wei for the insurance; delegators lose at most this times the multiple that counts now.
    @return Wei taken as damages, as penalty, and from delegators. These include the dust of what was emptied.
    """
    service: uint256 = services.services[msg.sender]
    assert service > 0 and not services._is_over(service), "hub: not a slasher"
    pool: pools.Pool = operators._open(_operator)
    before: uint256 = operators._weight(_operator)
    lock: locks.Lock = locks._lock(msg.sender, _operator)
    damages: uint256 = min(_damages, lock.amount)
    penalty: uint256 = min(_penalty, unsafe_sub(lock.amount, damages))
    from_lock: uint256 = unsafe_add(damages, penalty)
    # Parts of packed words, none of which can fall below zero.
    cut: uint256 = unsafe_sub(lock.bound, min(lock.bound, unsafe_sub(lock.amount, from_lock)))
    locks.locks[msg.sender][_operator] -= from_lock | cut << 96
    operators.operators[_operator] -= cut | unsafe_mul(cut, locks._earning(lock.multiples)) << 96

    stayed: uint256 = pools.MAX_AMOUNT
    delegated: uint256 = 0
    if services._removed(service) == 0:
        delegated = unsafe_mul(locks._settled(lock.multiples, pool.epoch) & locks.MULTIPLE, penalty)
    if delegated > 0:
        delegated = self._slash_delegators(_operator, pool, delegated)
        stayed = operators._full(_operator)
    operators._change_weight(_operator, before, stayed)

    paid: uint256 = unsafe_mul(damages, 4) // 5
    taken: uint256 = unsafe_add(from_lock, delegated)
    coins._credit(msg.sender, paid)
    coins._credit(insurance, unsafe_sub(taken, paid))
    services.services[msg.sender] = service + (taken << services.TAKEN_AT)
    log IStakingHub.Slashed(
        service=msg.sender, operator=_operator, damages=damages, penalty=penalty, delegated=delegated
    )
    return damages, penalty, delegated


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _slash_delegators(_operator: address, _pool: pools.Pool, _amount: uint256) -> uint256:
    """
    @dev Take `_amount` from the pool and open tickets alike, as far as it is there, and the dust of what that empties.
    """
    pool: pools.Pool = _pool
    words: uint256[exits.OPEN_BUCKETS] = empty(uint256[exits.OPEN_BUCKETS])
    tickets: uint256 = 0
    tickets, words = exits._open_buckets(_operator)
    taken: uint256 = min(_amount, pool.active + tickets)
    if taken == 0:
        return 0
    left: uint256 = 0
    residue: uint256 = 0
    left, residue = exits._slash_buckets(_operator, taken, pool.active + tickets, words)
    pool.active -= left
    if pools._is_dust(pool.active, pool.shares):
        residue += pool.active
        pool = operators._close(_operator, pool)
    operators.pools_of[_operator] = pools._pool_word(pool)
    return taken + residue
