"""An audit gives what computing again gives, and finds every product that is not the weights'."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from audit.tiny_model import Sizes, tiny
from keifu.errors import InputError, UsageError
from keifu.inference.tokens import auditing
from keifu.inference.tokens.again import computed_again
from keifu.inference.tokens.auditing import Auditor, WrongProducts, positions_at_once
from keifu.inference.tokens.building import build
from keifu.inference.tokens.executor import Executor
from keifu.inference.tokens.field import LARGEST, PRIME, drawn, first_difference, halves, projected
from keifu.inference.tokens.keeping import load
from keifu.inference.tokens.linear import MATRICES, Handing, rows_of_matrices
from keifu.inference.tokens.sampling import drawing_of
from tests.conformance.inference.arrays import program_of
from tests.conformance.inference.gguf_file import speaking

SIZES = Sizes()
PROMPT = [(place * 37 + 5) % SIZES.tokens for place in range(9)]
DRAWING = drawing_of(bytes(range(32)), 0.7, 2**-22)


@pytest.fixture(scope="module", params=["blocks", "rows"])
def executor(request):
    return Executor(program_of(tiny(request.param), SIZES))


@pytest.fixture(scope="module")
def auditor(executor):
    return Auditor(executor.program)


@pytest.fixture(scope="module")
def reply(executor):
    talk, found = executor.conversation(), []
    given = PROMPT
    while len(found) < 12:
        found.append(talk.next(given))
        given = found[-1:]
    return found


@pytest.fixture(scope="module")
def handed(executor, reply):
    handing = Handing(executor, PROMPT, reply)
    return [handing.sums(layer, *whole(handing, layer)) for layer in range(SIZES.layers + 1)]


def whole(handing, layer):
    first = len(PROMPT) - 1 if layer == SIZES.layers else 0
    return first, handing.positions - first


def delivering(handed, change=None):
    """Parts as they are asked for; `change` is what is done to a copy of one matrix's: layer, place, function."""

    def deliver(layer, start, count):
        first = len(PROMPT) - 1 if layer == SIZES.layers else 0
        found = [item[start - first : start - first + count].copy() for item in handed[layer]]
        if change is not None and change[0] == layer:
            change[2](found[change[1]])
        return found

    return deliver


def test_an_audit_gives_the_tokens_and_the_root_of_computing_again(executor, auditor, reply, handed):
    assert auditor.audit(PROMPT, reply, delivering(handed)) == computed_again(executor, PROMPT, reply)


def test_parts_of_few_positions_give_the_same(monkeypatch, executor, auditor, reply):
    handing = Handing(executor, PROMPT, reply)
    most = 8 * 5 * sum(rows_of_matrices(executor.program, 0))
    monkeypatch.setattr(auditing, "LARGEST_PART", most)
    assert positions_at_once(executor.program, 0) == 5
    assert auditor.audit(PROMPT, reply, handing.sums) == computed_again(executor, PROMPT, reply)


def test_drawn_tokens_are_audited_too(executor, auditor, reply, handed):
    expected = computed_again(executor, PROMPT, reply, DRAWING)
    assert auditor.audit(PROMPT, reply, delivering(handed), DRAWING) == expected


def test_a_reply_with_another_token_comes_out_as_the_model_has_it(executor, auditor, reply):
    false = [*reply[:6], (reply[6] + 1) % SIZES.tokens, *reply[7:]]
    found = auditor.audit(PROMPT, false, Handing(executor, PROMPT, false).sums)
    assert found == computed_again(executor, PROMPT, false)
    assert found[0][6] == reply[6]


def test_a_larger_model_of_the_family_is_built_run_and_audited_the_same_way(tmp_path):
    """8,192 inner lanes."""
    build(speaking(tmp_path / "large.gguf", width=64, inner=8_192, layers=1, positions=32), tmp_path / "integers")
    executor = Executor(load(tmp_path / "integers").program)
    reply = [executor.conversation().next(PROMPT)]
    found = Auditor(executor.program).audit(PROMPT, reply, Handing(executor, PROMPT, reply).sums)
    assert found == computed_again(executor, PROMPT, reply)
    assert found[0] == reply


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("layer", range(SIZES.layers))
def test_one_changed_product_is_named(auditor, reply, handed, layer, place):
    random = Random(10 * layer + place)
    shape = handed[layer][place].shape
    row, lane = random.randrange(shape[0]), random.randrange(shape[1])

    def change(sums):
        sums[row, lane] += random.choice([-1, 1, 2**31, -(2**40)])

    with pytest.raises(WrongProducts) as caught:
        auditor.audit(PROMPT, reply, delivering(handed, (layer, place, change)))
    said = f"layer {layer}'s {MATRICES[place]} products at position {row} are not those of the model's weights"
    assert caught.value.message == said


