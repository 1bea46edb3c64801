"""A payment that is signed ahead, over HTTP: sent again byte by byte until it is used up, by whoever has it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from ethwire.keys import keccak256
from keifu.payments.x402 import AHEAD, BRIEF, BRIEF_HEADER, Required, brief_of, decode
from tests.paid_server import Payer, Provider, provider, settings_of

PRICE, COUNT = 10, 4
STEP = PRICE * COUNT
BODIES = [{"model": "signs", "input": [number, 2, 3, 4]} for number in (1, 2, -3, 4)]


def ask(url: str, headers: dict[str, str], body: Any = BODIES[0]) -> httpx.Response:
    return httpx.post(f"{url}/v1/classify", json=body, headers=headers)


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 402
    found = decode(answer.headers["payment-required"], Required, "PAYMENT-REQUIRED")
    return str(found.error).removeprefix("invalid_batch_settlement_evm_")


@pytest.fixture
def served(tmp_path: Path) -> Any:
    with provider(settings_of(tmp_path)) as running:
        yield running


def test_it_pays_different_requests_each_with_its_receipt(served: Provider) -> None:
    payer = Payer("payer 0", served.settings)
    headers = payer.payment(STEP, PRICE, is_ahead=True)
    for number, body in enumerate(BODIES, 1):
        answer = ask(served.url, headers, body)
        receipt = payer.receipt(answer).receipt
        assert (receipt.number, receipt.fee, receipt.charged) == (number, PRICE, number * PRICE)
        assert receipt.request_hash == keccak256(answer.request.content)
        assert receipt.response_hash == keccak256(answer.content)
        assert "payment-response" not in answer.headers
    assert refused(ask(served.url, headers)) == "cumulative_amount_mismatch"


def test_a_server_says_that_it_takes_it(served: Provider) -> None:
    answer = ask(served.url, {})
    [way] = decode(answer.headers["payment-required"], Required, "PAYMENT-REQUIRED").accepts
    assert way.extra[AHEAD] is way.extra[BRIEF] is True


def test_two_clients_with_one_payment_get_what_it_names_and_no_more(served: Provider) -> None:
    payer = Payer("payer 0", served.settings)
    headers = payer.payment(STEP, PRICE, is_ahead=True)
    answers: list[httpx.Response] = []

    def asks() -> None:
        answers.extend(ask(served.url, headers) for _ in range(COUNT))

    threads = [threading.Thread(target=asks) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paid = [payer.receipt(answer).receipt for answer in answers if answer.status_code == 200]
    assert sorted(item.number for item in paid) == list(range(1, COUNT + 1))
    assert max(item.charged for item in paid) == STEP
    assert {refused(answer) for answer in answers if answer.status_code != 200} == {"cumulative_amount_mismatch"}


def test_a_server_that_was_killed_in_between_counts_on(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    payer = Payer("payer 0", settings)
    headers = payer.payment(STEP, PRICE, is_ahead=True)
    for number in range(1, COUNT + 1):
        with provider(settings) as running:
            receipt = payer.receipt(ask(running.url, headers)).receipt
            assert (receipt.number, receipt.charged) == (number, number * PRICE)
            running.process.kill()
    with provider(settings) as running:
        assert refused(ask(running.url, headers)) == "cumulative_amount_mismatch"


def test_it_and_payments_for_one_request_are_of_one_sum(served: Provider) -> None:
    payer = Payer("payer 0", served.settings)
    headers = payer.payment(STEP, PRICE, is_ahead=True)
    assert payer.receipt(ask(served.url, headers)).receipt.charged == PRICE
    single = ask(served.url, payer.payment(2 * PRICE, PRICE))
    assert payer.receipt(single).receipt.charged == 2 * PRICE
    assert payer.settled(single).extra["chargedAmount"] == str(PRICE)  # type: ignore[index]
    assert payer.receipt(ask(served.url, headers)).receipt.charged == 3 * PRICE


def test_by_its_name_it_pays_until_the_server_begins_anew(tmp_path: Path) -> None:
    """Whoever asks by a name that is not known sends the payment whole, and nothing is charged in between."""
    settings = settings_of(tmp_path)
    payer = Payer("payer 0", settings)
    headers = payer.payment(STEP, PRICE, is_ahead=True)
    name = {BRIEF_HEADER: brief_of(headers["payment-signature"].encode()).decode()}
    for number in range(2):
        with provider(settings) as running:
            assert refused(ask(running.url, name)) == "payment_unknown"
            for step, given in enumerate((headers, name), 1):
                answer = ask(running.url, given, BODIES[step])
                receipt = payer.receipt(answer).receipt
                assert (receipt.number, receipt.charged) == (2 * number + step, (2 * number + step) * PRICE)
                assert receipt.request_hash == keccak256(answer.request.content)
            running.process.kill()
