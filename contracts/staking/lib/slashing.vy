# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Slashing
@license MIT
@notice Takes what a service has proven an operator to owe: own bond first, then delegators, leaving ones included.
@dev Touches a fixed number of words: pool, bond, at most three buckets, commitment, totals, two credits.
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
from . import stake_token

uses: ledger
uses: exits
uses: obligations
uses: positions


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs that a slashed operator stays in jail.
JAIL_EPOCHS: public(constant(uint256)) = 2


# ############################################################## #
#                        SERVICE FUNCTIONS                       #
# ############################################################## #

@external
def slash(
    _operator: address,
    _amount: uint256,
    _victim: address,
    _prover: address,
    _evidence: bytes32,
) -> uint256:
    """
    @notice Take `_amount` wei, at most the effective commitment to the calling service. The service itself must prevent
        a second slash for one fault.
    @param _victim Gets its part of the slashed bond as a credit; zero for none.
    @param _prover The same for whoever proved the fault.
    @param _evidence Hash of the evidence.
    @return Wei taken.
    """
    return self._slash(msg.sender, _operator, _amount, _victim, _prover, _evidence)


@external
def slash_for(
    _service: address,
    _operator: address,
    _amount: uint256,
    _victim: address,
    _prover: address,
    _evidence: bytes32,
) -> uint256:
    """
    @notice The same by the arbiter that `_service` was listed with.
    """
    assert (obligations._service(_service).arbiter == msg.sender), "hub: not the arbiter"
    return self._slash(_service, _operator, _amount, _victim, _prover, _evidence)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _slash(
    _service: address,
    _operator: address,
    _amount: uint256,
    _victim: address,
    _prover: address,
    _evidence: bytes32,
) -> uint256:
    service: IStakingHub.ServiceTerms = obligations._service(_service)
    assert obligations._may_slash(service), "hub: not a slasher"
    stake_token._check_amount(_amount)
    # Stored at once, so that the rollover to this epoch stands even if nothing is taken.
    pool: pools.Pool = ledger._touch(_operator)
    bond: ledger.Bond = ledger._bond(_operator)
    leaving: uint256 = 0
    if block.timestamp < bond.unlock:
        leaving = bond.leaving
    words: uint256[exits.OPEN_BUCKETS] = empty(uint256[exits.OPEN_BUCKETS])
    tickets: uint256 = 0
    tickets, words = exits._open_buckets(_operator)
    slashable: uint256 = bond.active + leaving + pool.active + tickets
    taken: uint256 = min(_amount, obligations._effective(_service, _operator, slashable))
    if taken == 0:
        return 0
    obligations._consume(_service, _operator, taken)

    # Own bond first, its active part before its leaving part.
    from_bond: uint256 = min(taken, bond.active + leaving)
    active: uint256 = min(from_bond, bond.active)
    bond.active -= active
    bond.leaving -= from_bond - active
    bond.jailed = pool.epoch + JAIL_EPOCHS
    ledger._store_bond(_operator, bond)

    # Then delegators, in their pool and in open buckets alike.
    rest: uint256 = taken - from_bond
    residue: uint256 = 0
    if rest > 0:
        left: uint256 = 0
        left, residue = exits._slash_buckets(_operator, rest, pool.active + tickets, words)
        pool.active -= left
        active += left
        if pools._is_dust(pool.active, pool.shares):
            active += pool.active
            residue += pool.active
            pool = positions._close(_operator, pool)
    ledger.pools_of[_operator] = pools._pool_word(pool)

    to_victim: uint256 = 0
    if _victim != empty(address):
        to_victim = from_bond * service.victim // ledger.BPS
        ledger._credit(_victim, to_victim)
    to_prover: uint256 = 0
    if _prover != empty(address):
        to_prover = from_bond * service.prover // ledger.BPS
        ledger._credit(_prover, to_prover)
    ledger._change_total(0, active, taken + residue - to_victim - to_prover)
    log IStakingHub.Slashed(
        service=_service,
        operator=_operator,
        evidence=_evidence,
        from_bond=from_bond,
        from_delegators=rest + residue,
        to_victim=to_victim,
        to_prover=to_prover,
    )
    return taken
