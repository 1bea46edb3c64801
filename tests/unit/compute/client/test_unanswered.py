"""Requests whose answer can be demanded on the chain: their bytes are kept until they are answered or refused."""

from __future__ import annotations

import msgspec
import pytest

from keifu.compute.client.checks import ReplyRefused
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.store import Store
from keifu.compute.promises import LONGEST_REQUEST
from keifu.payments.x402 import Payment, decode
from tests.unit.compute.client.provider import CHANNEL_ID, CLIENT, PATH, QUESTION, VOUCHERS, WHO, FakeProvider

BODY = msgspec.json.encode(QUESTION)


def kept(client):
    return [(request.state, body) for request, body in client.store.unanswered(CHANNEL_ID)]


@pytest.mark.parametrize(
    ("provider", "fault", "states"),
    [
        (FakeProvider(fails=503), ProviderFault, ["lost"]),
        (FakeProvider(spoil=lambda body: body + b" "), ReplyRefused, ["refused"]),
        (FakeProvider(fails=400), ProviderFault, []),
    ],
)
def test_a_request_without_an_answer_that_holds_is_kept(asking, provider, fault, states):
    client = asking(provider)
    with pytest.raises(fault):
        client.ask(WHO, PATH, QUESTION)
    assert kept(client) == [(state, BODY) for state in states]


def test_an_answered_request_is_kept_no_longer(asking):
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    assert kept(client) == []
    assert client.store._rows("SELECT count(*) FROM body") == [(0,)]


def test_what_is_too_long_for_a_demand_is_not_kept(asking):
    client = asking(FakeProvider(fails=503))
    with pytest.raises(ProviderFault):
        client.ask(WHO, PATH, QUESTION | {"user": "u" * LONGEST_REQUEST})
    assert kept(client) == []


def test_a_client_that_died_finds_what_it_had_asked(asking, tmp_path):
    """Also in a folder of before bodies were kept."""
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    client.store._database.execute("DROP TABLE body")
    client.store.close()
    with Store(tmp_path / "client") as store:
        store.begin(CHANNEL_ID, 5, "own", WHO.url, "digits", 7, BODY)
    with Store(tmp_path / "client") as store:
        [(request, body)] = store.unanswered(CHANNEL_ID)
        assert (request.state, request.most, body) == ("lost", 5, BODY)


def test_who_asks_for_a_cover_signs_nothing_new(asking):
    """The voucher that identifies a channel names what was charged already, so nobody buys by it."""
    client = asking(FakeProvider())
    client.ask(WHO, PATH, QUESTION)
    before = client.store.channel(CHANNEL_ID)
    said = decode(client.wallet.identify(before), Payment, "PAYMENT-SIGNATURE").payload.voucher
    assert int(said.max_claimable_amount) == before.charged < before.signed
    signature = bytes.fromhex(said.signature[2:])
    assert VOUCHERS.signer(CHANNEL_ID, before.charged, signature) == CLIENT.address.lower()
    assert client.store.channel(CHANNEL_ID) == before
