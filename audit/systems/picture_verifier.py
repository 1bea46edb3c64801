"""PictureVerifier: a lane is wrong where the specification in Python says so, whatever window it is seen through;
strips and places have to be those of the window, as many and as long as it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from operator import add
from random import Random
from typing import Any

from audit.picture_shapes import SLOT, bounds, of_window, pooling
from audit.systems._verified import Verdicts, changed
from audit.systems.inference_verifier import WRONG, spoil
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.spec import inference as arithmetic
from keifu.spec import inference_calls as calls
from keifu.spec.inference import Window
from keifu.spec.inference_openings import NO_LINES, Openings, packed_sums
from keifu.spec.inference_trees import CHUNK_BYTES, PART

__all__ = ["PictureVerifiers"]

SHAPES = range(40)  # of each kind, drawn by lot
MORE = (0, 0, 1, -1, 1, -1, 77, -301)
SPOILT = ("group", "descriptor", "word", "other type", "flip", "cut", "longer", "path", "path flip", "lane", "leaf",
          "leaf cut", "part")  # fmt: skip
MISSHAPEN = ("fewer", "more", "turned", "cut", "path", "longer", "flip", "node")
MAX_PRODUCTS, MAX_PLACES, MAX_SUMS = 3_000, 32, 32
AT_ONCE, STRIPS_BYTES, STRIPS_PATH = 4, 2_304, 48  # places, bytes and nodes of one call


@cache
def convolved(number: int) -> Openings:
    """Pictures, kernels, steps and edges of all proportions; every fourth one is a dense layer."""
    random = Random(number)  # noqa: S311 - must repeat
    low = random.choice((0, -8_191, -100))
    while True:
        source = (1, 1, random.randint(1, MAX_PRODUCTS)) if number % 4 == 0 else _picture(random)
        window = _over(random, source, random.randint(-8_191, 8_191), low)
        if window.kernel[0] * window.kernel[1] * source[2] <= MAX_PRODUCTS:
            return of_window(window, random.randint(2, 5))


@cache
def pooled(number: int) -> Openings:
    random = Random(number)  # noqa: S311 - must repeat
    while True:
        window = _over(random, _picture(random), 0, -8_191)
        tall, wide = window.kernel
        # Each window has something of the picture.
        if tall * wide <= MAX_PLACES and window.padding[0] < tall and window.padding[1] < wide:
            return pooling(window)


def _picture(random: Random) -> tuple[int, int, int]:
    return random.randint(1, 9), random.randint(1, 9), random.choice((1, 2, 3, 8, 33, 64, 100))


def _over(random: Random, source: tuple[int, int, int], zero: int, low: int) -> Window:
    height, width, _ = source
    padding = (random.randint(0, 2), random.randint(0, 2)) if height * width > 1 else (0, 0)
    kernel = (
        random.randint(1, min(6, height + 2 * padding[0])),
        random.randint(1, min(6, width + 2 * padding[1])),
    )
    stride = (random.randint(1, 3), random.randint(1, 3))
    # As much is added on the right as on the left, as `of_window` adds it below.
    across = (width + 2 * padding[1] - kernel[1]) // stride[1] + 1
    return Window(source, across, kernel, stride, padding, zero, low, 8_191)


@cache
def within(number: int) -> Openings:
    random = Random(number)  # noqa: S311 - must repeat
    low, high = sorted((random.randint(-8_191, 8_191), random.randint(-8_191, 8_191)))
    return bounds(low, high, random.randint(1, 300))


KINDS = {"convolved": convolved, "largest": pooled, "bounded": within}


class PictureVerifiers(Verdicts):
    """One lane at a time, of right pictures and of wrong ones."""

    contracts = ("PictureVerifier",)
    actors = ("challenger",)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        self.bind(pictures=evm.deploy("PictureVerifier", sender=evm.account("deployer")))

    # lanes ------------------------------------------------------------------------------------------------------------

    @action("", Choice(tuple(KINDS)), Choice(SHAPES), Amount(1 << 14), Choice(MORE), Choice((0, 0, 1)), weight=14)
    def lane(self, who: str, kind: str, number: int, lane: int, more: int, source: int) -> Steps:
        """VRF-1, VRF-2: the lane is another one, or what it was computed from is."""
        o = KINDS[kind](number)
        lane %= o.operator(SLOT).height
        at = lane % len(o.trace.records[0][0][1])
        o = changed(o, [(1, at, more) if source else (SLOT, lane, more)])
        if not fits(o, lane):
            if kind == "largest" or o.operator(SLOT).width > PART:
                at_once = calls.summed(o, SLOT, lane, o.claim(), (bytes(8), 0))
                yield self.called(at_once, fails="inference_verifier: part")
            return
        yield from self.says(calls.check(o, SLOT, lane), o.trace.records[0][0][SLOT][lane] != right(o, lane), "VRF-2")

    @action("", Choice(("convolved", "convolved", "largest")), Choice(SHAPES), Amount(1 << 14), Amount(33),
            Choice((0, 0, 1, -1)), Choice((0, 0, 1, -1)), Choice((0, 1, -1)), weight=8)  # fmt: skip
    def part(self, who: str, kind: str, number: int, lane: int, part: int, more: int, before: int, wrong: int) -> Steps:
        """VRF-3: one of the sums that were shown is wrong, or the one before it, or the lane is."""
        o = KINDS[kind](number)
        lane %= o.operator(SLOT).height
        o = changed(o, [(SLOT, lane, wrong)])
        terms = covered(o, lane) if kind == "largest" else products(o, lane)
        sums = list(accumulate(terms, max if kind == "largest" else add))
        part %= len(sums) + 1
        if part < len(sums):
            sums[part] += more
            if part:
                sums[part - 1] += before
            joined = max if kind == "largest" else add
            wanted = sums[part] != (joined(sums[part - 1], terms[part]) if part else terms[part])
        else:
            wanted = o.trace.records[0][0][SLOT][lane] != right(o, lane)
        shown = packed_sums(sums)
        yield from self.says(calls.summed(o, SLOT, lane, o.claim(shown, stride=1), (shown, part)), wanted, "VRF-3")

    @action("", Choice(("convolved", "largest")), Choice(SHAPES), Amount(1 << 14), weight=3, always_reverts=True)
    def sum_behind_the_last(self, who: str, kind: str, number: int, lane: int) -> Steps:
        """VRF-3: a list with more sums than the lane has terms shows nothing."""
        o = KINDS[kind](number)
        lane %= o.operator(SLOT).height
        terms = covered(o, lane) if kind == "largest" else products(o, lane)
        if len(terms) < MAX_SUMS:
            sums = packed_sums([0] * (len(terms) + 1))
            call = calls.summed(o, SLOT, lane, o.claim(sums, stride=1), (sums, 0))
            call = call._replace(rest=(*call.rest[:-1], (sums, len(terms))))
            yield self.called(call, fails="inference_verifier: part")

    # what is shown ----------------------------------------------------------------------------------------------------

    @action("", Choice(tuple(KINDS)), Choice(SHAPES), Amount(1 << 14), Choice(SPOILT), Amount(1 << 16), weight=8,
            always_reverts=True)  # fmt: skip
    def spoilt(self, who: str, kind: str, number: int, lane: int, how: str, chance: int) -> Steps:
        """VRF-1: what was not committed there opens nothing, and says why."""
        o = KINDS[kind](number)
        lane %= o.operator(SLOT).height
        if not fits(o, lane):
            return
        call = calls.check(o, SLOT, lane)
        strips = call.rest[1]
        if kind == "convolved":  # whose strips are another action's
            call = call._replace(rest=(call.rest[0], NO_LINES, *call.rest[2:]))
        other, reason = spoil(call, how, Random(chance))  # noqa: S311 - must repeat
        if kind == "convolved":
            other = other._replace(rest=(other.rest[0], strips, *other.rest[2:]))
        if reason:
            yield self.called(other, fails=f"inference_verifier: {reason}")

    @action("", Choice(("convolved", "largest")), Choice(SHAPES), Amount(1 << 14), Choice(MISSHAPEN), Amount(1 << 16),
            weight=8, always_reverts=True)  # fmt: skip
    def misshapen(self, who: str, kind: str, number: int, lane: int, how: str, chance: int) -> Steps:
        """VRF-1: strips and places are those of the window."""
        o = KINDS[kind](number)
        lane %= o.operator(SLOT).height
        if not fits(o, lane):
            return
        call, at, random = calls.check(o, SLOT, lane), int(kind == "convolved"), Random(chance)  # noqa: S311 - must repeat
        shown, reason = (other_strips if at else other_places)(call.rest[at], how, random)
        if reason:
            other = call._replace(rest=(*call.rest[:at], shown, *call.rest[at + 1 :]))
            yield self.called(other, fails=f"inference_verifier: {reason}")

    @action("", Choice(tuple(KINDS)), Choice(SHAPES), Choice(SHAPES), Amount(1 << 14), Amount(1 << 16), weight=6)
    def mixed(self, who: str, kind: str, number: int, other: int, lane: int, chance: int) -> Steps:
        """VRF-1: arguments of two honest calls, in one: whatever the verifier says, it is not that a lane is wrong."""
        random = Random(chance)  # noqa: S311 - must repeat
        one, two = (
            calls.check(o, SLOT, random.randrange(o.operator(SLOT).height))
            for o in (KINDS[kind](number), KINDS[kind](other if chance & 1 else number))
        )
        rest = [random.choice(pair) for pair in zip(one.rest, two.rest, strict=True)]
        descriptor = random.choice([one.descriptor, two.descriptor])
        answer = yield self.called(one._replace(descriptor=descriptor, rest=tuple(rest)))
        assert answer is None or not int.from_bytes(answer, "big"), "VRF-1: an honest provider was convicted"


def right(o: Openings, lane: int) -> int:
    """What a lane has to be, by the source as it was committed."""
    operator, window, first = o.operator(SLOT), o.operator(SLOT).window or Window(), o.trace.records[0][0][1]
    if operator.type == "bounded":
        return arithmetic.bounded(first, window)[lane]
    if operator.type == "largest":
        found = max(covered(o, lane))
    else:
        row = operator.rows[lane % operator.multiplier]
        found = arithmetic.rq(sum(products(o, lane)) + row.bias, row.multiplier, row.shift)
    return arithmetic.bounded([found], window)[0]


def products(o: Openings, lane: int) -> list[int]:
    """Those of a convolution's lane, added up for each row of the kernel and for each 512 products."""
    operator, window = o.operator(SLOT), o.operator(SLOT).window or Window()
    pixel, channel = divmod(lane, operator.multiplier)
    view = arithmetic.seen(o.trace.records[0][0][1], window, pixel)
    weights = operator.rows[channel].weights
    terms = [w * (window.zero if x is None else x) for w, x in zip(weights, view, strict=False)]
    line, sums, begin = window.kernel[1] * window.source[2], [], 0
    for end in range(1, len(terms) + 1):  # a sum ends with the kernel's row, and with the 512th product
        if end % line == 0 or end % 512 == 0:
            sums.append(sum(terms[begin:end]))
            begin = end
    return [*sums, sum(terms[begin:])] if begin < len(terms) else sums


