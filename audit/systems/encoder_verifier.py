"""EncoderVerifier, and AttentionVerifier where attention sees all positions: a lane is wrong where the specification in
Python says so, whatever it is computed from; what is shown has to be what was committed, where it stands."""

from __future__ import annotations

from functools import cache
from random import Random

from audit.systems._verified import EACH, Verdicts, changed, lanes_of, right, terms
from audit.systems.inference_verifier import spoil
from audit.tiny_encoder import SIZES, tiny
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.spec import inference as arithmetic
from keifu.spec import inference_calls as calls
from keifu.spec.inference import LARGEST, LARGEST_RESIDUAL
from keifu.spec.inference_calls import Call, alone
from keifu.spec.inference_model import Operator, Trace, run
from keifu.spec.inference_openings import NO_LANES, Openings, Published, packed_sums
from keifu.spec.inference_trees import ROWS_8

__all__ = ["EncoderVerifiers"]

COUNT, LAYER, LAST = 35, 1, 3  # ids of the text, and groups
SCORES, SOFTMAX, ATTENDED, NORM, TABLE, POOLED = 5, 6, 7, 10, 12, 2  # slots
POSITIONS = (0, 12, 33, 34)
MORE = (0, 0, 1, -1, 1, -1, 77, -301)
STEPS = [(position, group, slot) for position in POSITIONS for group, slot in (
    (0, 2), (LAYER, 1), (LAYER, SCORES), (LAYER, 9), (LAYER, NORM), (LAYER, TABLE), (LAYER, 14), (LAST, 1),
)]  # fmt: skip
SUMMED = [(LAYER, SOFTMAX), (LAYER, ATTENDED), (LAST, POOLED), (LAST, POOLED)]
SPOILT = ("group", "descriptor", "word", "other type", "flip", "cut", "longer", "path", "path flip", "lane")
LAWS = ("any", "same", "edge", "small", "one")  # of the lanes that a norm is given
Step = tuple[int, int, int]


@cache
def traced() -> tuple[Published, Trace]:
    published = Published.of(tiny(ROWS_8, positions=COUNT))
    return published, run(published.program, [(number * 7 + 3) % SIZES.tokens for number in range(COUNT)], COUNT - 1)


def opened(position: int, group: int) -> Openings:
    published, trace = traced()
    return Openings(published, trace, position, group)


def given(law: str, width: int, random: Random) -> list[int]:
    if law == "same":
        return [random.choice((0, 1, -7, LARGEST_RESIDUAL, -LARGEST_RESIDUAL))] * width
    if law == "edge":
        return [random.choice((LARGEST_RESIDUAL, -LARGEST_RESIDUAL)) for _ in range(width)]
    if law == "one":
        return [LARGEST_RESIDUAL, *[0] * (width - 1)]
    most = 3 if law == "small" else LARGEST_RESIDUAL
    return [random.randint(-most, most) for _ in range(width)]


