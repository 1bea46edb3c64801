"""A dispute about a picture's label, from the receipt to the proof: whatever single thing was computed wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.disputed import BOND, RESTITUTION, Disputed
from keifu.errors import InputError, UsageError
from keifu.inference import pictures
from keifu.inference.disputes import Challenger, Provider, Seen
from keifu.inference.reference import infer
from keifu.provenance.program import Operator, Program, Step, Tensor
from keifu.spec.inference_openings import packed_sums
from tests.unit.inference_disputes.conftest import MINUTE, changed, more

SHAPE, CHANNELS, LABELS = (6, 6, 1), 32, 10
SIZE = SHAPE[0] * SHAPE[1]
SUMMED = 3  # slot of the dense layer, whose rows have 1,152 products: two parts
LAST = 1
TURNS = 8  # from the opening to the proof


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


@pytest.mark.parametrize(
    ("group", "slot", "lane"),
    [(0, 1, 0), (0, 1, 35), (0, 2, 0), (0, 2, 700), (0, 2, 1_151), (0, SUMMED, 9), (LAST, 1, 0)],
)
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


def test_dis_1_another_picture(convicted, published, picture):
    """DIS-1: another value at the first place shows in what that position was given, at a later one in the picture."""
    for at in (0, 20):
        other = [*picture[:at], (picture[at] + 5) % 17, *picture[at + 1 :]]
        trace = pictures.traced(published, other)
        if trace.root() != pictures.traced(published, picture).root():
            convicted(Provider(published, trace))
            return


def test_dis_1_another_label(convicted, published, honest, picture, label):
    """DIS-1: the trace is right, and the receipt has another label."""
    ids = [(label[0] + 1) % LABELS]
    names = convicted(Provider(published, honest), ids, Challenger(published, honest, picture, ids))
    assert names == ["open", "prove"]


class WrongSums(Provider):
    """Says that one of a lane's sums is another."""

    wrong = 0

    def sums(self, *about):
        data = bytearray(super().sums(*about))
        data[8 * self.wrong + 7] ^= 1
        return bytes(data)


@pytest.mark.parametrize("wrong", [0, 1])
def test_dis_2_sums_of_a_picture(convicted, cheat, published, honest, wrong):
    """DIS-2: more than 1,024 products; honest sums are part of test_dis_1."""
    provider = cheat(more(honest, 0, SUMMED, 4, 1, SIZE - 1))
    provider = WrongSums(published, provider.trace, provider.shown)
    provider.wrong = wrong
    assert convicted(provider)[-2:] == ["show_sums", "prove"]


def test_an_honest_answer_about_a_picture_is_nobody_s_dispute(challenger, published, honest, world, picture, label):
    answer = world.answer(Provider(published, honest), picture, label)
    assert challenger.place(Seen(answer.positions)) is None


def test_sums_of_a_provider_are_those_of_the_window(published, honest):
    data = Provider(published, honest).sums(0, 0, SUMMED, 4, 1, 2)
    assert len(data) == len(packed_sums([0, 0]))


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
