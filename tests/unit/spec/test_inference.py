"""Token models of integers: the vectors are those of the slow reference, and its arithmetic means what it should."""

from __future__ import annotations

from math import exp, log2, sqrt

import pytest

from audit.tiny_model import FORMATS, Sizes, tiny
from keifu.spec import inference as arithmetic
from keifu.spec import inference_trees as trees
from keifu.spec.inference import LARGEST, Row
from keifu.spec.inference_model import BITS, TYPES, descriptor_of, program_leaves, program_root, run
from tests.conformance.inference import VECTORS, written

SIZES = Sizes(positions=4)


@pytest.fixture(scope="module", params=sorted(FORMATS))
def trace(request):
    return run(tiny(request.param, SIZES), [3, 1, 4])


def test_the_vectors_are_the_reference_s():
    assert VECTORS.read_text(encoding="utf-8") == written()


def test_exp2n_is_close_to_the_power():
    for d in range(0, 4 * 65_536, 997):
        assert abs(arithmetic.exp2n(d) - 65_536 * 2 ** (-d / 65_536)) < 10
    assert arithmetic.exp2n(17 * 65_536) == 0


def test_a_norm_divides_by_the_root_of_the_mean_square():
    h = [3_000 * (-1) ** i * (i + 1) for i in range(64)]
    mean = sum(x * x for x in h) / len(h)
    found = arithmetic.rms_norm(h, [2**20] * 64, 22, 0, LARGEST)
    assert found == pytest.approx([x / sqrt(mean) * 2**12 for x in h], abs=1)


def test_gated_is_silu_times_u():
    multiplier = round(log2(exp(1)) * 65_536 / 1_000 * 1_024)  # g has 1,000 to one
    for g in (-9_000, -1_000, -1, 0, 1, 1_000, 9_000):
        x = g / 1_000
        assert arithmetic.gated(g, 3, multiplier, 10) == pytest.approx(x / (1 + exp(-x)) * 256_000 * 3, abs=300)


def test_the_exponent_is_the_least_and_its_witness_the_first():
    assert arithmetic.exponent_of([5, -8_191]) == ([5, -8_191], 0, 0)
    assert arithmetic.exponent_of([5, -8_192, 9_000]) == ([3, -4_096, 4_500], 1, 1)
    assert arithmetic.exponent_of([8_191 * 2 + 1])[0] == [8_191]  # rounded up, then clipped


def test_statistics_name_the_first_of_equals():
    assert arithmetic.softmax([1, 7, 7], 1, 1)[:2] == (7, 1)
    assert arithmetic.token([Row([1], 1, 1)] * 3, [5]) == 0


def test_blocks_say_what_their_scales_say():
    row = Row([1] * 32 + [2] * 32, 1, 1, 0, [(3, 5), (7, 11)])
    x = list(range(64))
    low, high = sum(x[:32]), sum(x[32:])
    assert arithmetic.dot(row, x) == 3 * low + 5 * low + 7 * 2 * high + 11 * high
    assert arithmetic.dot(row, x) == arithmetic.dot(row, x[:32]) + arithmetic.dot(row, x[32:], 32)


def test_the_seed_draws_the_token():
    rows, x, noise = [Row([n], 1, 1) for n in range(8)], [1], [n * 997 % 4_096 for n in range(4_096)]
    seen = {arithmetic.sampled(rows, x, 1, 1, noise, (bytes(32), position)) for position in range(32)}
    assert len(seen) > 3
    assert arithmetic.sampled(rows, x, 1, 10_000, noise, (bytes(32), 5)) >= 6  # sharp: noise hardly matters


def test_a_function_of_one_lane_is_a_table():
    assert arithmetic.table(list(range(16_384)), [-8_192, 0, 8_191]) == [0, 8_192, 16_383]


def test_a_layer_norm_takes_the_mean_away():
    found = arithmetic.layer_norm([1_005, 995] * 32, [2**20] * 64, [7] * 64, 22, 0)
    assert found == pytest.approx([4_096 + 7, -4_096 + 7] * 32, abs=1)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 18])
def test_every_path_leads_to_the_root(count):
    leaves = [bytes([number]) * 32 for number in range(count)]
    for index in range(count):
        found, place = leaves[index], index
        for beside in trees.path(leaves, index):
            found, place = trees.node(*((beside, found) if place & 1 else (found, beside))), place >> 1
        assert found == trees.tree(leaves)


def test_a_row_never_has_the_length_of_a_node():
    lengths = {len(trees.row_leaf(0, Row([1] * count, 1, 1), trees.ROWS_8)) for count in (64, 1_024, 1_088)}
    assert lengths == {65, 97}


def test_descriptors_have_96_bytes_and_each_its_own_place(trace):
    leaves = program_leaves(trace.program)
    assert len(leaves) == len(trace.program) * trees.SLOTS
    assert len(descriptor_of(trace.program, 1, 3)) == 96
    assert program_root(trace.program) == trees.tree(leaves)


def test_lanes_stay_within_their_bits(trace):
    for record in trace.records:
        for group, tensors in enumerate(record):
            for slot, lanes in enumerate(tensors):
                assert max(map(abs, lanes)) < 1 << (trace.bits(group, slot) - 1)


def test_a_position_depends_on_those_before_it_alone(trace):
    assert run(trace.program, [3, 1, 4, 1]).records[:3] == trace.records
    assert run(trace.program, [9, 1]).records[1] != trace.records[1]


def test_every_type_has_its_bits():
    assert BITS.keys() == TYPES.keys()
