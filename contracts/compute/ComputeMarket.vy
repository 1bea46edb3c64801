# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title ComputeMarket
@license MIT
@notice Who sells answers of models promises here what its receipts say. A receipt that names another artefact than was
    promoted, two receipts of one number, and a paid request without an answer cost coins of the provider's lock; the
    client of a covered channel gets its restitution.
@dev Two promises in the sense of `IService`, each reserved before it holds and taken once:
    * a service of (operator, environment) reserves a prover's reward and a penalty, the same for everybody;
    * a cover of (channel, operator) reserves its restitution, a tenth of it for the prover and a tenth as penalty. It
      begins with the signature of a receipt key and counts against that key's cap.
    A report takes whichever of the two answers at the receipt's time. Each ends at its first slash; the next one begins
    a second later, so no receipt is paid for twice. One demand a cover is open at a time: an operator owes no more
    answers at once than it has signed covers, and no demand takes another's place.
@custom:security What an answer says is not judged here: a provider's word until inference can be verified. A client
    refuses receipts whose time, environment, promotion, digest or number is not what it expects; without a cover it has
    no restitution. A provider writes a receipt's number down before its signature leaves. A retired receipt key has to
    be destroyed. Provers commit one block before they show a receipt. In a channel of another token than the coin an
    unanswered demand pays the whole restitution, since the chain knows no rate.
@custom:kill The timelock removes the market from the hub: then nothing is promised any more, anybody may end a service,
    and reports, demands and answers go on until the horizon has passed.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IComputeMarket
from ..interfaces import IEnvironments
from ..interfaces import IProvenanceRegistry
from ..interfaces import IService

implements: IService
implements: IComputeMarket


# What wires this market to the others.
interface Wired:
    def environments() -> address: view
    def registry() -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import commitments
from ..lib import hotkeys
from ..lib import key_caps
from ..lib import payouts
from ..lib import signatures
from .lib import covers
from .lib import demands
from .lib import promises
from .lib import receipt_hash
from .lib import receipts
from .lib import services

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: hotkeys[eip712 := eip712, signatures := signatures]
initializes: key_caps[hotkeys := hotkeys]
initializes: commitments
initializes: payouts
initializes: promises
initializes: receipts[eip712 := eip712, hotkeys := hotkeys]
initializes: services[promises := promises]
initializes: covers[
    hotkeys := hotkeys, key_caps := key_caps, payouts := payouts, promises := promises, receipts := receipts
]
initializes: demands[covers := covers, payouts := payouts, promises := promises, receipts := receipts]

