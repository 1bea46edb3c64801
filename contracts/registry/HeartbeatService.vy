# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title HeartbeatService
@license MIT
@notice A false heartbeat costs its operator coins. An operator binds itself to an environment: until a date, what its
    nodes sign about it is true. Whoever shows a heartbeat of another digest than the promoted one's, or two heartbeats
    of one promotion that contradict each other, ends the binding: the environment's restitution address and the prover
    are paid from the operator's lock.
@dev A binding is one promise in the sense of `IService` and reserves the same amount for everybody: (restitution +
    prover's reward) x 5/4 and a penalty. It ends at its first slash, so one reserve is enough. A heartbeat counts if
    its time lies in the binding and has come; the next binding begins a second later than the slash, so no heartbeat
    is paid for twice.
@custom:security Missing heartbeats are shown by nodes and never slashed. An honest operator signs only digests that it
    recomputed, of promotions that are final: after a reorganisation a number may stand for another artefact. It answers
    for the keys that it named. The environment's owner says, with notice, who is paid. Provers commit one block before
    they show a heartbeat, else their evidence would be copied.
@custom:kill The timelock removes the service from the hub: then nobody binds any more, anybody may end a binding, and
    reports are paid until the horizon has passed.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IEnvironments
from ..interfaces import IHeartbeatService
from ..interfaces import IProvenanceRegistry
from ..interfaces import IService
from ..interfaces import IStakingHub

implements: IService
implements: IHeartbeatService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import hotkeys
from ..lib import signatures
from ..lib import token_transfers

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: hotkeys[eip712 := eip712, signatures := signatures]

exports: (
    eip712.eip712Domain,
    hotkeys.register_key,
    hotkeys.retire_key,
    hotkeys.key,
    hotkeys.operator_of,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest time from an act of the operator to the last second of a binding, seconds.
LONGEST: constant(uint256) = 180 * 86_400

# A prover's reward and the penalty are one in so many of the restitution.
PROVER_PART: constant(uint256) = 10
PENALTY_PART: constant(uint256) = 10

# A binding's word: since from bit 0 (40), last (40), until (40), whether it is reserved (8).
LAST_AT: constant(uint256) = 40
UNTIL_AT: constant(uint256) = 80
RESERVED_AT: constant(uint256) = 120
U40: constant(uint256) = 2**40 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin at stake, the hub, and where promotions are.
token: public(immutable(IERC20))
hub: public(immutable(IStakingHub))
environments: public(immutable(IEnvironments))

# Seconds from a binding's last second to the last report.
evidence_window: public(immutable(uint256))

# Wei that the environment's restitution address gets for a false heartbeat.
restitution: public(immutable(uint256))

# Wei that a false heartbeat takes: damages, of which the hub credits at least restitution and reward, and the penalty.
damages: public(immutable(uint256))
penalty: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# operator -> environment -> its word.
_bindings: HashMap[address, HashMap[bytes32, uint256]]

# operator -> wei of its lock that bindings need.
_reserves: HashMap[address, uint256]

# operator -> epoch in which the hub was last reported to.
_reported: HashMap[address, uint256]

# hash of (evidence, prover) -> block in which it was committed.
_commitments: HashMap[bytes32, uint256]

# account -> wei to be paid.
credits: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _environments: address, _restitution: uint256, _evidence_window: uint256):
    """
    @param _restitution Wei that the environment's restitution address gets for a false heartbeat.
    @param _evidence_window Seconds from a binding's last second to the last report.
    """
    assert _restitution >= PENALTY_PART, "heartbeats: bad restitution"
    assert _hub.is_contract and _environments.is_contract, "heartbeats: no contract"
    token = IERC20(_token)
    hub = IStakingHub(_hub)
    environments = IEnvironments(_environments)
    restitution = _restitution
    evidence_window = _evidence_window
    # Five quarters, rounded up: the hub credits four fifths.
    damages = ((_restitution + _restitution // PROVER_PART) * 5 + 3) // 4
    penalty = _restitution // PENALTY_PART
    eip712.__init__("Keifu Heartbeats", "1")


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def bind(_environment: bytes32, _last: uint256):
    """
    @notice Promise that what the caller's nodes sign about an environment is true until `_last`, or prolong the promise.
    @param _last Unix seconds, at most `LONGEST` from now.
    """
    assert block.timestamp < _last and _last <= block.timestamp + LONGEST, "heartbeats: bad last day"
    assert staticcall hub.listed(self), "heartbeats: service not listed"
    assert staticcall environments.restitution_of(_environment) != empty(address), "heartbeats: no such environment"
    word: uint256 = self._bindings[msg.sender][_environment]
    since: uint256 = word & U40
    if word >> RESERVED_AT == 0:
        # A slash of this second has been paid from the binding before.
        since = block.timestamp + 1
        reserved: uint256 = self._reserves[msg.sender] + damages + penalty
        assert reserved <= staticcall hub.lock_of(self, msg.sender), "heartbeats: lock too small"
        self._reserves[msg.sender] = reserved
    else:
        assert _last >= (word >> LAST_AT) & U40, "heartbeats: last day is earlier"
    self._bindings[msg.sender][_environment] = self._word(since, _last)
    log IHeartbeatService.Bound(operator=msg.sender, environment=_environment, since=since, last=_last)
    epoch: uint256 = staticcall hub.epoch()
    if self._reported[msg.sender] != epoch:
        self._tell(msg.sender, epoch)


@external
def unlock(_amount: uint256, _due: DynArray[bytes32, 16]):
    """
    @notice Free `_amount` wei of the caller's lock, after settling its bindings to the environments in `_due`.
    """
    for environment: bytes32 in _due:
        self._settle(msg.sender, environment)
    extcall hub.unlock(msg.sender, _amount, self._reserves[msg.sender])


# ############################################################## #
#                 RESTITUTION ADDRESS'S FUNCTIONS                #
# ############################################################## #

@external
def release(_operator: address, _environment: bytes32):
    """
    @notice Free a binding's reserve at once: the caller, who would be paid, has nothing to claim.
    """
    assert msg.sender == staticcall environments.restitution_of(_environment), "heartbeats: not the one to be paid"
    self._free(_operator, _environment)
    log IHeartbeatService.Settled(operator=_operator, environment=_environment)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def end(_operator: address, _environment: bytes32):
    """
    @notice End one's binding early; anybody's once the service is removed. The evidence window begins now.
    """
    assert msg.sender == _operator or not staticcall hub.listed(self), "heartbeats: not the operator"
    word: uint256 = self._reserved_binding(_operator, _environment)
    assert block.timestamp < (word >> LAST_AT) & U40, "heartbeats: binding has ended"
    self._bindings[_operator][_environment] = self._word(word & U40, block.timestamp)
    log IHeartbeatService.Ended(operator=_operator, environment=_environment, until=block.timestamp + evidence_window)


@external
def settle(_operator: address, _environment: bytes32):
    """
    @notice Free the reserve of a binding whose evidence window is over.
    """
    self._settle(_operator, _environment)


@external
def tell_hub(_operator: address) -> uint256:
    """
    @notice Tell the hub what the operator's bindings need: that much of its lock earns.
    """
    return self._tell(_operator, staticcall hub.epoch())


@external
def commit(_evidence: bytes32):
    """
    @notice Say that the caller knows a false heartbeat, without showing it: `evidence_of` it and the caller.
    """
    if self._commitments[_evidence] == 0:
        self._commitments[_evidence] = block.number


@external
def report(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65], _record: IProvenanceRegistry.Record):
    """
    @notice Show a heartbeat of another digest than the promoted one's, committed in an earlier block.
    @param _record The record of the artefact at that promotion, as registered.
    """
    self._check_committed(_heartbeat, _signature)
    operator: address = self._answering(_heartbeat)
    assert staticcall environments.is_heartbeat_false(
        _heartbeat, _signature, _record
    ), "heartbeats: heartbeat is not false"
    self._take(operator, _heartbeat)


@external
def report_contradiction(
    _first: IEnvironments.Heartbeat,
    _first_signature: Bytes[65],
    _second: IEnvironments.Heartbeat,
    _second_signature: Bytes[65],
):
    """
    @notice Show two heartbeats of one node for one promotion with two digests; the first was committed in an earlier
        block. At most one of them is true, and neither need be of a number that was given.
    """
    self._check_committed(_first, _first_signature)
    operator: address = self._answering(_first)
    assert (
        _first.node == _second.node
        and _first.environment == _second.environment
        and _first.promotionSeq == _second.promotionSeq
        and _first.digest != _second.digest
    ), "heartbeats: no contradiction"
    assert self._answering(_second) == operator, "heartbeats: no contradiction"
    assert staticcall environments.is_heartbeat_signed(_first, _first_signature), "heartbeats: bad signature"
    assert staticcall environments.is_heartbeat_signed(_second, _second_signature), "heartbeats: bad signature"
    self._take(operator, _first)


@external
def withdraw(_receiver: address) -> uint256:
    """
    @notice Pay what the caller was credited to an address of its choice. Answers the wei paid.
    """
    assert _receiver not in [empty(address), self], "heartbeats: no receiver"
    return self._pay(msg.sender, _receiver)


@external
def pay(_account: address) -> uint256:
    """
    @notice Pay an account its credit: for contracts that cannot ask for it. Answers the wei paid.
    """
    return self._pay(_account, _account)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def terms() -> IService.Terms:
    """
    @notice What the service promises to those who use it.
    """
    return IService.Terms(
        evidence_window=evidence_window, rounds=0, court=empty(address), smallest=restitution, largest=restitution
    )


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of the operator's lock that its bindings need.
    """
    return self._reserves[_operator]


@external
@view
def binding(_operator: address, _environment: bytes32) -> IHeartbeatService.Binding:
    """
    @notice What an operator promised an environment; zeros when nothing.
    """
    word: uint256 = self._bindings[_operator][_environment]
    reserve: uint256 = 0
    if word >> RESERVED_AT > 0:
        reserve = damages + penalty
    return IHeartbeatService.Binding(
        since=word & U40, last=(word >> LAST_AT) & U40, until=(word >> UNTIL_AT) & U40, reserve=reserve
    )


@external
@view
def evidence_of(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65], _prover: address) -> bytes32:
    """
    @notice What a prover commits to before it shows a heartbeat.
    """
    return self._evidence(_heartbeat, _signature, _prover)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _word(_since: uint256, _last: uint256) -> uint256:
    """
    @dev The word of a binding that is reserved.
    """
    return _since | (_last << LAST_AT) | ((_last + evidence_window) << UNTIL_AT) | (1 << RESERVED_AT)


@internal
@view
def _reserved_binding(_operator: address, _environment: bytes32) -> uint256:
    word: uint256 = self._bindings[_operator][_environment]
    assert word >> RESERVED_AT > 0, "heartbeats: no binding"
    return word


@internal
@view
def _answering(_heartbeat: IEnvironments.Heartbeat) -> address:
    """
    @dev The operator whose binding answers for a heartbeat.
    """
    time: uint256 = convert(_heartbeat.time, uint256)
    operator: address = hotkeys._operator_of(_heartbeat.node, hotkeys.HEARTBEAT, time)
    word: uint256 = self._reserved_binding(operator, _heartbeat.environment)
    assert block.timestamp <= (word >> UNTIL_AT) & U40, "heartbeats: evidence window is over"
    assert (
        word & U40 <= time and time <= (word >> LAST_AT) & U40 and time <= block.timestamp
    ), "heartbeats: time is outside the binding"
    return operator


@internal
@view
def _check_committed(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65]):
    at_block: uint256 = self._commitments[self._evidence(_heartbeat, _signature, msg.sender)]
    assert at_block > 0 and at_block < block.number, "heartbeats: not committed"


@internal
@pure
def _evidence(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65], _prover: address) -> bytes32:
    return keccak256(abi_encode(_heartbeat, _signature, _prover))


@internal
def _tell(_operator: address, _epoch: uint256) -> uint256:
    self._reported[_operator] = _epoch
    return extcall hub.bind(_operator, self._reserves[_operator])


@internal
def _settle(_operator: address, _environment: bytes32):
    word: uint256 = self._reserved_binding(_operator, _environment)
    assert block.timestamp > (word >> UNTIL_AT) & U40, "heartbeats: still open to reports"
    self._free(_operator, _environment)
    log IHeartbeatService.Settled(operator=_operator, environment=_environment)


@internal
def _free(_operator: address, _environment: bytes32):
    """
    @dev End a binding's reserve; what it said stays readable.
    """
    word: uint256 = self._reserved_binding(_operator, _environment)
    self._bindings[_operator][_environment] = word ^ (1 << RESERVED_AT)
    self._reserves[_operator] -= damages + penalty


@internal
def _take(_operator: address, _heartbeat: IEnvironments.Heartbeat):
    """
    @dev End the binding, take its reserve, and credit restitution, then the prover, from what the hub credited. The
        coins stay at the hub until somebody is paid.
    """
    self._free(_operator, _heartbeat.environment)
    taken: uint256 = 0
    others: uint256[2] = [0, 0]
    taken, others[0], others[1] = extcall hub.slash(_operator, damages, penalty)
    paid: uint256 = min(restitution, taken * 4 // 5)
    # The wei that rounding leaves is the prover's.
    reward: uint256 = taken * 4 // 5 - paid
    to: address = staticcall environments.restitution_of(_heartbeat.environment)
    self.credits[to] += paid
    self.credits[msg.sender] += reward
    log IHeartbeatService.Reported(
        operator=_operator,
        environment=_heartbeat.environment,
        prover=msg.sender,
        node=_heartbeat.node,
        promotion_seq=convert(_heartbeat.promotionSeq, uint256),
        digest=_heartbeat.digest,
        restitution=paid,
        reward=reward,
    )


@internal
def _pay(_account: address, _receiver: address) -> uint256:
    amount: uint256 = self.credits[_account]
    assert amount > 0, "heartbeats: nothing to pay"
    self.credits[_account] = 0
    if staticcall token.balanceOf(self) < amount:
        extcall hub.collect(self, 0)
    log IHeartbeatService.Paid(account=_account, receiver=_receiver, amount=amount)
    token_transfers._push(token, _receiver, amount)
    return amount
