"""What x402 says over HTTP for its scheme "batch-settlement", version 2: headers and JSON, to write and to read.

    402  PAYMENT-REQUIRED: base64(Required)      what has to be paid, by which terms
         PAYMENT-SIGNATURE: base64(Payment)      a voucher; with a deposit when the channel has to be filled
    200  PAYMENT-RESPONSE: base64(Settled)       what was charged

Names of fields are x402's. Amounts are decimal texts, hashes and signatures hex with 0x. What is read was written by
somebody else: it has these shapes, or it is refused.
"""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from keifu.errors import InputError
from keifu.keys import keccak256
from keifu.payments.channel import Channel

__all__ = [
    "AHEAD",
    "BRIEF",
    "BRIEF_HEADER",
    "ERRORS",
    "LARGEST_HEADER",
    "PAYMENT_REQUIRED",
    "PAYMENT_RESPONSE",
    "PAYMENT_SIGNATURE",
    "SCHEME",
    "VERSION",
    "Authorization",
    "Claim",
    "ClaimPayload",
    "ClaimedVoucher",
    "Config",
    "Deposit",
    "DepositPayload",
    "Payload",
    "Payment",
    "PermitAuthorization",
    "ReceiveAuthorization",
    "RefundPayload",
    "Required",
    "Requirements",
    "SettlePayload",
    "Settled",
    "VoucherFields",
    "VoucherPayload",
    "brief_of",
    "chain_of",
    "decode",
    "encode",
    "network_of",
]

SCHEME = "batch-settlement"
VERSION = 2
PAYMENT_REQUIRED, PAYMENT_SIGNATURE, PAYMENT_RESPONSE = "PAYMENT-REQUIRED", "PAYMENT-SIGNATURE", "PAYMENT-RESPONSE"
ERRORS = "invalid_batch_settlement_evm_"  # what x402's codes of this scheme begin with
LARGEST_HEADER = 16_384  # characters
# Ours: in `extra` of what a server asks for, that it takes a payment again until its voucher is used up; among the
# `extensions` of a payment, that it is such a one. Its answers have no PAYMENT-RESPONSE.
AHEAD = "keifuAhead"
# Ours, too: in `extra`, that a payment signed ahead, once it was answered, may come again by its name alone.
BRIEF, BRIEF_HEADER = "keifuBrief", "Keifu-Payment"
BRIEF_LETTERS = 22  # 128 bits in base64url

_NETWORK = re.compile(r"eip155:([1-9][0-9]{0,18})")
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
_Bytes32 = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$")]
_Signature = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-fA-F]{2})*$", max_length=4_098)]
_Amount = Annotated[str, msgspec.Meta(pattern="^(0|[1-9][0-9]{0,38})$")]
_Time = Annotated[str, msgspec.Meta(pattern="^(0|[1-9][0-9]{0,77})$")]
T = TypeVar("T")


class Requirements(msgspec.Struct, rename="camel"):
    """One way to pay. `amount` is the most that the request may cost; `extra` has `receiverAuthorizer`,
    `withdrawDelay`, the token's `name` and `version`, and perhaps `minDeposit`."""

    scheme: str
    network: str
    asset: _Address
    amount: _Amount
    pay_to: _Address
    max_timeout_seconds: int
    extra: dict[str, Any] = {}


class Required(msgspec.Struct, rename="camel"):
    """What a server asks for."""

    accepts: list[Requirements]
    x402_version: int = VERSION
    error: str | UnsetType | None = UNSET
    resource: dict[str, Any] | UnsetType | None = UNSET
    extensions: dict[str, Any] | UnsetType | None = UNSET


class Config(msgspec.Struct, rename="camel"):
    """A channel as it travels."""

    payer: _Address
    payer_authorizer: _Address
    receiver: _Address
    receiver_authorizer: _Address
    token: _Address
    withdraw_delay: Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
    salt: _Bytes32

    @classmethod
    def of(cls, channel: Channel) -> Config:
        payer, payer_authorizer, receiver, receiver_authorizer, token, delay, salt = channel.values
        return cls(payer, payer_authorizer, receiver, receiver_authorizer, token, delay, "0x" + salt.hex())

    @property
    def channel(self) -> Channel:
        return Channel(
            self.payer.lower(),
            self.payer_authorizer.lower(),
            self.receiver.lower(),
            self.receiver_authorizer.lower(),
            self.token.lower(),
            self.withdraw_delay,
            bytes.fromhex(self.salt[2:]),
        )


class VoucherFields(msgspec.Struct, rename="camel"):
    channel_id: _Bytes32
    max_claimable_amount: _Amount
    signature: _Signature


