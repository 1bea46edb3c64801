"""What is committed to is the reference's, however the positions came, also of several conversations in one run."""

from __future__ import annotations

import numpy as np
import pytest

from audit.tiny_model import Sizes, tiny
from keifu.inference.tokens.committing import (
    boundaries,
    ids_root,
    position_roots,
    read_roots,
    token_boundaries,
    trace_root,
)
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import run
from tests.conformance.inference.arrays import program_of

SIZES = Sizes()
IDS = [(place * 37 + 5) % SIZES.tokens for place in range(19)]
OTHERS = [(place * 11 + 2) % SIZES.tokens for place in range(19)]
GROUPS = tiny("blocks")


@pytest.fixture(scope="module")
def executor():
    return Executor(program_of(GROUPS, SIZES))


@pytest.fixture(scope="module")
def expected():
    return run(GROUPS, IDS)


def committed(memory, reads):
    """Boundaries and tokens of each conversation, read in one run."""
    rows = sum(len(ids) for _, ids in reads)
    groups, found, at = np.empty((rows, SIZES.layers + 1, 32), np.uint8), [], 0
    residuals = read_together(reads, bounds=groups)
    for (_, ids), h in zip(reads, residuals, strict=True):
        found.append((groups[at : at + len(ids)], memory.executor.tokens(h)))
        at += len(ids)
    return found


@pytest.mark.parametrize("sizes", [[1] * 19, [18, 1], [7, 12]])
def test_roots_of_what_was_read_are_those_of_its_boundaries(executor, sizes):
    """Boundaries are the same as a run makes them and from what was seen of it."""
    memory = Memory(executor, 1)
    talk, at = Conversation(memory, 0), 0
    for size in sizes:
        seen = np.empty((SIZES.layers + 1, size, SIZES.width), np.int32)
        groups, nothing = np.empty((size, SIZES.layers + 1, 32), np.uint8), np.zeros((size, 32), np.uint8)
        (h,) = read_together([(talk, IDS[at : at + size])], seen, groups)
        assert np.array_equal(boundaries(seen, memory, at), groups)
        assert np.array_equal(boundaries(np.repeat(seen, 2, axis=2)[..., ::2], memory, at), groups)  # not in a row
        _expect(read_roots(groups, []), groups, nothing)
        tokens = executor.tokens(h)[-2:].tolist()
        nothing[-len(tokens) :] = token_boundaries(tokens)
        _expect(read_roots(groups, tokens), groups, nothing)
        at += size


def _expect(found, groups, last):
    """Roots of positions, and what each group committed to."""
    assert np.array_equal(found[0], position_roots(groups, last))
    assert np.array_equal(found[1], np.concatenate([groups, last[:, None]], axis=1))


@pytest.mark.parametrize("sizes", [[19], [1] * 19, [7, 7, 5], [16, 3], [1, 18]])
def test_the_trace_s_root_is_the_reference_s(executor, expected, sizes):
    memory = Memory(executor, 1)
    talk, roots, at = Conversation(memory, 0), [], 0
    for size in sizes:
        ((groups, tokens),) = committed(memory, [(talk, IDS[at : at + size])])
        roots.append(position_roots(groups, token_boundaries(tokens.tolist())))
        at += size
    assert trace_root(np.concatenate(roots)) == expected.root()


def test_conversations_in_one_run_are_what_they_are_alone(executor, expected):
    memory = Memory(executor, 3, positions=32)
    assert memory.positions == 32
    one, other, third = (Conversation(memory, number) for number in range(3))
    alone = run(GROUPS, OTHERS)
    found = {0: [], 1: []}
    third.read(IDS[::-1])  # of other lengths, and beside
    for start, end in ((0, 4), (4, 5), (5, 6), (6, 19)):
        reads = [(one, IDS[start:end]), (other, OTHERS[start : end + 1] if start == 0 else OTHERS[start + 1 : end + 1])]
        reads = [(talk, ids) for talk, ids in reads if ids]
        for number, (groups, tokens) in enumerate(committed(memory, reads)):
            found[number].append(position_roots(groups, token_boundaries(tokens.tolist())))
    assert trace_root(np.concatenate(found[0])) == expected.root()
    assert trace_root(np.concatenate(found[1])) == alone.root()


@pytest.mark.parametrize("last", [10, 11, 12, 80])  # of three groups: up to 512 trees, and beyond
def test_many_positions_in_one_run_are_what_they_are_in_some(executor, last):
    ids = [[(place * step + 7) % SIZES.tokens for place in range(80)] for step in (41, 43, 47)]
    ids[-1] = ids[-1][:last]
    memory, alone = Memory(executor, 3), Memory(executor, 3)
    together = committed(memory, [(Conversation(memory, number), ids[number]) for number in range(3)])
    for number, (groups, _) in enumerate(together):
        ((expected, _),) = committed(alone, [(Conversation(alone, number), ids[number])])
        assert np.array_equal(groups, expected)


def test_where_nobody_asked_for_a_token_nothing_stands(executor, expected):
    memory = Memory(executor, 1)
    ((groups, _),) = committed(memory, [(Conversation(memory, 0), IDS)])
    nothing = np.zeros((len(IDS), 32), np.uint8)
    for place, root in enumerate(position_roots(groups, nothing)):
        wanted = trees.position_root([*expected.position_leaves(place)[:-1], bytes(32)])
        assert root.tobytes() == wanted


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_the_root_of_ids_is_a_tensor_s(count):
    ids = [(place * 7_919) % 49_152 for place in range(count)]
    assert ids_root(ids) == trees.tensor_root(ids, 32)
