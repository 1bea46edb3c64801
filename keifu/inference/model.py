"""An artefact's folder, loaded: it answers requests and knows the roots that receipts name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inference import worst
from keifu.inference.kernels import Executor
from keifu.inference.tensors import expect_many, tensor_roots
from keifu.provenance.digest import digest_path
from keifu.provenance.program import Program, Tensor, read_program

__all__ = ["LARGEST_BATCH", "Answer", "Model"]

LARGEST_BATCH = 1_024  # inputs of one request


@dataclass(frozen=True)
class Answer:
    """What a model says to one request: a row of values for each input. Units are values in and values out."""

    outputs: list[list[int]]
    input_root: bytes
    output_root: bytes
    input_units: int
    output_units: int


class Model:
    """A quantised model. `digest` is the artefact's, as its record has it."""

    def __init__(self, program: Program, digest: bytes) -> None:
        self.program = program
        self.digest = digest
        self._executor = Executor(program)
        height, width, channels = program.input.shape
        self._shape = (channels,) if height * width == 1 else program.input.shape
        self._words = "×".join(map(str, self._shape))
        self._fault = ""
        self._labels: dict[int, bytes] = {}  # roots of outputs of one value, of which there are few

    @classmethod
    def load(cls, folder: str | Path) -> Model:
        """Read, compile and check. Raises InputError for a folder that is no such model, CheckFailed where this machine
        computes something else than the reference."""
        expect_many()
        before = digest_path(folder).root
        model = cls(read_program(Path(folder)), before)
        if digest_path(folder).root != before:
            raise InputError(f"{folder} changed while it was read", remedy="load it again when nobody writes there")
        model.check()
        model.answers([np.full((1, model.input.size), model.input.low, np.int16)])
        return model

    @property
    def input(self) -> Tensor:
        return self.program.input

    @property
    def output(self) -> Tensor:
        return self.program.output

    def check(self) -> None:
        """Compare the kernels with the reference where they are most likely to differ: at start, and every hour.

        Raises CheckFailed on one difference. From then on every request is refused, until a check passes.
        """
        self._fault = worst.difference(self.program)
        self._expect_sound()

    def classify(self, inputs: Sequence[Any]) -> Answer:
        """Answer one request: lists of integers, one an input. Raises UsageError for what the model does not take."""
        return self.answers([self.tensor(inputs)])[0]

    def answers(self, requests: Sequence[NDArray[np.int16]], *, is_committed: bool = True) -> list[Answer]:
        """Answer many requests, each a `tensor`, together. Without commitment there are no roots.

        Raises CheckFailed when this machine was found to compute wrongly."""
        self._expect_sound()
        given = requests[0] if len(requests) == 1 else np.concatenate(requests)
        found = self._executor.run(given)
        ends = list(accumulate(len(request) for request in requests))
        outputs = found.tolist()
        results = [outputs[first:end] for first, end in pairwise((0, *ends))]
        input_roots = output_roots = [b""] * len(requests)
        if is_committed:
            places = np.fromiter(ends, np.int64, len(ends))
            input_roots = tensor_roots(given, places, self.input.shape[2])
            if self.output.size == 1 and len(outputs) == len(requests):
                output_roots = self._roots_of_labels([label for (label,) in outputs])
            else:
                output_roots = tensor_roots(found, places, self.output.shape[2])
        return [
            Answer(rows, input_root, output_root, request.size, len(rows) * self.output.size)
            for request, rows, input_root, output_root in zip(requests, results, input_roots, output_roots, strict=True)
        ]

    def _roots_of_labels(self, labels: Sequence[int]) -> list[bytes]:
        """Of outputs of one value each."""
        known = self._labels
        if new := list(set(labels) - known.keys()):
            known.update(zip(new, tensor_roots(np.array(new, np.int16), range(1, len(new) + 1), 1), strict=True))
        return [known[label] for label in labels]

    def scores(self, picture: NDArray[np.int16]) -> list[int]:
        """What one picture's label is chosen from; of a program that ends with one `argmax` of the operator before."""
        found: list[int] = self._executor.before_last(picture)[0].tolist()
        return found

    def tensor(self, inputs: Sequence[Any]) -> NDArray[np.int16]:
        """One row of numbers an input, for `answers`. Raises UsageError for what the model does not take: a model of
        dense layers takes lists, one of convolutions pictures."""
        shape = self._shape
        if not 0 < len(inputs) <= LARGEST_BATCH:
            raise UsageError(f"{len(inputs)} inputs in one request, 1 to {LARGEST_BATCH:,} are taken")
        try:
            given = np.array(inputs)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"every input has {self._words} integers") from error
        if given.dtype != np.int64 or given.shape[1:] != shape:
            raise UsageError(f"every input has {self._words} integers")
        if given.min() < self.input.low or given.max() > self.input.high:
            raise UsageError(f"values go from {self.input.low} to {self.input.high}")
        return given.astype(np.int16).reshape(len(given), -1)

    def _expect_sound(self) -> None:
        if self._fault:
            raise CheckFailed(f"this machine computes wrongly: {self._fault}", remedy="another machine has to answer")
