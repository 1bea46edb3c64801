"""Models of integers behind /v1/classify: what goes in and out is whole numbers, and both have roots in the receipt.

An input is one list of numbers for a model of dense layers, and a picture (rows of places, each a list of channels) for
one of convolutions. In a request and in an answer alike, what stands in one innermost list is one leaf of a root, so a
client computes both roots from the bytes alone (`keifu.compute.canonical`).

A model whose labels are promised answers about one picture as a token model does: values are the ids that were given,
the label is the reply, and roots of positions stand beside. Several pictures of one request are answered as others are.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from keifu.compute.client.checks import Prices
from keifu.compute.model import ZERO, Call, Claimed, LocalModel, ModelFault, Result
from keifu.compute.own import Keep
from keifu.compute.receipt import Evidence
from keifu.compute.sealing import expect_many
from keifu.errors import CheckFailed, UsageError
from keifu.inference import Answer, Model
from keifu.inference.pictures import committed
from keifu.provenance.program import Program

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
        is_proved: bool = False,
        keep: Keep | None = None,
    ) -> None:
        """`is_proved` says that the artefact's record has the root of the program that disputes open. `keep` has values
        and label on the disk when it returns."""
        super().__init__(name, prices, claimed or Claimed(digest=model.digest))
        self._model, self._is_committed, self._keep = model, is_committed, keep
        self.is_proved = self.is_slow = self.gives_groups = is_proved
        self._labels = labels or [str(number) for number in range(model.output.high + 1)]
        expect_many()
        self.about = {"evidence": "proved"} if is_proved else {}
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
        return [self._result(call, item) for call, item in zip(calls, answers, strict=True)]

    def picture_program(self) -> Program:
        """Of a model whose labels are promised."""
        return self._model.program

    def _result(self, call: Call, answer: Answer) -> Result:
        if self.is_proved and len(answer.outputs) == 1:
            return self._proved(call, answer)
        return self._written(answer, answer.input_root or ZERO, answer.output_root or ZERO)

    def _proved(self, call: Call, answer: Answer) -> Result:
        picture, [[label]] = np.asarray(call.inputs), answer.outputs
        values = picture[0].tolist()
        found = committed(values, self._model.scores(picture), label)
        if self._keep is not None:
            self._keep(found.trace, values, [label], None)
        named = {"positions": found.positions} | ({"groups": found.groups} if call.wishes_groups else {})
        own = {name: b64encode(b"".join(hashes)).decode() for name, hashes in named.items()}
        beside = {"prompt_token_ids": values, "choices": [{"token_ids": [label]}], "keifu": own}
        return self._written(answer, found.input, found.output, found.trace, msgspec.json.encode(beside)[1:-1])

    def _written(
        self, answer: Answer, input_root: bytes, output_root: bytes, trace: bytes = ZERO, beside: bytes = b""
    ) -> Result:
        parts = [
            b'{"index":%d,"label":"%b","output":[%d]}' % (index, self._labels[row[0]].encode(), row[0])
            for index, row in enumerate(answer.outputs)
        ]
        units_in, units_out = answer.input_units, answer.output_units
        usage = b'],%b"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}' % (
            beside + b"," if beside else b"",
            units_in,
            units_out,
            units_in + units_out,
        )
        body = self._head + b",".join(parts) + usage
        evidence = Evidence.PROVED if beside else None
        return Result(body, units_in, units_out, input_root, output_root, trace, evidence=evidence)
