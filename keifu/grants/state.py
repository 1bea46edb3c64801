"""What programmes, proposals and milestones are, and where each stands. Amounts in wei, times in unix seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from keifu.units import DECIMALS, coins

__all__ = ["Committee", "Milestone", "Programme", "Proposal", "State"]

WHOLE = 10_000  # in basis points


class State(IntEnum):
    """Of a milestone."""

    NONE = 0
    PENDING = 1
    RELEASED = 2
    LAPSED = 3
    CLAWED_BACK = 4

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Programme:
    """Money and terms, as they stand now."""

    number: int
    funder: str
    token: str
    free: int
    reserved: int
    version: int  # of the committee that counts now
    objection_bps: int
    notice: int
    last: int
    decimals: int = DECIMALS  # of its token
    counted: int = 0  # wei of stake, of which objections are a share

    @property
    def stopping(self) -> int:
        """Wei of stake that stop a proposal, as far as stake was counted."""
        return -(-self.counted * self.objection_bps // WHOLE)

    def coins(self, amount: int) -> str:
        """An amount of its token for people."""
        return coins(amount, self.decimals)

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        amounts = {name: str(getattr(self, name)) for name in ("free", "reserved", "counted")}
        return {"programme": self.number, **{key: value for key, value in vars(self).items() if key != "number"}} | (
            amounts
        )


@dataclass(frozen=True)
class Committee:
    """Who votes, by seat, and how many votes carry a proposal."""

    version: int
    members: Sequence[str]
    needed: int
    since: int


@dataclass(frozen=True)
class Milestone:
    """What was agreed on, and what became of it."""

    index: int
    asked: int  # wei that were proposed
    deadline: int
    kind: int
    sound: bool
    schema: bytes
    needed: int
    attesters: Sequence[str]
    step: int
    steps: int
    cliff: int
    learners: bytes
    state: State = State.PENDING
    left: int = 0  # of a list that is being paid
    grant: int = 0  # of the escrow
    evidence: bytes = b""  # that was shown

    def word(self, now: int) -> str:
        """Its state in words; a pending one whose deadline is over has not lapsed until somebody says so."""
        if self.state is State.PENDING and now > self.deadline:
            return "overdue"
        if self.state is State.RELEASED and any(self.learners):
            return "list is being paid" if self.left else "list was paid"
        return self.state.word

    def data(self, now: int) -> dict[str, Any]:
        hashes = {name: getattr(self, name).hex() for name in ("schema", "learners", "evidence")}
        amounts = {"asked": str(self.asked), "left": str(self.left)}
        plain = ("index", "deadline", "kind", "sound", "needed", "step", "steps", "cliff", "grant")
        named = {name: getattr(self, name) for name in plain}
        return {**named, "attesters": list(self.attesters), **hashes, **amounts, "state": self.word(now)}


@dataclass(frozen=True)
class Proposal:
    """A proposal with its programme's terms, its committee and its milestones."""

    number: int
    programme: Programme
    committee: Committee
    grantee: str
    proposer: str
    votes: int  # bits, by seat
    recused: int
    carried_at: int
    stopped: bool
    objections: int
    milestones: Sequence[Milestone]
    uri: str = ""
    statement: bytes = b""

    @property
    def notice_until(self) -> int:
        return self.carried_at + self.programme.notice

    @property
    def asked(self) -> str:
        """Of all its milestones together, in coins for people."""
        return self.programme.coins(sum(item.asked for item in self.milestones))

    @property
    def voted(self) -> list[str]:
        return self._by(self.votes)

    @property
    def without_vote(self) -> list[str]:
        """Members who said that they have an interest, or are a party."""
        parties = {self.grantee, self.proposer}
        return [*self._by(self.recused), *(who for who in self.committee.members if who in parties)]

    def _by(self, bits: int) -> list[str]:
        return [who for seat, who in enumerate(self.committee.members) if bits >> seat & 1]

    @property
    def can_be_carried(self) -> bool:
        """Whether enough members are left who may vote."""
        barred = set(self.without_vote)
        return len([who for who in self.committee.members if who not in barred]) >= self.committee.needed

    def state(self, now: int) -> str:
        """In words: stopped, in notice, payable or over, once it is carried; before that, whether it can be."""
        if self.stopped:
            return "stopped by stake"
        if self.carried_at:
            if now <= self.notice_until:
                return "in notice"
            pending = any(item.state is State.PENDING for item in self.milestones)
            return "payable" if pending else "over"
        if now > self.programme.last:
            return "programme has ended"
        if self.committee.version != self.programme.version:
            return "committee has changed"
        return "voting" if self.can_be_carried else "without a quorum"

    def data(self, now: int) -> dict[str, Any]:
        plain = ("number", "grantee", "proposer", "carried_at", "stopped", "uri")
        return {
            **{name: getattr(self, name) for name in plain},
            "programme": self.programme.number,
            "state": self.state(now),
            "votes": self.voted,
            "needed": self.committee.needed,
            "members": list(self.committee.members),
            "without_vote": self.without_vote,
            "notice_until": self.notice_until if self.carried_at else 0,
            "objections": str(self.objections),
            "statement": self.statement.hex(),
            "milestones": [item.data(now) for item in self.milestones],
        }
