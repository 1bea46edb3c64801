"""An audit by Freivalds' check beside executing: SmolLM2's blocks, 256 tokens after 256, one core, in turn.

Executing is reading the prompt at once and then a token at a time, as a provider does. The auditor projects all weights
for sixteen replies, and a sixteenth of that counts here. What it is handed lies in memory: the wire is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from numpy.typing import NDArray

from benchmarks import limits
from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks.inference import BLOCKS, CONTEXT, begun, executor_of_blocks
from keifu.errors import CheckFailed
from keifu.inference.tokens.again import computed_again
from keifu.inference.tokens.auditing import REPLIES, Auditor, WrongProducts
from keifu.inference.tokens.executor import Executor, Kept
from keifu.inference.tokens.linear import MATRICES, Handing, Layering

__all__ = ["ROWS"]

REPLY, ROUNDS, CHANGED = 256, 3, 10_000

Ints = NDArray[Any]


@dataclass(frozen=True)
class _Replied:
    """A reply, its products, and who audits it."""

    executor: Executor
    auditor: Auditor
    prompt: list[int]
    reply: list[int]
    handed: list[list[Ints]]

    def deliver(self, layer: int, start: int, count: int) -> list[Ints]:
        first = len(self.prompt) - 1 if layer == self.executor.program.sizes.layers else 0
        return [sums[start - first : start - first + count] for sums in self.handed[layer]]


def _replied(lab: Lab) -> _Replied:
    executor = lab.shared(executor_of_blocks)
    _, _, prompt = begun(lab, executor_of_blocks)
    reply = _executed(executor, prompt)
    handing, handed = Handing(executor, prompt, reply), []
    for layer in range(executor.program.sizes.layers + 1):
        first = len(prompt) - 1 if layer == executor.program.sizes.layers else 0
        handed.append(handing.sums(layer, first, handing.positions - first))
    return _Replied(executor, Auditor(executor.program), prompt, reply, handed)


def _executed(executor: Executor, prompt: list[int]) -> list[int]:
    talk, given = executor.conversation(), prompt
    reply: list[int] = []
    while len(reply) < REPLY:
        reply.append(talk.next(given))
        given = reply[-1:]
    return reply


def _audit(lab: Lab) -> float:
    """Of executing."""
    replied = lab.shared(_replied)
    audit, execute = _best(replied, lambda: _executed(replied.executor, replied.prompt))
    return audit / execute


def _beside_again(lab: Lab) -> float:
    """Of computing all positions again at once, which whoever has the model can do without a provider."""
    replied = lab.shared(_replied)
    audit, again = _best(replied, lambda: computed_again(replied.executor, replied.prompt, replied.reply))
    return audit / again


def _best(replied: _Replied, other: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of an audit with its share of the projection, and of something else; the best of each."""
    auditor, expected = replied.auditor, computed_again(replied.executor, replied.prompt, replied.reply)

    def audit() -> None:
        if auditor.audit(replied.prompt, replied.reply, replied.deliver) != expected:
            raise CheckFailed("an audit gives something else than computing again")

    auditor.project()
    audit()
    best = [float("inf")] * 3
    with limits.one_core():
        for _ in range(ROUNDS):
            for place, work in enumerate((auditor.project, audit, other)):
                started = time.thread_time()
                work()
                best[place] = min(best[place], time.thread_time() - started)
    return best[1] + best[0] / REPLIES, best[2]


def _found(lab: Lab) -> float:
    """Of 10,000 products that were changed, one at a time: any layer, matrix, position and lane, by a power of two."""
    replied, random = lab.shared(_replied), Random(18)
    auditor, program = replied.auditor, replied.executor.program
    auditor.project()
    products = len(MATRICES) * program.sizes.layers + 1
    tried: list[bool] = []

    def changed(layer: int, given: dict[str, Ints], name: str, x: Ints) -> Ints:
        sums = given[name]
        number = MATRICES.index(name) + len(MATRICES) * layer if name in MATRICES else products - 1
        for _ in range(CHANGED * (number + 1) // products - CHANGED * number // products):
            row = random.randrange(len(x))
            false = sums[row : row + 1].copy()
            false[0, random.randrange(false.shape[1])] += random.choice([-1, 1]) << random.randrange(48)
            tried.append(_is_found(auditor, name, layer, x[row : row + 1], false))
        return sums

    layering = Layering.of(program, [*replied.prompt, *replied.reply[:-1]])
    for layer in range(program.sizes.layers):
        given = dict(zip(MATRICES, replied.handed[layer], strict=True))
        memory = Kept(program.sizes, 1, len(layering.h), layers=1)
        layering.layer(layer, memory.of_layer(0), partial(changed, layer, given))
    changed(0, {"head": replied.handed[-1][0]}, "head", layering.last(len(replied.prompt) - 1))
    if len(tried) != CHANGED:
        raise CheckFailed(f"{len(tried)} products were changed")
    return sum(tried)


def _is_found(auditor: Auditor, name: str, layer: int, x: Ints, sums: Ints) -> bool:
    try:
        auditor.require(name, layer, x, sums)
    except WrongProducts:
        return True
    return False


ROWS = (
    Row(
        "ratio.audit",
        _audit,
        f"{BLOCKS}; {REPLY} tokens after {CONTEXT}, one core, reading and decoding in turn; error below 2^-59 each,"
        f" a projection for {REPLIES} replies",
        also=(
            ("of computing all positions again at once", _beside_again),
            (f"of {CHANGED:,} changed products found", _found),
        ),
        heavy=True,
    ),
)
