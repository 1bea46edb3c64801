# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Covers: what the payer of a channel gets if its provider breaks its word
@license MIT
@notice An operator's receipt key signs how many wei the payer gets, for what price and until when. A cover begins with
    that signature, once, and counts against the key's cap.
@dev Kept by (channel, operator): a stranger who covers somebody's channel takes nobody's place. A new cover begins a
    second later than the end of the one before.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IChannels
from ...interfaces import IComputeMarket


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ...lib import hotkeys
from ...lib import key_caps
from ...lib import payouts
from ...lib import token_transfers
from . import promises
from . import receipts

uses: hotkeys
uses: key_caps
uses: payouts
uses: promises
uses: receipts


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Restitution of one cover, wei.
SMALLEST: constant(uint256) = 10**18
LARGEST: constant(uint256) = 40_000 * 10**18

# The prover gets one in so many of the restitution, and so much is the penalty.
PROVER_PART: constant(uint256) = 10
PENALTY_PART: constant(uint256) = 10

# A cover's terms: the key that signed it from bit 0 (160), the restitution (96).
RESTITUTION_AT: constant(uint256) = 160
U160: constant(uint256) = 2**160 - 1

# EIP-712 type of a key's consent to a cover.
COVER_TYPE: constant(bytes32) = keccak256(
    "Cover(bytes32 channelId,uint256 restitution,uint256 price,uint64 last,uint64 deadline)"
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where payers pay.
channels: public(immutable(IChannels))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# hash of channel and operator -> the promise's word with the payer, the terms, and the demand that is open.
_covers: HashMap[bytes32, uint256]
_terms: HashMap[bytes32, uint256]
_demands: HashMap[bytes32, IComputeMarket.Demand]

# hash of a signed cover and operator -> it was opened.
_used: HashMap[bytes32, bool]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_channels: address):
    assert _channels.is_contract, "compute: channels is no contract"
    channels = IChannels(_channels)


# ############################################################## #
#                         CLIENT FUNCTIONS                       #
# ############################################################## #

@external
def cover(
    _config: IChannels.ChannelConfig, _cover: IComputeMarket.Cover, _operator: address, _signature: Bytes[65]
):
    """
    @notice Cover a channel by the operator's word, or prolong its cover; the caller pays the price.
    @param _signature The receipt key's over the cover; it counts once.
    """
    last: uint256 = convert(_cover.last, uint256)
    promises._check_new(last)
    assert staticcall channels.getChannelId(_config) == _cover.channelId, "compute: another channel"
    assert block.timestamp <= convert(_cover.deadline, uint256), "compute: signature has expired"
    assert SMALLEST <= _cover.restitution and _cover.restitution <= LARGEST, "compute: bad restitution"
    key: address = self._consume(_cover, _operator, _signature)
    id: bytes32 = self._id(_cover.channelId, _operator)
    word: uint256 = self._covers[id]
    since: uint256 = promises._since(word)
    needed: uint256 = self._needed(_cover.restitution)
    if promises._is_reserved(word):
        terms: uint256 = self._terms[id]
        assert _cover.restitution == terms >> RESTITUTION_AT, "compute: another restitution"
        assert last >= promises._last(word), "compute: last day is earlier"
        key_caps._let_go(_operator, self._key(terms), needed)
    else:
        assert self._demands[id].deadline == 0, "compute: demand is open"
        since = block.timestamp + 1
        promises._reserve(_operator, needed)
    key_caps._hold(_operator, key, needed)
    self._covers[id] = (
        promises._word(since, last) | (convert(_config.payer, uint256) << promises.OWN_AT)
    )
    self._terms[id] = convert(key, uint256) | (_cover.restitution << RESTITUTION_AT)
    log IComputeMarket.Covered(
        channel=_cover.channelId,
        operator=_operator,
        key=key,
        payer=_config.payer,
        restitution=_cover.restitution,
        price=_cover.price,
        since=since,
        last=last,
    )
    if _cover.price > 0:
        token_transfers._pull(payouts.token, _cover.price)
        extcall promises.hub.reward(_operator, _cover.price)
    promises._bind_once(_operator)


