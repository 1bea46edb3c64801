# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title What an operator promises about answers that are judged by re-execution
@license MIT
@notice Model, tolerance, panel and amounts are fixed when a promise is accepted, before the first receipt. It reserves
    what its client gets back after a conviction, pays once, and then is over.
"""

# ############################################################## #
#                          INTERFACES                          #
# ############################################################## #

from ...interfaces import IChannels
from ...interfaces import IReExecution


# ############################################################## #
#                           MODULES                            #
# ############################################################## #

from ...lib import clauses
from ...lib import payouts
from ...lib import token_transfers
from . import executors
from . import promises

uses: clauses
uses: executors
uses: payouts
uses: promises


# ############################################################## #
#                          CONSTANTS                           #
# ############################################################## #

# Restitution of one promise, wei: what the court takes, and still takes when it scales its coin by two. Fee of a seat,
# wei.
SMALLEST: constant(uint256) = 800 * 10**18
LARGEST: constant(uint256) = 20_000 * 10**18
LEAST_FEE: constant(uint256) = 10**18
MAX_FEE: constant(uint256) = 100 * 10**18
PENALTY_PART: constant(uint256) = 10

# Seconds for which an offer stands.
OFFER_PERIOD: constant(uint256) = 3 * 86_400

# Seats of a panel, at least.
LEAST_PANEL: constant(uint256) = 3


# ############################################################## #
#                          IMMUTABLES                          #
# ############################################################## #

# Where payers pay.
channels: public(immutable(IChannels))

# Seconds from a promise's last second to the last demand: its accusation still falls into the evidence window.
opening_window: public(immutable(uint256))


# ############################################################## #
#                           STORAGE                            #
# ############################################################## #

# promise -> what it says; and how many there are. Numbers start at 1.
_promises: HashMap[uint256, IReExecution.Promise]
promise_count: public(uint256)


# ############################################################## #
#                         CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_channels: address, _opening_window: uint256):
    channels = IChannels(_channels)
    opening_window = _opening_window


# ############################################################## #
#                      OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def offer(_config: IChannels.ChannelConfig, _terms: IReExecution.Terms) -> uint256:
    """
    @notice Offer the payer of a channel that answers of a model are within a tolerance of what it makes.
    @return The promise's number.
    """
    assert _config.payer not in [empty(address), msg.sender], "reexecution: no client"
    assert (
        _terms.digest != empty(bytes32)
        and _terms.tolerance != empty(bytes32)
        and SMALLEST <= _terms.restitution
        and _terms.restitution <= LARGEST
        and LEAST_PANEL <= _terms.panel
        and _terms.panel <= executors.MAX_PANEL
        and _terms.needed <= _terms.panel
        and _terms.panel < 2 * _terms.needed
        and LEAST_FEE <= _terms.fee
        and _terms.fee <= MAX_FEE
    ), "reexecution: bad terms"
    number: uint256 = self.promise_count + 1
    self.promise_count = number
    self._promises[number].operator = msg.sender
    self._promises[number].client = _config.payer
    self._promises[number].channel = staticcall channels.getChannelId(_config)
    self._promises[number].terms = _terms
    self._promises[number].until = block.timestamp + OFFER_PERIOD
    log IReExecution.Offered(promise=number, operator=msg.sender, client=_config.payer, terms=_terms)
    return number


# ############################################################## #
#                       CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def accept(_promise: uint256, _least: uint256):
    """
    @notice Pay the price of an offer made to the caller. From the next second on it holds, and its reserve is taken.
    @param _least Mature slots of other people that the pool must have; the size of a panel at least.
    """
    promise: IReExecution.Promise = self._of_caller(_promise)
    assert promise.since == 0 and block.timestamp <= promise.until, "reexecution: no offer"
    promises._check_new(promise.terms.last)
    mature: uint256 = executors._mature(self._pool_of(_promise), [promise.operator, promise.client])
    assert mature >= max(_least, promise.terms.panel), "reexecution: pool too small"
    assert clauses._see(), "reexecution: court opens no case"
    reserve: uint256 = self._needed(promise.terms)
    promises._reserve(promise.operator, reserve)
    self._promises[_promise].since = block.timestamp + 1
    self._promises[_promise].until = clauses._begin(_promise, promise.terms.last + opening_window)
    self._promises[_promise].reserve = reserve
    log IReExecution.Accepted(promise=_promise, since=block.timestamp + 1, reserve=reserve)
    if promise.terms.price > 0:
        token_transfers._pull(payouts.token, promise.terms.price)
        extcall promises.hub.reward(promise.operator, promise.terms.price)
    promises._bind_once(promise.operator)


@external
def release(_promise: uint256):
    """
    @notice Free a promise's reserve at once: the caller, its client, has nothing to claim.
    """
    self._of_caller(_promise)
    self._free(_promise)


# ############################################################## #
#                   PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def settle(_promise: uint256):
    """
    @notice Free the reserve of a promise whose window is over.
    """
    self._settle(_promise)


# ############################################################## #
#                            VIEWS                             #
# ############################################################## #

@external
@view
def promise(_promise: uint256) -> IReExecution.Promise:
    """
    @notice What a promise says and where it stands; its window includes the time that it has stood still.
    """
    promise: IReExecution.Promise = self._of(_promise)
    promise.until = clauses._until(_promise, promise.until)
    return promise


# ############################################################## #
#                           INTERNAL                           #
# ############################################################## #

@internal
@view
def _of(_promise: uint256) -> IReExecution.Promise:
    return self._promises[_promise]


@internal
@view
def _of_caller(_promise: uint256) -> IReExecution.Promise:
    """
    @dev A promise whose client calls.
    """
    promise: IReExecution.Promise = self._of(_promise)
    assert msg.sender == promise.client, "reexecution: not the client"
    return promise


@internal
@view
def _check_idle(_promise: uint256, _since: uint256):
    """
    @dev A promise holds, its window reaches to `_since`, and nobody has a demand open.
    """
    promise: IReExecution.Promise = self._of(_promise)
    assert (promise.reserve > 0 and _since <= clauses._until(_promise, promise.until)), "reexecution: promise is over"
    assert promise.demand == 0, "reexecution: demand is open"


@internal
@view
def _pool_of(_promise: uint256) -> bytes32:
    """
    @dev Who judges: a pool is of one model, one rule and one pay.
    """
    terms: IReExecution.Terms = self._promises[_promise].terms
    return keccak256(abi_encode(terms.digest, terms.tolerance, terms.fee))


@internal
@view
def _needed(_terms: IReExecution.Terms) -> uint256:
    """
    @dev Wei that a promise reserves: what the client gets back after a conviction, a fee more of each member that found
        the difference, and the penalty.
    """
    costs: uint256 = staticcall clauses.court.most_costs(_terms.restitution)
    paid: uint256 = _terms.restitution + 2 * _terms.panel * _terms.fee + costs
    return promises._damages(paid) + _terms.restitution // PENALTY_PART


@internal
def _settle(_promise: uint256):
    clauses._see()
    until: uint256 = clauses._until(_promise, self._promises[_promise].until)
    assert block.timestamp > until, "reexecution: still open to demands"
    self._free(_promise)


@internal
def _free(_promise: uint256):
    """
    @dev End a promise's reserve.
    """
    promise: IReExecution.Promise = self._of(_promise)
    self._check_idle(_promise, 0)
    promises._reserves[promise.operator] -= promise.reserve
    self._promises[_promise].reserve = 0
    log IReExecution.Freed(promise=_promise, reserve=promise.reserve)


@internal
def _prolong(_promise: uint256, _is_void: bool):
    """
    @dev Nothing was judged: it may be shown again for as long as after the last day. After void cases always, else once.
    """
    until: uint256 = block.timestamp + opening_window
    if until > clauses._until(_promise, self._promises[_promise].until) and (
        _is_void or not self._promises[_promise].prolonged
    ):
        self._promises[_promise].until = clauses._begin(_promise, until)
        if not _is_void:
            self._promises[_promise].prolonged = True


@internal
def _take(_promise: uint256, _demand: uint256, _costs: uint256, _rewards: uint256) -> uint256:
    """
    @dev Take a broken promise's own reserve, end it, and credit its client what arrived without `_rewards`: restitution,
        the panel's fees and the costs of the case.
    @return What arrived, wei; 0 after the horizon of a removed service.
    """
    promise: IReExecution.Promise = self._of(_promise)
    self._free(_promise)
    penalty: uint256 = promise.terms.restitution // PENALTY_PART
    # Its own reserve and no other's, also when the court's fees have been scaled since.
    damages: uint256 = min(promises._damages(promise.terms.restitution + _costs + _rewards), promise.reserve - penalty)
    arrived: uint256 = 0
    if executors._may_slash():
        arrived = promises._slash(promise.operator, damages, penalty)
        payouts.credits[promise.client] += arrived - _rewards
    log IReExecution.Restored(demand=_demand, client=promise.client, arrived=arrived)
    return arrived
