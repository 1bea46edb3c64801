"""Storage: what is printed of a file's chances beside worlds in which the nodes' own code runs."""

from __future__ import annotations

from audit.storage_world.odds import losses
from benchmarks._lab import Lab
from benchmarks._rows import Row

__all__ = ["ROWS"]

WORLDS = 50


def _loss_model(_: Lab) -> float:
    return losses(WORLDS).ratio


ROWS = (
    Row(
        "ratio.loss_model",
        _loss_model,
        f"worlds in which providers fail one by one and the cores repair; 2 of 4 shards, {WORLDS} worlds of ten files",
        heavy=True,
    ),
)
