"""Products are those of whole numbers, in every format, for any count of positions, by any processor's instructions."""

from __future__ import annotations

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba import njit

from keifu.errors import InputError
from keifu.inference.tokens import quads
from keifu.inference.tokens.packing import packed
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import BLOCK, BLOCKS_4, BLOCKS_8, LARGEST, ROWS_8, Matrix

ROWS = 32
FORMATS = {"rows": ROWS_8, "blocks of 4": BLOCKS_4, "blocks of 8": BLOCKS_8}
SETS = {"one instruction": {"+avx512vnni", "+avx512f", "+avx512bw"}, "two": {"+avx2"}, "none of its own": set()}


def matrix(layout: int, lanes: int) -> Matrix:
    random = np.random.default_rng(lanes + layout)
    least, most = (0, 15) if layout == BLOCKS_4 else (-127, 127)
    weights = random.integers(least, most + 1, (1, ROWS, lanes)).astype(np.int8)
    weights[0, 0], weights[0, 1] = least, most
    blocks = 0 if layout == ROWS_8 else lanes // BLOCK
    scales = random.integers(-32_767, 32_768, (1, ROWS, blocks, 2)).astype(np.int16)
    scales[:, :2] = np.sign(scales[:, :2]) * 32_767
    if layout == BLOCKS_8:
        scales[..., 1] = 0
    return Matrix(layout, weights, scales, np.ones((1, ROWS, 3), np.int64))


def activations(count: int, lanes: int) -> np.ndarray:
    x = np.random.default_rng(count).integers(-LARGEST, LARGEST + 1, (count, lanes)).astype(np.int16)
    x[0] = LARGEST
    x[-1, ::2] = -LARGEST
    return x


def plain(item: Matrix, x: np.ndarray) -> np.ndarray:
    weights, wide = item.weights[0].astype(np.int64), x.astype(np.int64)
    if item.layout == ROWS_8:
        return wide @ weights.T
    scales = np.repeat(item.scales[0].astype(np.int64), BLOCK, axis=1)
    return wide @ (weights * scales[..., 0] + scales[..., 1]).T


@pytest.mark.parametrize("lanes", [64, 576, 4_160])
@pytest.mark.parametrize("name", FORMATS)
def test_products_are_those_of_whole_numbers(name, lanes):
    item = matrix(FORMATS[name], lanes)
    for count in (1, 2, 3, 4, 5, 17):
        x, out = activations(count, lanes), np.empty((count, ROWS), np.int64)
        product(item.layout, packed(item).weights[0], x, out)
        assert np.array_equal(out, plain(item, x)), count


def test_rows_of_half_a_pair_of_blocks_are_refused():
    with pytest.raises(InputError, match="96 lanes are no multiple of 64"):
        packed(matrix(BLOCKS_4, 96))


@pytest.mark.parametrize("which", SETS)
def test_every_set_of_instructions_gives_the_same(monkeypatch, which):
    """Sums of 64 lanes with 16 rows, without scales, for one position and for some."""
    host = {f"+{name}" for name, there in llvm.get_host_cpu_features().items() if there}
    if not SETS[which] <= host:
        pytest.skip("this processor has none of them")
    monkeypatch.setattr(quads, "features_of", lambda _: SETS[which])
    item, lanes = matrix(ROWS_8, 64), 64
    weights = packed(item).weights[0]
    for count, kernel in zip((1, quads.SOME), quads.bytes_of, strict=True):
        x, out = activations(count, lanes), np.empty(count * 16, np.int32)
        high = (x.astype(np.int32) + 64 >> 7).astype(np.int8)
        low = (x - (high.astype(np.int16) << 7)).astype(np.int8)

        def sums(weights, high, low, out, kernel=kernel):
            kernel(weights, 0, high, low, 0, 64, 4, out)

        njit(sums)(weights, high.reshape(-1), low.reshape(-1), out)
        whole = out.reshape(count, 16) - 128 * x.sum(axis=1, dtype=np.int64)[:, None]
        assert np.array_equal(whole, plain(item, x)[:, :16])
