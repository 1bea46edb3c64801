"""A model of integers behind /v1/embeddings: texts, or their ids, to vectors of length 1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keifu.compute.client.checks import JUDGED_POSITIONS, Prices
from keifu.compute.model import Call, Claimed, ModelFault, Part, Result
from keifu.compute.openai import embedded
from keifu.compute.own import Keep, OwnModel
from keifu.compute.receipt import Evidence
from keifu.compute.vectors import joined, numbers_of, shown
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.keeping import Stored
from keifu.inference.embeddings.selftest import difference
from keifu.inference.embeddings.wordpieces import WordPieces

__all__ = ["EmbeddingModel", "ids_of_text"]

LARGEST_TEXTS = 1 << 16  # letters of one request: reading them is not paid for yet
LETTERS_OF_A_TOKEN = 64  # at most, on the average of a text


class EmbeddingModel(OwnModel):
    """A unit in is a token, with those that begin and end a text; a unit out is a vector. Receipts bind the roots of
    ids, lanes and trace. `is_proved` says that the artefact's record has the root of this very program: then receipts
    of one text say so, and any wrong lane can be shown on the chain. `keep` has the ids of such a text on the disk when
    it returns."""

    endpoints = frozenset({"embeddings"})

    def __init__(
        self, name: str, prices: Prices, stored: Stored, claimed: Claimed | None = None, *, is_proved: bool = False,
        keep: Keep | None = None,
    ) -> None:  # fmt: skip
        """Raises InputError for a program that could overflow, CheckFailed where this machine computes wrongly."""
        super().__init__(name, prices, claimed)
        self._tokenizer, self._sizes = stored.tokenizer, stored.program.sizes
        self.executor, self._keep = Executor(stored.program), keep
        self._evidence = Evidence.PROVED if is_proved else Evidence.UNVERIFIED
        self.gives_groups = is_proved
        self.check()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed")  # its queue keeps no other work from threads
        self.about = {
            "context": self._sizes.positions,
            "dimensions": self._sizes.width,
            "evidence": self._evidence.word,
        }

    def differs(self, turn: int) -> str:
        return difference(self.executor, turn)

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
        return await loop.run_in_executor(self._thread, self._computed, call)

    def parts(self, call: Call) -> AsyncGenerator[Part, None]:
        del call
        raise ModelFault(400, "unsupported_stream", f"{self.name} answers at once: ask without stream")

    async def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _computed(self, call: Call) -> Result:
        texts, evidence = call.inputs, self._word(call.inputs)
        runs = [self.executor.run(ids) for ids in texts]
        roots = [ran.roots(ids) for ids, ran in zip(texts, runs, strict=True)]
        if evidence == Evidence.PROVED and self._keep is not None:
            self._keep(roots[0].trace, texts[0], (), None)
        gives = call.wishes_groups and evidence == Evidence.PROVED
        beside = [
            shown(ids, ran.vector, item.trace, ran.leaves().tobytes() if gives else b"")
            for ids, ran, item in zip(texts, runs, roots, strict=True)
        ]
        vectors = [numbers_of(ran.vector).tolist() for ran in runs]
        units = sum(map(len, texts)), len(texts)
        body = embedded(self.name, vectors, units, as_base64=call.as_base64, more=beside)
        made = joined([(item.input, item.output, item.trace) for item in roots])
        return Result(body, *units, *made, evidence=evidence)

    def _word(self, texts: Sequence[Sequence[int]]) -> Evidence:
        """A dispute is about one text, of so many positions."""
        is_judged = len(texts) == 1 and len(texts[0]) <= JUDGED_POSITIONS
        return self._evidence if is_judged else Evidence.UNVERIFIED

    def _ids(self, place: int, item: Any) -> list[int]:
        """Of one input. Raises ModelFault naming it and what is wrong with it."""
        most = self._sizes.positions
        if isinstance(item, str):
            found = ids_of_text(self._tokenizer, place, item, most)
        elif isinstance(item, list):
            found = self._of_ids(place, item)
        else:
            raise _refused(f"input {place} is neither a text nor a list of tokens")
        if len(found) > most:
            raise ModelFault(
                400, "context_length_exceeded", f"input {place} has more than {most} tokens: a shorter one fits"
            )
        return found

    def _of_ids(self, place: int, given: list[Any]) -> list[int]:
        begin, end = self._tokenizer.ends
        if any(type(number) is not int or not 0 <= number < self._sizes.tokens for number in given):
            raise _refused(f"input {place}: tokens are whole numbers from 0 to {self._sizes.tokens - 1:,}")
        if len(given) <= len(self._tokenizer.ends) or (given[0], given[-1]) != (begin, end):
            said = f"tokens {begin} and {end} begin and end a text"
            raise _refused(f"input {place} is not of this model's tokenizer: {said}")
        return given


def ids_of_text(tokenizer: WordPieces, place: int, text: str, most: int) -> list[int]:
    """Of input `place`, one more than `most` where it has more. Raises ModelFault for what no node answers."""
    if len(text) > min(most * LETTERS_OF_A_TOKEN, LARGEST_TEXTS):
        said = f"input {place} has {len(text):,} letters, and the context {most} tokens: a shorter one fits"
        raise ModelFault(400, "context_length_exceeded", said)
    found = tokenizer.encode(text, most + 1)  # one more is one too many
    if len(found) == len(tokenizer.ends):
        raise _refused(f"input {place} has no words")
    return found


def _refused(why: str) -> ModelFault:
    return ModelFault(400, "invalid_input", why)
