"""Answers to what the model does not take: ids that are no tokens, longer texts and replies than it has positions, and
pictures of another size.

Nobody can compute them again, and their provider is convicted all the same.
"""

from __future__ import annotations

import numpy as np
import pytest

from audit import tiny_encoder, tiny_model
from benchmarks.disputed import RESTITUTION, TURN, Disputed
from keifu.inference import pictures
from keifu.inference.disputes import Place, Provider, Seen, Stage, Unfit
from keifu.keys import keccak256
from keifu.provenance.program import Operator, Program, Step, Tensor
from keifu.spec import inference_trees as trees
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import Trace, run
from keifu.spec.inference_openings import Published
from tests.unit.inference_disputes.conftest import IDS, MINUTE, PROMPT, refused
from tests.unit.inference_disputes.test_honest import acquitted

TEXT = [3, 10, 17, 5, 8]
COUNT = len(TEXT)  # positions of each answer here, as of PROMPT and IDS
MOST = COUNT - 1  # that the model has
DRAWING = Drawing(keccak256(b"seed"), 40, 1_337)


def words(positions):
    return Published.of(tiny_model.tiny("rows", tiny_model.Sizes(positions=positions)))


def texts(positions):
    return Published.of(tiny_encoder.tiny(trees.ROWS_8, positions=positions))


def labels():
    """A model of pictures of MOST values, with the largest of them for a label."""
    given, none = Tensor((1, 1, MOST), 0, 16), np.empty((0, 0))
    weights, scales = np.eye(MOST, dtype=np.int8), np.array([[0, 1, 1]] * MOST, np.int32)
    dense = Operator("dense", 0, MOST, "a")
    scored = Step(dense, given, Tensor((1, 1, MOST), dense.low, dense.high), weights, scales)
    label = Step(Operator("argmax", 1), scored.target, Tensor((1, 1, 1), 0, MOST - 1), none, none)
    return pictures.published_of(Program(given, (scored, label), b""))


@pytest.fixture
def started(chain):
    """Makes a world about a model; the chain is as it was afterwards."""
    with chain.anchor():
        number = chain.snapshot()

        def start(published):
            found = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
            chain.warp(MINUTE)
            return found

        yield start
        chain.restore(number)


