"""An auditor buys a reply's products: honest ones are enough, false or missing ones lead to computing all again."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from keifu.compute.client.auditing import Auditing
from keifu.compute.client.capture import Captured, exchange_of, read_har, write_har
from keifu.compute.client.checks import Check, Exchange, Prices
from keifu.compute.client.client import ProviderFault
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.compute.products import packed, unpacked
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt
from keifu.compute.tokens.model import TokenModel
from keifu.errors import InputError
from keifu.inference.tokens import auditing
from keifu.inference.tokens.building import integers_of
from tests.conformance.inference.gguf_file import speaking

ZERO = bytes(32)
REQUEST = msgspec.json.encode({"model": "tiny", "max_tokens": 20, "messages": [{"role": "user", "content": "Is it?"}]})


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return integers_of(speaking(tmp_path_factory.mktemp("tiny") / "tiny.gguf"))


@pytest.fixture(scope="module")
def model(stored):
    found = TokenModel("tiny", Prices(), stored, context=200, users=1)
    yield found
    asyncio.run(found.close())


def answered(model, endpoint, request):
    call = read_request(endpoint, request, 99).call
    units = model.most_input(call)
    found = asyncio.run(model.answer(call))
    assert found.input_units == units
    return found


@pytest.fixture(scope="module")
def exchange(model):
    found = answered(model, "chat/completions", REQUEST)
    roots = found.input_root, found.output_root, found.trace_root
    receipt = Receipt(ZERO, 1, ZERO, 0, ZERO, ZERO, ZERO, *roots, 0, 0, 0, 0, Evidence.UNVERIFIED, 0)
    return Exchange(REQUEST, found.body, SignedReceipt(receipt, (), b""))


def provider(model, change=None):
    """What a node answers, and the units of each; `change` is done to documents of answers."""
    units = []

    def ask(document):
        found = answered(model, "products", msgspec.json.encode(document))
        units.append(found.input_units)
        said = json.loads(found.body)
        assert said["usage"] == {"prompt_tokens": units[-1], "completion_tokens": 0, "total_tokens": units[-1]}
        if change is not None:
            change(document, said)
        return json.dumps(said).encode()

    ask.units = units
    return ask


def test_products_that_are_right_are_enough(stored, model, exchange):
    ask = provider(model)
    found = Auditing(stored, ask).findings(exchange)
    assert [(item.check, item.ok) for item in found] == [
        (Check.PRODUCTS, True), (Check.WORDS, True), (Check.COMPUTATION, True),
    ]  # fmt: skip
    # Whoever names new ids pays for reading them, and for each part a layer's share.
    layers, positions = stored.program.sizes.layers, len(tokens(exchange)) - 1
    shares = [-(-positions // (layers + 1))] * layers
    assert ask.units[:-1] == [positions + shares[0], *shares[1:]]
    again = provider(model)
    Auditing(stored, again).findings(exchange)
    assert again.units[:-1] == shares


def tokens(exchange):
    document = json.loads(exchange.response)
    return document["prompt_token_ids"] + document["choices"][0]["token_ids"]


def test_a_false_trace_comes_out_of_right_products(stored, model, exchange):
    receipt = replace(exchange.signed.receipt, trace_root=b"\x01" * 32)
    false = replace(exchange, signed=replace(exchange.signed, receipt=receipt))
    found = Auditing(stored, provider(model)).findings(false)
    assert [(item.check, item.ok) for item in found][::2] == [(Check.PRODUCTS, True), (Check.COMPUTATION, False)]


def lie(asked, said):
    if asked["layer"] == 1:
        body = bytearray(base64.b64decode(said["products"]))
        body[said["width"] * 7] ^= 1
        said["products"] = base64.b64encode(body).decode()


def shorten(asked, said):
    said["products"] = said["products"][:-8]


def strange(asked, said):
    said["width"] = 9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lie, "layer 1's attention products at position 0 are not those of the model's weights"),
        (shorten, "layer 0's products cannot be read: "),
        (strange, "layer 0's products cannot be read: "),
    ],
)
def test_false_products_are_named_and_all_is_computed_again(stored, model, exchange, change, said):
    found = Auditing(stored, provider(model, change)).findings(exchange)
    assert [(item.check, item.ok) for item in found] == [
        (Check.PRODUCTS, False), (Check.WORDS, True), (Check.COMPUTATION, True),
    ]  # fmt: skip
    assert found[0].detail.startswith(said)


def test_what_nobody_hands_out_is_computed_again(stored, exchange):
    def ask(_):
        raise ProviderFault("http://127.0.0.1:1 did not answer")

    found = Auditing(stored, ask).findings(exchange)
    assert [(item.check, item.ok) for item in found][::2] == [(Check.PRODUCTS, True), (Check.COMPUTATION, True)]
    assert found[0].detail == "not handed out, so all was computed again: http://127.0.0.1:1 did not answer"


def test_a_request_that_names_no_model_is_refused(stored, exchange):
    with pytest.raises(InputError, match="the request cannot be read"):
        Auditing(stored, lambda _: b"").findings(replace(exchange, request=b"{}"))


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"prompt": []}, "invalid_body", "prompt"),
        ({"prompt": [512]}, "invalid_input", "tokens go from 0 to 511"),
        ({"prompt": [1] * 300}, "invalid_input", "300 tokens, and the model's context has 200"),
        ({"layer": 9}, "invalid_input", "layer 9 at 1 positions"),
        ({"first": 2}, "invalid_input", "layer 0 has no products of 1 positions from 2 on"),
        ({"layer": 2, "first": 0}, "invalid_input", "layer 2 has no products of 1 positions from 0 on"),
        ({"count": 1 << 30}, "invalid_input", "layer 0 at 1,073,741,824 positions"),
        ({"layer": -1}, "invalid_body", "layer"),
        ({"more": 1}, "invalid_body", "more"),
    ],
)
def test_a_part_that_is_not_there_is_refused_with_the_thing_named(model, fields, code, said):
    asked = {"model": "tiny", "prompt": [5, 6], "reply": [7], "layer": 0, "first": 0, "count": 1, **fields}
    with pytest.raises(ModelFault) as caught:
        answered(model, "products", msgspec.json.encode(asked))
    assert caught.value.code == code
    assert said in caught.value.message


def test_what_is_not_there_is_refused_before_anything_is_computed_for_it(model):
    # What is refused later is not paid for.
    asked = {"model": "tiny", "prompt": [5, 6], "reply": [7], "layer": 0, "first": 1 << 30, "count": 1}
    with pytest.raises(ModelFault, match=r"layer 0 has no products of 1 positions from 1073741824 on"):
        model.most_input(read_request("products", msgspec.json.encode(asked), 99).call)


def test_a_layer_is_paid_for_by_all_positions_that_are_computed_for_it(stored, model):
    ask, layers = provider(model), stored.program.sizes.layers
    asked = {"model": "tiny", "prompt": [5] * 60, "reply": [7], "first": 0, "count": 1}
    for layer in (0, 0, 1, 0):
        ask(asked | {"layer": layer})
    whole = -(-60 // (layers + 1))
    assert ask.units == [60 + whole, 1, whole, whole]


def test_an_auditor_that_leaves_is_waited_for_and_what_it_had_read_is_not_held(monkeypatch, model):
    began, may_end, part = threading.Event(), threading.Event(), model._hands.part

    def waiting(asked):
        began.set()
        may_end.wait()
        return part(asked)

    monkeypatch.setattr(model._hands, "part", waiting)
    asked = {"model": "tiny", "prompt": [5, 6], "reply": [7], "layer": 0, "first": 0, "count": 1}

    def call():
        return read_request("products", msgspec.json.encode(asked), 99).call

    async def leaving():
        first = call()
        whole = model.most_input(first)
        left = asyncio.create_task(model.answer(first))
        while not began.is_set():
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        assert model._handing_out.locked()  # the next one's turn has not come
        may_end.set()
        async with model._handing_out:
            pass
        again = call()
        assert model.most_input(again) == whole  # nobody has paid for it
        await model.answer(again)
        assert model.most_input(call()) < whole

    asyncio.run(leaving())


def test_a_machine_that_computes_wrongly_hands_out_nothing(monkeypatch, stored):
    model = TokenModel("tiny", Prices(), stored, context=64, users=1)
    monkeypatch.setattr(model, "_fault", "layer 0")
    asked = {"model": "tiny", "prompt": [5, 6], "reply": [7], "layer": 0, "first": 0, "count": 1}
    with pytest.raises(ModelFault) as caught:
        answered(model, "products", msgspec.json.encode(asked))
    assert caught.value.status == 503
    asyncio.run(model.close())


def test_a_reply_too_long_to_be_held_is_refused(monkeypatch, model):
    monkeypatch.setattr("keifu.compute.tokens.handing.LARGEST_HELD", 4_000)
    asked = {"model": "tiny", "prompt": [5] * 9, "reply": [7], "layer": 0, "first": 0, "count": 1}
    with pytest.raises(ModelFault, match="9 positions are too many to be audited here"):
        answered(model, "products", msgspec.json.encode(asked))


@pytest.mark.parametrize("largest", [0, 127, 128, 2**31, 2**43, 2**62])
def test_products_take_as_few_bytes_as_the_largest_needs(largest):
    given = [np.array([[largest, -largest - 1], [0, 1]], np.int64), np.array([[-1], [5]], np.int64)]
    handed = packed(given)
    assert handed.width == largest.bit_length() // 8 + 1
    assert [item.tolist() for item in unpacked(handed, [2, 1], 2)] == [item.tolist() for item in given]


def test_a_kept_answer_is_read_as_it_was(tmp_path):
    captured = Captured(b'{"a":1}', "receipt", b"\xff\x00 not text", False, "http://host/v1/classify", tee="word")
    write_har(tmp_path / "reply.har", captured)
    assert read_har(tmp_path / "reply.har") == [captured]
    with pytest.raises(Exception, match="receipt"):
        exchange_of(captured)


def test_parts_are_no_larger_than_a_node_hands_out(stored):
    for layer in range(stored.program.sizes.layers + 1):
        rows = sum(auditing.rows_of_matrices(stored.program, layer))
        assert 8 * rows * auditing.positions_at_once(stored.program, layer) <= auditing.LARGEST_PART