def covered(o: Openings, lane: int) -> list[int]:
    """What a window has of the picture, in the lane's channel."""
    operator, window = o.operator(SLOT), o.operator(SLOT).window or Window()
    pixel, channel = divmod(lane, operator.multiplier)
    view = arithmetic.seen(o.trace.records[0][0][1], window, pixel)[channel :: operator.multiplier]
    return [x for x in view if x is not None]


def fits(o: Openings, lane: int) -> bool:
    """Whether one call can look at a lane without sums."""
    operator = o.operator(SLOT)
    if operator.type == "largest":
        return len(covered(o, lane)) <= AT_ONCE
    if operator.type == "bounded":
        return True
    window = operator.window or Window()
    data, path = calls.strips(o, SLOT, lane, 0, window.kernel[0] * window.kernel[1] * window.source[2])
    return operator.width <= PART and len(data) <= STRIPS_BYTES and len(path) <= STRIPS_PATH


def other_places(shown: Sequence[Any], how: str, random: Random) -> tuple[Any, str]:
    """Places with something else in them, and why they are refused; nothing where there is no such thing."""
    items = list(shown)
    if how == "more":
        return [*items, (b"", [])], "places" if len(items) < AT_ONCE else ""
    if how == "fewer":
        return items[:-1], "places"
    if how == "turned":  # those of each other
        differs = any(one != other for one, other in zip(items, items[::-1], strict=True))
        return items[::-1], "lanes" if differs else ""
    at = random.randrange(len(items))
    data, path = items[at]
    items[at], reason = {**_others(data, path, random), "cut": ((data[:-1], path), "chunk")}[how]
    return items, reason


def other_strips(shown: tuple[bytes, list[bytes]], how: str, random: Random) -> tuple[Any, str]:
    """The same of strips."""
    data, path = shown
    if how == "more":
        return (data + bytes(CHUNK_BYTES), path), "strips" if len(data) < STRIPS_BYTES else ""
    if not data:
        return shown, ""
    turned = data[CHUNK_BYTES:] + data[:CHUNK_BYTES]
    item, reason = {
        **_others(data, path, random),
        "path": ((data, path[:-1]), "path"),
        "cut": ((data[:-1], path), "strips"),
        "fewer": ((data[:-CHUNK_BYTES], path), "strips"),
        "turned": ((turned, path), "lanes" if turned != data else ""),
    }[how]
    return item, reason if len(item[1]) <= STRIPS_PATH else ""


def _others(data: bytes, path: list[bytes], random: Random) -> dict[str, tuple[Any, str]]:
    place = random.randrange(len(path))
    return {
        "path": ((data, path[1:]), "path"),
        "longer": ((data, [*path, WRONG]), "path"),
        "flip": ((bytes([data[0] ^ 1]) + data[1:], path), "lanes"),
        "node": ((data, [*path[:place], WRONG, *path[place + 1 :]]), "lanes"),
    }
