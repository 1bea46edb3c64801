"""Who owns an agent, whose wallet counts and which data it has, by the log of what people did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS

__all__ = ["AgentFacts", "Bound", "Burned", "Owned", "Wallet"]


@dataclass(frozen=True)
class Owned:
    """Somebody owns the agent from here on."""

    agent: int
    owner: str


@dataclass(frozen=True)
class Wallet:
    """Zero address: none."""

    agent: int
    who: str


@dataclass(frozen=True)
class Bound:
    agent: int
    token: int


@dataclass(frozen=True)
class Burned:
    token: int


class AgentFacts:
    """A book's part about agents. Data is named by its token; 0 is none."""

    log: list[Any]

    def about(self, kind: type[Any], agent: int) -> list[Any]:
        return [item for item in self.log if isinstance(item, kind) and item.agent == agent]

    def owner(self, agent: int) -> str:
        owned = self.about(Owned, agent)
        return str(owned[-1].owner) if owned else ZERO_ADDRESS

    def last_of_this_owner(self, kind: type[Any], agent: int) -> str:
        found = ZERO_ADDRESS
        for item in self.log:
            if isinstance(item, Owned) and item.agent == agent:
                found = ZERO_ADDRESS
            elif isinstance(item, kind) and item.agent == agent:
                found = item.who
        return found

    def wallet(self, agent: int) -> str:
        return self.last_of_this_owner(Wallet, agent)

    def token_of(self, agent: int) -> int:
        """Which it is bound to, unless another agent was bound to that later."""
        bound = self.about(Bound, agent)
        token = bound[-1].token if bound else 0
        latest = [item.agent for item in self.log if isinstance(item, Bound) and item.token == token]
        return token if token and latest[-1] == agent else 0

    def data(self, agent: int) -> int:
        token = self.token_of(agent)
        return 0 if Burned(token) in self.log else token
