# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Permit2DepositCollector
@license MIT
@notice Brings a deposit that its payer signed for Permit2: for tokens that know no transfer by signature. The payer has
    allowed Permit2 to move the token, or signs that, too, where the token takes a permit (EIP-2612).
@dev x402's collector: the witness of the transfer names the channel, so the coins go into that one. They go straight
    from payer to Channels. A permit is brought only where Permit2 may not move enough yet.
@custom:security Permit2 is trusted to move what was signed, once. Only Channels makes this contract call it.
@custom:kill Nothing to stop: it holds no state and no coins.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IDepositCollector

implements: IDepositCollector


# What Permit2 calls a permit: so much of a token, by a nonce, until a time.
struct TokenPermissions:
    token: address
    amount: uint256


struct PermitTransferFrom:
    permitted: TokenPermissions
    nonce: uint256
    deadline: uint256


struct TransferDetails:
    to: address
    requestedAmount: uint256


interface Token:
    def permit(
        owner: address, spender: address, amount: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32
    ): nonpayable


interface Permit2:
    def permitWitnessTransferFrom(
        permit: PermitTransferFrom,
        transferDetails: TransferDetails,
        owner: address,
        witness: bytes32,
        witnessTypeString: String[128],
        signature: Bytes[MAX_SIGNATURE],
    ): nonpayable


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# EIP-712 type of the witness, and what Permit2 puts behind its own type.
WITNESS_TYPE: constant(bytes32) = keccak256("DepositWitness(bytes32 channelId)")
WITNESS_STRING: constant(String[128]) = (
    "DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)"
)

# Longest signature and longest data of a deposit, bytes.
MAX_SIGNATURE: constant(uint256) = 1_300
MAX_DATA: constant(uint256) = 2_048

# Words of a permit for the token: value, deadline, v, r, s.
PERMIT_SIZE: constant(uint256) = 5 * 32


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The only contract that deposits are brought to.
channels: public(immutable(address))

# Uniswap's Permit2.
permit2: public(immutable(address))


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_channels: address, _permit2: address):
    """
    @param _channels The only contract that deposits are brought to.
    @param _permit2 Uniswap's Permit2. It need not be there yet.
    """
    assert _channels != empty(address), "collector: no channels"
    assert _permit2 != empty(address), "collector: no Permit2"
    channels = _channels
    permit2 = _permit2


# ############################################################## #
#                       CHANNELS' FUNCTIONS                      #
# ############################################################## #

@external
def collect(payer: address, token: address, amount: uint256, channelId: bytes32, collectorData: Bytes[MAX_DATA]):
    """
    @notice Have Permit2 move `amount` from the payer to Channels.
    @param collectorData `abi.encode(nonce, deadline, signature, permit)`; `permit` is empty, or
        `abi.encode(value, deadline, v, r, s)` of a permit for Permit2 at the token.
    """
    assert msg.sender == channels, "collector: caller is not channels"
    nonce: uint256 = 0
    deadline: uint256 = 0
    signature: Bytes[MAX_SIGNATURE] = b""
    permit: Bytes[PERMIT_SIZE] = b""
    nonce, deadline, signature, permit = abi_decode(
        collectorData, (uint256, uint256, Bytes[MAX_SIGNATURE], Bytes[PERMIT_SIZE])
    )
    # Whoever brought the permit before has allowed Permit2 what the payer signed.
    if len(permit) > 0 and staticcall IERC20(token).allowance(payer, permit2) < amount:
        value: uint256 = 0
        until: uint256 = 0
        v: uint8 = 0
        r: bytes32 = empty(bytes32)
        s: bytes32 = empty(bytes32)
        value, until, v, r, s = abi_decode(permit, (uint256, uint256, uint8, bytes32, bytes32))
        extcall Token(token).permit(payer, permit2, value, until, v, r, s)
    extcall Permit2(permit2).permitWitnessTransferFrom(
        PermitTransferFrom(permitted=TokenPermissions(token=token, amount=amount), nonce=nonce, deadline=deadline),
        TransferDetails(to=channels, requestedAmount=amount),
        payer,
        keccak256(abi_encode(WITNESS_TYPE, channelId)),
        WITNESS_STRING,
        signature,
    )
