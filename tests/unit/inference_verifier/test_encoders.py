"""One lane of each operator of a model that makes vectors: an honest one is never proof, each single wrong one is."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import accumulate

import pytest

from audit.tiny_encoder import SIZES, tiny
from benchmarks.encoder_shapes import calls as of_minilm
from keifu.spec import inference as arithmetic
from keifu.spec import inference_calls as checks
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL
from keifu.spec.inference_calls import Call, alone
from keifu.spec.inference_model import Operator, run
from keifu.spec.inference_openings import NO_LANES, Openings, Published, packed_sums
from keifu.spec.inference_trees import BLOCKS_8, ROWS_8

COUNT, AT = 35, 12
LAYER, LAST = 1, 3
SOFTMAX, ATTENDED, POOLED = 6, 7, 2
# Group, slot and lanes: place, LayerNorms, sums, a table.
OPERATORS = [(0, 2, 128), (LAYER, 1, 128), (LAYER, 9, 128), (LAYER, 10, 128), (LAYER, 12, 192), (LAYER, 14, 128),
             (LAST, 1, 128)]  # fmt: skip


@pytest.fixture(scope="module", params=[ROWS_8, BLOCKS_8])
def text(request):
    published = Published.of(tiny(request.param, positions=COUNT))
    ids = [(number * 7 + 3) % SIZES.tokens for number in range(COUNT)]
    return published, run(published.program, ids, COUNT - 1)


def opened(text, group, changes=(), position=AT):
    """Openings at a position; `changes` are slot, lane and by how much it is larger."""
    published, trace = text
    records = [list(groups) for groups in trace.records]
    records[position][group] = [list(tensor) for tensor in records[position][group]]
    for slot, lane, more in changes:
        records[position][group][slot][lane] += more
    return Openings(published, replace(trace, records=records), position, group)


def refused(reason):
    return pytest.raises(Exception, match=f"inference_verifier: {reason}$")


def sample(lanes):
    return sorted({0, 1, lanes - 1, *random.Random(lanes).sample(range(lanes), 3)})


@pytest.mark.parametrize(("group", "slot", "lanes"), OPERATORS)
def test_vrf_1_an_honest_lane_is_no_proof(verdict, text, group, slot, lanes):
    """VRF-1"""
    assert not any(verdict(checks.check(opened(text, group), slot, lane)) for lane in sample(lanes))


@pytest.mark.parametrize(("group", "slot", "lanes"), OPERATORS)
@pytest.mark.parametrize("by", [-1, 1])
def test_vrf_2_each_wrong_lane_is_proof(verdict, text, group, slot, lanes, by):
    """VRF-2"""
    assert all(verdict(checks.check(opened(text, group, [(slot, lane, by)]), slot, lane)) for lane in sample(lanes))


@pytest.mark.parametrize("width", [1, 33, 384, 1_024])
@pytest.mark.parametrize("law", ["lot", "largest", "alike", "least"])
def test_vrf_2_norms_of_all_sizes(verdict, width, law):
    """VRF-2: also of lanes at their bounds, and of equal ones, whose variance is 0."""
    chance = random.Random(width)
    given = {
        "lot": [chance.randint(-LARGEST_RESIDUAL, LARGEST_RESIDUAL) for _ in range(width)],
        "largest": [chance.choice((LARGEST_RESIDUAL, -LARGEST_RESIDUAL)) for _ in range(width)],
        "alike": [-LARGEST_RESIDUAL] * width,
        "least": [chance.randint(-1, 1) for _ in range(width)],
    }[law]
    gains = [chance.randint(-(2**30), 2**30) for _ in given]
    biases = [chance.randint(-LARGEST, LARGEST) for _ in given]
    sizes = {"width": width, "height": width, "multiplier": 1, "shift": 27}
    norm = Operator("layer_norm", lanes=gains, more=biases, **sizes)
    made = arithmetic.layer_norm(given, gains, biases, 27, 1)
    for lane in {0, width // 2, width - 1}:
        assert not verdict(checks.check(alone([norm], [given, made]), 1, lane))
        other = [*made[:lane], made[lane] + 1, *made[lane + 1 :]]
        assert verdict(checks.check(alone([norm], [given, other]), 1, lane))


def test_a_norm_of_more_lanes_than_a_call_computes(verdict):
    width = 1_056
    norm = Operator("layer_norm", width=width, height=width, multiplier=1, shift=1, lanes=[1] * width, more=[0] * width)
    with refused("part"):
        verdict(checks.check(alone([norm], [[0] * width] * 2), 1, 0))


def of_table(entries, x, made):
    """Slot 1 has 16 bits, slot 2 is the table's."""
    pair = [Operator("bounded", height=1), Operator("table", 1, width=1, height=1, lanes=entries)]
    return alone(pair, [[0], [x], [made]])


