"""Whole disputes about a token model's answer: a receipt of 512 positions of SmolLM2's sizes, on the oldest fork and
the newest. Each transaction is alone in its block. A client that has what each group committed to begins at the group;
one that has the roots of positions alone needs two transactions more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from benchmarks._lab import NEWEST, Lab
from benchmarks._rows import Row
from benchmarks.dispute_shapes import FalseSums, Layer
from benchmarks.disputed import Disputed
from keifu.errors import CheckFailed
from keifu.inference.disputes import Provider

__all__ = ["MINUTE", "ROWS", "TRANSACTIONS", "Run", "both", "dearest", "each"]

MINUTE = 60
TRANSACTIONS = 8
CLOSE = "conviction"
Run = Callable[[Lab], dict[str, int]]


class Wrong(NamedTuple):
    """A wrong lane of the layer, by the slot of its tensor, and who defends it."""

    slot: int
    lane: int
    provider: type[Provider] = Provider


PRODUCTS = {
    "norm": Wrong(1, 7),
    "queries": Wrong(2, 7),
    "gate": Wrong(12, 7),
    "SiLU·mul": Wrong(14, 7),
    "residual": Wrong(10, 7),
    "residual of 1,536 products": Wrong(15, 7),
    "residual of 1,536 products, false sums": Wrong(15, 7, FalseSums),
}
ATTENTION = {
    "scores": Wrong(7, 40),
    "softmax": Wrong(8, 2),
    "softmax, false sums": Wrong(8, 2, FalseSums),
    "weighted sum": Wrong(9, 70),
    "weighted sum, false sums": Wrong(9, 70, FalseSums),
}


def _disputes(lab: Lab, *, withheld: bool = False) -> dict[str, int]:
    """Gas of each dispute from its opening to the proof, by name; and of the dearest conviction."""
    layer = Layer()
    challenger = layer.challenger()
    world = Disputed(lab.client.deploy, lab.account, lambda: (lab.client.chain_id, lab.client.now), layer.published)
    lab.anvil.warp(MINUTE)
    found = {CLOSE: 0}
    for name, (slot, lane, make) in (PRODUCTS | ATTENTION).items():
        provider = layer.cheat(slot, lane, make)
        with lab.undo():
            answer = world.answer(provider, layer.prompt, layer.ids)
            played = world.play(answer, provider, challenger, withheld=withheld)
            if len(played.mined) > TRANSACTIONS + withheld:
                raise CheckFailed(f"a dispute about {name} took {len(played.mined)} transactions")
            found[name] = sum(lab.gas(mined) for _, mined in played.mined)
            found[CLOSE] = max(found[CLOSE], lab.gas(world.close(played)))
    return found


def _longer(lab: Lab) -> dict[str, int]:
    return _disputes(lab, withheld=True)


def both(run: Run) -> Sequence[Run]:
    """The same on the oldest fork and on the newest."""

    def newest(_: Lab) -> dict[str, int]:
        with Lab(NEWEST) as other:
            return run(other)

    return run, newest


def dearest(names: Iterable[str], runs: Sequence[Run], lab: Lab) -> float:
    """The larger figure of both forks."""
    return max(lab.shared(run)[name] for run in runs for name in names)


def _one(run: Run, name: str, lab: Lab) -> float:
    return lab.shared(run)[name]


def each(names: Iterable[str], runs: Sequence[Run]) -> tuple[tuple[str, Callable[[Lab], float]], ...]:
    """Each figure on both forks."""
    forks = zip(("", f", {NEWEST}"), runs, strict=True)
    return tuple((f"{name}{fork}", partial(_one, run, name)) for fork, run in forks for name in names)


_BOTH, _WITHHELD = both(_disputes), both(_longer)
_HOW = (
    f"SmolLM2's sizes, blocks of 4 bits, 512 positions, 32 groups; dearest wrong lane or false sum, cancun and {NEWEST}"
)
_KNOWN = "what each group committed to came with the reply, as clients have it from nodes"
_KEPT = "the longer way: the reply came with the roots of positions alone, as from older nodes"
ROWS = (
    Row(
        "gas.dispute",
        partial(dearest, PRODUCTS, _BOTH),
        f"{_HOW}; {_KNOWN}; 3 transactions, 5 for the residual of 1,536 products",
        also=each(PRODUCTS, _BOTH),
        heavy=True,
    ),
    Row(
        "gas.dispute_attention",
        partial(dearest, ATTENTION, _BOTH),
        f"{_HOW}; {_KNOWN}; 5 transactions, 7 where sums of a weighted sum are false",
        also=each(ATTENTION, _BOTH),
        heavy=True,
    ),
    Row(
        "info.dispute_withheld",
        partial(dearest, PRODUCTS, _WITHHELD),
        f"{_HOW}; {_KEPT}; 5 and 7 transactions",
        also=each(PRODUCTS, _WITHHELD),
        heavy=True,
    ),
    Row(
        "info.dispute_attention_withheld",
        partial(dearest, ATTENTION, _WITHHELD),
        f"{_HOW}; {_KEPT}; 7 and 9 transactions",
        also=each(ATTENTION, _WITHHELD),
        heavy=True,
    ),
    Row(
        "gas.convict",
        partial(dearest, (CLOSE,), _BOTH),
        "slash, restitution and reward after a proof; no seal: the reward is the challenger's",
        heavy=True,
    ),
)
