# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title What operators do in the staking hub
@license MIT
@notice Registering, terms, the own bond, commitments, leaving jail.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import ledger
from . import exits
from . import obligations
from . import stake_token

uses: ledger
uses: exits
uses: obligations
uses: stake_token


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Least bond of an operator that takes delegations, wei.
MIN_BOND: public(constant(uint256)) = 1_000 * 10**18

# Epochs between announcing a commission and its effect.
COMMISSION_NOTICE: public(constant(uint256)) = 14


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def register_operator(_commission_bps: uint256, _metadata: String[256]):
    """
    @notice Become an operator. Delegations open once `bond` has put up MIN_BOND.
    @param _commission_bps Part of every reward that is the operator's, basis points.
    @param _metadata URI of a description.
    """
    assert ledger.pools_of[msg.sender] == 0, "hub: operator known"
    self._check_commission(_commission_bps)
    ledger._change_total(0, 0, 0)
    ledger.pools_of[msg.sender] = ledger._epoch() << 232
    ledger.terms[msg.sender] = _commission_bps | _commission_bps << 16
    self._announce(_commission_bps, ledger._epoch(), _metadata)


@external
def set_terms(_commission_bps: uint256, _metadata: String[256]):
    """
    @notice Announce a commission, which counts COMMISSION_NOTICE epochs later, and publish a description.
    """
    self._check_commission(_commission_bps)
    ledger._touch(msg.sender)
    now: uint256 = ledger._epoch()
    current: uint256 = ledger._commission(msg.sender, now)
    epoch: uint256 = now + COMMISSION_NOTICE
    ledger.terms[msg.sender] = current | _commission_bps << 16 | epoch << 32
    self._announce(_commission_bps, epoch, _metadata)


@external
def bond(_amount: uint256):
    """
    @notice Add `_amount` wei to the caller's own bond, which every slash takes first.
    """
    stake_token._check_amount(_amount)
    pool: pools.Pool = ledger._open(msg.sender)
    bond: ledger.Bond = ledger._bond(msg.sender)
    bond.active += _amount
    ledger._store_bond(msg.sender, bond)
    ledger.pools_of[msg.sender] = pools._pool_word(pool)
    ledger._change_total(_amount, 0, 0)
    log IStakingHub.Bonded(operator=msg.sender, amount=_amount)
    stake_token._pull(_amount)


@external
def unbond(_amount: uint256):
    """
    @notice Begin to take `_amount` wei out of the bond. Asking again before the first part was withdrawn makes both
        wait anew; a part that has matured is credited instead.
    """
    stake_token._check_amount(_amount)
    pool: pools.Pool = ledger._open(msg.sender)
    bond: ledger.Bond = ledger._bond(msg.sender)
    assert _amount <= bond.active, "hub: more than the bond"
    if block.timestamp >= bond.unlock:
        ledger._credit(msg.sender, bond.leaving)
        bond.leaving = 0
    bond.active -= _amount
    bond.leaving += _amount
    bond.unlock = block.timestamp + exits.UNBONDING
    ledger._store_bond(msg.sender, bond)
    ledger.pools_of[msg.sender] = pools._pool_word(pool)
    ledger._change_total(0, _amount, 0)
    log IStakingHub.Unbonding(operator=msg.sender, amount=bond.leaving, unlock=bond.unlock)


@external
def withdraw_bond(_receiver: address) -> uint256:
    """
    @notice Take out the part of the bond that has matured.
    """
    stake_token._check_receiver(_receiver)
    bond: ledger.Bond = ledger._bond(msg.sender)
    exits._check_matured(bond.unlock)
    amount: uint256 = bond.leaving
    bond.leaving = 0
    ledger._store_bond(msg.sender, bond)
    log IStakingHub.BondWithdrawn(operator=msg.sender, receiver=_receiver, amount=amount)
    stake_token._push(_receiver, amount)
    return amount


@external
def commit(_service: address, _amount: uint256):
    """
    @notice Let `_service` take up to `_amount` wei more. Counts at once while nobody has delegated, else after one and
        a half unbonding periods, in which delegators can leave.
    """
    stake_token._check_amount(_amount)
    pool: pools.Pool = ledger._touch(msg.sender)
    leaving: uint256 = exits._open_buckets(msg.sender)[0]
    obligations._increase(
        _service,
        msg.sender,
        _amount,
        pool.active,
        pool.shares > 0 or leaving > 0,
    )


@external
def uncommit(_service: address, _amount: uint256):
    """
    @notice Take back `_amount` wei of a commitment; counts after the service's horizon.
    """
    stake_token._check_amount(_amount)
    obligations._decrease(_service, msg.sender, _amount)


@external
def unjail():
    """
    @notice Take delegations and commit again, JAIL_EPOCHS after the last slash and with the bond refilled.
    """
    bond: ledger.Bond = ledger._bond(msg.sender)
    assert bond.jailed > 0, "hub: not jailed"
    assert ledger._epoch() >= bond.jailed, "hub: still jailed"
    self._check_serving(bond)
    bond.jailed = 0
    ledger._store_bond(msg.sender, bond)
    log IStakingHub.Unjailed(operator=msg.sender)


@external
def settle_commitment(_service: address, _operator: address):
    """
    @notice Free what a decrease of a commitment no longer needs, so that it dilutes no other one.
    """
    obligations._store(_service, _operator, obligations._settled(_service, _operator))


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
    assert _commission_bps <= ledger.BPS, "hub: commission too high"


@internal
@view
def _check_serving(_bond: ledger.Bond):
    assert _bond.active >= MIN_BOND, "hub: bond below minimum"
