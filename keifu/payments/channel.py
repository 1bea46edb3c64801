"""A channel and what is signed about it (x402, scheme "batch-settlement").

Amounts are in the token's smallest unit. A voucher names the most that may be claimed from its channel in all: a later
one replaces an earlier one, and the same one twice is worth nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from ethwire.eip712 import Domain
from ethwire.keys import Account, recover
from keifu.abi.eip712 import CHANNEL_CONFIG, CLAIM_BATCH, CLAIM_ENTRY, REFUND, VOUCHER

__all__ = ["CHANNELS_NAME", "CHANNELS_VERSION", "Channel", "Vouchers"]

# The domain that x402's own contract has.
CHANNELS_NAME, CHANNELS_VERSION = "x402 Batch Settlement", "1"


@dataclass(frozen=True)
class Channel:
    """What is fixed when a channel opens (`ChannelConfig`). Addresses are hex texts, the delay is in seconds."""

    payer: str
    payer_authorizer: str  # whose key signs vouchers; the zero address: the payer itself, which may be a contract
    receiver: str
    receiver_authorizer: str  # who claims and refunds for the receiver
    token: str
    withdraw_delay: int
    salt: bytes

    @property
    def values(self) -> tuple[str, str, str, str, str, int, bytes]:
        """In the order of the struct."""
        return astuple(self)


class Vouchers:
    """What the contract `channels` on one chain takes signatures over."""

    def __init__(self, chain_id: int, channels: str) -> None:
        self.domain = Domain(CHANNELS_NAME, CHANNELS_VERSION, chain_id, channels)

    def channel_id(self, channel: Channel) -> bytes:
        """The typed-data hash of its configuration: bound to chain and contract."""
        return self.domain.digest(CHANNEL_CONFIG, *channel.values)

    def digest(self, channel_id: bytes, most: int) -> bytes:
        """What the payer's authorizer signs so that up to `most` may be claimed in all."""
        return self.domain.digest(VOUCHER, channel_id, most)

    def sign(self, authorizer: Account, channel_id: bytes, most: int) -> bytes:
        return authorizer.sign(self.digest(channel_id, most))

    def signer(self, channel_id: bytes, most: int, signature: bytes) -> str:
        """Whose key signed a voucher, in lower case. Raises ValueError for what is no signature."""
        return recover(self.digest(channel_id, most), signature)

    def claim_digest(self, claims: Sequence[tuple[bytes, int, int]]) -> bytes:
        """What the receiver's authorizer signs so that anybody may claim: (channel id, most, claimed in all) each."""
        return self.domain.digest(CLAIM_BATCH, [CLAIM_ENTRY.hash(*claim) for claim in claims])

    def refund_digest(self, channel_id: bytes, nonce: int, amount: int) -> bytes:
        """What the receiver's authorizer signs so that `amount` goes back to the payer."""
        return self.domain.digest(REFUND, channel_id, nonce, amount)
