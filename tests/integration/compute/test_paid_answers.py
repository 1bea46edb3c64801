"""A provider in its own process, asked by OpenAI's own client and by httpx: what is paid, and what is refused."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from ethwire.keys import keccak256
from keifu.payments.book import Book
from keifu.payments.ledger import FEW
from keifu.payments.x402 import Required, decode
from tests.paid_server import DEPOSIT, Payer, Provider, provider, settings_of

ASK = {"model": "signs", "input": [1, 2, 3, 4]}
PRICE = 10
MANY = 2 * FEW  # payers whose charges of a moment go to the journal


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Provider]:
    with provider(settings_of(tmp_path)) as running:
        yield running


@pytest.fixture
def payer(served: Provider) -> Payer:
    return Payer("payer 0", served.settings)


def ask(served: Provider, headers: dict[str, str], body: Any = ASK, path: str = "classify") -> httpx.Response:
    return httpx.post(f"{served.url}/v1/{path}", json=body, headers=headers)


def required(response: httpx.Response) -> Required:
    assert response.status_code == 402
    return decode(response.headers["payment-required"], Required, "PAYMENT-REQUIRED")


def code_of(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return str(error["code"])


def test_an_answer_is_paid_and_its_receipt_says_what_went_over_the_wire(served: Provider, payer: Payer) -> None:
    response = ask(served, payer.payment(PRICE, PRICE))
    assert response.status_code == 200
    assert response.json()["data"][0]["label"] == "plus"
    receipt = payer.receipt(response).receipt
    assert receipt.request_hash == keccak256(response.request.content)
    assert receipt.response_hash == keccak256(response.content)
    assert (receipt.number, receipt.fee, receipt.charged) == (1, PRICE, PRICE)
    settled = payer.settled(response)
    assert isinstance(settled.extra, dict)
    assert settled.extra["chargedAmount"] == str(PRICE)
    assert settled.extra["channelState"]["chargedCumulativeAmount"] == str(PRICE)


def test_what_is_not_paid_is_not_answered(served: Provider) -> None:
    [way] = required(ask(served, {})).accepts
    assert way.amount == str(PRICE)
    assert set(way.extra) >= {"receiverAuthorizer", "withdrawDelay", "name", "version", "minDeposit"}


def test_a_voucher_twice_is_refused_and_the_channel_is_told_how_it_stands(served: Provider, payer: Payer) -> None:
    assert ask(served, payer.payment(PRICE, PRICE)).status_code == 200
    [way] = required(ask(served, payer.payment(PRICE, PRICE))).accepts
    assert way.extra["channelState"]["chargedCumulativeAmount"] == str(PRICE)
    assert way.extra["voucherState"]["signedMaxClaimable"] == str(PRICE)


def test_a_stranger_does_not_learn_how_a_channel_stands(served: Provider, payer: Payer) -> None:
    assert ask(served, payer.payment(PRICE, PRICE)).status_code == 200
    [way] = required(ask(served, payer.payment(PRICE, PRICE, signature="0x" + "11" * 65))).accepts
    assert "voucherState" not in way.extra


@pytest.mark.parametrize(
    ("most", "changes", "code"),
    [
        (PRICE - 1, {}, "cumulative_amount_mismatch"),
        (0, {}, "cumulative_below_claimed"),
        (DEPOSIT + 1, {}, "cumulative_exceeds_balance"),
        (PRICE, {"max_claimable_amount": str(PRICE + 1)}, "voucher_signature"),
        (PRICE, {"signature": "0x"}, "voucher_signature"),
        (PRICE, {"channel_id": "0x" + "07" * 32}, "channel_not_found"),
        (PRICE, {"max_claimable_amount": "9" * 39}, "voucher_payload"),
        (PRICE, {"max_claimable_amount": "-1"}, "voucher_payload"),
    ],
)
def test_a_bad_voucher_is_refused_by_name(
    served: Provider, payer: Payer, most: int, changes: dict[str, str], code: str
) -> None:
    response = ask(served, payer.payment(most, PRICE, **changes))
    assert required(response).error == f"invalid_batch_settlement_evm_{code}"
    assert code_of(response) == code


def test_a_voucher_of_another_channel_or_chain_does_not_pay(served: Provider, payer: Payer) -> None:
    other = Payer("payer 1", served.settings)
    response = ask(served, payer.payment(PRICE, PRICE, channel_id="0x" + other.id.hex()))
    assert code_of(response) == "voucher_signature"
    elsewhere = Payer("payer 0", settings_of(Path(served.settings.book).parent, chain_id=1))
    stolen = elsewhere.vouchers.sign(elsewhere.key, payer.id, PRICE)
    assert code_of(ask(served, payer.payment(PRICE, PRICE, signature="0x" + stolen.hex()))) == "voucher_signature"


def test_a_stale_price_is_said_anew(served: Provider, payer: Payer) -> None:
    response = ask(served, payer.payment(PRICE, PRICE - 1))
    assert code_of(response) == "cumulative_amount_mismatch"
    assert required(response).accepts[0].amount == str(PRICE)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("classify", {"model": "none", "input": [1]}, 404, "model_not_found"),
        ("embeddings", {"model": "signs", "input": "a"}, 400, "unsupported_endpoint"),
        ("classify", {"model": "signs", "input": []}, 400, "empty_input"),
        ("classify", {"model": "signs", "input": [[1, 2, 3, 4]] * 257}, 400, "batch_too_large"),
        ("classify", {"model": "signs", "input": [1, 2]}, 400, "invalid_input"),
        ("classify", {"input": [1, 2]}, 400, "invalid_body"),
        ("classify", [], 400, "invalid_body"),
        ("chat/completions", {"model": "signs", "messages": []}, 400, "invalid_body"),
        ("chat/completions", {"model": "signs", "messages": [{"role": "user"}], "n": 2}, 400, "unsupported_n"),
        ("chat/completions", {"model": "signs", "messages": [{"role": "user"}], "max_tokens": 0}, 400, "invalid_body"),
        ("nothing", {}, 404, "unknown_url"),
    ],
)
def test_what_cannot_be_answered_costs_nothing(
    served: Provider, payer: Payer, path: str, body: Any, status: int, code: str
) -> None:
    response = ask(served, payer.payment(PRICE, PRICE), body, path)
    assert (response.status_code, code_of(response)) == (status, code)
    assert ask(served, payer.payment(PRICE, PRICE)).status_code == 200


def test_a_model_that_fails_charges_nothing(served: Provider, payer: Payer) -> None:
    response = ask(served, payer.payment(100, 100), {"model": "letters", "input": "break"}, "embeddings")
    assert (response.status_code, code_of(response)) == (422, "broken")
    response = ask(served, payer.payment(100, 100), {"model": "letters", "input": "ab"}, "embeddings")
    assert payer.receipt(response).receipt.charged == 3


def test_openais_client_pays_by_a_key(served: Provider, payer: Payer) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key=payer.api_key, max_retries=0)
    assert {model.id for model in client.models.list()} == {"signs", "letters"}
    assert client.models.retrieve("signs").id == "signs"
    found = client.embeddings.create(model="letters", input=["ab", "c"])
    assert [item.embedding for item in found.data] == [[2.0, 97.0], [1.0, 99.0]]
    with pytest.raises(openai.NotFoundError, match="no model"):
        client.embeddings.create(model="other", input="a")


def test_a_key_without_a_channel_buys_nothing(served: Provider) -> None:
    stranger = Payer("stranger", served.settings)
    response = ask(served, {"authorization": f"Bearer {stranger.api_key}"})
    assert code_of(response) == "channel_not_found"
    assert code_of(ask(served, {"authorization": "Bearer kf-12"})) == "api_key"


def test_what_a_key_paid_is_signed_for(served: Provider, payer: Payer) -> None:
    for _ in range(3):
        assert ask(served, {"authorization": f"Bearer {payer.api_key}"}).status_code == 200
    with closing(sqlite3.connect(served.settings.book)) as book:
        [(most, signature, charged)] = book.execute("SELECT most, signature, charged FROM channel").fetchall()
    assert most == charged == str(3 * PRICE)
    assert signature == payer.vouchers.sign(payer.key, payer.id, 3 * PRICE)


def test_a_drained_channel_is_told_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    for item in settings.funded:
        item.balance = str(2 * PRICE)
    with provider(settings) as served:
        payer = Payer("payer 0", settings)
        key = {"authorization": f"Bearer {payer.api_key}"}
        assert [ask(served, key).status_code for _ in range(3)] == [200, 200, 402]
        assert code_of(ask(served, key)) == "insufficient_balance"
        assert code_of(ask(served, payer.payment(3 * PRICE, PRICE))) == "cumulative_exceeds_balance"


def test_credit_is_for_who_has_paid_before(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, credit=PRICE)
    with provider(settings) as served:
        payer = Payer("payer 0", settings)
        assert code_of(ask(served, payer.payment(1, PRICE))) == "cumulative_amount_mismatch"
        assert ask(served, payer.payment(PRICE, PRICE)).status_code == 200
        assert ask(served, payer.payment(PRICE, PRICE)).status_code == 200
        assert code_of(ask(served, payer.payment(PRICE, PRICE))) == "cumulative_amount_mismatch"


def test_nothing_that_was_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    payer = Payer("payer 0", settings)
    for number in range(1, 4):
        with provider(settings) as served:
            response = ask(served, payer.payment(number * PRICE, PRICE))
            receipt = payer.receipt(response).receipt
            assert (receipt.number, receipt.charged) == (number, number * PRICE)
            served.process.kill()


def test_a_kill_under_load_loses_no_answer_and_no_number(tmp_path: Path) -> None:
    """Payers ask in parallel until the process is killed: every receipt that came is covered by what the book has, and
    no number is given twice."""
    settings = settings_of(tmp_path, payers=MANY)
    payers = [Payer(f"payer {number}", settings) for number in range(MANY)]
    numbers: dict[bytes, set[int]] = {payer.id: set() for payer in payers}
    came = threading.Semaphore(0)

    def pay(payer: Payer, url: str) -> None:
        with httpx.Client(base_url=url) as http, contextlib.suppress(httpx.HTTPError):
            while True:
                most = payer.charged + PRICE
                answer = http.post("/v1/classify", json=ASK, headers=payer.payment(most, PRICE))
                if answer.status_code != 200:  # one that was charged before the kill, and whose answer was lost
                    [way] = required(answer).accepts
                    payer.charged = int(way.extra["channelState"]["chargedCumulativeAmount"])
                    continue
                receipt = payer.receipt(answer).receipt
                assert receipt.number not in numbers[payer.id]
                numbers[payer.id].add(receipt.number)
                payer.charged = receipt.charged
                came.release()

    for _ in range(3):
        with provider(settings) as served, ThreadPoolExecutor(MANY) as pool:
            running = [pool.submit(pay, payer, served.url) for payer in payers]
            for _ in range(60):
                came.acquire()
            served.process.kill()
            for item in running:
                item.result()
        with closing(Book(Path(settings.book))) as book:  # what the journal has included
            kept = dict(book.accounts)
        for payer in payers:
            if found := kept.get(payer.id):
                assert found.charged >= payer.charged
                assert found.number >= max(numbers[payer.id], default=0)
                assert found.most >= found.charged
            else:
                assert not numbers[payer.id]
