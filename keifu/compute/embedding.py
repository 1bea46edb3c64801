"""A model of integers behind /v1/embeddings: texts, or their ids, to vectors of length 1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keifu.compute.client.checks import Prices
from keifu.compute.model import Call, Claimed, ModelFault, Part, Result
from keifu.compute.openai import embedded
from keifu.compute.own import OwnModel
from keifu.compute.vectors import joined, numbers_of, shown
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.keeping import Stored
from keifu.inference.embeddings.selftest import difference

__all__ = ["EmbeddingModel"]

LARGEST_TEXTS = 1 << 16  # letters of one request: reading them is not paid for yet
LETTERS_OF_A_TOKEN = 64  # at most, on the average of a text


class EmbeddingModel(OwnModel):
    """A unit in is a token, with those that begin and end a text; a unit out is a vector. Receipts bind the roots of
    ids, lanes and trace, and say unverified: no contract judges a lane of such a model yet."""

    endpoints = frozenset({"embeddings"})

    def __init__(self, name: str, prices: Prices, stored: Stored, claimed: Claimed | None = None) -> None:
        """Raises InputError for a program that could overflow, CheckFailed where this machine computes wrongly."""
        super().__init__(name, prices, claimed)
        self._tokenizer, self._sizes = stored.tokenizer, stored.program.sizes
        self._executor = Executor(stored.program)
        self.check()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed")  # its queue keeps no other work from threads
        self.about = {"context": self._sizes.positions, "dimensions": self._sizes.width}

    def differs(self, turn: int) -> str:
        return difference(self._executor, turn)

    def most_input(self, call: Call) -> int:
        width = self._sizes.width
        if call.dimensions not in (None, width):
            raise _refused(f"dimensions is {call.dimensions}, and the vectors of {self.name} have {width}")
        letters = sum(len(item) for item in call.inputs if isinstance(item, str))
        if letters > LARGEST_TEXTS:
            raise _refused(f"{letters:,} letters in one request, at most {LARGEST_TEXTS:,} are read at once")
        # Read once: the answer takes them from there.
        call.inputs = [self._ids(place, item) for place, item in enumerate(call.inputs)]
        call.most_output = len(call.inputs)
        return sum(map(len, call.inputs))

    async def answer(self, call: Call) -> Result:
        self.expect_sound()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._computed, call.inputs, call.as_base64)

    def parts(self, call: Call) -> AsyncGenerator[Part, None]:
        del call
        raise ModelFault(400, "unsupported_stream", f"{self.name} answers at once: ask without stream")

    async def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _computed(self, texts: Sequence[Sequence[int]], as_base64: bool) -> Result:
        found = [self._executor.committed(ids) for ids in texts]
        roots = [(item.input, item.output, item.trace) for _, item in found]
        beside = [shown(ids, lanes, item.trace) for ids, (lanes, item) in zip(texts, found, strict=True)]
        vectors = [numbers_of(lanes).tolist() for lanes, _ in found]
        units = sum(map(len, texts)), len(texts)
        body = embedded(self.name, vectors, units, as_base64=as_base64, more=beside)
        return Result(body, *units, *joined(roots))

    def _ids(self, place: int, item: Any) -> list[int]:
        """Of one input. Raises ModelFault naming it and what is wrong with it."""
        most = self._sizes.positions
        if isinstance(item, str):
            found = self._of_text(place, item, most)
        elif isinstance(item, list):
            found = self._of_ids(place, item)
        else:
            raise _refused(f"input {place} is neither a text nor a list of tokens")
        if len(found) > most:
            raise ModelFault(
                400, "context_length_exceeded", f"input {place} has more than {most} tokens: a shorter one fits"
            )
        return found

    def _of_text(self, place: int, text: str, most: int) -> list[int]:
        if len(text) > most * LETTERS_OF_A_TOKEN:
            said = f"input {place} has {len(text):,} letters, and the context {most} tokens: a shorter one fits"
            raise ModelFault(400, "context_length_exceeded", said)
        found = self._tokenizer.encode(text, most + 1)  # one more is one too many
        if len(found) == len(self._tokenizer.ends):
            raise _refused(f"input {place} has no words")
        return found

    def _of_ids(self, place: int, given: list[Any]) -> list[int]:
        begin, end = self._tokenizer.ends
        if any(type(number) is not int or not 0 <= number < self._sizes.tokens for number in given):
            raise _refused(f"input {place}: tokens are whole numbers from 0 to {self._sizes.tokens - 1:,}")
        if len(given) <= len(self._tokenizer.ends) or (given[0], given[-1]) != (begin, end):
            said = f"tokens {begin} and {end} begin and end a text"
            raise _refused(f"input {place} is not of this model's tokenizer: {said}")
        return given


def _refused(why: str) -> ModelFault:
    return ModelFault(400, "invalid_input", why)
