"""What the validator of proofs should answer about agents, in plain Python.

The book is a log of what people did at the registries of agents, the court and the registry of provenance. What an
answer must be follows from it. A question is what was asked: kind, agent, whom or what it is about, and a salt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.spec._agent_facts import AgentFacts, Bound, Burned, Owned, Wallet
from keifu.spec.agent_limits import BEST
from keifu.spec.refusals import Refused, check

__all__ = ["Answered", "Bound", "Burned", "Owned", "Proofs", "Question", "Refused", "Wallet"]

FOR_EVER = 2**64


@dataclass(frozen=True)
class Question:
    """About faults of an operator, or, with a record, about an attester's words on it."""

    agent: int
    who: str
    salt: bytes
    record: int = -1

    @property
    def of_audit(self) -> bool:
        return self.record >= 0


@dataclass(frozen=True)
class Opened:
    case: int
    operator: str


@dataclass(frozen=True)
class Convicted:
    """For good: the case is over."""

    case: int


@dataclass(frozen=True)
class Withdrawn:
    record: int


@dataclass(frozen=True)
class Stored:
    """The registry knows the record's parents."""

    record: int


@dataclass(frozen=True)
class Attested:
    attester: str
    record: int
    until: int  # unix seconds


@dataclass(frozen=True)
class TakenBack:
    attester: str
    record: int


@dataclass(frozen=True)
class Asked:
    validator: str
    question: Question


@dataclass(frozen=True)
class Answered:
    """`about` is the case, or the token whose data the agent had; what the answer's proof names."""

    question: Question
    response: int
    about: int = 0


@dataclass
class Proofs(AgentFacts):
    """Every public method below `convict` is one call. Data is named by its token, 0 for none."""

    validator: str
    data_of: dict[int, int]  # record -> token whose data it describes
    parents: dict[int, int]  # record -> its parent
    log: list[Any] = field(default_factory=list)
    now: int = 0

    # what the log says ------------------------------------------------------------------------------------------------

    def last(self, kind: type[Any], **wanted: Any) -> Any:
        found = [
            item
            for item in self.log
            if isinstance(item, kind) and all(getattr(item, name) == value for name, value in wanted.items())
        ]
        return found[-1] if found else None

    def exists(self, agent: int) -> bool:
        return self.last(Owned, agent=agent) is not None

    def operator_of(self, case: int) -> str:
        opened = self.last(Opened, case=case)
        return str(opened.operator) if opened else ZERO_ADDRESS

    def is_faulty(self, question: Question) -> bool:
        return not question.of_audit and self.last(Answered, question=question, response=0) is not None

    def is_stored(self, record: int) -> bool:
        return Stored(record) in self.log

    def is_sound(self, record: int) -> bool:
        if Withdrawn(record) in self.log:
            return False
        return record not in self.parents or self.is_sound(self.parents[record])

    def stands(self, attester: str, record: int) -> bool:
        said = [
            item
            for item in self.log
            if isinstance(item, Attested | TakenBack) and (item.attester, item.record) == (attester, record)
        ]
        return bool(said) and isinstance(said[-1], Attested) and self.now < said[-1].until

    # what others did --------------------------------------------------------------------------------------------------

    def did(self, item: Any) -> None:
        """What a contract that is not looked at here let somebody do."""
        self.log.append(item)

    # the validator ----------------------------------------------------------------------------------------------------

    def check_asked(self, question: Question) -> None:
        asked = self.last(Asked, question=question)
        check(asked is not None, "validation: no such request")
        check(asked.validator == self.validator, "validation: not the validator")

    def ask(self, who: str, validator: str, question: Question) -> None:
        check(self.last(Asked, question=question) is None, "validation: was requested")
        check(self.exists(question.agent), "inft: no such token")
        check(self.owner(question.agent) == who, "validation: not authorized")
        self.log.append(Asked(validator, question))

    def answer_clean(self, question: Question) -> None:
        check(question.who != ZERO_ADDRESS, "validator: no operator")
        check(self.wallet(question.agent) == question.who, "validator: not the agent's operator")
        check(not self.is_faulty(question), "validator: fault was shown")
        self.check_asked(question)
        self.log.append(Answered(question, BEST))

    def answer_fault(self, question: Question, case: int) -> None:
        check(self.last(Opened, case=case) is not None, "court: unknown case")
        check(self.operator_of(case) == question.who, "validator: case is of another")
        check(Convicted(case) in self.log, "validator: nobody was convicted")
        check(not self.is_faulty(question), "validator: fault was shown")
        self.check_asked(question)
        self.log.append(Answered(question, 0, case))

    def answer_audit(self, question: Question) -> int:
        check(self.exists(question.agent), "inft: no such token")
        check(self.is_stored(question.record), "validator: lineage is not stored")
        data = self.data(question.agent)
        fits = bool(data) and data == self.data_of[question.record] and self.is_sound(question.record)
        response = BEST if fits and self.stands(question.who, question.record) else 0
        self.check_asked(question)
        self.log.append(Answered(question, response, data))
        return response
