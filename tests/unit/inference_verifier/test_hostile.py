"""Openings that nobody committed to: whatever is shown of an honest trace, it is no proof of a wrong answer."""

from __future__ import annotations

import random

from ethwire.errors import AbiError, Revert
from keifu.inference.disputes.provider import running
from keifu.spec import inference_calls as checks
from keifu.spec.inference_openings import packed_sums
from tests.profiles import DEEP
from tests.unit.inference_verifier.conftest import LAST, LAYER, POSITION

CALLS = 250_000 if DEEP else 2_500  # of each format and seed: a million, and ten thousand
SEEDS = 2
NUMBERS = [0, 1, 2, 3, 31, 32, 63, 64, 127, 128, 191, 192, 1_023, 1_024, 2**31, 2**32, 2**64, 2**255, 2**256 - 1]
SLOTS = [(LAYER, slot) for slot in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15)] + [(0, 1), (LAST, 1), (LAST, 2)]


def honest_calls(opened):
    """One of each kind, and some more."""
    found = []
    for group, slot in SLOTS:
        o = opened(group)
        lanes = 2 if o.operator(slot).type == "scores" else 60
        found += [checks.check(o, slot, lane) for lane in (0, lanes - 1) if (slot, lane) != (9, 0)]
    o = opened(LAYER)
    found += [checks.maximum(o, 8, head, place) for head in (0, 1) for place in (0, POSITION)]
    found += [checks.total(o, 8, head) for head in (0, 1)]
    found += [checks.exponent(o, 14, lane) for lane in (0, 100)]
    found += [summed(o, 8, head, (0, 1)[head]) for head in (0, 1)]
    found += [summed(o, 9, lane, part) for lane, part in ((3, 0), (66, 2), (66, POSITION + 1))]
    return [call for call in found if call.function != "attended" or call.claim[6] != bytes(32)]


def summed(o, slot, lane, part):
    """With what an honest provider shows of a lane's sums."""
    stride = 32 if slot == 8 else 1
    terms = running(o, slot, lane)
    sums = packed_sums([sum(terms[: at + stride]) for at in range(0, len(terms), stride)])
    claim = o.claim(sums, stride=stride)
    if slot == 8:
        return checks.total(o, slot, lane, (sums, part), claim)
    call = checks.check(o, slot, lane, place=min(part, POSITION))
    return call._replace(claim=claim, rest=(*call.rest[:-1], (sums, part)))


def changed(chance, value, others):
    """The same argument with one thing in it another."""
    if isinstance(value, (list, tuple)):
        if not value:
            return value
        items, place = list(value), chance.randrange(len(value))
        way = chance.randrange(5)
        if isinstance(value, list) and way == 0:
            del items[place]
        elif isinstance(value, list) and way == 1 and len(items) < 40:
            items.insert(place, chance.choice([bytes(32), *[item for item in items if isinstance(item, bytes)]]))
        else:
            items[place] = changed(chance, items[place], others)
        return type(value)(items)
    if isinstance(value, int):
        return chance.choice([*NUMBERS, value ^ 1, value + 1, chance.randrange(2**256)])
    if len(value) == 32 and chance.randrange(3):
        return chance.choice([bytes(32), chance.randbytes(32), chance.choice(others)])
    body = bytearray(value)
    if body:
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(body)


def words_of(value):
    if isinstance(value, bytes):
        return [value] if len(value) == 32 else []
    return [word for item in value for word in words_of(item)] if isinstance(value, (list, tuple)) else []


def hostile(chance, calls, others):
    """An honest call with some arguments changed, or taken from another."""
    call, donor = chance.choice(calls), chance.choice(calls)
    descriptor, rest = call.descriptor, list(call.rest)
    # Where it argues with sums, the dispute has fixed the operator's slot and the lane.
    is_fixed = call.claim[6] != bytes(32)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(-1, len(rest))
        if is_fixed and (place < 0 or isinstance(rest[place], int)):
            descriptor = descriptor if place >= 0 else changed(chance, descriptor, others)
        elif place < 0:
            descriptor = chance.choice([donor.descriptor, changed(chance, descriptor, others)])
        elif chance.randrange(2):
            alike = [item for item in donor.rest if shape(item) == shape(rest[place])]
            rest[place] = chance.choice(alike or [rest[place]])
        else:
            rest[place] = changed(chance, rest[place], others)
    return call._replace(descriptor=descriptor, rest=tuple(rest))


def shape(item):
    return tuple(type(part) for part in item) if isinstance(item, tuple) else type(item)


def test_vrf_1_no_opening_convicts_an_honest_provider(verdict, opened):
    """VRF-1"""
    calls = honest_calls(opened)
    others = [word for call in calls for word in words_of((call.claim, call.descriptor, call.rest))]
    refused = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        for _ in range(CALLS):
            call = hostile(chance, calls, others)
            try:
                assert not verdict(call), call
            except (Revert, AbiError):
                refused += 1
    assert refused > SEEDS * CALLS // 2  # that they are openings of something
