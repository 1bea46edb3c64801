"""Replies that can be disputed: their roots of positions go along, their token ids are on the disk before."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from keifu.compute.canonical import tokens_of, trace_of
from keifu.compute.client.checks import Prices
from keifu.compute.model import Call
from keifu.compute.receipt import Evidence
from keifu.compute.tokens.model import TokenModel
from keifu.errors import EnvironmentFault
from keifu.inference.disputes import ids_root
from keifu.inference.tokens.again import computed_again
from keifu.inference.tokens.building import integers_of
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.replaying import Replayed, published_of
from keifu.inference.tokens.sampling import drawing_of, seed_of
from keifu.node.compute.traces import Traces
from tests.conformance.inference.gguf_file import speaking

NOW = 1_900_000_000


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return integers_of(speaking(tmp_path_factory.mktemp("model") / "tiny.gguf"))


@pytest.fixture
def kept():
    return []


@pytest.fixture
def model(stored, kept):
    keep = lambda *about: kept.append(about)  # noqa: E731 - in one line what it is
    made = TokenModel("chat", Prices(request=1), stored, context=64, users=1, is_proved=True, keep=keep)
    yield made
    asyncio.run(made.close())


def call(**changes):
    return Call("completions", ["Is it true that"], 5, **changes)


def asked(model, wanted):
    model.most_input(wanted)
    return asyncio.run(model.answer(wanted))


def test_a_reply_has_the_roots_of_its_positions_and_is_kept(model, kept):
    result = asked(model, call())
    tokens = tokens_of(result.body)
    assert len(tokens.positions) == len(tokens.prompt) + len(tokens.reply) - 1
    assert trace_of(tokens.positions) == result.trace_root
    assert kept == [(result.trace_root, list(tokens.prompt), list(tokens.reply), None)]


def test_a_stream_is_kept_before_its_end_leaves(model, kept):
    async def stream():
        wanted = call(stream=True)
        model.most_input(wanted)
        return [(part, list(kept)) async for part in model.parts(wanted)]

    parts = asyncio.run(stream())
    whole = b"".join(part.data for part, _ in parts)
    tokens = tokens_of(whole)
    assert trace_of(tokens.positions) == parts[-1][0].roots[2]
    assert [len(before) for _, before in parts] == [0] * (len(parts) - 1) + [1]
    assert kept == [(parts[-1][0].roots[2], list(tokens.prompt), list(tokens.reply), None)]


def test_a_drawn_reply_is_kept_with_what_it_is_drawn_by(model, stored, kept, tmp_path):
    result = asked(model, call(temperature=1.0, seed=3))
    tokens = tokens_of(result.body)
    drawing = drawing_of(seed_of(3, bytes.fromhex(model.about["sampling"])), 1.0, stored.logit_scale)
    assert result.evidence == Evidence.PROVED
    assert drawing.root(trace_of(tokens.positions)) == result.trace_root
    assert kept == [(result.trace_root, list(tokens.prompt), list(tokens.reply), drawing)]
    assert tokens.sampling.drawing.words == drawing.words
    traces = Traces(tmp_path / "traces.sqlite", clock=lambda: NOW)
    traces.keep(*kept[0])
    again = Replayed(Executor(stored.program), published_of(stored.program), *kept[0][1:3], traces.drawing(kept[0][0]))
    assert (again.root(), again.tokens) == (result.trace_root, list(tokens.reply))
    assert traces.drawing(b"\x01" * 32) is None
    traces.forget(NOW + 1)
    assert traces.drawing(result.trace_root) is None
    traces.close()


def test_a_stream_of_drawn_tokens_names_what_they_are_drawn_by(model, kept):
    async def stream():
        wanted = call(stream=True, temperature=1.0, seed=3)
        model.most_input(wanted)
        return b"".join([part.data async for part in model.parts(wanted)])

    assert tokens_of(asyncio.run(stream())) == tokens_of(asked(model, call(temperature=1.0, seed=3)).body)


def test_what_is_drawn_at_one_position_is_not_judged(model, kept):
    """DIS-14: whatever becomes of the reply, one token that was given may leave one position."""
    result = asked(model, Call("completions", [[76]], 5, temperature=1.0, seed=3))
    assert (result.evidence, kept) == (Evidence.UNVERIFIED, [])
    assert tokens_of(result.body).positions == ()
    assert asked(model, Call("completions", [[76]], 5)).evidence == Evidence.PROVED


def test_ids_are_found_by_their_trace_also_by_the_next_process(tmp_path):
    traces, inputs = Traces(tmp_path / "traces.sqlite", clock=lambda: NOW), ids_root([1, 2])
    traces.keep(b"\x01" * 32, [1, 2], [3])
    again = Traces(tmp_path / "traces.sqlite")
    assert again.ids(b"\x01" * 32, inputs) == ([1, 2], [3])
    assert again.ids(b"\x02" * 32, inputs) is None
    assert again.ids(b"\x01" * 32, ids_root([2, 1])) is None
    traces.forget(NOW)
    assert again.count() == 1
    traces.forget(NOW + 1)
    assert again.count() == 0
    again.close()
    traces.close()


def test_prompts_that_leave_one_trace_are_two_replies(stored, tmp_path):
    """Two tokens with the same weights make the same lanes, and a receipt names its prompt: the second reply must not
    take the place of the first, or whoever shows the second's ids for the first is convicted."""
    words = stored.program.words
    made = {}
    for name in ("weights", "numbers", "scales"):
        made[name] = getattr(words, name).copy()
        if made[name].size:
            made[name][0, 6] = made[name][0, 5]
    executor = Executor(replace(stored.program, words=replace(words, **made)))
    prompts = [5, 7], [6, 7]
    found = [computed_again(executor, prompt, [1, 2]) for prompt in prompts]
    assert found[0] == found[1]
    trace, traces = found[0][1], Traces(tmp_path / "traces.sqlite")
    for prompt in prompts:
        traces.keep(trace, prompt, [1, 2])
    assert [traces.ids(trace, ids_root(prompt)) for prompt in prompts] == [(prompt, [1, 2]) for prompt in prompts]
    traces.close()


def test_what_cannot_be_kept_is_said(tmp_path):
    with pytest.raises(EnvironmentFault, match="cannot be opened"):
        Traces(tmp_path)
    traces = Traces(tmp_path / "traces.sqlite")
    with sqlite3.connect(tmp_path / "traces.sqlite") as other:
        other.execute("DROP TABLE reply")
    with pytest.raises(EnvironmentFault, match="token ids cannot be written"):
        traces.keep(b"\x01" * 32, [1], [2])
    traces.close()
