"""A text's vector as disputes take it, made from what one run left behind: the same as tensor by tensor."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from keifu.inference.disputes import Provider
from keifu.inference.disputes.turns import NO_MARKS, marks_of
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.replaying import Replayed, published_of
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import Published
from keifu.spec.inference_trees import BLOCKS_8, ROWS_8
from tests.conformance.inference.tiny_embedding import SIZES, program_of, tiny

TEXT = [(number * 7 + 3) % SIZES.tokens for number in range(19)]  # more positions than stand side by side
AT = 17
SIX = SimpleNamespace(part=1, first=0, stride=1, count=6, within=0)  # sums of lane 1


@pytest.fixture(scope="module", params=[ROWS_8, BLOCKS_8])
def both(request):
    plain = tiny(request.param)
    program = program_of(plain)
    loaded = published_of(program)
    replayed = Replayed(Executor(program), loaded, TEXT)
    return Published.of(plain), run(plain, TEXT, len(TEXT) - 1), loaded, replayed


def test_a_loaded_program_opens_as_the_plain_one(both):
    plain, _, loaded, _ = both
    assert loaded.root == plain.root
    for group, operators in enumerate(plain.program):
        for slot in range(1, len(operators) + 1):
            assert loaded.descriptor(group, slot) == plain.descriptor(group, slot)


def test_every_record_is_the_plain_one_s(both):
    _, trace, _, replayed = both
    assert replayed.makes_vector
    assert replayed.root() == trace.root()
    for position in range(len(TEXT)):
        assert replayed.position_leaves(position) == trace.position_leaves(position)
        for group in range(len(trace.program)):
            own, plain = replayed.records[position][group], trace.records[position][group]
            assert [list(lanes) for lanes in own] == plain, (position, group)
            assert replayed.boundary_leaves(position, group) == trace.boundary_leaves(position, group)


def test_it_answers_as_the_plain_one(both):
    plain, trace, loaded, replayed = both
    own, theirs = Provider(loaded, replayed), Provider(plain, trace)
    assert own.position_roots() == theirs.position_roots()
    assert own.leaves() == theirs.leaves()
    for group in range(len(trace.program)):
        for marks in (NO_MARKS, marks_of([bytes([7]) * 32] * 16)):
            assert own.record(AT, group, marks) == theirs.record(AT, group, marks)
        for slot in range(1, len(trace.program[group]) + 1):
            assert own.nodes(AT, group, slot) == theirs.nodes(AT, group, slot)
            assert own.chunks(AT, group, slot, 0) == theirs.chunks(AT, group, slot, 0)
            assert own.sums(AT, group, slot, SIX) == theirs.sums(AT, group, slot, SIX)


def test_what_was_left_behind_is_shown_as_it_is(both):
    """What a provider faked of its vector stands in its receipt, so its record shows that too."""
    *_, loaded, replayed = both
    executor = Executor(program_of(tiny(ROWS_8)))
    honest = executor.run

    def faked(ids):
        ran = honest(ids)
        vars(ran)["vector"] = ran.vector + np.int16(1)
        return ran

    executor.run = faked
    other = Replayed(executor, loaded, TEXT)
    assert other.records[AT][-1][-1] == [lane + 1 for lane in Executor(program_of(tiny(ROWS_8))).vector(TEXT)]
    assert other.root() != replayed.root()
