"""A token model as a node serves it: OpenAI's forms, stops, seeds, several users at once, roots that receipts bind."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from keifu.compute.canonical import other_groups, tokens_of, tokens_root
from keifu.compute.client.checks import Prices
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.compute.receipt import Evidence
from keifu.compute.tokens.model import TokenModel
from keifu.errors import CheckFailed
from keifu.inference.tokens import selftest
from keifu.inference.tokens.building import integers_of
from keifu.inference.tokens.committing import Steps, boundaries, position_roots, token_boundaries, trace_root
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.inference.tokens.sampling import drawing_of, seed_of
from keifu.inference.tokens.tokenizer import Tokenizer
from tests.conformance.inference.gguf_file import speaking

CONTEXT = 128
QUESTION = [{"role": "user", "content": "What is a receipt?"}]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return integers_of(speaking(tmp_path_factory.mktemp("tiny") / "tiny.gguf"))


@pytest.fixture(scope="module")
def model(stored):
    found = TokenModel("tiny", Prices(million_out=1_000_000), stored, context=CONTEXT, users=3, is_proved=True)
    yield found
    asyncio.run(found.close())


def call_of(model, endpoint="chat/completions", **fields):
    body = {"model": "tiny", "max_tokens": 12, **fields}
    if endpoint == "chat/completions":
        body.setdefault("messages", QUESTION)
    call = read_request(endpoint, msgspec.json.encode(body), 1_024).call
    assert model.most_input(call) == len(call.inputs[0])
    return call


def answer(model, **fields):
    return asyncio.run(model.answer(call_of(model, **fields)))


def streamed(model, **fields):
    async def run():
        return [part async for part in model.parts(call_of(model, stream=True, **fields))]

    return asyncio.run(run())


def computed_again(stored, prompt, reply, drawing=None):
    """The root of the trace, and the tokens that follow, one position after the other."""
    executor = Executor(stored.program)
    memory, sizes = Memory(executor, 1, CONTEXT), stored.program.sizes
    talk, roots, tokens = Conversation(memory, 0), [], []
    for place, number in enumerate([*prompt, *reply[:-1]]):
        seen = np.empty((sizes.layers + 1, 1, sizes.width), np.int32)
        (h,) = read_together([(talk, [number])], seen)
        groups = boundaries(seen, memory, place)
        last = np.zeros((1, 32), np.uint8)
        if place >= len(prompt) - 1:
            token = executor.drawn(h, drawing, place) if drawing else int(executor.tokens(h)[0])
            tokens.append(token)
            last = token_boundaries([token])
        roots.append(position_roots(groups, last))
    return trace_root(np.concatenate(roots)), tokens


def test_a_chat_is_answered_with_the_roots_of_what_was_computed(model, stored):
    found = answer(model)
    document, tokens = json.loads(found.body), tokens_of(found.body)
    tokenizer = Tokenizer(stored.vocabulary)
    assert tokens is not None
    assert list(tokens.prompt) == tokenizer.chat([("user", "What is a receipt?")], 999)
    assert document["object"] == "chat.completion"
    assert document["choices"][0]["message"]["content"] == tokenizer.decode(tokens.reply)
    assert document["choices"][0]["finish_reason"] in {"length", "stop"}
    assert document["usage"]["prompt_tokens"] == found.input_units == len(tokens.prompt)
    assert document["usage"]["completion_tokens"] == found.output_units == len(tokens.reply) <= 12
    assert (found.input_root, found.output_root) == (tokens_root(tokens.prompt), tokens_root(tokens.reply))
    root, again = computed_again(stored, tokens.prompt, tokens.reply)
    assert (found.trace_root, list(tokens.reply)) == (root, again)
    assert found.evidence == Evidence.PROVED


def test_a_stream_is_the_same_reply_part_by_part(model):
    whole, parts = answer(model), streamed(model, stream_options={"include_usage": True})
    body = b"".join(part.data for part in parts)
    assert tokens_of(body) == tokens_of(whole.body)
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line[:7] == "data: {"]
    text = "".join(event["choices"][0]["delta"]["content"] for event in events if event["choices"])
    assert text == json.loads(whole.body)["choices"][0]["message"]["content"]
    assert events[-1]["usage"] == json.loads(whole.body)["usage"]
    assert parts[-1].roots == (whole.input_root, whole.output_root, whole.trace_root)
    assert body.endswith(b"data: [DONE]\n\n")
    assert [part.output_units for part in parts] == [*range(1, len(parts)), len(parts) - 1]


def wished(model, **fields):
    call = call_of(model, **fields)
    call.wishes_groups = True
    return call


def body_of(model, call):
    async def parts():
        return b"".join([part.data async for part in model.parts(call)])

    return asyncio.run(parts()) if call.stream else asyncio.run(model.answer(call)).body


@pytest.mark.parametrize("stream", [False, True])
def test_what_each_group_committed_to_comes_on_a_wish(model, stored, stream):
    tokens = tokens_of(body_of(model, wished(model, stream=stream)))
    assert len(tokens.groups) == 32 * (stored.program.sizes.layers + 2) * len(tokens.positions)
    assert other_groups(tokens.groups, tokens.positions) is None
    assert tokens_of(body_of(model, call_of(model, stream=stream))) == replace(tokens, groups=b"")


def test_no_groups_come_with_what_cannot_be_disputed(model, monkeypatch):
    one = wished(model, endpoint="completions", prompt=[76], temperature=0.5, seed=1)
    assert tokens_of(body_of(model, one)).groups == b""
    monkeypatch.setattr("keifu.compute.tokens.talk.JUDGED_POSITIONS", 3)
    assert tokens_of(body_of(model, wished(model))).groups == b""


def test_a_text_is_completed_also_from_ids(model, stored):
    ids = Tokenizer(stored.vocabulary).encode("The receipt", 99)
    found = [answer(model, endpoint="completions", prompt=prompt) for prompt in ("The receipt", ids)]
    texts = [json.loads(item.body)["choices"][0]["text"] for item in found]
    assert texts[0] == texts[1]
    assert found[0].trace_root == found[1].trace_root


def test_a_stop_ends_the_reply_and_is_not_in_it(model, stored):
    text = json.loads(answer(model).body)["choices"][0]["message"]["content"]
    stop = text[3:6]
    found = answer(model, stop=[stop, "never said"])
    document = json.loads(found.body)
    assert document["choices"][0]["message"]["content"] == text[: text.find(stop)]
    assert document["choices"][0]["finish_reason"] == "stop"
    tokens = tokens_of(found.body)
    assert computed_again(stored, tokens.prompt, tokens.reply)[0] == found.trace_root
    streams = b"".join(part.data for part in streamed(model, stop=[stop]))
    assert stop not in "".join(
        json.loads(line[6:])["choices"][0]["delta"]["content"] for line in streams.decode().splitlines() if "{" in line
    )


def test_a_drawn_reply_can_be_drawn_again(model, stored):
    found = answer(model, temperature=1.5, seed=7)
    sampling = json.loads(found.body)["keifu"]["sampling"]
    assert (sampling["seed"], sampling["committed"]) == (7, model.about["sampling"])
    tokens = tokens_of(found.body)
    drawing = drawing_of(seed_of(7, bytes.fromhex(sampling["committed"])), 1.5, stored.logit_scale)
    assert computed_again(stored, tokens.prompt, tokens.reply, drawing)[1] == list(tokens.reply)
    assert (sampling["shift"], sampling["sharpness"]) == (drawing.shift, drawing.sharpness)
    assert found.trace_root == drawing.root(computed_again(stored, tokens.prompt, tokens.reply, drawing)[0])
    assert found.evidence == answer(model).evidence
    assert tokens_of(answer(model, temperature=1.5, seed=7).body) == tokens
    assert len({tokens_of(answer(model, temperature=2.0, seed=seed).body).reply for seed in range(4)}) > 1
    assert "seed" in json.loads(answer(model, temperature=1.0).body)["keifu"]["sampling"]


def test_users_at_the_same_time_get_what_they_get_alone(model):
    """Seven of them on three places."""
    prompts = [f"{number} receipts {'and more ' * number}" for number in range(7)]
    alone = [answer(model, endpoint="completions", prompt=prompt) for prompt in prompts]

    async def together():
        calls = [call_of(model, endpoint="completions", prompt=prompt) for prompt in prompts]
        return await asyncio.gather(*map(model.answer, calls))

    for one, other in zip(alone, asyncio.run(together()), strict=True):
        assert (one.input_root, one.output_root, one.trace_root) == (
            other.input_root, other.output_root, other.trace_root,
        )  # fmt: skip


def test_who_leaves_makes_room(model):
    async def leave():
        parts = model.parts(call_of(model, stream=True, max_tokens=60))
        await anext(parts)
        await parts.aclose()

    for _ in range(5):
        asyncio.run(leave())
    assert answer(model).output_units > 0


def test_a_reply_ends_where_the_context_does(model):
    found = answer(model, max_tokens=5_000, stop=["never said"])
    assert found.input_units + found.output_units - 1 <= CONTEXT


@pytest.mark.parametrize(
    ("endpoint", "fields", "code", "said"),
    [
        ("completions", {"prompt": "so " * 400}, "context_length_exceeded", "more than 128 tokens"),
        ("completions", {"prompt": [1] * 129}, "context_length_exceeded", "129 tokens, and the context has 128"),
        ("completions", {"prompt": [512]}, "invalid_input", "from 0 to 511"),
        ("completions", {"prompt": [0.5]}, "invalid_input", "from 0 to 511"),
        ("completions", {"prompt": ""}, "invalid_input", "the prompt has no tokens"),
        ("completions", {"prompt": ["a", "b"]}, "invalid_input", "one prompt a request"),
        ("chat/completions", {"messages": [{"role": "tool", "content": "x"}]}, "invalid_input", "'tool' is no role"),
        ("chat/completions", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "invalid_input",
         "something beside text"),
        ("chat/completions", {"temperature": 3.0}, "invalid_input", "a temperature of 3.0"),
        ("chat/completions", {"temperature": -1.0}, "invalid_input", "a temperature of -1.0"),
    ],
)  # fmt: skip
def test_what_is_not_answered_is_said(model, endpoint, fields, code, said):
    with pytest.raises(ModelFault, match=said) as fault:
        call_of(model, endpoint=endpoint, **fields)
    assert fault.value.code == code


def test_a_machine_that_computes_wrongly_serves_nothing(stored, model, monkeypatch):
    executor = Executor(stored.program)
    assert selftest.difference(executor, 0) == selftest.difference(executor, 1) == ""
    weights = executor.packed[3].weights
    weights[1, 77] += 1  # one weight of down, layer 1
    assert selftest.difference(executor, 0) == ""
    assert selftest.difference(executor, 1) == "products of down in layer 1 are not those of integers"
    weights[1, 77] -= 1
    _, multipliers, _ = executor.packed[0].of_layer(0)
    multipliers //= 2
    assert selftest.difference(executor, 2) == "layer 0 is not that of the reference"
    monkeypatch.setattr("keifu.compute.tokens.model.difference", lambda *_: "one weight")
    with pytest.raises(CheckFailed, match="this machine computes wrongly: one weight"):
        model.check()
    with pytest.raises(ModelFault, match="computes wrongly"):
        answer(model)
    monkeypatch.undo()
    model.check()
    assert answer(model).output_units > 0


@pytest.mark.parametrize("name", ["read_together", "Steps", "nodes_of"])
def test_a_machine_that_hashes_wrongly_serves_nothing(stored, monkeypatch, name):
    """It would answer for roots that no dispute finds again: in a run, of what is hashed later, or of positions."""
    executor, honest = Executor(stored.program), getattr(selftest, name)

    def read(*args, bounds=None, **more):
        found = honest(*args, bounds=bounds, **more)
        if bounds is not None:
            bounds[-1, -1, 7] ^= 1
        return found

    class Later(Steps):
        def hashed(self):
            return super().hashed() ^ 1

    faults = {"read_together": read, "Steps": Later, "nodes_of": lambda hashes: honest(hashes) ^ 1}
    monkeypatch.setattr(selftest, name, faults[name])
    last = stored.program.sizes.layers - 1
    assert selftest.difference(executor, last) == f"what layer {last} commits to is not the reference's"
