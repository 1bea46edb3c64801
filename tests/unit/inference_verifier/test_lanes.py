"""One lane of each operator: an honest one is never proof of a wrong answer, each single wrong one is."""

from __future__ import annotations

import random
import re

import pytest

from ethwire.errors import Revert
from keifu.spec import inference_calls as checks
from keifu.spec.inference_model import run
from keifu.spec.inference_openings import NO_LANES, NO_ROW, Openings
from tests.profiles import DEEP
from tests.unit.inference_verifier.conftest import LAST, LAYER, POSITION

# Group, slot, lanes.
OPERATORS = [
    (0, 1, 128), (LAYER, 1, 128), (LAYER, 2, 128), (LAYER, 3, 64), (LAYER, 4, 64), (LAYER, 5, 128), (LAYER, 6, 64),
    (LAYER, 10, 128), (LAYER, 11, 128), (LAYER, 12, 192), (LAYER, 13, 192), (LAYER, 14, 192), (LAYER, 15, 128),
    (LAST, 1, 128),
]  # fmt: skip
SAMPLE = 6
SOFTMAX, ATTENDED, GATED = 8, 9, 14


def refused(reason):
    return pytest.raises(Revert, match=f"inference_verifier: {re.escape(reason)}$")


def sample(group, slot, lanes):
    """Some lanes, and all of them in `make fuzz-deep`."""
    if DEEP:
        return range(lanes)
    return sorted({0, 1, lanes - 1, *random.Random(group * 16 + slot).sample(range(lanes), SAMPLE)})


def lane_of(opened, group, slot, lane):
    return opened.trace.records[POSITION][group][slot][lane]


@pytest.mark.parametrize(("group", "slot", "lanes"), OPERATORS)
def test_vrf_1_an_honest_lane_is_no_proof(verdict, opened, group, slot, lanes):
    """VRF-1"""
    assert not any(verdict(checks.check(opened(group), slot, lane)) for lane in sample(group, slot, lanes))


@pytest.mark.parametrize(("group", "slot", "lanes"), OPERATORS)
def test_vrf_2_each_wrong_lane_is_proof(verdict, opened, group, slot, lanes):
    """VRF-2"""
    honest = opened(group)
    for lane in sample(group, slot, lanes):
        for more in (-1, 1):
            wrong = opened(group, [(slot, lane, lane_of(honest, group, slot, lane) + more)])
            assert verdict(checks.check(wrong, slot, lane))


@pytest.mark.parametrize("slot", [5, 6])
@pytest.mark.parametrize("position", [40, 63, 64, 64 + POSITION, 2**64])
def test_vrf_2_a_position_that_the_model_has_not(verdict, opened, slot, position):
    """VRF-2: it has angles of 40. Behind the 64th leaf of their tree a path leads to those of another position."""
    call = checks.check(opened(LAYER), slot, 3)
    claim = (*call.claim[:4], position, *call.claim[5:])
    assert verdict(call._replace(claim=claim))
    assert verdict(call._replace(claim=claim, rest=(NO_LANES, NO_LANES, NO_LANES, 3)))
    with refused("lane"):
        verdict(call._replace(claim=claim, rest=(NO_LANES, NO_LANES, NO_LANES, 128)))
    with refused("lanes"):  # it is there, and its angles are others
        verdict(call._replace(claim=(*call.claim[:4], 39, *call.claim[5:])))


def test_scores(verdict, opened):
    honest = opened(LAYER)
    for head in range(2):
        for place in range(POSITION + 1):
            assert not verdict(checks.check(honest, 7, head, place=place))
            lane = head * 32 + place
            wrong = opened(LAYER, [(7, lane, lane_of(honest, LAYER, 7, lane) - 1)])
            assert verdict(checks.check(wrong, 7, head, place=place))


@pytest.mark.parametrize("head", [0, 1])
def test_the_largest_score_and_its_place(verdict, opened, head):
    honest = opened(LAYER)
    largest, where = (lane_of(honest, LAYER, SOFTMAX, 4 * head + n) for n in (0, 1))
    places = range(POSITION + 1)
    assert not any(verdict(checks.maximum(honest, SOFTMAX, head, place)) for place in places)
    others = [place for place in (where - 1, where + 1, -1, POSITION + 1) if place != where]
    changes = [(0, largest - 1), (0, largest + 1), *((1, place) for place in others)]
    for lane, value in changes:
        wrong = opened(LAYER, [(SOFTMAX, 4 * head + lane, value)])
        assert any(verdict(checks.maximum(wrong, SOFTMAX, head, place)) for place in places)


