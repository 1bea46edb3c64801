"""A client with the model finds every lie about words, tokens and what was computed between."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import msgspec
import pytest

from keifu.compute.client.checks import Check, Prices, ReplyRefused
from keifu.compute.client.recomputing import Recomputing
from keifu.compute.openai import read_request
from keifu.compute.receipt import Evidence, Receipt
from keifu.compute.tokens.model import TokenModel
from keifu.inference.tokens.building import integers_of
from tests.conformance.inference.gguf_file import speaking

ZERO = bytes(32)
NAMES = ("whole", "stream", "drawn", "said", "stopped", "completed")
FIELDS = {
    "whole": {},
    "stream": {"stream": True},
    "drawn": {"temperature": 1.2, "seed": 5},
    "said": {"messages": [{"role": "user", "content": "Say x"}]},
    "stopped": {"messages": [{"role": "user", "content": "Say x"}], "stop": ["never said", "ll ca"]},
    "completed": {"prompt": "A receipt"},
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return integers_of(speaking(tmp_path_factory.mktemp("tiny") / "tiny.gguf"))


def text_of(answer):
    return json.loads(answer[1])["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def answers(stored):
    """What a node would say, each with its receipt."""
    model = TokenModel("tiny", Prices(), stored, context=200, users=1)

    async def one(fields):
        endpoint = "completions" if "prompt" in fields else "chat/completions"
        asked = {} if "prompt" in fields else {"messages": [{"role": "user", "content": "Is it?"}]}
        request = msgspec.json.encode({"model": "tiny", "max_tokens": 70, **asked, **fields})
        call = read_request(endpoint, request, 99).call
        model.most_input(call)
        if call.stream:
            parts = [part async for part in model.parts(call)]
            body, roots = b"".join(part.data for part in parts), parts[-1].roots
        else:
            found = await model.answer(call)
            body, roots = found.body, (found.input_root, found.output_root, found.trace_root)
        receipt = Receipt(ZERO, 1, ZERO, 0, ZERO, ZERO, ZERO, *roots, 0, 0, 0, 0, Evidence.UNVERIFIED, 0)
        return request, body, receipt

    found = {name: asyncio.run(one(fields)) for name, fields in FIELDS.items()}
    asyncio.run(model.close())
    return found


@pytest.fixture(scope="module")
def again(stored):
    return Recomputing(stored)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_computed_is_found_again(answers, again, name):
    findings = again.require(*answers[name])
    assert [item.check for item in findings] == [Check.WORDS, Check.COMPUTATION]


def refused(again, request, body, receipt):
    with pytest.raises(ReplyRefused) as error:
        again.require(request, body, receipt)
    return error.value.checks


def test_every_lie_is_named(answers, again):
    request, body, receipt = answers["whole"]
    document = json.loads(body)
    reply = document["choices"][0]["token_ids"]

    def changed(**fields):
        choice = {**document["choices"][0], **fields}
        return json.dumps({**document, "choices": [choice]}).encode()

    for place in (0, len(reply) // 2, len(reply) - 1):
        other = [*reply[:place], (reply[place] + 1) % 512, *reply[place + 1 :]]
        assert Check.COMPUTATION in refused(again, request, changed(token_ids=other), receipt)
    assert refused(again, request, changed(message={"content": "Yes."}), receipt) == (Check.WORDS,)
    elsewhere = replace(receipt, trace_root=b"\x01" * 32)
    assert refused(again, request, body, elsewhere) == (Check.COMPUTATION,)
    asked = request.replace(b"Is it?", b"Is he?")
    assert refused(again, asked, body, receipt) == (Check.WORDS,)
    assert refused(again, request, b"{}", receipt) == (Check.COMPUTATION,)
    assert refused(again, request, changed(token_ids=[512]), receipt) == (Check.COMPUTATION,)


def test_a_drawn_token_is_of_its_seed(answers, again):
    request, body, receipt = answers["drawn"]
    document = json.loads(body)
    for before, after in (("seed", 6), ("temperature", 1.3), ("committed", "00" * 32)):
        lie = {**document["keifu"]["sampling"], before: after}
        other = json.dumps({**document, "keifu": {"sampling": lie}}).encode()
        assert refused(again, request, other, receipt) == (Check.COMPUTATION,)
    for unasked in (b'"temperature":0', b'"temperature":1.3', b'"temperature":null'):
        asked = request.replace(b'"temperature":1.2', unasked)
        assert refused(again, asked, body, receipt) == (Check.COMPUTATION,)


def test_what_is_shown_is_what_was_compared(answers, again):
    """Words in a place that no client reads, a second choice, a reply cut short: each would be shown otherwise."""
    request, body, receipt = answers["whole"]
    document = json.loads(body)
    choice = document["choices"][0]
    text = choice["message"]["content"]

    def changed(*choices):
        return json.dumps({**document, "choices": choices}).encode()

    for lie in (
        {"delta": {"content": text}, "message": {"content": "Evil."}},
        {"message": {"content": text[:3]}},
        {"message": {"content": text[:3]}, "finish_reason": "stop"},
        {"index": 1},
    ):
        assert refused(again, request, changed({**choice, **lie}), receipt) == (Check.WORDS,)
    halves = [{**choice, "message": {"content": text[:3]}}, {"index": 1, "message": {"content": text[3:]}}]
    assert refused(again, request, changed(*halves), receipt) == (Check.WORDS,)
    request, body, receipt = answers["completed"]
    document = json.loads(body)
    choice = document["choices"][0]
    lie = {**choice, "text": "Evil.", "message": {"content": choice["text"]}}
    assert refused(again, request, changed(lie), receipt) == (Check.WORDS,)


def test_a_reply_is_cut_at_the_stop_that_was_asked_for(answers, again):
    request, body, receipt = answers["stopped"]
    document, text, whole = json.loads(body), text_of(answers["stopped"]), text_of(answers["said"])
    choice = document["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert whole.startswith(text)
    for other in ("", text[:-1], text + whole[len(text)]):
        lie = json.dumps({**document, "choices": [{**choice, "message": {"content": other}}]}).encode()
        assert refused(again, request, lie, receipt) == (Check.WORDS,)
    asked = msgspec.json.encode({**json.loads(request), "stop": None})
    assert refused(again, asked, body, receipt) == (Check.WORDS,)
