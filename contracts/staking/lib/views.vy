# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title What can be read of the staking hub
@license MIT
@notice Views for services, juries, wallets and tests; none of them changes anything.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import ledger
from . import exits
from . import obligations
from . import positions

uses: ledger
uses: exits
uses: obligations
uses: positions


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def effective(_service: address, _operator: address) -> uint256:
    """
    @notice Wei that `_service` could take from `_operator` now.
    """
    if not obligations._may_slash(obligations._service(_service)):
        return 0
    return obligations._effective(_service, _operator, self._slashable(_operator))


@external
@view
def slashable(_operator: address) -> uint256:
    """
    @notice Wei of the operator and its delegators, leaving ones included, that a slash could reach now.
    """
    return self._slashable(_operator)


@external
@view
def committed_at(_service: address, _operator: address, _time: uint256) -> uint256:
    """
    @notice Wei committed at `_time`, exact back to the start of the previous epoch; slashes since are taken off.
    """
    return obligations._committed_at(_service, _operator, _time)


@external
@view
def stake_at_epoch(_operator: address, _epoch: uint256) -> uint256:
    """
    @notice Wei at stake with `_operator`, bond and delegations, at the start of the current or the previous epoch.
    """
    now: uint256 = ledger._epoch()
    assert _epoch == now or _epoch + 1 == now, "hub: epoch out of reach"
    return ledger._stake_at(_operator, _epoch)


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
    pool: pools.Pool = pools._pool(ledger.pools_of[_operator])
    position: positions.Position = positions._position(_operator, _owner)
    if position.generation != pool.generation:
        return 0, 0
    return position.shares, pools._worth(pool.active, pool.shares, position.shares)


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
    @notice All about an operator's stake.
    """
    pool: pools.Pool = pools._pool(ledger.pools_of[_operator])
    bond: ledger.Bond = ledger._bond(_operator)
    return IStakingHub.OperatorState(
        bond=bond.active,
        bond_leaving=bond.leaving,
        bond_unlock=bond.unlock,
        jailed_until=bond.jailed,
        delegated=pool.active,
        shares=pool.shares,
        generation=pool.generation,
        unbonding=exits._open_buckets(_operator)[0],
        committed=obligations.committed[_operator],
        commission_bps=ledger._commission(_operator, ledger._epoch()),
        epoch=pool.epoch,
    )


@external
@view
def commitment(_service: address, _operator: address) -> obligations.Commitment:
    """
    @notice The commitment of `_operator` to `_service` and its scheduled change.
    """
    return obligations._commitment(_service, _operator)


@external
@view
def service(_service: address) -> IStakingHub.ServiceTerms:
    """
    @notice The terms that a service was listed with.
    """
    return obligations._service(_service)


@external
@view
def credit(_owner: address) -> uint256:
    """
    @notice Wei that `collect` would pay.
    """
    return ledger.credits[_owner]


@external
@view
def totals() -> ledger.Totals:
    """
    @notice Stake of all operators, debt to the insurance sink, epoch of the last change.
    """
    return ledger._totals()


@external
@view
def epoch() -> uint256:
    """
    @notice The current epoch; the first is 1.
    """
    return ledger._epoch()


@external
@view
def epoch_start(_epoch: uint256) -> uint256:
    """
    @notice Unix seconds at which `_epoch` starts.
    """
    return ledger._epoch_start(_epoch)


@external
@view
def unbonding() -> uint256:
    """
    @notice Seconds for which leaving stake stays slashable, at least.
    """
    return exits.UNBONDING


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _slashable(_operator: address) -> uint256:
    bond: ledger.Bond = ledger._bond(_operator)
    sum: uint256 = (bond.active + (ledger.pools_of[_operator] & pools.MAX_AMOUNT) + exits._open_buckets(_operator)[0])
    if block.timestamp < bond.unlock:
        sum += bond.leaving
    return sum