@external
def release(_channel: bytes32, _operator: address):
    """
    @notice Free a cover's reserve at once: the caller, its channel's payer, has nothing to claim.
    """
    id: bytes32 = self._id(_channel, _operator)
    assert msg.sender == self._payer(self._reserved_word(id)), "compute: not the payer"
    self._free(id, _operator)
    log IComputeMarket.CoverFreed(channel=_channel, operator=_operator)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def cover_of(_channel: bytes32, _operator: address) -> IComputeMarket.CoverState:
    """
    @notice What an operator promised a channel's payer; zeros when nothing.
    """
    id: bytes32 = self._id(_channel, _operator)
    word: uint256 = self._covers[id]
    terms: uint256 = self._terms[id]
    restitution: uint256 = terms >> RESTITUTION_AT
    return IComputeMarket.CoverState(
        payer=self._payer(word),
        key=self._key(terms),
        restitution=restitution,
        since=promises._since(word),
        last=promises._last(word),
        until=promises._until(word),
        reserve=self._needed(restitution) if promises._is_reserved(word) else 0,
    )


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _consume(_cover: IComputeMarket.Cover, _operator: address, _signature: Bytes[65]) -> address:
    """
    @dev The operator's key that signed a cover, which counts once.
    """
    struct_hash: bytes32 = keccak256(abi_encode(COVER_TYPE, _cover))
    key: address = receipts._key_of(struct_hash, _signature)
    assert (
        hotkeys._operator_of(key, hotkeys.RECEIPT, block.timestamp) == _operator
    ), "compute: not the operator's key"
    use: bytes32 = self._id(struct_hash, _operator)
    assert not self._used[use], "compute: signature was used"
    self._used[use] = True
    return key


@internal
@pure
def _id(_what: bytes32, _operator: address) -> bytes32:
    return keccak256(abi_encode(_what, _operator))


@internal
@pure
def _payer(_word: uint256) -> address:
    return convert(_word >> promises.OWN_AT, address)


@internal
@pure
def _key(_terms: uint256) -> address:
    return convert(_terms & U160, address)


@internal
@pure
def _needed(_restitution: uint256) -> uint256:
    """
    @dev Wei that a cover reserves.
    """
    return promises._damages(_restitution + _restitution // PROVER_PART) + _restitution // PENALTY_PART


@internal
@view
def _reserved_word(_id: bytes32) -> uint256:
    word: uint256 = self._covers[_id]
    assert promises._is_reserved(word), "compute: no cover"
    return word


@internal
def _settle(_operator: address, _channel: bytes32):
    id: bytes32 = self._id(_channel, _operator)
    promises._check_over(self._reserved_word(id))
    assert self._demands[id].deadline == 0, "compute: demand is open"
    self._free(id, _operator)
    log IComputeMarket.CoverFreed(channel=_channel, operator=_operator)


@internal
def _free(_id: bytes32, _operator: address) -> uint256:
    """
    @dev End a cover's reserve; answers its restitution.
    """
    terms: uint256 = self._terms[_id]
    needed: uint256 = self._needed(terms >> RESTITUTION_AT)
    self._covers[_id] = promises._free(_operator, self._covers[_id], needed)
    key_caps._let_go(_operator, self._key(terms), needed)
    return terms >> RESTITUTION_AT


@internal
def _take(_channel: bytes32, _operator: address, _time: uint256) -> (uint256, uint256, uint256, address):
    """
    @dev End a cover that answers for a receipt of `_time`.
    @return Damages and penalty to take, the restitution and who gets it; zeros when none answers.
    """
    id: bytes32 = self._id(_channel, _operator)
    word: uint256 = self._covers[id]
    if not promises._answers(word, _time):
        return 0, 0, 0, empty(address)
    restitution: uint256 = self._free(id, _operator)
    return (
        promises._damages(restitution + restitution // PROVER_PART),
        restitution // PENALTY_PART,
        restitution,
        self._payer(word),
    )
