"""The market reads what was paid from the real payment channels: covers and demands, whatever becomes of a channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keifu.compute.market import covers, demands, services, sign_cover
from keifu.compute.promises import Cover, needed_for
from keifu.compute.receipt import Evidence, Receipt
from keifu.errors import Revert
from keifu.keys import Account, keccak256
from keifu.local.suite import warp
from keifu.payments.channel import Channel
from keifu.staking.hotkeys import KeyKind, name_key, set_cap
from keifu.units import COIN, DAY
from tests.integration.compute.market.conftest import RESTITUTION, Promised

DEPOSIT = 10 * COIN
NOWHERE = bytes(32)
REQUEST, RESPONSE = b"a request", b"a response"
UNPAID = "compute: fee was not paid"


class Sale:
    """One channel that an operator covers, as its payer and its operator use it."""

    def __init__(self, paid: Promised, role: str, **changes: Any) -> None:
        self.paid, self.account, self.key = paid, paid.lock(role), Account.from_role(f"{role} receipts")
        chain = paid.by(self.account)
        name_key(chain, paid.suite, paid.client.chain_id, self.key, KeyKind.RECEIPT)
        set_cap(chain, paid.suite, self.key.address, needed_for(RESTITUTION))
        payer, operator = paid.payer.address, self.account.address
        plain = Channel(payer, payer, operator, operator, paid.token.address, DAY, keccak256(role.encode()))
        self.channel = replace(plain, **changes)
        self.channel_id = paid.vouchers.channel_id(self.channel)
        self.payer = paid.by(paid.payer)

    def cover(self) -> None:
        now = self.paid.client.now
        cover = Cover(self.channel_id, RESTITUTION, 0, now + DAY, now + 600)
        signed = sign_cover(self.paid.receipts.domain, self.key, self.account.address, cover)
        covers.open_cover(self.payer, self.paid.suite, self.channel, signed)

    def claim(self, total: int, most: int = 0) -> int:
        """With a voucher for `most`; what was claimed of the channel by then."""
        voucher = self.paid.vouchers.sign(self.paid.payer, self.channel_id, most or total)
        item = ((self.channel.values, most or total), voucher, total)
        self.paid.channels.claim([item], sender=self.account)
        return self.paid.held(self.channel_id)[1]

    def ask(self, fee: int) -> int:
        return demands.demand(self.payer, self.paid.suite, self.channel, self.account.address, fee, REQUEST)

    def answer(self) -> None:
        receipt = Receipt(
            self.channel_id, 1, NOWHERE, 0, NOWHERE, keccak256(REQUEST), keccak256(RESPONSE), NOWHERE, NOWHERE, NOWHERE,
            1, 1, 1, 1, Evidence.UNVERIFIED, self.paid.client.now,
        )  # fmt: skip
        signed = self.paid.receipts.sign(self.key, [receipt])[0]
        demands.answer(self.payer, self.paid.suite, signed, RESPONSE)

    def unpaid(self, fee: int) -> None:
        with pytest.raises(Revert) as caught:
            self.ask(fee)
        assert caught.value.reason == UNPAID


@pytest.fixture
def sale(paid: Promised) -> Callable[..., Sale]:
    def sale(role: str, **changes: Any) -> Sale:
        made = Sale(paid, role, **changes)
        made.cover()
        return made

    return sale


def test_only_claims_that_channels_took_count(paid: Promised, sale: Callable[..., Sale]) -> None:
    """CMP-6: vouchers that nobody redeemed, and items that were skipped, have paid nothing."""
    sold = sale("claiming seller")
    paid.deposit(sold.channel, DEPOSIT)
    sold.unpaid(1)
    assert sold.claim(2 * COIN, most=COIN) == 0
    sold.unpaid(1)
    assert sold.claim(2 * COIN) == 2 * COIN
    sold.unpaid(2 * COIN + 1)
    sold.ask(2 * COIN)
    sold.answer()
    sold.unpaid(1)
    assert sold.claim(3 * COIN) == 3 * COIN
    sold.unpaid(COIN + 1)
    sold.ask(COIN)


def test_a_channel_that_was_emptied_owes_what_it_paid(paid: Promised, sale: Callable[..., Sale]) -> None:
    """CMP-6: a refund and a withdrawal take back what was not claimed; claims stay, and so do demands."""
    sold = sale("emptied seller")
    paid.deposit(sold.channel, DEPOSIT)
    sold.claim(COIN)
    paid.channels.refund(sold.channel.values, COIN, sender=sold.account)
    paid.channels.initiateWithdraw(sold.channel.values, DEPOSIT - 2 * COIN, sender=paid.payer)
    number = paid.anvil.snapshot()
    warp(paid.client, DAY)
    paid.channels.finalizeWithdraw(sold.channel.values, sender=paid.payer)
    assert paid.held(sold.channel_id) == (COIN, COIN)
    sold.unpaid(COIN + 1)
    deadline = sold.ask(COIN)
    warp(paid.client, deadline - paid.client.now + 1)
    before = paid.market.credits(paid.payer)
    demands.close(sold.payer, paid.suite, sold.channel_id, sold.account.address)
    assert paid.market.credits(paid.payer) - before == COIN + paid.market.bond()
    assert services.withdraw(sold.payer, paid.suite) >= COIN + paid.market.bond()
    paid.anvil.restore(number)


def test_channels_of_one_payer_are_asked_each_for_its_own(paid: Promised, sale: Callable[..., Sale]) -> None:
    """CMP-6: what one channel paid is no other's, though payer and receiver are the same."""
    sold = sale("seller of two channels")
    other = replace(sold.channel, salt=keccak256(b"another"))
    for channel in (sold.channel, other):
        paid.deposit(channel, DEPOSIT)
    voucher = paid.vouchers.sign(paid.payer, paid.vouchers.channel_id(other), COIN)
    paid.channels.claim([((other.values, COIN), voucher, COIN)], sender=sold.account)
    sold.unpaid(1)
    sold.claim(COIN)
    sold.ask(COIN)
