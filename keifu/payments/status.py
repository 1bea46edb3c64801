"""What the chain says of a channel and of a receiver. Amounts are in the token's smallest unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events
from keifu.errors import UsageError
from keifu.payments.channel import Channel, Vouchers

__all__ = ["ChannelStatus", "Earnings", "find_channel", "read_channel", "read_earnings"]


@dataclass(frozen=True)
class ChannelStatus:
    """One channel as it is now."""

    channel_id: bytes
    balance: int  # deposits less what went back
    claimed: int
    asked_back: int  # 0 when no withdrawal is pending
    asked_at: int  # unix seconds
    refund_nonce: int  # what a signed refund has to name

    @property
    def available(self) -> int:
        """Neither claimed nor gone back."""
        return self.balance - self.claimed

    @property
    def covered(self) -> int:
        """What a receiver can count on, beyond what is claimed: a withdrawal that is announced is gone already."""
        return max(0, self.available - self.asked_back)

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {
            "channel": "0x" + self.channel_id.hex(),
            "balance": str(self.balance),
            "claimed": str(self.claimed),
            "available": str(self.available),
            "asked_back": str(self.asked_back),
            "asked_at": self.asked_at,
            "refund_nonce": str(self.refund_nonce),
        }


@dataclass(frozen=True)
class Earnings:
    """What a receiver has earned in a token, fees included."""

    claimed: int
    settled: int


def read_channel(channels: Contract, channel: Channel) -> ChannelStatus:
    """A channel by its configuration; all zero when nothing was paid in. Raises AbiError, Revert and NoAnswer."""
    channel_id = bytes(channels.getChannelId(channel.values))
    balance, claimed = channels.channels(channel_id)
    asked, at = channels.pendingWithdrawals(channel_id)
    return ChannelStatus(channel_id, balance, claimed, asked, at, channels.refundNonce(channel_id))


def find_channel(client: ChainClient, channels: Contract, channel_id: bytes, first_block: int = 0) -> Channel:
    """A channel by its id, as the log has its configuration. Raises UsageError for one that was never opened."""
    for log in find_events(client, channels, "ChannelCreated", first_block, channelId=channel_id):
        channel = Channel(*log.args["config"])
        if Vouchers(client.chain_id, channels.address).channel_id(channel) == channel_id:
            return channel
    raise UsageError(f"no channel {channel_id.hex()} was opened on this chain", remedy="keifu channel open opens one")


def read_earnings(channels: Contract, receiver: str, token: str) -> Earnings:
    """What was claimed for a receiver in a token, and what of it was settled."""
    return Earnings(*channels.receivers(receiver, token))
