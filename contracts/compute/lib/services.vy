# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Services: promises about an environment
@license MIT
@notice An operator promises until a date that its receipts about an environment are true, says where clients find it and
    what it costs. Every service reserves the same: a prover's reward and a penalty.
@dev A new service begins a second later than the slash of the one before, so no receipt is paid for twice.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IComputeMarket
from ...interfaces import IHeartbeatService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import offers
from . import promises

uses: promises
initializes: offers


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where operators bind themselves to environments.
heartbeats: public(immutable(IHeartbeatService))

# Wei that the prover of a service's false receipt gets, and as many of penalty.
reward: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> environment -> the service's word.
_services: HashMap[address, HashMap[bytes32, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_heartbeats: address, _reward: uint256):
    """
    @param _reward Wei for the prover of a service's false receipt, and as many of penalty.
    """
    assert _heartbeats.is_contract, "compute: heartbeats is no contract"
    assert _reward > 0, "compute: no reward"
    heartbeats = IHeartbeatService(_heartbeats)
    reward = _reward


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def serve(_environment: bytes32, _offer: IComputeMarket.Offer, _endpoint: String[256], _last: uint256):
    """
    @notice Promise that the caller's receipts about an environment are true until `_last`, or prolong the promise.
    @param _environment Zero for a service that is bound to none; else heartbeats bind the caller as long.
    @param _offer What it costs; another offer than the last one counts after notice.
    @param _endpoint Where clients find it.
    @param _last Unix seconds, at most `LONGEST` from now.
    """
    promises._check_new(_last)
    assert len(_endpoint) > 0, "compute: no endpoint"
    if _environment != empty(bytes32):
        binding: IHeartbeatService.Binding = staticcall heartbeats.binding(msg.sender, _environment)
        assert binding.reserve > 0 and _last <= binding.last, "compute: not bound by heartbeats"
    word: uint256 = self._services[msg.sender][_environment]
    since: uint256 = promises._since(word)
    if promises._is_reserved(word):
        assert _last >= promises._last(word), "compute: last day is earlier"
    else:
        since = block.timestamp + 1
        promises._reserve(msg.sender, self._needed())
    offers._set(msg.sender, _environment, _offer, not promises._is_reserved(word))
    self._services[msg.sender][_environment] = promises._word(since, _last)
    log IComputeMarket.Served(
        operator=msg.sender, environment=_environment, since=since, last=_last, endpoint=_endpoint
    )
    promises._bind_once(msg.sender)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def end(_operator: address, _environment: bytes32):
    """
    @notice End one's service early; anybody's once the market is removed. The evidence window begins now.
    """
    assert msg.sender == _operator or not staticcall promises.hub.listed(self), "compute: not the operator"
    word: uint256 = self._reserved_word(_operator, _environment)
    assert block.timestamp < promises._last(word), "compute: service has ended"
    word = promises._word(promises._since(word), block.timestamp)
    self._services[_operator][_environment] = word
    log IComputeMarket.Ended(operator=_operator, environment=_environment, until=promises._until(word))


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def service(_operator: address, _environment: bytes32) -> IComputeMarket.Service:
    """
    @notice What an operator promised about an environment; zeros when nothing.
    """
    word: uint256 = self._services[_operator][_environment]
    return IComputeMarket.Service(
        since=promises._since(word),
        last=promises._last(word),
        until=promises._until(word),
        reserve=self._needed() if promises._is_reserved(word) else 0,
    )


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _needed() -> uint256:
    """
    @dev Wei that a service reserves.
    """
    return promises._damages(reward) + reward


@internal
@view
def _reserved_word(_operator: address, _environment: bytes32) -> uint256:
    word: uint256 = self._services[_operator][_environment]
    assert promises._is_reserved(word), "compute: no service"
    return word


@internal
def _settle(_operator: address, _environment: bytes32):
    promises._check_over(self._reserved_word(_operator, _environment))
    self._free(_operator, _environment)
    log IComputeMarket.Settled(operator=_operator, environment=_environment)


@internal
def _free(_operator: address, _environment: bytes32):
    word: uint256 = self._services[_operator][_environment]
    self._services[_operator][_environment] = promises._free(_operator, word, self._needed())


@internal
def _take(_operator: address, _environment: bytes32, _time: uint256) -> (uint256, uint256):
    """
    @dev End a service that answers for a receipt of `_time`.
    @return Damages and penalty to take; zeros when none answers.
    """
    if not promises._answers(self._services[_operator][_environment], _time):
        return 0, 0
    self._free(_operator, _environment)
    return promises._damages(reward), reward
