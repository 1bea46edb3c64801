"""A client's own model of any kind, from its folder: answers are computed again by it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.compute.canonical import numbers_of
from keifu.compute.client.checks import Check
from keifu.compute.client.recomputing import OwnModel, Recomputing
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.compute.receipt import Receipt
from keifu.compute.vectors import Vector, vectors_of
from keifu.errors import UsageError
from keifu.inference import Model, pictures
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.keeping import Stored
from keifu.inference.playable import Executor as AnyExecutor
from keifu.inference.playable import Stored as AnyStored
from keifu.inference.playable import executor_of, loaded
from keifu.inference.tokens import executor as tokens
from keifu.inference.tokens.again import computed_again
from keifu.provenance.program import Program
from keifu.provenance.verify import Finding

__all__ = ["OwnLabels", "OwnVectors", "own_model", "own_of"]


def own_model(folder: Path) -> OwnModel:
    """Raises InputError for a folder that neither `keifu model build` wrote nor is a model of pictures."""
    stored = loaded(folder)
    return own_of(stored, executor_of(stored))


def own_of(stored: AnyStored, executor: AnyExecutor) -> OwnModel:
    """A model that was loaded, with its executor. Raises CheckFailed where this machine computes labels wrongly."""
    if isinstance(stored, Program):
        return OwnLabels(stored)
    if isinstance(stored, Stored):
        assert isinstance(executor, Executor)
        return OwnVectors(stored, executor)
    assert isinstance(executor, tokens.Executor)
    return Recomputing(stored, partial(computed_again, executor))


class OwnVectors(OwnModel):
    """An embedding model: texts to ids, ids to lanes, and the roots of everything between."""

    def __init__(self, stored: Stored, executor: Executor) -> None:
        self._tokenizer, self._executor = stored.tokenizer, executor

    def findings(self, request: bytes, response: bytes, receipt: Receipt) -> list[Finding]:
        del receipt  # that its roots are those of the answer was compared before
        vectors = vectors_of(response)
        if vectors is None:
            return [Finding(Check.COMPUTATION, False, "the answer has no vectors with their integers")]
        try:
            asked = read_request("embeddings", request, 0).call.inputs
            wanted = [self._ids(item) for item in asked]
            other = [
                str(place) for place, ids in enumerate(wanted) if place >= len(vectors) or ids != vectors[place].ids
            ]
            if other or len(wanted) != len(vectors):
                said = f"input {other[0]} has other tokens than it says" if other else "it has vectors of more texts"
                return [Finding(Check.WORDS, False, said)]
            wrong = [str(place) for place, item in enumerate(vectors) if not self._is_right(item)]
        except (ModelFault, UsageError, ValueError) as error:
            return [Finding(Check.COMPUTATION, False, f"it cannot be computed again: {error}")]
        words = Finding(Check.WORDS, True, "what was asked has the tokens that it says")
        if wrong:
            return [words, Finding(Check.COMPUTATION, False, f"vector {wrong[0]} or its trace is not the model's")]
        return [words, Finding(Check.COMPUTATION, True, f"all {len(vectors)} vectors and traces, by your own model")]

    def _ids(self, item: Any) -> tuple[int, ...]:
        """One more than the model reads is never what an answer names."""
        if not isinstance(item, str):
            return tuple(item)
        return tuple(self._tokenizer.encode(item, self._executor.program.sizes.positions + 1))

    def _is_right(self, item: Vector) -> bool:
        lanes, roots = self._executor.committed(item.ids)
        return np.array_equal(lanes, item.lanes) and roots.trace == item.trace


class OwnLabels(OwnModel):
    """A model of pictures: values to labels, and the root of what is between where the receipt names one."""

    def __init__(self, program: Program) -> None:
        """Raises CheckFailed where this machine computes wrongly."""
        self._model = Model(program, b"")
        self._model.check()

    def findings(self, request: bytes, response: bytes, receipt: Receipt) -> list[Finding]:
        numbers = numbers_of(request, response)
        if numbers is None:
            return [Finding(Check.COMPUTATION, False, "the answer has no labels as numbers")]
        try:
            given = self._model.tensor(read_request("classify", request, 0).call.inputs)
        except (ModelFault, UsageError) as error:
            return [Finding(Check.COMPUTATION, False, f"it cannot be computed again: {error}")]
        made, said = self._model.answers([given], is_committed=False)[0].outputs, numbers[1]
        if len(made) != len(said):
            return [Finding(Check.COMPUTATION, False, f"{len(said)} labels came for {len(made)} pictures")]
        if wrong := [place for place, row in enumerate(made) if row != said[place]]:
            own, other = made[wrong[0]], said[wrong[0]]
            return [Finding(Check.COMPUTATION, False, f"label {wrong[0]} is {own} by the model, it says {other}")]
        if any(receipt.trace_root) and receipt.trace_root != self._trace(given, made):
            return [Finding(Check.COMPUTATION, False, "the trace between has another root than the receipt's")]
        return [Finding(Check.COMPUTATION, True, f"all {len(made)} labels, by your own model")]

    def _trace(self, given: NDArray[np.int16], made: list[list[int]]) -> bytes:
        """Of one picture within a dispute's reach; empty for anything else, which has none."""
        if len(given) != 1 or pictures.out_of_reach(self._model.program):
            return b""
        return pictures.committed(given[0].tolist(), self._model.scores(given), made[0][0]).trace
