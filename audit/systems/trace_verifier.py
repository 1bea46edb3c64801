"""TraceVerifier: the parts of a trace hang together where their roots are one, and each other answer is a finding."""

from __future__ import annotations

from dataclasses import astuple, replace
from random import Random
from typing import Any

from audit.systems._trace_links import SPOILT, WRONG, Bound, Links
from audit.systems._verified import IDS, LAYER, changed, climbed, opened
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.spec import inference_calls as calls
from keifu.spec import inference_trees as trees
from keifu.spec.inference import Row, dot, noise_entry
from keifu.spec.inference_calls import alone
from keifu.spec.inference_drawing import Drawing, noise
from keifu.spec.inference_model import Operator
from keifu.spec.inference_openings import Openings

__all__ = ["TraceVerifiers"]

PROMPT, REPLY = 30, 5
GROUPS, LAST, LAST_SLOT = 3, 2, 15
KEYS_AT, VALUES_AT = 7, 9  # operators that read them
COUNTS = (1, 2, 3, 17, 64, 65, 127, 128, 255, 257, 512, 1_000, 1_024)


class TraceVerifiers(Links):
    """Right links and wrong ones, of a reply of five tokens to thirty."""

    contracts = ("TraceVerifier",)
    actors = ("challenger",)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        self.bind(links=evm.deploy("TraceVerifier", sender=evm.account("deployer")))
        self.prompt = IDS[:PROMPT]
        made = [groups[-1][-1][0] for groups in opened(("blocks", 33, 0)).trace.records[PROMPT - 1 :]]
        # Two of them the model made.
        self.reply = [made[0], *IDS[PROMPT + 1 :], made[-1]]
        self.ids = {place: self.of_ids(ids) for place, ids in (("given", self.prompt), ("answered", self.reply))}

    def of_ids(self, ids: list[int]) -> bytes:
        return trees.tensor_root(ids, 32)

    # what is fixed ----------------------------------------------------------------------------------------------------

    def fixed(self, o: Openings, other: Openings, **changes: Any) -> Bound:
        """`other` has the record that its provider showed."""
        roots = (o.published.root, o.trace.root(), self.ids["given"], self.ids["answered"])
        boundary = trees.boundary(*o.trace.boundary_leaves(o.position, o.group)[:3])
        record = other.trace.record_root(o.position, o.group)
        bound = Bound(*roots, PROMPT, REPLY, o.position, GROUPS, o.group, boundary, record, 0, 0)
        return replace(bound, **changes)

    # links ------------------------------------------------------------------------------------------------------------

    @action("", Choice((1, 1, 2, 0)), Amount(34), Choice((0, 0, 1)), Choice(SPOILT), weight=8)
    def source(self, who: str, group: int, position: int, more: int, spoilt: str) -> Steps:
        """A record begins with what the group before it made."""
        o = opened(("blocks", position % 34, group))
        shown = changed(o, [(0, 0, more)])
        bound, own = self.fixed(o, shown), self.own(shown, 0)
        if group == 0:
            yield self.tx("links.source", astuple(bound), own, own, sender=who, fails="trace_verifier: group")
            return
        yield from self.says("source", bound, own, self.out(o, group - 1), wanted=more != 0, spoilt=spoilt)

    @action("", Amount(34), Choice((0, 0, 1, -1)), Choice((0, 0, 0, 1)), Choice(SPOILT), weight=10)
    def given(self, who: str, position: int, more: int, group: int, spoilt: str) -> Steps:
        """The first group is given the prompt's tokens, then those of the reply."""
        o = opened(("blocks", position % 34, group))
        shown = changed(o, [(0, 0, more)])
        at, bound, own = o.position - PROMPT, self.fixed(o, shown), self.own(shown, 0)
        ids = self.chunk(self.prompt, o.position) if at < 0 else self.chunk(self.reply, at)
        if group:
            yield self.tx("links.given", astuple(bound), own, ids, sender=who, fails="trace_verifier: group")
            return
        expected = self.prompt[o.position] if at < 0 else self.reply[at]
        number = shown.trace.records[o.position][0][0][0]
        yield from self.says("given", bound, own, ids, wanted=number != expected, spoilt=spoilt)

    @action("", Amount(34), Choice((0, 0, 0, 1, 2)), Choice(SPOILT), weight=8)
    def answered(self, who: str, position: int, beyond: int, spoilt: str) -> Steps:
        """The reply has the tokens that the last group made."""
        position = PROMPT - 2 + position % 6
        o = opened(("blocks", position, LAST))
        at = position + 1 - PROMPT
        bound, last = self.fixed(o, o), self.out(o, LAST)
        ids = self.chunk(self.reply, max(at, 0))
        if at < 0 or beyond:
            bound = replace(bound, reply=max(at, 0) if beyond else REPLY)
            done = yield self.tx("links.answered", astuple(bound), last, ids, sender=who, raw_outcome=True)
            reasons = {"trace_verifier: position", "trace_verifier: path"}
            assert done is None, "TRC-1: a token that is not there was answered"
            assert self.refusal in reasons, f"TRC-1: refused for {self.refusal!r}"
            return
        made = o.trace.records[position][LAST][-1][0]
        yield from self.says("answered", bound, last, ids, wanted=made != self.reply[at], spoilt=spoilt)

    @action("", Choice(COUNTS[:8]), Choice(COUNTS), Amount(1 << 12), Choice((0, 0, 1, -1)), weight=6)
    def heights(self, who: str, groups: int, positions: int, chance: int, more: int) -> Steps:
        """Trees of any number of groups and positions: a way to the root has a node a level."""
        random = Random(chance)  # noqa: S311 - must repeat
        group, position = random.randrange(groups), random.randrange(positions)
        levels = [(count - 1).bit_length() for count in (groups, positions)]
        way = [random.randbytes(32) for _ in range(2 + sum(levels) + more)]
        trace = climbed(node := random.randbytes(32), ((position << levels[0]) | group) << 2, way)
        own, record = (node, [WRONG] * 4), climbed(node, 0, [WRONG] * 4)
        numbers = (1, positions, position, max(groups, group + 2), group + 1)
        bound = Bound(WRONG, trace, WRONG, WRONG, *numbers, WRONG, record, 0, 0)
        bound = replace(bound, groups=groups)
        yield from self.says("source", bound, own, (node, way), wanted=False, spoilt="height" if more else "")

    @action("", Choice((KEYS_AT, VALUES_AT)), Choice((33, 2)), Choice((0, 0, 1)), Choice(SPOILT), weight=8)
    def kept(self, who: str, slot: int, position: int, more: int, spoilt: str) -> Steps:
        """The record has the keys and values that the receipt commits to."""
        o = opened(("blocks", position, LAYER))
        kept, place = (6, 1) if slot == KEYS_AT else (4, 2)
        shown = changed(o, [(kept, 5, more)])
        nodes = self.own(shown, kept), self.beside(o, place)
        yield from self.says("kept", self.fixed(o, shown), o.descriptor(slot), *nodes, wanted=more != 0, spoilt=spoilt)

    @action("", Choice((0, 8)), weight=1)
    def kept_by_nobody(self, who: str, slot: int) -> Steps:
        """An operator that keeps nothing."""
        o = opened(("blocks", 2, LAYER))
        slot = slot or 1
        nodes = self.own(o, 6), self.beside(o, 1)
        args = (astuple(self.fixed(o, o)), o.descriptor(slot), *nodes)
        yield self.tx("links.kept", *args, sender=who, fails="trace_verifier: type")

    @action("", Choice((0, LAYER, LAST)), Choice((0, 0, 1)), Choice(SPOILT), weight=8)
    def made(self, who: str, group: int, more: int, spoilt: str) -> Steps:
        """The record ends with what the receipt commits to."""
        o = opened(("blocks", 33, group))
        last = len(o.published.program[group])
        shown = changed(o, [(last, 0, more)])
        behind = group * trees.SLOTS + last + 1
        after = (bytes(32), trees.path(o.published.leaves, behind) if last < LAST_SLOT else [])
        nodes = (o.descriptor(last), after, self.own(shown, last), self.beside(o, 0))
        spoilt = "" if spoilt == "hash" and last < LAST_SLOT else spoilt
        yield from self.says("made", self.fixed(o, shown), *nodes, wanted=more != 0, spoilt=spoilt)

    @action("", weight=1)
    def made_before_the_end(self, who: str) -> Steps:
        """An operator that another one follows is not the last."""
        o = opened(("blocks", 33, LAYER))
        leaf = o.published.leaves[LAYER * trees.SLOTS + 11]
        after = (leaf, trees.path(o.published.leaves, LAYER * trees.SLOTS + 11))
        args = (astuple(self.fixed(o, o)), o.descriptor(10), after, self.own(o, 10), self.beside(o, 0))
        yield self.tx("links.made", *args, sender=who, fails="trace_verifier: not the last")

    # drawn tokens -----------------------------------------------------------------------------------------------------

    @action("", Amount(1 << 8), Choice((33, 29, 2)), Choice((20, 40, 44, 62)), Choice((0, 1_024, 2_047)),
            Choice((0, 0, 1, 3, -1, 40)), Amount(40), Choice((*SPOILT, "drawing", "noise")), weight=12)  # fmt: skip
    def drawn(
        self, who: str, seed: int, position: int, shift: int, sharpness: int, more: int, better: int, spoilt: str
    ) -> Steps:
        """Of two tokens the one that seed and position prefer; of equals the lower one."""
        o, drawing = opened(("blocks", position, LAST)), Drawing(bytes([seed % 256]) * 32, shift, sharpness)
        rows, given = o.operator(2).rows, o.trace.records[o.position][LAST][1]
        values = [self.drawn_value(drawing, o.position, number, row, given) for number, row in enumerate(rows)]
        own = o.trace.records[o.position][LAST][2][0]
        shown = changed(o, [(2, 0, (values.index(max(values)) if more == 0 else better % len(rows) + more) - own)])
        token, better = shown.trace.records[o.position][LAST][2][0], better % len(rows)
        bound = self.fixed(o, shown, trace=drawing.root(o.trace.root()))
        rest = list(calls.drawn(shown, drawing, o.trace.root(), 2, better, token))
        there = 0 <= token < len(rows)
        if spoilt in ("drawing", "noise") and there:
            reason = f"trace_verifier: {spoilt}"
            rest[1 if spoilt == "drawing" else 5] = _flipped(rest[1 if spoilt == "drawing" else 5])
            yield self.tx("links.drawn", astuple(bound), *rest, sender=who, fails=reason)
            return
        wanted = not there or (values[better], -better) > (values[token], -token)
        spoilt = "" if spoilt not in ("path", "longer", "hash", "group", "type", "descriptor") else spoilt
        yield from self.says("drawn", bound, *rest, wanted=wanted, spoilt=spoilt)

    @staticmethod
    def drawn_value(drawing: Drawing, position: int, number: int, row: Row, given: list[int]) -> int:
        logit = ((dot(row, given) + row.bias) * row.multiplier) >> drawing.shift
        return logit * drawing.sharpness + noise()[noise_entry(drawing.seed, position, number)]

    # sizes ------------------------------------------------------------------------------------------------------------

    @action("", Choice((0, LAYER, LAYER, LAYER, LAST)), Amount(16), Choice((33, 32, 31, 2)), Choice((0, 0, 1, -1)),
            Choice(("", "", "", "nothing", "slot", "group", "descriptor")), weight=10)  # fmt: skip
    def shape(self, who: str, group: int, slot: int, position: int, more: int, spoilt: str) -> Steps:
        """A tensor has as many chunks as its operator makes."""
        o = opened(("blocks", position, group))
        slot = 1 + slot % len(o.published.program[group])
        lanes = o.trace.records[o.position][group][slot]
        chunks = len(trees.chunks(lanes, o.trace.bits(group, slot)))
        bound = self.fixed(o, o, slot=slot + (spoilt == "slot"), shown=0 if spoilt == "nothing" else chunks + 1 + more)
        reason = {"nothing": "trace_verifier: no tensor was shown", "slot": "trace_verifier: slot"}.get(spoilt)
        if reason:
            yield self.tx("links.shape", astuple(bound), o.descriptor(slot), sender=who, fails=reason)
            return
        yield from self.says("shape", bound, o.descriptor(slot), wanted=more != 0, spoilt=spoilt)

    @action("", Choice((0, LAYER, LAYER, LAYER, LAST)), Amount(16), Choice((33, 31, 2)), Amount(1 << 12),
            Choice((0, 0, 1, -3)), Choice(SPOILT), weight=14)  # fmt: skip
    def filling(self, who: str, group: int, slot: int, position: int, lane: int, more: int, spoilt: str) -> Steps:
        """Lanes that only fill up are 0; lanes that something computes, or that there are not, are none of these."""
        o = opened(("blocks", position, group))
        slot = 1 + slot % len(o.published.program[group])
        lanes = list(o.trace.records[o.position][group][slot])
        bits = o.trace.bits(group, slot)
        each = 1_024 // bits
        size = -(-len(lanes) // each) * each
        computed = self.computed(o, slot)
        edges = [
            max(computed),
            max(computed) + 1,
            size - 1,
            size,
            *(lane for lane in computed if lane + 1 not in computed),
        ]
        lane = edges[lane // 2 % len(edges)] if lane % 2 else lane // 2 % (size + 3)
        there = lane < size and lane not in computed
        if not there:
            at = min(lane // each, size // each - 1)
            args = (astuple(self.fixed(o, o)), o.descriptor(slot), o.lanes(slot, at), lane)
            yield self.tx("links.filling", *args, sender=who, fails="trace_verifier: lane")
            return
        records = [[list(group) for group in at] for at in o.trace.records]
        filled = [*lanes, *[0] * (size - len(lanes))]
        filled[lane] = more
        records[o.position][group][slot] = filled
        shown = replace(o, trace=replace(o.trace, records=records))
        opening = shown.lanes(slot, lane // each)
        yield from self.says(
            "filling", self.fixed(o, shown), o.descriptor(slot), opening, lane, wanted=more != 0, spoilt=spoilt
        )

    # pictures ---------------------------------------------------------------------------------------------------------

    @action("", Choice((1, 31, 64, 65, 300)), Amount(300), Choice((0, 0, 1, -1, 1 << 15, 1 << 16)),
            Choice(("", "", "", "path", "longer", "hash", "group", "descriptor", "lane", "prompt", "reply")),
            weight=8)  # fmt: skip
    def pictured(self, who: str, size: int, lane: int, more: int, spoilt: str) -> Steps:
        """A picture is what its receipt was given; a receipt of something else has none."""
        values = [(place * 97 + size) % 16_383 - 8_191 for place in range(size)]
        lane %= size
        o = alone([Operator("picture", height=size, limit=0)], [[0], values])
        given = [*values[:lane], values[lane] + more, *values[lane + 1 :]]
        opening = (o.descriptor(1), o.lanes(1, lane // 64), self.chunk(given, lane))
        bound = replace(
            self.fixed(o, o),
            inputs=self.of_ids(given),
            prompt=size + (spoilt == "prompt"),
            reply=1 + (spoilt == "reply"),
        )
        if spoilt == "lane":
            yield self.tx("links.pictured", astuple(bound), *opening, size, sender=who, fails="trace_verifier: lane")
            return
        wanted = more != 0 or spoilt in ("prompt", "reply")
        yield from self.says("pictured", bound, *opening, lane, wanted=wanted, spoilt=spoilt)


def _flipped(words: Any) -> Any:
    """The first word another."""
    return type(words)([bytes([words[0][0] ^ 1]) + words[0][1:], *words[1:]])