class ReceiveAuthorization(msgspec.Struct, rename="camel"):
    """EIP-3009: what the payer signed for the collector; the nonce is of the channel and the salt."""

    valid_after: _Time
    valid_before: _Time
    salt: _Bytes32
    signature: _Signature


class Permitted(msgspec.Struct, rename="camel"):
    token: _Address
    amount: _Amount


class Witness(msgspec.Struct, rename="camel"):
    channel_id: _Bytes32


class PermitAuthorization(msgspec.Struct, rename="camel"):
    """Permit2: what the payer signed for the collector; the witness names the channel."""

    permitted: Permitted
    spender: _Address
    nonce: _Time
    deadline: _Time
    witness: Witness
    signature: _Signature
    owner: _Address = msgspec.field(name="from")


class Authorization(msgspec.Struct, rename="camel"):
    """One of the two."""

    erc3009_authorization: ReceiveAuthorization | UnsetType = UNSET
    permit2_authorization: PermitAuthorization | UnsetType = UNSET


class Deposit(msgspec.Struct, rename="camel"):
    amount: _Amount
    authorization: Authorization


class ClaimedVoucher(msgspec.Struct, rename="camel"):
    channel: Config
    max_claimable_amount: _Amount


class Claim(msgspec.Struct, rename="camel"):
    voucher: ClaimedVoucher
    signature: _Signature
    total_claimed: _Amount


class VoucherPayload(msgspec.Struct, rename="camel", tag_field="type", tag="voucher"):
    channel_config: Config
    voucher: VoucherFields


class DepositPayload(msgspec.Struct, rename="camel", tag_field="type", tag="deposit"):
    channel_config: Config
    voucher: VoucherFields
    deposit: Deposit


class RefundPayload(msgspec.Struct, rename="camel", tag_field="type", tag="refund"):
    """A client gives the first two, and an amount for a part; a server adds the rest for its facilitator."""

    channel_config: Config
    voucher: VoucherFields
    amount: _Amount | UnsetType = UNSET
    refund_nonce: _Time | UnsetType = UNSET
    claims: list[Claim] | UnsetType = UNSET
    refund_authorizer_signature: _Signature | UnsetType = UNSET
    claim_authorizer_signature: _Signature | UnsetType = UNSET


class ClaimPayload(msgspec.Struct, rename="camel", tag_field="type", tag="claim"):
    claims: list[Claim]
    claim_authorizer_signature: _Signature | UnsetType = UNSET


class SettlePayload(msgspec.Struct, rename="camel", tag_field="type", tag="settle"):
    receiver: _Address
    token: _Address


Payload = VoucherPayload | DepositPayload | RefundPayload | ClaimPayload | SettlePayload


class Payment(msgspec.Struct, rename="camel"):
    """What a client sends, and a server its facilitator."""

    payload: Payload
    accepted: Requirements
    x402_version: int = VERSION
    resource: dict[str, Any] | UnsetType | None = UNSET
    extensions: dict[str, Any] | UnsetType | None = UNSET


class Settled(msgspec.Struct, rename="camel"):
    """How a payment went; `extra` says what was charged and how the channel stands."""

    success: bool
    network: str
    transaction: str = ""
    payer: str | UnsetType | None = UNSET
    amount: str | UnsetType | None = UNSET
    error_reason: str | UnsetType | None = UNSET
    error_message: str | UnsetType | None = UNSET
    extra: dict[str, Any] | UnsetType | None = UNSET


def encode(document: msgspec.Struct) -> str:
    """A header's value."""
    return base64.b64encode(msgspec.json.encode(document)).decode()


def brief_of(payment: bytes) -> bytes:
    """The name of a payment: of the keccak-256 of its header's value the first 128 bits, as base64url."""
    return base64.urlsafe_b64encode(keccak256(payment))[:BRIEF_LETTERS]


def decode(text: str, kind: type[T], header: str) -> T:
    """Raises InputError when a header does not hold such a document."""
    if len(text) > LARGEST_HEADER:
        raise InputError(f"{header} has {len(text):,} characters", remedy=f"at most {LARGEST_HEADER:,} are read")
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True), type=kind)
    except (ValueError, RecursionError) as error:  # what msgspec raises is among them
        raise InputError(
            f"{header} cannot be read: {error}", remedy="base64 of JSON, as x402 version 2 says"
        ) from error


def network_of(chain_id: int) -> str:
    return f"eip155:{chain_id}"


def chain_of(network: str) -> int:
    """Raises InputError for a network that is no chain of this kind."""
    if (found := _NETWORK.fullmatch(network)) is None:
        raise InputError(f"{network!r} is no network of x402 for this kind of chain", remedy="eip155:CHAIN")
    return int(found[1])
