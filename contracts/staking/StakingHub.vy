# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title StakingHub
@license MIT
@notice Coins that stand behind promises. An operator's own coins stand as locks behind services; each service keeps its
    promises in its own records and takes from a lock when one was broken. Others delegate to operators: they share the
    rewards, and penalties up to a multiple that the operator sets for each service. A slash costs the same whatever
    the number of delegators.
@dev What is paid out after a fault comes from the operator's lock alone, and at most four fifths of what it lost, so
    nobody gains by slashing itself through friends. Leaving stake stays slashable until its bucket matures; a matured
    ticket never is. Rewards belong to coins at risk for the whole of an epoch. Nothing loops over people, services or
    epochs, and every number that a slash changes is one word.
    `locks.vy` keeps own coins, `operators.vy` weights and rewards, `emission.vy` the schedule, `positions.vy` and
    `exits.vy` what delegators have, `pools.vy` the share arithmetic. A position belongs to an owner key: the account
    itself, or with `_sub` > 0 one of any number of keys of its own, so that one contract can hold many positions apart.
@custom:security The owner (a timelock) lists and removes services and can do nothing else. A listed service is trusted
    with the locks behind it: a hostile one can cost them all, and delegators the multiple of them; a buggy `unlock`
    makes coins wait for its removal and horizon. An operator can end its delegators' earning from the next epoch on
    (by lowering a multiple, by letting promises end) while they stay slashable until the lowering counts. New
    delegators share slashes for earlier faults. A slash that empties a pool or bucket takes the dust that is left in
    it beyond the multiple, less than a wei for 2**32 shares. A promise that an operator makes to itself is bound, too,
    and earns emission. Tokens that take a fee on transfer are refused.
@custom:kill The owner removes services: promises, delegators' exposure and earning end at once, slashes after the
    service's horizon; then operators take their locks back. Withdrawing, claiming and collecting cannot be stopped.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IStakingHub

implements: IStakingHub


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import pools
from .lib import coins
from .lib import emission
from .lib import epochs
from .lib import exits
from .lib import locks
from .lib import operators
from .lib import positions
from .lib import services
from .lib import slashing

initializes: coins
initializes: epochs
initializes: exits
initializes: services
initializes: emission[coins := coins, epochs := epochs]
initializes: operators[coins := coins, emission := emission, epochs := epochs]
initializes: positions[coins := coins, epochs := epochs, operators := operators]
initializes: locks[coins := coins, epochs := epochs, exits := exits, operators := operators, services := services]
initializes: slashing[coins := coins, exits := exits, locks := locks, operators := operators, services := services]
exports: (
    coins.__interface__,
    emission.treasury,
    epochs.__interface__,
    exits.__interface__,
    services.__interface__,
    operators.__interface__,
    positions.__interface__,
    locks.__interface__,
    slashing.__interface__,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Least stake, wei, and least shares that a position may be left with.
MIN_STAKE: public(constant(uint256)) = positions.MIN_SHARES


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Lists and removes services.
owner: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _token: address,
    _owner: address,
    _insurance: address,
    _treasury: address,
    _unbonding: uint256,
    _epoch_length: uint256,
    _emission_start: uint256,
    _emission_epochs: uint256,
):
    """
    @param _token The coin at stake. Below 2**94 wei of it may exist.
    @param _owner Lists and removes services; a timelock.
    @param _insurance Receives what slashes take and do not pay to services.
    @param _treasury Receives emission that no weight earns.
    @param _unbonding Seconds, even: how long leaving stake stays slashable, at least.
    @param _epoch_length Seconds of an epoch.
    @param _emission_start First epoch with emission.
    @param _emission_epochs Number of epochs with emission.
    """
    assert _owner != empty(address), "hub: no owner"
    assert _epoch_length <= _unbonding, "hub: epoch beyond unbonding"
    owner = _owner
    coins.__init__(_token)
    epochs.__init__(_epoch_length)
    exits.__init__(_unbonding)
    emission.__init__(_treasury, _emission_start, _emission_epochs)
    slashing.__init__(_insurance)


# ############################################################## #
#                       DELEGATOR FUNCTIONS                      #
# ############################################################## #

@external
def stake(_operator: address, _amount: uint256, _min_shares: uint256, _sub: uint256) -> uint256:
    """
    @notice Delegate `_amount` wei to `_operator`. They earn from the next epoch's start.
    @param _min_shares Slippage guard.
    @return Shares of the operator's pool.
    """
    return self._stake(_operator, self._owner_key(msg.sender, _sub), _amount, _min_shares)


