# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title What can be read of the staking hub
@license MIT
@notice Views for services, wallets and tests; none of them changes anything.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import custody
from . import epochs
from . import exits
from . import locks
from . import operators
from . import positions
from . import services

uses: custody
uses: epochs
uses: exits
uses: locks
uses: operators
uses: positions
uses: services


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def lock_of(_service: address, _operator: address) -> uint256:
    """
    @notice Wei of own coins that an operator has behind a service.
    """
    return locks.locks[_service][_operator] & pools.MAX_AMOUNT


@external
@view
def get_lock(_service: address, _operator: address) -> IStakingHub.Lock:
    """
    @notice The same with what is bound of it, and the multiple that counts now; none at a removed service.
    """
    lock: locks.Lock = locks._lock(_service, _operator)
    multiples: uint256 = locks._settled(lock.multiples, epochs._epoch())
    if not services._is_listed(_service):
        lock.bound = 0
        multiples = 0
    raising: uint256 = (multiples >> locks.MULTIPLE_BITS) & locks.CHANGE
    lowering: uint256 = multiples >> locks.LOWERING
    return IStakingHub.Lock(
        amount=lock.amount,
        bound=lock.bound,
        multiple=multiples & locks.MULTIPLE,
        raised=raising & locks.MULTIPLE,
        raised_from=raising >> locks.MULTIPLE_BITS,
        lowered=lowering & locks.MULTIPLE,
        lowered_from=lowering >> locks.MULTIPLE_BITS,
    )


@external
@view
def listed(_service: address) -> bool:
    """
    @notice Whether a service may make promises.
    """
    return services._is_listed(_service)


@external
@view
def service(_service: address) -> IStakingHub.Service:
    """
    @notice How a service was listed, and what it took.
    """
    return services._service(_service)


@external
@view
def pending_rewards(_operator: address, _owner: address) -> uint256:
    """
    @notice Wei that `claim_rewards` would pay.
    """
    return positions._pending_now(_operator, _owner)


@external
@view
def position(_operator: address, _owner: address) -> (uint256, uint256):
    """
    @notice Shares of an owner key, and what they are worth, wei.
    """
    pool: pools.Pool = pools._pool(operators.pools_of[_operator])
    position: positions.Position = positions._current(_operator, _owner, pool)
    if position.generation != pool.generation:
        return 0, 0
    shares: uint256 = position.shares + position.fresh
    return shares, pools._worth(pool.active, pool.shares, shares)


@external
@view
def ticket(_owner: address, _ticket: uint256) -> (uint256, uint256):
    """
    @notice Wei that a ticket stands for, and unix seconds at which it matures.
    """
    half: uint256 = _ticket & (2**96 - 1)
    held: pools.Bucket = pools._bucket(exits.tickets[_owner][_ticket])
    return exits._worth_of(convert(_ticket >> 96, address), half, held), exits._maturity(half)


@external
@view
def operator_state(_operator: address) -> IStakingHub.OperatorState:
    """
    @notice All about an operator.
    """
    pool: pools.Pool = pools._pool(operators.pools_of[_operator])
    operator: operators.Operator = operators._operator(_operator)
    return IStakingHub.OperatorState(
        bound=operator.bound,
        exposure=operator.exposure,
        delegated=pool.active,
        shares=pool.shares,
        generation=pool.generation,
        unbonding=exits._open_buckets(_operator)[0],
        commission_bps=operators._commission(operator.terms, epochs._epoch()),
        epoch=pool.epoch,
    )


@external
@view
def credit(_owner: address) -> uint256:
    """
    @notice Wei that `collect` would pay.
    """
    return custody.credits[_owner]


@external
@view
def epoch() -> uint256:
    """
    @notice The current epoch; the first is 1.
    """
    return epochs._epoch()


@external
@view
def epoch_start(_epoch: uint256) -> uint256:
    """
    @notice Unix seconds at which `_epoch` starts.
    """
    return epochs._epoch_start(_epoch)


@external
@view
def unbonding() -> uint256:
    """
    @notice Seconds for which leaving stake stays slashable, at least.
    """
    return exits.UNBONDING
