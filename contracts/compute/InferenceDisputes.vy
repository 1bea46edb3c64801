# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title InferenceDisputes
@license MIT
@notice What a provider of token models promises about its answers, and who gets it. Who paid for an answer disputes it at
    one position of its trace; InferenceGame finds who is wrong. A provider that showed a wrong lane, or is silent, loses
    what it promised the payer; a challenger that shows none loses its bond to the provider.
@dev A service of its own: operators lock coins here, and cover channels as at ComputeMarket. Receipts are the market's,
    signed by keys that are named there; the model is the artefact that their environment had promoted. Nothing that is
    checked names what is trusted.
    A cover has one dispute at a time, so an operator owes no more answers at once than it has signed covers, and no
    dispute takes another's place. The challenger has the reward whoever shows the proof.
@custom:security A receipt's program is believed as it was promoted: it makes its token in the last group alone, or its
    provider does not serve it. A client keeps the roots of positions with the reply
    and refuses one that comes without them. A payer that releases its cover takes the reward of a watcher that it
    permitted. Keys that sign covers are named here, those that sign receipts at the market.
@custom:kill The timelock removes the service from the hub: then nothing is promised any more, and disputes go on until
    the horizon has passed.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IComputeMarket
from ..interfaces import IEnvironments
from ..interfaces import IInferenceDisputes
from ..interfaces import IInferenceGame
from ..interfaces import IInferenceVerifier
from ..interfaces import IProvenanceRegistry
from ..interfaces import IService

implements: IInferenceDisputes
implements: IService


# What disputes ask the market.
interface Market:
    def environments() -> address: view
    def registry() -> address: view
    def channels() -> address: view
    def hub() -> address: view
    def token() -> address: view
    def operator_of(_key: address, _kind: uint8, _time: uint256) -> address: view


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import hotkeys
from ..lib import key_caps
from ..lib import merkle
from ..lib import payouts
from ..lib import signatures
from ..lib import token_transfers
from .lib import covers
from .lib import dispute_turns as turns
from .lib import inference_trees as trees
from .lib import promises
from .lib import receipt_hash
from .lib import receipts

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: hotkeys[eip712 := eip712, signatures := signatures]
initializes: key_caps[hotkeys := hotkeys]
initializes: payouts
initializes: promises
initializes: receipts[eip712 := eip712, hotkeys := hotkeys]
initializes: covers[
    hotkeys := hotkeys, key_caps := key_caps, payouts := payouts, promises := promises, receipts := receipts
]

exports: (
    covers.channels,
    covers.cover,
    covers.cover_of,
    covers.release,
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
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Types of a model's last operator, and the evidence that receipts name.
TOKEN: constant(uint256) = 10
POOLING: constant(uint256) = 14
PROVED_KIND: constant(uint8) = 3

# EIP-712 type of a payer's permit.
PERMIT_TYPE: constant(bytes32) = keccak256("Permit(address watcher,uint64 deadline)")


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Whose receipts are judged.
market: public(immutable(address))

# Where promotions are, and the records of what was promoted.
environments: public(immutable(IEnvironments))
registry: public(immutable(IProvenanceRegistry))

# Who finds out which of both is wrong.
game: public(immutable(IInferenceGame))

# Wei that a challenger brings: one and a half times the gas of the answers.
bond: public(immutable(uint256))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_market: address, _game: address, _evidence_window: uint256, _bond: uint256):
    """
    @param _market The ComputeMarket: its coin, hub, channels, environments and receipt keys are those of disputes.
    @param _game The InferenceGame.
    @param _evidence_window Seconds from a cover's last second to the last dispute.
    @param _bond Wei that a challenger brings.
    """
    assert _market.is_contract, "disputes: market is no contract"
    assert _game.is_contract, "disputes: game is no contract"
    assert _bond > 0, "disputes: no bond"
    eip712.__init__("Keifu Inference", "1")
    payouts.__init__(staticcall Market(_market).token())
    hub: address = staticcall Market(_market).hub()
    promises.__init__(hub, _evidence_window)
    covers.__init__(staticcall Market(_market).channels())
    # Prices of covers go through the hub, which takes them from whoever calls it.
    assert extcall payouts.token.approve(hub, max_value(uint256), default_return_value=True), "disputes: no allowance"
    market = _market
    game = IInferenceGame(_game)
    environments = IEnvironments(staticcall Market(_market).environments())
    registry = IProvenanceRegistry(staticcall Market(_market).registry())
    bond = _bond


