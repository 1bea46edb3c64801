# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title ReExecution
@license MIT
@notice Answers of models that no integer proof covers, judged by people with stake who compute them again. An operator
    promises a client: answers about one model are what it makes, within a tolerance. Where the client doubts one, a
    panel is drawn, computes, and says whether it differs. Where enough of it do, the court decides, and nobody else.
@dev A promise binds model, tolerance, size of the panel, how many of it must find a difference, fee and restitution
    before the first receipt, and reserves restitution, fees and the costs of one case. One demand a promise is open at a
    time, and a receipt's number is judged once. The panel comes from a seed that nobody knows at the opening, from slots
    that were mature by then. Each member commits to its word, to its own answer and to itself, then shows them.
    A fee is the same for either word; after a conviction who found it has another. A jury that voted is what words are
    measured by: who said the contrary, or hid a sealed word, loses a fine, absent members half of it. Fines, and fees of
    who did not answer, go to the insurance, to no party.
@custom:security A panel can accuse and not convict; a panel that keeps silent about a wrong answer leaves its client
    without fees and claim. A second account of a party can sit on a panel: the pool's size bounds how often, and whoever
    takes all slots of a pool keeps them. A client that cannot bring the court's bond gives its claim away. A member that
    does not compute and agrees loses only where enough others do compute. Members may tell each other, and are drawn for
    more at once than they may be able to compute. The court can err.
@custom:kill The timelock removes the service from the hub: then nothing is accepted and nobody joins. Promises end as
    before, and demands go on; once the horizon has passed no coins are taken any more.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IComputeMarket
from ..interfaces import IReExecution
from ..interfaces import IService

implements: IReExecution
implements: IService


# What this service asks the market and the court.
interface Market:
    def channels() -> address: view
    def hub() -> address: view
    def token() -> address: view
    def operator_of(_key: address, _kind: uint8, _time: uint256) -> address: view


interface Court:
    def randomness() -> address: view


# ############################################################## #
#                           MODULES                            #
# ############################################################## #

from ..lib import clauses
from ..lib import hotkeys
from ..lib import merkle
from ..lib import payouts
from ..lib import signatures
from ..lib import token_transfers
from .lib import agreements
from .lib import executors
from .lib import panels
from .lib import promises
from .lib import receipt_hash

initializes: clauses
initializes: payouts
initializes: promises
initializes: executors[promises := promises]
initializes: agreements[clauses := clauses, executors := executors, payouts := payouts, promises := promises]
initializes: panels[agreements := agreements, clauses := clauses, executors := executors, payouts := payouts]

exports: (
    agreements.accept,
    agreements.channels,
    agreements.offer,
    agreements.opening_window,
    agreements.promise,
    agreements.promise_count,
    agreements.release,
    agreements.settle,
    clauses.court,
    clauses.see_court,
    executors.free_slot,
    executors.join,
    executors.leave,
    executors.slot,
    executors.slot_count,
    panels.close,
    panels.commit,
    panels.demand,
    panels.demand_count,
    panels.draw,
    panels.judged,
    panels.randomness,
    panels.reveal,
    panels.seat,
    panels.settle_seat,
    payouts.credits,
    payouts.pay,
    payouts.token,
    payouts.withdraw,
    promises.bind,
    promises.evidence_window,
    promises.hub,
    promises.reserved,
)


# ############################################################## #
#                          CONSTANTS                           #
# ############################################################## #

# Evidence that receipts name.
REEXECUTED_KIND: constant(uint8) = 2

# Where `open` has the receipt's words among its arguments, and their bytes.
RECEIPT_AT: constant(uint256) = 4 + 32
RECEIPT_BYTES: constant(uint256) = 16 * 32


# ############################################################## #
#                          IMMUTABLES                          #
# ############################################################## #

# Where receipt keys are named.
market: public(immutable(address))


# ############################################################## #
#                         CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address, _court: address, _evidence_window: uint256):
    """
    @param _market The ComputeMarket: its coin, hub, channels and receipt keys are those of demands.
    @param _court Decides whether an answer is wrong; its seeds draw panels.
    @param _evidence_window Seconds from a promise's last second to the last accusation.
    """
    assert _market.is_contract, "reexecution: market is no contract"
    assert _court.is_contract, "reexecution: court is no contract"
    assert _evidence_window > panels.LONGEST_DEMAND, "reexecution: no time to open"
    hub: address = staticcall Market(_market).hub()
    payouts.__init__(staticcall Market(_market).token())
    promises.__init__(hub, _evidence_window)
    clauses.__init__(hub, _court)
    market = _market
    agreements.__init__(staticcall Market(_market).channels(), _evidence_window - panels.LONGEST_DEMAND)
    panels.__init__(staticcall Court(_court).randomness())
    # Prices go through the hub and bonds to the court: both take them from whoever calls.
    for spender: address in [hub, _court]:
        assert extcall payouts.token.approve(
            spender, max_value(uint256), default_return_value=True
        ), "reexecution: no allowance"


# ############################################################## #
#                      OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def unlock(_amount: uint256, _due: DynArray[uint256, 16]):
    """
    @notice Free `_amount` wei of the caller's lock, after settling the promises in `_due`.
    """
    for number: uint256 in _due:
        agreements._settle(number)
    extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])


@external
def concede(_demand: uint256):
    """
    @notice Admit what the operator is accused of: the case ends without a jury.
    """
    demand: IReExecution.Demand = panels._accused(_demand)
    assert msg.sender == agreements._promises[demand.promise].operator, "reexecution: not the operator"
    extcall clauses.court.concede(demand.case_id)


