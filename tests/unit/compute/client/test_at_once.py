"""Requests of one channel at once: a provider's word about the sum may count an answer that is still on its way."""

from __future__ import annotations

import httpx
import pytest

from keifu.compute.client.client import ProviderFault
from keifu.compute.client.store import LATE_SECONDS
from keifu.payments.wallet import MISMATCH, PaymentRefused
from tests.unit.compute.client.provider import (
    CHANNEL_ID,
    CLIENT,
    FEE,
    MOST,
    NOW,
    PATH,
    QUESTION,
    VOUCHERS,
    WHO,
    FakeProvider,
)

STREAMED = {**QUESTION, "stream": True}
TOO_LOW = "invalid_batch_settlement_evm_" + MISMATCH


def through(client, answers):
    """Ask by these answers from now on."""
    client._http = httpx.Client(transport=httpx.MockTransport(answers))


def overtaken(client, provider):
    """The first payment arrives after a later one, whose answer is not read yet: its stream, when there is one."""
    streams = []

    def answers(request):
        if "PAYMENT-SIGNATURE" in request.headers and not streams:
            streams.append(None)
            streams[0] = client.stream(WHO, PATH, STREAMED)
        return provider(request)

    through(client, answers)
    return streams


def test_an_answer_on_its_way_is_not_counted_twice_by_the_word_that_counts_it(asking):
    client = asking(provider := FakeProvider())
    streams = overtaken(client, provider)
    assert client.ask(WHO, PATH, QUESTION).receipt.charged == 2 * FEE
    (stream,) = streams
    assert [item.state for item in client.store.requests()] == ["void", "open", "answered"]
    list(stream)
    assert stream.answer.receipt.charged == FEE
    kept = client.store.channel(CHANNEL_ID)
    assert (kept.base, kept.fees, kept.charged) == (0, 2 * FEE, 2 * FEE)
    assert max(provider.vouchers) <= 2 * MOST  # of two requests


def test_a_client_that_lost_its_folder_may_ask_two_things_at_once(asking):
    """What was charged before is not known, nor whether the word about it counts the answer on its way."""
    before = 10 * MOST
    provider = FakeProvider(charged=before, vouchers=[before])
    provider.signature = "0x" + VOUCHERS.sign(CLIENT, CHANNEL_ID, before).hex()
    fresh = asking(provider)
    streams = overtaken(fresh, provider)
    assert fresh.ask(WHO, PATH, QUESTION).receipt.charged == before + 2 * FEE
    list(streams[0])
    assert streams[0].answer.receipt.charged == before + FEE
    provider.charged += FEE + 1  # more than another's request may have had before
    with pytest.raises(PaymentRefused):
        fresh.ask(WHO, PATH, QUESTION)


def test_a_provider_that_keeps_a_request_waiting_gets_no_higher_vouchers_by_its_word(asking):
    """It names as much as may have been, again and again, while it holds an answer back."""
    client = asking(provider := FakeProvider())
    with client.stream(WHO, PATH, STREAMED):

        def raises(request):
            signed = client.store.channel(CHANNEL_ID).signed
            provider.charged = max(provider.charged, signed - MOST)
            return provider.ask(TOO_LOW)

        through(client, raises)
        with pytest.raises(PaymentRefused):
            client.ask(WHO, PATH, QUESTION)
        assert client.store.channel(CHANNEL_ID).signed <= 2 * MOST


def test_an_answer_that_was_lost_may_be_charged_after_a_later_one(asking):
    """A provider that works on a request does not see at once that nobody waits for it any more."""
    client = asking(provider := FakeProvider())

    def breaks(request):
        if "PAYMENT-SIGNATURE" in request.headers:
            raise httpx.ReadError("gone")
        return provider(request)

    through(client, breaks)
    with pytest.raises(ProviderFault, match="did not answer"):
        client.ask(WHO, PATH, QUESTION)
    through(client, provider)
    client.ask(WHO, PATH, QUESTION)
    provider.reserved = MOST
    client.ask(WHO, PATH, QUESTION)
    assert [item.state for item in client.store.requests() if item.state != "void"] == ["lost", "answered", "answered"]
    provider.reserved, provider.charged = 0, provider.charged + FEE
    assert client.ask(WHO, PATH, QUESTION).receipt.charged == 4 * FEE
    assert max(provider.vouchers) == 3 * FEE + MOST + MOST - FEE  # beyond it what the lost one may cost yet


def test_what_was_lost_is_closed_by_a_word_when_it_is_not_charged_any_more(asking):
    client = asking(provider := FakeProvider(breaks=True))
    with pytest.raises(ProviderFault, match="broke off"):
        client.ask(WHO, PATH, STREAMED)
    provider.breaks = False
    client.ask(WHO, PATH, QUESTION)
    assert client.store.adopt(CHANNEL_ID, 2 * FEE, 0, NOW)
    assert client.store.requests()[0].state == "lost"
    assert client.store.adopt(CHANNEL_ID, 2 * FEE, 0, NOW + LATE_SECONDS)
    assert client.store.requests()[0].state == "closed"
    assert not client.store.adopt(CHANNEL_ID, 2 * FEE + 1, 0, NOW + LATE_SECONDS)