@pytest.mark.parametrize("x", [-8_192, -8_191, -1, 0, 63, 64, 8_191])
def test_vrf_2_entries_of_a_table(verdict, x):
    """VRF-2"""
    chance = random.Random(18)
    entries = [chance.randint(-LARGEST, LARGEST) for _ in range(16_384)]
    assert not verdict(checks.check(of_table(entries, x, entries[x + 8_192]), 2, 0))
    assert verdict(checks.check(of_table(entries, x, entries[x + 8_192] - 1), 2, 0))


@pytest.mark.parametrize("x", [-32_768, -8_193, 8_192, 32_767])
def test_a_source_that_the_table_has_no_entry_for(verdict, x):
    entries = [0] * 16_384
    right, wrong = checks.check(of_table(entries, 0, 0), 2, 0), of_table(entries, x, 0)
    call = Call("tabled", wrong.claim(), right.descriptor, (wrong.lanes(1, 0), right.rest[1], wrong.lanes(2, 0), 0))
    with refused("entry"):
        verdict(call)


@pytest.mark.parametrize("position", [COUNT, 64, 2**64])
def test_vrf_2_a_position_that_the_table_of_places_has_not(verdict, text, position):
    """VRF-2: nobody reads a longer text, so a trace of one is wrong whatever is in it; the last position is not."""
    call = checks.check(opened(text, 0), 2, 5)
    assert verdict(call._replace(claim=(*call.claim[:4], position, *call.claim[5:])))
    last = checks.check(opened(text, 0, (), COUNT - 1), 2, 5)
    assert not verdict(last)
    nothing = call._replace(claim=(*call.claim[:4], position, *call.claim[5:]), rest=(NO_LANES, NO_LANES, NO_LANES, 0))
    assert verdict(nothing)
    with refused("lane"):
        verdict(nothing._replace(rest=(NO_LANES, NO_LANES, NO_LANES, SIZES.width)))