# ############################################################## #
#                        OPERATOR FUNCTIONS                      #
# ############################################################## #

@external
def unlock(_amount: uint256, _channels: DynArray[bytes32, 16]):
    """
    @notice Free `_amount` wei of the caller's lock, after settling its covers (see `settle`).
    """
    self._settle(msg.sender, _channels)
    extcall promises.hub.unlock(msg.sender, _amount, promises._reserves[msg.sender])


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def open(
    _shown: IComputeMarket.SignedReceipt,
    _record: IProvenanceRegistry.Record,
    _token: IInferenceVerifier.Descriptor,
    _position: uint256,
    _group: uint256,
    _node: bytes32,
    _path: DynArray[bytes32, trees.MAX_PATH],
    _marks: bytes32[3],
    _permit: IInferenceDisputes.Permit,
):
    """
    @notice Dispute an answer at one position. The caller, payer of a covered channel or whom it permits, brings the bond.
    @param _shown The answer's receipt.
    @param _record What the receipt's environment had promoted.
    @param _token The model's last operator, opened against its program: it makes a token, or a text's vector.
    @param _group Which group is wrong; the number of groups if the provider kept that to itself.
    @param _node What the group committed to at the position, or the position's root, opened against the trace.
    @param _marks Of the group's tensors, as the caller computed them: see `name_group` of the game.
    """
    receipt: IComputeMarket.Receipt = _shown.receipt
    operator: address = empty(address)
    struct_hash: bytes32 = empty(bytes32)
    operator, struct_hash = self._signed(_shown)
    assert receipt.evidence == PROVED_KIND, "disputes: not of the proved kind"
    time: uint256 = convert(receipt.time, uint256)
    dispute: bytes32 = covers._id(receipt.channelId, operator)
    word: uint256 = covers._covers[dispute]
    assert promises._answers(word, time), "disputes: no cover"
    self._check_permitted(covers._payer(word), _permit)
    reply: uint256 = convert(receipt.outputUnits, uint256)
    is_vector: bool = (convert(_token.words[0], uint256) >> 224) & 255 == POOLING
    if is_vector:
        assert reply == 1, "disputes: not one text"
        reply = 0
    else:
        assert reply > 0, "disputes: no reply"
    opening: IInferenceGame.Opening = IInferenceGame.Opening(
        dispute=dispute, operator=operator, challenger=msg.sender, time=time, group=_group, boundary=_node
    )
    case: IInferenceGame.Case = IInferenceGame.Case(
        program=_record.programRoot,
        trace=receipt.traceRoot,
        inputs=receipt.inputRoot,
        outputs=receipt.outputRoot,
        prompt=convert(receipt.inputUnits, uint256),
        reply=reply,
        position=_position,
        groups=self._groups(receipt, _record, _token, POOLING if is_vector else TOKEN),
    )
    log IInferenceDisputes.Opened(
        channel=receipt.channelId, operator=operator, challenger=msg.sender, dispute=dispute, receipt=struct_hash
    )
    extcall game.begin(opening, case, _path, _marks)
    token_transfers._pull(payouts.token, bond)


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def settle(_operator: address, _channels: DynArray[bytes32, 16]):
    """
    @notice Free what an operator's covers of `_channels` reserve. Their evidence windows are over, and no dispute is open.
    """
    self._settle(_operator, _channels)


