# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What vouchers earn
@license MIT
@notice Channels and what was claimed of them, receivers and what was settled with them. Claiming checks vouchers and
    books what their receivers earned; settling pays it, less the fee.
@dev Two numbers share a word: of a channel, deposits less what went back below and what was claimed above; of a
    receiver, what was claimed below and what was settled above.
    A claim of many channels is one loop without calls of this contract, because each would copy an item once more.
@custom:security A voucher carries no nonce and needs none: it names a sum, which counts once. The word of a payer that
    is a contract counts at the moment of the claim.
"""

# ############################################################## #
#                           INTERFACES                           #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IChannels


# ############################################################## #
#                            MODULES                             #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ...lib import signatures
from ...lib import token_transfers
from . import fees

uses: eip712
uses: signatures
uses: fees


# ############################################################## #
#                           CONSTANTS                            #
# ############################################################## #

# EIP-712 types, x402's.
CHANNEL_TYPE: constant(bytes32) = keccak256(
    "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
)
VOUCHER_TYPE: constant(bytes32) = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)")
ENTRY_TYPE: constant(bytes32) = keccak256(
    "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
)
BATCH_TYPE: constant(bytes32) = keccak256(
    "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
)

# x402's own form of `claim`.
CLAIM: constant(bytes4) = method_id(
    "claim((((address,address,address,address,address,uint40,bytes32),uint128),bytes,uint128)[])", output_type=bytes4
)

# Most items of a batch.
MAX_CLAIMS: constant(uint256) = 100

# Why an item counts nothing.
NOT_RECEIVERS: constant(uint8) = 1  # neither called nor signed by the receiver's side
NOTHING_NEW: constant(uint8) = 2  # as much was claimed before
NOTHING_LEFT: constant(uint8) = 3  # all that was deposited is claimed or went back
NOT_SIGNED_FOR: constant(uint8) = 4  # more than the voucher says
BAD_SIGNATURE: constant(uint8) = 5

# The lower number of a word, and where the upper one begins.
U128: constant(uint256) = 2**128 - 1
UPPER: constant(uint256) = 128


# ############################################################## #
#                            STORAGE                             #
# ############################################################## #

# channel -> deposits less what went back | what was claimed.
_channels: HashMap[bytes32, uint256]

# receiver -> token -> claimed | settled, fees included.
_receivers: HashMap[address, HashMap[address, uint256]]

# Whose signature lets the claim that is under way count.
_speaker: transient(address)


# ############################################################## #
#                         USER FUNCTIONS                         #
# ############################################################## #

@external
def claim(voucherClaims: DynArray[IChannels.VoucherClaim, MAX_CLAIMS], paid: bool = False):
    """
    @notice Book what vouchers allow to be claimed, as their receiver or its authorizer. An item that is wrong is
        skipped; one that is not covered counts up to what there is.
    @param paid Settle it in the same call. x402's own form leaves this out.
    """
    assert len(voucherClaims) > 0, "channels: empty batch"
    by: address = self._speaker
    if by == empty(address):
        by = msg.sender
    prefix: Bytes[34] = self._prefix()
    receiver: address = empty(address)
    token: address = empty(address)
    earned: uint256 = 0
    for item: IChannels.VoucherClaim in voucherClaims:
        channel: bytes32 = keccak256(concat(prefix, keccak256(abi_encode(CHANNEL_TYPE, item.voucher.channel))))
        word: uint256 = self._channels[channel]
        claimed: uint256 = word >> UPPER
        total: uint256 = convert(item.totalClaimed, uint256)
        if total > word & U128:
            total = word & U128
        if by != item.voucher.channel.receiver and by != item.voucher.channel.receiverAuthorizer:
            log IChannels.ClaimSkipped(channelId=channel, reason=NOT_RECEIVERS)
            continue
        if total <= claimed:
            short: bool = convert(item.totalClaimed, uint256) > claimed
            log IChannels.ClaimSkipped(channelId=channel, reason=NOTHING_LEFT if short else NOTHING_NEW)
            continue
        if item.totalClaimed > item.voucher.maxClaimableAmount:
            log IChannels.ClaimSkipped(channelId=channel, reason=NOT_SIGNED_FOR)
            continue
        signer: address = empty(address)
        if len(item.signature) >= 64:
            # As `signatures` reads it, without its copies.
            s: uint256 = extract32(item.signature, 32, output_type=uint256)
            v: uint256 = signatures.V_OFFSET + (s >> 255)
            if len(item.signature) == 65:
                v = extract32(item.signature, 33, output_type=uint256) & 255
            else:
                s &= signatures.COMPACT_S
            if s <= convert(signatures.HALF_ORDER, uint256):
                signer = ecrecover(
                    keccak256(
                        concat(
                            prefix,
                            keccak256(abi_encode(VOUCHER_TYPE, channel, item.voucher.maxClaimableAmount)),
                        )
                    ),
                    v,
                    extract32(item.signature, 0, output_type=uint256),
                    s,
                )
        if signer != item.voucher.channel.payerAuthorizer or signer == empty(address):
            # Without an authorizer the payer signs, which may be a contract.
            if item.voucher.channel.payerAuthorizer != empty(address) or not signatures._signed(
                item.voucher.channel.payer,
                keccak256(abi_encode(VOUCHER_TYPE, channel, item.voucher.maxClaimableAmount)),
                item.signature,
            ):
                log IChannels.ClaimSkipped(channelId=channel, reason=BAD_SIGNATURE)
                continue
        amount: uint256 = unsafe_sub(total, claimed)
        self._channels[channel] = unsafe_add(word, amount << UPPER)
        log IChannels.Claimed(
            channelId=channel,
            sender=msg.sender,
            claimAmount=convert(amount, uint128),
            newTotalClaimed=convert(total, uint128),
        )
        if item.voucher.channel.receiver != receiver or item.voucher.channel.token != token:
            self._book(receiver, token, earned, paid)
            receiver = item.voucher.channel.receiver
            token = item.voucher.channel.token
            earned = 0
        # A hundred amounts of half a word each stay below a word.
        earned = unsafe_add(earned, amount)
    self._book(receiver, token, earned, paid)


@external
@reentrant
def claimWithSignature(
    voucherClaims: DynArray[IChannels.VoucherClaim, MAX_CLAIMS],
    authorizerSignature: Bytes[signatures.MAX_SIGNATURE],
):
    """
    @notice The same for anybody who brings a signature of the receivers' side: of the first item's authorizer. Items
        that are not for it are skipped.
    """
    assert len(voucherClaims) > 0, "channels: empty batch"
    authorizer: address = voucherClaims[0].voucher.channel.receiverAuthorizer
    assert signatures._signed(
        authorizer, self._batch(voucherClaims), authorizerSignature
    ), "channels: batch is not signed"
    self._speaker = authorizer
    raw_call(self, abi_encode(voucherClaims, method_id=CLAIM), is_delegate_call=True)
    self._speaker = empty(address)


@external
def settle(receiver: address, token: address):
    """
    @notice Pay a receiver what was claimed for it in a token, less the fee. Anybody can call; nothing happens when
        there is nothing to pay.
    """
    self._settle(receiver, token, self._receivers[receiver][token])


# ############################################################## #
#                             VIEWS                              #
# ############################################################## #

@external
@view
def channels(channelId: bytes32) -> (uint128, uint128):
    """
    @notice What was deposited in a channel less what went back, and what was claimed of it.
    """
    return self._pair(self._channels[channelId])


@external
@view
def receivers(receiver: address, token: address) -> (uint128, uint128):
    """
    @notice What was claimed for a receiver in a token, and what of it was settled, fees included.
    """
    return self._pair(self._receivers[receiver][token])


@external
@view
@reentrant
def getChannelId(config: IChannels.ChannelConfig) -> bytes32:
    """
    @notice The channel of a configuration.
    """
    return self._id(config)


@external
@view
@reentrant
def getVoucherDigest(channelId: bytes32, maxClaimableAmount: uint128) -> bytes32:
    """
    @notice What the payer's authorizer signs.
    """
    return eip712._hash_typed_data_v4(keccak256(abi_encode(VOUCHER_TYPE, channelId, maxClaimableAmount)))


@external
@view
@reentrant
def getClaimBatchDigest(voucherClaims: DynArray[IChannels.VoucherClaim, MAX_CLAIMS]) -> bytes32:
    """
    @notice What the receivers' authorizer signs so that anybody can claim.
    """
    return eip712._hash_typed_data_v4(self._batch(voucherClaims))


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _prefix() -> Bytes[34]:
    """
    @dev What stands before the hash of a struct in its digest.
    """
    return concat(b"\x19\x01", eip712._domain_separator_v4())


@internal
@view
def _id(_config: IChannels.ChannelConfig) -> bytes32:
    return eip712._hash_typed_data_v4(keccak256(abi_encode(CHANNEL_TYPE, _config)))


@internal
@view
def _batch(_claims: DynArray[IChannels.VoucherClaim, MAX_CLAIMS]) -> bytes32:
    """
    @dev Hash of the struct that names all items.
    """
    entries: DynArray[bytes32, MAX_CLAIMS] = []
    for item: IChannels.VoucherClaim in _claims:
        channel: bytes32 = self._id(item.voucher.channel)
        entries.append(keccak256(abi_encode(ENTRY_TYPE, channel, item.voucher.maxClaimableAmount, item.totalClaimed)))
    # abi_encode puts an offset and the length before the hashes.
    words: Bytes[32 * MAX_CLAIMS + 64] = abi_encode(entries)
    return keccak256(abi_encode(BATCH_TYPE, keccak256(slice(words, 64, len(words) - 64))))


@internal
def _book(_receiver: address, _token: address, _amount: uint256, _paid: bool):
    if _amount == 0:
        return
    word: uint256 = self._receivers[_receiver][_token]
    assert _amount <= U128 - (word & U128), "channels: too much claimed"
    if _paid:
        self._settle(_receiver, _token, word + _amount)
    else:
        self._receivers[_receiver][_token] = word + _amount


@internal
def _settle(_receiver: address, _token: address, _word: uint256):
    """
    @dev Pay what `_word`, the receiver's, leaves to settle.
    """
    claimed: uint256 = _word & U128
    amount: uint256 = claimed - (_word >> UPPER)
    if amount == 0:
        return
    self._receivers[_receiver][_token] = claimed | claimed << UPPER
    part: uint256 = fees._part(amount)
    log IChannels.Settled(receiver=_receiver, token=_token, sender=msg.sender, amount=convert(amount - part, uint128))
    token_transfers._push(IERC20(_token), _receiver, amount - part)
    fees._take(_receiver, _token, part)


@internal
@pure
def _available(_word: uint256) -> uint256:
    """
    @dev What is neither claimed nor gone back; claims stay below the balance.
    """
    return (_word & U128) - (_word >> UPPER)


@internal
@pure
def _pair(_word: uint256) -> (uint128, uint128):
    return convert(_word & U128, uint128), convert(_word >> UPPER, uint128)
