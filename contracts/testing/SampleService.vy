# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title SampleService
@license MIT
@notice A service on the staking hub, small enough to be read in one go, and the pattern for those that follow. An
    operator promises a client to keep a secret until a date. That the secret got out is proved by whoever shows it, in
    code; that the promise was broken in another way the court decides.
@dev What every service does in the same way:
    * a promise begins with an act of the operator, which names its last day and its price, and reserves before it holds:
      (restitution + prover's reward + costs of one case) x 5/4, and a penalty buffer, inside the operator's lock;
    * a claim takes the reserve of its own promise and no other's, once, and the promise is over;
    * a reserve ends with the evidence window after the promise's last second, however it ends; a case prolongs it; the
      client alone may free it earlier;
    * an unlock settles what is due and never goes below what is reserved;
    * victims, provers and accusers are credited from what really arrived from the hub;
    * a court's case is opened for the party of the promise, and its verdict is pulled, once;
    * while the court opens no case, nothing new is promised, and evidence windows stand still (`clauses`).
@custom:security The court decides clauses that code cannot. The client is whoever the operator offered to; it fixes the
    victim before there is a fault. Provers commit one block before they show a secret, else it would be copied.
@custom:kill The timelock removes the service from the hub: then nothing is accepted, every client may end at once, and
    claims are paid until the horizon has passed.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import ISampleService
from ..interfaces import IService

implements: IService
implements: ISampleService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import clauses
from ..lib import commitments
from ..lib import token_transfers

initializes: clauses
initializes: commitments

exports: (clauses.hub, clauses.court, clauses.opens, clauses.see_court, commitments.commit_proof)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Restitution of one promise, wei: what the court takes.
SMALLEST: constant(uint256) = 400 * 10**18
LARGEST: constant(uint256) = 40_000 * 10**18

# Longest promise, seconds.
LONGEST: constant(uint256) = 180 * 86_400

# A prover's reward and a promise's penalty are one in so many of the restitution.
PROVER_PART: constant(uint256) = 10
PENALTY_PART: constant(uint256) = 10

# Verdicts of the court; one more acquits.
CONVICTED: constant(uint256) = 2
VOID: constant(uint256) = 3


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin at stake.
token: public(immutable(IERC20))

# Seconds from a promise's last second to the last proof or accusation.
evidence_window: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# promise -> what it says and where it stands.
promises: HashMap[uint256, ISampleService.Promise]

# Number of promises ever offered.
promise_count: public(uint256)

# operator -> wei of its lock that open promises need.
reserves: HashMap[address, uint256]

# operator -> epoch in which the hub was last reported to.
reported: HashMap[address, uint256]

# account -> wei to withdraw.
credits: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _court: address, _evidence_window: uint256):
    """
    @param _court Decides what code cannot.
    @param _evidence_window Seconds from a promise's last second to the last accusation.
    """
    assert _court.is_contract, "sample: court is no contract"
    clauses.__init__(_hub, _court)
    token = IERC20(_token)
    evidence_window = _evidence_window


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def offer(_client: address, _restitution: uint256, _price: uint256, _last: uint256, _guarded: bytes32) -> uint256:
    """
    @notice Offer to keep the preimage of `_guarded` secret until `_last`.
    @param _restitution Wei that the client gets if it gets out.
    @param _price Wei that the client pays for the whole time; a fee of the operator and its delegators.
    @return The promise's number.
    """
    assert _client not in [empty(address), msg.sender], "sample: no client"
    assert SMALLEST <= _restitution and _restitution <= LARGEST, "sample: bad restitution"
    assert block.timestamp < _last and _last <= block.timestamp + LONGEST, "sample: bad last day"
    number: uint256 = self.promise_count
    self.promise_count = number + 1
    self.promises[number] = ISampleService.Promise(
        operator=msg.sender,
        client=_client,
        restitution=_restitution,
        price=_price,
        guarded=_guarded,
        last=_last,
        until=0,
        reserve=0,
        case_id=0,
        accusations=0,
    )
    log ISampleService.Offered(
        promise=number, operator=msg.sender, client=_client, restitution=_restitution, last=_last, price=_price
    )
    return number


@external
def unlock(_amount: uint256, _due: DynArray[uint256, 16]):
    """
    @notice Free `_amount` wei of the caller's lock, after settling the promises in `_due`.
    """
    for number: uint256 in _due:
        self._settle(number)
    extcall clauses.hub.unlock(msg.sender, _amount, self.reserves[msg.sender])