@external
def stake_for(_operator: address, _owner: address, _amount: uint256, _min_shares: uint256) -> uint256:
    """
    @notice The same with the caller's coins for the owner key `_owner`.
    """
    assert _owner != empty(address), "hub: no owner key"
    return self._stake(_operator, _owner, _amount, _min_shares)


@external
def unstake(_operator: address, _shares: uint256, _min_amount: uint256, _sub: uint256) -> uint256:
    """
    @notice Begin to leave. What the shares are worth moves to a ticket, which stays slashable until it matures.
    @param _min_amount Slippage guard, wei.
    @return The ticket; asking again in the same half-period adds to it.
    """
    key: address = self._owner_key(msg.sender, _sub)
    return self._unstake(_operator, key, key, _shares, _min_amount)


@external
def withdraw(_ticket: uint256, _sub: uint256) -> uint256:
    """
    @notice Take out a matured ticket of the caller. One that was slashed to nothing pays nothing.
    """
    amount: uint256 = exits._redeem(self._owner_key(msg.sender, _sub), _ticket)
    coins._push(msg.sender, amount)
    return amount


@external
def redelegate(_from: address, _to: address, _shares: uint256, _min_amount: uint256, _sub: uint256) -> uint256:
    """
    @notice Begin to move to another operator: a ticket at `_from` like any other, staked at `_to` once it matures.
    @return The ticket, for `complete_redelegation`.
    """
    operators._pool(_to)
    key: address = self._owner_key(msg.sender, _sub)
    return self._unstake(
        _from, key, self._owner_key(msg.sender, self._redelegation_sub(_to, _sub)), _shares, _min_amount
    )


@external
def complete_redelegation(_ticket: uint256, _to: address, _min_shares: uint256, _sub: uint256) -> uint256:
    """
    @notice Stake a matured ticket of `redelegate` at the operator it was meant for. If that operator takes no stake any
        more, `withdraw` pays the ticket out: its sub-account is
        `keccak256(abi_encode(_to, _sub))`.
    @return Shares of the operator's pool.
    """
    amount: uint256 = exits._redeem(self._owner_key(msg.sender, self._redelegation_sub(_to, _sub)), _ticket)
    return self._deposit(_to, self._owner_key(msg.sender, _sub), amount, _min_shares)


@external
def claim_rewards(_operator: address, _receiver: address, _sub: uint256) -> uint256:
    """
    @notice Pay what the caller's shares have earned at `_operator` by now to `_receiver`.
    @return Wei paid; 0 when nothing is due.
    """
    coins._check_receiver(_receiver)
    amount: uint256 = self._claim(_operator, self._owner_key(msg.sender, _sub), _receiver)
    coins._push(_receiver, amount)
    return amount


