"""InferenceGame at its edges: longest lists, last seconds, each count of chunks, each stage's reasons, and all that
turns, events and calls of the verifiers say.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._game_edges import (
    NOTHING,
    Start,
    Tensor,
    game_way,
    words,
)
from audit.systems._game_edges_ends import GameEndEdges
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.inference.disputes import Question, Stage
from keifu.inference.disputes.turns import NO_MARKS
from keifu.keys import keccak256
from keifu.spec import inference_trees as trees

__all__ = ["InferenceGameEdges"]

PLACE, TOKENS, PATH, TRACE = (
    f"game: {reason}" for reason in ("no such place", "number of tokens", "path", "not in the trace")
)
SEED = words(1, 77)[0]

# Prompt, reply and position: one position, the prompt's end, before it, the most there are, and texts' vectors.
PLACES = (
    (1, 1, 0), (1, 2, 1), (3, 1, 2), (3, 2, 1), (2, 2, 0), (5, 4, 7), (1_000, 25, 1_023), (1_024, 1, 1_023),
    (700, 3, 0), (1, 0, 0), (2, 0, 0), (5, 0, 4), (9, 0, 3), (1_024, 0, 1_023),
)  # fmt: skip
GROUPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33, 64, 65, 127, 128)
PARTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 31, 32)
SHOWN_COUNTS = (33, 63, 64, 65, 96, 97, 127, 128, 129, 255, 256, 257, 512, 513, 993, 1_023, 1_024)
LARGE = tuple(2**bits + more for bits in (8, 9, 11, 12, 15, 16, 17, 20, 23, 24, 25, 31) for more in (-1, 0, 1))
LARGEST = 2**32 - 2
NO_SUMS = ((0, 1), (2, 1), (31, 1), (33, 1), (1, 0), (32, 33))  # stride and count
# What a boundary is made of at a group of three, or at the only one (3), of a text's vector or not, and whether it may.
KEPT = (
    (0, 3, (1, 0), False), (0, 3, (0, 1), False), (0, 3, (1, 1), False), (0, 3, (0, 0), True),
    (1, 3, (1, 1), True), (1, 3, (1, 0), True), (1, 3, (0, 1), True),
    (2, 3, (1, 0), False), (2, 3, (0, 1), False), (2, 3, (0, 0), True),
    (0, 1, (1, 0), False), (0, 1, (0, 0), True),
)  # fmt: skip
KEPT_OF_VECTORS = (
    (0, 3, (1, 0), False), (0, 3, (0, 1), False), (0, 3, (0, 0), True), (1, 3, (1, 1), True),
    (2, 3, (1, 0), True), (2, 3, (0, 1), False), (2, 3, (1, 1), False), (2, 3, (0, 0), True), (0, 1, (1, 0), True),
    (0, 1, (0, 1), False),
)  # fmt: skip


def _marks(roots: list[bytes], *, without: tuple[int, ...] = (), other: dict[int, int] | None = None) -> list[bytes]:
    """Marks of tensors 1 to 15; those `without` are zero, and `other` ones another number."""
    marks = [int.from_bytes(root[:6], "big") for root in [*roots[1:], *words(15, 8)][:15]]
    changed = dict.fromkeys(without, 0) | (other or {})
    for slot, mark in changed.items():
        marks[slot - 1] = mark
    packed = [b"".join(mark.to_bytes(6, "big") for mark in marks[at : at + 5]) for at in (0, 5, 10)]
    return [word + bytes(2) for word in packed]


class InferenceGameEdges(GameEndEdges):
    """Short ways to what the game refuses, and to what it keeps of what it takes."""

    # the opening ------------------------------------------------------------------------------------------------------

    @game_way(Choice(PLACES), Choice((None, (SEED, 1), (SEED, 2**24 - 1))))
    def begins_anywhere(self, who: str, place: tuple[int, int, int], drawing: Any) -> Steps:
        """DIS-5, DIS-7: the position alone, and each of its groups."""
        prompt, reply, position = place
        for group in (0, 1, 2, 3):
            start = Start(3, group, prompt, reply, position, marks=tuple(words(3, 6)), drawing=drawing)
            start = replace(start, marks=start.marks if start.is_named else NO_MARKS)
            one = drawing is not None and start.positions == 1
            with self.aside():
                yield from self.begins(start, fails="game: one position" if one else None)
                if not one:
                    yield from self.begins(start, fails="game: dispute is open")

    @game_way()
    def begins_within_bounds(self, who: str) -> Steps:
        """DIS-5: one more than there may be of each, and the most there may be."""
        refused: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
            ({"groups": 1, "group": 1}, {"groups": 0}, "game: number of groups"),
            ({"groups": 129, "group": 129}, {}, "game: number of groups"),
            ({}, {"prompt": 0}, TOKENS), ({"prompt": 1_024}, {}, TOKENS), ({"prompt": 1_025, "reply": 0}, {}, TOKENS),
            ({"prompt": 1, "reply": 1_025}, {}, TOKENS), ({}, {"position": 4}, PLACE), ({"group": 4}, {}, PLACE),
            ({"time": 2**40}, {}, "game: no such time"),
            ({"position": 0, "group": 2, "boundary": NOTHING}, {}, PLACE),
            ({"position": 1, "group": 2, "boundary": NOTHING}, {}, PLACE),
        )  # fmt: skip
        for fields, spoilt, reason in refused:
            yield from self.begins(Start(**fields), fails=reason, **spoilt)
        most: tuple[dict[str, Any], ...] = (
            {"time": 2**40 - 1}, {"groups": 1, "group": 1}, {"groups": 1, "group": 0}, {"groups": 128, "group": 127},
            {"groups": 128, "group": 128}, {"prompt": 1, "reply": 1_024, "position": 1_023, "groups": 128},
            {"position": 2, "group": 2, "boundary": NOTHING}, {"reply": 0, "position": 0, "group": 2,
            "boundary": NOTHING},
        )  # fmt: skip
        for fields in most:
            with self.aside():
                yield from self.begins(Start(**fields))

    @game_way(Choice((3, 1)), Choice((None, (SEED, 9))))
    def begins_in_its_trace(self, who: str, group: int, drawing: Any) -> Steps:
        """DIS-5: another path, one word shorter or longer, another node, another drawing."""
        start = Start(group=group, drawing=drawing)
        path = start.whole_path
        for wrong in (path[:-1], [*path, SEED], [SEED, *path[1:]], []):
            yield from self.begins(start, TRACE if len(wrong) == len(path) else PATH, path=wrong)
        if drawing is None:
            yield from self.begins(start, TRACE, path=[*path, SEED, SEED])
        else:
            yield from self.begins(start, TRACE, path=[*path[:-2], words(1, 5)[0], path[-1]])
            yield from self.begins(start, TRACE, path=[*path[:-1], (10).to_bytes(32, "big")])
        yield from self.begins(start)

    # groups -----------------------------------------------------------------------------------------------------------

    @game_way(Choice(GROUPS), Choice(((3, 2, 3), (3, 2, 1), (5, 0, 4))))
    def groups_are_shown_and_named(self, who: str, count: int, place: tuple[int, int, int]) -> Steps:
        """DIS-5"""
        shown, (prompt, reply, position) = words(count, 3), place
        start = Start(count, count, prompt, reply, position, trees.tree(shown))
        shown[-1] = NOTHING if start.unasked else shown[-1]
        start = replace(start, boundary=trees.tree(shown))
        yield from self.begins(start)
        yield from self.shows("show_groups", shown[:-1], fails="game: number of groups")
        longer = "game: number of groups" if count < 128 else ""
        yield from self.shows("show_groups", [*shown, SEED], fails=longer)
        yield from self.shows("show_groups", [SEED, *shown[1:]], fails="game: other groups")
        yield from self.names_group(0, shown[0], trees.path(shown, 0), fails="game: not its turn")
        yield from self.shows("show_groups", shown)
        yield from self.shows("show_groups", shown, fails="game: not its turn")
        yield from self.names_group(count, SEED, trees.path(shown, 0), fails=PATH)
        for group in {0, count // 2, count - 1}:
            path = trees.path(shown, group)
            yield from self.names_group(group, SEED, path, fails="game: other groups")
            yield from self.names_group(group, shown[group], [*path, SEED], fails=PATH)
            if path:
                yield from self.names_group(group, shown[group], path[1:], fails=PATH)
            with self.aside():
                empty = shown[group] == NOTHING
                yield from self.names_group(group, shown[group], path, fails=PLACE if empty else None)

    @game_way()
    def a_token_that_nobody_asked_for(self, who: str) -> Steps:
        """DIS-5: naming a group that should have committed to nothing ends the dispute."""
        shown = words(3, 3)
        yield from self.begins(Start(position=1, boundary=trees.tree(shown)))
        yield from self.shows("show_groups", shown)
        yield from self.names_group(2, shown[2], trees.path(shown, 2))
        assert self.at.stage == Stage.PROVED
        yield from self.finishes(True)

    # a record ---------------------------------------------------------------------------------------------------------

    @game_way(Choice((2, 0)))
    def what_is_kept(self, who: str, reply: int) -> Steps:
        """DIS-5: first and last group keep nothing, but of a vector what it is the mean of."""
        for group, groups, made, may in KEPT if reply else KEPT_OF_VECTORS:
            out, keys, values = words(3, 4)
            committed = [out, keys if made[0] else NOTHING, values if made[1] else NOTHING]
            boundary = trees.boundary(*committed)
            with self.aside():
                yield from self.begins(Start(groups, group, 3, reply, 2, boundary))
                for at in range(3):
                    wrong = [SEED if number == at else item for number, item in enumerate(committed)]
                    args = [[], wrong, list(NO_MARKS), 0, b""]
                    yield from self.shows("show_record", *args, fails="game: another boundary")
                args = [[], committed, list(NO_MARKS), 0, b""]
                yield from self.shows("show_record", *args, fails=None if may else "game: nothing is kept there")

    @game_way(Choice(tuple(range(17))))
    def marks_lead_to_a_tensor(self, who: str, count: int) -> Steps:
        """DIS-5: the first one that is another, those without a mark left out; none where all are the same."""
        tensor, committed = Tensor(1), words(3, 4)
        for slot in range(16):
            roots = words(count, 5)
            if slot and slot < count:
                roots[slot] = tensor.root
            marks = _marks(roots, without=(3, 7), other={slot: 1} if slot else None)
            found = slot if 0 < slot < count else 0
            with self.aside():
                start = Start(group=1, boundary=trees.boundary(*committed), marks=tuple(marks))
                yield from self.begins(start)
                args = [roots, committed, marks, 1, tensor.data]
                yield from self.shows("show_record", roots, committed, words(3, 1), 1, b"", fails="game: other marks")
                yield from self.shows("show_record", *args)
                assert self.at.slot == found, "DIS-5: marks lead to another tensor"

    def marked(self, tensor: bytes, chunks: int, data: bytes, fails: str | None = None) -> Steps:
        committed, roots = words(3, 4), [*words(4, 5), tensor]
        marks = _marks(roots, other={4: 1})
        with self.aside():
            yield from self.begins(Start(group=1, boundary=trees.boundary(*committed), marks=tuple(marks)))
            yield from self.shows("show_record", roots, committed, marks, chunks, data, fails=fails)

    @game_way(Choice(PARTS))
    def chunks_of_what_is_marked(self, who: str, count: int) -> Steps:
        """DIS-5: all of them where there are at most 32."""
        tensor = Tensor(count)
        yield from self.marked(tensor.root, count, tensor.data)
        yield from self.marked(tensor.root, count, tensor.data[:-1], "game: number of chunks")
        yield from self.marked(SEED, count, tensor.data, "game: other chunks")
        if count < 32:
            yield from self.marked(tensor.root, count, tensor.data + bytes(128), "game: number of chunks")

    @game_way(Choice(SHOWN_COUNTS))
    def nodes_of_what_is_marked(self, who: str, count: int) -> Steps:
        """DIS-5: the nodes over each 32 where there are at most 1,024."""
        nodes = words(-(-count // 32), count)
        data, root = b"".join(nodes), trees.tree(nodes)
        yield from self.marked(root, count, data)
        for wrong in (data[:-1], data[:-32], data + bytes(32), b""):
            yield from self.marked(root, count, wrong, "game: number of nodes")
        yield from self.marked(SEED, count, data, "game: other nodes")

    @game_way(Choice((0, 1_025, 2**20, LARGEST)))
    def nothing_of_what_is_marked(self, who: str, count: int) -> Steps:
        """DIS-5: of none, and of more than 1,024, the size alone is kept."""
        yield from self.marked(SEED, count, b"")
        yield from self.marked(SEED, 2**32 - 1, b"", "game: number of chunks")

    # nodes and chunks -------------------------------------------------------------------------------------------------

    @game_way(Choice(SHOWN_COUNTS), Choice((0, 1, 9, 15)))
    def nodes_are_shown(self, who: str, count: int, slot: int) -> Steps:
        nodes, roots = words(-(-count // 32), count), words(16, 5)
        roots[slot] = trees.tree(nodes)
        path = trees.path(roots, slot)
        yield from self.asking(roots)
        yield from self.asks(Question(Stage.NODES, slot, 2))
        for wrong in (nodes[:-1], [*nodes, SEED][-32:], [SEED, *nodes[1:]]):
            reason = "game: number of nodes" if len(wrong) != len(nodes) else "game: other nodes"
            yield from self.shows("show_nodes", count, wrong, path, fails=reason)
        for way_up in (path[1:], [*path, SEED], []):
            yield from self.shows("show_nodes", count, nodes, way_up, fails=PATH)
        yield from self.shows("show_nodes", count, nodes, [*path[:-1], SEED], fails="game: other nodes")
        yield from self.shows("show_nodes", count, nodes, path)

    @game_way(Choice((0, 1, 31, 32, 1_025, LARGEST)))
    def no_nodes_are_shown(self, who: str, count: int) -> Steps:
        yield from self.asking()
        yield from self.asks(Question(Stage.NODES, 3))
        yield from self.shows("show_nodes", 2**32 - 1, [], [], fails="game: number of chunks")
        yield from self.shows("show_nodes", count, [], [])

    @game_way(Choice((*PARTS, *SHOWN_COUNTS, 1_025, 2**17)), Choice((0, 1, 6, 15)))
    def chunks_are_shown(self, who: str, count: int, slot: int) -> Steps:
        """DIS-6: the first part, the last of those that can be asked for, and one behind it."""
        last = min(31, (count - 1) // 32)
        for part in {0, 1, last, last + 1}:
            tensor = Tensor(count, part)
            there = part <= last
            roots = words(16, 5)
            roots[slot] = tensor.root if there else SEED
            path = [*tensor.beside, *trees.path(roots, slot)]
            with self.aside():
                yield from self.asking(roots)
                yield from self.asks(Question(Stage.CHUNKS, slot, part))
                if not there:
                    yield from self.shows("show_chunks", count, b"", [])
                    continue
                args = [count, tensor.data, path]
                yield from self.shows("show_chunks", count, tensor.data[1:], path, fails="inference_verifier: chunk")
                yield from self.shows("show_chunks", count, tensor.data, path[1:], fails="inference_verifier: path")
                wrong = [*path[:-1], SEED]
                yield from self.shows("show_chunks", count, tensor.data, wrong, fails="inference_verifier: lanes")
                yield from self.shows("show_chunks", *args)

    @game_way(Choice((0, 1, 2)))
    def heights_of_large_tensors(self, who: str, more: int) -> Steps:
        """DIS-6: a tree has no level more than it needs, up to the largest."""
        for count in (*LARGE[more::3], LARGEST):
            tensor, roots = Tensor(count, 1), words(16, 5)
            roots[9] = tensor.root
            path = [*tensor.beside, *trees.path(roots, 9)]
            with self.aside():
                yield from self.asking(roots)
                yield from self.asks(Question(Stage.CHUNKS, 9, 1))
                yield from self.shows("show_chunks", count, tensor.data, path)

    # sums -------------------------------------------------------------------------------------------------------------

    @game_way(Choice((1, 2, 31, 32)), Choice((1, 32)), Choice((0, 1, 2**32 - 1)))
    def sums_are_shown(self, who: str, count: int, stride: int, lane: int) -> Steps:
        """DIS-6"""
        yield from self.asking(prompt=1_001, reply=1, position=1_000)
        sums = b"".join(words(8, count))[: 8 * count]
        yield from self.asks(Question(Stage.SUMS, 15, lane, stride, count))
        for wrong in (sums[1:], sums[:-8], sums + bytes(8)):
            reason = "game: number of sums" if len(wrong) <= 256 else ""
            yield from self.shows("show_sums", wrong, fails=reason)
        yield from self.shows("show_sums", sums)
        yield from self.narrows(bytes(8), 0, "game: other sums")
        wide = stride == 32
        yield from self.narrows(sums, count, "game: no such sums" if wide else "game: other sums")
        yield from self.narrows(sums, 0, None if wide else "game: other sums")

    @game_way(Choice((0, 1, 2, 3, 29, 30, 31)), Choice((0, 5, 31)), Choice((1, 0)))
    def sums_of_a_block(self, who: str, block: int, more: int, reply: int) -> Steps:
        """DIS-6: the terms that it adds, of which the last block may have fewer; what is before it and at its end."""
        last = 32 * block + more
        sums = b"".join(words(8, block))
        yield from self.asking(prompt=last + 1, reply=reply, position=last if reply else 0)
        yield from self.asks(Question(Stage.SUMS, 7, 3, 32, 32))
        yield from self.shows("show_sums", sums)
        if block < 31:
            yield from self.narrows(sums, block + 1, "game: no such sums")
        yield from self.narrows(sums, block)
        assert (self.at.first, self.at.count) == (32 * block, more + 1)
        inside = b"".join(words(8, 3))[: 8 * more]
        yield from self.shows("show_sums", inside + bytes(8), fails="game: number of sums")
        if more:
            yield from self.shows("show_sums", inside[8:], fails="game: number of sums")
        yield from self.shows("show_sums", inside)
        assert self.at.sums == keccak256(inside + sums[8 * block : 8 * block + 8])

    # questions --------------------------------------------------------------------------------------------------------

    @game_way()
    def questions_within_bounds(self, who: str) -> Steps:
        """DIS-6: four, of stages that there are, by the challenger."""
        question, sums = "game: no such question", "game: no such sums"
        yield from self.asking()
        for asked, reason in (
            (Question(Stage.ASKING, 0), question), (Question(Stage.PROVED, 0), question),
            (Question(Stage.NODES, 16), question), (Question(Stage.CHUNKS, 0, 2**32), question),
            *((Question(Stage.SUMS, 0, 0, *pair), sums) for pair in NO_SUMS),
        ):  # fmt: skip
            yield from self.asks(asked, reason)
        yield from self.asks(Question(Stage.NODES, 0), "game: not the challenger", sender=self["stranger"])
        for stage in (Stage.NODES, Stage.CHUNKS, Stage.CHUNKS, Stage.NODES):
            yield from self.asks(Question(stage, 15, 2**32 - 1, 9, 99))
            yield from self.asks(Question(stage, 0), "game: not its turn")
            nothing: Any = b"" if stage == Stage.CHUNKS else []
            yield from self.shows(f"show_{stage.name.lower()}", 0, nothing, [])
        yield from self.asks(Question(Stage.NODES, 0), "game: too many questions")
