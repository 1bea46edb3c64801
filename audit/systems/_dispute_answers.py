"""Answers of a small token model, right and wrong ones, and what its client knows of each: made once, used in every
sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from audit.tiny_model import Sizes, tiny
from keifu.inference.disputes import Challenger, Place, Provider
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Trace, run
from keifu.spec.inference_openings import Published

__all__ = ["LAYER", "POSITIONS", "PROMPT", "Answered", "answers", "model"]

PROMPT, REPLY = [3, 1, 4], 2
LAYER, LAST = 1, 2
POSITIONS = len(PROMPT) + REPLY - 1
WRONG = POSITIONS - 1  # position of what cheats computed otherwise
OUT = 15  # slot of a layer's last tensor
TOKENS = 40
# Slot and lane of what cheats computed wrongly: queries, a score, a total, a weighted sum.
CHEATS = {"queries": (2, 70), "score": (7, 1), "total": (8, 2), "weighted sum": (9, 66)}


@dataclass(frozen=True)
class Answered:
    """A reply, its provider, and a client that computed it again."""

    name: str
    provider: Provider
    ids: tuple[int, ...]
    challenger: Challenger
    honest: bool = False

    @property
    def prompt(self) -> list[int]:
        return PROMPT

    def place(self, position: int, group: int) -> Place:
        """A position alone (group -1), or a group."""
        roots = self.provider.position_roots()
        above = trees.path(roots, position)
        if group < 0:
            return Place(position, len(model().program), roots[position], above)
        boundaries = self.provider.boundaries(position)
        marks = self.challenger.marks(position, group)
        return Place(position, group, boundaries[group], [*trees.path(boundaries, group), *above], marks)


@cache
def model() -> Published:
    return Published.of(tiny("blocks", Sizes(layers=1, tokens=TOKENS, inner=128, positions=8)))


@cache
def answers() -> tuple[Answered, ...]:
    """The honest one first."""
    published, ids = model(), list(PROMPT)
    while len(ids) <= POSITIONS:
        ids.append(run(published.program, ids).records[-1][-1][-1][0])
    honest = run(published.program, ids[:-1], len(PROMPT) - 1)
    reply = tuple(ids[len(PROMPT) :])
    knows = Challenger(published, honest, PROMPT, reply)
    found = [Answered("honest", Provider(published, honest), reply, knows, honest=True)]
    committed = _changed(honest, OUT, 0)
    for name, (slot, lane) in CHEATS.items():
        provider = Provider(published, committed, _changed(committed, slot, lane))
        found.append(Answered(name, provider, reply, knows))
    found.append(Answered("record", Provider(published, committed, honest), reply, knows))
    other = (*reply[:-1], (reply[-1] + 1) % TOKENS)
    found.append(Answered("reply", Provider(published, honest), other, Challenger(published, honest, PROMPT, other)))
    unasked = Provider(published, replace(honest, asked_from=0))
    found.append(Answered("token that nobody asked for", unasked, reply, knows))
    return tuple(found)


def _changed(trace: Trace, slot: int, lane: int) -> Trace:
    """With one lane of the layer larger."""
    groups = [[list(tensor) for tensor in record] for record in trace.records[WRONG]]
    groups[LAYER][slot][lane] += 1
    return replace(trace, records=[*trace.records[:WRONG], groups, *trace.records[WRONG + 1 :]])
