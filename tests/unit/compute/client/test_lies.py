"""Every way in which a provider can lie about one answer is refused by its name, by the client and of a capture.

The lies are searched for: each field of a receipt is changed in several ways, before it is signed and after.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields, replace

import httpx
import pytest

from ethwire.keys import Account
from keifu.compute.client.capture import exchange_of, read_curl, read_har
from keifu.compute.client.checks import STALE_SECONDS, Expected, Prices, ReplyRefused, Standing, check_reply, require
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.sources import Pinned
from keifu.compute.receipt import Evidence, Receipt, Receipts
from tests.unit.compute.client.provider import (
    CHAIN,
    CHANNEL_ID,
    DIGEST,
    ENVIRONMENT,
    FEE,
    KNOWN,
    MARKET,
    MOST,
    NOW,
    OPERATOR,
    OTHER_CHANNEL,
    PATH,
    QUESTION,
    RECEIPT_KEY,
    SEQ,
    STRANGER,
    WHO,
    FakeProvider,
)
from tests.upstream import TEE, word_of

STREAMED = {**QUESTION, "stream": True}
HASH = b"\x77" * 32
# field: values that are lies, and the check that names each.
LIES: dict[str, list[tuple[object, str]]] = {
    "channel_id": [(OTHER_CHANNEL, "channel"), (bytes(32), "channel")],
    "number": [(0, "number"), (1, "number")],
    "environment": [(HASH, "environment"), (bytes(32), "environment")],
    "promotion_seq": [(SEQ + 1, "promotion"), (0, "promotion"), (SEQ - 1, "promotion")],
    "digest": [(HASH, "digest"), (bytes(32), "digest")],
    "request_hash": [(HASH, "request hash"), (bytes(32), "request hash")],
    "response_hash": [(HASH, "response hash"), (bytes(32), "response hash")],
    "input_root": [(HASH, "roots")],
    "output_root": [(HASH, "roots")],
    "trace_root": [(HASH, "roots")],
    "input_units": [(5, "units"), (0, "units"), (2**64 - 1, "units")],
    "output_units": [(3, "units"), (0, "units")],
    "fee": [(MOST + 1, "price"), (FEE + 1, "charged"), (FEE - 1, "charged"), (2**128 - 1, "price")],
    "charged": [(2 * FEE + 1, "charged"), (2 * FEE - 1, "charged"), (0, "charged"), (2**128 - 1, "charged")],
    "evidence": [(Evidence.PROVED, "evidence"), (Evidence.ATTESTED, "evidence")],
    "time": [(NOW + STALE_SECONDS + 1, "time"), (NOW - STALE_SECONDS - 1, "time"), (0, "time"), (2**63, "time")],
}
CASES = [(name, value, check) for name, lies in LIES.items() for value, check in lies]
IDS = [f"{name}-{place}" for name, lies in LIES.items() for place, _ in enumerate(lies)]


def test_every_field_of_a_receipt_is_lied_about():
    assert list(LIES) == [item.name for item in fields(Receipt)]


@pytest.fixture
def world(asking):
    """A client with one answer behind it, and its provider."""
    provider = FakeProvider()
    client = asking(provider)
    client.ask(WHO, PATH, QUESTION)
    return client, provider


def refused(client, question=QUESTION) -> ReplyRefused:
    with pytest.raises(ReplyRefused) as raised:
        client.ask(WHO, PATH, question)
    return raised.value


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize(("name", "value", "check"), CASES, ids=IDS)
def test_a_signed_lie_is_refused_by_its_name(world, name, value, check, question):
    client, provider = world
    provider.lie = lambda receipt: replace(receipt, **{name: value})
    found = refused(client, question)
    assert check in found.checks
    assert "receipt key" not in found.checks or name == "time"
    kept = client.store.requests()[-1]
    assert (kept.state, kept.cost, kept.why) == ("refused", MOST, str(found))
    assert [getattr(item.receipt, name) for item in client.store.receipts(refused=True)] == [value]


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize(("name", "value", "check"), CASES, ids=IDS)
def test_a_field_that_was_changed_after_it_was_signed_is_refused(world, name, value, check, question):
    client, provider = world
    provider.forge = lambda signed: replace(signed, receipt=replace(signed.receipt, **{name: value}))
    assert {check, "receipt key"} <= set(refused(client, question).checks)


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize("place", [0, 1, -2, -1])
def test_a_body_that_differs_by_one_byte_is_refused(world, place, question):
    client, provider = world

    def spoil(body):
        changed = bytearray(body)
        changed[place] ^= 0x01
        return bytes(changed)

    provider.spoil = spoil
    assert "response hash" in refused(client, question).checks


@dataclass
class Forged:
    """A change of what was signed, or of by whom."""

    name: str
    change: dict[str, object]


FORGED = [
    Forged("a stranger's key", {"key": STRANGER}),
    Forged("the operator's own key, which names another for receipts", {"key": OPERATOR}),
    Forged("another market", {"receipts": Receipts(CHAIN, OTHER := "0x" + "9" * 40)}),
    Forged("another chain", {"receipts": Receipts(1, MARKET)}),
    Forged("no signature", {"forge": lambda signed: replace(signed, signature=bytes(65))}),
    Forged("no proof", {"forge": lambda signed: replace(signed, proof=())}),
    Forged("another proof", {"forge": lambda signed: replace(signed, proof=signed.proof[::-1])}),
    Forged("a long proof", {"forge": lambda signed: replace(signed, proof=(*signed.proof, HASH))}),
]


@pytest.mark.parametrize("forged", FORGED, ids=[item.name for item in FORGED])
def test_what_the_operator_did_not_sign_is_refused(world, forged):
    client, provider = world
    for name, value in forged.change.items():
        setattr(provider, name, value)
    assert refused(client).checks == ("receipt key",)


def test_the_receipt_of_another_channel_is_refused(world):
    client, provider = world
    provider.lie = lambda receipt: replace(receipt, channel_id=OTHER_CHANNEL)
    assert refused(client).checks == ("channel",)


def test_a_number_that_was_seen_is_refused_and_both_receipts_are_kept(world):
    """Two receipts of one number are what the market takes the reserve of their signer for."""
    client, provider = world
    provider.lie = lambda receipt: replace(receipt, number=1)
    assert "number" in refused(client).checks
    (held,), (twice,) = list(client.store.receipts()), list(client.store.receipts(refused=True))
    assert (held.receipt.channel_id, held.receipt.number) == (twice.receipt.channel_id, twice.receipt.number)
    assert held.receipt.struct_hash != twice.receipt.struct_hash


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_an_answer_without_a_receipt_is_refused(world, question):
    client, provider = world
    provider.with_receipt = False
    assert refused(client, question).checks == ("receipt",)


def test_a_stream_that_was_cut_is_no_answer(world):
    client, provider = world
    provider.breaks = True
    with pytest.raises(ProviderFault, match="broke off"):
        client.ask(WHO, PATH, STREAMED)
    provider.breaks, provider.with_receipt = False, False
    assert refused(client, STREAMED).checks == ("receipt",)


def test_no_word_of_the_end_leaves_before_it_was_compared(world):
    client, provider = world
    provider.lie = lambda receipt: replace(receipt, response_hash=HASH)
    seen = []
    with pytest.raises(ReplyRefused), client.stream(WHO, PATH, STREAMED) as stream:
        seen.extend(stream)
    assert seen
    assert b"[DONE]" not in b"".join(seen)


KNOWN_TEE = replace(WHO, tees=frozenset({TEE.address}))


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize(("who", "shown"), [(KNOWN_TEE, Evidence.ATTESTED), (WHO, Evidence.UNVERIFIED)])
def test_an_answer_is_attested_by_a_key_that_the_client_names(world, who, shown, question):
    client, provider = world
    provider.tee = lambda request, body: word_of(TEE, request, body).header()
    answer = client.ask(who, PATH, question)
    assert (answer.evidence, answer.receipt.evidence) == (shown, Evidence.ATTESTED)


WORDS = {
    "another request": lambda request, body: word_of(TEE, request + b" ", body).header(),
    "another answer": lambda request, body: word_of(TEE, request, body + b" ").header(),
    "the hashes exchanged": lambda request, body: word_of(TEE, body, request).header(),
    "a text without hashes": lambda *_: replace(word_of(TEE, b"", b""), text="theirs").header(),
    "no signature": lambda request, body: replace(word_of(TEE, request, body), signature=bytes(65)).header(),
    "no word": lambda *_: "AAAA",
    "no base64": lambda *_: "A",
    "too short a signature": lambda request, body: replace(word_of(TEE, request, body), signature=bytes(64)).header(),
    "too long a text": lambda request, body: replace(word_of(TEE, request, body), text="x" * 2_000).header(),
}


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
def test_a_word_of_a_tee_that_does_not_hold_is_refused(world, word, question):
    client, provider = world
    provider.tee = word
    with pytest.raises(ReplyRefused, match="its TEE's word does not hold") as raised:
        client.ask(KNOWN_TEE, PATH, question)
    assert raised.value.checks == ("evidence",)


@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_another_key_than_the_named_one_attests_nothing(world, question):
    client, provider = world
    provider.tee = lambda request, body: word_of(STRANGER, request, body).header()
    assert client.ask(KNOWN_TEE, PATH, question).evidence == Evidence.UNVERIFIED


@pytest.mark.parametrize(("prices", "holds"), [(Prices(1, 1_000_000, 1_000_000), True), (Prices(1, 1, 1), False)])
def test_the_fee_is_compared_with_the_offer(world, prices, holds):
    """Of 4 units in and 2 out: 1 + 4 + 2, or 1 and one smallest unit for the parts."""
    client, _ = world
    who = replace(WHO, prices=prices)
    if holds:
        assert client.ask(who, PATH, QUESTION).receipt.fee == FEE
        return
    with pytest.raises(ReplyRefused, match="a fee of 7, by the offer 2") as raised:
        client.ask(who, PATH, QUESTION)
    assert raised.value.checks == ("price",)


# captures ----------------------------------------------------------------------------------------------------------


def captured(provider: FakeProvider, question, folder, *, as_har: bool):
    """One exchange with the provider, written as somebody would have recorded it, and read again."""
    request = json.dumps(question).encode()
    answer = provider.answer(CHANNEL_ID, request, stream="stream" in question)
    body = b"".join(answer.iter_raw()) if not answer.is_stream_consumed else answer.content
    if as_har:
        return read_har(har_of(folder, request, answer, body))[0]
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    (folder / "answer").write_bytes(f"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{head}\r\n".encode() + body)
    (folder / "request").write_bytes(request)
    return read_curl(folder / "answer", folder / "request")


def har_of(folder, request: bytes, answer: httpx.Response, body: bytes):
    entry = {
        "startedDateTime": "2030-03-17T17:46:40.000Z",
        "time": 12.5,
        "request": {"method": "POST", "url": "http://provider" + PATH, "postData": {"text": request.decode()}},
        "response": {
            "headers": [{"name": name, "value": value} for name, value in answer.headers.items()],
            "content": {"text": base64.b64encode(body).decode(), "encoding": "base64"},
        },
    }
    options = {"request": {"method": "GET", "url": "http://provider/"}, "response": {"headers": [], "content": {}}}
    path = folder / "capture.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [options, entry]}}))
    return path


EXPECTED = Expected(CHAIN, MARKET, OPERATOR.address, channel_id=CHANNEL_ID, environment=ENVIRONMENT, most=MOST)


def compare(capture, **known) -> None:
    """With what the capture's own client knows, or alone."""
    exchange = exchange_of(capture)
    if known:
        number, charged = known["before"]
        seen = exchange.signed.receipt.number <= number
        standing = Standing(seen=seen, below=(number, charged), ceiling=charged, signed=charged + MOST)
        exchange, expected = replace(exchange, received=NOW), replace(EXPECTED, standing=standing)
    else:
        expected = EXPECTED
    require(check_reply(exchange, expected, Pinned(KNOWN)))


