# pragma version 0.4.3
"""
@title Services and what operators commit to them
@license MIT
@notice A commitment is a ceiling on what one service may take from one operator. One coin backs one commitment: an
    operator cannot commit more than its stake, nor more than a multiple of its own bond, and when stake leaves, every
    commitment shrinks in proportion (`effective`).
@dev A change is scheduled: an increase waits until delegators who disagree can have left, a decrease until the service
    has ended every promise that relied on it. One change at a time, and the next one only HISTORY_EPOCHS after it took
    effect, so that one word answers what the commitment was at the start of the current or the previous epoch.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import ledger
from . import exits

uses: ledger
uses: exits


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# The most of a slashed bond that victim and prover may get together, basis points: slashing oneself always loses.
MAX_PAYOUT: constant(uint256) = 8_000

# Commitments of an operator per coin of its own bond: delegation raises capacity, not payouts.
BOND_MULTIPLE: constant(uint256) = 10

# Epochs for which an old commitment stays known.
HISTORY_EPOCHS: constant(uint256) = 2


# One word: current 96 | next 96 | since 64.
struct Commitment:
    current: uint256  # wei
    next: uint256  # wei
    since: uint256  # unix seconds from which `next` counts


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# service -> its terms in one word: arbiter 160 | horizon 32 | victim 16 | prover 16 | removed 32.
services: HashMap[address, uint256]

# service -> operator -> packed Commitment.
commitments: HashMap[address, HashMap[address, uint256]]

# operator -> wei, the larger of current and next over all its commitments.
committed: HashMap[address, uint256]


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _list(
    _service: address,
    _horizon: uint256,
    _victim: uint256,
    _prover: uint256,
    _arbiter: address,
):
    assert _service != empty(address), "hub: no service"
    assert self.services[_service] == 0, "hub: service known"
    assert _horizon > 0, "hub: no horizon"
    assert _horizon <= exits.UNBONDING, "hub: horizon beyond unbonding"
    assert _victim + _prover <= MAX_PAYOUT, "hub: payout too large"
    self.services[_service] = (convert(_arbiter, uint256) | _horizon << 160 | _victim << 192 | _prover << 208)
    log IStakingHub.ServiceListed(
        service=_service,
        horizon=_horizon,
        victim_bps=_victim,
        prover_bps=_prover,
        arbiter=_arbiter,
    )


@internal
def _remove(_service: address):
    service: IStakingHub.ServiceTerms = self._listed(_service)
    self.services[_service] |= block.timestamp << 224
    log IStakingHub.ServiceRemoved(service=_service, slashes_until=block.timestamp + service.horizon)


@internal
@view
def _service(_service: address) -> IStakingHub.ServiceTerms:
    word: uint256 = self.services[_service]
    return IStakingHub.ServiceTerms(
        arbiter=convert(word & convert(max_value(uint160), uint256), address),
        horizon=(word >> 160) & (2**32 - 1),
        victim=(word >> 192) & (2**16 - 1),
        prover=(word >> 208) & (2**16 - 1),
        removed=word >> 224,
    )


@internal
@view
def _known(_service: address) -> IStakingHub.ServiceTerms:
    service: IStakingHub.ServiceTerms = self._service(_service)
    assert service.horizon > 0, "hub: unknown service"
    return service


@internal
@view
def _listed(_service: address) -> IStakingHub.ServiceTerms:
    service: IStakingHub.ServiceTerms = self._known(_service)
    assert service.removed == 0, "hub: service removed"
    return service


@internal
@view
def _may_slash(_service: IStakingHub.ServiceTerms) -> bool:
    return _service.horizon > 0 and (_service.removed == 0 or block.timestamp <= _service.removed + _service.horizon)


@internal
def _increase(
    _service: address,
    _operator: address,
    _amount: uint256,
    _delegated: uint256,
    _warn: bool,
):
    self._listed(_service)
    commitment: Commitment = self._settled(_service, _operator)
    sum: uint256 = self.committed[_operator] + _amount
    bond: ledger.Bond = ledger._bond(_operator)
    ledger._check_free(bond)
    assert sum <= bond.active + _delegated, "hub: more than the stake"
    assert sum <= BOND_MULTIPLE * bond.active, "hub: more than the bond allows"
    commitment.next += _amount
    commitment.since = block.timestamp
    # Long enough to leave: a ticket takes up to one and a half unbonding periods. Without delegators there is nobody to
    # warn.
    if _warn:
        commitment.since += exits.UNBONDING + exits.UNBONDING // 2
    self.committed[_operator] = sum
    self._schedule(_service, _operator, commitment)


@internal
def _decrease(_service: address, _operator: address, _amount: uint256):
    service: IStakingHub.ServiceTerms = self._known(_service)
    commitment: Commitment = self._settled(_service, _operator)
    assert _amount <= commitment.next, "hub: more than committed"
    commitment.next -= _amount
    commitment.since = block.timestamp + service.horizon
    self._schedule(_service, _operator, commitment)


@internal
def _settled(_service: address, _operator: address) -> Commitment:
    """
    @dev The commitment with its last change behind it; frees what a decrease no longer needs. The caller stores it.
    """
    commitment: Commitment = self._commitment(_service, _operator)
    if commitment.since > 0:
        assert (block.timestamp >= commitment.since + HISTORY_EPOCHS * ledger.EPOCH_LENGTH), "hub: change pending"
    if commitment.current > commitment.next:
        self.committed[_operator] -= commitment.current - commitment.next
    commitment.current = commitment.next
    return commitment


@internal
def _consume(_service: address, _operator: address, _taken: uint256):
    """
    @dev A slash uses up the commitment that it was taken from: no coin is taken twice for one promise.
    """
    commitment: Commitment = self._commitment(_service, _operator)
    before: uint256 = max(commitment.current, commitment.next)
    commitment.current -= min(commitment.current, _taken)
    commitment.next -= min(commitment.next, _taken)
    self.committed[_operator] -= before - max(commitment.current, commitment.next)
    self._store(_service, _operator, commitment)


@internal
def _schedule(_service: address, _operator: address, _commitment: Commitment):
    self._store(_service, _operator, _commitment)
    log IStakingHub.CommitmentChanged(
        service=_service,
        operator=_operator,
        current=_commitment.current,
        next=_commitment.next,
        since=_commitment.since,
    )


@internal
def _store(_service: address, _operator: address, _commitment: Commitment):
    self.commitments[_service][_operator] = (_commitment.current | _commitment.next << 96 | _commitment.since << 192)


@internal
@view
def _commitment(_service: address, _operator: address) -> Commitment:
    word: uint256 = self.commitments[_service][_operator]
    return Commitment(
        current=word & pools.MAX_AMOUNT,
        next=(word >> 96) & pools.MAX_AMOUNT,
        since=word >> 192,
    )


@internal
@view
def _committed_at(_service: address, _operator: address, _time: uint256) -> uint256:
    commitment: Commitment = self._commitment(_service, _operator)
    if _time >= commitment.since:
        return commitment.next
    return commitment.current


@internal
@view
def _effective(_service: address, _operator: address, _slashable: uint256) -> uint256:
    """
    @dev The part of `_slashable` wei that backs the commitment to this service now.
    """
    committed: uint256 = self._committed_at(_service, _operator, block.timestamp)
    sum: uint256 = self.committed[_operator]
    if sum <= _slashable:
        return committed
    return committed * _slashable // sum
