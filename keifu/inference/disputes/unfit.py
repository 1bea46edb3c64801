"""Answers to what a model does not take: more positions than it has places or angles for, or a picture of another size.

Nobody can compute such an answer again, so no provider that serves the model gives one: that it was given is wrong by
itself. One operator shows it, with its descriptor alone: no lane of the record is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keifu.inference.disputes import proofs
from keifu.inference.disputes.challenger import Challenger
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import NO_MARKS, Proof, Turn
from keifu.spec.inference_calls import Call
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import Trace
from keifu.spec.inference_openings import NO_LANES, Published

__all__ = ["Unfit"]

_FUNCTIONS = {"place": "placed", "rope": "rotation", "picture": "pictured"}  # by the operator that shows it


class _Where(NamedTuple):
    group: int
    slot: int
    type: str
    position: int  # the first one that the model has not


class Unfit(Challenger):
    """The challenger of such an answer; it has no trace of its own."""

    def __init__(
        self, published: Published, prompt: Sequence[int], ids: Sequence[int], drawing: Drawing | None = None
    ) -> None:
        super().__init__(published, Trace(published.program, drawing=drawing), prompt, ids)
        self._where = _where(published)

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

    def _next(self, view: proofs.View, seen: Seen, turn: Turn) -> Proof:
        del seen, turn
        _, slot, kind, _ = self._where
        nothing: tuple[Any, ...] = (NO_LANES, NO_LANES)
        if kind == "picture":
            return proofs.bound(view, _FUNCTIONS[kind], view.descriptor(slot), *nothing, 0)
        call = Call(_FUNCTIONS[kind], view.claim(), view.descriptor(slot), (*nothing, NO_LANES, 0))
        return proofs.proved(call)


def _where(published: Published) -> _Where:
    """The first operator that has a number of positions, or of values. Each kind of model has one in its first two
    groups."""
    for group, operators in enumerate(published.program):
        for slot, operator in enumerate(operators, 1):
            if operator.type in _FUNCTIONS:
                position = 0 if operator.type == "picture" else operator.multiplier
                return _Where(group, slot, operator.type, position)
    raise ValueError("the model takes texts of any length")