def test_another_position_s_place(verdict, text):
    o = opened(text, 0)
    x, _, out, lane = checks.check(o, 2, 5).rest
    other = replace(o, position=AT + 1).table(2, (AT + 1) * SIZES.width // 32)
    with refused("lanes"):
        verdict(Call("placed", o.claim(), o.descriptor(2), (x, other, out, lane)))


# attention that sees all positions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0, AT, COUNT - 1])
@pytest.mark.parametrize("place", [0, AT, AT + 1, COUNT - 1])
def test_vrf_2_scores_of_positions_before_and_behind(verdict, text, position, place):
    """VRF-2"""
    assert not verdict(checks.check(opened(text, LAYER, (), position), 5, 1, place=place))
    wrong = opened(text, LAYER, [(5, 64 + place, -1)], position)
    assert verdict(checks.check(wrong, 5, 1, place=place))


def test_a_score_of_a_position_that_is_not_there(verdict, text):
    call = checks.check(opened(text, LAYER), 5, 1, place=COUNT - 1)
    with refused("lane"):
        verdict(call._replace(rest=(*call.rest[:-1], COUNT)))


@pytest.mark.parametrize("head", [0, 1])
def test_vrf_2_the_largest_score_of_all_positions(verdict, text, head):
    """VRF-2"""
    honest = opened(text, LAYER)
    places = range(COUNT)
    assert not any(verdict(checks.maximum(honest, SOFTMAX, head, place)) for place in places)
    where = honest.trace.records[AT][LAYER][SOFTMAX][4 * head + 1]
    for lane, more in ((0, 1), (0, -1), (1, -where - 1), (1, COUNT - where), (1, 1 if where < COUNT - 1 else -1)):
        wrong = opened(text, LAYER, [(SOFTMAX, 4 * head + lane, more)])
        assert any(verdict(checks.maximum(wrong, SOFTMAX, head, place)) for place in places)


def terms_of(o, slot, lane):
    """Those of a mean, of a softmax's total, or of a weighted sum."""
    if slot == POOLED:
        return [groups[LAST][1][lane] for groups in o.trace.records]
    record, head = o.trace.records[o.position][LAYER], lane if slot == SOFTMAX else lane // 64
    operator, largest = o.operator(SOFTMAX), record[SOFTMAX][4 * head]
    line = record[5][64 * head :][:COUNT]
    weights = [arithmetic.exp2n(((largest - score) * operator.multiplier) >> operator.shift) for score in line]
    if slot == SOFTMAX:
        return weights
    return [w * groups[LAYER][4][lane] for w, groups in zip(weights, o.trace.records, strict=True)]


def asked(o, slot, lane, sums, part, **claim):
    shown, is_total = (sums, part), part == len(sums) // 8
    named = o.claim(sums, **claim)
    if slot == SOFTMAX:
        return checks.total(o, slot, lane, shown, named)
    place = 0 if is_total else claim.get("first", 0) + part
    call = checks.check(o, slot, lane, place=place)
    if slot == POOLED:
        return call._replace(claim=named, rest=(NO_LANES if is_total else call.rest[0], call.rest[1], lane, shown))
    opened_ones = (NO_LANES, call.rest[1], NO_LANES) if is_total else call.rest[:3]
    return call._replace(claim=named, rest=(*opened_ones, call.rest[3], lane, shown))


SUMMED = [(LAYER, SOFTMAX, 1), (LAYER, ATTENDED, 66), (LAST, POOLED, 9), (LAST, POOLED, 127)]


@pytest.mark.parametrize(("group", "slot", "lane"), SUMMED)
def test_vrf_3_totals_over_all_positions(verdict, text, group, slot, lane):
    """VRF-3"""
    o = opened(text, group)
    terms = terms_of(o, slot, lane)
    sums = packed_sums([sum(terms[:32]), sum(terms)])
    assert not verdict(asked(o, slot, lane, sums, 2, stride=32))
    at = 4 * lane + 2 if slot == SOFTMAX else lane
    assert verdict(asked(opened(text, group, [(slot, at, 1)]), slot, lane, sums, 2, stride=32))
    for fewer in ([sum(terms)], [0, 0, sum(terms)]):
        with refused("sums"):
            verdict(asked(o, slot, lane, packed_sums(fewer), len(fewer), stride=32))


@pytest.mark.parametrize(("group", "slot", "lane"), SUMMED[1:])
def test_vrf_3_terms_behind_the_position(verdict, text, group, slot, lane):
    """VRF-3: single terms from the 33rd on."""
    o = opened(text, group)
    terms = terms_of(o, slot, lane)
    base, fine = sum(terms[:32]), list(accumulate(terms))[32:]
    claim = {"base": base, "first": 32, "stride": 1}
    assert not any(verdict(asked(o, slot, lane, packed_sums(fine), part, **claim)) for part in range(3))
    fine[1] += 1
    assert [verdict(asked(o, slot, lane, packed_sums(fine), part, **claim)) for part in range(3)] == [
        False, True, True
    ]  # fmt: skip
    with refused("part"):
        beyond = asked(o, slot, lane, packed_sums([*fine, 0]), 2, **claim)
        verdict(beyond._replace(rest=(*beyond.rest[:-1], (packed_sums([*fine, 0]), 3))))


@pytest.mark.parametrize(("group", "slot", "lane"), SUMMED)
def test_all_positions_are_not_added_up_at_once(verdict, text, group, slot, lane):
    o = opened(text, group)
    with refused("part"):
        verdict(checks.total(o, slot, lane) if slot == SOFTMAX else checks.check(o, slot, lane))


def test_operators_of_minilm_s_sizes_are_judged_rightly(verdict):
    assert [name for name, call in of_minilm() if verdict(call)] == []
