"""A payment that is signed ahead comes again until its voucher is used up, and is verified once."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keifu.compute import cashier as cashiers
from keifu.compute.alone import Settings, offer_of
from keifu.compute.cashier import Cashier, Slow
from keifu.payments.book import Account, Book, Held, Refused
from keifu.payments.x402 import brief_of
from tests.paid_server import Payer

PRICE, STEP, DEPOSIT = 10, 40, 100
Headers = dict[bytes, bytes]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings("none:none", str(tmp_path / "book.db"))


@pytest.fixture
def book(settings: Settings) -> Iterator[Book]:
    found = Book(Path(settings.book))
    yield found
    found.close()


@pytest.fixture
def cashier(settings: Settings, book: Book) -> Cashier:
    return Cashier(offer_of(settings), book)


@pytest.fixture
def opened(settings: Settings, book: Book) -> Callable[..., Payer]:
    """A payer with a channel."""

    def make(role: str = "payer 0") -> Payer:
        payer = Payer(role, settings)
        book.add(payer.id, payer.channel, Held(DEPOSIT, 0))
        return payer

    return make


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What signatures were looked at."""
    seen: list[int] = []

    def counted(self: Cashier, account: Account, most: int, signature: bytes) -> None:
        seen.append(most)
        plain(self, account, most, signature)

    plain = Cashier.check
    monkeypatch.setattr(Cashier, "check", counted)
    return seen


def ahead(payer: Payer, most: int = STEP, amount: int = PRICE) -> Headers:
    return {b"payment-signature": payer.payment(most, amount, is_ahead=True)["payment-signature"].encode()}


def brief(headers: Headers) -> Headers:
    """The same payment by its name."""
    return {b"keifu-payment": brief_of(headers[b"payment-signature"])}


def answer(cashier: Cashier, headers: Headers, fee: int = PRICE) -> Account:
    """Admit a request and charge it."""
    ticket = cashier.admit(headers, fee)
    ticket.account.reserved -= ticket.fee
    cashier.book.charge(ticket.account, fee, "m", (1, 1))
    return ticket.account


def refused(cashier: Cashier, headers: Headers, fee: int = PRICE) -> str:
    with pytest.raises(Refused) as found:
        cashier.admit(headers, fee)
    return found.value.code


def test_a_key_spends_its_deposit_to_the_last_unit_and_no_further(
    cashier: Cashier, opened: Callable[..., Payer]
) -> None:
    headers = {b"authorization": f"Bearer {opened().api_key}".encode()}
    assert refused(cashier, headers, DEPOSIT + 1) == "insufficient_balance"
    ticket = cashier.admit(headers, DEPOSIT)
    assert refused(cashier, headers, 1) == "insufficient_balance"
    ticket.account.reserved -= DEPOSIT
    ticket.account.is_closing = True
    assert refused(cashier, headers, 1) == "channel_busy"


