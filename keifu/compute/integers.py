"""Models of integers behind /v1/classify: what goes in and out is whole numbers, and both have roots in the receipt.

An input is one list of numbers for a model of dense layers, and a picture (rows of places, each a list of channels) for
one of convolutions. In a request and in an answer alike, what stands in one innermost list is one leaf of a root, so a
client computes both roots from the bytes alone (`keifu.compute.canonical`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from keifu.compute.client.checks import Prices
from keifu.compute.model import ZERO, Call, Claimed, LocalModel, ModelFault, Result
from keifu.compute.sealing import expect_many
from keifu.errors import CheckFailed, UsageError
from keifu.inference import Answer, Model

__all__ = ["Classifier"]


class Classifier(LocalModel):
    """A quantised model, loaded. A unit is a number that goes in or comes out."""

    endpoints = frozenset({"classify"})

    def __init__(
        self,
        name: str,
        prices: Prices,
        model: Model,
        labels: Sequence[str] = (),
        claimed: Claimed | None = None,
        *,
        is_committed: bool = True,
    ) -> None:
        super().__init__(name, prices, claimed or Claimed(digest=model.digest))
        self._model, self._is_committed = model, is_committed
        self._labels = labels or [str(number) for number in range(model.output.high + 1)]
        expect_many()
        self._head = b'{"object":"list","model":%b,"data":[' % msgspec.json.encode(name)

    def check(self) -> None:
        """Compare with the reference. Raises CheckFailed; from then on nothing is answered."""
        self._model.check()

    def most_input(self, call: Call) -> int:
        try:
            tensor: Any = self._model.tensor(call.inputs)
        except UsageError as error:
            raise ModelFault(400, "invalid_input", str(error)) from error
        call.inputs = tensor  # read once: the answer takes it from there
        return int(tensor.size)

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        """All in one run of the kernel."""
        try:
            answers = self._model.answers([np.asarray(call.inputs) for call in calls], is_committed=self._is_committed)
        except CheckFailed as error:
            return [ModelFault(503, "model_failed", str(error))] * len(calls)
        return [self._result(item) for item in answers]

    def _result(self, answer: Answer) -> Result:
        parts = [
            b'{"index":%d,"label":"%b","output":[%d]}' % (index, self._labels[row[0]].encode(), row[0])
            for index, row in enumerate(answer.outputs)
        ]
        units_in, units_out = answer.input_units, answer.output_units
        usage = b'],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}' % (
            units_in,
            units_out,
            units_in + units_out,
        )
        body = self._head + b",".join(parts) + usage
        return Result(body, units_in, units_out, answer.input_root or ZERO, answer.output_root or ZERO)
