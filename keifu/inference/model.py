"""An artefact's folder, loaded: it answers requests and knows the roots that receipts name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.inference import worst
from keifu.inference.kernels import Executor
from keifu.inference.tensors import tensor_root
from keifu.merkle.hashes import expect_many
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
        self._fault = ""

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
        model.answer(np.full((1, model.input.size), model.input.low, np.int16))
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
        """Answer lists of integers, one an input. Raises UsageError for what the model does not take."""
        return self.answer(self._tensor(inputs))

    def answer(self, given: NDArray[np.int16]) -> Answer:
        """The same for int16[n, values], which the caller has compared with the bounds of `input`."""
        self._expect_sound()
        found = self._executor.run(given)
        return Answer(
            found.tolist(),
            tensor_root(given, self.input.shape[2]),
            tensor_root(found, self.output.shape[2]),
            given.size,
            found.size,
        )

    def _tensor(self, inputs: Sequence[Any]) -> NDArray[np.int16]:
        if not 0 < len(inputs) <= LARGEST_BATCH:
            raise UsageError(f"{len(inputs)} inputs in one request, 1 to {LARGEST_BATCH:,} are taken")
        try:
            given = np.array(inputs)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"every input has {self.input.size} integers") from error
        if given.dtype != np.int64 or given.shape[1:] not in ((self.input.size,), self.input.shape):
            raise UsageError(f"every input has {self.input.size} integers")
        if given.min() < self.input.low or given.max() > self.input.high:
            raise UsageError(f"values go from {self.input.low} to {self.input.high}")
        return given.astype(np.int16).reshape(len(given), -1)

    def _expect_sound(self) -> None:
        if self._fault:
            raise CheckFailed(f"this machine computes wrongly: {self._fault}", remedy="another machine has to answer")
