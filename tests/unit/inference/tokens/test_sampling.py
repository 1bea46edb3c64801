"""Tokens drawn by a seed: the kernel gives the reference's, and chance is as the temperature says."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from audit.tiny_model import Sizes, tiny
from keifu.errors import UsageError
from keifu.inference.tokens import kernels
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.packing import numbers_of
from keifu.inference.tokens.sampling import drawing_of, gumbel, seed_of
from keifu.keys import keccak256
from keifu.spec.inference import sampled
from keifu.spec.inference_drawing import NOISE_BITS
from keifu.spec.inference_model import run
from tests.conformance.inference.arrays import program_of

SIZES = Sizes(layers=1)
IDS = [(place * 37 + 5) % SIZES.tokens for place in range(12)]
SCALE = 2.0**-51  # makes logits of some units


@pytest.mark.parametrize("kind", ["rows", "blocks"])
def test_every_token_is_the_reference_s(kind):
    groups = tiny(kind, SIZES)
    executor, records = Executor(program_of(groups, SIZES)), run(groups, IDS).records
    drawing = drawing_of(seed_of(7, bytes(32)), 0.8, SCALE)
    talk, found = executor.conversation(), []
    for position, record in enumerate(records):
        found.append(executor.drawn(talk.read([IDS[position]]), drawing, position))
        given = record[-1][1]
        table = gumbel().tolist()
        wanted = sampled(groups[-1][1].rows, given, drawing.shift, drawing.sharpness, table, (drawing.seed, position))
        assert found[-1] == wanted
    assert len(set(found)) > 1


def test_another_seed_or_position_draws_another_token():
    executor = Executor(program_of(tiny("rows", SIZES), SIZES))
    h = executor.conversation().read(IDS)[-1:]
    drawings = [drawing_of(seed_of(nonce, bytes(32)), 2.0, SCALE) for nonce in range(40)]
    assert len({executor.drawn(h, drawing, 11) for drawing in drawings}) > 5
    assert len({executor.drawn(h, drawings[0], position) for position in range(40)}) > 5


def test_tokens_come_as_often_as_their_logits_say():
    """Three logits at temperature 1: shares of 3,000 draws beside softmax, far inside what chance allows."""
    logits = np.array([1.0, 0.0, -1.0])
    drawing = drawing_of(bytes(32), 1.0, 2.0**-30)
    sums = np.rint(logits * 2**30).astype(np.int64)
    numbers = numbers_of(np.array([[0, 1, 0]] * 3))
    counts = np.zeros(3)
    for position in range(3_000):
        start = np.uint64(drawing.start(position))
        args = (np.int64(drawing.shift), np.int64(drawing.sharpness), drawing.gumbel, start)
        counts[kernels.drawn(sums, numbers, *args)] += 1
    wanted = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(counts / 3_000 - wanted).max() < 0.04


def test_the_table_is_the_same_on_every_machine():
    """No entry lies near a half, where the last bit of a logarithm would choose."""
    exact = [-log(-log((place + 0.5) / 4_096)) * 2**NOISE_BITS for place in range(4_096)]
    assert min(abs(abs(value - round(value)) - 0.5) for value in exact) > 1e-6
    table = gumbel()
    assert keccak256(b"".join(int(value).to_bytes(8, "big", signed=True) for value in table)).hex() == (
        "a0e98bdbcddd810829546526a3ace631a6762960e356b6b66fcebf5861877e9e"
    )


def test_the_seed_is_of_both_sides():
    assert seed_of(5, b"\x01" * 32) == keccak256((5).to_bytes(8, "big") + b"\x01" * 32)
    assert len({seed_of(5, bytes(32)), seed_of(6, bytes(32)), seed_of(5, b"\x01" * 32)}) == 3
    assert seed_of(-1, bytes(32)) == seed_of(2**64 - 1, bytes(32))


@pytest.mark.parametrize(
    ("temperature", "scale", "words"),
    [
        (0.0, SCALE, "a temperature of 0.0"),
        (2.1, SCALE, "a temperature of 2.1"),
        (float("nan"), SCALE, "a temperature of nan"),
        (1.0, 1.0, "no size that tokens are drawn by"),
        (1.0, 2.0**-90, "no size that tokens are drawn by"),
    ],
)
def test_what_cannot_be_drawn_is_refused(temperature, scale, words):
    with pytest.raises(UsageError, match=words):
        drawing_of(bytes(32), temperature, scale)


def test_sharpness_is_the_temperature_s():
    drawing = drawing_of(bytes(32), 0.5, SCALE)
    assert drawing.sharpness / 2**drawing.shift == pytest.approx(SCALE * 2**NOISE_BITS / 0.5, rel=1e-3)
