"""Whatever single thing a provider computed wrongly, its client shows it, and is paid."""

from __future__ import annotations

import pytest

from benchmarks.dispute_shapes import FalseSums
from benchmarks.disputed import BOND, RESERVE, RESTITUTION, TURN, Disputed
from benchmarks.inference_shapes import long_norm, long_residual
from keifu.abi import load
from keifu.inference.disputes import Challenger, Provider, Seen
from keifu.inference.disputes.turns import marks_of
from keifu.spec.inference import Row
from keifu.spec.inference_model import Operator, Trace, run
from keifu.spec.inference_openings import Published
from tests.unit.inference_disputes.conftest import (
    IDS,
    LAST,
    LAYER,
    MINUTE,
    OUT,
    POSITION,
    PROMPT,
    changed,
    more,
    refused,
)

# Group, slot and lane of each operator: embedding, norm, queries, keys, values, rope, scores, a softmax's largest
# score, its position and total, weighted sum, residual, gate, gated, its exponent and witness, residual with exponent,
# token.
LANES = [
    (0, 1, 3), (LAYER, 1, 2), (LAYER, 2, 70), (LAYER, 3, 5), (LAYER, 4, 63), (LAYER, 5, 9), (LAYER, 6, 0),
    (LAYER, 7, 34), (LAYER, 8, 0), (LAYER, 8, 1), (LAYER, 8, 2), (LAYER, 9, 66), (LAYER, 10, 127), (LAYER, 12, 191),
    (LAYER, 14, 7), (LAYER, 14, 192), (LAYER, 14, 193), (LAYER, OUT, 3), (LAST, 1, 0), (LAST, 2, 0),
]  # fmt: skip
# Lanes that only fill up: behind a head's scores, its statistics, an exponent, a token.
FILLINGS = [(LAYER, 7, 5), (LAYER, 8, 3), (LAYER, 8, 9), (LAYER, 14, 200), (LAST, 2, 1)]
TURNS = 8  # from the opening to the proof


