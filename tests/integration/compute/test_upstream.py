"""Another server's model, paid here: what is streamed is charged as it leaves, and what fails says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from ethwire.keys import Account, keccak256
from keifu.compute.receipt import Evidence
from keifu.compute.tee import TEE_HEADER, TeeWord, split_word
from keifu.compute.wire import split_stream, unpack
from tests.paid_server import PATIENCE_SECONDS, Payer, Provider, provider, settings_of
from tests.upstream import TEE, WORDS, upstream

FEE = 5 + 1 * 1 + 4 * 2  # of a prompt of one word and an answer of four
MOST = 1_000


@pytest.fixture
def other() -> Iterator[Any]:
    with upstream() as server:
        yield server


@pytest.fixture
def served(tmp_path: Path, other: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("TEST_UPSTREAM", other.url)
    with provider(settings_of(tmp_path, models="passed_on")) as running:
        yield running


@pytest.fixture
def payer(served: Provider) -> Payer:
    return Payer("payer 0", served.settings)


def chat(
    payer: Payer, served: Provider, prompt: str, most: int = MOST, amount: int = MOST, **more: Any
) -> httpx.Response:
    body = {"model": "words", "messages": [{"role": "user", "content": prompt}], "max_tokens": 8, **more}
    return httpx.post(
        f"{served.url}/v1/chat/completions", json=body, headers=payer.payment(most, amount), timeout=PATIENCE_SECONDS
    )


def charged(payer: Payer, served: Provider) -> int:
    """What the provider has charged in all, by one more answer."""
    return payer.receipt(chat(payer, served, "hello", 3_000)).receipt.charged - FEE


def test_an_answer_costs_what_its_usage_says(served: Provider, payer: Payer, other: Any) -> None:
    response = chat(payer, served, "hello", seed=7, stop=["x"])
    receipt = payer.receipt(response).receipt
    assert (receipt.input_units, receipt.output_units, receipt.fee) == (1, 4, FEE)
    assert receipt.response_hash == keccak256(response.content)
    [asked] = other.asked
    assert (asked["model"], asked["seed"], asked["stop"], asked["max_tokens"]) == ("theirs", 7, ["x"], 8)


def test_a_stream_ends_with_its_receipt(served: Provider, payer: Payer) -> None:
    response = chat(payer, served, "hello", stream=True)
    events, text = split_stream(response.content)
    receipt = unpack(text).receipt
    assert receipt.response_hash == keccak256(events)
    assert (receipt.input_units, receipt.output_units, receipt.fee) == (1, 4, FEE)
    assert events.endswith(b"data: [DONE]\n\n")


def attested(payer: Payer, served: Provider, **more: Any) -> tuple[Evidence, bool]:
    """What the receipt says, and whether a TEE's word about these very bytes came with the answer."""
    response = chat(payer, served, "hello", 3_000, 3_000, model="theirs", **more)
    if more.get("stream"):
        events, text = split_stream(response.content)
        receipt, (body, word) = unpack(text).receipt, split_word(events)
    else:
        receipt = payer.receipt(response).receipt
        body, word = response.content, response.headers.get(TEE_HEADER, "")
    if not word:
        return receipt.evidence, False
    said = TeeWord.read(word)
    return receipt.evidence, said.is_about(response.request.content, body) and said.signer() == TEE.address


WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize("more", [{}, WITH_USAGE], ids=["whole", "stream"])
def test_the_word_of_a_tee_goes_with_the_answer(served: Provider, payer: Payer, other: Any, more: Any) -> None:
    assert attested(payer, served, **more) == (Evidence.ATTESTED, True)
    assert httpx.get(f"{served.url}/v1/models/theirs").json()["keifu"]["tee"] == TEE.address


@pytest.mark.parametrize("more", [{"max_tokens": None}, {"stream": True}], ids=["no limit", "no usage"])
def test_a_request_that_has_to_be_completed_is_attested_by_nobody(served: Provider, payer: Payer, more: Any) -> None:
    assert attested(payer, served, **more) == (Evidence.UNVERIFIED, False)


@pytest.mark.parametrize("more", [{}, WITH_USAGE], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", ["another key", "no word", "a word about something else"])
def test_an_answer_comes_without_a_word_that_does_not_hold(
    served: Provider, payer: Payer, other: Any, more: Any, fault: str
) -> None:
    if fault == "another key":
        other.key = Account.from_role("a stranger")
    elif fault == "no word":
        other.word_status = 404
    else:
        other.given = _Deaf()
    assert attested(payer, served, **more) == (Evidence.UNVERIFIED, False)


class _Deaf(bytearray):
    """Hears nothing of what is written."""

    def __iadd__(self, _: Any) -> Any:
        return self


def test_openais_client_streams_and_stops(served: Provider, payer: Payer) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key=payer.api_key, max_retries=0)
    chunks = list(
        client.chat.completions.create(
            model="words", messages=[{"role": "user", "content": "hi"}], stream=True, max_tokens=3,
            stream_options={"include_usage": True},
        )
    )  # fmt: skip
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "".join(WORDS[:3])
    assert chunks[-1].usage is not None
    whole = client.completions.create(model="words", prompt="hi", max_tokens=2)
    assert whole.choices[0].text == "".join(WORDS[:2])


@pytest.mark.parametrize(
    ("prompt", "model", "status", "code"),
    [
        ("lie", "words", 502, "upstream_lied"),
        ("die", "words", 502, "upstream_died"),
        ("fail", "words", 502, "upstream_failed"),
        ("hang", "hasty", 504, "upstream_timeout"),
    ],
)
def test_an_upstream_that_misbehaves_costs_nothing(
    served: Provider, payer: Payer, prompt: str, model: str, status: int, code: str
) -> None:
    response = chat(payer, served, prompt, model=model)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert charged(payer, served) == 0


@pytest.mark.parametrize(
    ("prompt", "model", "code"),
    [("die", "words", "upstream_died"), ("silence", "hasty", "upstream_timeout"), ("lie", "words", "upstream_lied")],
)
def test_a_stream_that_breaks_off_costs_what_was_delivered(
    served: Provider, payer: Payer, prompt: str, model: str, code: str
) -> None:
    response = chat(payer, served, prompt, stream=True, model=model)
    events, text = split_stream(response.content)
    said = [json.loads(line[6:]) for line in events.decode().splitlines() if line.startswith("data: {")]
    assert said[-1]["error"]["code"] == code
    receipt = unpack(text).receipt
    delivered = len(said) - 1
    assert (receipt.output_units, receipt.fee) == (delivered, 5 + 2 * delivered)
    assert charged(payer, served) == receipt.fee


def test_who_stops_reading_is_charged_for_what_left(served: Provider, payer: Payer, other: Any) -> None:
    """The provider stops asking its upstream, and the channel goes on with what was charged."""
    body = {"model": "words", "messages": [{"role": "user", "content": "endless"}], "max_tokens": 200, "stream": True}
    headers = payer.payment(MOST, MOST)
    with httpx.stream("POST", f"{served.url}/v1/chat/completions", json=body, headers=headers) as response:
        next(response.iter_bytes())
    assert other.left.wait(20)
    spent = charged(payer, served)
    assert 5 + 2 <= spent <= 5 + 2 * 200
