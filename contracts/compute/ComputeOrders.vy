# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ComputeOrders
@license MIT
@notice Batches of requests with their fee in escrow. A client orders the answers to a Merkle root of requests until a
    deadline; the provider submits the root of its receipts, signed as any batch of receipts; the client may have answers
    opened on the chain, and then the provider is paid.
@dev Results are receipts of the market's format: their channel is `channel_of(order)`, their number the request's index
    plus one, their time between acceptance and submission, while the same service ran. So what a receipt can break is
    shown to the market with the signature of the submission, and costs the service there. An answer that the provider
    cannot open gives the whole fee back: who committed to a hash of nothing gets nothing.
@custom:security An order reserves nothing of the provider's lock: a provider that does not deliver costs its client time
    until the deadline, and the client named it. Who did all the work and hands out only what it is asked for on the
    chain gains nothing. What an answer says is not judged here. The client hands its requests to the provider itself.
@custom:kill When the market is removed from the hub no order is accepted. What was accepted goes on; whatever is neither
    paid nor submitted is returned past its deadline by anybody.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IComputeMarket
from ..interfaces import IComputeOrders
from ..interfaces import IEnvironments
from ..interfaces import IStakingHub

implements: IComputeOrders


# What orders ask the market beside its interface.
interface Market:
    def environments() -> address: view
    def hub() -> address: view
    def token() -> address: view
    def operator_of(_key: address, _kind: uint8, _time: uint256) -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import hotkeys
from ..lib import merkle
from ..lib import payouts
from ..lib import signatures
from ..lib import token_transfers
from .lib import receipt_hash

initializes: payouts

exports: (payouts.credits, payouts.pay, payouts.token, payouts.withdraw)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most requests of an order, and as many siblings as their proofs have: those of a batch that the market takes.
MAX_REQUESTS: constant(uint256) = 2**10
DEPTH: constant(uint256) = 10

# Most answers that a client has opened on the chain, of one order.
MAX_DEMANDS: constant(uint256) = 16

# Longest time from an order to its deadline, seconds.
LONGEST: constant(uint256) = 180 * 86_400


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where providers serve, and the hub and the environments that it stands on.
market: public(immutable(IComputeMarket))
hub: public(immutable(IStakingHub))
environments: public(immutable(IEnvironments))

# Seconds in which the client asks for answers, and in which each of them is due.
answer_window: public(immutable(uint256))

# Wei that a demand brings: one and a half times the gas of an answer.
bond: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# order -> what it says and where it stands.
_orders: HashMap[uint256, IComputeOrders.Order]

# Number of orders ever placed.
order_count: public(uint256)

# order -> index of a request -> whether its answer was asked for, when it is due, and the hash of its bytes.
_deadlines: HashMap[uint256, HashMap[uint256, uint256]]
_requests: HashMap[uint256, HashMap[uint256, bytes32]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address, _answer_window: uint256, _bond: uint256):
    """
    @param _market The ComputeMarket: its coin and its hub are those of the orders.
    @param _answer_window Seconds in which the client asks for answers, and in which each of them is due.
    @param _bond Wei that a demand brings.
    """
    assert _market.is_contract, "orders: market is no contract"
    assert _answer_window > 0, "orders: no time to answer"
    assert _bond > 0, "orders: no bond"
    payouts.__init__(staticcall Market(_market).token())
    market = IComputeMarket(_market)
    where: address = staticcall Market(_market).hub()
    hub = IStakingHub(where)
    environments = IEnvironments(staticcall Market(_market).environments())
    answer_window = _answer_window
    bond = _bond
    # Fees go through the hub, which takes them from whoever calls it.
    assert extcall payouts.token.approve(where, max_value(uint256), default_return_value=True), "orders: no allowance"


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def place(
    _provider: address, _environment: bytes32, _requests: bytes32, _count: uint256, _fee: uint256, _deadline: uint256
) -> uint256:
    """
    @notice Order the answers to `_count` requests, and bring their fee.
    @param _environment Of the provider's service; zero for one that is bound to none.
    @param _requests Root of the StandardMerkleTree over (uint256 index, bytes32 hash of the request's bytes).
    @param _deadline Unix seconds until which results are submitted.
    @return The order.
    """
    assert _provider != empty(address), "orders: no provider"
    assert 0 < _count and _count <= MAX_REQUESTS, "orders: bad count"
    assert _fee > 0, "orders: no fee"
    assert block.timestamp < _deadline and _deadline <= block.timestamp + LONGEST, "orders: bad deadline"
    number: uint256 = self.order_count
    self.order_count = number + 1
    self._orders[number] = IComputeOrders.Order(
        client=msg.sender,
        provider=_provider,
        environment=_environment,
        requests=_requests,
        count=_count,
        fee=_fee,
        deadline=_deadline,
        accepted=0,
        results=empty(bytes32),
        until=0,
        demands=0,
        open=0,
        over=False,
    )
    log IComputeOrders.Placed(
        order=number,
        client=msg.sender,
        provider=_provider,
        environment=_environment,
        requests=_requests,
        count=_count,
        fee=_fee,
        deadline=_deadline,
    )
    token_transfers._pull(payouts.token, _fee)
    return number


