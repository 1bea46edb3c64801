# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Channels
@license MIT
@notice Payment channels: one deposit, then a signed voucher for each answer, and many channels claimed in one call.
    Calls, events and typed data are those of x402's scheme "batch-settlement", so clients made for it pay here.
@dev A channel is the hash of its configuration and needs no opening. A voucher names the most that may be claimed from
    it in all, so an old one, or the same one again, is worth nothing more. Claiming books what a receiver has earned,
    settling pays it. What is not claimed goes back to the payer: at once when the receiver's side says so, else when
    the channel's delay has passed since the payer's side asked for it.
    Two numbers share a word: of a channel, deposits less what went back below and what was claimed above; of a
    receiver, what was claimed below and what was settled above; of a withdrawal, its amount below and its time above.
@custom:security A voucher binds nobody until it is claimed: a receiver claims within the delay after a withdrawal is
    announced, and takes vouchers of keys only. The word of a contract that pays without an authorizer counts at the
    moment of the claim. Anybody can bring a signed deposit, claim or refund; coins go to payer, receiver, hub and
    treasury alone. A token whose issuer can freeze it can be frozen here too.
@custom:kill The timelock takes tokens off the list: nothing new is paid in. Claims, settlements, refunds and
    withdrawals cannot be stopped.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IChannels
from ..interfaces import IDepositCollector

implements: IChannels


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from ..lib import token_transfers
from .lib import claims
from .lib import fees

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: fees
initializes: claims[eip712 := eip712, signatures := signatures, fees := fees]

exports: (
    claims.channels,
    claims.claim,
    claims.claimWithSignature,
    claims.getChannelId,
    claims.getClaimBatchDigest,
    claims.getVoucherDigest,
    claims.receivers,
    claims.settle,
    eip712.eip712Domain,
    fees.MAX_FEE,
    fees.coin,
    fees.fee,
    fees.hub,
    fees.isListed,
    fees.listToken,
    fees.owner,
    fees.payTreasury,
    fees.setFee,
    fees.treasury,
    fees.treasuryFees,
)


# ############################################################## #
#                           CONSTANTS                            #
# ############################################################## #

# EIP-712 type of x402.
REFUND_TYPE: constant(bytes32) = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)")

# Shortest and longest delay of a withdrawal, seconds.
MIN_WITHDRAW_DELAY: public(constant(uint40)) = 15 * 60
MAX_WITHDRAW_DELAY: public(constant(uint40)) = 30 * 86_400

# Most bytes for a collector, calls in a multicall, and bytes of such a call.
MAX_COLLECTOR_DATA: constant(uint256) = 2_048
MAX_CALLS: constant(uint256) = 8
MAX_CALL: constant(uint256) = 8_192


# ############################################################## #
#                            STORAGE                             #
# ############################################################## #

# channel -> amount asked back | when, unix seconds.
_withdrawals: HashMap[bytes32, uint256]

