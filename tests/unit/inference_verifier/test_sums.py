"""Sums that no single call computes: their parts, the terms of attention, and the total."""

from __future__ import annotations

import pytest

from audit.tiny_model import Sizes, tiny
from benchmarks.inference_shapes import INNER, calls, long_norm, long_residual, parts_of
from keifu.spec import inference_calls as checks
from keifu.spec.inference import exp2n
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import NO_LANES, NO_LINES, Openings, Published, packed_sums

LAYER, SOFTMAX, ATTENDED = 1, 8, 9
LANE, RESIDUAL = 5, 3
POSITIONS = 40


def split(sums):
    return [int.from_bytes(sums[at : at + 8], "big", signed=True) for at in range(0, len(sums), 8)]


def with_sum(sums, number, more):
    values = split(sums)
    values[number] += more
    return packed_sums(values)


def linear(o, sums, part, changed=None):
    is_total = part == len(sums) // 8
    row, x = (o.row(RESIDUAL, LANE), NO_LINES) if is_total else o.products(RESIDUAL, LANE, part)
    rest = (row, x, o.lanes(3, 0), o.lanes(2, 0), o.lanes(1, INNER // 64), LANE, (sums, part))
    return Call("linear", changed or o.claim(sums, stride=1), o.descriptor(RESIDUAL), rest)


@pytest.mark.parametrize("layout", [0, 1, 2])
def test_vrf_3_products_in_parts(verdict, layout):
    """VRF-3"""
    o = long_residual(layout)
    sums = parts_of(o, RESIDUAL, LANE)
    assert len(split(sums)) == INNER // 128

    def found(shown):
        return [part for part in range(13) if verdict(linear(o, shown, part))]

    assert not found(sums)
    for number in range(11):
        assert found(with_sum(sums, number, 1)) == [number, number + 1]
    assert found(with_sum(sums, 11, -(2**40))) == [11, 12]
    o.trace.records[0][0][RESIDUAL][LANE] += 1
    assert found(sums) == [12]


def test_a_long_row_is_not_computed_at_once(verdict):
    o = long_residual(0)
    with pytest.raises(Exception, match="inference_verifier: part"):
        verdict(linear(o, parts_of(o, RESIDUAL, LANE), 0, o.claim()))


@pytest.mark.parametrize("width", [64, 576, 1_024])
def test_vrf_1_sums_of_squares_that_one_call_computes_are_not_heard(verdict, width):
    """VRF-1: those of residuals at their bound do not fit into 64 bits, so nobody could show them."""
    o = long_norm(width)
    call, sums = checks.check(o, 1, 5), parts_of(o, 1, 5)
    assert not verdict(call)
    for shown in (sums, with_sum(sums, 0, 1)):
        for part in (0, 1):
            with pytest.raises(Exception, match=r"inference_verifier: sums$"):
                verdict(call._replace(claim=o.claim(shown, stride=1), rest=(*call.rest[:-1], (shown, part))))


@pytest.mark.parametrize("width", [1_056, 1_088])
def test_squares(verdict, width):
    o = long_norm(width)
    lane, sums = width - 2, parts_of(o, 1, width - 2)
    gain, out = o.table(1, lane // 32), o.lanes(1, lane // 64)

    def squares(sums, part, out=out):
        claim, is_total = o.claim(sums, stride=1), part == len(sums) // 8
        row = o.lines(0, lane // 32, 0) if is_total else o.lines(0, part)
        return Call("norm", claim, o.descriptor(1), (row, gain, out, lane, (sums, part)))

    parts = len(split(sums))
    assert not any(verdict(squares(sums, part)) for part in range(parts + 1))
    assert verdict(squares(with_sum(sums, 0, 1), 0))
    o.trace.records[0][0][1][lane] -= 1
    assert verdict(squares(sums, parts, o.lanes(1, lane // 64)))


@pytest.fixture(scope="module")
def long_trace():
    program = tiny("rows", Sizes(positions=POSITIONS))
    trace = run(program, [(n * 7 + 3) % 96 for n in range(POSITIONS)])
    return Openings(Published.of(program), trace, POSITIONS - 1, LAYER)


def weights_of(o, head):
    record, operator = o.trace.records[o.position][LAYER], o.operator(SOFTMAX)
    largest = record[SOFTMAX][4 * head]
    line = record[7][head * 64 : head * 64 + POSITIONS]
    return [exp2n(((largest - score) * operator.multiplier) >> operator.shift) for score in line]


@pytest.mark.parametrize("head", [0, 1])
def test_weights_in_parts(verdict, long_trace, head):
    weights = weights_of(long_trace, head)
    sums = packed_sums([sum(weights[:32]), sum(weights)])

    def asked(sums, part):
        return checks.total(long_trace, SOFTMAX, head, (sums, part), long_trace.claim(sums, stride=32))

    assert not any(verdict(asked(sums, part)) for part in (0, 1, 2))
    assert [verdict(asked(with_sum(sums, 0, 1), part)) for part in (0, 1)] == [True, True]
    assert verdict(asked(with_sum(sums, 1, 1), 2))


@pytest.mark.parametrize("lane", [0, 63, 64, 127])
def test_terms_of_attention(verdict, long_trace, lane):
    head = lane // 64
    record, values = long_trace.trace.records, weights_of(long_trace, head)
    terms = [w * record[place][LAYER][4][lane % 64] for place, w in enumerate(values)]
    coarse, fine = packed_sums([sum(terms[:32]), sum(terms)]), [sum(terms[: place + 1]) for place in range(32, 40)]

    def term(sums, part):
        call = checks.check(long_trace, ATTENDED, lane, place=32 + part)
        claim = long_trace.claim(sums, sum(terms[:32]), 32, 1)
        return call._replace(claim=claim, rest=(*call.rest[:-1], (sums, part)))

    honest = packed_sums(fine)
    assert not any(verdict(term(honest, part)) for part in range(8))
    assert [verdict(term(with_sum(honest, 3, 1), part)) for part in range(8)] == [False] * 3 + [True, True] + [
        False
    ] * 3
    call = checks.check(long_trace, ATTENDED, lane)
    whole = call._replace(
        claim=long_trace.claim(coarse, stride=32), rest=(NO_LANES, call.rest[1], NO_LANES, *call.rest[3:5], (coarse, 2))
    )
    assert not verdict(whole)
    statistic = split(coarse)[1] + record[-1][LAYER][SOFTMAX][4 * head + 2] * 2
    wrong = packed_sums([split(coarse)[0], statistic])
    assert verdict(whole._replace(claim=long_trace.claim(wrong, stride=32), rest=(*whole.rest[:-1], (wrong, 2))))


@pytest.mark.parametrize(
    ("claim", "part"),
    [
        ({"stride": 16}, 0),  # another stride than the operator's
        ({"stride": 32, "first": 16}, 0),  # between two parts
        ({"stride": 32}, 3),  # behind the total
        ({"stride": 32, "base": 1}, 2),  # a total that does not begin at nothing
        ({"stride": 32, "first": 32}, 2),
    ],
)
def test_sums_of_another_shape_are_refused(verdict, long_trace, claim, part):
    sums = packed_sums([1, 2])
    call = checks.total(long_trace, SOFTMAX, 0, (sums, part), long_trace.claim(sums, **claim))
    with pytest.raises(Exception, match="inference_verifier: sums"):
        verdict(call)


def test_sums_that_the_claim_does_not_name_are_refused(verdict, long_trace):
    sums = packed_sums([1, 2])
    call = checks.total(long_trace, SOFTMAX, 0, (packed_sums([1, 3]), 0), long_trace.claim(sums, stride=32))
    with pytest.raises(Exception, match="inference_verifier: sums"):
        verdict(call)


def test_operators_of_smollm2_s_sizes_are_judged_rightly(verdict):
    assert [name for name, call in calls(tokens=64) if verdict(call)] == []
