# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Erc3009DepositCollector
@license MIT
@notice Brings a deposit that its payer signed as a transfer (EIP-3009): the payer sends no transaction and has no gas.
@dev x402's collector: the nonce of the transfer is the hash of channel and salt, so the coins go into that channel.
    The signature is passed on as bytes, as USDC 2.2 takes it.
@custom:security Nobody is trusted. The token pays only its caller, which is this contract, and only Channels makes it
    call.
@custom:kill Nothing to stop: it holds no state and, between calls, no coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IDepositCollector

implements: IDepositCollector


interface Token:
    def receiveWithAuthorization(
        owner: address,
        to: address,
        amount: uint256,
        validAfter: uint256,
        validBefore: uint256,
        nonce: bytes32,
        signature: Bytes[MAX_SIGNATURE],
    ): nonpayable


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from ..lib import token_transfers


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest signature, bytes, and longest data of a deposit.
MAX_SIGNATURE: constant(uint256) = 1_300
MAX_DATA: constant(uint256) = 2_048


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The only contract that deposits are brought to.
channels: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_channels: address):
    """
    @param _channels The only contract that deposits are brought to.
    """
    assert _channels != empty(address), "collector: no channels"
    channels = _channels


# ############################################################## #
#                       CHANNELS' FUNCTIONS                      #
# ############################################################## #

@external
def collect(payer: address, token: address, amount: uint256, channelId: bytes32, collectorData: Bytes[MAX_DATA]):
    """
    @notice Take `amount` from the payer and hand it to Channels.
    @param collectorData `abi.encode(validAfter, validBefore, salt, signature)`.
    """
    assert msg.sender == channels, "collector: caller is not channels"
    after: uint256 = 0
    before: uint256 = 0
    salt: uint256 = 0
    signature: Bytes[MAX_SIGNATURE] = b""
    after, before, salt, signature = abi_decode(collectorData, (uint256, uint256, uint256, Bytes[MAX_SIGNATURE]))
    nonce: bytes32 = keccak256(abi_encode(channelId, salt))
    extcall Token(token).receiveWithAuthorization(payer, self, amount, after, before, nonce, signature)
    token_transfers._push(IERC20(token), channels, amount)
