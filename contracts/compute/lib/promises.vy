# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Promises of operators, and what they reserve
@license MIT
@notice A promise reserves its amount in the operator's lock before it holds, answers for the seconds from its first to
    its last one, and stays reserved for the evidence window after that, however it ends.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IStakingHub


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest time from an act of the operator to the last second of a promise, seconds.
LONGEST: constant(uint256) = 180 * 86_400

# A promise's word: since from bit 0 (40), last (40), whether it is reserved (8); more is the promise's own.
LAST_AT: constant(uint256) = 40
RESERVED_AT: constant(uint256) = 80
OWN_AT: constant(uint256) = 88
U40: constant(uint256) = 2**40 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

hub: public(immutable(IStakingHub))

# Seconds from a promise's last second to the last report or demand.
evidence_window: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> wei of its lock that promises need.
_reserves: HashMap[address, uint256]

# operator -> epoch in which the hub was last reported to.
_reported: HashMap[address, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _evidence_window: uint256):
    assert _hub.is_contract, "compute: hub is no contract"
    hub = IStakingHub(_hub)
    evidence_window = _evidence_window


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def bind(_operator: address) -> uint256:
    """
    @notice Tell the hub what the operator's promises need: that much of its lock earns.
    """
    return self._bind(_operator, staticcall hub.epoch())


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of the operator's lock that its promises need.
    """
    return self._reserves[_operator]


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _check_new(_last: uint256):
    """
    @dev Something may be promised until `_last`.
    """
    assert block.timestamp < _last and _last <= block.timestamp + LONGEST, "compute: bad last day"
    assert staticcall hub.listed(self), "compute: market not listed"


@internal
def _reserve(_operator: address, _amount: uint256):
    reserved: uint256 = self._reserves[_operator] + _amount
    assert reserved <= staticcall hub.lock_of(self, _operator), "compute: lock too small"
    self._reserves[_operator] = reserved


@internal
def _bind_once(_operator: address):
    """
    @dev The first promise of an epoch binds what all of them need.
    """
    epoch: uint256 = staticcall hub.epoch()
    if self._reported[_operator] != epoch:
        self._bind(_operator, epoch)


@internal
def _bind(_operator: address, _epoch: uint256) -> uint256:
    self._reported[_operator] = _epoch
    return extcall hub.bind(_operator, self._reserves[_operator])


@internal
def _slash(_operator: address, _damages: uint256, _penalty: uint256) -> uint256:
    """
    @dev Take what was reserved; answers the wei that arrived, four fifths of the damages.
    """
    extcall hub.slash(_operator, _damages, _penalty)
    return extcall hub.collect(self, 0)


@internal
@pure
def _damages(_paid: uint256) -> uint256:
    """
    @dev Damages of which the hub credits `_paid`: five quarters, rounded up.
    """
    return (_paid * 5 + 3) // 4


@internal
@pure
def _word(_since: uint256, _last: uint256) -> uint256:
    """
    @dev Of a promise that is reserved.
    """
    return _since | (_last << LAST_AT) | (1 << RESERVED_AT)


@internal
@pure
def _is_reserved(_word: uint256) -> bool:
    return (_word >> RESERVED_AT) & 1 == 1


@internal
@pure
def _since(_word: uint256) -> uint256:
    return _word & U40


@internal
@pure
def _last(_word: uint256) -> uint256:
    return (_word >> LAST_AT) & U40


@internal
@view
def _until(_word: uint256) -> uint256:
    """
    @dev Last second of the evidence window; 0 for what was never promised.
    """
    return 0 if _word == 0 else self._last(_word) + evidence_window


@internal
@view
def _is_open(_word: uint256) -> bool:
    """
    @dev Whether a claim may still take the promise's reserve.
    """
    return self._is_reserved(_word) and block.timestamp <= self._until(_word)


@internal
@view
def _answers(_word: uint256, _time: uint256) -> bool:
    """
    @dev Whether the promise answers for a statement of `_time`.
    """
    return self._is_open(_word) and self._since(_word) <= _time and _time <= self._last(_word)


@internal
def _free(_operator: address, _word: uint256, _amount: uint256) -> uint256:
    """
    @dev End a promise's reserve of `_amount` wei; answers its word, which stays readable.
    """
    self._reserves[_operator] -= _amount
    return _word ^ (1 << RESERVED_AT)


@internal
@view
def _check_over(_word: uint256):
    assert block.timestamp > self._until(_word), "compute: still open to claims"
