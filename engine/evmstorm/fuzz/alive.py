"""A search that passes must have searched: what it never did is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.language import DescriptionError

__all__ = ["check_alive"]

CALLS_WITHOUT_SUCCESS = 2_000  # calls of an action without one success that make the description wrong


class Counted(Protocol):
    """How often an action was done, refused, and had nothing to call."""

    @property
    def ok(self) -> int: ...

    @property
    def refused(self) -> int: ...

    @property
    def idle(self) -> int: ...


def check_alive(engine: Engine, counts: Sequence[Counted], sequences: int, checked: int) -> None:
    """An action that is always refused, or never called, tests nothing, and hides that the others never get further.

    `checked` counts how often the invariants after calls were looked at. Raises DescriptionError.
    """
    title = engine.system.title()
    if not any(count.ok + count.refused for count in counts):
        raise DescriptionError(
            f"{title}: no action made a call in {sequences:,} sequences",
            remedy="let their methods yield, or give a reason",
        )
    if not checked and not all(item.at_end for item in engine.invariants):
        raise DescriptionError(f"{title}: no call changed anything, so no invariant was checked")
    for item, count in zip(engine.actions, counts, strict=True):
        if count.ok + count.refused == 0 and count.idle >= CALLS_WITHOUT_SUCCESS:
            raise DescriptionError(
                f"{title}: {item.name} was never called: it had nothing to do {count.idle:,} times",
                remedy="correct its values or its model, so that it yields or gives a reason",
            )
    for item, count in zip(engine.actions, counts, strict=True):
        if not item.always_reverts and count.ok == 0 and count.refused >= CALLS_WITHOUT_SUCCESS:
            raise DescriptionError(
                f"{title}: {item.name} was refused {count.refused} times and never succeeded",
                remedy="correct its values or its model, or mark it always_reverts=True",
            )