@external
def cancel(_order: uint256):
    """
    @notice Take an order back that was not accepted, with the whole fee.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    assert msg.sender == order.client, "orders: not the client"
    assert order.accepted == 0, "orders: order is accepted"
    self._refund(_order, order)


@external
def demand(_order: uint256, _index: uint256, _request: Bytes[2048], _proof: DynArray[bytes32, DEPTH]):
    """
    @notice Have the answer to one request opened on the chain. The client brings the bond.
    @param _proof That the request stands in the order at `_index`.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    assert msg.sender == order.client, "orders: not the client"
    assert order.until > 0, "orders: nothing was submitted"
    assert block.timestamp <= order.until, "orders: too late to ask"
    assert order.demands < MAX_DEMANDS, "orders: too many demands"
    assert self._deadlines[_order][_index] == 0, "orders: asked before"
    request: bytes32 = keccak256(_request)
    leaf: bytes32 = keccak256(keccak256(abi_encode(_index, request)))
    assert _index < order.count and merkle._root(leaf, _proof) == order.requests, "orders: not in the order"
    deadline: uint256 = block.timestamp + answer_window
    self._deadlines[_order][_index] = deadline
    self._requests[_order][_index] = request
    self._orders[_order].demands = order.demands + 1
    self._orders[_order].open = order.open + 1
    log IComputeOrders.Demanded(order=_order, index=_index, deadline=deadline, request=_request)
    token_transfers._pull(payouts.token, bond)


# ############################################################## #
#                        PROVIDER FUNCTIONS                      #
# ############################################################## #

@external
def accept(_order: uint256):
    """
    @notice Take an order, as its provider or by its transaction key, while the market is listed and the provider serves
        until the deadline.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    self._check_provider(order.provider)
    assert order.accepted == 0, "orders: order is accepted"
    assert block.timestamp <= order.deadline, "orders: deadline has passed"
    self._check_service(order, block.timestamp, order.deadline)
    assert staticcall hub.listed(market.address), "orders: market not listed"
    self._orders[_order].accepted = block.timestamp
    log IComputeOrders.Accepted(order=_order)


@external
def submit(_order: uint256, _results: bytes32, _signature: Bytes[65]):
    """
    @notice Hand in the root over the receipts of an accepted order, while the service runs that it was accepted with.
        Now its client may ask.
    @param _signature The provider's receipt key's over ReceiptBatch(results), as the market takes it.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    self._check_provider(order.provider)
    assert order.accepted > 0, "orders: order is not accepted"
    assert order.until == 0, "orders: already submitted"
    assert block.timestamp <= order.deadline, "orders: deadline has passed"
    self._check_service(order, order.accepted, block.timestamp)
    key: address = signatures._recovered(receipt_hash._batch_digest(market.address, _results), _signature)
    assert self._speaks_for(key, hotkeys.RECEIPT) == order.provider, "orders: not the provider's key"
    until: uint256 = block.timestamp + answer_window
    self._orders[_order].results = _results
    self._orders[_order].until = until
    log IComputeOrders.Submitted(order=_order, results=_results, signature=_signature, until=until)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def answer(
    _order: uint256,
    _index: uint256,
    _response: Bytes[4096],
    _receipt: IComputeMarket.Receipt,
    _proof: DynArray[bytes32, DEPTH],
):
    """
    @notice Open an answer that the client asked for. The bond is the provider's, whoever calls.
    @param _proof That the receipt stands below the results.
    """
    assert block.timestamp <= self._due(_order, _index), "orders: no answer is due"
    order: IComputeOrders.Order = self._orders[_order]
    assert (
        _receipt.channelId == self._channel(_order)
        and convert(_receipt.number, uint256) == _index + 1
        and _receipt.environment == order.environment
    ), "orders: another receipt"
    # The service answers for these seconds.
    time: uint256 = convert(_receipt.time, uint256)
    assert order.accepted <= time and time <= order.until - answer_window, "orders: another time"
    # Of a number that was never given no digest would be false.
    if order.environment != empty(bytes32):
        number: uint256 = convert(_receipt.promotionSeq, uint256)
        at_block: uint256 = (staticcall environments.promotion(order.environment, number))[1]
        assert at_block > 0, "orders: no such promotion"
    assert _receipt.requestHash == self._requests[_order][_index], "orders: another request"
    assert _receipt.responseHash == keccak256(_response), "orders: another response"
    leaf: bytes32 = keccak256(receipt_hash._struct_hash(_receipt))
    assert merkle._root(leaf, _proof) == order.results, "orders: not in the results"
    self._end_demand(_order, _index, order.open, order.provider)
    log IComputeOrders.Answered(order=_order, index=_index, response=_response)