def convicted(world, provider, challenger, prompt=PROMPT, ids=IDS, turns=TURNS):
    answer = world.answer(provider, prompt, ids)
    played = world.play(answer, provider, challenger)
    lock = world.hub.lock_of(world.disputes, world.operator.address)
    (event,) = world.close(played).events("Convicted")
    assert (event.restitution, event.reward) == (RESTITUTION, RESTITUTION // 10)
    assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND
    assert world.hub.lock_of(world.disputes, world.operator.address) == lock - RESERVE
    assert len(played.mined) <= turns
    return played


@pytest.mark.parametrize(("group", "slot", "lane"), LANES + FILLINGS)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_is_convicted(world, cheat, honest, challenger, group, slot, lane, by):
    """DIS-1"""
    provider = cheat(more(honest, group, slot, lane, by), group=group)
    convicted(world, provider, challenger)


@pytest.mark.parametrize("place", [0, 1])
def test_dis_1_a_trace_that_does_not_hang_together(world, cheat, published, honest, challenger, place):
    """DIS-1: a record that ends right and a receipt that says something else; keys, and values."""
    slot = (6, 4)[place]
    keys = changed(honest, [more(honest, LAYER, slot, 1)])
    convicted(world, Provider(published, keys, honest), challenger)


def test_dis_1_a_record_that_ends_otherwise(world, cheat, published, honest, challenger):
    """DIS-1"""
    out = changed(honest, [more(honest, LAYER, OUT, 1)])
    convicted(world, Provider(published, out, honest), challenger)


def test_dis_1_a_record_that_begins_with_something_else(world, cheat, honest, challenger):
    """DIS-1"""
    convicted(world, cheat(more(honest, LAYER, 0, 1)), challenger)


def test_dis_1_another_prompt(world, published, challenger):
    """DIS-1: what the receipt says was asked is not what was computed; and another reply was fed than was given."""
    convicted(world, Provider(published, run(published.program, [3, 2, 4, *IDS[:-1]], len(PROMPT) - 1)), challenger)


def test_dis_1_another_reply_was_fed(world, published, challenger):
    """DIS-1"""
    convicted(world, Provider(published, run(published.program, [*PROMPT, IDS[0], 71], len(PROMPT) - 1)), challenger)


def test_dis_1_another_token_in_the_reply(world, published, honest):
    """DIS-1: the trace is right, and the reply has another token: two transactions."""
    ids = [*IDS[:-1], 51]
    played = convicted(world, Provider(published, honest), Challenger(published, honest, PROMPT, ids), ids=ids)
    assert [name for name, _ in played.mined] == ["open", "prove"]


class Keeps(Trace):
    """Commits to keys or values of a group that has none: nothing else of the trace is wrong."""

    group, place = 0, 1

    def boundary_leaves(self, position, group):
        leaves = super().boundary_leaves(position, group)
        if (position, group) == (POSITION, self.group):
            leaves[self.place] = b"\x01" * 32
        return leaves


@pytest.mark.parametrize("group", [0, LAST])
@pytest.mark.parametrize("place", [1, 2])
def test_dis_1_keys_and_values_where_none_are_made(world, chain, published, honest, challenger, group, place):
    """DIS-1: first and last group keep nothing, so nobody could show that what they commit to is wrong."""
    trace = Keeps(published.program, honest.records, honest.asked_from)
    trace.group, trace.place = group, place
    provider, seen = Provider(published, trace), Seen(Provider(published, trace).position_roots())
    seen.boundaries = provider.boundaries(POSITION)
    played = world.open(world.answer(provider, PROMPT, IDS), challenger.place(seen))
    with refused("game: nothing is kept there"):
        world.carry_on(played, provider, challenger, seen)
    chain.warp(TURN + 1)
    assert world.close(played).events("Convicted")


def test_dis_1_an_id_that_is_no_token(world, published, honest):
    """DIS-1: no model can read it, and what is behind it is nobody's: the id is wrong where it stands."""
    ids = [IDS[0], 2**20, IDS[2]]
    own = run(published.program, [*PROMPT, IDS[0], 0], len(PROMPT) - 1)
    provider = Provider(published, changed(honest, [more(honest, 0, 1, 3)]))
    played = convicted(world, provider, Challenger(published, own, PROMPT, ids), ids=ids)
    assert [name for name, _ in played.mined] == ["open", "prove"]


@pytest.mark.parametrize(("slot", "lanes"), [(3, 65), (8, 40)])
def test_dis_1_a_tensor_of_another_size(world, cheat, honest, challenger, slot, lanes):
    """DIS-1: with a chunk more than its operator makes."""
    convicted(world, cheat((LAYER, slot, lanes, 0)), challenger)


def test_dis_1_a_record_without_a_tensor(world, cheat, honest, challenger):
    """DIS-1"""
    provider = cheat()
    del provider.shown.records[POSITION][LAYER][-1]
    convicted(world, provider, challenger)


def test_dis_1_boundaries_kept_back(world, cheat, honest, challenger):
    """DIS-1: the client has the roots of positions alone; two transactions more."""
    provider = cheat(more(honest, LAYER, 2, 70))
    answer = world.answer(provider, PROMPT, IDS)
    played = world.play(answer, provider, challenger, withheld=True)
    names = [name for name, _ in played.mined]
    assert names == ["open", "show_groups", "name_group", "show_record", "prove"]
    assert world.close(played).events("Convicted")


@pytest.fixture(scope="module")
def long(published):
    """A trace of 40 positions, and who knows it: sums of attention take two lists."""
    ids = [(n * 7 + 3) % 96 for n in range(40)]
    trace = run(published.program, ids)
    return trace, ids, Challenger(published, trace, ids, [trace.records[-1][-1][-1][0]])


@pytest.mark.parametrize(("slot", "lane"), [(8, 2), (8, 6), (9, 66), (7, 3), (7, 70)])
@pytest.mark.parametrize("wrong", [None, 0, -1])
def test_dis_2_sums_of_attention(world, cheat, published, long, slot, lane, wrong):
    """DIS-2: honest sums show that the total is wrong, false ones are found."""
    trace, ids, challenger = long
    position = len(ids) - 1
    provider = cheat(more(trace, LAYER, slot, lane, position=position), trace=trace, position=position)
    if wrong is not None:
        provider = FalseSums(published, provider.trace, provider.shown)
        provider.wrong = wrong
    convicted(world, provider, challenger, ids, challenger.ids)


def residual():
    return long_residual(0), 3, 5, TURNS


def norm():
    return long_norm(1_088), 1, 1_070, TURNS


def high():
    """More chunks than are shown at once: two questions more."""
    return long_residual(0, 1_088), 3, 1_050, 9


@pytest.mark.parametrize("model", [residual, norm, high])
@pytest.mark.parametrize("wrong", [None, 0, 1])
def test_dis_2_sums_of_long_rows(chain, model, wrong):
    """DIS-2: products and squares of more than 1,024 lanes."""
    opened, slot, lane, turns = model()
    token = Operator("token", width=32, height=2, rows=[Row((1,) * 32, 1, 1)] * 2)
    published = Published.of([*opened.published.program, [token]])
    honest = Trace(published.program, [[*opened.trace.records[0], [[0], [1]]]])
    wrongly = changed(honest, [more(honest, 0, slot, lane, position=0)], 0)
    with chain.anchor():
        number = chain.snapshot()
        world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
        chain.warp(MINUTE)
        provider = FalseSums(published, wrongly) if wrong is not None else Provider(published, wrongly)
        provider.wrong = wrong or 0
        convicted(world, provider, Challenger(published, honest, [0], [1]), [0], [1], turns)
        chain.restore(number)


def test_dis_3_selectors_of_functions_that_argue_with_sums():
    """DIS-3: the game knows where their lane stands."""
    for contract, name, arguments, selector, word in (
        ("InferenceVerifier", "linear", 9, 0xF60AEE0C, 6),
        ("InferenceVerifier", "norm", 7, 0x36F675A6, 4),
        ("AttentionVerifier", "total", 6, 0xA74BD749, 3),
        ("PictureVerifier", "convolved", 7, 0xDF8E6460, 4),
        ("PictureVerifier", "largest", 6, 0xAC0A2AC1, 3),
        ("AttentionVerifier", "attended", 8, 0x2CA3E760, 5),
        ("EncoderVerifier", "pooled", 6, 0x7B53796C, 3),
    ):
        function = load(contract).interface.function(name, arguments)
        assert int.from_bytes(function.selector, "big") == selector
        assert function.input_names[word + 1] in ("lane", "head")


def test_dis_1_a_tensor_with_the_same_mark(world, cheat, honest, challenger, monkeypatch):
    """DIS-1: then the challenger asks for it: two transactions more."""
    slot = 2
    provider = cheat(more(honest, LAYER, slot, 70))
    found = provider.shown.record_leaves(POSITION, LAYER)[slot]
    own = challenger.own.trace.record_leaves(POSITION, LAYER)
    same = [*own[:slot], found, *own[slot + 1 : OUT]]  # the last tensor, another too, has no mark
    monkeypatch.setattr(challenger, "marks", lambda *_: marks_of(same))
    played = convicted(world, provider, challenger)
    assert [name for name, _ in played.mined] == ["open", "show_record", "ask", "show_chunks", "prove"]