def convicted(world, played):
    (event,) = world.close(played).events("Convicted")
    assert (event.restitution, event.reward) == (RESTITUTION, RESTITUTION // 10)
    return [name for name, _ in played.mined]


def of_tokens(drawing=None):
    """A reply of more positions than the model has, computed by the same model with more angles."""
    return Provider(words(COUNT), run(words(COUNT).program, PROMPT + IDS[:-1], len(PROMPT) - 1, drawing))


@pytest.mark.parametrize("drawing", [None, DRAWING])
@pytest.mark.parametrize("withheld", [False, True])
def test_dis_1_a_reply_of_more_positions_than_the_model_has(started, drawing, withheld):
    """DIS-1: the likeliest tokens, and drawn ones; with what groups committed to, and without."""
    short, provider = words(MOST), of_tokens(drawing)
    world, challenger = started(short), Unfit(short, PROMPT, IDS, drawing)
    played = world.play(world.answer(provider, PROMPT, IDS), provider, challenger, withheld=withheld)
    groups = ["show_groups", "name_group"] if withheld else []
    assert convicted(world, played) == ["open", *groups, "show_record", "prove"]
    assert (played.case.position, played.turn.group) == (MOST, 1)


def of_text(count=COUNT):
    trace = run(texts(count).program, TEXT[:count], count - 1)
    return Provider(texts(count), trace), trace.records[-1][-1][-1]


def test_dis_1_a_vector_of_a_text_that_is_too_long(started):
    """DIS-1"""
    short, (provider, vector) = texts(MOST), of_text()
    world, challenger, seen = started(short), Unfit(short, TEXT, vector), Seen.of_vector(provider.leaves())
    played = world.open(world.answer(provider, TEXT, vector), challenger.place(seen))
    assert (played.case.position, played.turn.group, played.turn.stage) == (MOST, 0, Stage.RECORD)
    played = world.carry_on(played, provider, challenger, seen)
    assert convicted(world, played) == ["open", "show_record", "prove"]


def test_dis_5_whoever_shows_no_record_of_such_a_text_has_lost(started, chain):
    """DIS-5: a record has nothing to do with it, so the proof is taken before, too."""
    short, (provider, vector) = texts(MOST), of_text()
    world, challenger, seen = started(short), Unfit(short, TEXT, vector), Seen.of_vector(provider.leaves())
    played = world.open(world.answer(provider, TEXT, vector), challenger.place(seen))
    assert convicted(world, world.go_on(played, challenger, seen)) == ["open", "prove"]
    world.cover()
    chain.warp(MINUTE)
    played = world.open(world.answer(provider, TEXT, vector), challenger.place(seen))
    chain.warp(TURN + 1)
    assert convicted(world, played) == ["open"]


@pytest.mark.parametrize("count", [MOST - 1, MOST + 1])
def test_dis_1_a_label_of_a_picture_of_another_size(started, count):
    """DIS-1"""
    short, values = labels(), [7, 3, 9, 1, 4][:count]
    right = pictures.traced(short, [7, 3, 9, 1])
    records = [[[[value], *right.records[0][0][1:]], right.records[0][1]] for value in values]
    provider = Provider(short, Trace(short.program, records, count - 1))
    world, challenger = started(short), Unfit(short, values, [2])
    played = world.play(world.answer(provider, values, [2]), provider, challenger)
    assert convicted(world, played) == ["open", "show_record", "prove"]


def test_dis_4_the_last_position_that_a_model_has_is_right(started, chain):
    """DIS-4: of a text, and of a reply."""
    text, vector = of_text(MOST)
    for short, provider, prompt, ids in (
        (texts(MOST), text, TEXT[:MOST], vector),
        (words(COUNT), of_tokens(), PROMPT, IDS),
    ):
        at, group = len(provider.trace.records) - 1, 0 if provider.trace.makes_vector else 1
        world, challenger = started(short), Unfit(short, prompt, ids)
        seen = Seen(provider.position_roots(), provider.boundaries(at))
        path = [*trees.path(seen.boundaries, group), *trees.path(seen.positions, at)]
        played = world.open(
            world.answer(provider, prompt, ids), Place(at, group, seen.boundaries[group], path)
        )  # fmt: skip
        played = world.show(played, provider, seen)
        with refused("inference_verifier: chunk"):
            world.go_on(played, challenger, seen)
        acquitted(world, chain, played)


def of_foreign(published, ids, at, number):
    """A trace of ids of which one is no token, whose record has something for it; all behind it is made of that."""
    trace = run(published.program, ids, len(ids) - 1)
    trace.records[at][0][0] = [number]
    return trace


@pytest.mark.parametrize("number", [96, 2**31 - 1, -1])
@pytest.mark.parametrize("withheld", [False, True])
def test_dis_1_a_prompt_with_an_id_that_is_no_token(started, withheld, number):
    """DIS-1: so a provider that computes nothing gains nothing by such an id."""
    short, prompt = words(COUNT), [PROMPT[0], number, PROMPT[2]]
    provider = Provider(short, of_foreign(short, PROMPT + IDS[:-1], 1, number))
    world, challenger = started(short), Unfit(short, prompt, IDS)
    played = world.play(world.answer(provider, prompt, IDS), provider, challenger, withheld=withheld)
    groups = ["show_groups", "name_group"] if withheld else []
    assert convicted(world, played) == ["open", *groups, "show_record", "prove"]
    assert (played.case.position, played.turn.group) == (1, 0)


def foreign_text(change=lambda record: None):
    """A text whose third id is no token, and its record as it is shown."""
    short, text = texts(COUNT), [*TEXT[:2], 90, *TEXT[3:]]
    trace, shown = (of_foreign(short, TEXT, 2, 90) for _ in range(2))
    change(shown.records[2][0])
    return short, text, trace.records[-1][-1][-1], Provider(short, trace, shown)


@pytest.mark.parametrize("shown", [90, 5])
def test_dis_1_a_text_with_an_id_that_is_no_token(started, shown):
    """DIS-1: the record begins with it, or with another id than the receipt has."""
    short, text, vector, provider = foreign_text(lambda record: record[0].__setitem__(0, shown))
    world, challenger, seen = started(short), Unfit(short, text, vector), Seen.of_vector(provider.leaves())
    played = world.open(world.answer(provider, text, vector), challenger.place(seen))
    played = world.carry_on(played, provider, challenger, seen)
    assert convicted(world, played) == ["open", "show_record", "prove"]


def test_dis_1_a_record_without_tensors_hides_no_such_id(started):
    """DIS-1"""
    short, text, vector, provider = foreign_text(lambda record: record.clear())
    world, challenger, seen = started(short), Unfit(short, text, vector), Seen.of_vector(provider.leaves())
    played = world.open(world.answer(provider, text, vector), challenger.place(seen))
    played = world.carry_on(played, provider, challenger, seen)
    assert convicted(world, played) == ["open", "show_record", "ask", "show_chunks", "prove"]


def test_a_model_without_positions_takes_any(started):
    with pytest.raises(ValueError, match="texts of any length"):
        Unfit(Published.of(texts(MOST).program[1:]), TEXT, [0])