def test_of_equal_scores_the_first_counts(verdict, opened):
    honest = opened(LAYER)
    largest, where = (lane_of(honest, LAYER, SOFTMAX, n) for n in (0, 1))
    other = 0 if where else 1
    both = [(7, other, largest)]
    first = opened(LAYER, [*both, (SOFTMAX, 1, min(where, other))])
    later = opened(LAYER, [*both, (SOFTMAX, 1, max(where, other))])
    assert not any(verdict(checks.maximum(first, SOFTMAX, 0, place)) for place in range(POSITION + 1))
    assert verdict(checks.maximum(later, SOFTMAX, 0, min(where, other)))


@pytest.mark.parametrize("head", [0, 1])
def test_the_sum_of_weights(verdict, opened, head):
    honest = opened(LAYER)
    assert not verdict(checks.total(honest, SOFTMAX, head))
    lane = 4 * head + 2
    wrong = opened(LAYER, [(SOFTMAX, lane, lane_of(honest, LAYER, SOFTMAX, lane) + 1)])
    assert verdict(checks.total(wrong, SOFTMAX, head))


def test_the_exponent_and_its_witness(verdict, opened):
    honest, lanes = opened(LAYER), range(192)
    exponent, witness = (lane_of(honest, LAYER, GATED, 192 + n) for n in (0, 1))
    assert exponent > 1
    assert not any(verdict(checks.exponent(honest, GATED, lane)) for lane in lanes)
    before = next(lane for lane in lanes if lane != witness)
    for changes in (
        [(192, exponent - 1)],
        [(192, exponent + 1)],
        [(192, 26)],
        [(192, -1)],
        [(193, before)],
        [(193, 191 if witness != 191 else 190)],
        [(193, 192)],
        [(192, 0)],
    ):
        wrong = opened(LAYER, [(GATED, lane, value) for lane, value in changes])
        assert any(verdict(checks.exponent(wrong, GATED, lane)) for lane in lanes), changes


def test_a_source_with_another_exponent_shows_in_the_residual(verdict, opened):
    honest = opened(LAYER)
    exponent = lane_of(honest, LAYER, GATED, 192)
    wrong = opened(LAYER, [(GATED, 192, exponent - 1)])
    assert verdict(checks.check(wrong, 15, 0))


def test_another_token_wins(verdict, opened):
    honest = opened(LAST)
    chosen = lane_of(honest, LAST, 2, 0)
    assert not any(verdict(checks.check(honest, 2, better)) for better in range(96))
    wrong = opened(LAST, [(2, 0, (chosen + 1) % 96)])
    assert verdict(checks.check(wrong, 2, chosen))
    assert verdict(checks.check(opened(LAST, [(2, 0, 96)]), 2, 0))
    assert verdict(checks.check(opened(LAST, [(2, 0, -1)]), 2, 0))


@pytest.mark.parametrize("number", [96, 97, 127, 128, 128 + 3, 2**31 - 1, -1, -(2**31)])
def test_vrf_2_an_id_that_is_no_token(verdict, opened, number):
    """VRF-2: nobody has a row for it, so an embedding of it is wrong whatever its lanes are."""
    o = opened(0, [(0, 0, number)])
    call = checks.check(opened(0), 1, 3)._replace(claim=o.claim())
    assert verdict(call._replace(rest=(o.lanes(0, 0), NO_ROW, NO_LANES, 3)))
    with refused("lane"):
        verdict(call._replace(rest=(o.lanes(0, 0), NO_ROW, NO_LANES, 128)))
    with refused("lanes"):  # the record has another id
        verdict(call._replace(rest=(opened(0).lanes(0, 0), NO_ROW, NO_LANES, 3)))


@pytest.mark.parametrize("number", [0, 95])
def test_vrf_1_the_first_and_the_last_token(verdict, world, number):
    """VRF-1"""
    published, _ = world
    o = Openings(published, run(published.program, [number]), 0, 0)
    assert not any(verdict(checks.check(o, 1, lane)) for lane in (0, 127))


def test_another_token_s_row_is_none_of_the_id(opened, verdict):
    call = checks.check(opened(0), 1, 0)
    other = opened(0).row(1, 8)
    with pytest.raises(Exception, match="inference_verifier: row"):
        verdict(call._replace(rest=(call.rest[0], other, *call.rest[2:])))
