"""Whole disputes about a token model's answer: a receipt of 512 positions of SmolLM2's sizes, on the oldest fork and
the newest. The client has what each group committed to; each transaction is alone in its block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from benchmarks._lab import NEWEST, Lab
from benchmarks._rows import Row
from benchmarks.dispute_shapes import Layer
from benchmarks.disputed import Disputed
from keifu.errors import CheckFailed

__all__ = ["ROWS"]

# Slot and lane of what is wrong, by name.
MINUTE = 60
AT_ONCE = {"norm": (1, 7), "queries": (2, 7), "gate": (12, 7), "SiLU·mul": (14, 7), "residual": (10, 7)}
IN_PARTS = {"residual of 1,536 products": (15, 7)}
ATTENTION = {"scores": (7, 40), "softmax": (8, 2), "weighted sum": (9, 70)}
TRANSACTIONS = 8
CLOSE = "conviction"


def _disputes(lab: Lab) -> dict[str, int]:
    """Gas of each dispute from its opening to the proof, by name; and of the dearest conviction."""
    layer = Layer()
    challenger = layer.challenger()
    world = Disputed(lab.client.deploy, lab.account, lambda: (lab.client.chain_id, lab.client.now), layer.published)
    lab.anvil.warp(MINUTE)
    found = {CLOSE: 0}
    for name, (slot, lane) in (AT_ONCE | IN_PARTS | ATTENTION).items():
        provider = layer.cheat(slot, lane)
        with lab.undo():
            played = world.play(world.answer(provider, layer.prompt, layer.ids), provider, challenger)
            if len(played.mined) > TRANSACTIONS:
                raise CheckFailed(f"a dispute about {name} took {len(played.mined)} transactions")
            found[name] = sum(lab.gas(mined) for _, mined in played.mined)
            found[CLOSE] = max(found[CLOSE], lab.gas(world.close(played)))
    return found


def _newest(_: Lab) -> dict[str, int]:
    with Lab(NEWEST) as newest:
        return _disputes(newest)


def _dearest(names: dict[str, tuple[int, int]], lab: Lab) -> float:
    """The larger figure of both forks."""
    return max(lab.shared(run)[name] for run in (_disputes, _newest) for name in names)


def _conviction(lab: Lab) -> float:
    return max(lab.shared(run)[CLOSE] for run in (_disputes, _newest))


def _one(run: Callable[[Lab], dict[str, int]], name: str, lab: Lab) -> float:
    return lab.shared(run)[name]


def _each(names: Iterable[str]) -> tuple[tuple[str, Callable[[Lab], float]], ...]:
    """Each figure on both forks."""
    runs = (("", _disputes), (f", {NEWEST}", _newest))
    return tuple((f"{name}{fork}", partial(_one, run, name)) for fork, run in runs for name in names)


_HOW = f"SmolLM2's sizes, blocks of 4 bits, 512 positions, 32 groups; worst wrong lane, cancun and {NEWEST}"
ROWS = (
    Row(
        "gas.dispute",
        partial(_dearest, AT_ONCE | IN_PARTS),
        f"{_HOW}; 5 transactions, 7 for the residual of 1,536 products",
        also=_each(AT_ONCE | IN_PARTS),
        heavy=True,
    ),
    Row(
        "gas.dispute_attention",
        partial(_dearest, ATTENTION),
        f"{_HOW}; 7 transactions",
        also=_each(ATTENTION),
        heavy=True,
    ),
    Row(
        "gas.convict",
        _conviction,
        "slash, restitution and reward after a proof; no seal: the reward is the challenger's",
        heavy=True,
    ),
)
