"""A dispute as the chain keeps it, questions, proofs and permits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

from ethwire.constants import ZERO_ADDRESS
from ethwire.eip712 import Domain
from keifu.abi import Log, encode_args
from keifu.abi.eip712 import DISPUTE_PERMIT
from keifu.keys import Account, keccak256
from keifu.spec.inference_trees import tree

__all__ = ["LIST", "NO_BLOCK", "NO_PERMIT", "Case", "Proof", "Question", "Stage", "Turn", "lists_of", "permit"]

NO_BLOCK = 2**256 - 1  # a proof that argues with no sums
NO_PERMIT = (ZERO_ADDRESS, 0, b"")
LIST = 32  # sums of a list, and chunks that are shown at once
_CASE = ["bytes32"] * 4 + ["uint256"] * 4
_TURN = ["address", "bytes32", "bytes32", "address", "address", *["uint256"] * 4, "bytes32", "bytes32"]
_TURN += [*["uint256"] * 6, "bytes32"]
_NOTHING = (bytes(32), 0, 0, 0, 0)  # record, questions, slot, part and stride of a dispute that has just begun


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

    @property
    def hash(self) -> bytes:
        return keccak256(encode_args(_CASE, self.args))

    @classmethod
    def begun(cls, log: Log) -> Case:
        """From the event `Begun`."""
        return cls(*_values(log.case))


@dataclass(frozen=True)
class Turn:
    """Where a dispute stands. The chain keeps its hash; each step changes it as the contract does."""

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
    shown: int
    sums: bytes

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)

    @property
    def hash(self) -> bytes:
        """What the chain keeps of it."""
        return keccak256(encode_args(_TURN, self.args))

    @classmethod
    def begun(cls, log: Log) -> Turn:
        """From the event `Begun`, before the first `moved`."""
        case = Case.begun(log)
        # How many of the last groups commit to nothing there, where one is still to be named.
        missing = int(log.group == case.groups and case.position + 1 < case.prompt)
        fixed = (log.book, log.dispute, case.hash, log.operator, log.challenger, log.time)
        begun = cls(*fixed, 0, 0, log.group, log.boundary, *_NOTHING, case.groups, 0, bytes(32))
        return replace(begun, slot=missing)

    def moved(self, log: Log) -> Turn:
        """After an event `Moved`."""
        return replace(self, stage=log.stage, deadline=log.deadline)

    def named(self, group: int, boundary: bytes) -> Turn:
        return replace(self, group=group, boundary=boundary, slot=0)

    def questioned(self, question: Question) -> Turn:
        _, slot, part, stride, count = question.args
        return replace(
            self, asked=self.asked + 1, slot=slot, part=part, stride=stride, count=count, shown=0, sums=bytes(32)
        )

    def after(self, name: str, args: Sequence[Any]) -> Turn:
        """As a call of the game changes it, before the event `Moved`; `args` are those behind the turn."""
        match name:
            case "name_group":
                return self.named(args[0], args[1])
            case "ask":
                return self.questioned(Question(*args))
            case "show_record":
                return replace(self, record=tree(list(args[0]), 4))
            case "show_nodes" | "show_chunks":
                return replace(self, shown=args[0] + 1)
            case "show_sums":
                sums = args[0] if self.count <= LIST else lists_of(args[0])
                return replace(self, sums=keccak256(sums))
            case _:
                return self


def lists_of(sums: bytes) -> bytes:
    """The last sum of each block of 32, then each block's hash: what is kept of more than 32 sums."""
    blocks = [sums[at : at + 8 * LIST] for at in range(0, len(sums), 8 * LIST)]
    return b"".join(block[-8:] for block in blocks) + b"".join(keccak256(block) for block in blocks)


def _values(struct: Any) -> tuple[Any, ...]:
    return tuple(struct.values()) if isinstance(struct, dict) else tuple(struct)


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
