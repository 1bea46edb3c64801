"""What somebody has signed and anybody may bring to the chain: the calls that do it, and a name that is its own.

The name follows from what takes effect, not from how it was signed or asked for: the same intent twice is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keifu.errors import AbiError, InputError
from keifu.keys import keccak256
from keifu.payments.actions import MAX_CLAIMS
from keifu.payments.book import Refused
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.facilitator import permit_of
from keifu.payments.onchain import Claimable, Onchain
from keifu.payments.x402 import (
    Claim,
    ClaimPayload,
    DepositPayload,
    Payment,
    RefundPayload,
    SettlePayload,
)

__all__ = ["Signed", "signed_intent"]


@dataclass(frozen=True)
class Signed:
    """`what` is deposit, claim, refund or settle. `account` is whom it serves: its calls count against that one."""

    what: str
    id: str
    account: str
    calls: tuple[bytes, ...]
    claims: tuple[Claimable, ...] = ()
    channel: tuple[bytes, Channel] | None = None  # whose state is said afterwards
    amount: str = ""


def signed_intent(payment: Payment, onchain: Onchain, vouchers: Vouchers) -> Signed:
    """Raises Refused for what is none, or lacks a signature. Only `settle` asks the chain."""
    payload = payment.payload
    try:
        match payload:
            case DepositPayload():
                return _deposit(payment, payload, onchain, vouchers)
            case ClaimPayload():
                return _claim(payload, onchain, vouchers)
            case RefundPayload():
                return _refund(payload, onchain, vouchers)
            case SettlePayload():
                return _settle(payload, onchain)
    except (AbiError, InputError) as error:
        raise Refused("payload_type", error.message) from error
    raise Refused("payload_type", "a voucher alone is not brought to the chain: it is claimed")


def _deposit(payment: Payment, payload: DepositPayload, onchain: Onchain, vouchers: Vouchers) -> Signed:
    channel = payload.channel_config.channel
    channel_id = vouchers.channel_id(channel)
    plain = onchain.deposit(payload)
    permit = permit_of(payment, payload) if payload.deposit.authorization.permit2_authorization else b""
    call = onchain.deposit(payload, permit) if permit else plain
    return Signed(
        "deposit", f"deposit {channel_id.hex()} {keccak256(plain).hex()}", channel.payer, (call,),
        channel=(channel_id, channel), amount=payload.deposit.amount,
    )  # fmt: skip


def _claim(payload: ClaimPayload, onchain: Onchain, vouchers: Vouchers) -> Signed:
    items = _items(payload.claims, vouchers)
    if not payload.claim_authorizer_signature:
        raise Refused("authorizer_not_configured", "the receivers' authorizer has to sign the batch")
    call = onchain.claim_signed(items, bytes.fromhex(payload.claim_authorizer_signature[2:]))
    what = keccak256(b"".join(item.id + item.total.to_bytes(32, "big") for item in items)).hex()
    return Signed("claim", f"claim {what}", items[0].channel.receiver, (call,), claims=items)


def _refund(payload: RefundPayload, onchain: Onchain, vouchers: Vouchers) -> Signed:
    if not isinstance(payload.refund_nonce, str) or not isinstance(payload.amount, str):
        raise Refused("refund_payload", "a refund has an amount and a nonce")
    if not payload.refund_authorizer_signature:
        raise Refused("authorizer_not_configured", "the receiver's authorizer has to sign the refund")
    channel = payload.channel_config.channel
    channel_id = vouchers.channel_id(channel)
    items = _items(payload.claims, vouchers) if payload.claims else ()
    calls = []
    if items:
        if not payload.claim_authorizer_signature:
            raise Refused("authorizer_not_configured", "the receivers' authorizer has to sign the batch")
        calls.append(onchain.claim_signed(items, bytes.fromhex(payload.claim_authorizer_signature[2:])))
    nonce, signature = int(payload.refund_nonce), bytes.fromhex(payload.refund_authorizer_signature[2:])
    calls.append(onchain.refund_signed(channel, int(payload.amount), nonce, signature))
    # The nonce is used up by one refund, whatever its amount.
    return Signed(
        "refund", f"refund {channel_id.hex()} {nonce}", channel.receiver, tuple(calls), items,
        channel=(channel_id, channel),
    )  # fmt: skip


def _settle(payload: SettlePayload, onchain: Onchain) -> Signed:
    receiver, token = payload.receiver.lower(), payload.token.lower()
    claimed, settled = onchain.settled(receiver, token)
    if claimed <= settled:
        raise Refused("nothing_to_settle", "all that was claimed is settled")
    return Signed("settle", f"settle {receiver} {token} {claimed}", receiver, (onchain.settle(receiver, token),))


def _items(claims: Sequence[Claim], vouchers: Vouchers) -> tuple[Claimable, ...]:
    if not 0 < len(claims) <= MAX_CLAIMS:
        raise Refused("claim_payload", f"{len(claims)} claims: one to {MAX_CLAIMS} at a time")
    return tuple(Claimable.of(vouchers.channel_id(item.voucher.channel.channel), item) for item in claims)