@external
def concede(_promise: uint256):
    """
    @notice Admit what the operator is accused of: the case ends without a jury.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    assert msg.sender == promise.operator, "sample: not the operator"
    assert promise.case_id > 0, "sample: no case"
    extcall clauses.court.concede(promise.case_id - 1)


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def accept(_promise: uint256):
    """
    @notice Pay the price of an offer made to the caller. From now on the promise holds and is reserved.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    assert msg.sender == promise.client, "sample: not the client"
    assert promise.until == 0, "sample: accepted"
    assert block.timestamp < promise.last, "sample: offer is over"
    assert staticcall clauses.hub.listed(self), "sample: service not listed"
    assert clauses._see(), "sample: court opens no case"
    promise.until = clauses._begin(_promise, promise.last + evidence_window)
    promise.reserve = self._needed(promise.restitution)
    reserved: uint256 = self.reserves[promise.operator] + promise.reserve
    assert reserved <= staticcall clauses.hub.lock_of(self, promise.operator), "sample: lock too small"
    self.reserves[promise.operator] = reserved
    self.promises[_promise] = promise
    log ISampleService.Accepted(promise=_promise, reserve=promise.reserve)
    if promise.price > 0:
        self._bring(clauses.hub.address, promise.price)
        extcall clauses.hub.reward(promise.operator, promise.price)
    epoch: uint256 = staticcall clauses.hub.epoch()
    if self.reported[promise.operator] != epoch:
        self._bind(promise.operator, epoch)


@external
def release(_promise: uint256):
    """
    @notice Free a promise's reserve at once: the caller, its client, has nothing to claim.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    assert msg.sender == promise.client, "sample: not the client"
    assert promise.case_id == 0, "sample: case is open"
    self._free(_promise, promise)


@external
def accuse(_promise: uint256, _evidence: Bytes[2048]) -> uint256:
    """
    @notice Have the court decide whether the promise to the caller was broken. Brings the bond that the court asks for.
    @return The case.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    assert msg.sender == promise.client, "sample: not the client"
    self._check_open(_promise, promise)
    assert promise.case_id == 0, "sample: case is open"
    fault: bytes32 = self._fault(_promise)
    bond: uint256 = staticcall clauses.court.bond_for(self, fault, promise.restitution)
    self._bring(clauses.court.address, bond)
    case_id: uint256 = extcall clauses.court.open(promise.operator, fault, promise.restitution, msg.sender, _evidence)
    self.promises[_promise].case_id = case_id + 1
    self.promises[_promise].accusations = promise.accusations + 1
    log ISampleService.Accused(promise=_promise, case_id=case_id, accuser=msg.sender)
    return case_id


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def end(_promise: uint256):
    """
    @notice End a promise early, or withdraw an offer, as a party; anybody once the service is removed. The evidence
        window begins now.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    party: bool = msg.sender in [promise.client, promise.operator]
    assert party or not staticcall clauses.hub.listed(self), "sample: not a party"
    assert block.timestamp < promise.last, "sample: promise is over"
    self.promises[_promise].last = block.timestamp
    # Nothing can be claimed of an offer that nobody accepted.
    until: uint256 = 0 if promise.until == 0 else block.timestamp + evidence_window
    self.promises[_promise].until = clauses._begin(_promise, until)
    log ISampleService.Ended(promise=_promise, until=until)


@external
def settle(_promise: uint256):
    """
    @notice Free the reserve of a promise whose evidence window is over.
    """
    self._settle(_promise)


@external
def bind(_operator: address) -> uint256:
    """
    @notice Tell the hub what the operator's promises need: that much of its lock earns.
    """
    return self._bind(_operator, staticcall clauses.hub.epoch())


@external
def prove(_promise: uint256, _secret: bytes32):
    """
    @notice Show a secret that its operator should have kept, committed before the promise's end and in an earlier block.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    self._check_open(_promise, promise)
    assert keccak256(_secret) == promise.guarded, "sample: not the secret"
    committed: uint256 = commitments._committed(_secret)
    assert committed > 0, "sample: not committed"
    assert committed <= promise.last, "sample: committed too late"
    self._take(_promise, promise, msg.sender, 0)


