"""A dispute as the chain keeps it, questions, proofs and permits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from enum import IntEnum
from typing import Any, NamedTuple

from ethwire.constants import ZERO_ADDRESS
from ethwire.eip712 import Domain
from keifu.abi import Log, encode_args
from keifu.abi.eip712 import DISPUTE_PERMIT
from keifu.keys import Account, keccak256
from keifu.spec.inference_trees import tree

__all__ = [
    "LIST",
    "NO_MARKS",
    "NO_PERMIT",
    "Case",
    "Narrowing",
    "Proof",
    "Question",
    "Stage",
    "Turn",
    "first_other",
    "marks_of",
    "permit",
]

NO_PERMIT = (ZERO_ADDRESS, 0, b"")
LIST = 32  # sums that are shown at once, terms of one of them, and chunks that are shown at once
MARK, MARKS = 6, 5  # bytes of a tensor's mark, and marks of a word
NO_MARKS = (bytes(32),) * 3
_SUM = 8  # bytes
_CASE = ["bytes32"] * 4 + ["uint256"] * 4
_TURN = ["address", "bytes32", "bytes32", "address", "address", *["bytes32"] * 3, "uint256", "bytes32"]


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
    reply: int  # token ids that were answered; none where the reply is a text's vector
    position: int
    groups: int

    @property
    def args(self) -> tuple[Any, ...]:
        return astuple(self)

    @property
    def positions(self) -> int:
        """Of the trace."""
        return self.prompt + max(self.reply, 1) - 1

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
    position: int  # the last one that attention sees: the dispute's own, or of a text's vector the last of all
    count: int  # of groups, then of sums
    slot: int = 0
    record: bytes = bytes(32)
    marks: Sequence[bytes] = ()  # of the group's tensors, until its record is shown
    asked: int = 0
    part: int = 0
    stride: int = 0
    shown: int = 0
    sums: bytes = bytes(32)
    within: int = 0  # 1 where the sums are those of a block
    first: int = 0  # term of the first sum
    base: bytes = bytes(_SUM)  # of a block: the sum before it, and the one at its end
    end: bytes = bytes(_SUM)
    vector: int = 0  # 1 where the reply is a text's vector
    drawn: int = 0  # 1 where tokens are drawn

    @property
    def args(self) -> tuple[Any, ...]:
        """As calls bring it."""
        fixed = (self.book, self.dispute, self.case, self.operator, self.challenger, self.boundary)
        extra = keccak256(b"".join(self.marks)) if self.marks else (self.base + self.end).rjust(32, b"\0")
        return (*fixed, self.record, self.sums, self._numbers, extra)

    @property
    def _numbers(self) -> int:
        wide = _packed(40, (self.vector, self.time, self.deadline))
        place = self.stage, self.asked, self.group, self.slot, self.count, self.stride, self.within
        wide = wide << 56 | _packed(8, place)
        wide = wide << 32 | _packed(16, (self.drawn << 15 | self.position, self.first))
        return wide << 64 | _packed(32, (self.part, self.shown))

    @property
    def hash(self) -> bytes:
        """What the chain keeps of it."""
        return keccak256(encode_args(_TURN, self.args))

    @classmethod
    def begun(cls, log: Log, *, is_drawn: bool = False) -> Turn:
        """From the event `Begun`, before the first `moved`; `is_drawn` where an event `Drawn` follows it."""
        case = Case.begun(log)
        fixed = (log.book, log.dispute, case.hash, log.operator, log.challenger, log.time)
        is_vector = case.reply == 0
        sees = case.positions - 1 if is_vector else case.position
        begun = cls(
            *fixed, 0, 0, log.group, log.boundary, sees, case.groups, vector=int(is_vector), drawn=int(is_drawn)
        )
        if log.group < case.groups:
            return replace(begun, marks=tuple(log.marks))
        # How many of the last groups commit to nothing there, where one is still to be named.
        return replace(begun, slot=int(not is_vector and case.position + 1 < case.prompt))

    def moved(self, log: Log) -> Turn:
        """After an event that says whose turn it is, and until when."""
        return replace(self, stage=log.stage, deadline=log.deadline)

    def named(self, group: int, boundary: bytes, marks: Sequence[bytes]) -> Turn:
        return replace(self, group=group, boundary=boundary, slot=0, marks=tuple(marks))

    def questioned(self, question: Question) -> Turn:
        """After a question; what was asked before counts no more."""
        stride, count = (0, 0) if question.stage in (Stage.NODES, Stage.CHUNKS) else (question.stride, question.count)
        turn = replace(self, asked=self.asked + 1, slot=question.slot, part=question.part, stride=stride, count=count)
        return replace(turn, sums=bytes(32), shown=0, within=0, first=0, base=bytes(_SUM), end=bytes(_SUM))

    def narrowed(self, sums: bytes, block: int) -> Turn:
        """After a question about one of the sums that were shown."""
        first = block * LIST
        asked = Question(Stage.SUMS, self.slot, self.part, 1, min(LIST, self.position + 1 - first))
        end = sums[block * _SUM : (block + 1) * _SUM]
        base = sums[(block - 1) * _SUM : block * _SUM] if block else bytes(_SUM)
        return replace(self.questioned(asked), within=1, first=first, base=base, end=end)

    def after(self, name: str, args: Sequence[Any]) -> Turn:
        """As a call of the game changes it, before the event `Moved`; `args` are those behind the turn."""
        match name:
            case "name_group":
                return self.named(args[0], args[1], args[3])
            case "ask":
                return self.questioned(Question(*args))
            case "ask_within":
                return self.narrowed(*args)
            case "show_record":
                slot = first_other(args[0], self.marks)
                turn = replace(self, record=tree(list(args[0]), 4) if args[0] else bytes(32), marks=())
                return replace(turn, slot=slot, shown=args[3] + 1) if slot else turn
            case "show_nodes" | "show_chunks":
                return replace(self, shown=args[0] + 1)
            case "show_sums":
                return replace(self, sums=keccak256(self.whole_sums(args[0])))
            case _:
                return self

    def whole_sums(self, shown: bytes) -> bytes:
        """The last sum of a block was shown before, and stands in no answer."""
        return shown + self.end if self.within else shown


def marks_of(roots: Sequence[bytes]) -> tuple[bytes, ...]:
    """What a challenger says of a group's tensors: the first bytes of each root but that of the first one."""
    marks = [root[:MARK] for root in roots[1:]]
    words = (b"".join(marks[at : at + MARKS]) for at in range(0, MARKS * len(NO_MARKS), MARKS))
    return tuple(word.ljust(32, b"\0") for word in words)


def first_other(roots: Sequence[bytes], marks: Sequence[bytes]) -> int:
    """The first tensor that is not as its mark says; 0 where none is."""
    flat = b"".join(word[: MARK * MARKS] for word in marks)
    said = {n: flat[(n - 1) * MARK : n * MARK] for n in range(1, len(roots))}
    return next((n for n, mark in said.items() if any(mark) and roots[n][:MARK] != mark), 0)


def _packed(bits: int, values: Iterable[int]) -> int:
    found = 0
    for value in values:
        found = found << bits | value
    return found


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


class Narrowing(NamedTuple):
    """Arguments of `ask_within` behind the turn: sums that were shown, and which of them."""

    sums: bytes
    block: int


class Proof(NamedTuple):
    """Arguments of `prove` behind turn and case: which verifier, its function's selector, and the arguments behind the
    first one, which the game puts in."""

    verifier: int
    function: bytes
    rest: bytes


def permit(domain: Domain, payer: Account, watcher: str, deadline: int) -> Sequence[Any]:
    """That `watcher` may open disputes about the payer's covers; `domain` is that of InferenceDisputes."""
    return watcher, deadline, payer.sign(domain.digest(DISPUTE_PERMIT, watcher, deadline))
