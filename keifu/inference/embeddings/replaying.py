"""A loaded embedding model and a text as disputes take them, as `keifu.inference.tokens.replaying` has token models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

from numpy.typing import NDArray

from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.program import EmbeddingProgram
from keifu.inference.embeddings.reference import layer_of, norm_of
from keifu.inference.embeddings.rooting import descriptors
from keifu.inference.lazily import Lazy, Loaded
from keifu.inference.tokens.program import LARGEST_RESIDUAL
from keifu.inference.tokens.replaying import lazy_rows
from keifu.inference.tokens.rooting import leaves_of
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Group, Operator, Record, Tensor, Trace, tensor_of
from keifu.spec.inference_openings import Published

__all__ = ["Replayed", "published_of"]

KEYS_AT, VALUES_AT, POOLED_AT = 3, 4, 1  # slots of a layer's record, and of the last group's
LAYERS_KEPT, RECORDS_KEPT = 2, 8


def published_of(program: EmbeddingProgram) -> Published:
    """A program that was checked. Hashing it takes seconds, what is looked at later is made then."""
    found, layer = descriptors(program), lru_cache(LAYERS_KEPT)(lambda number: layer_of(program, number))
    ends = {0: _first(program), len(found) - 1: _last(program)}
    groups = Lazy[Group](len(found), lambda number: ends.get(number) or layer(number - 1))
    return Loaded(groups, leaves_of(found), found)


def _first(program: EmbeddingProgram) -> Group:
    sizes, words = program.sizes, program.words
    return [
        Operator(
            "embedding", width=sizes.width, height=sizes.width, multiplier=sizes.tokens, shift=program.word_shift,
            layout=words.layout, rows=lazy_rows(words, sizes.tokens),
        ),
        Operator(
            "place", 1, width=sizes.width, height=sizes.width, limit=LARGEST_RESIDUAL, multiplier=sizes.positions,
            lanes=program.places.reshape(-1).tolist(),
        ),
    ]  # fmt: skip


def _last(program: EmbeddingProgram) -> Group:
    width = program.sizes.width
    norm = norm_of(program, 2 * program.sizes.layers, with_rows=True)
    return [norm, Operator("mean_pool", kept=POOLED_AT, width=width, height=width)]


class Replayed(Trace):
    """What a model makes of a text's ids. Records hold what the run left behind, and the rest when it is looked at."""

    def __init__(self, executor: Executor, published: Published, ids: Sequence[int]) -> None:
        """Raises UsageError for ids that the model has not."""
        self._ids, self._ran, self._groups = list(ids), executor.run(ids), len(published.program)
        self._leaves = self._ran.leaves()
        self._made = lru_cache(RECORDS_KEPT)(self._make)
        records = Lazy[Sequence[Sequence[Tensor]]](len(ids), self._at)
        super().__init__(published.program, records, len(ids) - 1)

    def boundary_leaves(self, position: int, group: int) -> list[bytes]:
        return [*map(bytes, self._leaves[position, group]), bytes(32)]

    def position_leaves(self, position: int) -> list[bytes]:
        return self._boundaries[position]

    @cached_property
    def _boundaries(self) -> list[list[bytes]]:
        return [
            [trees.boundary(*map(bytes, leaves)) for leaves in groups] for groups in self._leaves
        ]  # fmt: skip

    def _at(self, position: int) -> Sequence[Sequence[Tensor]]:
        return Lazy(self._groups, lambda group: self._record(position, group))

    def _record(self, position: int, group: int) -> Sequence[Tensor]:
        left = self._left(position, group)

        def tensor(slot: int) -> Tensor:
            return left[slot]() if slot in left else self._made(position, group)[slot]

        return Lazy(len(self.program[group]) + 1, tensor)

    def _left(self, position: int, group: int) -> dict[int, Callable[[], Tensor]]:
        """What the run left behind of a record, by slots."""
        ran, last = self._ran, len(self.program[group])
        if group == 0:
            return {0: lambda: [self._ids[position]], last: lambda: _list(ran.sums[0, position])}
        given = {0: lambda: _list(ran.sums[group - 1, position])}
        if group == self._groups - 1:
            return given | {POOLED_AT: lambda: _list(ran.lanes[position]), last: lambda: _list(ran.vector)}
        return given | {
            KEYS_AT: lambda: _list(ran.keys[group - 1, position]),
            VALUES_AT: lambda: _list(ran.values[group - 1, position]),
            last: lambda: _list(ran.sums[group, position]),
        }

    def _make(self, position: int, group: int) -> Record:
        """All of a record: what is not there is made of what is."""
        left, record = self._left(position, group), list[Tensor]()
        for slot in range(len(self.program[group]) + 1):
            if slot in left:
                record.append(left[slot]())
            else:
                record.append(tensor_of(self.program[group][slot - 1], record, self, (position, group)))
        return record


def _list(lanes: NDArray[Any]) -> Tensor:
    found: Tensor = lanes.tolist()
    return found