def products_of(matrix, layer, x):
    """By numpy, in 64 bits, from the weights as they are."""
    weights = matrix.weights[layer].astype(np.int64)
    if matrix.scales.shape[2]:
        scales = np.repeat(matrix.scales[layer].astype(np.int64), 32, axis=1)
        weights = weights * scales[..., 0] + scales[..., 1]
    return x.astype(np.int64) @ weights.T


def test_ten_thousand_changed_products_are_all_found(auditor, executor):
    """One number each, by a power of two; of none that is right anything is said."""
    random, program, found = Random(18), executor.program, 0
    auditor.project()
    places = [(name, layer) for layer in range(SIZES.layers) for name in MATRICES] + [("head", 0)]
    for turn in range(100):
        name, layer = places[turn % len(places)]
        matrix = program.head if name == "head" else getattr(program.layers, name)
        x = np.random.default_rng(turn).integers(-8_191, 8_192, (100, matrix.weights.shape[2])).astype(np.int16)
        right = products_of(matrix, layer, x)
        assert auditor.require(name, layer, x, right) is right
        for row in range(len(x)):
            false = right[row : row + 1].copy()
            false[0, random.randrange(false.shape[1])] += random.choice([-1, 1]) << random.randrange(48)
            with pytest.raises(WrongProducts):
                auditor.require(name, layer, x[row : row + 1], false)
            found += 1
    assert found == 10_000


def test_a_changed_product_of_a_token_is_named(auditor, reply, handed):
    def change(sums):
        sums[3, 17] += 1

    with pytest.raises(WrongProducts, match="tokens' products at position 11 are not those"):
        auditor.audit(PROMPT, reply, delivering(handed, (SIZES.layers, 0, change)))


@pytest.mark.parametrize("more", [PRIME, -PRIME, 2**63 - 1, LARGEST])
def test_what_is_equal_modulo_the_prime_is_out_of_bounds(auditor, reply, handed, more):
    def change(sums):
        sums[2, 5] = (int(sums[2, 5]) + more + 2**63) % 2**64 - 2**63

    with pytest.raises(WrongProducts, match="layer 1's gates products at position 2 "):
        auditor.audit(PROMPT, reply, delivering(handed, (1, 2, change)))


def test_secret_numbers_serve_sixteen_replies_and_none_after_a_false_one(monkeypatch, executor, reply, handed):
    projections = []
    own = Auditor(executor.program)
    project = own.project
    monkeypatch.setattr(own, "project", lambda: (projections.append(1), project()))
    for _ in range(17):
        own.audit(PROMPT, reply, delivering(handed))
    assert len(projections) == 2
    with pytest.raises(WrongProducts):
        own.audit(PROMPT, reply, delivering(handed, (0, 0, lambda sums: sums.fill(0))))
    own.audit(PROMPT, reply, delivering(handed))
    assert len(projections) == 3


def test_a_program_whose_sums_could_be_too_large_is_refused(executor):
    layers = executor.program.layers
    numbers = layers.down.numbers.copy()
    numbers[0, 3, 1] = 7
    program = replace(executor.program, layers=replace(layers, down=replace(layers.down, numbers=numbers)))
    with pytest.raises(InputError, match="down: a row's multiplier is below 8: it cannot be checked"):
        Auditor(program)


@pytest.mark.parametrize(
    ("prompt", "reply", "said"),
    [([], [1], "no token was given"), ([1], [SIZES.tokens, 1], "tokens go from 0"), ([1], [1] * 99, "context has 80")],
)
def test_ids_that_the_model_has_not_are_refused(auditor, prompt, reply, said):
    with pytest.raises(UsageError, match=said):
        auditor.audit(prompt, reply, delivering([]))


def test_a_projection_is_the_sum_of_rows_times_numbers():
    random = np.random.default_rng(18)
    weights = random.integers(-127, 128, (48, 96)).astype(np.int8)
    scales = random.integers(-32_767, 32_768, (48, 3, 2)).astype(np.int16)
    numbers = drawn(48)
    whole = weights.astype(object) * np.repeat(scales[..., 0], 32, 1).astype(object) + np.repeat(
        scales[..., 1], 32, 1
    ).astype(object)
    found = projected(weights, scales, numbers)
    assert found.tolist() == [
        sum(int(a) * int(b) for a, b in zip(numbers, whole[:, k], strict=True)) % PRIME for k in range(96)
    ]
    lanes = random.integers(-8_191, 8_192, (5, 96)).astype(np.int16)
    sums = (lanes.astype(object) @ whole.T).astype(np.int64)
    assert first_difference(lanes, sums, *halves(found), numbers) == -1