class EncoderVerifiers(Verdicts):
    """One lane at a time, of right texts and of wrong ones."""

    contracts = ("EncoderVerifier", "AttentionVerifier")
    actors = ("challenger",)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        encoders = evm.deploy("EncoderVerifier", sender=deployer)
        self.bind(encoders=encoders, attention=evm.deploy("AttentionVerifier", sender=deployer))

    # lanes ------------------------------------------------------------------------------------------------------------

    @action("", Choice(STEPS), Amount(1 << 12), Choice(MORE), Choice((0, 0, 1, 2)), weight=12)
    def lane(self, who: str, step: Step, lane: int, more: int, source: int) -> Steps:
        """VRF-1, VRF-2: the lane is another one, or what it was computed from is."""
        position, group, slot = step
        o = opened(position, group)
        operator, at = o.operator(slot), lane % lanes_of(o, slot)
        if operator.type == "scores" or not source:
            at = self.call_about(o, slot, lane)[1]
            o = changed(o, [(slot, at, more)])
        else:
            o = changed(o, [(operator.second if source == 2 and operator.second else operator.first, at, more)])
            if operator.type == "table" and not o.trace.records[position][group][operator.first][at] >= -LARGEST:
                return
        call, at, wanted = self.call_about(o, slot, lane)
        yield from self.says(call, o.trace.records[position][group][slot][at] != wanted, "VRF-2")

    @action("", Choice(LAWS), Choice((1, 2, 31, 33, 64, 384, 1_023, 1_024)), Amount(1 << 16), Choice((0, 0, 1, -1)),
            Choice((1, 3, 2**31 - 1)), weight=6)  # fmt: skip
    def norm(self, who: str, law: str, width: int, chance: int, more: int, epsilon: int) -> Steps:
        """VRF-2: of all widths and sizes that a call computes at once."""
        random = Random(chance)  # noqa: S311 - must repeat
        h = given(law, width, random)
        gains = [random.randint(-(2**30), 2**30) for _ in h]
        biases = [random.randint(-LARGEST, LARGEST) for _ in h]
        shift = random.choice((1, 20, 27, 62))
        norm = Operator("layer_norm", width=width, height=width, multiplier=epsilon, shift=shift, lanes=gains,
                        more=biases)  # fmt: skip
        o = alone([norm], [h, arithmetic.layer_norm(h, gains, biases, shift, epsilon)])
        lane = random.randrange(width)
        o = changed(o, [(1, lane, more)])
        yield from self.says(calls.check(o, 1, lane), more != 0, "VRF-2")

    @action("", Choice((-8_192, -8_191, 0, 8_191)), Choice((-8_193, -32_768, 8_192, 32_767)), Choice((0, 1)), weight=2)
    def entry(self, who: str, x: int, beyond: int, more: int) -> Steps:
        """VRF-1, VRF-2: entries from the first to the last; a source beyond them opens none."""
        published, _ = traced()
        table = published.program[LAYER][TABLE - 1]
        # Slot 0 of a first group has 32 bits, so the source stands behind an operator that makes 16.
        pair = [
            Operator("bounded", height=1),
            Operator("table", 1, width=1, height=1, limit=LARGEST, lanes=table.lanes),
        ]
        out_of = [table.lanes[x + 8_192] + more]
        call = calls.check(alone(pair, [[0], [x], out_of]), 2, 0)
        yield from self.says(call, more != 0, "VRF-2")
        o = alone(pair, [[0], [beyond], out_of])
        x_lanes, out = o.lanes(1, 0), o.lanes(2, 0)
        other = Call("tabled", o.claim(), o.descriptor(2), (x_lanes, call.rest[1], out, 0))
        yield self.called(other, fails="inference_verifier: entry")

    @action("", Choice(POSITIONS), Amount(1 << 6), Choice((0, 0, 1, -1)), Choice((0, 0, 1, -1, -99, 99)), weight=4)
    def largest(self, who: str, position: int, at: int, more: int, beside: int) -> Steps:
        """VRF-2: of a head's scores the first largest one counts, also behind the position."""
        o, head = opened(position, LAYER), at % SIZES.heads
        o = changed(o, [(SOFTMAX, 4 * head, more), (SOFTMAX, 4 * head + 1, beside)])
        wide, record = -(-COUNT // EACH) * EACH, o.trace.records[position][LAYER]
        line, (largest, where) = record[SCORES][head * wide :][:COUNT], record[SOFTMAX][4 * head :][:2]
        place = (line.index(max(line)) if at & 8 else at if at & 4 else where) % COUNT
        score = line[place]
        shows = score > largest or (score == largest and place < where) or (place == where and score != largest)
        yield from self.says(calls.maximum(o, SOFTMAX, head, place), not 0 <= where < COUNT or shows, "VRF-2")

    # sums -------------------------------------------------------------------------------------------------------------

    @action("", Choice(SUMMED), Choice(POSITIONS), Amount(1 << 10), Amount(40), Choice((0, 0, 1, -1)),
            Choice((0, 1, -1)), Choice((1, EACH)), weight=12)  # fmt: skip
    def part(self, who: str, at: tuple[int, int], position: int, lane: int, part: int, more: int, wrong: int,
             stride: int) -> Steps:  # fmt: skip
        """VRF-3: one of the sums that were shown is wrong, or the lane is."""
        group, slot = at
        o = opened(position, group)
        lane %= lanes_of(o, slot)
        o = changed(o, [(slot, 4 * lane + 2 if slot == SOFTMAX else lane, wrong)])
        values = terms(o, slot, lane)
        assert len(values) == COUNT, "VRF-3: not all positions"
        stride = EACH if slot == SOFTMAX else stride
        ends = range(stride, COUNT + 1, stride) if stride == 1 else (EACH, COUNT)
        sums = [sum(values[:end]) for end in ends][:EACH]
        is_whole = stride == EACH
        part %= len(sums) + is_whole
        if more and part < len(sums):
            sums[part] += more
        shown = packed_sums(sums), part
        claim = o.claim(shown[0], stride=stride)
        if part < len(sums) and stride == EACH and slot != SOFTMAX:  # single terms only
            yield self.called(self.summed(o, slot, lane, claim, shown, 0), fails="inference_verifier: sums")
            return
        if part < len(sums):
            before = sums[part - 1] if part else 0
            wanted = sums[part] - before != sum(values[part * stride : (part + 1) * stride])
        else:
            made = sums[-1] if slot == SOFTMAX else right(o, slot, lane)
            wanted = o.trace.records[position][group][slot][4 * lane + 2 if slot == SOFTMAX else lane] != made
        yield from self.says(self.summed(o, slot, lane, claim, shown, part), wanted, "VRF-3")

    def summed(self, o: Openings, slot: int, lane: int, claim: tuple, shown: tuple[bytes, int], part: int) -> Call:  # type: ignore[type-arg]
        if slot == SOFTMAX:
            return calls.total(o, slot, lane, shown, claim)
        is_total = part == len(shown[0]) // 8
        call = calls.check(o, slot, lane, place=0 if is_total else part)
        if slot == POOLED:
            first = NO_LANES if is_total else call.rest[0]
            return call._replace(claim=claim, rest=(first, call.rest[1], lane, shown))
        opened_ones = (NO_LANES, call.rest[1], NO_LANES) if is_total else call.rest[:3]
        return call._replace(claim=claim, rest=(*opened_ones, *call.rest[3:5], shown))

    @action("", Choice((SOFTMAX, ATTENDED, POOLED)), Choice(("all", "fewer", "base", "first")), weight=3,
            always_reverts=True)  # fmt: skip
    def sums_of_another_shape(self, who: str, slot: int, how: str) -> Steps:
        """VRF-3: a total is that of all positions; without sums one call computes all there is."""
        o = opened(12, LAST if slot == POOLED else LAYER)
        if how == "all":
            yield self.called(calls.total(o, slot, 0) if slot == SOFTMAX else calls.check(o, slot, 0),
                              fails="inference_verifier: part")  # fmt: skip
            return
        shown = packed_sums([1] if how == "fewer" else [1, 2])
        claim = o.claim(shown, base=how == "base", first=EACH if how == "first" else 0, stride=EACH)
        part = len(shown) // 8
        yield self.called(self.summed(o, slot, 0, claim, (shown, part), part), fails="inference_verifier: sums")

    # what is shown ----------------------------------------------------------------------------------------------------

    @action("", Choice(STEPS), Amount(1 << 12), Choice(SPOILT), Amount(1 << 16), weight=12, always_reverts=True)
    def spoilt(self, who: str, step: Step, lane: int, how: str, chance: int) -> Steps:
        """VRF-1: what was not committed there opens nothing, and says why."""
        call, _, _ = self.call_about(opened(*step[:2]), step[2], lane)
        other, reason = spoil(call, how, Random(chance))  # noqa: S311 - must repeat
        if reason:
            table = reason == "lanes" and other.function == "tabled" and other.rest[0] != call.rest[0]
            yield self.called(other, fails=None if table else f"inference_verifier: {reason}")

    @action("", Choice((COUNT - 1, COUNT, COUNT + 1, 63, 64)), Amount(128), weight=1)
    def place_behind_the_table(self, who: str, position: int, lane: int) -> Steps:
        """VRF-2: a position that no text may have is wrong, and the last one that it may have is not."""
        call = calls.check(opened(COUNT - 1, 0), 2, lane % SIZES.width)
        claim = (*call.claim[:4], position, *call.claim[5:])
        yield from self.says(call._replace(claim=claim), position >= COUNT, "VRF-2")

    @action("", Choice(STEPS), Choice(STEPS), Amount(1 << 12), Amount(1 << 16), weight=6)
    def mixed(self, who: str, step: Step, other: Step, lane: int, chance: int) -> Steps:
        """VRF-1: arguments of two honest calls, in one: whatever the verifier says, it is not that a lane is wrong."""
        random = Random(chance)  # noqa: S311 - must repeat
        one, _, _ = self.call_about(opened(*step[:2]), step[2], lane)
        two, _, _ = self.call_about(opened(*other[:2]), other[2], random.randrange(4_096))
        rest = list(one.rest)
        for at, item in enumerate(rest):
            alike = [found for found in two.rest if type(found) is type(item)]
            if alike and random.randrange(2):
                rest[at] = random.choice(alike)
        descriptor = random.choice([one.descriptor, two.descriptor])
        try:
            answer = yield self.called(one._replace(descriptor=descriptor, rest=tuple(rest)))
        except ValueError:  # arguments that do not fit the function
            return
        assert answer is None or not int.from_bytes(answer, "big"), "VRF-1: an honest provider was convicted"
