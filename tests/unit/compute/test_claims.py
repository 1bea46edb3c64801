"""A claim makes its voucher known to everybody: what a voucher still pays is for its payer alone."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from keifu.compute.alone import Settings, offer_of
from keifu.compute.cashier import Cashier
from keifu.node.compute.redeeming import Redeeming
from keifu.node.sections import ComputeWork
from keifu.node.web import Background
from keifu.payments.book import Account, Book, Held, Refused
from keifu.payments.onchain import Claimable
from keifu.payments.x402 import AHEAD, SCHEME, Config, Payment, Requirements, VoucherFields, VoucherPayload
from tests.paid_server import DEPOSIT, Payer

PRICE, STEP, HOUR = 10, 40, 3_600


@dataclass
class Shop:
    """A provider that takes payments and says what it would claim; no chain is asked."""

    cashier: Cashier
    redeeming: Redeeming
    times: list[float]

    def ask(self, payer: Payer, most: int, requests: int = 1, *, is_ahead: bool = True) -> Account:
        header = payer.payment(most, PRICE, is_ahead=is_ahead)["payment-signature"].encode()
        for _ in range(requests):
            ticket = self.cashier.admit({b"payment-signature": header}, PRICE)
            ticket.account.reserved -= PRICE
            self.cashier.book.answered(ticket.account, PRICE, "m", (1, 1))
        return ticket.account

    def due(self, *, all_of_it: bool = False, after: int = HOUR) -> list[Claimable]:
        self.times[0] += after
        return self.redeeming._due(all_of_it=all_of_it)

    def claimed(self, payer: Payer, total: int) -> None:
        """The chain has it."""
        self.cashier.book.add(payer.id, payer.channel, Held(DEPOSIT, total))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    settings = Settings("tests.compute_models:models", str(tmp_path / "book.db"))
    book, answering, times = Book(tmp_path / "book.db"), Background(), [0.0]
    cashier = Cashier(offer_of(settings), book)
    never: Any = None
    redeeming = Redeeming(
        book, cashier.vouchers, never, never, answering, cast("ComputeWork", _Plan()), lambda _: None,
        clock=lambda: times[0],
    )  # fmt: skip
    yield Shop(cashier, redeeming, times)
    answering.close()
    book.close()


@dataclass
class _Plan:
    claim_after: int = HOUR
    claim_above: int = 3 * STEP


@pytest.fixture
def payer(shop: Shop, tmp_path: Path) -> Payer:
    made = Payer("payer 0", Settings("tests.compute_models:models", str(tmp_path / "book.db")))
    shop.claimed(made, 0)
    return made


def read_from(claim: Claimable, *, is_ahead: bool) -> bytes:
    """A payment that somebody makes of a claim's words on the chain."""
    fields = VoucherFields("0x" + claim.id.hex(), str(claim.most), "0x" + claim.signature.hex())
    accepted = Requirements(SCHEME, "eip155:31337", claim.channel.token, str(PRICE), claim.channel.receiver, 60)
    extensions = {AHEAD: True} if is_ahead else msgspec.UNSET
    payment = Payment(VoucherPayload(Config.of(claim.channel), fields), accepted, extensions=extensions)
    return b64encode(msgspec.json.encode(payment))


@pytest.mark.parametrize("is_ahead", [True, False])
def test_nobody_buys_by_what_a_claim_shows(shop: Shop, payer: Payer, is_ahead: bool) -> None:
    shop.ask(payer, STEP, requests=4)
    shop.ask(payer, 2 * STEP)
    [claim] = shop.due()
    assert (claim.most, claim.total) == (STEP, STEP)
    with pytest.raises(Refused) as refused:
        shop.cashier.admit({b"payment-signature": read_from(claim, is_ahead=is_ahead)}, PRICE)
    assert refused.value.code == "cumulative_amount_mismatch"


def test_a_voucher_that_still_pays_is_not_claimed_while_it_is_used(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP)
    assert shop.due() == []
    shop.ask(payer, STEP)
    assert shop.due() == []


def test_one_that_is_used_up_is_claimed(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP, requests=4)
    [claim] = shop.due()
    assert (claim.most, claim.total) == (STEP, STEP)


def test_what_was_claimed_before_is_not_claimed_again(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP, requests=4)
    shop.claimed(payer, STEP)
    shop.ask(payer, 2 * STEP)
    assert shop.due() == []


def test_the_one_before_is_claimed_as_soon_as_it_is_worth_it(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, 2 * STEP, requests=8)
    shop.ask(payer, 4 * STEP, requests=4)
    assert shop.due(after=0) == []
    shop.ask(payer, 4 * STEP, requests=4)
    shop.ask(payer, 5 * STEP)
    [claim] = shop.due(after=0)
    assert (claim.most, claim.total) == (4 * STEP, 4 * STEP)


def test_a_payer_that_asked_nothing_for_an_hour_may_have_left(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP)
    assert shop.due() == []
    [claim] = shop.due()
    assert (claim.most, claim.total) == (STEP, PRICE)


def test_a_payer_that_withdraws_is_claimed_from_at_once(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP)
    shop.cashier.book.add(payer.id, payer.channel, Held(DEPOSIT, 0, leaving=DEPOSIT))
    [claim] = shop.due(after=0)
    assert (claim.most, claim.total) == (STEP, PRICE)


def test_a_node_that_ends_claims_all(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP)
    [claim] = shop.due(all_of_it=True, after=0)
    assert (claim.most, claim.total) == (STEP, PRICE)


def test_a_voucher_for_one_request_is_claimed_as_ever(shop: Shop, payer: Payer) -> None:
    shop.ask(payer, STEP, is_ahead=False)
    [claim] = shop.due()
    assert (claim.most, claim.total) == (STEP, PRICE)


def test_a_voucher_of_before_a_restart_is_known_when_it_comes_again(shop: Shop, payer: Payer) -> None:
    account = shop.ask(payer, STEP)
    account.is_ahead = False  # as it is read from the file
    shop.cashier._forget(payer.id)
    shop.ask(payer, STEP)
    assert account.is_ahead
    assert shop.due() == []


def test_a_lower_voucher_that_comes_late_changes_nothing(shop: Shop, payer: Payer) -> None:
    account = shop.ask(payer, 2 * STEP)
    shop.ask(payer, STEP, is_ahead=False)
    assert (account.most, account.is_ahead, account.before) == (2 * STEP, True, (0, b""))
