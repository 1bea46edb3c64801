# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Own coins behind services
@license MIT
@notice A lock is one number for a service and an operator; only the service unlocks it or takes from it. `bound` is the
    part of it that promises need, as the service says: it earns. The multiple is how often delegators stand for a
    penalty taken from the lock, and how much delegation it carries.
@dev Slashes use the multiple that counts by date. What earns uses the smaller one: a lowering counts for it at once, a
    raise when somebody pokes it after its date, so that nothing earns for a risk that it does not bear.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub
from ...lib import pools
from . import coins
from . import epochs
from . import exits
from . import operators
from . import services

uses: coins
uses: epochs
uses: exits
uses: operators
uses: services


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Width of a multiple, and where an announced lowering stands, bits. A change is a multiple 3 | epoch from which it counts
# 24.
MULTIPLE_BITS: constant(uint256) = 3
LOWERING: constant(uint256) = 30

# All bits of a multiple and of a change.
MULTIPLE: constant(uint256) = 2**3 - 1
CHANGE: constant(uint256) = 2**27 - 1


# One word: amount 96 | bound 96 | multiples 57.
struct Lock:
    amount: uint256  # wei
    bound: uint256  # wei of it that promises need, as the service says
    multiples: uint256  # of the last settling 3 | announced raise 27 | announced lowering 27; a change of 0 is none


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# service -> operator -> packed Lock.
locks: HashMap[address, HashMap[address, uint256]]


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def set_multiple(_service: address, _multiple: uint256):
    """
    @notice Say how often the caller's delegators stand for a penalty of `_service`. A raise counts two unbonding periods
        later, a lowering after the service's horizon; both from an epoch's start. A lowering withdraws a raise that does
        not count yet; withdrawing a lowering is a raise. A lowering keeps its date: below it, ask again once it counts.
    """
    service: uint256 = services._listed(_service)
    services._check_multiple(_multiple, (service >> services.MULTIPLE_AT) & 255)
    operators._open(msg.sender)
    lock: Lock = self._lock(_service, msg.sender)
    earned: uint256 = self._earning(lock.multiples)
    multiples: uint256 = self._settled(lock.multiples, epochs._epoch())
    now: uint256 = self._earning(multiples)
    # Without the raise that was announced before.
    multiple: uint256 = multiples & MULTIPLE
    lowering: uint256 = multiples >> LOWERING
    raising: uint256 = 0
    epoch: uint256 = 0
    if _multiple > now:
        epoch = epochs._epoch_after(2 * exits.UNBONDING)
        raising = _multiple | epoch << MULTIPLE_BITS
    elif _multiple < now:
        assert lowering == 0, "hub: a lowering waits"
        epoch = epochs._epoch_after(service & services.HORIZON)
        lowering = _multiple | epoch << MULTIPLE_BITS
    lock.multiples = multiple | raising << MULTIPLE_BITS | lowering << LOWERING
    log IStakingHub.MultipleChanged(service=_service, operator=msg.sender, multiple=_multiple, epoch=epoch)
    self._change(_service, msg.sender, lock, lock.bound, earned)


@external
def take_back(_service: address) -> uint256:
    """
    @notice Free the caller's lock behind a service that was removed at least its horizon ago.
    @return Wei that were credited to the caller.
    """
    assert services._is_over(services.services[_service]), "hub: service may still slash"
    lock: Lock = self._lock(_service, msg.sender)
    amount: uint256 = lock.amount
    self._unlock(_service, msg.sender, lock, amount, 0)
    return amount


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def lock(_service: address, _operator: address, _amount: uint256):
    """
    @notice Put `_amount` wei of the caller's coins behind the operator's promises at `_service`. They are the
        operator's from now on, and count at once.
    """
    coins._check_amount(_amount)
    services._listed(_service)
    operators._pool(_operator)
    word: uint256 = self.locks[_service][_operator]
    pools._check_amount((word & pools.MAX_AMOUNT) + _amount)
    self.locks[_service][_operator] = word + _amount
    log IStakingHub.Locked(service=_service, operator=_operator, payer=msg.sender, amount=_amount)
    coins._pull(_amount)


@external
def poke(_operator: address, _service: address):
    """
    @notice Do an operator's epoch rollover, if it is due. At `_service`, if not zero, let a raise of the multiple that
        counts by now earn, and unbind what a removed service bound.
    """
    operators._open(_operator)
    lock: Lock = self._lock(_service, _operator)
    if services._is_listed(_service):
        earned: uint256 = self._earning(lock.multiples)
        lock.multiples = self._settled(lock.multiples, epochs._epoch())
        self._change(_service, _operator, lock, lock.bound, earned)
    elif lock.bound > 0:
        self._rebind(_service, _operator, lock, 0)


# ############################################################## #
#                        SERVICE FUNCTIONS                       #
# ############################################################## #

@external
def bind(_operator: address, _amount: uint256) -> uint256:
    """
    @notice Say how much of the operator's lock behind the caller open promises need. It earns from the next epoch's
        start, for whole epochs.
    @return Wei that are bound: at most the lock, and nothing at a removed service.
    """
    operators._open(_operator)
    lock: Lock = self._lock(msg.sender, _operator)
    bound: uint256 = min(_amount, lock.amount)
    if not services._is_listed(msg.sender):
        bound = 0
    if bound != lock.bound:
        self._rebind(msg.sender, _operator, lock, bound)
    return bound


