"""Requests to a facilitator, as x402's client of one writes them."""

from __future__ import annotations

from typing import Any

import msgspec

from keifu.chain.suite import ERC3009_COLLECTOR
from keifu.keys import Account, Domain
from keifu.payments import Channel, sign_authorization
from keifu.payments.deposits import COIN_DOMAIN
from keifu.payments.x402 import SCHEME, Config, Payment, Requirements, VoucherFields, VoucherPayload, encode
from keifu.units import COIN, DAY
from tests.integration.compute.conftest import Paid

__all__ = ["AMOUNT", "DELAY", "PER_ETHER", "PRICE", "Asking"]

PER_ETHER = 4_000 * COIN
AMOUNT, PRICE = COIN // 10, COIN // 1_000
DELAY = 900


class Asking:
    """Over channels of the payer to a receiver of its own."""

    def __init__(self, paid: Paid) -> None:
        self.paid, self.payer = paid, paid.payer
        self.receiver = Account.from_role("another receiver")
        self.network = f"eip155:{paid.client.chain_id}"

    def channel(self, salt: int) -> Channel:
        return Channel(
            self.payer.address, self.payer.address, self.receiver.address, self.receiver.address,
            self.paid.token.address, DELAY, salt.to_bytes(32, "big"),
        )  # fmt: skip

    def requirements(self, **other: Any) -> dict[str, Any]:
        extra = {"receiverAuthorizer": self.receiver.address, "withdrawDelay": DELAY, "name": "Keifu", "version": "1"}
        return {
            "scheme": SCHEME, "network": self.network, "asset": self.paid.token.address, "amount": str(PRICE),
            "payTo": self.receiver.address, "maxTimeoutSeconds": 60, "extra": extra, **other,
        }  # fmt: skip

    def voucher(self, channel: Channel, most: int) -> dict[str, str]:
        channel_id = self.paid.vouchers.channel_id(channel)
        signature = self.paid.vouchers.sign(self.payer, channel_id, most)
        return {
            "channelId": "0x" + channel_id.hex(), "maxClaimableAmount": str(most), "signature": "0x" + signature.hex()
        }  # fmt: skip

    def deposit(self, salt: int, amount: int = AMOUNT) -> dict[str, Any]:
        channel = self.channel(salt)
        collector, until_ = self.paid.suite[ERC3009_COLLECTOR], self.paid.client.now + DAY
        token = Domain(*COIN_DOMAIN, self.paid.client.chain_id, self.paid.token.address)
        signed = sign_authorization(
            token, self.payer.address, collector, self.paid.vouchers.channel_id(channel), amount, until=until_, salt=1,
            sign=self.payer.sign,
        )  # fmt: skip
        signature = signed.data[5 * 32 :][:65]
        authorization = {
            "validAfter": "0", "validBefore": str(until_), "salt": "0x" + (1).to_bytes(32, "big").hex(),
            "signature": "0x" + signature.hex(),
        }  # fmt: skip
        return {
            "type": "deposit", "channelConfig": msgspec.to_builtins(Config.of(channel)),
            "voucher": self.voucher(channel, PRICE),
            "deposit": {"amount": str(amount), "authorization": {"erc3009Authorization": authorization}},
        }  # fmt: skip

    def body(self, payload: dict[str, Any], **other: Any) -> dict[str, Any]:
        wanted = self.requirements(**other)
        payment = {"x402Version": 2, "payload": payload, "accepted": wanted}
        return {"x402Version": 2, "paymentPayload": payment, "paymentRequirements": wanted}

    def refund_header(self, relayer: str, most: int, salt: int = 0) -> tuple[Channel, dict[str, str]]:
        """A voucher of the payer's channel to the relayer, for gas."""
        channel = Channel(
            self.payer.address, self.payer.address, relayer, relayer, self.paid.token.address, DELAY,
            salt.to_bytes(32, "big"),
        )  # fmt: skip
        accepted = Requirements(SCHEME, self.network, self.paid.token.address, "0", relayer, 60)
        payment = Payment(
            VoucherPayload(Config.of(channel), VoucherFields(*self.voucher(channel, most).values())), accepted
        )
        return channel, {"PAYMENT-SIGNATURE": encode(payment)}

    def claim(self, channel: Channel, total: int) -> dict[str, Any]:
        """A batch of one voucher, signed by the receiver."""
        channel_id, vouchers = self.paid.vouchers.channel_id(channel), self.paid.vouchers
        voucher = {"channel": msgspec.to_builtins(Config.of(channel)), "maxClaimableAmount": str(total)}
        item = {"voucher": voucher, "signature": self.voucher(channel, total)["signature"], "totalClaimed": str(total)}
        signed = self.receiver.sign(vouchers.claim_digest([(channel_id, total, total)]))
        return {"type": "claim", "claims": [item], "claimAuthorizerSignature": "0x" + signed.hex()}

    def refund(self, channel: Channel, amount: int, nonce: int = 0) -> dict[str, Any]:
        """What a server adds to a client's refund for its facilitator."""
        channel_id, vouchers = self.paid.vouchers.channel_id(channel), self.paid.vouchers
        signed = self.receiver.sign(vouchers.refund_digest(channel_id, nonce, amount))
        return {
            "type": "refund", "channelConfig": msgspec.to_builtins(Config.of(channel)),
            "voucher": self.voucher(channel, PRICE), "amount": str(amount), "refundNonce": str(nonce), "claims": [],
            "refundAuthorizerSignature": "0x" + signed.hex(),
        }  # fmt: skip
