"""Everything that the tests of channels act on, in process: the hub with a receiver that is an operator, a payer whose
vouchers another key signs, and a channel between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import Account
from evmstorm.evm import LocalEvm
from keifu.payments import Channel, Claim, Vouchers
from keifu.units import COIN, DAY

__all__ = ["BAD_SIGNATURE", "DELAY", "ENOUGH", "FEE", "FUNDS", "NOTHING_LEFT", "NOTHING_NEW", "NOT_RECEIVERS",
           "NOT_SIGNED_FOR", "PAID", "World"]  # fmt: skip

FUNDS, PAID = 1_000 * COIN, 100 * COIN  # of the payer, and in the channel
DELAY = DAY
FEE = 50  # basis points
ENOUGH = 2**256 - 1
NOT_RECEIVERS, NOTHING_NEW, NOTHING_LEFT, NOT_SIGNED_FOR, BAD_SIGNATURE = range(1, 6)  # why an item is skipped


class World:
    """The coin, the hub, channels, and a channel into which the payer has paid."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm()
        self.owner, self.treasury, self.stranger = (evm.account(role) for role in ("owner", "treasury", "stranger"))
        self.payer, self.receiver = evm.account("payer"), evm.account("receiver")
        self.authorizer, self.claimer = evm.account("payer's authorizer"), evm.account("receiver's authorizer")
        self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        times = (14 * DAY, DAY, 30, 10)
        self.hub = evm.deploy(
            "StakingHub", self.token, self.owner, self.owner, self.treasury, *times, sender=self.owner
        )
        self.hub.register_operator(0, "", sender=self.receiver)
        self.channels = evm.deploy("Channels", self.token, self.hub, self.owner, self.treasury, sender=self.owner)
        self.channels.setFee(FEE, sender=self.owner)
        self.vouchers = Vouchers(evm.chain_id, self.channels.address)
        self.channel = Channel(
            self.payer.address,
            self.authorizer.address,
            self.receiver.address,
            self.claimer.address,
            self.token.address,
            DELAY,
            bytes(32),
        )
        self.fund(self.payer)
        self.pay()

    # money ------------------------------------------------------------------------------------------------------------

    def fund(self, payer: Any, token: Any = None, amount: int = FUNDS) -> None:
        """Coins for a payer, and leave for the channels to take them."""
        token = token or self.token
        if token is self.token:
            token.transfer(payer, amount, sender=self.owner)
        else:
            token.mint(payer, amount, sender=self.owner)
        if isinstance(payer, Account):
            token.approve(self.channels, ENOUGH, sender=payer)

    def pay(self, channel: Channel | None = None, amount: int = PAID, sender: Any = None) -> Any:
        channel = channel or self.channel
        return self.channels.deposit(channel.values, amount, self.channels, b"", sender=sender or self.payer)

    def listed(self, name: str) -> Any:
        """A token of this kind, on the list, with coins for the payer."""
        token = self.evm.deploy(name, sender=self.owner)
        self.channels.listToken(token, True, sender=self.owner)
        self.fund(self.payer, token)
        return token

    # channels ---------------------------------------------------------------------------------------------------------

    def other(self, **parts: Any) -> Channel:
        """The channel with other parts."""
        return replace(self.channel, **parts)

    def id(self, channel: Channel | None = None) -> bytes:
        return self.vouchers.channel_id(channel or self.channel)

    def item(
        self, total: int, channel: Channel | None = None, *, most: int | None = None, by: Account | None = None
    ) -> Claim:
        """A voucher of the authorizer's, unless another signs, claimed for `total` in all."""
        channel, most = channel or self.channel, total if most is None else most
        return Claim(channel, most, self.vouchers.sign(by or self.authorizer, self.id(channel), most), total)

    def claim(self, *items: Claim, sender: Any = None, paid: bool = False) -> Any:
        return self.channels.claim([item.args for item in items], paid, sender=sender or self.receiver)

    def signed_batch(self, items: Sequence[Claim], by: Account | None = None) -> bytes:
        entries = [(self.id(item.channel), item.most, item.total) for item in items]
        return (by or self.claimer).sign(self.vouchers.claim_digest(entries))

    def skipped(self, receipt: Any) -> list[tuple[bytes, int]]:
        """Which items of a claim counted nothing, and why."""
        return [(bytes(log.args["channelId"]), log.args["reason"]) for log in receipt.events("ClaimSkipped")]

    def state(self, channel: Channel | None = None) -> tuple[int, int]:
        """Deposits less what went back, and what is claimed."""
        return tuple(self.channels.channels(self.id(channel)))

    def without_authorizer(self, **parts: Any) -> Channel:
        return self.other(payer_authorizer=ZERO_ADDRESS, **parts)
