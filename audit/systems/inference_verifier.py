"""InferenceVerifier and AttentionVerifier: a lane is wrong where the specification in Python says so, whatever is
computed from; what is shown has to be what was committed, where it stands, and as long as it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from audit.systems._verified import EACH, LAYER, LONG, Verdicts, changed, climbed, lanes_of, opened, right, terms
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.keys import keccak256
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference import Row, gated
from keifu.spec.inference import embedding as right_embedding
from keifu.spec.inference_calls import Call, alone
from keifu.spec.inference_model import Operator, descriptor_bytes
from keifu.spec.inference_openings import NO_LANES, NO_LINES, NO_ROW, Openings, packed_sums

__all__ = ["WRONG", "InferenceVerifiers", "spoil"]

LAST = 2
MORE = (0, 0, 1, -1, 1, -1, 77, -301)
# Trace, position, group, slot.
STEPS = [(name, position, LAYER, slot) for name in ("blocks", "rows") for position in (33, 4)
         for slot in (1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 15)]  # fmt: skip
STEPS += [(name, 5, group, 1) for name in ("blocks", "rows") for group in (0, LAST)]
# Of sums: trace, position, group, slot.
SUMMED = [("blocks", 33, LAYER, 8), ("blocks", 33, LAYER, 9), ("blocks", 5, LAYER, 9), ("long row", 0, 0, 3),
          ("long norm", 0, 0, 1)]  # fmt: skip
TABLES = (1, 2, 3, 16, 17, 255, 257, 4_096, 4_097, 49_152, 65_536, 65_537, 131_073, 2**24, 2**31)
SPOILT = ("group", "descriptor", "word", "other type", "flip", "cut", "longer", "path", "path flip", "lane", "leaf",
          "leaf cut", "part")  # fmt: skip
WRONG = bytes([7]) * 32
ANGLES, ALIKE, TOKENS = 40, 64, 40  # positions that have angles; leaves of their tree; rows of the embedding
Step = tuple[str, int, int, int]


class InferenceVerifiers(Verdicts):
    """One lane at a time, of right traces and of wrong ones."""

    contracts = ("InferenceVerifier", "AttentionVerifier")
    actors = ("challenger",)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        deployer = evm.account("deployer")
        layers = evm.deploy("InferenceVerifier", sender=deployer)
        self.bind(layers=layers, attention=evm.deploy("AttentionVerifier", sender=deployer))

    # lanes ------------------------------------------------------------------------------------------------------------

    @action("", Choice(STEPS), Amount(1 << 12), Choice(MORE), Choice((0, 0, 0, 1)), weight=10)
    def lane(self, who: str, step: Step, lane: int, more: int, source: int) -> Steps:
        """VRF-1, VRF-2: the lane is another one, or what it was computed from is."""
        place, slot = step[:3], step[3]
        o = opened(place)
        _, at, _ = self.call_about(o, slot, lane % 4_096)
        operator = o.operator(slot)
        if source and operator.type not in ("embedding", "scores"):
            o = changed(o, [(operator.first, lane % operator.width if operator.width else at, more)])
        else:
            o = changed(o, [(slot, at, more)])
        call, at, wanted = self.call_about(o, slot, lane % 4_096)
        committed = o.trace.records[o.position][o.group][slot][at]
        yield from self.says(call, committed != wanted, "VRF-2")

    @action("", Choice((5, 6)), Choice((4, ANGLES, ANGLES + 1, ALIKE + 4, 2**64)), Amount(64), Choice((0, 0, 1)),
            weight=2)  # fmt: skip
    def behind_the_angles(self, who: str, slot: int, position: int, lane: int, more: int) -> Steps:
        """VRF-2: a position that the model has not is wrong whatever is opened, be it the angles of another."""
        o = changed(opened(("rows", 4, LAYER)), [(slot, lane % 64, more)])
        call = calls.check(o, slot, lane % 64)
        claim = (*call.claim[:4], position, *call.claim[5:])
        yield from self.says(call._replace(claim=claim), position >= ANGLES or more != 0, "VRF-2")

    @action("", Choice((0, 39, 40, 41, 64, 2**31 - 1, -1, -(2**31))), Amount(127), weight=2)
    def foreign_id(self, who: str, number: int, lane: int) -> Steps:
        """VRF-2: what was made of an id that is no token is wrong; the first and the last one have rows."""
        o = opened(("rows", 5, 0))
        o = changed(o, [(0, 0, number - o.trace.records[o.position][0][0][0])])
        call = calls.check(opened(("rows", 5, 0)), 1, lane % 128)
        rest = (o.lanes(0, 0), NO_ROW, NO_LANES, lane % 128)
        if not 0 <= number < TOKENS:
            yield from self.says(call._replace(claim=o.claim(), rest=rest), True, "VRF-2")
            return
        shown = call._replace(
            claim=o.claim(), rest=(rest[0], o.row(1, number), o.lanes(1, lane % 128 // 32), lane % 128)
        )
        made = right_embedding(o.operator(1).rows[number], o.operator(1).shift)[lane % 128]
        yield from self.says(shown, o.trace.records[o.position][0][1][lane % 128] != made, "VRF-2")

    @action("", Choice(("blocks", "rows")), Choice((33, 4)), Amount(1 << 6), Choice((0, 0, 1, -1)),
            Choice((0, 0, 1, -1, -99, 99)), weight=4)  # fmt: skip
    def largest(self, who: str, name: str, position: int, at: int, more: int, beside: int) -> Steps:
        """VRF-2: of a head's scores the first largest one counts."""
        o = opened((name, position, LAYER))
        head = at % 2
        o = changed(o, [(8, 4 * head, more), (8, 4 * head + 1, beside)])
        wide = -(-(o.position + 1) // EACH) * EACH
        line = o.trace.records[o.position][LAYER][7][head * wide : head * wide + o.position + 1]
        largest, where = o.trace.records[o.position][LAYER][8][4 * head : 4 * head + 2]
        place = (line.index(max(line)) if at & 8 else at if at & 4 else where) % len(line)
        score = line[place]
        shows = score > largest or (score == largest and place < where) or (place == where and score != largest)
        call = calls.maximum(o, 8, head, place)
        yield from self.says(call, not 0 <= where < len(line) or shows, "VRF-2")

    @action("", Choice(("blocks", "rows")), Amount(128), Choice((0, 0, 0, 1, -1, 5, -30, 30)),
            Choice((0, 0, 1, -1, -200, 200)), weight=4)  # fmt: skip
    def exponent(self, who: str, name: str, lane: int, more: int, beside: int) -> Steps:
        """VRF-2: the least exponent that all lanes fit, and the first that no smaller one would."""
        o = opened((name, 4, LAYER))
        operator = o.operator(14)
        height = operator.height
        o = changed(o, [(14, height, more), (14, height + 1, beside)])
        record = o.trace.records[o.position][LAYER]
        said, witness = record[14][height : height + 2]
        lane = witness if lane % 3 == 0 and 0 <= witness < height else lane % height
        sigma = _product(o, lane)
        wrong = not (0 <= said <= 25 and 0 <= witness < height)
        if not wrong:
            too_small = abs(sigma) >> said > 8_191
            needs = said > 0 and abs(sigma) >> (said - 1) > 8_191
            wrong = too_small or (said == 0 and witness != 0)
            wrong = wrong or (said > 0 and ((needs and lane < witness) or (not needs and lane == witness)))
        yield from self.says(calls.exponent(o, 14, lane), wrong, "VRF-2")

    @action("", Choice(("blocks", "rows")), Amount(40), Choice((0, 0, 1, 2, -60, 60)), weight=4)
    def token(self, who: str, name: str, better: int, more: int) -> Steps:
        """VRF-2: another token has a larger logit, or the same and a lower number."""
        o = changed(opened((name, 4, LAST)), [(2, 0, more)])
        operator, record = o.operator(2), o.trace.records[o.position][LAST]
        said, better = record[2][0], better % operator.height
        wrong = not 0 <= said < operator.height
        if not wrong:
            logits = [self.logit(o, number) for number in (better, said)]
            wrong = logits[0] > logits[1] or (logits[0] == logits[1] and better < said)
        yield from self.says(calls.check(o, 2, better), wrong, "VRF-2")

    def logit(self, o: Openings, number: int) -> int:
        row = o.operator(2).rows[number]
        scales = row.scales or [(1, 0)] * (len(row.weights) // 32)
        x = o.trace.records[o.position][LAST][1]
        products = (
            value * (scales[at // 32][0] * weight + scales[at // 32][1])
            for at, (value, weight) in enumerate(zip(x, row.weights, strict=True))
        )
        return (sum(products) + row.bias) * row.multiplier

    @action("", Choice(TABLES), Amount(1 << 20), Choice((0, 0, 1, -1)), Choice((0, 0, 1, -1)), weight=4)
    def height(self, who: str, rows: int, number: int, more: int, wrong: int) -> Steps:
        """VRF-1: a table of any number of rows: a row's way to its root has a node a level."""
        levels = (rows - 1).bit_length()
        more = max(more, -levels)
        number, random = number % rows, Random(number)  # noqa: S311 - must repeat
        row = Row([random.randint(-127, 127) for _ in range(64)], 90_001, 20)
        leaf = trees.row_leaf(number, row, trees.ROWS_8)
        way = [random.randbytes(32) for _ in range(levels + more)]
        table = Operator("embedding", width=64, height=64, multiplier=rows, shift=16)
        made = right_embedding(row, 16)
        made[5] += wrong
        o = alone([table], [[number], made])
        whole = descriptor_bytes(table, 0, 1, 1, climbed(keccak256(leaf), number, way))
        leaves = [bytes(32), keccak256(whole)]
        descriptor = (tuple(whole[at : at + 32] for at in (0, 32, 64)), trees.path(leaves, 1, 4))
        claim = (trees.tree(leaves, 4), *o.claim()[1:])
        body = trees.part_bytes(row, trees.ROWS_8, 0)
        call = Call("embedding", claim, descriptor, (o.lanes(0, 0), (leaf, way, body), o.lanes(1, 0), 5))
        if more:
            yield self.called(call, fails="inference_verifier: path")
            return
        yield from self.says(call, wrong != 0, "VRF-1")

    # sums -------------------------------------------------------------------------------------------------------------

    @action("", Choice(SUMMED), Amount(1 << 10), Amount(40), Choice((0, 0, 1, -1)), Choice((0, 1, -1)), weight=8)
    def part(self, who: str, step: Step, lane: int, part: int, more: int, wrong: int) -> Steps:
        """VRF-3: one of the sums that were shown is wrong, or the lane is."""
        place, slot = step[:3], step[3]
        o = opened(place)
        lane %= lanes_of(o, slot)
        at = 4 * lane + 2 if o.operator(slot).type == "softmax" else lane
        o = changed(o, [(slot, at, wrong)])
        stride = EACH if slot == 8 else 1
        values = terms(o, slot, lane)
        sums = [sum(values[: number + stride]) for number in range(0, len(values), stride)][:32]
        whole = len(sums) * stride >= len(values)
        part %= len(sums) + whole
        if more and part < len(sums):
            sums[part] += more
        if part < len(sums):
            before = sums[part - 1] if part else 0
            wanted = sums[part] - before != sum(values[part * stride : (part + 1) * stride])
        else:
            total = [sum(values)]
            wanted = o.trace.records[o.position][o.group][slot][at] != self.made_of(o, slot, lane, total[0])
        yield from self.says(self.summed(o, slot, lane, packed_sums(sums), part, stride), wanted, "VRF-3")

    def made_of(self, o: Openings, slot: int, lane: int, total: int) -> int:
        """A lane by the total of its terms; all terms are right there, so it is the lane by the specification."""
        return total if slot == 8 else right(o, slot, lane)

    def summed(self, o: Openings, slot: int, lane: int, sums: bytes, part: int, stride: int) -> Call:
        kind, claim, named = o.operator(slot).type, o.claim(sums, stride=stride), (sums, part)
        is_total = part == len(sums) // 8
        if kind == "softmax":
            return calls.total(o, slot, lane, named, claim)
        call = calls.check(o, slot, lane, place=0 if is_total else part)
        if kind == "attended":
            first = (NO_LANES, call.rest[1], NO_LANES) if is_total else call.rest[:3]
            return call._replace(claim=claim, rest=(*first, *call.rest[3:5], named))
        if kind == "rms_norm":
            row = o.lines(0, lane // 32, 0) if is_total else o.lines(0, part)
            return call._replace(claim=claim, rest=(row, *call.rest[1:4], named))
        weights, x = (o.row(slot, lane), NO_LINES) if is_total else o.products(slot, lane, part)
        return call._replace(claim=claim, rest=(weights, x, *call.rest[2:6], named))

    @action("", Choice(("sums", "stride", "first", "base", "part", "fewer")), Amount(2), weight=2, always_reverts=True)
    def sums_of_another_shape(self, who: str, spoilt: str, head: int) -> Steps:
        """VRF-3"""
        o, head = opened(("blocks", 33, LAYER)), head % 2
        values = terms(o, 8, head)
        sums = packed_sums([sum(values[:32]), sum(values)])
        shapes: dict[str, tuple[dict[str, Any], int]] = {
            "sums": ({"stride": EACH}, 0), "stride": ({"stride": 16}, 0), "first": ({"stride": EACH, "first": 16}, 1),
            "base": ({"stride": EACH, "base": 1}, 2), "part": ({"stride": EACH}, 3), "fewer": ({"stride": EACH}, 1),
        }  # fmt: skip
        claim, part = shapes[spoilt]
        shown = sums[:8] if spoilt == "fewer" else sums
        call = calls.total(o, 8, head, (shown, part), o.claim(shown, **claim))
        if spoilt == "sums":
            call = call._replace(rest=(*call.rest[:-1], (sums[:-1] + b"\x00", 0)))
        yield self.called(call, fails="inference_verifier: sums")

    @action("", Choice(("long row", "long norm", "attended", "total")), weight=1, always_reverts=True)
    def too_long_for_one_call(self, who: str, name: str) -> Steps:
        """VRF-3: without sums one call computes one part, which is all."""
        if name in LONG:
            o = opened((name, 0, 0))
            call = calls.check(o, 1 if name == "long norm" else 3, 0)
        else:
            o = opened(("blocks", 33, LAYER))
            call = calls.check(o, 9, 5) if name == "attended" else calls.total(o, 8, 0)
        yield self.called(call, fails="inference_verifier: part")

    @action("", Choice((1, 11)), Amount(127), Choice((0, 1)), Choice((0, 1, -1)), weight=1, always_reverts=True)
    def sums_of_one_call(self, who: str, slot: int, lane: int, part: int, wrong: int) -> Steps:
        """VRF-1: squares that one call adds up might pass 64 bits, so no sums of them are heard."""
        o = opened(("rows", 4, LAYER))
        call = calls.check(o, slot, lane % 128)
        lanes = o.trace.records[o.position][LAYER][o.operator(slot).first]
        shown = packed_sums([sum(x * x for x in lanes) + wrong])
        claim, rest = o.claim(shown, stride=1), (*call.rest[:-1], (shown, part))
        yield self.called(call._replace(claim=claim, rest=rest), fails="inference_verifier: sums")

    # what is shown ----------------------------------------------------------------------------------------------------

    @action("", Choice(STEPS), Amount(1 << 12), Choice(SPOILT), Amount(1 << 16), weight=14, always_reverts=True)
    def spoilt(self, who: str, step: Step, lane: int, how: str, chance: int) -> Steps:
        """VRF-1: what was not committed there opens nothing, and says why."""
        random = Random(chance)  # noqa: S311 - must repeat
        o = opened(step[:3])
        call, _, _ = self.call_about(o, step[3], lane % 4_096)
        changed_call, reason = spoil(call, how, random)
        if reason:
            yield self.called(changed_call, fails=f"inference_verifier: {reason}")

    @action("", Choice(STEPS), Choice(STEPS), Amount(1 << 12), Amount(1 << 16), weight=4)
    def mixed(self, who: str, step: Step, other: Step, lane: int, chance: int) -> Steps:
        """VRF-1: arguments of two honest calls, in one: whatever the verifier says, it is not that a lane is wrong."""
        random = Random(chance)  # noqa: S311 - must repeat
        one, _, _ = self.call_about(opened(step[:3]), step[3], lane % 4_096)
        two, _, _ = self.call_about(opened(other[:3]), other[3], random.randrange(4_096))
        rest = list(one.rest)
        for at, item in enumerate(rest):
            alike = [given for given in two.rest if _shape(given) == _shape(item)]
            if alike and random.randrange(2):
                rest[at] = random.choice(alike)
        descriptor = random.choice([one.descriptor, two.descriptor])
        answer = yield self.called(one._replace(descriptor=descriptor, rest=tuple(rest)))
        assert answer is None or not int.from_bytes(answer, "big"), "VRF-1: an honest provider was convicted"


def _shape(item: Any) -> Any:
    return tuple(type(part) for part in item) if isinstance(item, tuple) else type(item)


def _product(o: Openings, lane: int) -> int:
    """SiLU·mul of a lane before its exponent."""
    operator, record = o.operator(14), o.trace.records[o.position][LAYER]
    return gated(record[operator.first][lane], record[operator.second][lane], operator.multiplier, operator.shift)


def spoil(call: Call, how: str, random: Random) -> tuple[Call, str]:
    """An honest call with one thing in it another, and the reason for which it is refused; none where there is no such
    thing in it."""
    words, above = call.descriptor
    if how == "group":
        claim = list(call.claim)
        claim[3] += 1
        return call._replace(claim=tuple(claim)), "group"
    if how == "descriptor":
        place = random.randrange(len(above))
        return call._replace(descriptor=(words, [*above[:place], WRONG, *above[place + 1 :]])), "descriptor"
    if how == "word":
        place = random.randrange(12, 32)
        first = words[0][:place] + bytes([words[0][place] ^ 1]) + words[0][place + 1 :]
        return call._replace(descriptor=((first, *words[1:]), above)), "descriptor"
    if how == "other type":
        first = words[0][:3] + bytes([words[0][3] ^ 64]) + words[0][4:]
        return call._replace(descriptor=((first, *words[1:]), above)), "type"
    return _spoil_argument(call, how, random)


def _spoil_argument(call: Call, how: str, random: Random) -> tuple[Call, str]:
    rest = list(call.rest)
    if how == "lane":
        at = next((place for place, item in enumerate(rest) if isinstance(item, int)), None)
        if at is None:
            return call, ""
        rest[at] = random.choice([1 << 13, 1 << 40, (1 << 255) + 1])
        return call._replace(rest=tuple(rest)), "lane"
    opened_ones = [
        at for at, item in enumerate(rest) if isinstance(item, tuple) and isinstance(item[1], list) and item[0]
    ]
    at = random.choice(opened_ones)
    item = rest[at]
    is_row = len(item) == 3
    changes = _changes_of_row(item, random) if is_row else _changes_of_lanes(item, random)
    if how not in changes:
        return call, ""
    rest[at], reason = changes[how]
    return call._replace(rest=tuple(rest)), reason if rest[at] != item else ""


def _flipped(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


def _changes_of_lanes(item: Sequence[Any], random: Random) -> dict[str, tuple[Any, str]]:
    data, path = item
    return {
        "flip": ((_flipped(data, random), path), "lanes"),
        "cut": ((data[:-1], path), "chunk"),
        "longer": ((data, [*path, WRONG]), "path"),
        "path": ((data, path[1:]), "path"),
        "path flip": ((data, [*path[:-1], WRONG]), "lanes" if path else ""),
    }


def _changes_of_row(item: Sequence[Any], random: Random) -> dict[str, tuple[Any, str]]:
    leaf, path, part = item
    return {
        "leaf": ((leaf[:5] + bytes([leaf[5] ^ 1]) + leaf[6:], path, part), "row"),
        "leaf cut": ((leaf[:-1], path, part), "row"),
        "longer": ((leaf, [*path, WRONG], part), "path"),
        "path": ((leaf, path[1:], part), "path"),
        "path flip": ((leaf, [*path[:-1], WRONG], part), "row"),
        "part": ((leaf, path, _flipped(part, random)), "part"),
    }