# channel -> refunds so far: what a signed refund has to name.
refundNonce: public(HashMap[bytes32, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_coin: address, _hub: address, _owner: address, _treasury: address):
    """
    @param _coin The suite's coin, the first token on the list.
    @param _hub Where fees in it become rewards.
    @param _owner Lists tokens and sets the fee.
    @param _treasury Gets the fees that are no rewards.
    """
    eip712.__init__("x402 Batch Settlement", "1")
    fees.__init__(_coin, _hub, _owner, _treasury)


# ############################################################## #
#                       DEPOSIT FUNCTIONS                        #
# ############################################################## #

@external
def deposit(
    config: IChannels.ChannelConfig, amount: uint128, collector: address, collectorData: Bytes[MAX_COLLECTOR_DATA]
):
    """
    @notice Pay into a channel. The first deposit opens it.
    @param collector Brings the coins, by what the payer signed. This contract itself: the payer calls, and has allowed
        it to take them.
    @param collectorData What the collector needs.
    """
    assert config.receiver != empty(address), "channels: no receiver"
    assert config.receiverAuthorizer != empty(address), "channels: no receiver authorizer"
    assert config.withdrawDelay >= MIN_WITHDRAW_DELAY, "channels: delay too short"
    assert config.withdrawDelay <= MAX_WITHDRAW_DELAY, "channels: delay too long"
    assert fees.isListed[config.token], "channels: token is not listed"
    assert amount > 0, "channels: zero amount"
    channel: bytes32 = keccak256(
        concat(b"\x19\x01", eip712._domain_separator_v4(), keccak256(abi_encode(claims.CHANNEL_TYPE, config)))
    )
    word: uint256 = claims._channels[channel]
    wanted: uint256 = convert(amount, uint256)
    balance: uint256 = unsafe_add(word & claims.U128, wanted)
    assert balance <= claims.U128, "channels: too much in it"
    claims._channels[channel] = unsafe_add(word, wanted)
    if word == 0:
        log IChannels.ChannelCreated(channelId=channel, config=config)
    log IChannels.Deposited(
        channelId=channel,
        sender=msg.sender,
        amount=amount,
        newBalance=convert(balance, uint128),
    )
    if collector == self:
        assert msg.sender == config.payer, "channels: caller is not the payer"
        if config.token == fees.coin.address:
            # The suite's coin moves what it says.
            assert extcall fees.coin.transferFrom(msg.sender, self, wanted), "channels: transfer was refused"
        else:
            token_transfers._pull(IERC20(config.token), wanted)
        return
    assert config.payer != empty(address), "channels: no payer"
    # Whatever a collector does, the amount has to be here afterwards.
    token: IERC20 = IERC20(config.token)
    before: uint256 = staticcall token.balanceOf(self)
    extcall IDepositCollector(collector).collect(config.payer, config.token, wanted, channel, collectorData)
    assert staticcall token.balanceOf(self) == before + wanted, "channels: collector brought another amount"


# ############################################################## #
#                        REFUND FUNCTIONS                        #
# ############################################################## #

@external
def initiateWithdraw(config: IChannels.ChannelConfig, amount: uint128):
    """
    @notice Ask for coins that are not claimed, as the payer or its authorizer. The receiver has the channel's delay to
        claim what was signed.
    """
    self._check_payers(config)
    assert amount > 0, "channels: zero amount"
    channel: bytes32 = claims._id(config)
    assert self._withdrawals[channel] == 0, "channels: withdrawal is pending"
    assert convert(amount, uint256) <= claims._available(claims._channels[channel]), "channels: more than there is"
    self._withdrawals[channel] = convert(amount, uint256) | block.timestamp << claims.UPPER
    log IChannels.WithdrawInitiated(
        channelId=channel,
        amount=amount,
        finalizeAfter=convert(block.timestamp + convert(config.withdrawDelay, uint256), uint40),
    )


@external
def finalizeWithdraw(config: IChannels.ChannelConfig):
    """
    @notice Send the payer what was asked for, or what is left of it, when the delay has passed.
    """
    self._check_payers(config)
    channel: bytes32 = claims._id(config)
    asked: uint256 = self._withdrawals[channel]
    assert asked != 0, "channels: no withdrawal"
    assert block.timestamp >= (asked >> claims.UPPER) + convert(
        config.withdrawDelay, uint256
    ), "channels: delay has not passed"
    self._withdrawals[channel] = 0
    word: uint256 = claims._channels[channel]
    amount: uint256 = min(asked & claims.U128, claims._available(word))
    log IChannels.WithdrawFinalized(channelId=channel, sender=msg.sender, amount=convert(amount, uint128))
    self._give_back(config, channel, word, amount)


@external
def refund(config: IChannels.ChannelConfig, amount: uint128):
    """
    @notice Give coins that are not claimed back to the payer at once, at most what there is, as the receiver or its
        authorizer.
    """
    assert (
        msg.sender == config.receiver or msg.sender == config.receiverAuthorizer
    ), "channels: caller is not the receiver's"
    channel: bytes32 = claims._id(config)
    self._refund(config, channel, amount, self.refundNonce[channel])


@external
def refundWithSignature(
    config: IChannels.ChannelConfig,
    amount: uint128,
    nonce: uint256,
    receiverAuthorizerSignature: Bytes[signatures.MAX_SIGNATURE],
):
    """
    @notice The same for anybody who brings the signature of the receiver's authorizer. Every refund of the channel uses
        up a nonce.
    """
    channel: bytes32 = claims._id(config)
    assert nonce == self.refundNonce[channel], "channels: another refund came first"
    refund_hash: bytes32 = keccak256(abi_encode(REFUND_TYPE, channel, nonce, amount))
    assert signatures._signed(
        config.receiverAuthorizer, refund_hash, receiverAuthorizerSignature
    ), "channels: refund is not signed"
    self._refund(config, channel, amount, nonce)


# ############################################################## #
#                        BATCH FUNCTIONS                         #
# ############################################################## #

@external
@reentrant
def multicall(data: DynArray[Bytes[MAX_CALL], MAX_CALLS]) -> DynArray[Bytes[32], MAX_CALLS]:
    """
    @notice Make several of these calls as one, as the caller.
    """
    results: DynArray[Bytes[32], MAX_CALLS] = []
    for call: Bytes[MAX_CALL] in data:
        results.append(raw_call(self, call, max_outsize=32, is_delegate_call=True))
    return results


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def pendingWithdrawals(channelId: bytes32) -> (uint128, uint40):
    """
    @notice What the payer's side asked back, and when.
    """
    word: uint256 = self._withdrawals[channelId]
    return convert(word & claims.U128, uint128), convert(word >> claims.UPPER, uint40)


@external
@view
@reentrant
def getRefundDigest(channelId: bytes32, nonce: uint256, amount: uint128) -> bytes32:
    """
    @notice What the receiver's authorizer signs to give coins back.
    """
    return eip712._hash_typed_data_v4(keccak256(abi_encode(REFUND_TYPE, channelId, nonce, amount)))


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_payers(_config: IChannels.ChannelConfig):
    assert msg.sender == _config.payer or msg.sender == _config.payerAuthorizer, "channels: caller is not the payer's"


@internal
def _refund(_config: IChannels.ChannelConfig, _channel: bytes32, _amount: uint128, _nonce: uint256):
    """
    @dev A pending withdrawal becomes less by what goes back already.
    """
    assert _amount > 0, "channels: zero amount"
    self.refundNonce[_channel] = _nonce + 1
    word: uint256 = claims._channels[_channel]
    amount: uint256 = min(convert(_amount, uint256), claims._available(word))
    if amount == 0:
        return
    asked: uint256 = self._withdrawals[_channel]
    if amount >= asked & claims.U128:
        self._withdrawals[_channel] = 0
    else:
        self._withdrawals[_channel] = asked - amount
    log IChannels.Refunded(channelId=_channel, sender=msg.sender, amount=convert(amount, uint128))
    self._give_back(_config, _channel, word, amount)


@internal
def _give_back(_config: IChannels.ChannelConfig, _channel: bytes32, _word: uint256, _amount: uint256):
    """
    @dev `_amount` of what is available in the channel, whose word is `_word`, to the payer.
    """
    if _amount == 0:
        return
    claims._channels[_channel] = _word - _amount
    if _amount == claims._available(_word):
        log IChannels.ChannelClosed(channelId=_channel)
    token_transfers._push(IERC20(_config.token), _config.payer, _amount)
