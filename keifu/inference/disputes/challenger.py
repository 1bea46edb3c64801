"""How a challenger, who has computed the answer again, finds what is wrong with a provider's.

It knows its own trace, the roots of positions that came with the reply, and what the provider has shown since. The
first position, group and tensor that differ are the ones to ask about: all that they are made from is alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from keifu.inference.disputes import proofs
from keifu.inference.disputes.misshapen import is_misshapen, unopened
from keifu.inference.disputes.provider import PART_LEVELS, Provider
from keifu.inference.disputes.seen import Seen
from keifu.inference.disputes.turns import LIST, NO_MARKS, Case, Narrowing, Proof, Question, Stage, Turn, marks_of
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Trace
from keifu.spec.inference_openings import Published

__all__ = ["Challenger", "Place"]


class Place(NamedTuple):
    """Where a dispute begins; `group` is the number of groups where the provider kept its boundaries to itself."""

    position: int
    group: int
    node: bytes
    path: list[bytes]
    marks: Sequence[bytes] = NO_MARKS  # of the group's tensors


class Challenger:
    """Decides what to do next from what was seen."""

    def __init__(self, published: Published, trace: Trace, prompt: Sequence[int], ids: Sequence[int]) -> None:
        """`trace` is this side's own, of the prompt and the receipt's `ids` but the last one. Where an id is no token,
        another may stand in its place there and behind it: the id is wrong already. Where a model makes a vector of a
        text, `ids` are the vector's lanes."""
        self.published, self.own = published, Provider(published, trace)
        self.prompt, self.ids = list(prompt), list(ids)
        self.is_vector = trace.makes_vector
        self.groups = len(published.program)

    # where ------------------------------------------------------------------------------------------------------------

    def position(self, seen: Seen) -> int | None:
        """The first position that is wrong, or whose token is another in the reply; or None."""
        if self._is_misshapen(seen):
            return 0
        if self.is_vector:
            return self._first_other(seen)[0]
        found = [place for place in (self._computed(seen), self._answered()) if place is not None]
        return min(found, default=None)

    def is_reply(self, seen: Seen) -> bool:
        """Whether nothing is wrong up to there but the reply."""
        if self._is_misshapen(seen):
            return False
        if self.is_vector:
            return self._first_other(seen)[1] is None
        computed = self._computed(seen)
        return computed is None or computed > (self.position(seen) or 0)

    def _first_other(self, seen: Seen) -> tuple[int | None, int | None]:
        """Of a text's vector, position and group that are wrong while all that they are made from is right: groups go
        over all positions, one after the other, and read what they keep of each before they end."""
        own, positions = self.own.leaves(), range(len(seen.leaves))
        for group in range(self.groups):
            for places in (slice(1, 3), slice(0, 1)):
                for position in positions:
                    if own[position][group][places] != list(seen.leaves[position][group][places]):
                        return position, group
        last = len(positions) - 1
        return (last if self.own.trace.records[-1][-1][-1] != self.ids else None), None

    def _is_misshapen(self, seen: Seen) -> bool:
        """Whether what came with a text's vector is of a model of another number of groups."""
        return self.is_vector and is_misshapen(len(seen.leaves[0]), self.groups)

    def _computed(self, seen: Seen) -> int | None:
        own = self.own.position_roots()
        return next((place for place, root in enumerate(own) if root != seen.positions[place]), None)

    def _answered(self) -> int | None:
        last = len(self.prompt) - 1
        made = self.own.trace.records[last:]
        wrong = (last + at for at, groups in enumerate(made) if groups[-1][-1][0] != self.ids[at])
        return next(wrong, None)

    def group(self, position: int, seen: Seen) -> int:
        """The first group that is wrong; the last one where only the reply is."""
        own = self.own.boundaries(position)
        return next((n for n, root in enumerate(own) if seen.boundaries[n] != root), self.groups - 1)

    def place(self, seen: Seen) -> Place | None:
        """Where to begin, or None where nothing is wrong."""
        position = self.position(seen)
        if position is None:
            return None
        above = self._above(seen, position)
        if self._is_misshapen(seen):
            found = unopened(seen.leaves[position], self.groups)
            return (
                Place(position, found.group, found.node, [*found.path, *above])
                if found
                else (Place(position, self.groups, seen.positions[position], above))
            )
        if self.is_vector:
            seen.at(position)
        if not seen.boundaries:
            return Place(position, self.groups, seen.positions[position], above)
        group = self.group(position, seen)
        marks = NO_MARKS if self.is_reply(seen) else self.marks(position, group)
        return Place(position, group, seen.boundaries[group], [*self.path(group, seen), *above], marks)

    def _above(self, seen: Seen, position: int) -> list[bytes]:
        """From a position's root to the trace's, and what its tokens are drawn by."""
        drawing = self.own.trace.drawing
        return [*trees.path(list(seen.positions), position), *(drawing.words if drawing else ())]

    def marks(self, position: int, group: int) -> Sequence[bytes]:
        """So that the first tensor that is another is shown without a question."""
        return marks_of(self.own.trace.record_leaves(position, group))

    def path(self, group: int, seen: Seen) -> list[bytes]:
        """From what a group committed to, to the position's root."""
        return trees.path(list(seen.boundaries), group)

    # what -------------------------------------------------------------------------------------------------------------

    def next(self, seen: Seen, case: Case, turn: Turn) -> Question | Narrowing | Proof:
        """The next question, or the proof. Raises ValueError where nothing is wrong in the group."""
        view = proofs.View(self.published, self.own.trace, case.position, turn.group, seen, case, turn)
        found = self._next(view, seen, turn)
        return proofs.with_drawing(view, found) if isinstance(found, Proof) else found

    def _next(self, view: proofs.View, seen: Seen, turn: Turn) -> Question | Narrowing | Proof:
        if self.is_reply(seen):
            return proofs.answered(view, self.prompt, self.ids)
        if not seen.roots:  # nothing opens below a record without tensors: it is the size of one that is wrong
            return self._about(view, 1)
        own = self.own.trace.record_leaves(view.position, turn.group)
        if view.root(0) != own[0]:
            return proofs.begins(view, self.prompt, self.ids)
        # What other positions read stands in the receipt: it is compared before anything that is made from it.
        if (proof := proofs.kept(view)) is not None:
            return proof
        slot = next((n for n, root in enumerate(own) if root != view.root(n)), None)
        return proofs.made(view) if slot is None else self._about(view, slot)

    def _about(self, view: proofs.View, slot: int) -> Question | Narrowing | Proof:
        """A tensor that is wrong while all before it are right."""
        own, seen, turn = view.own_chunks(slot), view.seen, view.turn
        part = 0
        if seen.slot == slot and seen.count != len(own) and (turn.slot, bool(turn.shown)) == (slot, True):
            return proofs.shape(view, slot)
        if len(own) > LIST and seen.slot == slot and seen.nodes:
            part = self._part(own, seen)
        elif len(own) > LIST:
            return Question(Stage.NODES, slot)
        if seen.slot != slot or seen.part != part or not seen.chunks:
            return Question(Stage.CHUNKS, slot, part)
        found = proofs.lane(view, slot)
        if not any(turn.sums):
            return found
        if isinstance(found, Proof):  # the sums that were shown are of something else, and would go with it
            return Question(Stage.CHUNKS, slot, part)
        are_those = (turn.slot, turn.part) == (slot, found.part) and found.stride == (
            LIST if turn.within else turn.stride
        )
        return proofs.summed(view) if are_those and (turn.within or turn.count == found.count) else found

    def _part(self, own: list[bytes], seen: Seen) -> int:
        hashes = [keccak256(chunk) for chunk in own]
        nodes = [trees.tree(hashes[at : at + LIST], PART_LEVELS) for at in range(0, len(hashes), LIST)]
        return next(n for n, node in enumerate(nodes) if node != seen.nodes[n])
