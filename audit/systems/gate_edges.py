"""AttentionVerifier's SiLU·mul at its edges: exponents from 0 to 25 and beyond, witnesses, products at all limits."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from audit.sparse_records import Known, World
from audit.systems._cases import Case, Cases, around, chunk_of, refused
from keifu.spec import inference as arithmetic
from keifu.spec.inference import LARGEST
from keifu.spec.inference_calls import Call
from keifu.spec.inference_model import Operator

__all__ = ["GateEdges"]

HEIGHTS = (1, 2, 63, 64, 65, 130, 1_024, 1_025, 70_000, 2**22 - 1, 2**32 - 64)
GROUPS = ((0, 1), (1, 2), (2, 3), (4, 9), (100, 128))
SCALES = ((70_003, 14), (1, 1), (65_536, 0), (2**32 - 1, 30), (65_537, 7))
LIMIT = 32_767  # of gates
LARGEST_EXPONENT = 25
EXPONENTS = (0, 1, 2, 7, 12, 24, 25)


class Gate:
    """One lane of an operator: what it reads, and the exponent that was committed."""

    def __init__(self, number: int, random: Random) -> None:
        self.random, self.height = random, HEIGHTS[number % len(HEIGHTS)]
        self.multiplier, self.shift = SCALES[number % len(SCALES)]
        self.slot, self.groups = 3 + number % 13, GROUPS[number % len(GROUPS)]
        self.lane = random.choice((0, self.height - 1, random.randrange(self.height)))
        self.gate = random.choice((LIMIT, -LIMIT, -32_768, 0, 1, -1, random.randint(-LIMIT, LIMIT), 255, -256))
        self.up = random.choice((LIMIT, -LIMIT, -32_768, 0, 1, -1, random.randint(-LIMIT, LIMIT)))

    @property
    def product(self) -> int:
        return arithmetic.gated(self.gate, self.up, self.multiplier, self.shift)

    def call(self, function: str, exponent: int, witness: int, made: int = 0) -> Call:
        random, lane, chunks = self.random, self.lane, -(-self.height // 64)
        last = chunk_of({0: exponent, 1: witness}, 16, random)
        tensors: dict[int, Known] = {
            1: (chunks, {lane // 64: chunk_of({lane % 64: self.gate}, 16, random)}),
            2: (chunks, {lane // 64: chunk_of({lane % 64: self.up}, 16, random)}),
            self.slot: (chunks + 1, {lane // 64: chunk_of({lane % 64: made}, 16, random), chunks: last}),
        }
        height, scale = self.height, {"multiplier": self.multiplier, "shift": self.shift}
        operator = Operator("gated", 1, 2, width=height, height=height, **scale)  # type: ignore[arg-type]
        world = World(random, operator, tensors, slot=self.slot, of_groups=self.groups)
        read = [world.lanes(slot, lane // 64) for slot in (1, 2)]
        out = [world.lanes(self.slot, lane // 64)] if function == "gated" else []
        rest: tuple[Any, ...] = (*read, *out, world.lanes(self.slot, chunks), lane)
        return Call(function, world.claim(), world.descriptor(), rest)


def lanes(random: Random) -> Iterator[Case]:
    for number in range(250):
        gate = Gate(number, random)
        exponent = EXPONENTS[number % len(EXPONENTS)]
        made = gate.product
        if exponent:
            made = arithmetic.clip(arithmetic.rq(made, 1, exponent), LARGEST)
        for more in (0, 1, -1):
            if -32_768 <= made + more <= 32_767:
                call = gate.call("gated", exponent, 0, made + more)
                yield from around(call, more != 0, gate.height) if number % 17 == more else [Case(call, more != 0)]
        for beyond in (-1, 26, 32_767, -32_768):
            if number % 5 == 0:
                yield refused(gate.call("gated", beyond, 0), "exponent")


def exponents(random: Random) -> Iterator[Case]:
    """The least exponent that a lane fits, one less, one more, and each limit; the witness at, before and behind it."""
    for number in range(180):
        gate = Gate(number, random)
        size, least = abs(gate.product), 0
        while size >> least > LARGEST:
            least += 1
        said = {least, least + 1, max(least - 1, 0), 0, 25, random.choice((-1, 26, -32_768, 32_767))}
        for exponent in said:
            at, behind = min(gate.lane, 32_767), min(gate.lane + 1, 32_767)
            for witness in {at, max(at - 1, 0), 0, behind, -1, min(gate.height, 32_767)}:
                call = gate.call("exponent", exponent, witness)
                wrong = wrongly(gate, exponent, witness, size)
                yield from (
                    around(call, wrong, gate.height) if number % 33 == 0 and witness == 0 else [Case(call, wrong)]
                )


def wrongly(gate: Gate, exponent: int, witness: int, size: int) -> bool:
    """Whether no other lanes make these the exponent and its witness: all others are 0, but for a witness elsewhere,
    which needs just this exponent."""
    if not 0 <= exponent <= LARGEST_EXPONENT or not 0 <= witness < gate.height:
        return True
    needing = {witness: (LARGEST + 1) << (exponent - 1)} if exponent else {}
    line = sorted((needing | {gate.lane: size}).items())
    _, least, first = arithmetic.exponent_of([product for _, product in line])
    return (least, line[first][0] if least else 0) != (exponent, witness)


class GateEdges(Cases):
    """One lane at a time, of gates of all sizes."""

    contracts = ("AttentionVerifier",)

    kinds = (lanes, exponents)
