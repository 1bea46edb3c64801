"""A client's own model of any kind, from its folder: answers are computed again by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keifu.compute.client.checks import Check
from keifu.compute.client.recomputing import OwnModel, Recomputing
from keifu.compute.model import ModelFault
from keifu.compute.openai import read_request
from keifu.compute.receipt import Receipt
from keifu.compute.vectors import Vector, vectors_of
from keifu.errors import UsageError
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.embeddings.executor import Executor
from keifu.inference.tokens import keeping as tokens
from keifu.provenance.verify import Finding

__all__ = ["OwnVectors", "own_model"]


def own_model(folder: Path) -> OwnModel:
    """Raises InputError for a folder that `keifu model build` did not write."""
    if embeddings.is_embedding_model(folder):
        return OwnVectors(embeddings.load(folder))
    return Recomputing(tokens.load(folder))


class OwnVectors(OwnModel):
    """An embedding model: texts to ids, ids to lanes, and the roots of everything between."""

    def __init__(self, stored: embeddings.Stored) -> None:
        self._tokenizer, self._executor = stored.tokenizer, Executor(stored.program)

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
