"""Models of any kind as disputes take them: the published program, the trace of an answer, and what is out of reach.

Token models answer with ids, embedding models with the lanes of one text's vector, models of pictures with a label.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from keifu.errors import UsageError
from keifu.inference import pictures
from keifu.inference.disputes.reach import out_of_reach
from keifu.inference.embeddings import executor as vectors
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.embeddings import replaying as texts
from keifu.inference.tokens import executor as tokens
from keifu.inference.tokens import keeping, replaying
from keifu.inference.tokens.program import Sizes
from keifu.provenance.program import PROGRAM_FILE, Program, read_program
from keifu.spec.inference_drawing import Drawing
from keifu.spec.inference_model import Trace
from keifu.spec.inference_openings import Published

__all__ = ["Executor", "Playable", "Stored", "executor_of", "loaded", "playable"]

Executor: TypeAlias = tokens.Executor | vectors.Executor | Program
Stored: TypeAlias = keeping.Stored | embeddings.Stored | Program


class Playable(ABC):
    """One model. `published` takes seconds when it is looked at for the first time."""

    makes_vector = False
    beyond = ""  # why not every wrong lane could be shown
    tokens = 0  # that the model has

    @cached_property
    @abstractmethod
    def published(self) -> Published: ...

    @abstractmethod
    def takes(self, prompt: Sequence[int], positions: int) -> bool:
        """Whether there is a right answer to it, of so many positions."""

    @abstractmethod
    def trace(self, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None) -> Trace:
        """What the model makes of these. Raises UsageError for ids that it has not."""


class _Tokens(Playable):
    def __init__(self, executor: tokens.Executor) -> None:
        self._executor, sizes = executor, executor.program.sizes
        self.beyond, self.tokens = out_of_reach(sizes), sizes.tokens

    @cached_property
    def published(self) -> Published:
        return replaying.published_of(self._executor.program)

    def takes(self, prompt: Sequence[int], positions: int) -> bool:
        return _fits(self._executor.program.sizes, prompt, positions)

    def trace(self, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None) -> Trace:
        return replaying.Replayed(self._executor, self.published, prompt, reply, drawing)


class _Vectors(Playable):
    makes_vector = True

    def __init__(self, executor: vectors.Executor) -> None:
        self._executor, sizes = executor, executor.program.sizes
        self.beyond, self.tokens = out_of_reach(sizes), sizes.tokens

    @cached_property
    def published(self) -> Published:
        return texts.published_of(self._executor.program)

    def takes(self, prompt: Sequence[int], positions: int) -> bool:
        return _fits(self._executor.program.sizes, prompt, positions)

    def trace(self, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None) -> Trace:
        del reply, drawing  # lanes follow from the text alone
        return texts.Replayed(self._executor, self.published, prompt)


class _Pictures(Playable):
    def __init__(self, program: Program) -> None:
        self._program = program

    @cached_property
    def published(self) -> Published:
        """Raises InputError for a model that a dispute could not reach."""
        return pictures.published_of(self._program)

    def takes(self, prompt: Sequence[int], positions: int) -> bool:
        return len(prompt) == positions == self._program.input.size

    def trace(self, prompt: Sequence[int], reply: Sequence[int], drawing: Drawing | None = None) -> Trace:
        del reply, drawing
        given = self._program.input
        if any(not given.low <= value <= given.high for value in prompt):
            raise UsageError(f"values go from {given.low} to {given.high}")
        return pictures.traced(self.published, prompt)


def _fits(sizes: Sizes, prompt: Sequence[int], positions: int) -> bool:
    return positions <= sizes.positions and all(0 <= number < sizes.tokens for number in prompt)


def playable(model: Stored | Executor) -> Playable:
    """Raises InputError for a program that could overflow."""
    executor = executor_of(model) if isinstance(model, embeddings.Stored | keeping.Stored) else model
    if isinstance(executor, Program):
        return _Pictures(executor)
    return _Vectors(executor) if isinstance(executor, vectors.Executor) else _Tokens(executor)


def loaded(folder: Path) -> Stored:
    """From a folder that `keifu model build` wrote, or one of a model of pictures. Raises InputError for any other."""
    if (folder / PROGRAM_FILE).is_file():
        return read_program(folder)
    return embeddings.load(folder) if embeddings.is_embedding_model(folder) else keeping.load(folder)


def executor_of(stored: Stored) -> Executor:
    """Raises InputError for a program that could overflow."""
    if isinstance(stored, Program):
        return stored
    if isinstance(stored, embeddings.Stored):
        return vectors.Executor(stored.program)
    return tokens.Executor(stored.program)
