"""Kernels give the same bits as the slow reference: any shape, any stride and padding, any scale, extremes, batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from keifu.inference import reference
from keifu.inference.kernels import Executor
from keifu.inference.worst import hard_steps, vectors
from keifu.provenance.program import Operator, Program, Step, Tensor, read_program, write_program

WEIGHTS = st.sampled_from([-127, -1, 0, 1, 127]) | st.integers(-127, 127)
MULTIPLIERS = st.sampled_from([1, (1 << 31) - 1]) | st.integers(1, (1 << 31) - 1)
BATCHES = (1, 2, 7)


@st.composite
def bounds(draw):
    low, high = sorted((draw(st.integers(-8_191, 8_191)), draw(st.integers(-8_191, 8_191))))
    return low, high


@st.composite
def convolutions(draw, source):
    height, width, _ = source.shape
    padding = tuple(draw(st.integers(0, 2)) for _ in range(4))
    kernel = (
        draw(st.integers(1, min(4, height + padding[0] + padding[2]))),
        draw(st.integers(1, min(4, width + padding[1] + padding[3]))),
    )
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    low, high = draw(bounds())
    zero = draw(st.integers(source.low, source.high))
    return Operator("convolution", 0, draw(st.integers(1, 9)), "row", kernel, stride, padding, zero, low, high)


@st.composite
def steps(draw, folder):
    """An operator that the loader took, as a program of one."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 40)))
    source = Tensor(shape, *draw(bounds()))
    kind = draw(st.sampled_from(["dense", "convolution", "argmax"]))
    if kind == "argmax":
        operator = Operator("argmax", 0)
        write_program(folder, source, [operator])
        return read_program(folder).steps[0]
    low, high = draw(bounds())
    operator = (
        Operator("dense", 0, draw(st.integers(1, 9)), "row", low=low, high=high)
        if kind == "dense"
        else draw(convolutions(source))
    )
    products = source.size if kind == "dense" else operator.kernel[0] * operator.kernel[1] * shape[2]
    seed = draw(st.integers(0, 2**32 - 1))
    few = draw(st.lists(WEIGHTS, min_size=1, max_size=4))
    rows = np.random.default_rng(seed).choice(np.array(few, np.int8), (operator.channels, products))
    scales = [
        (draw(st.integers(-(10**6), 10**6)), draw(MULTIPLIERS), draw(st.integers(1, 62)))
        for _ in range(operator.channels)
    ]
    np.save(folder / "row.weights.npy", rows)
    np.save(folder / "row.scales.npy", np.array(scales, np.int32))
    write_program(folder, source, [operator])
    return read_program(folder).steps[0]


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_one_operator_of_any_shape(data, tmp_path_factory):
    step = data.draw(steps(tmp_path_factory.mktemp("program")))
    program = Program(step.source, (step,), b"")
    values = vectors(step)
    found = Executor(program).run(values).tolist()
    for count in BATCHES:  # whatever comes together gets the same answer
        assert Executor(program).run(values[:count]).tolist() == found[:count]
    for row, answer in zip(values[:3].tolist(), found, strict=False):
        assert reference.infer(program, row) == answer


def test_a_kernel_with_as_many_places_as_its_source_and_another_shape():
    """A window of two by two over a column of four. Seen red: the whole column was taken for the window."""
    operator = Operator(
        "convolution", 0, channels=1, arrays="row", kernel=(2, 2), stride=(3, 1), padding=(0, 0, 0, 1), zero=1, low=-1,
        high=0,
    )  # fmt: skip
    weights, scales = np.full((1, 4), -127, np.int8), np.array([[0, 1, 1]], np.int32)
    step = Step(operator, Tensor((4, 1, 1), 0, 1), Tensor((1, 1, 1), -1, 0), weights, scales)
    program, values = Program(step.source, (step,), b""), np.zeros((1, 4), np.int16)
    assert Executor(program).run(values).tolist() == [reference.infer(program, [0] * 4)] == [[-1]]


def test_the_test_operators_are_as_a_loader_takes_them(tmp_path):
    for step in hard_steps():
        operator: Operator = step.operator
        if operator.type != "argmax":
            np.save(tmp_path / f"{operator.arrays}.weights.npy", step.weights)
            np.save(tmp_path / f"{operator.arrays}.scales.npy", step.scales)
        write_program(tmp_path, step.source, [operator])
        read: Step = read_program(tmp_path).steps[0]
        assert read.target == step.target or operator.type == "argmax"