@external
def pull(_promise: uint256):
    """
    @notice Take the court's verdict: pay the victim, or let the promise go on.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    assert promise.case_id > 0, "sample: no case"
    verdict: uint256 = 0
    amount: uint256 = 0
    costs: uint256 = 0
    verdict, amount, costs = staticcall clauses.court.verdict(promise.case_id - 1)
    assert verdict > 0, "sample: no verdict"
    promise.case_id = 0
    until: uint256 = block.timestamp + evidence_window
    if verdict == VOID and until > clauses._until(_promise, promise.until):
        # As if there had been no case: the evidence window is as long again.
        promise.until = clauses._begin(_promise, until)
    self.promises[_promise] = promise
    # A promise that another claim took meanwhile has nothing left to take.
    if verdict == CONVICTED and promise.reserve > 0:
        self._take(_promise, promise, empty(address), costs)


@external
def withdraw(_receiver: address) -> uint256:
    """
    @notice Pay out what the caller was credited.
    """
    assert _receiver != empty(address), "sample: no receiver"
    amount: uint256 = self.credits[msg.sender]
    self.credits[msg.sender] = 0
    token_transfers._push(token, _receiver, amount)
    return amount


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
        evidence_window=evidence_window, rounds=0, court=clauses.court.address, smallest=SMALLEST, largest=LARGEST
    )


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of the operator's lock that its open promises need.
    """
    return self.reserves[_operator]


@external
@view
def promise(_promise: uint256) -> ISampleService.Promise:
    """
    @notice What a promise says and where it stands; its window includes the time that it has stood still.
    """
    promise: ISampleService.Promise = self.promises[_promise]
    promise.until = clauses._until(_promise, promise.until)
    return promise


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _needed(_restitution: uint256) -> uint256:
    """
    @dev Wei that one promise reserves: damages with the costs of a case, and the penalty buffer.
    """
    costs: uint256 = staticcall clauses.court.most_costs(_restitution)
    return self._damages(_restitution + _restitution // PROVER_PART + costs) + _restitution // PENALTY_PART


@internal
@pure
def _damages(_paid: uint256) -> uint256:
    """
    @dev Damages of which the hub credits at least `_paid`: five quarters, rounded up.
    """
    return (_paid * 5 + 3) // 4


@internal
@pure
def _fault(_promise: uint256) -> bytes32:
    """
    @dev What the court knows a fault by: promise, clause, period. There is one clause for it, and one period.
    """
    return keccak256(abi_encode(_promise, empty(uint256), empty(uint256)))


@internal
def _bind(_operator: address, _epoch: uint256) -> uint256:
    self.reported[_operator] = _epoch
    return extcall clauses.hub.bind(_operator, self.reserves[_operator])


@internal
def _bring(_to: address, _amount: uint256):
    token_transfers._pull(token, _amount)
    assert extcall token.approve(_to, _amount, default_return_value=True), "sample: approval refused"


@internal
@view
def _check_open(_promise: uint256, _state: ISampleService.Promise):
    assert _state.reserve > 0 and block.timestamp <= clauses._until(_promise, _state.until), "sample: promise is over"


@internal
def _settle(_promise: uint256):
    promise: ISampleService.Promise = self.promises[_promise]
    clauses._see()
    assert block.timestamp > clauses._until(_promise, promise.until), "sample: still open to claims"
    assert promise.case_id == 0, "sample: case is open"
    self._free(_promise, promise)


@internal
def _free(_promise: uint256, _state: ISampleService.Promise):
    """
    @dev End a promise's reserve.
    """
    assert _state.reserve > 0, "sample: promise is over"
    self.reserves[_state.operator] -= _state.reserve
    self.promises[_promise].reserve = 0
    self.promises[_promise].last = min(_state.last, block.timestamp)
    log ISampleService.Settled(promise=_promise, reserve=_state.reserve)


@internal
def _take(_promise: uint256, _state: ISampleService.Promise, _prover: address, _costs: uint256):
    """
    @dev Take a broken promise's own reserve, end it, and credit client, accuser's costs and prover, in this order, from
        what arrived.
    """
    self._free(_promise, _state)
    reward: uint256 = 0 if _prover == empty(address) else _state.restitution // PROVER_PART
    penalty: uint256 = _state.restitution // PENALTY_PART
    # Its own reserve and no other's, also when the court's fees have been scaled since.
    damages: uint256 = min(self._damages(_state.restitution + reward + _costs), _state.reserve - penalty)
    extcall clauses.hub.slash(_state.operator, damages, penalty)
    left: uint256 = extcall clauses.hub.collect(self, 0)
    paid: uint256 = min(_state.restitution, left)
    left -= paid
    costs: uint256 = min(_costs, left)
    left -= costs
    # The wei that rounding leaves is the prover's, or the client's, who is the accuser.
    if _prover == empty(address):
        paid += left
        left = 0
    self.credits[_state.client] += paid + costs
    self.credits[_prover] += left
    log ISampleService.Paid(promise=_promise, restitution=paid, prover=left, costs=costs)