@external
def collect(_receiver: address, _sub: uint256) -> uint256:
    """
    @notice Pay the caller's credit: restitution, provers' rewards, commission, rewards of shares that left.
    @return Wei paid; 0 when nothing is due.
    """
    coins._check_receiver(_receiver)
    key: address = self._owner_key(msg.sender, _sub)
    return self._collect(key, _receiver)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def reward(_operator: address, _amount: uint256):
    """
    @notice Pay a fee of `_amount` wei to an operator and its delegators. It is theirs when this epoch is over, and goes
        to those who were there since its start; if there is no weight, it waits for the next epoch.
    """
    coins._check_amount(_amount)
    operators._open(_operator)
    fees: uint256 = operators.fees[_operator] + _amount * emission.PRECISION
    pools._check_amount(fees // emission.PRECISION)
    operators.fees[_operator] = fees
    log IStakingHub.Rewarded(operator=_operator, payer=msg.sender, amount=_amount)
    coins._pull(_amount)


@external
def fund_emission(_amount: uint256) -> uint256:
    """
    @notice Raise the emission of every epoch that is left, this one included, by the same number of wei.
    @param _amount Wei at most.
    @return Wei that were taken: a multiple of the number of epochs.
    """
    amount: uint256 = emission._fund(_amount)
    log IStakingHub.EmissionFunded(payer=msg.sender, amount=amount)
    coins._pull(amount)
    return amount


@external
def pay_insurance() -> uint256:
    """
    @notice Send the insurance what it is owed.
    """
    return self._collect(slashing.insurance, slashing.insurance)


@external
def pay_treasury() -> uint256:
    """
    @notice Send the treasury the emission of past epochs that nobody earned.
    """
    emission._open_totals()
    return self._collect(emission.treasury, emission.treasury)


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def list_service(_service: address, _horizon: uint256, _max_multiple: uint256):
    """
    @notice Let operators lock coins behind `_service`. Its terms never change, and it is never listed again.
    @param _horizon Seconds from a fault to its executed slash at the longest, dispute and finality included.
    @param _max_multiple Greatest multiple that operators may set; 0 for a service whose penalties delegators never bear.
    """
    self._check_owner()
    services._list(_service, _horizon, _max_multiple)


@external
def remove_service(_service: address):
    """
    @notice End `_service`: no lock grows and none of its promises earns any more, and it slashes until its horizon has
        passed.
    """
    self._check_owner()
    services._remove(_service)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def owner_key(_account: address, _sub: uint256) -> address:
    """
    @notice Under which address the positions of a sub-account are kept.
    """
    return self._owner_key(_account, _sub)


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


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_owner():
    assert msg.sender == owner, "hub: not the owner"


@internal
def _stake(_operator: address, _owner: address, _amount: uint256, _min_shares: uint256) -> uint256:
    shares: uint256 = self._deposit(_operator, _owner, _amount, _min_shares)
    coins._pull(_amount)
    return shares


@internal
def _deposit(_operator: address, _owner: address, _amount: uint256, _min_shares: uint256) -> uint256:
    assert _amount >= MIN_STAKE, "hub: below minimum stake"
    pool: pools.Pool = operators._open(_operator)
    assert pool.generation < pools.LAST_GENERATION, "hub: operator retired"
    shares: uint256 = pools._minted(pool.active, pool.shares, _amount)
    self._check_least(shares, _min_shares)
    pool.active += _amount
    assert pool.active <= operators._operator(_operator).exposure, "hub: pool is full"
    pool.shares += shares
    positions._join(_operator, _owner, pool, shares)
    operators.pools_of[_operator] = pools._pool_word(pool)
    emission._weigh(_amount, 0, 0)
    log IStakingHub.Staked(operator=_operator, owner=_owner, amount=_amount, shares=shares)
    return shares


@internal
def _unstake(
    _operator: address, _owner: address, _ticket_owner: address, _shares: uint256, _min_amount: uint256
) -> uint256:
    coins._check_amount(_shares)
    pool: pools.Pool = operators._open(_operator)
    before: uint256 = operators._weight(_operator)
    stayed: uint256 = positions._leave(_operator, _owner, pool, _shares)
    amount: uint256 = pools._worth(pool.active, pool.shares, _shares)
    self._check_least(amount, _min_amount)
    pool.active -= amount
    pool.shares -= _shares
    # Rounding of earlier exits has no owner once the last share is gone.
    if pool.shares == 0:
        coins._credit(slashing.insurance, pool.active)
        pool.active = 0
    operators.pools_of[_operator] = pools._pool_word(pool)
    operators._withdraw(_operator, before, stayed)
    ticket: uint256 = exits._queue(_operator, _ticket_owner, amount)
    log IStakingHub.Unstaked(
        operator=_operator,
        owner=_owner,
        ticket=ticket,
        ticket_owner=_ticket_owner,
        amount=amount,
        shares=_shares,
    )
    return ticket


@internal
def _collect(_owner: address, _receiver: address) -> uint256:
    amount: uint256 = coins.credits[_owner]
    coins.credits[_owner] = 0
    log IStakingHub.Collected(owner=_owner, receiver=_receiver, amount=amount)
    coins._push(_receiver, amount)
    return amount


@internal
def _claim(_operator: address, _owner: address, _receiver: address) -> uint256:
    amount: uint256 = positions._take(_operator, _owner, operators._open(_operator))
    log IStakingHub.RewardsClaimed(operator=_operator, owner=_owner, receiver=_receiver, amount=amount)
    return amount


@internal
@pure
def _check_least(_got: uint256, _least: uint256):
    assert _got >= _least, "hub: too little"


@internal
@pure
def _owner_key(_account: address, _sub: uint256) -> address:
    if _sub == 0:
        return _account
    return convert(
        convert(keccak256(abi_encode(_account, _sub)), uint256) & convert(max_value(uint160), uint256), address
    )


@internal
@pure
def _redelegation_sub(_to: address, _sub: uint256) -> uint256:
    """
    @dev The sub-account that holds tickets on their way to another operator.
    """
    return convert(keccak256(abi_encode(_to, _sub)), uint256)
