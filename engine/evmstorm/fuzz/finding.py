"""What a sequence ends in, and the steps that lead there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["WAIT", "Finding", "Step", "cost"]

WAIT = "wait"


@dataclass(frozen=True)
class Finding:
    """What went wrong: `id` is an invariant's number, or "action: kind"; `step` counts chunks of the bytes; `action`
    is the one after which it showed."""

    id: str
    message: str
    step: int
    action: str = ""


# What a finding costs whoever uses the contract, by its kind, dearest first: coins that go where they must not; calls
# that must fail and do not; coins that nobody gets out; a contract that is not as its model; a wrong reason.
KINDS = ("invariant", "refusal", "liveness", "model", "reason")


def cost(finding: Finding) -> int:
    """Place of a finding among the kinds: 0 costs most."""
    kind = finding.id.rpartition(": ")[2]
    return KINDS.index(kind) if kind in KINDS else 0


@dataclass(frozen=True)
class Step:
    """One step of a traced sequence, in the words of the description. `call` is None for a wait."""

    action: str
    time: int
    sender: str = ""
    target: str = ""
    args: tuple[Any, ...] = ()
    value: int = 0
    outcome: str = "ok"  # or the reason of the refusal
    seconds: int = 0
    blocks: int = 0
