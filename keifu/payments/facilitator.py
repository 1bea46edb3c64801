"""x402's facilitator over HTTP: what a server asks for, and what it is answered, for scheme "batch-settlement".

    POST /verify     {x402Version, paymentPayload, paymentRequirements} -> Verified
    POST /settle     the same -> keifu.payments.x402.Settled
    GET  /supported  -> Supported

What is wrong with a payment is said in these documents, with x402's code, and by status 200, as its clients read it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from keifu.abi import encode_args
from keifu.chain.suite import PERMIT2
from keifu.errors import AbiError, InputError
from keifu.payments.book import Held, Refused
from keifu.payments.x402 import SCHEME, VERSION, DepositPayload, Payment, Requirements

__all__ = [
    "PENDING",
    "PERMIT_EXTENSION",
    "Asked",
    "Kind",
    "RefundTerms",
    "Supported",
    "Verified",
    "channel_state",
    "permit_of",
    "read_asked",
]

PENDING = "settlement_pending"  # sent, and not in a block yet: the same request again says what became of it
PERMIT_EXTENSION = "eip2612GasSponsoring"
TERMS = "keifuRefund"  # in the `extra` of a kind: what a relayer takes for gas
_V_OFFSET, _SIGNATURE = 27, 65
_PERMIT_TYPES = ["uint256", "uint256", "uint8", "bytes32", "bytes32"]


class Asked(msgspec.Struct, rename="camel"):
    """A payment, and what it has to pay."""

    payment_payload: Payment
    payment_requirements: Requirements
    x402_version: int = VERSION


class Verified(msgspec.Struct, rename="camel"):
    """Whether a payment would be taken now."""

    is_valid: bool
    payer: str | UnsetType = UNSET
    invalid_reason: str | UnsetType = UNSET
    invalid_message: str | UnsetType = UNSET
    extra: dict[str, Any] | UnsetType = UNSET


class RefundTerms(msgspec.Struct, rename="camel"):
    """To whom, in what and up to how much gas is paid back. Amounts are decimal texts of the token's smallest unit."""

    receiver: str
    receiver_authorizer: str
    token: str
    per_ether: str
    most: str
    margin: str = "1"  # times the price of the gas at the time of asking


class Kind(msgspec.Struct, rename="camel"):
    network: str
    scheme: str = SCHEME
    x402_version: int = VERSION
    extra: dict[str, Any] | UnsetType = UNSET

    @property
    def refund(self) -> RefundTerms | None:
        """What this facilitator takes for gas, when it is one of ours. Raises InputError when that cannot be read."""
        found = self.extra.get(TERMS) if isinstance(self.extra, dict) else None
        if found is None:
            return None
        try:
            return msgspec.convert(found, RefundTerms)
        except msgspec.ValidationError as error:
            raise InputError(f"a facilitator's terms cannot be read: {error}") from error

    @classmethod
    def on(cls, network: str, terms: RefundTerms | None) -> Kind:
        return cls(network, extra={TERMS: msgspec.to_builtins(terms)}) if terms else cls(network)


class Supported(msgspec.Struct):
    kinds: list[Kind]
    extensions: list[str] = []
    signers: dict[str, list[str]] = {}


class _Permit(msgspec.Struct, rename="camel"):
    asset: str
    spender: str
    amount: str
    deadline: str
    signature: str
    owner: str = msgspec.field(name="from")


def read_asked(body: bytes) -> Asked:
    """Raises InputError for what is no such request."""
    try:
        return msgspec.json.decode(body, type=Asked)
    except (ValueError, RecursionError) as error:  # what msgspec raises is among them
        raise InputError(f"the request cannot be read: {error}", remedy="JSON, as x402 version 2 says") from error


def channel_state(channel_id: bytes, held: Held) -> dict[str, Any]:
    """A channel as it stands on the chain, in x402's words."""
    return {
        "channelId": "0x" + channel_id.hex(),
        "balance": str(held.balance),
        "totalClaimed": str(held.claimed),
        "withdrawRequestedAt": held.asked_at,
        "refundNonce": str(held.refunds),
    }


def permit_of(payment: Payment, payload: DepositPayload) -> bytes:
    """What lets Permit2 move the token, where its payer has signed that too (EIP-2612); as the collector takes it.

    b"" without one. Raises Refused for one of somebody else, or of another amount.
    """
    info = _info(payment)
    if info is None:
        return b""
    channel = payload.channel_config.channel
    if (info.owner.lower(), info.asset.lower()) != (channel.payer, channel.token):
        raise Refused("eip2612_owner_mismatch", "the permit is of another payer or token")
    if info.spender.lower() != PERMIT2.lower():
        raise Refused("eip2612_spender_mismatch", "the permit is for somebody else than Permit2")
    if info.amount != payload.deposit.amount:
        raise Refused("eip2612_amount_mismatch", "the permit is for another amount")
    try:
        signature = bytes.fromhex(info.signature.removeprefix("0x"))
        v = signature[64] + (_V_OFFSET if signature[64] < _V_OFFSET else 0)
        words = [int(info.amount), int(info.deadline), v, signature[:32], signature[32:64]]
        return encode_args(_PERMIT_TYPES, words) if len(signature) == _SIGNATURE else b""
    except (ValueError, IndexError, AbiError) as error:
        raise Refused("eip2612_invalid_format", "the permit cannot be read") from error


def _info(payment: Payment) -> _Permit | None:
    """One that cannot be read is none, as x402 has it."""
    found = payment.extensions.get(PERMIT_EXTENSION) if isinstance(payment.extensions, dict) else None
    try:
        return msgspec.convert(found["info"], _Permit) if isinstance(found, dict) else None
    except (KeyError, msgspec.ValidationError):
        return None