@external
def unlock(_operator: address, _amount: uint256, _bound: uint256):
    """
    @notice Credit the operator `_amount` wei of its lock behind the caller.
    @param _bound Wei that open promises need from now on, at most what stays; more than was bound changes nothing.
    """
    lock: Lock = self._lock(msg.sender, _operator)
    assert _bound <= lock.amount and _amount <= lock.amount - _bound, "hub: more than the lock"
    self._unlock(msg.sender, _operator, lock, _amount, _bound)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def lock_of(_service: address, _operator: address) -> uint256:
    """
    @notice Wei of own coins that an operator has behind a service.
    """
    return self.locks[_service][_operator] & pools.MAX_AMOUNT


@external
@view
def get_lock(_service: address, _operator: address) -> IStakingHub.Lock:
    """
    @notice The same with what is bound of it, and the multiple that counts now; none at a removed service.
    """
    lock: Lock = self._lock(_service, _operator)
    multiples: uint256 = self._settled(lock.multiples, epochs._epoch())
    if not services._is_listed(_service):
        lock.bound = 0
        multiples = 0
    raising: uint256 = (multiples >> MULTIPLE_BITS) & CHANGE
    lowering: uint256 = multiples >> LOWERING
    return IStakingHub.Lock(
        amount=lock.amount,
        bound=lock.bound,
        multiple=multiples & MULTIPLE,
        raised=raising & MULTIPLE,
        raised_from=raising >> MULTIPLE_BITS,
        lowered=lowering & MULTIPLE,
        lowered_from=lowering >> MULTIPLE_BITS,
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _unlock(_service: address, _operator: address, _lock: Lock, _amount: uint256, _bound: uint256):
    """
    @dev Credit a part of a lock. What is bound may shrink, and then the operator's epoch is rolled over.
    """
    coins._check_amount(_amount)
    coins._credit(_operator, _amount)
    log IStakingHub.Unlocked(service=_service, operator=_operator, amount=_amount)
    lock: Lock = _lock
    lock.amount -= _amount
    if _bound < lock.bound:
        operators._open(_operator)
        self._rebind(_service, _operator, lock, _bound)
    else:
        self._store(_service, _operator, lock)


@internal
def _rebind(_service: address, _operator: address, _lock: Lock, _bound: uint256):
    """
    @dev Store a lock with another bound.
    """
    log IStakingHub.Bound(service=_service, operator=_operator, amount=_bound)
    self._change(_service, _operator, _lock, _bound, self._earning(_lock.multiples))


@internal
def _change(_service: address, _operator: address, _lock: Lock, _bound: uint256, _earned: uint256):
    """
    @dev Store a lock with another bound or other multiples, by which it earned `_earned`; the operator's rollover has
        been made.
    """
    before: uint256 = operators._weight(_operator)
    operator: operators.Operator = operators._operator(_operator)
    operator.bound = operator.bound + _bound - _lock.bound
    operator.exposure = operator.exposure + _bound * self._earning(_lock.multiples) - _lock.bound * _earned
    operators._store(_operator, operator)
    self._store(_service, _operator, Lock(amount=_lock.amount, bound=_bound, multiples=_lock.multiples))
    operators._change_weight(_operator, before, pools.MAX_AMOUNT)


@internal
@pure
def _settled(_multiples: uint256, _epoch: uint256) -> uint256:
    """
    @dev Multiples after the changes that count in `_epoch`. The first of them is what a slash uses.
    """
    multiple: uint256 = _multiples & MULTIPLE
    raising: uint256 = (_multiples >> MULTIPLE_BITS) & CHANGE
    lowering: uint256 = _multiples >> LOWERING
    if lowering > 0 and _epoch >= lowering >> MULTIPLE_BITS:
        multiple = lowering & MULTIPLE
        lowering = 0
    if raising > 0 and _epoch >= raising >> MULTIPLE_BITS:
        raised: uint256 = raising & MULTIPLE
        raising = 0
        if lowering > 0 and raised < multiple:
            # A lowering that does not count yet was withdrawn in part.
            lowering = lowering - (lowering & MULTIPLE) + raised
        else:
            multiple = raised
            lowering = 0
    return multiple | raising << MULTIPLE_BITS | lowering << LOWERING


@internal
@pure
def _earning(_multiples: uint256) -> uint256:
    """
    @dev The multiple by which a lock carries delegation.
    """
    lowering: uint256 = _multiples >> LOWERING
    if lowering > 0:
        return lowering & MULTIPLE
    return _multiples & MULTIPLE


@internal
@view
def _lock(_service: address, _operator: address) -> Lock:
    word: uint256 = self.locks[_service][_operator]
    return Lock(amount=word & pools.MAX_AMOUNT, bound=(word >> 96) & pools.MAX_AMOUNT, multiples=word >> 192)


@internal
def _store(_service: address, _operator: address, _lock: Lock):
    self.locks[_service][_operator] = _lock.amount | _lock.bound << 96 | _lock.multiples << 192
