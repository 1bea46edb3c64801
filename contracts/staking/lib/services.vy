# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Services of the staking hub
@license MIT
@notice Whose promises locks stand behind. The owner lists and removes them; how a service was listed never changes.
"""

# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...interfaces import IStakingHub


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest time from a fault to its slash that a service may have, seconds.
MAX_HORIZON: constant(uint256) = 60 * 86_400

# Most that delegators can lose of a penalty: so many times what the lock loses.
MAX_MULTIPLE: public(constant(uint256)) = 4


# Where the parts of a service's word begin, and how wide they are.
HORIZON: constant(uint256) = 2**24 - 1
MULTIPLE_AT: constant(uint256) = 24
REMOVED_AT: constant(uint256) = 32
TAKEN_AT: constant(uint256) = 72


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# service -> horizon 24 | greatest multiple 8 | removed 40 | taken 184; what they are says IStakingHub.Service.
services: HashMap[address, uint256]


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def listed(_service: address) -> bool:
    """
    @notice Whether a service may make promises.
    """
    return self._is_listed(_service)


@external
@view
def service(_service: address) -> IStakingHub.Service:
    """
    @notice How a service was listed, and what it took.
    """
    return self._service(_service)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _list(_service: address, _horizon: uint256, _max_multiple: uint256):
    assert self.services[_service] == 0, "hub: service known"
    assert 0 < _horizon and _horizon <= MAX_HORIZON, "hub: bad horizon"
    self._check_multiple(_max_multiple, MAX_MULTIPLE)
    self.services[_service] = _horizon | _max_multiple << MULTIPLE_AT
    log IStakingHub.ServiceListed(service=_service, horizon=_horizon, max_multiple=_max_multiple)


@internal
def _remove(_service: address):
    word: uint256 = self._listed(_service)
    self.services[_service] = word | block.timestamp << REMOVED_AT
    log IStakingHub.ServiceRemoved(service=_service, slashes_until=block.timestamp + (word & HORIZON))


@internal
@view
def _service(_service: address) -> IStakingHub.Service:
    word: uint256 = self.services[_service]
    return IStakingHub.Service(
        horizon=word & HORIZON,
        max_multiple=(word >> MULTIPLE_AT) & 255,
        removed=self._removed(word),
        taken=word >> TAKEN_AT,
    )


@internal
@view
def _listed(_service: address) -> uint256:
    """
    @dev The word of a service that is listed.
    """
    assert self._is_listed(_service), "hub: service not listed"
    return self.services[_service]


@internal
@view
def _is_listed(_service: address) -> bool:
    word: uint256 = self.services[_service]
    return word > 0 and self._removed(word) == 0


@internal
@view
def _is_over(_word: uint256) -> bool:
    """
    @dev Whether a service was removed at least its horizon ago: it takes nothing any more.
    """
    removed: uint256 = self._removed(_word)
    return removed > 0 and block.timestamp >= removed + (_word & HORIZON)


@internal
@pure
def _removed(_word: uint256) -> uint256:
    return (_word >> REMOVED_AT) & (2**40 - 1)


@internal
@pure
def _check_multiple(_multiple: uint256, _greatest: uint256):
    assert _multiple <= _greatest, "hub: multiple too high"