# ############################################################## #
#                       CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def open(
    _promise: uint256,
    _receipt: IComputeMarket.Receipt,
    _proof: DynArray[bytes32, 10],
    _signature: Bytes[65],
    _request: Bytes[2048],
    _response: Bytes[2048],
    _stored: bytes32[2],
) -> uint256:
    """
    @notice Have an answer computed again. The caller brings the fees of the panel.
    @param _receipt The answer's receipt; `_proof` leads to the root that `_signature` stands under.
    @param _request Its bytes, and those of the answer; where they are empty, `_stored` has the root of a deal with them.
    @return The demand's number.
    """
    promise: IReExecution.Promise = agreements._of_caller(_promise)
    agreements._check_idle(_promise, block.timestamp)
    assert _receipt.evidence == REEXECUTED_KIND, "reexecution: not of that kind"
    assert (
        _receipt.channelId == promise.channel and _receipt.digest == promise.terms.digest
    ), "reexecution: another channel or model"
    time: uint256 = convert(_receipt.time, uint256)
    assert promise.since <= time and time <= promise.terms.last, "reexecution: outside the promise"
    struct_hash: bytes32 = keccak256(concat(receipt_hash.RECEIPT_TYPE, slice(msg.data, RECEIPT_AT, RECEIPT_BYTES)))
    key: address = signatures._recovered(
        receipt_hash._batch_digest(market, merkle._root(keccak256(struct_hash), _proof)), _signature
    )
    assert (
        time <= block.timestamp
        and staticcall Market(market).operator_of(key, hotkeys.RECEIPT, time) == promise.operator
    ), "reexecution: not the operator's"
    receipt_number: uint256 = convert(_receipt.number, uint256)
    assert not panels.judged[_promise][receipt_number], "reexecution: was judged"
    assert self._is_there(_request, _receipt.requestHash, _stored[0]) and self._is_there(
        _response, _receipt.responseHash, _stored[1]
    ), "reexecution: other bytes"

    number: uint256 = panels.demand_count + 1
    panels.demand_count = number
    panels.judged[_promise][receipt_number] = True
    agreements._promises[_promise].demand = number
    seed_epoch: uint256 = staticcall panels.randomness.next()
    panels._demands[number].promise = _promise
    panels._demands[number].number = receipt_number
    panels._demands[number].receipt = struct_hash
    panels._demands[number].opened = block.timestamp
    panels._demands[number].seed_epoch = seed_epoch
    panels._demands[number].pool = executors._counts[agreements._pool_of(_promise)]
    panels._demands[number].stage = panels.WAITING
    panels._demands[number].is_stored = len(_request) == 0 or len(_response) == 0
    log IReExecution.Opened(
        demand=number,
        promise=_promise,
        receipt=struct_hash,
        seed_epoch=seed_epoch,
        request=_request,
        response=_response,
        stored=_stored,
    )
    token_transfers._pull(payouts.token, promise.terms.panel * promise.terms.fee)
    return number


@external
def accuse(_demand: uint256, _evidence: Bytes[1024]) -> uint256:
    """
    @notice Bring what enough of the panel found before the court. The caller brings the court's bond.
    @return The case.
    """
    demand: IReExecution.Demand = panels._of(_demand)
    promise: IReExecution.Promise = agreements._of_caller(demand.promise)
    assert panels._is_accusable(_demand, demand, promise.terms.needed), "reexecution: nothing to accuse of"
    fault: bytes32 = keccak256(abi_encode(demand.promise, empty(uint256), demand.number))
    token_transfers._pull(payouts.token, staticcall clauses.court.bond_for(self, fault, promise.terms.restitution))
    evidence: Bytes[1184] = concat(
        abi_encode(_demand, demand.receipt, promise.terms.tolerance, demand.answered, demand.differs), _evidence
    )
    case_id: uint256 = extcall clauses.court.open(
        promise.operator, fault, promise.terms.restitution, msg.sender, evidence
    )
    panels._demands[_demand].stage = panels.ACCUSED
    panels._demands[_demand].case_id = case_id
    log IReExecution.Accused(demand=_demand, case_id=case_id)
    return case_id


# ############################################################## #
#                   PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def pull(_demand: uint256):
    """
    @notice Take the court's verdict: pay the client after a conviction, else let the promise go on.
    """
    demand: IReExecution.Demand = panels._accused(_demand)
    verdict: uint256 = 0
    amount: uint256 = 0
    costs: uint256 = 0
    verdict, amount, costs = staticcall clauses.court.verdict(demand.case_id)
    assert verdict > 0, "reexecution: no verdict"
    panels._close(_demand, verdict)
    panels._demands[_demand].denied = panels._denied(demand.case_id, verdict)
    if verdict == panels.CONVICTED:
        terms: IReExecution.Terms = agreements._of(demand.promise).terms
        arrived: uint256 = agreements._take(
            demand.promise, _demand, terms.panel * terms.fee + costs, demand.differs * terms.fee
        )
        if arrived > 0:
            panels._demands[_demand].reward = terms.fee


# ############################################################## #
#                            VIEWS                             #
# ############################################################## #

@external
@view
def terms() -> IService.Terms:
    """
    @notice What the service promises to those who use it.
    """
    return IService.Terms(
        evidence_window=promises.evidence_window,
        rounds=0,
        court=clauses.court.address,
        smallest=agreements.SMALLEST,
        largest=agreements.LARGEST,
    )


# ############################################################## #
#                           INTERNAL                           #
# ############################################################## #

@internal
@pure
def _is_there(_bytes: Bytes[2048], _hash: bytes32, _root: bytes32) -> bool:
    """
    @dev The bytes are those of the receipt, or a deal is named that has them.
    """
    return _root != empty(bytes32) if len(_bytes) == 0 else keccak256(_bytes) == _hash
