"""A loaded model and a reply of it as disputes take them: operators and records are made when they are looked at.

One run leaves behind what each group made, and all keys and values. From these any group's record at any position
follows by itself, in Python's integers: a dispute looks at one. A model of 135 million weights fits so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from keifu.inference.lazily import Lazy, Loaded
from keifu.inference.tokens.again import parts_again
from keifu.inference.tokens.committing import position_roots
from keifu.inference.tokens.executor import Executor, Memory
from keifu.inference.tokens.lanes import ROWS
from keifu.inference.tokens.program import TokenProgram
from keifu.inference.tokens.reference import layer_of, rows_of
from keifu.inference.tokens.rooting import descriptors, leaves_of
from keifu.inference.tokens.sampling import Drawing
from keifu.spec import inference_drawing as spec
from keifu.spec import inference_trees as trees
from keifu.spec.inference import Row
from keifu.spec.inference_model import Group, Operator, Record, Tensor, Trace, record_of
from keifu.spec.inference_openings import Published

__all__ = ["Replayed", "lazy_rows", "published_of"]

VALUES_AT, KEYS_AT, OUT_AT = 4, 6, 15  # slots of a layer's record
LAYERS_KEPT, RECORDS_KEPT = 2, 8


def published_of(program: TokenProgram) -> Published:
    """A program that was checked. Hashing it takes seconds, what is looked at later is made then."""
    found, layer = descriptors(program), lru_cache(LAYERS_KEPT)(lambda number: layer_of(program, number))
    ends = {0: _first(program), len(found) - 1: _last(program)}
    groups = Lazy[Group](len(found), lambda number: ends.get(number) or layer(number - 1))
    return Loaded(groups, leaves_of(found), found)


def _taken(drawing: spec.Drawing | None) -> Drawing | None:
    """As kernels take it."""
    return Drawing.of(drawing.seed, drawing.scale) if drawing else None


def _first(program: TokenProgram) -> Group:
    sizes, words = program.sizes, program.words
    return [
        Operator(
            "embedding", width=sizes.width, height=sizes.width, multiplier=sizes.tokens, shift=program.word_shift,
            layout=words.layout, rows=lazy_rows(words, sizes.tokens),
        )
    ]  # fmt: skip


def _last(program: TokenProgram) -> Group:
    sizes, head = program.sizes, program.head
    width, gains = sizes.width, program.last_norm.tolist()
    return [
        Operator(
            "rms_norm", width=width, height=width, multiplier=program.epsilon, shift=program.last_shift, lanes=gains
        ),
        Operator("token", 1, width=width, height=sizes.tokens, layout=head.layout, rows=lazy_rows(head, sizes.tokens)),
    ]


def lazy_rows(matrix: Any, count: int) -> Sequence[Row]:
    """Of a matrix of one layer."""
    return Lazy(count, lambda number: rows_of(matrix, 0, number, number + 1)[0])


class Replayed(Trace):
    """What a model makes of a prompt and a reply's ids."""

    def __init__(
        self, executor: Executor, published: Published, prompt: Sequence[int], reply: Sequence[int],
        drawing: spec.Drawing | None = None,
    ) -> None:  # fmt: skip
        """Raises UsageError for ids that the model has not."""
        ids = [*prompt, *reply[:-1]]
        memory = self._memory = Memory(executor, 1, len(ids))
        parts = list(parts_again(memory, prompt, reply, _taken(drawing)))
        self._ids, self._groups = ids, len(published.program)
        self.tokens = [token for part in parts for token in part.tokens]
        self._seen = np.concatenate([part.seen for part in parts], axis=1)
        self._roots = np.concatenate([position_roots(part.groups, part.last) for part in parts])
        self._leaves = np.concatenate(
            [np.concatenate([part.groups, part.last[:, None]], axis=1) for part in parts]
        )  # fmt: skip
        self._made = lru_cache(RECORDS_KEPT)(self._make)
        groups = Lazy[Sequence[Sequence[Tensor]]](len(ids), self._at)
        super().__init__(published.program, groups, len(prompt) - 1, drawing)

    @cached_property
    def position_roots(self) -> list[bytes]:
        """One a position."""
        return [bytes(root) for root in self._roots]

    def boundary_leaves(self, position: int, group: int) -> list[bytes]:
        record = self.records[position][group]
        kept = [bytes(32), bytes(32)]
        if 0 < group < self._groups - 1:
            kept = [trees.tensor_root(record[slot], self.bits(group, slot)) for slot in (KEYS_AT, VALUES_AT)]
        last = len(self.program[group])
        return [trees.tensor_root(record[last], self.bits(group, last)), *kept, bytes(32)]

    def position_leaves(self, position: int) -> list[bytes]:
        return [bytes(leaf) for leaf in self._leaves[position]]

    def tree_root(self) -> bytes:
        return trees.tree(self.position_roots)

    def _at(self, position: int) -> Sequence[Sequence[Tensor]]:
        return Lazy(self._groups, lambda group: self._record(position, group))

    def _record(self, position: int, group: int) -> Sequence[Tensor]:
        """Of a record what the run left behind, and the rest when it is looked at."""
        count = len(self.program[group]) + 1
        left: dict[int, Callable[[], Tensor]] = {0: lambda: self._given(position, group)}
        if group == self._groups - 1:
            left[count - 1] = lambda: [self.tokens[position - self.asked_from]]
        else:
            left[count - 1] = lambda: self._lanes(position, group)
        if 0 < group < self._groups - 1:
            left |= {KEYS_AT: lambda: self._keys(position, group), VALUES_AT: lambda: self._values(position, group)}
        return Lazy(count, lambda slot: left[slot]() if slot in left else self._made(position, group)[slot])

    def _make(self, position: int, group: int) -> Record:
        """All of a record, from what the group is given and the keys and values of positions before."""
        operators, record = self.program[group], [self._given(position, group)]
        if group == self._groups - 1:  # the token is there already
            operators = operators[:-1]
        trace = Trace(self.program, [*self.records[:position], [*[[]] * group, record]])
        return record_of(operators, record, trace, group)

    def _given(self, position: int, group: int) -> Tensor:
        return self._lanes(position, group - 1) if group else [self._ids[position]]

    def _lanes(self, position: int, group: int) -> Tensor:
        found: Tensor = self._seen[group, position].tolist()
        return found

    def _keys(self, position: int, group: int) -> Tensor:
        found: Tensor = self._memory.keys[0, group - 1, :, position // ROWS, :, position % ROWS].reshape(-1).tolist()
        return found

    def _values(self, position: int, group: int) -> Tensor:
        values = self._memory.values[0, group - 1, :, :, position // 2, :, position % 2]
        found: Tensor = values.reshape(-1).tolist()
        return found
