"""What each side does next, as the name of a call of InferenceGame and its arguments behind the turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keifu.inference.disputes.challenger import Challenger
from keifu.inference.disputes.provider import Provider
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import Case, Narrowing, Proof, Stage, Turn

__all__ = ["ANSWERS", "Move", "answer", "question"]

Move = tuple[str, Sequence[Any]]
ANSWERS = {
    Stage.GROUPS: "show_groups",
    Stage.RECORD: "show_record",
    Stage.NODES: "show_nodes",
    Stage.CHUNKS: "show_chunks",
    Stage.SUMS: "show_sums",
}  # by whose turn it is: the provider's


def answer(provider: Provider, case: Case, turn: Turn) -> Move:
    """The provider's, at a stage of `ANSWERS`."""
    position, at = case.position, (case.position, turn.group, turn.slot)
    name = ANSWERS[Stage(turn.stage)]
    match turn.stage:
        case Stage.GROUPS:
            return name, (provider.boundaries(position),)
        case Stage.RECORD:
            return name, provider.record(position, turn.group, turn.marks)
        case Stage.NODES:
            return name, provider.nodes(*at)
        case Stage.CHUNKS:
            return name, provider.chunks(*at, turn.part)
        case _:
            return name, (provider.sums(*at, turn),)


def question(challenger: Challenger, seen: Seen, case: Case, turn: Turn) -> Move:
    """The challenger's: the group that is wrong, a question, or the proof."""
    if turn.stage == Stage.NAMING:
        group = challenger.group(case.position, seen)
        marks = challenger.marks(case.position, group)
        return "name_group", (group, seen.boundaries[group], challenger.path(group, seen), marks)
    found = challenger.next(seen, case, turn)
    if isinstance(found, Proof):
        return "prove", (case.args, *found)
    if isinstance(found, Narrowing):
        return "ask_within", found
    return "ask", found.args
