"""A channel as the contract has it: what it holds, and the calls that fill, claim, settle and pay it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ethwire.abi import Contract
from keifu.abi import encode_args
from keifu.chain import ChainClient
from keifu.chain.suite import CHANNELS
from keifu.errors import InputError
from keifu.payments.book import Held
from keifu.payments.channel import Channel
from keifu.payments.x402 import Claim, DepositPayload

__all__ = ["Claimable", "Onchain"]


@dataclass(frozen=True)
class Claimable:
    """A voucher, and how much of it was earned."""

    id: bytes
    channel: Channel
    most: int
    signature: bytes
    total: int

    @classmethod
    def of(cls, channel_id: bytes, claim: Claim) -> Claimable:
        """As a server hands it to its facilitator."""
        signature = bytes.fromhex(claim.signature[2:])
        most, total = int(claim.voucher.max_claimable_amount), int(claim.total_claimed)
        return cls(channel_id, claim.voucher.channel.channel, most, signature, total)

    @property
    def values(self) -> tuple[object, ...]:
        """As the contract takes a `VoucherClaim`."""
        return (self.channel.values, self.most), self.signature, self.total


class Onchain:
    """The contract at one address, and its collectors: of EIP-3009, and of Permit2. What asks an endpoint may raise
    RpcError."""

    def __init__(self, client: ChainClient, address: str, collectors: tuple[str, str]) -> None:
        self.contract: Contract = client.at(address, CHANNELS)
        self.collectors = collectors
        self._client = client

    @property
    def address(self) -> str:
        return self.contract.address

    def held(self, channel_id: bytes, final: int | None = None) -> Held:
        """What it holds in the newest block; `final` is its balance in a block that stays."""
        balance, claimed = self.contract.channels(channel_id)
        leaving, at = self.contract.pendingWithdrawals(channel_id)
        return Held(balance, claimed, leaving, at, self.contract.refundNonce(channel_id), final)

    def settled(self, receiver: str, token: str) -> tuple[int, int]:
        """What a receiver has claimed of a token, and what of it was paid to it."""
        claimed, settled = self.contract.receivers(receiver, token)
        return claimed, settled

    def simulate(self, data: bytes, sender: str) -> None:
        """Raises Revert when the contract would refuse it."""
        call = {"from": sender, "to": self.address, "data": "0x" + data.hex()}
        self._client.rpc.call("eth_call", call, "latest")

    # calls, as bytes -----------------------------------------------------------------------------------------------

    def deposit(self, payload: DepositPayload, permit: bytes = b"") -> bytes:
        """`permit` lets Permit2 move the token, where its payer has signed that, too. Raises InputError for a deposit
        that is authorised in no way that is known."""
        given = payload.deposit.authorization
        if given.erc3009_authorization:
            item = given.erc3009_authorization
            data = encode_args(
                ["uint256", "uint256", "uint256", "bytes"],
                [int(item.valid_after), int(item.valid_before), int(item.salt, 16), bytes.fromhex(item.signature[2:])],
            )
            collector = self.collectors[0]
        elif given.permit2_authorization:
            signed = given.permit2_authorization
            words = [int(signed.nonce), int(signed.deadline), bytes.fromhex(signed.signature[2:]), permit]
            data = encode_args(["uint256", "uint256", "bytes", "bytes"], words)
            collector = self.collectors[1]
        else:
            raise InputError("the deposit is not authorised", remedy="EIP-3009 or Permit2")
        channel = payload.channel_config.channel
        return self.contract.deposit.encode(channel.values, int(payload.deposit.amount), collector, data)

    def claim(self, items: Sequence[Claimable], *, paid: bool = False) -> bytes:
        """With `paid`, what was claimed is settled by the same call."""
        rows = [item.values for item in items]
        return self.contract.claim.encode(rows, True) if paid else self.contract.claim.encode(rows)

    def claim_signed(self, items: Sequence[Claimable], signature: bytes) -> bytes:
        return self.contract.claimWithSignature.encode([item.values for item in items], signature)

    def settle(self, receiver: str, token: str) -> bytes:
        return self.contract.settle.encode(receiver, token)

    def refund_signed(self, channel: Channel, amount: int, nonce: int, signature: bytes) -> bytes:
        return self.contract.refundWithSignature.encode(channel.values, amount, nonce, signature)

    def refund(self, item: Claimable, amount: int, nonce: int, signature: bytes) -> bytes:
        """Claim what was earned, and pay `amount` back, in one transaction."""
        back = self.refund_signed(item.channel, amount, nonce, signature)
        return self.as_one([self.claim([item]), back] if item.total else [back])

    def as_one(self, calls: Sequence[bytes]) -> bytes:
        return self.contract.multicall.encode(calls)
