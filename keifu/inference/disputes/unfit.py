"""Answers to what a model does not take: ids that are no tokens, more positions than it has places or angles for, or a
picture of another size.

Nobody can compute such an answer again, so no provider that serves the model gives one: that it was given is wrong by
itself. One operator shows it, and no lane that it made is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from keifu.inference.disputes import proofs
from keifu.inference.disputes.challenger import Challenger
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import NO_MARKS, Proof, Question, Stage, Turn
from keifu.spec import inference_trees as trees
from keifu.spec.inference_calls import Call
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import Trace
from keifu.spec.inference_openings import NO_LANES, NO_ROW, Published

__all__ = ["Unfit"]

_WIDE = 32  # bits of an id
_FUNCTIONS = {"place": "placed", "rope": "rotation"}  # by the operator that has a number of positions


class _Where(NamedTuple):
    group: int
    slot: int
    type: str
    position: int


class Unfit(Challenger):
    """The challenger of such an answer; it has no trace of its own."""

    def __init__(
        self, published: Published, prompt: Sequence[int], ids: Sequence[int], drawing: Drawing | None = None
    ) -> None:
        """Raises ValueError for a model that takes anything."""
        super().__init__(published, Trace(published.program, drawing=drawing), prompt, ids)
        self._where = _foreign(published, prompt) or _behind(published)

    def position(self, seen: Seen) -> int | None:
        return 0 if self._is_misshapen(seen) else self._where.position

    def is_reply(self, seen: Seen) -> bool:
        del seen
        return False

    def group(self, position: int, seen: Seen) -> int:
        del position, seen
        return self._where.group

    def marks(self, position: int, group: int) -> Sequence[bytes]:
        del position, group
        return NO_MARKS

    def _next(self, view: proofs.View, seen: Seen, turn: Turn) -> Question | Proof:
        _, slot, kind, position = self._where
        if kind == "embedding":
            return self._of_id(view, seen, turn, self.prompt[position])
        if kind == "picture":
            return proofs.bound(view, "pictured", view.descriptor(slot), NO_LANES, NO_LANES, 0)
        rest = (NO_LANES, NO_LANES, NO_LANES, 0)
        return proofs.proved(Call(_FUNCTIONS[kind], view.claim(), view.descriptor(slot), rest))

    def _of_id(self, view: proofs.View, seen: Seen, turn: Turn, number: int) -> Question | Proof:
        """The record begins with the id that the receipt has, or that is wrong."""
        slot = self._where.slot
        if not seen.roots:  # nothing opens below it: it is the size of a tensor that is wrong
            return proofs.shape(view, slot) if turn.shown else Question(Stage.CHUNKS, slot)
        if view.root(0) != trees.tensor_root([number], _WIDE):
            return proofs.begins(view, self.prompt, self.ids)
        (chunk,) = trees.chunks([number], _WIDE)
        own = chunk, view.own_slot(0)[1]
        return proofs.proved(Call("embedding", view.claim(), view.descriptor(slot), (own, NO_ROW, NO_LANES, 0)))


def _foreign(published: Published, prompt: Sequence[int]) -> _Where | None:
    """The first id of a prompt that is no token."""
    first = published.program[0][0]
    if first.type != "embedding":
        return None
    found = next((at for at, number in enumerate(prompt) if not 0 <= number < first.multiplier), None)
    return None if found is None else _Where(0, 1, first.type, found)


def _behind(published: Published) -> _Where:
    """The first position that the model has not. A model says in one of its first two groups how many it has; that of a
    picture is wrong at any position."""
    for group, operators in enumerate(published.program):
        for slot, operator in enumerate(operators, 1):
            if operator.type == "picture":
                return _Where(group, slot, operator.type, 0)
            if operator.type in _FUNCTIONS:
                return _Where(group, slot, operator.type, operator.multiplier)
    raise ValueError("the model takes texts of any length")
