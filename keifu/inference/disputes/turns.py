"""A dispute as the chain keeps it, questions, proofs and permits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from ethwire.constants import ZERO_ADDRESS
from ethwire.eip712 import Domain
from keifu.abi.eip712 import DISPUTE_PERMIT
from keifu.keys import Account

__all__ = ["NO_BLOCK", "NO_PERMIT", "Case", "Proof", "Question", "Stage", "Turn", "permit"]

NO_BLOCK = 2**256 - 1  # a proof that argues with no sums
NO_PERMIT = (ZERO_ADDRESS, 0, b"")


class Stage(IntEnum):
    """Whose turn it is, and for what."""

    GROUPS = 1  # the provider shows what each group committed to
    NAMING = 2  # the challenger names one
    RECORD = 3  # the provider shows the roots of its tensors
    ASKING = 4  # the challenger asks, or proves
    NODES = 5  # the provider shows nodes of a tensor's tree
    CHUNKS = 6  # a part of a tensor
    SUMS = 7  # running sums of a lane
    PROVED = 8


@dataclass(frozen=True)
class Case:
    """What a dispute is about."""

    program: bytes
    trace: bytes
    inputs: bytes
    outputs: bytes
    prompt: int  # token ids that were given
    reply: int  # token ids that were answered
    position: int
    groups: int

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)


@dataclass(frozen=True)
class Turn:
    """Where a dispute stands, as the event `Moved` has it."""

    book: str
    dispute: bytes
    case: bytes
    operator: str
    challenger: str
    time: int
    stage: int
    deadline: int
    group: int
    boundary: bytes
    record: bytes
    asked: int
    slot: int
    part: int
    stride: int
    count: int
    sums: bytes

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)


@dataclass(frozen=True)
class Question:
    """Arguments of `ask` behind the turn."""

    stage: Stage
    slot: int
    part: int = 0
    stride: int = 0
    count: int = 0

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)


class Proof(NamedTuple):
    """Arguments of `prove` behind turn and case."""

    verifier: int
    call: bytes
    lists: bytes = b""
    block: int = NO_BLOCK


def permit(domain: Domain, payer: Account, watcher: str, deadline: int) -> Sequence[Any]:
    """That `watcher` may open disputes about the payer's covers; `domain` is that of InferenceDisputes."""
    return watcher, deadline, payer.sign(domain.digest(DISPUTE_PERMIT, watcher, deadline))
