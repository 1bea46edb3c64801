"""TraceVerifier about a text's vector: the parts of its trace hang together where their roots are one."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

from audit.systems._trace_links import SPOILT, Bound, Links
from audit.systems._verified import changed
from audit.systems.encoder_verifier import COUNT, LAST, LAYER, opened
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.spec import inference_trees as trees
from keifu.spec.inference_openings import Openings

__all__ = ["TextLinks"]

GROUPS = 4
POSITIONS = (0, 12, 33, 34)
KEPT = ((LAYER, 5, 3, 1), (LAYER, 7, 4, 2), (LAST, 2, 1, 1))  # group, operator, what it keeps, place in a boundary


class TextLinks(Links):
    """Right links and wrong ones, of a text of 35 ids."""

    contracts = ("TraceVerifier",)
    actors = ("challenger",)
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        self.bind(links=evm.deploy("TraceVerifier", sender=evm.account("deployer")))

    def fixed(self, o: Openings, other: Openings, **changes: Any) -> Bound:
        """`other` has the record that its provider showed."""
        ids = [groups[0][0][0] for groups in o.trace.records]
        vector = trees.tensor_root(o.trace.records[-1][LAST][-1], 16)
        roots = (o.published.root, o.trace.root(), trees.tensor_root(ids, 32), vector)
        boundary = trees.boundary(*o.trace.boundary_leaves(o.position, o.group)[:3])
        record = other.trace.record_root(o.position, o.group)
        return replace(Bound(*roots, COUNT, 0, o.position, GROUPS, o.group, boundary, record, 0, 0), **changes)

    @action("", Choice(POSITIONS), Choice((0, 0, 1)), Choice((0, 0, 0, 1)), Choice(SPOILT), weight=8)
    def returned(self, who: str, position: int, more: int, reply: int, spoilt: str) -> Steps:
        """The vector of the receipt is what the last group made at the last position, and nowhere else is one."""
        o = opened(position, LAST)
        last = self.out(o, LAST)
        bound = self.fixed(o, o, reply=reply)
        if more:
            bound = replace(bound, outputs=bytes([more]) * 32)
        if reply or position + 1 < COUNT:
            yield self.tx("links.returned", astuple(bound), last, sender=who, fails="trace_verifier: position")
            return
        yield from self.says("returned", bound, last, wanted=more != 0, spoilt=spoilt)

    @action("", Choice(KEPT), Choice(POSITIONS), Choice((0, 0, 1)), Choice(SPOILT), weight=8)
    def kept(self, who: str, which: tuple[int, int, int, int], position: int, more: int, spoilt: str) -> Steps:
        """The record has the keys, values or what is pooled that the receipt commits to."""
        group, slot, kept, place = which
        o = opened(position, group)
        shown = changed(o, [(kept, 5, more)])
        nodes = self.own(shown, kept), self.beside(o, place)
        yield from self.says("kept", self.fixed(o, shown), o.descriptor(slot), *nodes, wanted=more != 0, spoilt=spoilt)

    @action("", Choice((0, LAYER, LAST, LAST)), Choice(POSITIONS), Choice((0, 0, 1)), Choice(("", "path", "longer")),
            weight=8)  # fmt: skip
    def made(self, who: str, group: int, position: int, more: int, spoilt: str) -> Steps:
        """The record ends with what the receipt commits to; before the last position that is no vector."""
        o = opened(position, group)
        last = len(o.published.program[group])
        shown = changed(o, [(last, 0, more)])
        behind = group * trees.SLOTS + last + 1
        after = (bytes(32), trees.path(o.published.leaves, behind) if last + 1 < trees.SLOTS else [])
        nodes = (o.descriptor(last), after, self.own(shown, last), self.beside(o, 0))
        wanted = more != 0 and (group != LAST or position + 1 == COUNT)
        yield from self.says("made", self.fixed(o, shown), *nodes, wanted=wanted, spoilt=spoilt)

    @action("", Choice((0, LAYER, LAYER, LAST)), Amount(16), Choice(POSITIONS), Choice((0, 0, 1, -1)), weight=10)
    def shape(self, who: str, group: int, slot: int, position: int, more: int) -> Steps:
        """A tensor has as many chunks as its operator makes: scores those of all positions, sums those of 32 bits."""
        o = opened(position, group)
        slot = 1 + slot % len(o.published.program[group])
        chunks = len(trees.chunks(o.trace.records[position][group][slot], o.trace.bits(group, slot)))
        bound = self.fixed(o, o, slot=slot, shown=chunks + 1 + more)
        yield from self.says("shape", bound, o.descriptor(slot), wanted=more != 0, spoilt="")

    @action("", Choice((0, LAYER, LAYER, LAST)), Amount(16), Choice(POSITIONS), Amount(1 << 12), Choice((0, 0, 1, -3)),
            weight=12)  # fmt: skip
    def filling(self, who: str, group: int, slot: int, position: int, lane: int, more: int) -> Steps:
        """Lanes that only fill up are 0; lanes that something computes, or that there are not, are none of these."""
        o = opened(position, group)
        slot = 1 + slot % len(o.published.program[group])
        lanes, each = o.trace.records[position][group][slot], 1_024 // o.trace.bits(group, slot)
        size = -(-len(lanes) // each) * each
        lane, computed = lane % (size + 3), self.computed(o, slot)
        if lane >= size or lane in computed:
            opening = o.lanes(slot, min(lane // each, size // each - 1))
            args = (astuple(self.fixed(o, o)), o.descriptor(slot), opening, lane)
            yield self.tx("links.filling", *args, sender=who, fails="trace_verifier: lane")
            return
        records = [[list(tensors) for tensors in groups] for groups in o.trace.records]
        filled = [*lanes, *[0] * (size - len(lanes))]
        filled[lane] = more
        records[position][group][slot] = filled
        shown = replace(o, trace=replace(o.trace, records=records))
        rest = (o.descriptor(slot), shown.lanes(slot, lane // each), lane)
        yield from self.says("filling", self.fixed(o, shown), *rest, wanted=more != 0, spoilt="")
