"""Operators that go over pictures: an honest lane is no proof, each single wrong one is, whatever its window meets."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from audit.picture_shapes import SLOT, WINDOWS, bounds, convolution, pooling
from ethwire.errors import Revert
from keifu.inference.disputes.provider import running
from keifu.spec import inference_calls as checks
from keifu.spec.inference import Window
from keifu.spec.inference_openings import packed_sums
from tests.profiles import DEEP

SAMPLE = 6
ONE_PART = [name for name in WINDOWS if name not in ("parts", "long line", "long")]
POOLS = [
    Window((6, 6, 3), 3, (2, 2), (2, 2)),
    Window((5, 7, 40), 8, (2, 2), (1, 1), (1, 1)),
    Window((4, 4, 70), 2, (1, 4), (1, 2), (0, 1), low=-100, high=5_000),
]
WIDE = [Window((5, 7, 40), 4, (3, 3), (2, 2), (0, 1)), Window((4, 8, 5), 1, (4, 8), (1, 1))]
OTHERS = [pooling(window) for window in POOLS] + [bounds(0, 8_191), bounds(-50, 60, 64)]


def wrongly(o, lane, by):
    """The same openings of a record in which one lane is another."""
    record = [list(tensor) for tensor in o.trace.records[0][0]]
    record[SLOT][lane] += by
    return replace(o, trace=replace(o.trace, records=[[record, *o.trace.records[0][1:]]]))


def sample(o):
    lanes = o.operator(SLOT).height
    if DEEP or lanes < SAMPLE:
        return range(lanes)
    return sorted({0, 1, lanes - 1, *random.Random(lanes).sample(range(lanes), SAMPLE)})


def judged(verdict, o):
    """No honest lane is proof, and each wrong one is."""
    for lane in sample(o):
        assert not verdict(checks.check(o, SLOT, lane)), lane
        for by in (-1, 1):
            assert verdict(checks.check(wrongly(o, lane, by), SLOT, lane)), (lane, by)


@pytest.mark.parametrize("name", ONE_PART)
def test_vrf_2_convolutions(verdict, name):
    """VRF-1, VRF-2"""
    judged(verdict, convolution(name))


@pytest.mark.parametrize("o", OTHERS)
def test_vrf_2_largest_of_a_window_and_bounds(verdict, o):
    """VRF-1, VRF-2"""
    judged(verdict, o)


def in_parts(o, lane, sums, part):
    return checks.summed(o, SLOT, lane, o.claim(sums, stride=1), (sums, part))


@pytest.mark.parametrize(
    "o", [*map(convolution, ("parts", "long line", "long", "steps")), *map(pooling, WIDE)]
)  # fmt: skip
def test_vrf_3_long_windows_in_parts(verdict, o):
    """VRF-3: of running sums and of largest ones so far the wrong one is found, and a wrong total."""
    for lane in sample(o)[:3]:
        terms = running(o, SLOT, lane)
        sums = [sum(terms[: number + 1]) for number in range(len(terms))]
        assert len(sums) > 1
        for part in range(len(sums) + 1):
            assert not verdict(in_parts(o, lane, packed_sums(sums), part))
        for wrong in range(len(sums)):
            for by in (-1, 1):
                others = packed_sums([value + by * (at == wrong) for at, value in enumerate(sums)])
                assert verdict(in_parts(o, lane, others, wrong))
        assert verdict(in_parts(wrongly(o, lane, 1), lane, packed_sums(sums), len(sums)))


@pytest.mark.parametrize("o", [convolution("long"), *map(pooling, WIDE)])
def test_vrf_3_a_long_window_is_not_looked_at_at_once(verdict, o):
    """VRF-3"""
    with refused("part"):
        verdict(in_parts(o, 0, packed_sums([1, 2, 3]), 0)._replace(claim=o.claim()))


@pytest.mark.parametrize("o", [convolution("long"), pooling(WIDE[1])])
@pytest.mark.parametrize("part", [32, 33, 40])
def test_vrf_3_sums_that_there_are_not(verdict, o, part):
    """VRF-3: behind the last one, and behind those of a list."""
    call, count = in_parts(o, 0, packed_sums([1, 2, 3]), 0), part + 1
    sums = packed_sums([0] * min(count, 32))
    claim = o.claim(sums, first=part if count > 32 else 0, stride=1)
    with refused("part"):
        verdict(call._replace(claim=claim, rest=(*call.rest[:-1], (sums, 0 if count > 32 else part))))


@pytest.mark.parametrize("o", [convolution("long"), pooling(WIDE[1])])
def test_vrf_1_other_sums_than_the_provider_showed(verdict, o):
    """VRF-1: a caller brings the sums along; they are those that the claim names, whatever part is asked about."""
    terms = running(o, SLOT, 0)
    sums = [sum(terms[: number + 1]) for number in range(len(terms))]
    for part in range(len(sums) + 1):
        call = in_parts(o, 0, packed_sums(sums), part)
        others = packed_sums([*sums[: part % len(sums)], 1 << 40, *sums[part % len(sums) + 1 :]])
        with refused("sums"):
            verdict(changed(call, -1, (others, part)))


def refused(reason):
    return pytest.raises(Revert, match=f"inference_verifier: {re.escape(reason)}$")


def changed(call, at, item):
    rest = list(call.rest)
    rest[at] = item
    return call._replace(rest=tuple(rest))


def test_vrf_1_strips_open_where_the_window_stands(verdict):
    """VRF-1: as many, as long, and of the picture, one behind the other."""
    call = checks.check(convolution("steps"), SLOT, 5)
    data, path = call.rest[1]
    for item, reason in (
        ((data[:-1], path), "strips"),
        ((data[:-128], path), "strips"),
        ((data + bytes(128), path), "strips"),
        ((data, path[:-1]), "path"),
        ((data, [*path, bytes(32)]), "path"),
        ((data, []), "path"),
        ((data, [bytes([7]) * 32, *path[1:]]), "lanes"),
        ((data, [*path[:-1], bytes([7]) * 32]), "lanes"),
        ((bytes([data[0] ^ 1]) + data[1:], path), "lanes"),
        ((data[128:] + data[:128], path), "lanes"),
    ):
        with refused(reason):
            verdict(changed(call, 1, item))


def test_vrf_1_a_row_of_another_channel(verdict):
    """VRF-1"""
    o = convolution("steps")
    with refused("row"):
        verdict(changed(checks.check(o, SLOT, 5), 0, o.row(SLOT, 2)))


def test_vrf_1_places_of_a_window(verdict):
    """VRF-1: all of them, and no more."""
    o = OTHERS[1]
    call = checks.check(o, SLOT, 5)
    places = call.rest[0]
    for item, reason in (
        (places[:-1], "places"),
        ([*places, places[0]], "places"),
        ([o.lanes(1, 3), *places[1:]], "lanes"),
        ([(places[0][0][:-1], places[0][1]), *places[1:]], "chunk"),
    ):
        with refused(reason):
            verdict(changed(call, 0, item))


@pytest.mark.parametrize("o", [convolution("edges"), OTHERS[0], OTHERS[3]])
def test_vrf_1_lanes_that_the_operator_does_not_make(verdict, o):
    """VRF-1"""
    call = checks.check(o, SLOT, 0)
    at = next(place for place, item in enumerate(call.rest) if isinstance(item, int))
    with refused("lane"):
        verdict(changed(call, at, o.operator(SLOT).height))