exports: (
    commitments.commit_proof,
    covers.channels,
    covers.cover,
    covers.cover_of,
    covers.release,
    demands.answer,
    demands.answer_window,
    demands.bond,
    demands.close,
    demands.demand,
    demands.demand_of,
    demands.demanded,
    eip712.eip712Domain,
    hotkeys.key,
    hotkeys.operator_of,
    hotkeys.register_key,
    hotkeys.retire_key,
    key_caps.cap,
    key_caps.set_cap,
    payouts.credits,
    payouts.pay,
    payouts.token,
    payouts.withdraw,
    promises.bind,
    promises.evidence_window,
    promises.hub,
    promises.reserved,
    services.end,
    services.heartbeats,
    services.offers.NOTICE,
    services.offers.offer,
    services.reward,
    services.serve,
    services.service,
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where promotions are, and the records of what was promoted.
environments: public(immutable(IEnvironments))
registry: public(immutable(IProvenanceRegistry))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(
    _token: address,
    _hub: address,
    _heartbeats: address,
    _channels: address,
    _reward: uint256,
    _evidence_window: uint256,
    _answer_window: uint256,
    _bond: uint256,
):
    """
    @param _heartbeats Where operators bind themselves; its environments are this market's.
    @param _reward Wei for the prover of a service's false receipt, and as many of penalty.
    @param _evidence_window Seconds from a promise's last second to the last report or demand.
    @param _answer_window Seconds from a demand to the last answer.
    @param _bond Wei that a demand brings.
    """
    eip712.__init__(receipt_hash.NAME, receipt_hash.VERSION)
    payouts.__init__(_token)
    promises.__init__(_hub, _evidence_window)
    services.__init__(_heartbeats, _reward)
    covers.__init__(_channels)
    demands.__init__(_answer_window, _bond)
    # Prices of covers go through the hub, which takes them from whoever calls it.
    assert extcall payouts.token.approve(_hub, max_value(uint256), default_return_value=True), "compute: no allowance"
    where: address = staticcall Wired(_heartbeats).environments()
    environments = IEnvironments(where)
    registry = IProvenanceRegistry(staticcall Wired(where).registry())


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def unlock(_amount: uint256, _environments: DynArray[bytes32, 16], _channels: DynArray[bytes32, 16]):
    """
    @notice Free `_amount` wei of the caller's lock, after settling its services and covers (see `settle`).
    """
    self._settle(msg.sender, _environments, _channels)
    extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def settle(_operator: address, _environments: DynArray[bytes32, 16], _channels: DynArray[bytes32, 16]):
    """
    @notice Free what an operator's services of `_environments` and covers of `_channels` reserve. Their evidence windows
        are over, and no answer is due.
    """
    self._settle(_operator, _environments, _channels)


@external
def report(_shown: DynArray[IComputeMarket.SignedReceipt, 2], _record: IProvenanceRegistry.Record):
    """
    @notice Show what an operator's keys signed; the caller committed to the first receipt in an earlier block, and its
        time decides which promises answer.
    @param _shown A receipt of another digest than the promoted artefact's, or two of one number in a channel.
    @param _record The record of that artefact, as registered; not looked at when two receipts are shown.
    """
    assert len(_shown) > 0, "compute: nothing is shown"
    operator: address = empty(address)
    first: bytes32 = empty(bytes32)
    last: bytes32 = empty(bytes32)
    for place: uint256 in range(len(_shown), bound=2):
        signer: address = empty(address)
        signer, last = receipts._signed(_shown[place])
        if place == 0:
            operator = signer
            first = last
        assert signer == operator, "compute: two operators"
    assert commitments._committed(first) > 0, "compute: not committed"
    receipt: IComputeMarket.Receipt = _shown[0].receipt
    if len(_shown) == 1:
        artefact: bytes32 = empty(bytes32)
        at_block: uint256 = 0
        artefact, at_block = staticcall environments.promotion(
            receipt.environment, convert(receipt.promotionSeq, uint256)
        )
        # A number that was never given is no fault.
        assert at_block > 0 and staticcall registry.record_id(_record) == artefact, "compute: not the record"
        assert _record.digest != receipt.digest, "compute: receipt is not false"
    else:
        assert (
            last != first
            and _shown[1].receipt.channelId == receipt.channelId
            and _shown[1].receipt.number == receipt.number
        ), "compute: no equivocation"
    self._take(operator, receipt)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def terms() -> IService.Terms:
    """
    @notice What the market promises to those who use it.
    """
    return IService.Terms(
        evidence_window=promises.evidence_window,
        rounds=demands.answer_window,
        court=empty(address),
        smallest=covers.SMALLEST,
        largest=covers.LARGEST,
    )


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _settle(_operator: address, _environments: DynArray[bytes32, 16], _channels: DynArray[bytes32, 16]):
    for environment: bytes32 in _environments:
        services._settle(_operator, environment)
    for channel: bytes32 in _channels:
        covers._settle(_operator, channel)


@internal
def _take(_operator: address, _receipt: IComputeMarket.Receipt):
    """
    @dev Take the reserves that answer for a receipt, and credit the payer, then the prover, from what arrived.
    """
    time: uint256 = convert(_receipt.time, uint256)
    damages: uint256 = 0
    penalty: uint256 = 0
    damages, penalty = services._take(_operator, _receipt.environment, time)
    more_damages: uint256 = 0
    more_penalty: uint256 = 0
    restitution: uint256 = 0
    payer: address = empty(address)
    more_damages, more_penalty, restitution, payer = covers._take(_receipt.channelId, _operator, time)
    assert damages + more_damages > 0, "compute: nothing answers for it"
    arrived: uint256 = promises._slash(_operator, damages + more_damages, penalty + more_penalty)
    restitution = min(restitution, arrived)
    # The wei that rounding leaves is the prover's.
    prize: uint256 = arrived - restitution
    payouts.credits[payer] += restitution
    payouts.credits[msg.sender] += prize
    log IComputeMarket.Reported(
        operator=_operator,
        channel=_receipt.channelId,
        prover=msg.sender,
        environment=_receipt.environment,
        number=_receipt.number,
        restitution=restitution,
        reward=prize,
    )
