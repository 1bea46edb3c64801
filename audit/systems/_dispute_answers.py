"""Answers of a small token model, right and wrong ones, and what its client knows of each: made once, used in every
sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from audit.tiny_model import Sizes, tiny
from keifu.inference.disputes import Challenger, Place, Provider
from keifu.spec import inference_trees as trees
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import Trace, run
from keifu.spec.inference_openings import Published

__all__ = ["LAST", "LAYER", "POSITIONS", "PROMPT", "TOKENS", "Answered", "answers", "model"]

PROMPT, REPLY = [3, 1, 4], 2
LAYER, LAST = 1, 2
POSITIONS = len(PROMPT) + REPLY - 1
WRONG = POSITIONS - 1  # position of what cheats computed otherwise
OUT = 15  # slot of a layer's last tensor
TOKENS = 40
DRAWING = Drawing(bytes(range(32)), 40, 1_500)
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
    group: int = LAYER  # that is wrong

    @property
    def prompt(self) -> list[int]:
        return PROMPT

    @property
    def drawing(self) -> Drawing | None:
        return self.provider.trace.drawing

    def place(self, position: int, group: int) -> Place:
        """A position alone (group -1), or a group."""
        roots = self.provider.position_roots()
        above = [*trees.path(roots, position), *(self.drawing.words if self.drawing else ())]
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
    found.append(
        Answered("reply", Provider(published, honest), other, Challenger(published, honest, PROMPT, other), group=LAST)
    )
    unasked = Provider(published, replace(honest, asked_from=0))
    found.append(Answered("token that nobody asked for", unasked, reply, knows))
    return (*found, *_drawn_answers())


def _drawn_answers() -> tuple[Answered, ...]:
    """Of drawn tokens: an honest one, a wrong token, and a wrong lane of the layer."""
    published, ids = model(), list(PROMPT)
    while len(ids) <= POSITIONS:
        ids.append(run(published.program, ids, drawing=DRAWING).records[-1][-1][-1][0])
    honest = run(published.program, ids[:-1], len(PROMPT) - 1, DRAWING)
    reply = tuple(ids[len(PROMPT) :])
    knows = Challenger(published, honest, PROMPT, reply)
    token = Provider(published, _changed(honest, 2, 0, LAST))
    committed = _changed(honest, OUT, 0)
    return (
        Answered("drawn", Provider(published, honest), reply, knows, honest=True),
        Answered("drawn token", token, reply, knows, group=LAST),
        Answered("drawn queries", Provider(published, committed, _changed(committed, 2, 70)), reply, knows),
    )


def _changed(trace: Trace, slot: int, lane: int, group: int = LAYER) -> Trace:
    """With one lane larger."""
    groups = [[list(tensor) for tensor in record] for record in trace.records[WRONG]]
    groups[group][slot][lane] += 1
    return replace(trace, records=[*trace.records[:WRONG], groups, *trace.records[WRONG + 1 :]])