@external
def close(_turn: IInferenceGame.Turn, _channel: bytes32):
    """
    @notice End a dispute: slash who was shown wrong, or did not answer in time; acquit whose challenger did nothing.
    """
    assert covers._id(_channel, _turn.operator) == _turn.dispute, "disputes: another channel"
    if extcall game.finish(_turn):
        self._convict(_turn, _channel)
    else:
        payouts.credits[_turn.operator] += bond
        log IInferenceDisputes.Acquitted(channel=_channel, operator=_turn.operator, challenger=_turn.challenger)


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
        evidence_window=promises.evidence_window,
        rounds=staticcall game.longest(),
        court=empty(address),
        smallest=covers.SMALLEST,
        largest=covers.LARGEST,
    )


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _settle(_operator: address, _channels: DynArray[bytes32, 16]):
    for channel: bytes32 in _channels:
        assert staticcall game.turn_of(self, covers._id(channel, _operator)) == empty(bytes32), "disputes: still open"
        covers._settle(_operator, channel)


@internal
@view
def _signed(_shown: IComputeMarket.SignedReceipt) -> (address, bytes32):
    """
    @dev For whom the market says that a receipt speaks, and its struct hash.
    """
    time: uint256 = convert(_shown.receipt.time, uint256)
    assert time <= block.timestamp, "disputes: time has not come"
    struct_hash: bytes32 = receipt_hash._struct_hash(_shown.receipt)
    root: bytes32 = merkle._root(keccak256(struct_hash), _shown.proof)
    key: address = signatures._recovered(receipt_hash._batch_digest(market, root), _shown.signature)
    return staticcall Market(market).operator_of(key, hotkeys.RECEIPT, time), struct_hash


@internal
@view
def _check_permitted(_payer: address, _permit: IInferenceDisputes.Permit):
    if msg.sender == _payer:
        return
    assert (
        _permit.watcher == msg.sender and block.timestamp <= convert(_permit.deadline, uint256)
    ), "disputes: not the payer"
    struct_hash: bytes32 = keccak256(abi_encode(PERMIT_TYPE, _permit.watcher, _permit.deadline))
    assert signatures._signed(_payer, struct_hash, _permit.signature), "disputes: not the payer"


@internal
@view
def _groups(
    _receipt: IComputeMarket.Receipt,
    _record: IProvenanceRegistry.Record,
    _token: IInferenceVerifier.Descriptor,
    _type: uint256,
) -> uint256:
    """
    @dev How many groups the receipt's model has: its last operator makes the token, or the vector.
    """
    artefact: bytes32 = empty(bytes32)
    at_block: uint256 = 0
    artefact, at_block = staticcall environments.promotion(
        _receipt.environment, convert(_receipt.promotionSeq, uint256)
    )
    assert at_block > 0 and staticcall registry.record_id(_record) == artefact, "disputes: not the record"
    claim: IInferenceVerifier.Claim = empty(IInferenceVerifier.Claim)
    claim.program = _record.programRoot
    claim.group = convert(_token.words[0], uint256) >> 240
    operator: trees.Operator = trees._operator(claim, _token, _type)
    assert trees._levels(claim.group + 1) == operator.group_levels, "disputes: not the last group"
    return claim.group + 1


@internal
def _convict(_turn: IInferenceGame.Turn, _channel: bytes32):
    """
    @dev Take the reserve of the cover that answers for the receipt, unless its payer released it, and credit payer and
        challenger from what arrived.
    """
    word: uint256 = covers._covers[_turn.dispute]
    restitution: uint256 = 0
    reward: uint256 = 0
    # Where the payer released its cover, a later one may stand in its place.
    if promises._is_reserved(word) and promises._since(word) <= turns._time(_turn):
        promised: uint256 = covers._free(_turn.dispute, _turn.operator)
        damages: uint256 = promises._damages(promised + promised // covers.PROVER_PART)
        arrived: uint256 = promises._slash(_turn.operator, damages, promised // covers.PENALTY_PART)
        restitution = min(promised, arrived)
        # The wei that rounding leaves is the challenger's.
        reward = arrived - restitution
        payouts.credits[covers._payer(word)] += restitution
    payouts.credits[_turn.challenger] += reward + bond
    log IInferenceDisputes.Convicted(
        channel=_channel,
        operator=_turn.operator,
        challenger=_turn.challenger,
        restitution=restitution,
        reward=reward,
    )
