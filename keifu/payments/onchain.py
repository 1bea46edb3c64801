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
from keifu.payments.x402 import DepositPayload

__all__ = ["Claimable", "Onchain"]


@dataclass(frozen=True)
class Claimable:
    """A voucher, and how much of it was earned."""

    id: bytes
    channel: Channel
    most: int
    signature: bytes
    total: int

    @property
    def values(self) -> tuple[object, ...]:
        """As the contract takes a `VoucherClaim`."""
        return (self.channel.values, self.most), self.signature, self.total


class Onchain:
    """The contract at one address, and its collectors: of EIP-3009, and of Permit2. What asks an endpoint may raise
    RpcError."""

    def __init__(self, client: ChainClient, address: str, collectors: tuple[str, str]) -> None:
        self.contract: Contract = client.at(address, CHANNELS)
        self._client, self._collectors = client, collectors

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

    def deposit(self, payload: DepositPayload) -> bytes:
        """Raises InputError for a deposit that is authorised in no way that is known."""
        given = payload.deposit.authorization
        if given.erc3009_authorization:
            item = given.erc3009_authorization
            data = encode_args(
                ["uint256", "uint256", "uint256", "bytes"],
                [int(item.valid_after), int(item.valid_before), int(item.salt, 16), bytes.fromhex(item.signature[2:])],
            )
            collector = self._collectors[0]
        elif given.permit2_authorization:
            item2 = given.permit2_authorization
            try:
                words = [int(item2["nonce"]), int(item2["deadline"]), bytes.fromhex(item2["signature"][2:]), b""]
            except (KeyError, ValueError, TypeError) as error:
                raise InputError(f"the permit cannot be read: {error}", remedy="as x402 writes it") from error
            data = encode_args(["uint256", "uint256", "bytes", "bytes"], words)
            collector = self._collectors[1]
        else:
            raise InputError("the deposit is not authorised", remedy="EIP-3009 or Permit2")
        channel = payload.channel_config.channel
        return self.contract.deposit.encode(channel.values, int(payload.deposit.amount), collector, data)

    def claim(self, items: Sequence[Claimable]) -> bytes:
        return self.contract.claim.encode([item.values for item in items])

    def settle(self, receiver: str, token: str) -> bytes:
        return self.contract.settle.encode(receiver, token)

    def refund(self, item: Claimable, amount: int, nonce: int, signature: bytes) -> bytes:
        """Claim what was earned, and pay `amount` back, in one transaction."""
        back = self.contract.refundWithSignature.encode(item.channel.values, amount, nonce, signature)
        calls = [self.claim([item]), back] if item.total else [back]
        return self.contract.multicall.encode(calls)