def one_later() -> FakeProvider:
    return FakeProvider(number=1, charged=FEE)


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_an_honest_capture_holds(tmp_path, question, as_har):
    capture = captured(one_later(), question, tmp_path, as_har=as_har)
    assert capture.received == (NOW if as_har else None)
    compare(capture)
    compare(capture, before=(1, FEE))


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_a_word_of_a_tee_is_read_from_a_capture(tmp_path, question, as_har):
    provider = one_later()
    provider.tee = lambda request, body: word_of(TEE, request, body).header()
    exchange = exchange_of(captured(provider, question, tmp_path, as_har=as_har))
    expected = replace(EXPECTED, tees=frozenset({TEE.address}))
    [found] = [item for item in check_reply(exchange, expected, Pinned(KNOWN)) if item.check == "evidence"]
    assert (found.ok, found.detail) == (True, f"attested: by the TEE whose key is {TEE.address}")


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
@pytest.mark.parametrize(("name", "value", "check"), CASES, ids=IDS)
def test_a_lie_is_found_in_a_capture(tmp_path, name, value, check, question, as_har):
    provider = one_later()
    provider.lie = lambda receipt: replace(receipt, **{name: value})
    with pytest.raises(ReplyRefused) as raised:
        compare(captured(provider, question, tmp_path, as_har=as_har), before=(1, FEE))
    assert check in raised.value.checks


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize(("name", "value", "check"), CASES, ids=IDS)
def test_a_changed_receipt_is_found_in_a_capture_of_which_nothing_else_is_known(tmp_path, name, value, check, as_har):
    provider = one_later()
    provider.forge = lambda signed: replace(signed, receipt=replace(signed.receipt, **{name: value}))
    with pytest.raises(ReplyRefused) as raised:
        compare(captured(provider, QUESTION, tmp_path, as_har=as_har))
    assert "receipt key" in raised.value.checks


@pytest.mark.parametrize("as_har", [True, False], ids=["har", "curl"])
@pytest.mark.parametrize("question", [QUESTION, STREAMED], ids=["whole", "stream"])
def test_spoilt_bytes_and_wrong_keys_are_found_in_a_capture(tmp_path, question, as_har):
    for provider, check in (
        (FakeProvider(spoil=lambda body: body[:-1] + b"!"), "response hash"),
        (FakeProvider(key=Account.from_role("nobody")), "receipt key"),
        (FakeProvider(with_receipt=False), "receipt"),
    ):
        with pytest.raises(ReplyRefused) as raised:
            compare(captured(provider, question, tmp_path, as_har=as_har))
        assert check in raised.value.checks


def test_a_key_counts_while_it_was_the_operators():
    pinned = Pinned(KNOWN)
    key = RECEIPT_KEY.address.lower()
    assert [bool(pinned.operator_of(key, NOW - age)) for age in (0, 10_000, 10_001)] == [True, True, False]
    assert pinned.promoted(ENVIRONMENT, SEQ).digest == DIGEST
    assert pinned.promoted(ENVIRONMENT, SEQ - 1).replaced == NOW - 5_000