@external
def close(_order: uint256, _index: uint256):
    """
    @notice End a demand that was not answered in time: the bond goes back, and the whole fee.
    """
    assert block.timestamp > self._due(_order, _index), "orders: no answer is overdue"
    order: IComputeOrders.Order = self._orders[_order]
    self._end_demand(_order, _index, order.open, order.client)
    # Another answer of the same order may have been missing before.
    if not order.over:
        self._refund(_order, order)


@external
def complete(_order: uint256):
    """
    @notice Pay the provider and its delegators, through the hub, when no answer can be asked for or is due.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    assert order.until > 0, "orders: nothing was submitted"
    assert block.timestamp > order.until and order.open == 0, "orders: the client may still ask"
    self._orders[_order].over = True
    log IComputeOrders.Completed(order=_order, provider=order.provider, amount=order.fee)
    extcall hub.reward(order.provider, order.fee)


@external
def refund(_order: uint256):
    """
    @notice Return the fee of an order for which nothing was submitted by its deadline.
    """
    order: IComputeOrders.Order = self._open_order(_order)
    assert order.until == 0 and block.timestamp > order.deadline, "orders: results may still come"
    self._refund(_order, order)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def order_of(_order: uint256) -> IComputeOrders.Order:
    """
    @notice What an order says and where it stands; zeros for one that was never placed.
    """
    return self._orders[_order]


@external
@view
def demand_of(_order: uint256, _index: uint256) -> uint256:
    """
    @notice When the answer to a request is due (unix seconds); 0 when none is.
    """
    return self._deadlines[_order][_index] if self._requests[_order][_index] != empty(bytes32) else 0


@external
@view
def channel_of(_order: uint256) -> bytes32:
    """
    @notice The channel that receipts of an order's results name.
    """
    return self._channel(_order)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _open_order(_order: uint256) -> IComputeOrders.Order:
    order: IComputeOrders.Order = self._orders[_order]
    assert order.client != empty(address), "orders: no such order"
    assert not order.over, "orders: order is over"
    return order


@internal
@view
def _check_provider(_provider: address):
    assert _provider in [msg.sender, self._speaks_for(msg.sender, hotkeys.TRANSACTION)], "orders: not the provider"


@internal
@view
def _speaks_for(_key: address, _kind: uint8) -> address:
    return staticcall Market(market.address).operator_of(_key, _kind, block.timestamp)


@internal
@view
def _check_service(_order: IComputeOrders.Order, _since: uint256, _until: uint256):
    """
    @dev One service answers for every second from `_since` to `_until`.
    """
    service: IComputeMarket.Service = staticcall market.service(_order.provider, _order.environment)
    assert (service.reserve > 0 and service.since <= _since and _until <= service.last), "orders: no service until then"


@internal
@view
def _channel(_order: uint256) -> bytes32:
    """
    @dev Of this contract on this chain, so that it is no other's number.
    """
    return keccak256(abi_encode(chain.id, self, _order))


@internal
@view
def _due(_order: uint256, _index: uint256) -> uint256:
    """
    @dev When an answer that was asked for is due.
    """
    assert self._requests[_order][_index] != empty(bytes32), "orders: no demand is open"
    return self._deadlines[_order][_index]


@internal
def _end_demand(_order: uint256, _index: uint256, _open: uint256, _paid: address):
    """
    @dev That it was asked for stays written down.
    """
    self._requests[_order][_index] = empty(bytes32)
    self._orders[_order].open = _open - 1
    payouts.credits[_paid] += bond


@internal
def _refund(_order: uint256, _state: IComputeOrders.Order):
    self._orders[_order].over = True
    payouts.credits[_state.client] += _state.fee
    log IComputeOrders.Refunded(order=_order, client=_state.client, amount=_state.fee)
