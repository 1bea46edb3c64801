"""What payers, receivers and whoever relays for them do with channels, over any deployer.

Amounts are in the token's smallest unit. Whatever would be refused is found before anything is sent, so that no
approval is left behind by a refused call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keifu.chain import Deployer, Deployment
from keifu.chain.suite import CHANNELS, TOKEN
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.payments.channel import Channel
from keifu.payments.deposits import SignedDeposit

__all__ = [
    "MAX_CLAIMS",
    "Claim",
    "ask_back",
    "bring_deposit",
    "claim",
    "claim_signed",
    "deposit",
    "refund",
    "refund_signed",
    "settle",
    "take_back",
]

MAX_CLAIMS = 100  # channels in one call
_NOT_APPROVED = "token: insufficient allowance"
_R, _SHORT = 32, 64
_PARITY = 255


@dataclass(frozen=True)
class Claim:
    """A voucher, and how much of it is claimed, in all."""

    channel: Channel
    most: int  # what the voucher allows
    signature: bytes
    total: int

    @property
    def args(self) -> tuple[tuple[tuple[object, ...], int], bytes, int]:
        """As the contract takes it. A key's signature is shortened (EIP-2098), which costs less."""
        return (self.channel.values, self.most), _short(self.signature), self.total


def _short(signature: bytes) -> bytes:
    if len(signature) != _SHORT + 1 or signature[_SHORT] not in (27, 28):
        return signature
    s = int.from_bytes(signature[_R:_SHORT], "big") | (signature[_SHORT] - 27) << _PARITY
    return signature[:_R] + s.to_bytes(_SHORT - _R, "big")


def deposit(chain: Deployer, suite: Deployment, channel: Channel, amount: int) -> None:
    """Pay into a channel of the sender's, with an approval before it where one is missing; the first one opens it.

    Raises UsageError, CheckFailed when the sender has not enough, and Revert.
    """
    if channel.payer.lower() != chain.sender.lower():
        raise UsageError("the channel has another payer", remedy="the payer sends, or signs the deposit for others")
    balance = chain.call(channel.token, TOKEN, "balanceOf", chain.sender)
    if balance < amount:
        raise CheckFailed(f"{chain.sender} has {balance} of {amount} in {channel.token}")
    channels = suite[CHANNELS]
    args = (channel.values, amount, channels, b"")
    if chain.call(channel.token, TOKEN, "allowance", chain.sender, channels) < amount:
        try:
            chain.simulate(channels, CHANNELS, "deposit", *args)
        except Revert as refusal:
            # The suite's coin says what is missing; of others the first two checks have shown it.
            if refusal.reason.startswith("channels:"):
                raise
        chain.call(channel.token, TOKEN, "approve", channels, amount)
    chain.call(channels, CHANNELS, "deposit", *args)


def bring_deposit(chain: Deployer, suite: Deployment, channel: Channel, signed: SignedDeposit) -> None:
    """Pay into a channel what its payer has signed, whoever sends. Raises Revert."""
    collector = suite[signed.collector]
    chain.call(suite[CHANNELS], CHANNELS, "deposit", channel.values, signed.amount, collector, signed.data)


def claim(chain: Deployer, suite: Deployment, claims: Sequence[Claim], *, paid: bool = True) -> None:
    """Claim for the sender, as receiver or its authorizer, and have it paid in the same call. Raises Revert.

    An item that is wrong is skipped: the channel's state afterwards says what counted.
    """
    rows = [item.args for item in _few(claims)]
    chain.call(suite[CHANNELS], CHANNELS, "claim", rows, paid)


def claim_signed(chain: Deployer, suite: Deployment, claims: Sequence[Claim], signature: bytes) -> None:
    """Claim by a signature of the receivers' authorizer, whoever sends. Raises Revert."""
    rows = [item.args for item in _few(claims)]
    chain.call(suite[CHANNELS], CHANNELS, "claimWithSignature", rows, signature)


def settle(chain: Deployer, suite: Deployment, receiver: str, token: str) -> int:
    """Pay a receiver what was claimed for it, less the fee; what there was to settle, fee included. Raises Revert."""
    claimed, settled = chain.call(suite[CHANNELS], CHANNELS, "receivers", receiver, token)
    if claimed > settled:
        chain.call(suite[CHANNELS], CHANNELS, "settle", receiver, token)
    return int(claimed - settled)


def ask_back(chain: Deployer, suite: Deployment, channel: Channel, amount: int) -> None:
    """Announce a withdrawal, as the payer or its authorizer. Raises Revert."""
    chain.call(suite[CHANNELS], CHANNELS, "initiateWithdraw", channel.values, amount)


def take_back(chain: Deployer, suite: Deployment, channel: Channel) -> None:
    """Finish the withdrawal after the channel's delay, as the payer or its authorizer. Raises Revert."""
    chain.call(suite[CHANNELS], CHANNELS, "finalizeWithdraw", channel.values)


def refund(chain: Deployer, suite: Deployment, channel: Channel, amount: int) -> None:
    """Give back at once, at most what there is, as the receiver or its authorizer. Raises Revert."""
    chain.call(suite[CHANNELS], CHANNELS, "refund", channel.values, amount)


def refund_signed(
    chain: Deployer, suite: Deployment, channel: Channel, amount: int, nonce: int, signature: bytes
) -> None:
    """The same by the signature of the receiver's authorizer, whoever sends. Raises Revert."""
    chain.call(suite[CHANNELS], CHANNELS, "refundWithSignature", channel.values, amount, nonce, signature)


def _few(claims: Sequence[Claim]) -> Sequence[Claim]:
    if not 0 < len(claims) <= MAX_CLAIMS:
        raise UsageError(f"{len(claims)} claims in one call", remedy=f"claim one to {MAX_CLAIMS} channels at a time")
    return claims
