# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title StakingHub
@license MIT
@notice Stake that backs promises. Operators bond their own coins, others delegate to them, both commit to services, and
    a service takes from them when it has proven a fault. A slash costs the same whatever the number of delegators.
@dev Own bond first: victim and prover are paid from the operator's bond alone, at most four fifths of what it lost, and
    delegators' part goes to the insurance sink, so nobody gains by slashing itself through friends. Leaving stake
    stays slashable until its bucket matures; a matured ticket never is. Every number that a slash changes is one word.
    `ledger.vy` keeps epochs and rewards, `obligations.vy` services and commitments, `pools.vy` the share arithmetic.
    A position belongs to an owner key: the account itself, or with `_sub` > 0 one of any number of keys of its own,
    so that one contract can hold many positions apart.
@custom:security The owner (a timelock) lists and removes services and can do nothing else. A listed service is trusted
    to prove faults, within what operators committed to it. New delegators share slashes for earlier faults; open cases
    are visible before staking. An operator's insurance share depends on no owner. Tokens that take a fee on transfer
    are refused.
@custom:kill The owner removes services: commitments stop at once, slashes after the service's horizon. Withdrawing,
    claiming and collecting cannot be stopped.
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
from .lib import ledger
from .lib import exits
from .lib import obligations
from .lib import operators
from .lib import positions
from .lib import stake_token
from .lib import views
from .lib import slashing

initializes: stake_token
initializes: ledger
initializes: exits
initializes: positions[ledger := ledger]
initializes: obligations[ledger := ledger, exits := exits]
initializes: operators[ledger := ledger, exits := exits, obligations := obligations, stake_token := stake_token]
initializes: slashing[ledger := ledger, exits := exits, obligations := obligations, positions := positions]
initializes: views[ledger := ledger, exits := exits, obligations := obligations, positions := positions]
exports: (stake_token.token, operators.__interface__, slashing.__interface__, views.__interface__)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Least stake, wei, and least shares that a position may be left with.
MIN_STAKE: public(constant(uint256)) = ledger.MIN_STAKE

# Most items of a batch.
MAX_BATCH: constant(uint256) = 32

# `permit(address,address,uint256,uint256,uint8,bytes32,bytes32)`.
PERMIT: constant(bytes4) = 0xd505accf


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Lists and removes services.
owner: public(immutable(address))

# Where delegators' slashed coins go.
insurance: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _owner: address, _insurance: address, _unbonding: uint256, _epoch_length: uint256):
    """
    @param _token The coin at stake.
    @param _owner Lists and removes services; a timelock.
    @param _insurance Receives what slashes take beyond restitution and reward.
    @param _unbonding Seconds, even: how long leaving stake stays slashable, at least.
    @param _epoch_length Seconds of an epoch.
    """
    assert _owner != empty(address), "hub: no owner"
    assert _insurance not in [empty(address), self], "hub: no insurance"
    assert _epoch_length <= _unbonding, "hub: epoch beyond unbonding"
    stake_token.__init__(_token)
    insurance = _insurance
    owner = _owner
    ledger.__init__(_epoch_length)
    exits.__init__(_unbonding)


# ############################################################## #
#                       DELEGATOR FUNCTIONS                      #
# ############################################################## #

@external
def stake(_operator: address, _amount: uint256, _min_shares: uint256, _sub: uint256 = 0) -> uint256:
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
def stake_with_permit(
    _operator: address, _amount: uint256, _min_shares: uint256, _deadline: uint256, _v: uint8, _r: bytes32, _s: bytes32
) -> uint256:
    """
    @notice The same with an EIP-2612 signature instead of an earlier approval. It works even if someone else has
        submitted the permit to the token before.
    """
    if not raw_call(
        stake_token.token.address,
        abi_encode(msg.sender, self, _amount, _deadline, _v, _r, _s, method_id=PERMIT),
        revert_on_failure=False,
    ):
        pass  # then an earlier approval must do
    return self._stake(_operator, msg.sender, _amount, _min_shares)


