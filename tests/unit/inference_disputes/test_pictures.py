"""A dispute about a picture's label, from the receipt to the proof: whatever single thing was computed wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.dispute_shapes import FalseSums
from benchmarks.disputed import BOND, RESTITUTION, Disputed
from keifu.errors import InputError, UsageError
from keifu.inference import pictures
from keifu.inference.disputes import Challenger, Place, Provider, Question, Seen, Stage, proofs
from keifu.inference.reference import infer
from keifu.keys import keccak256
from keifu.provenance.program import Operator, Program, Step, Tensor
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference import Row, Window, segments
from keifu.spec.inference_model import Operator as Named
from keifu.spec.inference_openings import Published
from tests.profiles import quick_or_deep
from tests.unit.inference_disputes.conftest import MINUTE, changed, more, refused
from tests.unit.inference_disputes.test_honest import acquitted, nothing_twisted_proves, tried

SHAPE, CHANNELS, LABELS = (6, 6, 1), 32, 10
SIZE = SHAPE[0] * SHAPE[1]
SUMMED = 3  # slot of the dense layer, whose rows have 1,152 products: three sums
LAST = 1
POSITION = 5
TURNS = 6  # from the opening to the proof
# Group, slot and lane of each operator: picture, convolution, dense layer, label; of another program bounds, windows.
LANES = [(0, 1, 0), (0, 1, 35), (0, 2, 0), (0, 2, 700), (0, 2, 1_151), (0, SUMMED, 9), (LAST, 1, 0)]
BY_HAND = [(0, 2, 35), (0, 3, 0), (0, 3, 15)]
RANDOM_CALLS = quick_or_deep(100, 10_000)


def step(operator, source, shape, random):
    products = source.size if operator.type == "dense" else int(np.prod(operator.kernel)) * source.shape[2]
    weights = random.integers(-127, 127, (operator.channels, products), np.int8, endpoint=True)
    scales = np.array([[int(random.integers(-999, 999)), 90_001, 24]] * operator.channels, np.int32)
    return Step(operator, source, Tensor(shape, operator.low, operator.high), weights, scales)


@pytest.fixture(scope="session")
def program():
    """A convolution, a dense layer and a label."""
    random = np.random.default_rng(18)
    given = Tensor(SHAPE, 0, 16)
    first = Operator("convolution", 0, CHANNELS, "a", (3, 3), (1, 1), (1, 1, 1, 1), low=0)
    seen = step(first, given, (*SHAPE[:2], CHANNELS), random)
    scored = step(Operator("dense", 1, LABELS, "b"), seen.target, (1, 1, LABELS), random)
    label = Step(Operator("argmax", 2), scored.target, Tensor((1, 1, 1), 0, LABELS - 1), *(np.empty((0, 0)),) * 2)
    return Program(given, (seen, scored, label), b"")


@pytest.fixture(scope="session")
def picture():
    return np.random.default_rng(7).integers(0, 16, SIZE, endpoint=True).tolist()


@pytest.fixture(scope="session")
def published(program):
    return pictures.published_of(program)


@pytest.fixture(scope="session")
def honest(published, picture):
    return pictures.traced(published, picture)


@pytest.fixture(scope="session")
def label(honest):
    return honest.records[-1][LAST][-1]


@pytest.fixture(scope="session")
def started(chain, published):
    world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), published)
    chain.warp(MINUTE)
    return world


@pytest.fixture(scope="session")
def challenger(published, honest, picture, label):
    return Challenger(published, honest, picture, label)


def everywhere(trace, *changes):
    """Lanes that are others at each position: of a picture all have the same."""
    for position in range(len(trace.records)):
        trace = changed(trace, changes, position)
    return trace


@pytest.fixture
def cheat(published, honest):
    """A provider whose group ends otherwise, and whose record says that these lanes are why."""

    def cheat(*changes, group=0):
        wrong = more(honest, group, len(published.program[group]), 0, 7, SIZE - 1)
        return Provider(published, everywhere(honest, wrong), everywhere(honest, wrong, *changes))

    return cheat


@pytest.fixture
def convicted(world, picture, label, challenger):
    def convicted(provider, ids=None, by=challenger):
        answer = world.answer(provider, picture, ids or label)
        played = world.play(answer, provider, by)
        (event,) = world.close(played).events("Convicted")
        assert (event.restitution, event.reward) == (RESTITUTION, RESTITUTION // 10)
        assert world.disputes.credits(world.payer.address) == RESTITUTION + RESTITUTION // 10 + BOND
        assert len(played.mined) <= TURNS
        return [name for name, _ in played.mined]

    return convicted


def test_a_lowered_model_says_what_the_model_says(program, published, picture, label):
    assert infer(program, picture) == label
    random = np.random.default_rng(9)
    for _ in range(5):
        other = random.integers(0, 16, SIZE, endpoint=True).tolist()
        assert pictures.traced(published, other).records[-1][LAST][-1] == infer(program, other)


def test_another_number_of_values_is_no_picture(published, picture):
    with pytest.raises(UsageError, match="a picture has 36 values, not 35"):
        pictures.traced(published, picture[1:])


@pytest.mark.parametrize(("group", "slot", "lane"), LANES)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_of_a_picture_is_convicted(convicted, cheat, honest, group, slot, lane, by):
    """DIS-1"""
    convicted(cheat(more(honest, group, slot, lane, by, SIZE - 1), group=group))


@pytest.mark.parametrize(("group", "slot", "lane"), [(0, 1, 36), (0, SUMMED, 10), (LAST, 1, 1)])
def test_dis_1_lanes_that_only_fill_up(convicted, cheat, group, slot, lane):
    """DIS-1"""
    convicted(cheat((group, slot, lane, 1), group=group))


def test_dis_1_a_tensor_of_another_size(convicted, cheat):
    """DIS-1"""
    convicted(cheat((0, 1, 64, 0)))


@pytest.mark.parametrize("at", [0, 20])
def test_dis_1_another_picture(convicted, published, picture, at):
    """DIS-1: another value at the first place shows in what that position was given, at a later one in the picture."""
    other = [*picture[:at], (picture[at] + 5) % 17, *picture[at + 1 :]]
    convicted(Provider(published, pictures.traced(published, other)))


def test_dis_1_another_label(convicted, published, honest, picture, label):
    """DIS-1: the trace is right, and the receipt has another label."""
    ids = [(label[0] + 1) % LABELS]
    names = convicted(Provider(published, honest), ids, Challenger(published, honest, picture, ids))
    assert names == ["open", "prove"]


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_dis_2_sums_of_a_picture(convicted, cheat, published, honest, wrong):
    """DIS-2: more than 1,024 products; honest sums are part of test_dis_1."""
    provider = cheat(more(honest, 0, SUMMED, 4, 1, SIZE - 1))
    provider = FalseSums(published, provider.trace, provider.shown)
    provider.wrong = wrong
    assert convicted(provider)[-2:] == ["show_sums", "prove"]


def test_an_honest_answer_about_a_picture_is_nobody_s_dispute(challenger, published, honest, world, picture, label):
    answer = world.answer(Provider(published, honest), picture, label)
    assert challenger.place(Seen(answer.positions)) is None


def of_steps(program, *steps):
    return replace(program, steps=steps)


def test_models_that_no_dispute_reaches_are_named(program):
    seen, scored, label = program.steps
    tall = replace(seen, operator=Operator("convolution", 0, CHANNELS, "a", (33, 1), (1, 1)))
    for other, reason in (
        (of_steps(program, seen, scored), "it does not end with one label"),
        (replace(program, input=Tensor((40, 40, 1))), "it has 1,600 values in a picture, and a dispute reaches 1,024"),
        (of_steps(program, *[seen] * 15, replace(label, operator=Operator("argmax", 15))), "it has 15 operators"),
        (of_steps(program, tall, scored, label), "operator 0 takes 33 sums, and a dispute reaches 32"),
    ):
        assert pictures.out_of_reach(other).startswith(reason)
        with pytest.raises(InputError, match="no dispute reaches this model"):
            pictures.published_of(other)


# models that have more than a file of weights can say -----------------------------------------------------------------


def by_hand():
    """Bounds, the largest of nine places, and a label: a program that somebody wrote by hand."""
    given, seen = Window((6, 6, 1), low=3, high=12), Window((6, 6, 1), 4, (3, 3), (1, 1))
    units = [Row(tuple(int(at == number) for at in range(32)), 1, 1) for number in range(16)]
    first = [
        Named("picture", height=SIZE, limit=0),
        Named("bounded", 1, height=SIZE, limit=0, window=given),
        Named("largest", 2, height=16, limit=0, multiplier=1, window=seen),
    ]
    return [first, [Named("token", width=32, height=16, limit=0, rows=units)]]


@pytest.fixture(scope="module")
def pooled():
    return Published.of(by_hand())


@pytest.mark.parametrize(("group", "slot", "lane"), BY_HAND)
@pytest.mark.parametrize("by", [-1, 1])
def test_dis_1_each_wrong_lane_of_bounds_and_windows(chain, pooled, picture, group, slot, lane, by):
    """DIS-1, DIS-2: nine places take a round of largest ones so far."""
    turns = 3 if slot == 2 else 5
    honest = pictures.traced(pooled, picture)
    ends = more(honest, 0, 3, 1, 7, 0)
    provider = Provider(
        pooled, everywhere(honest, ends), everywhere(honest, ends, more(honest, group, slot, lane, by, 0))
    )
    label = honest.records[-1][LAST][-1]
    challenger = Challenger(pooled, honest, picture, label)
    with chain.anchor():
        number = chain.snapshot()
        world = Disputed(chain.deploy, chain.account, lambda: (chain.chain_id, chain.now), pooled)
        chain.warp(MINUTE)
        played = world.play(world.answer(provider, picture, label), provider, challenger)
        assert world.close(played).events("Convicted")
        assert len(played.mined) == turns
        chain.restore(number)


# who answered rightly -------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(world, published, honest, picture, label):
    """A dispute about a right answer in which the sums of a dense lane were shown, and what opens its trace."""
    provider = Provider(published, honest)
    seen = Seen(provider.position_roots(), provider.boundaries(POSITION))
    path = [*trees.path(seen.boundaries, 0), *trees.path(seen.positions, POSITION)]
    played = world.open(world.answer(provider, picture, label), Place(POSITION, 0, seen.boundaries[0], path))
    played = world.show(played, provider, seen)
    count = len(segments(published.program[0][SUMMED - 1].window))
    question = Question(Stage.SUMS, SUMMED, 4, 1, count)
    played = world.step(played, "ask", *question.args, sender=world.payer)
    return world.show(played, provider, seen), provider.opened(POSITION, 0), seen.sums


def test_dis_4_no_call_about_a_right_picture_convicts(world, chain, shown, picture):
    """DIS-4: right ones say so, sums of another lane are not these, and changed ones open nothing."""
    played, o, sums = shown

    claim, count = o.claim(sums, stride=1), len(sums) // 8
    about = [proofs.proved(calls.summed(o, SUMMED, 4, claim, (sums, part))) for part in range(count + 1)]
    view = proofs.View(o.published, o.trace, POSITION, 0, None, played.case, played.turn)
    chunk = trees.chunks(picture, 32)
    values = chunk[0], trees.path([keccak256(item) for item in chunk], 0)
    about.append(proofs.bound(view, "pictured", o.descriptor(1), o.lanes(1, 0), values, 5))
    for proof in about:
        with refused("game: not proved"):
            tried(world, played, proof)
    for proof, reason in (
        (proofs.proved(calls.summed(o, SUMMED, 5, claim, (sums, 0))), "another lane"),
        (proofs.proved(calls.check(o, 2, 4)), "another slot"),
    ):
        with refused(f"game: {reason}"):
            tried(world, played, proof)
    nothing_twisted_proves(world, played, about, RANDOM_CALLS)
    acquitted(world, chain, played)
