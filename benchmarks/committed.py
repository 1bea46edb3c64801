"""What a node's commitment costs a token model: decoding and prefill with hashing beside the same without.

Where a process's memory lies makes more of a difference than what is measured: hashing took 1 to 3 per cent of decoding
in one process or another. So several processes measure, and the median of theirs counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks import limits
from benchmarks._beside import line_of, python_beside
from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks.inference import BLOCKS, CONTEXT, begun_alone, require_model
from keifu.inference.tokens.batching import ROWS as ROWS_A_STEP
from keifu.inference.tokens.committing import HASH_BYTES, Steps, read_roots, trace_root
from keifu.inference.tokens.executor import Conversation, read_together

__all__ = ["ROWS"]

PROCESSES = 7
DECODES, PREFILLS = 75, 30  # rounds
SPAN = 16  # tokens that are decoded with what a reply commits to: as many as are hashed together

Hashes = NDArray[np.uint8]


class Costs(msgspec.Struct, frozen=True):
    """Seconds of a token of a reply, and of a prompt: with all that a node commits to for it, and alone."""

    token: tuple[float, float]
    prompt: tuple[float, float]


def _costs(_: Lab) -> list[Costs]:
    """One of each process."""
    require_model()
    found = []
    for _number in range(PROCESSES):
        with python_beside("benchmarks.committed") as process:
            found.append(msgspec.json.decode(line_of(process), type=Costs))
    return found


def _ratio(lab: Lab, which: Callable[[Costs], tuple[float, float]]) -> float:
    return median(committed / alone for committed, alone in map(which, lab.shared(_costs)))


def main() -> None:
    """A process of its own: its costs as one line of JSON."""
    talk, prompt = begun_alone()
    with limits.one_core():
        print(msgspec.json.encode(Costs(_of_token(talk, prompt), _of_prompt(talk, prompt))).decode(), flush=True)


def _of_token(talk: Conversation, prompt: list[int]) -> tuple[float, float]:
    """The same tokens with and without; behind them stands all that is hashed for them."""
    steps = Steps(talk.memory.sizes)
    talk.back_to(0)
    talk.read(prompt)

    def decode(held: Steps | None) -> list[float]:
        talk.back_to(CONTEXT)
        tokens, times = [5], [time.thread_time()]
        for _ in range(SPAN):
            seen, lines = held.next() if held is not None else (None, None)
            (h,) = read_together([(talk, tokens[-1:])], seen, lines=lines)
            tokens.append(int(talk.memory.executor.tokens(h)[0]))
            times.append(time.thread_time())
        if held is not None:
            trace_root(read_roots(held.hashed(), tokens[1:])[0])
        return [*times, time.thread_time()]

    committed, alone = _best([(decode(steps), decode(None)) for _ in range(DECODES)])
    return committed / SPAN, alone / SPAN


def _of_prompt(talk: Conversation, prompt: list[int]) -> tuple[float, float]:
    """In the steps in which a node reads one."""
    bounds = np.empty((CONTEXT, talk.memory.sizes.layers + 1, HASH_BYTES), np.uint8)

    def prefill(held: Hashes | None) -> list[float]:
        talk.back_to(0)
        times = [time.thread_time()]
        for first in range(0, CONTEXT, ROWS_A_STEP):
            part = slice(first, first + ROWS_A_STEP)
            (h,) = read_together([(talk, prompt[part])], bounds=held[part] if held is not None else None)
            times.append(time.thread_time())
        token = int(talk.memory.executor.tokens(h[-1:])[0])
        if held is not None:
            trace_root(read_roots(held, [token])[0])
        return [*times, time.thread_time()]

    return _best([(prefill(bounds), prefill(None)) for _ in range(PREFILLS)])


def _best(rounds: list[tuple[list[float], list[float]]]) -> tuple[float, float]:
    """Seconds with and without, from the times between steps. Of each step the mean of the best third of rounds counts:
    it differs less from process to process than the best one does, and than that of whole rounds."""
    took = np.diff(np.array(rounds), axis=2)
    committed, alone = np.sort(took, axis=0)[: len(rounds) // 3].mean(axis=0).sum(axis=1)
    return float(committed), float(alone)


TURNS = f"one core, with and without hashing in turn, the best third of rounds, median of {PROCESSES} processes"
ROWS = (
    Row(
        "rate.llm_tokens",
        lambda lab: 1 / median(item.token[0] for item in lab.shared(_costs)),
        f"{BLOCKS}; SmolLM2-135M, {SPAN} tokens after {CONTEXT}, hashed for a receipt, one core; for the cost report",
        heavy=True,
        unit="1/CPU-s",
    ),
    Row(
        "ratio.llm_commitment",
        lambda lab: _ratio(lab, lambda item: item.token),
        f"{BLOCKS}; {SPAN} tokens after {CONTEXT}, {TURNS}",
        heavy=True,
    ),
    Row(
        "ratio.llm_commitment_prefill",
        lambda lab: _ratio(lab, lambda item: item.prompt),
        f"{BLOCKS}; {CONTEXT} tokens, {TURNS}",
        heavy=True,
    ),
)

if __name__ == "__main__":
    main()