@external
def unstake(_operator: address, _shares: uint256, _min_amount: uint256 = 0, _sub: uint256 = 0) -> uint256:
    """
    @notice Begin to leave. What the shares are worth moves to a ticket, which stays slashable until it matures.
    @param _min_amount Slippage guard, wei.
    @return The ticket; asking again in the same half-period adds to it.
    """
    key: address = self._owner_key(msg.sender, _sub)
    return self._unstake(_operator, key, key, _shares, _min_amount)


@external
def withdraw(_ticket: uint256, _sub: uint256 = 0) -> uint256:
    """
    @notice Take out a matured ticket of the caller. One that was slashed to nothing pays nothing.
    """
    amount: uint256 = exits._redeem(self._owner_key(msg.sender, _sub), _ticket)
    stake_token._push(msg.sender, amount)
    return amount


@external
def redelegate(_from: address, _to: address, _shares: uint256, _min_amount: uint256 = 0, _sub: uint256 = 0) -> uint256:
    """
    @notice Begin to move to another operator: a ticket at `_from` like any other, staked at `_to` once it matures.
    @return The ticket, for `complete_redelegation`.
    """
    ledger._check_known(pools._pool(ledger.pools_of[_to]).epoch)
    key: address = self._owner_key(msg.sender, _sub)
    return self._unstake(
        _from, key, self._owner_key(msg.sender, self._redelegation_sub(_to, _sub)), _shares, _min_amount
    )


@external
def complete_redelegation(_ticket: uint256, _to: address, _min_shares: uint256, _sub: uint256 = 0) -> uint256:
    """
    @notice Stake a matured ticket of `redelegate` at the operator it was meant for. If that operator takes no stake any
        more, `withdraw` pays the ticket out: its sub-account is `_sub << 160 | _to`.
    @return Shares of the operator's pool.
    """
    amount: uint256 = exits._redeem(self._owner_key(msg.sender, self._redelegation_sub(_to, _sub)), _ticket)
    return self._deposit(_to, self._owner_key(msg.sender, _sub), amount, _min_shares)


@external
def claim_rewards(_operator: address, _receiver: address, _sub: uint256 = 0) -> uint256:
    """
    @notice Pay what the caller's shares have earned at `_operator` by now to `_receiver`.
    @return Wei paid; 0 when nothing is due.
    """
    stake_token._check_receiver(_receiver)
    amount: uint256 = self._claim(_operator, self._owner_key(msg.sender, _sub), _receiver)
    stake_token._push(_receiver, amount)
    return amount


@external
def claim_many(_operators: DynArray[address, MAX_BATCH], _receiver: address, _sub: uint256 = 0) -> uint256:
    """
    @notice `claim_rewards` at several operators with one transfer.
    """
    stake_token._check_receiver(_receiver)
    key: address = self._owner_key(msg.sender, _sub)
    amount: uint256 = 0
    for operator: address in _operators:
        amount += self._claim(operator, key, _receiver)
    stake_token._push(_receiver, amount)
    return amount


@external
def withdraw_many(_tickets: DynArray[uint256, MAX_BATCH], _sub: uint256 = 0) -> uint256:
    """
    @notice `withdraw` of several tickets with one transfer.
    """
    key: address = self._owner_key(msg.sender, _sub)
    amount: uint256 = 0
    for ticket: uint256 in _tickets:
        amount += exits._redeem(key, ticket)
    stake_token._push(msg.sender, amount)
    return amount


@external
def collect(_receiver: address, _sub: uint256 = 0) -> uint256:
    """
    @notice Pay the caller's credit: restitution, provers' rewards, commission, rewards of shares that left.
    @return Wei paid; 0 when nothing is due.
    """
    stake_token._check_receiver(_receiver)
    key: address = self._owner_key(msg.sender, _sub)
    amount: uint256 = ledger.credits[key]
    ledger.credits[key] = 0
    log IStakingHub.Collected(owner=key, receiver=_receiver, amount=amount)
    stake_token._push(_receiver, amount)
    return amount


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def reward(_operator: address, _amount: uint256):
    """
    @notice Pay a fee of `_amount` wei to an operator and its delegators, over the next epoch.
    """
    stake_token._check_amount(_amount)
    ledger._touch(_operator)
    ledger.fees[_operator] += _amount * ledger.PRECISION
    log IStakingHub.Rewarded(operator=_operator, payer=msg.sender, amount=_amount)
    stake_token._pull(_amount)


