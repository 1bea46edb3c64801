"""What the registries of agents should do, in plain Python (ERC-8004).

The book is a log of what people did. Who owns an agent, whose wallet counts, what is said about its data of now and
what validators answered follows from it. Means are exact fractions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.spec._agent_facts import AgentFacts, Bound, Burned, Owned, Wallet
from keifu.spec._operators import Operators
from keifu.spec.agent_limits import BEST, LARGEST, LONGEST_CONSENT, MAX_DECIMALS
from keifu.spec.refusals import Refused, check

__all__ = ["Agents", "Refused", "Said"]

NOT_AUTHORIZED = "identity: not authorized"


@dataclass(frozen=True)
class Approved:
    agent: int
    who: str


@dataclass(frozen=True)
class Said:
    agent: int
    client: str
    value: int
    decimals: int
    tag: str


@dataclass(frozen=True)
class TakenBack:
    agent: int
    client: str
    index: int


@dataclass(frozen=True)
class Responded:
    agent: int
    client: str
    index: int
    who: str


@dataclass(frozen=True)
class Noted:
    """Somebody noted which data the agent has."""

    agent: int
    data: int


@dataclass(frozen=True)
class Carried:
    agent: int


@dataclass(frozen=True)
class Asked:
    agent: int
    validator: str
    request: bytes


@dataclass(frozen=True)
class Answered:
    request: bytes
    response: int
    tag: str


@dataclass
class Agents(AgentFacts, Operators):
    """Every public method is one call. Data is named by its token; 0 is none."""

    owners: dict[int, str]  # of tokens
    log: list[Any] = field(default_factory=list)
    now: int = 0

    # what the log says ------------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len({item.agent for item in self.log if isinstance(item, Owned)})

    def moves(self, agent: int) -> int:
        return len(self.about(Owned, agent)) - 1

    def is_authorized(self, who: str, agent: int) -> bool:
        owner = self.owner(agent)
        check(owner != ZERO_ADDRESS, "inft: no such token")
        return who == owner or self.is_operator(owner, who) or who == self.last_of_this_owner(Approved, agent)

    def editions(self, agent: int) -> list[int]:
        """Data that was noted, in order."""
        return [0, *(item.data for item in self.about(Noted, agent))]

    def counts_since(self, agent: int) -> int:
        """The first edition whose feedback counts for the data of now."""
        editions = self.editions(agent)
        if editions[-1] != self.data(agent):
            return len(editions)
        since = {0: 0}
        number = 0
        for item in self.log:
            if isinstance(item, Noted) and item.agent == agent:
                number += 1
                since[number] = number
            elif isinstance(item, Carried) and item.agent == agent:
                since[number] = since[number - 1]
        return since[number]

    def spoken(self, agent: int, client: str) -> list[tuple[int, Said, int]]:
        """Number, what was said, and the edition it was about."""
        found: list[tuple[int, Said, int]] = []
        edition = 0
        for item in self.log:
            if isinstance(item, Noted) and item.agent == agent:
                edition += 1
            elif isinstance(item, Said) and (item.agent, item.client) == (agent, client):
                found.append((len(found) + 1, item, edition))
        return found

    def summary(self, agent: int, clients: Sequence[str], tag: str) -> tuple[int, Fraction, int]:
        """How many, the exact mean, and the decimals that most used."""
        since = self.counts_since(agent)
        counted = [
            said
            for client in clients
            for index, said, edition in self.spoken(agent, client)
            if edition >= since and TakenBack(agent, client, index) not in self.log and tag in ("", said.tag)
        ]
        if not counted:
            return 0, Fraction(0), 0
        uses = Counter(said.decimals for said in counted)
        decimals = min(uses, key=lambda number: (-uses[number], number))
        mean = sum((Fraction(said.value, 10**said.decimals) for said in counted), Fraction(0)) / len(counted)
        return len(counted), mean, decimals

    def responses(self, agent: int, client: str, who: str) -> int:
        return sum(item.client == client and (not who or item.who == who) for item in self.about(Responded, agent))

    def answers(self, agent: int, validators: Sequence[str]) -> list[int]:
        found = []
        for item in self.about(Asked, agent):
            given = [one.response for one in self.log if isinstance(one, Answered) and one.request == item.request]
            if given and (not validators or item.validator in validators):
                found.append(given[-1])
        return found

    # identity ---------------------------------------------------------------------------------------------------------

    def register(self, who: str) -> int:
        agent = self.count()
        self.log += [Owned(agent, who), Wallet(agent, who)]
        return agent

    def transfer(self, who: str, to: str, agent: int) -> None:
        check(self.owner(agent) != ZERO_ADDRESS, "inft: no such token")
        check(self.is_authorized(who, agent), "inft: not the owner or approved")
        check(to != ZERO_ADDRESS, "inft: no receiver")
        self.log.append(Owned(agent, to))

    def approve(self, who: str, to: str, agent: int) -> None:
        owner = self.owner(agent)
        check(owner != ZERO_ADDRESS, "inft: no such token")
        check(who == owner or self.is_operator(owner, who), "inft: not the owner or an operator")
        self.log.append(Approved(agent, to))

    def check_authorized(self, who: str, agent: int, reason: str = NOT_AUTHORIZED) -> None:
        check(self.is_authorized(who, agent), reason)

    def set_wallet(self, who: str, agent: int, wallet: str, deadline: int, *, signed: bool) -> None:
        self.check_authorized(who, agent)
        check(self.now <= deadline, "identity: signature has expired")
        check(deadline <= self.now + LONGEST_CONSENT, "identity: deadline too far")
        check(signed, "identity: wallet has not signed")
        self.log.append(Wallet(agent, wallet))

    def unset_wallet(self, who: str, agent: int) -> None:
        self.check_authorized(who, agent)
        self.log.append(Wallet(agent, ZERO_ADDRESS))

    def bind(self, who: str, agent: int, token: int) -> None:
        self.check_authorized(who, agent)
        if token:
            check(Burned(token) not in self.log, "inft: no such token")
            check(self.owners[token] == who, "identity: not the token's owner")
        self.log.append(Bound(agent, token))

    def burn(self, who: str, token: int) -> None:
        check(Burned(token) not in self.log, "inft: no such token")
        check(self.owners[token] == who, "inft: not the owner")
        self.log.append(Burned(token))

    # reputation -------------------------------------------------------------------------------------------------------

    def is_changed(self, agent: int) -> bool:
        return self.editions(agent)[-1] != self.data(agent)

    def note(self, agent: int) -> None:
        if self.is_changed(agent):
            self.log.append(Noted(agent, self.data(agent)))

    def note_change(self, agent: int) -> None:
        check(self.owner(agent) != ZERO_ADDRESS, "inft: no such token")
        check(self.is_changed(agent), "reputation: data has not changed")
        self.note(agent)

    def carry(self, who: str, agent: int) -> None:
        self.check_authorized(who, agent, "reputation: not authorized")
        at = [place for place, item in enumerate(self.log) if isinstance(item, Noted) and item.agent == agent]
        carried = any(isinstance(item, Carried) and item.agent == agent for item in self.log[at[-1] :]) if at else True
        check(self.is_changed(agent) or not carried, "reputation: nothing to carry")
        self.note(agent)
        self.log.append(Carried(agent))

    def say(self, who: str, agent: int, value: int, decimals: int, tag: str) -> None:
        check(decimals <= MAX_DECIMALS, "reputation: too many decimals")
        check(abs(value) <= LARGEST, "reputation: value too large")
        check(not self.is_authorized(who, agent), "reputation: agent speaks of itself")
        self.note(agent)
        self.log.append(Said(agent, who, value, decimals, tag))

    def check_index(self, agent: int, client: str, index: int) -> None:
        check(0 < index <= len(self.spoken(agent, client)), "reputation: no such feedback")

    def take_back(self, who: str, agent: int, index: int) -> None:
        self.check_index(agent, who, index)
        check(TakenBack(agent, who, index) not in self.log, "reputation: was revoked")
        self.log.append(TakenBack(agent, who, index))

    def respond(self, who: str, agent: int, client: str, index: int) -> None:
        self.check_index(agent, client, index)
        self.log.append(Responded(agent, client, index, who))

    # validation -------------------------------------------------------------------------------------------------------

    def asked(self, request: bytes) -> Asked | None:
        return next((item for item in self.log if isinstance(item, Asked) and item.request == request), None)

    def ask(self, who: str, agent: int, validator: str, request: bytes) -> None:
        check(self.asked(request) is None, "validation: was requested")
        self.check_authorized(who, agent, "validation: not authorized")
        self.log.append(Asked(agent, validator, request))

    def answer(self, who: str, request: bytes, response: int, tag: str) -> None:
        asked = self.asked(request)
        check(asked is not None, "validation: no such request")
        assert asked is not None
        check(who == asked.validator, "validation: not the validator")
        check(response <= BEST, "validation: response above 100")
        self.log.append(Answered(request, response, tag))
