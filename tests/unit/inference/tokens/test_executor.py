"""Compiled token models: equal to the slow reference, whatever the calls, and never one that could overflow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.tiny_model import FORMATS, Sizes, tiny
from keifu.errors import InputError, UsageError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.packing import packed
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import LARGEST, LARGEST_RESIDUAL, Matrix, checked
from keifu.inference.tokens.selftest import difference
from keifu.spec.inference import rms_norm
from keifu.spec.inference_model import run
from tests.conformance.inference.arrays import program_of

SIZES = Sizes()
IDS = [(place * 37 + 5) % SIZES.tokens for place in range(66)]


@pytest.fixture(scope="module", params=sorted(FORMATS))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def program(kind):
    return program_of(tiny(kind), SIZES)


@pytest.fixture(scope="module")
def executor(program):
    return Executor(program)


@pytest.fixture(scope="module")
def expected(kind):
    """Residuals and tokens of the slow reference."""
    records = run(tiny(kind), IDS).records
    return np.array([record[-1][0] for record in records]), [record[-1][-1][0] for record in records]


def test_sixty_six_tokens_are_the_reference_s(executor, expected):
    h = executor.conversation().read(IDS)
    assert np.array_equal(h, expected[0])
    assert executor.tokens(h).tolist() == expected[1]
    assert len(set(expected[1])) > 20


@pytest.mark.parametrize("size", [1, 2, 5, 7, 31])
def test_calls_of_any_size_give_the_same(executor, expected, size):
    talk = executor.conversation()
    parts = [talk.read(IDS[at : at + size]) for at in range(0, len(IDS), size)]
    assert np.array_equal(np.concatenate(parts), expected[0])


def test_what_is_forgotten_leaves_nothing(executor, expected):
    talk = executor.conversation()
    talk.read(IDS[:40])
    talk.back_to(0)
    talk.read(IDS[::-1][:50])
    talk.back_to(0)
    assert np.array_equal(talk.read(IDS), expected[0])


def test_two_conversations_do_not_mix(executor, expected):
    one, other = executor.conversation(), executor.conversation()
    found = []
    for number in IDS[:8]:
        found.append(one.read([number]))
        other.read([95 - number])
    assert np.array_equal(np.concatenate(found), expected[0][:8])


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([], "no token was given"),
        ([96], "tokens go from 0 to 95"),
        ([-1], "tokens go from 0 to 95"),
        ([0.5], "tokens are whole numbers"),
        ([0] * 81, "81 tokens, and the model's context has 80"),
    ],
)
def test_tokens_that_are_none_are_refused(executor, ids, words):
    talk = executor.conversation()
    with pytest.raises(UsageError, match=words):
        talk.read(ids)
    assert talk.length == 0


def test_more_than_was_read_cannot_be_kept(executor):
    with pytest.raises(UsageError, match="1 of 0 positions cannot be kept"):
        executor.conversation().back_to(1)


def changed(matrix: Matrix, **arrays) -> Matrix:
    copies = {name: getattr(matrix, name).copy() for name in arrays}
    for name, change in arrays.items():
        place, value = change
        copies[name][place] = value
    return replace(matrix, **copies)


def test_rows_without_biases_keep_none_and_give_the_reference_s(program):
    none = {"numbers": ((..., 0), 0)}
    names = "attention", "mixed", "gates", "down"
    layers = replace(program.layers, **{name: changed(getattr(program.layers, name), **none) for name in names})
    bare = Executor(replace(program, layers=layers, head=changed(program.head, **none)))
    assert [item.numbers[0].size for item in (*bare.packed, bare.packed_head)] == [0] * 5
    assert difference(bare, 1) == ""
    h = bare.conversation().read(IDS[:4])
    logits = bare.sums(h) * program.head.numbers[0, :, 1]
    assert bare.tokens(h).tolist() == logits.argmax(axis=1).tolist()


@pytest.mark.parametrize(
    ("name", "array", "place", "value", "words"),
    [
        ("attention", "weights", (0, 3, 5), -128, "attention: not every number is from (-127|0) to "),
        ("down", "numbers", (1, 2, 1), 0, "multipliers of down: not every number is from 1 to "),
        ("down", "numbers", (1, 2, 2), 26, "shifts of down: not every number is from 27 to 62"),
        ("gates", "numbers", (0, 0, 2), 63, "shifts of gates: not every number is from 1 to 62"),
        ("mixed", "numbers", (0, 0, 0), 2**62 + 1, "mixed's numbers: not every number is from "),
    ],
)
def test_numbers_outside_are_refused_by_name(program, name, array, place, value, words):
    layers = replace(program.layers, **{name: changed(getattr(program.layers, name), **{array: (place, value)})})
    with pytest.raises(InputError, match=words):
        checked(replace(program, layers=layers))


def test_blocks_that_pass_63_bits_are_refused():
    program = program_of(tiny("blocks"), SIZES)
    mixed = changed(program.layers.mixed, scales=((1, 7), 32_767), numbers=((1, 7, 1), 2**31 - 1))
    with pytest.raises(InputError, match="mixed: row 7 of layer 1 could pass 63 bits"):
        checked(replace(program, layers=replace(program.layers, mixed=mixed)))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("turns", np.zeros((80, 63), np.int16), r"turns: int16\[80, 63\], not int16\[80, 64\]"),
        ("last_norm", np.zeros(128), r"last norm: float64\[128\], not int32\[128\]"),
        ("last_shift", 0, "shifts of last norm: not every number is from 1 to 62"),
        ("epsilon", 0, "epsilon: not every number is from 1 to "),
        ("word_shift", 63, "embedding's shift: not every number is from 1 to 62"),
    ],
)
def test_tensors_of_another_shape_are_refused_by_name(program, field, value, words):
    with pytest.raises(InputError, match=words):
        checked(replace(program, **{field: value}))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"width": 192}, "2 heads of 64 lanes in 192"),
        ({"layers": 257}, "layers: not every number is from 1 to 256"),
        ({"positions": 1}, "positions: not every number is from 2 to 32,768"),
        ({"shared": 3}, "heads with one key: not every number is from 1 to 2"),
        ({"tokens": 97}, "97 tokens are no multiple of 16"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(program, sizes, words):
    with pytest.raises(InputError, match=words):
        checked(replace(program, sizes=replace(program.sizes, **sizes)))


def test_rows_longer_than_2048_are_split():
    """Sums of 8,192 products at their largest: 33 bits."""
    weights = np.full((1, 16, 8_192), 127, np.int8)
    weights[0, 1] = -127
    none, numbers = np.empty((1, 16, 0, 2), np.int16), np.ones((1, 16, 3), np.int64)
    item, x = packed(Matrix(0, weights, none, numbers)), np.full((8, 8_192), 8_191, np.int16)
    out = np.empty((8, 16), np.int64)
    for rows in (1, 8):
        product(0, item.weights[0], x[:rows], out[:rows])
        assert out[:rows, 0].tolist() == [8_192 * 127 * 8_191] * rows
        assert out[:rows, 1].tolist() == [-8_192 * 127 * 8_191] * rows


@pytest.mark.parametrize("width", [64, 1_024, 1_088, 4_096])
def test_the_norm_of_the_largest_residuals_is_the_reference_s(width):
    """Their squares come to more than 64 bits from 1,025 lanes on."""
    h = np.full((2, width), LARGEST_RESIDUAL, np.int32)
    h[1, ::3] = -(2**26) - np.arange(len(h[1, ::3]))
    gains = np.arange(1, width + 1, dtype=np.int32) << 12
    found = np.empty(h.shape, np.int16)
    kernels.norm(h, gains, np.int64(20), np.int64(3), found)
    for row in range(2):
        assert found[row].tolist() == rms_norm(h[row].tolist(), gains.tolist(), 20, 3, LARGEST)
