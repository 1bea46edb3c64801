"""SmolLM2-135M in integers beside the same weights in floats of 32 bits, by numpy's BLAS, in one run.

One scheme for quality and decoding: the publisher's own blocks (Q4_1, the table of tokens Q8_0), activations of 14
bits. `ratio.llm_prefill` has the bar of rows of 8 bits, and names that scheme; the blocks' figure is a row beside it.
Texts and prompts are tokens in `llm_tokens.json`: prose of docs/ for perplexity and calibration, 24 questions in the
model's own template. Times are the best of several rounds, in processor seconds of one thread, both sides in turn.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import limits
from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks.llama_cpp import LlamaTimes, chosen, times
from keifu.errors import EnvironmentFault
from keifu.inference.accuracy import perplexity
from keifu.inference.tokens.executor import Conversation, Executor
from keifu.inference.tokens.fetching import place_of
from keifu.inference.tokens.floats import FloatModel, source_of
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.quantising import Quantised, calibrated, quantise
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.inference.tokens.vocabulary import vocabulary_of

__all__ = ["BLOCKS", "CONTEXT", "ROWS", "begun", "begun_alone", "executor_of_blocks", "require_model"]

TOKENS = Path(__file__).with_name("llm_tokens.json")
REPLY, END = 32, 2
CONTEXT = 256
DECODES, PREFILLS = 12, 4

Logits = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Sides:
    floats: FloatModel
    blocks: Quantised
    rows: Quantised
    texts: dict[str, list[list[int]]]


def require_model() -> Path:
    """Where it is. Raises EnvironmentFault where it was not fetched."""
    place = place_of("smollm2")
    if not place.is_file():
        raise EnvironmentFault("SmolLM2 was not fetched", remedy="keifu model fetch smollm2")
    return place


def _sides(_: Lab) -> _Sides:
    source = source_of(Gguf(require_model()))
    texts = json.loads(TOKENS.read_text())
    maxima = calibrated(source, texts["calibration"])
    return _Sides(FloatModel(source), quantise(source, maxima), quantise(source, maxima, rows=True), texts)


def executor_of_blocks(lab: Lab) -> Executor:
    return Executor(lab.shared(_sides).blocks.program)


def _executor_of_rows(lab: Lab) -> Executor:
    return Executor(lab.shared(_sides).rows.program)


# quality --------------------------------------------------------------------------------------------------------------


def _agreement(lab: Lab) -> float:
    """How often the integers pick the floats' token, after the floats' own tokens."""
    sides, executor = lab.shared(_sides), lab.shared(executor_of_blocks)
    equal = count = 0
    for prompt in sides.texts["prompts"]:
        reply = _reply(sides.floats, prompt)
        found = executor.tokens(executor.conversation().read([*prompt, *reply[:-1]])[len(prompt) - 1 :])
        equal += int((found == np.array(reply)).sum())
        count += len(reply)
    return equal / count


def _reply(floats: FloatModel, prompt: Sequence[int]) -> list[int]:
    floats.forget()
    reply: list[int] = []
    given = list(prompt)
    while len(reply) < REPLY and END not in reply:
        reply.append(int(floats.logits(floats.read(given)[-1:])[0].argmax()))
        given = reply[-1:]
    return reply


def _perplexity_ratio(lab: Lab) -> float:
    sides, executor = lab.shared(_sides), lab.shared(executor_of_blocks)
    head = sides.blocks.program.head.numbers[0][:, 1] * sides.blocks.logit_scale

    def floats(ids: Sequence[int]) -> Logits:
        sides.floats.forget()
        return sides.floats.logits(sides.floats.read(ids))

    ours = perplexity(lambda ids: executor.sums(executor.conversation().read(ids)) * head, sides.texts["texts"])
    return ours / perplexity(floats, sides.texts["texts"])


# speed ----------------------------------------------------------------------------------------------------------------


def _llama_times(lab: Lab) -> LlamaTimes:
    with limits.one_core():
        return times(place_of("smollm2"), begun(lab, executor_of_blocks)[2])


def _llama_decode(lab: Lab) -> float:
    return _floats_seconds(lab, [5]) / lab.shared(_llama_times)[1]


def _llama_prefill(lab: Lab) -> float:
    return _floats_seconds(lab, begun(lab, executor_of_blocks)[2]) / lab.shared(_llama_times)[0]


def _floats_seconds(lab: Lab, given: list[int]) -> float:
    """Of a prompt, or of a token behind one."""
    floats, _, prompt = begun(lab, executor_of_blocks)
    if given != prompt:
        floats.read(prompt)
    length, best = floats.length, float("inf")
    with limits.one_core():
        for _ in range(PREFILLS):
            floats.length = length
            started = time.thread_time()
            floats.logits(floats.read(given)[-1:])
            best = min(best, time.thread_time() - started)
    return best


def _llama_agreement(lab: Lab) -> float:
    """By texts, for it names no ids; an end token has none."""
    sides = lab.shared(_sides)
    tokenizer = Tokenizer(vocabulary_of(Gguf(place_of("smollm2"))))
    prompts, wanted = [], []
    for prompt in sides.texts["prompts"]:
        reply = _reply(sides.floats, prompt)
        prompts += [[*prompt, *reply[:place]] for place in range(len(reply))]
        wanted += ["" if token == END else tokenizer.decode([token]) for token in reply]
    found = chosen(place_of("smollm2"), prompts)
    return sum(own == said for own, said in zip(wanted, found, strict=True)) / len(wanted)


def _ratio(ours: Callable[[], object], floats: Callable[[], object], rounds: int) -> float:
    """Processor time of the floats over ours, the best of each."""
    mine, theirs = _best(ours, floats, rounds)
    return theirs / mine


def _best(ours: Callable[[], object], floats: Callable[[], object], rounds: int) -> tuple[float, float]:
    best = [float("inf")] * 2
    with limits.one_core():
        for _ in range(rounds):
            for place, work in enumerate((ours, floats)):
                started = time.thread_time()
                work()
                best[place] = min(best[place], time.thread_time() - started)
    return best[0], best[1]


def _decode(lab: Lab, build: Callable[[Lab], Executor] = executor_of_blocks) -> float:
    floats, talk, prompt = begun(lab, build)
    talk.read(prompt)
    floats.read(prompt)

    def ours() -> None:
        talk.back_to(CONTEXT)
        talk.next([5])

    def theirs() -> None:
        floats.length = CONTEXT
        floats.logits(floats.read([5]))

    return _ratio(ours, theirs, DECODES)


def _prefill(lab: Lab, build: Callable[[Lab], Executor] = _executor_of_rows) -> float:
    floats, talk, prompt = begun(lab, build)

    def ours() -> None:
        talk.back_to(0)
        talk.next(prompt)

    def theirs() -> None:
        floats.forget()
        floats.logits(floats.read(prompt)[-1:])

    return _ratio(ours, theirs, PREFILLS)


def begun(lab: Lab, build: Callable[[Lab], Executor]) -> tuple[FloatModel, Conversation, list[int]]:
    sides = lab.shared(_sides)
    sides.floats.forget()
    return sides.floats, lab.shared(build).conversation(), _prompt(sides.texts)


def begun_alone() -> tuple[Conversation, list[int]]:
    """Of the blocks, without anything beside them."""
    source, texts = source_of(Gguf(require_model())), json.loads(TOKENS.read_text())
    blocks = quantise(source, calibrated(source, texts["calibration"]))
    return Executor(blocks.program).conversation(), _prompt(texts)


def _prompt(texts: dict[str, list[list[int]]]) -> list[int]:
    first, second = texts["texts"][:2]
    return [*first, *second][:CONTEXT]


def _decode_of_rows(lab: Lab) -> float:
    return _decode(lab, _executor_of_rows)


def _prefill_of_blocks(lab: Lab) -> float:
    return _prefill(lab, executor_of_blocks)


BLOCKS = "blocks: the publisher's Q4_1 and Q8_0 as integers, activations of 14 bits"
ROWS = (
    Row(
        "score.llm_agreement",
        _agreement,
        f"{BLOCKS}; teacher-forced on the floats' replies, 24 × 32",
        also=(("llama.cpp on the same file", _llama_agreement),),
        heavy=True,
    ),
    Row("ratio.llm_perplexity", _perplexity_ratio, f"{BLOCKS}; 2,005 committed tokens of docs/", heavy=True),
    Row(
        "ratio.llm_decode",
        _decode,
        f"{BLOCKS}; a token after {CONTEXT}, one core, numpy float32 in turn",
        also=(("rows of 8 bits", _decode_of_rows), ("llama.cpp on the same file", _llama_decode)),
        heavy=True,
    ),
    Row(
        "ratio.llm_prefill",
        _prefill,
        f"rows of 8 bits, which fail both quality bars; {CONTEXT} tokens, one core, numpy float32 in turn",
        also=(("llama.cpp on the same file", _llama_prefill),),
        heavy=True,
    ),
    Row(
        "info.llm_prefill_blocks",
        _prefill_of_blocks,
        f"{BLOCKS}; {CONTEXT} tokens, one core, numpy float32 in turn; of blocks the bar of `ratio.llm_prefill` is 0.8",
        heavy=True,
    ),
)
