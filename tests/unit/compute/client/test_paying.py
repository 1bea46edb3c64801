"""A client pays by vouchers, keeps what it must not lose, and spends no more than it may."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count

import httpx
import pytest

from keifu.compute.client.client import ProviderFault
from keifu.compute.client.store import CapReached, Store
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.payments.wallet import NoChannel, PaymentRefused, TooDear
from keifu.payments.x402 import PAYMENT_SIGNATURE
from keifu.units import DAY
from tests.unit.compute.client.provider import (
    CHANNEL_ID,
    COLLECTOR,
    DEPOSIT,
    FEE,
    MOST,
    NOW,
    PATH,
    QUESTION,
    TERMS,
    WHO,
    FakeProvider,
    events,
)

STREAMED = {**QUESTION, "stream": True}


def test_an_answer_is_paid_compared_and_kept(asking):
    client = asking(provider := FakeProvider())
    answer = client.ask(WHO, PATH, QUESTION)
    assert (answer.document["id"], answer.receipt.fee, answer.evidence) == ("a", FEE, Evidence.UNVERIFIED)
    assert all(item.ok for item in answer.findings)
    assert provider.vouchers == [MOST]
    (request,) = client.store.requests()
    assert (request.state, request.number, request.cost, request.units_in) == ("answered", 1, FEE, 4)
    assert [item.receipt for item in client.store.receipts()] == [answer.receipt]


def test_each_voucher_names_what_was_charged_and_the_most_of_the_next(asking):
    client = asking(provider := FakeProvider())
    for _ in range(3):
        client.ask(WHO, PATH, QUESTION)
    assert provider.vouchers == [MOST, FEE + MOST, 2 * FEE + MOST]
    assert client.store.channel(CHANNEL_ID).signed == 2 * FEE + MOST


def test_a_stream_is_handed_on_event_by_event_and_ends_when_it_was_compared(asking):
    client = asking(FakeProvider())
    with client.stream(WHO, PATH, STREAMED) as stream:
        parts = list(stream)
    assert b"".join(parts).startswith(b"".join(events()))
    assert parts[-1].startswith(b"data: [DONE]\n\n: keifu-receipt ")
    assert [b"".join(parts[:-1])] == [b"".join(events()[:-1])]
    assert stream.answer.body == b"".join(events())


def test_the_voucher_is_on_the_disk_before_it_is_sent(asking):
    """Killed while the request is on its way, a client signs the next voucher above it, and finds what it owes."""
    provider = FakeProvider()
    client = asking(provider)
    seen = []

    def dies(request):
        if "PAYMENT-SIGNATURE" in request.headers:
            seen.append((client.store.channel(CHANNEL_ID).signed, client.store.requests()[-1].state))
            raise httpx.ReadError("gone")
        return provider(request)

    client._http = httpx.Client(transport=httpx.MockTransport(dies))
    with pytest.raises(ProviderFault, match="did not answer"):
        client.ask(WHO, PATH, QUESTION)
    assert seen == [(MOST, "open")]
    client.store.close()
    again = asking(provider)
    assert [item.state for item in again.store.requests()] == ["lost"]
    again.ask(WHO, PATH, QUESTION)
    assert provider.vouchers == [2 * MOST]


def test_what_a_lost_answer_cost_is_taken_from_the_next_receipt_and_only_once(asking):
    provider = FakeProvider(breaks=True)
    client = asking(provider)
    with pytest.raises(ProviderFault, match="broke off"):
        client.ask(WHO, PATH, STREAMED)
    provider.breaks = False
    assert client.ask(WHO, PATH, QUESTION).receipt.charged == 2 * FEE  # within what the lost one may have cost
    provider.lie = lambda receipt: replace(receipt, charged=receipt.charged + MOST)  # for the lost one again
    with pytest.raises(CheckFailed, match="charged: 14 to 27 before and a fee of 7, it says 41"):
        client.ask(WHO, PATH, QUESTION)


@pytest.mark.parametrize(("status", "state", "cost"), [(400, "void", 0), (404, "void", 0), (503, "lost", MOST)])
def test_a_provider_that_fails_says_so(asking, status, state, cost):
    client = asking(FakeProvider(fails=status))
    with pytest.raises(ProviderFault, match="not so") as raised:
        client.ask(WHO, PATH, QUESTION)
    (request,) = client.store.requests()
    assert (raised.value.status, request.state, request.cost) == (status, state, cost)


def test_a_dearer_request_than_allowed_is_not_paid(asking):
    client = asking(FakeProvider(amount=MOST + 1))
    with pytest.raises(TooDear, match="may cost 21, at most 20"):
        client.ask(WHO, PATH, QUESTION)
    assert client.store.requests() == []


def test_without_a_channel_nothing_is_signed(asking):
    client = asking(FakeProvider(), opened=False)
    with pytest.raises(NoChannel, match="no channel of"):
        client.ask(WHO, PATH, QUESTION)


def test_a_deposit_opens_a_channel_with_the_first_request(asking):
    terms = replace(TERMS, deposit=DEPOSIT, collector=COLLECTOR)
    client = asking(provider := FakeProvider(), opened=False, terms=terms)
    client.ask(WHO, PATH, QUESTION)
    client.ask(WHO, PATH, QUESTION)
    assert (provider.deposits, provider.vouchers) == ([DEPOSIT], [MOST, FEE + MOST])


def test_a_channel_whose_deposit_was_refused_is_forgotten(asking):
    terms = replace(TERMS, deposit=DEPOSIT, collector=COLLECTOR)
    client = asking(FakeProvider(fails=400), opened=False, terms=terms)
    with pytest.raises(ProviderFault):
        client.ask(WHO, PATH, QUESTION)
    assert client.store.channels() == []


def test_terms_of_another_chain_are_not_paid(asking):
    client = asking(FakeProvider(), terms=replace(TERMS, chain_id=1))
    with pytest.raises(CheckFailed, match="batch-settlement on eip155:31337, this client pays by"):
        client.ask(WHO, PATH, QUESTION)


def test_a_client_that_lost_its_folder_learns_from_its_own_voucher(asking):
    provider = FakeProvider()
    asking(provider).ask(WHO, PATH, QUESTION)
    fresh = asking(provider, folder="new")
    provider.charged += MOST - FEE  # as much as the voucher names
    provider.amount = MOST
    assert fresh.ask(WHO, PATH, QUESTION).receipt.charged == MOST + FEE


def test_a_provider_that_charged_more_than_may_be_gets_no_voucher(asking):
    client = asking(provider := FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    provider.charged += 1
    with pytest.raises(PaymentRefused, match="refuses the payment"):
        client.ask(WHO, PATH, QUESTION)


def test_caps_by_day_and_in_all(asking):
    client = asking(FakeProvider())
    client.store.set_cap("app", digest=None, day=MOST + FEE, total=None)
    client.store.set_cap("small", digest=None, day=None, total=MOST - 1)
    client.ask(WHO, PATH, QUESTION, key="app")
    client.ask(WHO, PATH, QUESTION, key="app")
    with pytest.raises(CapReached, match="may spend 27 today: 14 is spent, this request may cost 20"):
        client.ask(WHO, PATH, QUESTION, key="app")
    with pytest.raises(CapReached, match="may spend 19 in all: 0 is spent"):
        client.ask(WHO, PATH, QUESTION, key="small")
    client._now = lambda: float(NOW + DAY - 200)
    assert client.store.spent("app") == 2 * FEE


def test_one_process_at_a_time_pays_from_a_folder(asking, tmp_path):
    asking(FakeProvider())
    with pytest.raises(EnvironmentFault, match=r"another client \(process \d+\) pays from"):
        Store(tmp_path / "client")
    with Store(tmp_path / "client", writes=False) as reader:
        assert len(reader.channels()) == 1


def test_an_answer_that_was_not_read_to_its_end_may_have_cost(asking):
    client = asking(FakeProvider())
    with client.stream(WHO, PATH, STREAMED) as stream:
        next(iter(stream))
    assert [(item.state, item.cost) for item in client.store.requests()] == [("lost", MOST)]
    with pytest.raises(CheckFailed, match="not read to its end"):
        _ = stream.answer


def test_a_receipt_that_another_thread_keeps_meanwhile_counts_whole_or_not_at_all(asking, monkeypatch):
    """What stands beside a receipt is read in one moment: else an honest answer would seem to be charged too much."""
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    (signed,) = client.store.receipts()
    plain = Store.channel

    def slowly(store, channel_id):
        """Another thread may write here only when it gets the store."""
        others = threading.Thread(target=lambda: free.append(store._mutex.acquire(blocking=False)))
        others.start()
        others.join()
        return plain(store, channel_id)

    free = []
    monkeypatch.setattr(Store, "channel", slowly)
    client.store.standing(signed)
    assert free == [False]


@pytest.mark.parametrize("given", [{}, {"fails": 400}], ids=["an answer", "a refusal"])
def test_an_answer_that_comes_in_drops_is_given_up(asking, given):
    """Each part comes in time, and the whole never ends."""
    client = asking(FakeProvider(**given), timer=map(float, count()).__next__, longest=2.0)
    with pytest.raises(ProviderFault, match="answers too slowly: it is not waited for" if not given else "not so"):
        client.ask(WHO, PATH, STREAMED)
    (request,) = client.store.requests()
    assert request.state == ("void" if given else "lost")


@pytest.mark.parametrize("url", ["http://provider/\x01", "http://provider:port"])
def test_an_address_that_is_none_is_a_provider_that_does_not_answer(asking, url):
    """Strangers choose what the market says of them."""
    client = asking(FakeProvider())
    with pytest.raises(ProviderFault, match="did not answer"):
        client.ask(replace(WHO, url=url), PATH, QUESTION)
    with pytest.raises(ProviderFault, match="did not answer"):
        client.models(replace(WHO, url=url))


def test_a_provider_that_changes_its_price_gets_one_deposit_and_no_other(asking):
    """Each that it refuses is an authorisation in its hands, for a channel that the client forgets."""
    signed = []

    class Dear(FakeProvider):
        def __call__(self, request):
            if PAYMENT_SIGNATURE in request.headers:
                signed.append(request)
                self.amount = MOST - len(signed) % 2
            return self.ask()

    terms = replace(TERMS, deposit=DEPOSIT, collector=COLLECTOR)
    client = asking(Dear(), terms=terms, opened=False)
    with pytest.raises(PaymentRefused):
        client.ask(WHO, PATH, QUESTION)
    assert len(signed) == 1
    assert client.store.channels() == []


def test_a_price_that_was_known_before_is_asked_anew_before_a_channel_is_opened(asking):
    """Else it would be refused, and that is not tried again."""
    terms = replace(TERMS, deposit=DEPOSIT, collector=COLLECTOR)
    client = asking(provider := FakeProvider(amount=MOST - 1), terms=terms, opened=False)
    client.ask(WHO, PATH, QUESTION)
    client.store.forget_channel(client.store.channels()[0].id)
    provider.amount, provider.charged, provider.number = MOST, 0, 0
    client.ask(WHO, PATH, QUESTION)
    assert (provider.deposits, provider.vouchers) == ([DEPOSIT] * 2, [MOST - 1, MOST])
    assert [item.state for item in client.store.requests()] == ["answered"] * 2


def test_a_list_of_models_without_an_end_is_not_read_on(asking):
    """Nobody pays for it, and each batch of texts reads it."""
    given = []

    def endless():
        for _ in range(10_000):
            given.append(None)
            yield bytes(1 << 20)

    client = asking(FakeProvider())
    client._http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=endless())))
    with pytest.raises(ProviderFault, match="http://provider lists more than 4 MiB of models"):
        client.models(WHO)
    assert len(given) == 5