def test_a_payment_on_another_chain_is_refused_by_name(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    """Its voucher alone would do: what its payer says of the chain is not what this provider is paid on."""
    header = b64decode(ahead(opened())[b"payment-signature"])
    assert header.count(b'"eip155:31337"') == 1
    elsewhere = b64encode(header.replace(b'"eip155:31337"', b'"eip155:1"'))
    assert refused(cashier, {b"payment-signature": elsewhere}) == "network_mismatch"


def test_it_is_verified_once_and_never_charged_above_what_it_names(
    cashier: Cashier, opened: Callable[..., Payer], checks: list[int]
) -> None:
    headers = ahead(opened())
    accounts = [answer(cashier, headers) for _ in range(STEP // PRICE)]
    assert accounts[-1].charged == STEP
    assert refused(cashier, headers) == "cumulative_amount_mismatch"
    assert (accounts[-1].charged, accounts[-1].reserved, checks) == (STEP, 0, [STEP])


def test_requests_that_are_being_answered_count(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    headers = ahead(opened())
    tickets = [cashier.admit(headers, PRICE) for _ in range(STEP // PRICE)]
    assert refused(cashier, headers) == "cumulative_amount_mismatch"
    tickets[0].account.reserved -= PRICE  # one was not answered
    assert cashier.admit(headers, PRICE).account.reserved == STEP


def test_two_clients_with_one_header_have_one_sum(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    payer = opened()
    mine, theirs = ahead(payer), dict(ahead(payer))
    for headers in (mine, theirs, theirs, mine):
        account = answer(cashier, headers)
    assert account.charged == STEP
    assert {refused(cashier, mine), refused(cashier, theirs)} == {"cumulative_amount_mismatch"}


def test_requests_may_cost_different_sums(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    headers = ahead(opened(), amount=3 * PRICE)
    assert answer(cashier, headers, PRICE).charged == PRICE
    assert answer(cashier, headers, 2 * PRICE).charged == 3 * PRICE
    assert refused(cashier, headers, 2 * PRICE) == "cumulative_amount_mismatch"
    assert answer(cashier, headers, PRICE).charged == STEP


def test_a_dearer_request_than_it_agrees_to_is_told_its_price(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    headers = ahead(opened())
    answer(cashier, headers)
    assert refused(cashier, headers, PRICE + 1) == "cumulative_amount_mismatch"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_with_one_byte_changed_it_is_another_payment(
    cashier: Cashier, opened: Callable[..., Payer], checks: list[int], place: int
) -> None:
    headers = ahead(opened())
    answer(cashier, headers)
    text = b64decode(headers[b"payment-signature"])
    changed = (
        text.replace(b'"maxClaimableAmount":"40"', b'"maxClaimableAmount":"90"'),
        text.replace(b'1b"', b'1c"') if b'1b"' in text else text.replace(b'1c"', b'1b"'),
        text.replace(b"}", b"} ", 1),
    )[place]
    other = {b"payment-signature": b64encode(changed)}
    if place == 0:
        assert refused(cashier, other) == "voucher_signature"
    else:  # v is looked at before a claim, and blanks say nothing: still the same voucher, looked at anew
        assert answer(cashier, other).charged == 2 * PRICE
    assert len(checks) == 2


def test_of_another_channel_it_is_no_payment(
    cashier: Cashier, opened: Callable[..., Payer], settings: Settings
) -> None:
    payer, other = opened(), opened("payer 1")
    answer(cashier, ahead(payer))
    text = b64decode(ahead(payer)[b"payment-signature"])
    swapped = text.replace(payer.id.hex().encode(), other.id.hex().encode())
    assert refused(cashier, {b"payment-signature": b64encode(swapped)}) == "voucher_signature"
    with pytest.raises(Slow):
        cashier.admit(ahead(Payer("payer 9", settings)), PRICE)


def test_the_newest_of_a_channel_is_kept(cashier: Cashier, opened: Callable[..., Payer], checks: list[int]) -> None:
    payer = opened()
    for most in (STEP, 2 * STEP, 2 * STEP, STEP):
        answer(cashier, ahead(payer, most))
    assert checks == [STEP, 2 * STEP, STEP]


def test_no_more_are_kept_than_there_is_room_for(
    cashier: Cashier, opened: Callable[..., Payer], checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cashiers, "KEPT_PAYMENTS", 2)
    payers = [opened(f"payer {number}") for number in range(3)]
    for payer in (*payers, payers[2], payers[1], payers[0]):
        answer(cashier, ahead(payer))
    assert checks == [STEP] * 4


def test_what_is_not_signed_ahead_is_verified_each_time(
    cashier: Cashier, opened: Callable[..., Payer], checks: list[int]
) -> None:
    payer = opened()
    headers = {b"payment-signature": payer.payment(STEP, PRICE)["payment-signature"].encode()}
    answer(cashier, headers)
    answer(cashier, headers)
    assert checks == [STEP, STEP]


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize(
    ("held", "code"),
    [
        (Held(DEPOSIT, 0, leaving=DEPOSIT - STEP + 1), "cumulative_exceeds_balance"),
        (Held(DEPOSIT, STEP), "cumulative_below_claimed"),
        (Held(DEPOSIT, 0, final=0), "cumulative_amount_mismatch"),
    ],
)
def test_a_channel_that_has_changed_is_looked_at(
    cashier: Cashier, opened: Callable[..., Payer], held: Held, code: str, times: int
) -> None:
    headers = ahead(opened())
    for _ in range(times):
        account = answer(cashier, headers)
    account.held = held
    assert refused(cashier, headers) == code


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_channel_that_is_paid_back_takes_none(cashier: Cashier, opened: Callable[..., Payer], times: int) -> None:
    headers = ahead(opened())
    for _ in range(times):
        account = answer(cashier, headers)
    account.is_closing = True
    assert refused(cashier, headers) == "channel_busy"


def test_its_answers_say_what_was_charged_by_their_receipts_alone(
    cashier: Cashier, opened: Callable[..., Payer]
) -> None:
    payer = opened()
    first = cashier.admit(ahead(payer), PRICE)
    assert cashier.settled(first) == cashier.settled(cashier.admit(ahead(payer), PRICE)) == b""


def test_by_its_name_it_pays_on_and_no_further(
    cashier: Cashier, opened: Callable[..., Payer], checks: list[int]
) -> None:
    headers = ahead(opened())
    answer(cashier, headers)
    accounts = [answer(cashier, brief(headers)) for _ in range(STEP // PRICE - 1)]
    assert (accounts[-1].charged, checks) == (STEP, [STEP])
    assert refused(cashier, brief(headers)) == "cumulative_amount_mismatch"
    assert refused(cashier, brief(headers), PRICE + 1) == "cumulative_amount_mismatch"
    assert accounts[-1].reserved == 0


def test_a_name_that_was_not_shown_here_pays_nothing(cashier: Cashier, opened: Callable[..., Payer]) -> None:
    payer = opened()
    headers = ahead(payer)
    assert refused(cashier, brief(headers)) == "payment_unknown"
    single = {b"payment-signature": payer.payment(STEP, PRICE)["payment-signature"].encode()}
    answer(cashier, single)  # for one request: it has no name
    assert refused(cashier, brief(single)) == "payment_unknown"
    assert refused(cashier, {b"keifu-payment": brief_of(b"")[:-1] + b"\xff"}) == "payment_unknown"


def test_a_name_is_of_the_newest_payment_of_its_channel(
    cashier: Cashier, opened: Callable[..., Payer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cashiers, "KEPT_PAYMENTS", 2)
    payer, *others = (opened(f"payer {number}") for number in range(3))
    old, new = ahead(payer), ahead(payer, 2 * STEP)
    answer(cashier, old)
    answer(cashier, new)
    assert refused(cashier, brief(old)) == "payment_unknown"
    assert answer(cashier, brief(new)).charged == 3 * PRICE
    for other in others:
        answer(cashier, ahead(other))
    assert refused(cashier, brief(new)) == "payment_unknown"
    assert answer(cashier, brief(ahead(others[0]))).id == others[0].id
    assert len(cashier._brief) == 2
