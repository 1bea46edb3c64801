"""Whether a payment would be taken now, as x402's own facilitator judges it: nothing is sent for one that would not.

Used by the thread of the rounds, which alone asks the chain. Raises Refused with x402's code, or RpcError.
"""

from __future__ import annotations

from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import ChainClient
from keifu.chain.suite import PERMIT2, TOKEN
from keifu.errors import AbiError, Revert
from keifu.payments.book import Held, Refused
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.facilitator import PERMIT_EXTENSION, Asked, Verified, channel_state
from keifu.payments.intents import Signed
from keifu.payments.onchain import Claimable, Onchain
from keifu.payments.signatures import key_behind, signed_by
from keifu.payments.x402 import (
    SCHEME,
    VERSION,
    DepositPayload,
    RefundPayload,
    Requirements,
    VoucherPayload,
    network_of,
)

__all__ = ["Checks"]

Known = VoucherPayload | DepositPayload | RefundPayload


class Checks:
    """Of one chain and its contract."""

    def __init__(self, client: ChainClient, onchain: Onchain, vouchers: Vouchers) -> None:
        self._client, self._onchain, self._vouchers = client, onchain, vouchers
        self.network = network_of(client.chain_id)
        self._shortest, self._longest = (
            getattr(onchain.contract, name)() for name in ("MIN_WITHDRAW_DELAY", "MAX_WITHDRAW_DELAY")
        )

    def require_network(self, asked: Asked) -> None:
        payment, wanted = asked.payment_payload, asked.payment_requirements
        if asked.x402_version != VERSION or payment.x402_version != VERSION:
            raise Refused("payload_type", f"this is a facilitator of x402 version {VERSION}")
        if payment.accepted.scheme != SCHEME or wanted.scheme != SCHEME:
            raise Refused("scheme", f"this is a facilitator of {SCHEME}")
        if not payment.accepted.network == wanted.network == self.network:
            raise Refused("network_mismatch", f"this is {self.network}")

    def verify(self, asked: Asked) -> Verified:
        """A voucher, a deposit or a client's refund; how its channel stands."""
        self.require_network(asked)
        payload = asked.payment_payload.payload
        if not isinstance(payload, Known):
            raise Refused("payload_type", "this is settled, and not verified")
        held = self._paid(payload, asked)
        channel_id = bytes.fromhex(payload.voucher.channel_id[2:])
        return Verified(True, payload.channel_config.payer, extra=channel_state(channel_id, held))

    def deposit(self, asked: Asked, payload: DepositPayload) -> None:
        """All but the contract's own word, which a simulation gives."""
        self._paid(payload, asked)

    def claims(self, signed: Signed) -> None:
        """Raises Refused when no item of a batch would count: the contract would skip them all, for gas."""
        if not any(self._counts(item) for item in signed.claims):
            raise Refused("claim_simulation_failed", "no item would count: all is claimed, or not signed for")

    # what is looked at ---------------------------------------------------------------------------------------------

    def _paid(self, payload: Known, asked: Asked) -> Held:
        channel = payload.channel_config.channel
        self._terms(payload, channel, asked.payment_requirements)
        channel_id, most = self._vouchers.channel_id(channel), int(payload.voucher.max_claimable_amount)
        if isinstance(payload, DepositPayload):
            self._deposited(payload, channel, asked)
        if not self._is_signed(channel, self._vouchers.digest(channel_id, most), payload.voucher.signature):
            raise Refused("voucher_signature", "the channel's authorizer did not sign this voucher")
        held = self._onchain.held(channel_id)
        brought = int(payload.deposit.amount) if isinstance(payload, DepositPayload) else 0
        if not held.balance + brought:
            raise Refused("channel_not_found", "the chain has no such channel")
        if most > held.balance + brought:
            raise Refused("cumulative_exceeds_balance", "the voucher is above what the channel holds")
        if most < held.claimed or (most == held.claimed and not isinstance(payload, RefundPayload)):
            raise Refused("cumulative_below_claimed", "the voucher is below what was claimed already")
        return held

    def _terms(self, payload: Known, channel: Channel, wanted: Requirements) -> None:
        if "0x" + self._vouchers.channel_id(channel).hex() != payload.voucher.channel_id.lower():
            raise Refused("channel_id_mismatch", "the channel's id is not that of its configuration")
        authorizer = str(wanted.extra.get("receiverAuthorizer") or ZERO_ADDRESS).lower()
        for code, wants, has in (
            ("receiver_mismatch", wanted.pay_to.lower(), channel.receiver),
            ("receiver_authorizer_mismatch", authorizer, channel.receiver_authorizer),
            ("receiver_authorizer_mismatch", False, authorizer == ZERO_ADDRESS),
            ("token_mismatch", wanted.asset.lower(), channel.token),
            ("withdraw_delay_mismatch", wanted.extra.get("withdrawDelay", channel.withdraw_delay),
             channel.withdraw_delay),
        ):  # fmt: skip
            if wants != has:
                raise Refused(code, "the channel is not on the terms that were asked for")
        if not self._shortest <= channel.withdraw_delay <= self._longest:
            raise Refused("withdraw_delay_out_of_range", f"{self._shortest} to {self._longest} seconds")

    def _deposited(self, payload: DepositPayload, channel: Channel, asked: Asked) -> None:
        given, amount = payload.deposit.authorization, int(payload.deposit.amount)
        method = asked.payment_requirements.extra.get("assetTransferMethod")
        if given.permit2_authorization and method != "eip3009":
            signed = given.permit2_authorization
            for code, wants, has in (
                ("permit2_invalid_signature", channel.payer, signed.owner.lower()),
                ("permit2_invalid_spender", self._onchain.collectors[1].lower(), signed.spender.lower()),
                ("token_mismatch", channel.token, signed.permitted.token.lower()),
                ("permit2_amount_mismatch", amount, int(signed.permitted.amount)),
                ("channel_id_mismatch", payload.voucher.channel_id.lower(), signed.witness.channel_id.lower()),
            ):
                if wants != has:
                    raise Refused(code, "what was signed for Permit2 is not this deposit")
            extensions = asked.payment_payload.extensions
            if not (isinstance(extensions, dict) and PERMIT_EXTENSION in extensions):
                self._require(channel, "allowance", (channel.payer, PERMIT2), amount, "permit2_allowance_required")
        elif not given.erc3009_authorization or method == "permit2":
            raise Refused("payload_type", f"the deposit is not authorised by {method or 'eip3009 or permit2'}")
        self._require(channel, "balanceOf", (channel.payer,), amount, "insufficient_balance")

    def _require(self, channel: Channel, view: str, arguments: tuple[Any, ...], amount: int, code: str) -> None:
        try:
            found = getattr(self._client.at(channel.token, TOKEN), view)(*arguments)
        except (Revert, AbiError) as error:
            raise Refused("token_mismatch", "the token does not answer") from error
        if found < amount:
            raise Refused(code, f"{found} of {amount}")

    def _is_signed(self, channel: Channel, digest: bytes, signature: str) -> bool:
        """By the authorizer's key; without one by the payer, which may be a contract."""
        plain = bytes.fromhex(signature[2:])
        if channel.payer_authorizer == ZERO_ADDRESS:
            return signed_by(self._client, channel.payer, digest, plain)
        found = key_behind(plain, digest)
        return found is not None and found[0] == channel.payer_authorizer

    def _counts(self, item: Claimable) -> bool:
        held = self._onchain.held(item.id)
        if not held.claimed < min(item.total, held.balance) <= item.total <= item.most:
            return False
        return self._is_signed(item.channel, self._vouchers.digest(item.id, item.most), "0x" + item.signature.hex())