@external
def fund_emission(_amount: uint256):
    """
    @notice Pay `_amount` wei to all operators and delegators by stake. It is distributed by stake at the start of the
        next active epoch; delegators receive it, less commission, over the following epoch.
    """
    stake_token._check_amount(_amount)
    ledger._change_total(0, 0, 0)
    ledger.emission += _amount * ledger.PRECISION
    log IStakingHub.EmissionFunded(payer=msg.sender, amount=_amount)
    stake_token._pull(_amount)


@external
def poke(_operator: address):
    """
    @notice Do an operator's epoch rollover, if it is due.
    """
    ledger._touch(_operator)


@external
def pay_insurance() -> uint256:
    """
    @notice Send the insurance sink what it is owed.
    """
    totals: ledger.Totals = ledger._open_totals()
    amount: uint256 = totals.insurance
    totals.insurance = 0
    ledger.totals = ledger._totals_word(totals)
    log IStakingHub.InsurancePaid(amount=amount)
    stake_token._push(insurance, amount)
    return amount


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def list_service(_service: address, _horizon: uint256, _victim_bps: uint256, _prover_bps: uint256, _arbiter: address):
    """
    @notice Let operators commit to `_service`. Its terms never change.
    @param _horizon Seconds from a fault to its executed slash at the longest, dispute and finality included.
    @param _victim_bps Part of the slashed bond for the victim, basis points.
    @param _prover_bps Part of the slashed bond for the prover, basis points.
    @param _arbiter May slash in the service's name; zero for none.
    """
    self._check_owner()
    obligations._list(_service, _horizon, _victim_bps, _prover_bps, _arbiter)


@external
def remove_service(_service: address):
    """
    @notice Stop commitments to `_service` now and its slashes after its horizon.
    """
    self._check_owner()
    obligations._remove(_service)


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
    stake_token._pull(_amount)
    return shares


@internal
def _deposit(_operator: address, _owner: address, _amount: uint256, _min_shares: uint256) -> uint256:
    assert _amount >= MIN_STAKE, "hub: below minimum stake"
    pool: pools.Pool = ledger._open(_operator)
    bond: ledger.Bond = ledger._bond(_operator)
    ledger._check_free(bond)
    operators._check_serving(bond)
    assert pool.generation < pools.LAST_GENERATION, "hub: operator retired"
    shares: uint256 = pools._minted(pool.active, pool.shares, _amount)
    assert shares >= _min_shares, "hub: too few shares"
    pool.active += _amount
    pool.shares += shares
    positions._join(_operator, _owner, pool, shares)
    ledger.pools_of[_operator] = pools._pool_word(pool)
    ledger._change_total(_amount, 0, 0)
    log IStakingHub.Staked(operator=_operator, owner=_owner, amount=_amount, shares=shares)
    return shares


@internal
def _unstake(
    _operator: address, _owner: address, _ticket_owner: address, _shares: uint256, _min_amount: uint256
) -> uint256:
    assert _shares > 0, "hub: zero shares"
    pool: pools.Pool = ledger._open(_operator)
    positions._leave(_operator, _owner, pool, _shares)
    amount: uint256 = pools._worth(pool.active, pool.shares, _shares)
    assert amount >= _min_amount, "hub: too little"
    pool.active -= amount
    pool.shares -= _shares
    # Rounding of earlier exits has no owner once the last share is gone.
    dust: uint256 = 0
    if pool.shares == 0:
        dust = pool.active
        pool.active = 0
    ledger.pools_of[_operator] = pools._pool_word(pool)
    ledger._change_total(0, amount + dust, dust)
    ticket: uint256 = exits._queue(_operator, _ticket_owner, amount)
    log IStakingHub.Unstaked(operator=_operator, owner=_ticket_owner, ticket=ticket, amount=amount, shares=_shares)
    return ticket


@internal
def _claim(_operator: address, _owner: address, _receiver: address) -> uint256:
    amount: uint256 = positions._take(_operator, _owner, ledger._touch(_operator))
    log IStakingHub.RewardsClaimed(operator=_operator, owner=_owner, receiver=_receiver, amount=amount)
    return amount


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
    assert _sub < 2**96, "hub: sub-account too large"
    return _sub << 160 | convert(_to, uint256)
