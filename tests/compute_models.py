"""Models for tests of paid answers: they answer at once, and one can be told to misbehave by what it is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.embedding import EmbeddingModel
from keifu.compute.model import Call, LocalModel, Model, ModelFault, Result
from keifu.compute.openai import classified, embedded
from keifu.compute.tokens.model import TokenModel
from keifu.compute.upstream import Upstream
from keifu.inference.embeddings.keeping import load
from keifu.inference.tokens.building import integers_of
from tests.conformance.inference.gguf_file import speaking
from tests.upstream import TEE

__all__ = ["chatting", "models", "passed_on", "vectors"]

SIZE = 4


class Signs(LocalModel):
    """Tells whether the numbers that it gets sum to more than zero; a unit is a number."""

    endpoints = frozenset({"classify"})

    def most_input(self, call: Call) -> int:
        for item in call.inputs:
            if not isinstance(item, list) or len(item) != SIZE or not all(isinstance(value, int) for value in item):
                raise ModelFault(400, "invalid_input", f"an input has {SIZE} whole numbers")
        call.inputs = [tuple(item) for item in call.inputs]  # read once, as models of integers do
        return SIZE * len(call.inputs)

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Result:
        labels = [("plus", [0.0, 1.0]) if sum(item) > 0 else ("minus", [1.0, 0.0]) for item in call.inputs]
        units = SIZE * len(call.inputs)
        return Result(classified(self.name, labels, (units, 0)), units)


class Letters(LocalModel):
    """A vector of a text: its length, and its first letter. A unit is a byte."""

    endpoints = frozenset({"embeddings"})
    is_slow = True

    def most_input(self, call: Call) -> int:
        return sum(len(str(item).encode()) for item in call.inputs)

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Result | ModelFault:
        if "break" in call.inputs:
            return ModelFault(422, "broken", "this model does not like that word")
        vectors = [(float(len(item)), float(ord(item[0]))) for item in call.inputs]
        units = self.most_input(call)
        return Result(embedded(self.name, vectors, (units, 0), as_base64=call.as_base64), units)


def models() -> list[Model]:
    return [Signs("signs", Prices(request=10)), Letters("letters", Prices(request=2, million_in=500_000))]


def chatting() -> list[Model]:
    """A token model of integers whose words mean nothing."""
    stored = integers_of(speaking(Path(os.environ["TEST_MODELS"]) / "tiny.gguf"))
    return [TokenModel("chat", Prices(request=3, million_out=1_000_000), stored, context=160, users=2)]


def vectors() -> list[Model]:
    """A model that makes vectors of texts, whose numbers mean nothing."""
    stored = load(Path(os.environ["TEST_MODELS"]) / "vectors")
    return [EmbeddingModel("vectors", Prices(request=3, million_in=1_000_000), stored)]


def passed_on() -> list[Model]:
    """Another server's model under three names: one is waited for less long, one brings the word of a TEE."""
    url, prices = os.environ["TEST_UPSTREAM"], Prices(request=5, million_in=1_000_000, million_out=2_000_000)
    return [
        Upstream("words", url, prices, theirs="theirs"),
        Upstream("hasty", url, prices, patience=0.3),
        Upstream("theirs", url, prices, tee=TEE.address),
    ]
