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
from keifu.inference.tokens.committing import HASH_BYTES, Steps, read_roots, trace_root
from keifu.inference.tokens.executor import Conversation, read_together

__all__ = ["ROWS"]

PROCESSES = 7
DECODES, PREFILLS = 30, 16  # rounds
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
    """The same tokens with and without. Of each token of a reply, and of all that is hashed behind it, the mean of the
    best third of rounds counts: it differs less from process to process than the best one does."""
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

    rounds = np.array([[np.diff(decode(held)) for held in (steps, None)] for _ in range(DECODES)])
    best = np.sort(rounds, axis=0)[: DECODES // 3].mean(axis=0)
    committed, alone = best.sum(axis=1) / SPAN
    return float(committed), float(alone)


def _of_prompt(talk: Conversation, prompt: list[int]) -> tuple[float, float]:
    bounds = np.empty((CONTEXT, talk.memory.sizes.layers + 1, HASH_BYTES), np.uint8)

    def prefill(held: Hashes | None) -> float:
        started = time.thread_time()
        talk.back_to(0)
        (h,) = read_together([(talk, prompt)], bounds=held)
        token = int(talk.memory.executor.tokens(h[-1:])[0])
        if held is not None:
            trace_root(read_roots(held, [token])[0])
        return time.thread_time() - started

    both = np.array([(prefill(bounds), prefill(None)) for _ in range(PREFILLS)])
    committed, alone = both.min(axis=0)
    return float(committed), float(alone)


TURNS = f"one core, with and without hashing in turn, median of {PROCESSES} processes"
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
