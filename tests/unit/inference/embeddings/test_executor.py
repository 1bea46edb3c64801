"""Vectors and roots are those of the slow reference, and a program that could overflow is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keifu.errors import InputError, UsageError
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.program import checked
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import run
from keifu.spec.inference_trees import BLOCKS_8, ROWS_8
from tests.conformance.inference.tiny_embedding import SIZES, program_of, tiny

GROUPS = {"blocks": tiny(BLOCKS_8), "rows": tiny(ROWS_8)}


@pytest.fixture(scope="module", params=sorted(GROUPS))
def groups(request):
    return GROUPS[request.param]


@pytest.fixture(scope="module")
def executor(groups):
    return Executor(program_of(groups))


@pytest.mark.parametrize("count", [1, 2, 7, SIZES.positions])
def test_a_text_s_vector_and_roots_are_the_reference_s(groups, executor, count):
    ids = [(place * 37 + count) % SIZES.tokens for place in range(count)]
    trace = run(groups, ids, asked_from=count - 1)
    vector, roots = executor.committed(ids)
    expected = trace.records[-1][-1][-1]
    assert vector.tolist() == expected == executor.vector(ids).tolist()
    assert len(set(expected)) > SIZES.width // 2
    assert roots.input == trees.tensor_root(ids, 32)
    assert roots.output == trees.tensor_root(expected, 16)
    assert roots.trace == trace.root()


@pytest.mark.parametrize(
    ("ids", "said"), [([], "no token"), ([SIZES.tokens], "tokens go from 0 to 89"), ([1] * 25, "context has 24")]
)
def test_ids_that_the_model_has_not_are_refused(executor, ids, said):
    with pytest.raises(UsageError, match=said):
        executor.vector(ids)


def changed(part, name, change):
    program = program_of(GROUPS["blocks"])
    owner = getattr(program, part) if part else program
    array = getattr(owner, name)
    if isinstance(array, np.ndarray):
        array = array.copy()
        change(array)
    else:
        array = change(array)
    owner = replace(owner, **{name: array})
    return replace(program, **{part: owner}) if part else owner


def fill(value):
    return lambda array: array.fill(value)


def of_matrix(name, value):
    def change(matrix):
        array = getattr(matrix, name).copy()
        array[..., 0] = value
        return replace(matrix, **{name: array})

    return change


@pytest.mark.parametrize(
    ("part", "name", "change", "said"),
    [
        ("", "places", fill(2**27), "places: not every number is from"),
        ("", "epsilon", lambda _: 0, "epsilon: not every number is from 1"),
        ("", "word_shift", lambda _: 63, "embedding's shift"),
        ("norms", "gains", fill(2**30 + 1), "norms' gains: not every number"),
        ("norms", "biases", fill(8_192), "norms' biases: not every number"),
        ("norms", "shifts", fill(0), "shifts of norms"),
        ("layers", "tables", fill(8_192), "tables: not every number"),
        ("layers", "tables", lambda array: array.resize((2, 9), refcheck=False), "tables: int16"),
        ("layers", "scales", fill(63), "shifts of scales"),
        ("layers", "inner", of_matrix("numbers", 2**62), "inner: row [0-9]+ of layer 0 could pass 63 bits"),
        ("layers", "down", of_matrix("weights", -128), "down: not every number is from -127"),
        ("", "sizes", lambda sizes: replace(sizes, shared=2), "heads with one key: not every number"),
        ("", "sizes", lambda sizes: replace(sizes, width=96), "96 lanes, 192 inner"),
        ("", "sizes", lambda sizes: replace(sizes, positions=1 << 14), "positions: not every number"),
    ],
)
def test_what_is_not_as_it_should_be_is_named(part, name, change, said):
    with pytest.raises(InputError, match=said):
        checked(changed(part, name, change))
