"""What the chain says of agents: owners, wallets, data, reputation and validations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events
from keifu.errors import Revert, UsageError

__all__ = [
    "AgentStatus",
    "Review",
    "Validation",
    "find_agents",
    "read_agent",
    "read_reviews",
    "read_validations",
    "summary",
]

NO_DATA = bytes(32)
TOO_MUCH = "reputation: too much to read"


@dataclass(frozen=True)
class AgentStatus:
    """One agent as it is now. Without a registry of the suite's own, an agent has no data."""

    agent: int
    owner: str
    uri: str
    wallet: str  # the zero address for none
    token: int  # whose data is the agent's; 0 for none
    data: bytes  # one hash of all hashes of that data

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        token = f"{self.token:064x}" if self.token else ""
        return {**vars(self), "token": token, "data": self.data.hex() if self.has_data else ""}

    @property
    def has_wallet(self) -> bool:
        return self.wallet != ZERO_ADDRESS

    @property
    def has_data(self) -> bool:
        return self.data != NO_DATA


@dataclass(frozen=True)
class Review:
    """What a client said of an agent. It counts in summaries unless it was revoked or is of data before `since`."""

    client: str
    number: int  # of this client's feedback, from 1
    value: Decimal
    tags: tuple[str, str]
    revoked: bool
    edition: int  # of the agent's data

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {**vars(self), "value": str(self.value), "tags": list(self.tags)}


@dataclass(frozen=True)
class Validation:
    """What a validator was asked about an agent, and its last answer; None when it has not answered."""

    request: bytes
    validator: str
    uri: str
    response: int | None = None
    tag: str = ""
    proof: bytes = bytes(32)  # what the answer's hash is

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {**vars(self), "request": self.request.hex(), "proof": self.proof.hex()}


def find_agents(client: ChainClient, identity: Contract, first_block: int = 0) -> list[int]:
    """Numbers of all agents, oldest first."""
    return [log.agentId for log in find_events(client, identity, "Registered", first_block)]


def read_agent(identity: Contract, agent: int, *, own: bool = True) -> AgentStatus:
    """One agent; `own` says that the registry is of the suite, which knows data. Raises UsageError when there is none
    with this number."""
    try:
        owner = identity.ownerOf(agent)
    except Revert as refusal:
        raise UsageError(f"there is no agent {agent}", remedy="keifu agent list") from refusal
    token, data = (identity.bound_token(agent), bytes(identity.data_of(agent))) if own else (0, NO_DATA)
    return AgentStatus(agent, owner, identity.tokenURI(agent), identity.getAgentWallet(agent), token, data)


def read_reviews(reputation: Contract, agent: int, clients: Sequence[str] = ()) -> list[Review]:
    """All feedback about an agent, by these clients or by all, also what was revoked and what is of earlier data.
    Raises UsageError when one call of the contract does not read that much."""
    try:
        found = zip(*reputation.readAllFeedback(agent, list(clients), "", "", True), strict=True)
    except Revert as refusal:
        if refusal.reason != TOO_MUCH:
            raise
        raise UsageError(
            f"agent {agent} has more feedback than one call reads", remedy="name fewer clients"
        ) from refusal
    return [
        Review(
            client,
            number,
            _decimal(value, decimals),
            (tag1, tag2),
            revoked,
            reputation.feedback_edition(agent, client, number),
        )
        for client, number, value, decimals, tag1, tag2, revoked in found
    ]


def summary(
    reputation: Contract, agent: int, clients: Sequence[str], tag1: str = "", tag2: str = ""
) -> tuple[int, Decimal]:
    """How much feedback of these clients counts for the agent's data of now, and its mean. Raises Revert."""
    count, mean, decimals = reputation.getSummary(agent, list(clients), tag1, tag2)
    return count, _decimal(mean, decimals)


def read_validations(client: ChainClient, validation: Contract, agent: int, first_block: int = 0) -> list[Validation]:
    """What was asked about an agent, oldest first, each with its last answer."""
    asked = find_events(client, validation, "ValidationRequest", first_block, agentId=agent)
    answers = {
        bytes(log.requestHash): (log.response, log.tag, bytes(log.responseHash))
        for log in find_events(client, validation, "ValidationResponse", first_block, agentId=agent)
    }
    return [
        Validation(request, log.validatorAddress, log.requestURI, *answers.get(request, ()))
        for log in asked
        if (request := bytes(log.requestHash))
    ]


def _decimal(value: int, decimals: int) -> Decimal:
    """Exact, whatever the context's precision: `value` has up to 39 digits."""
    return Decimal((int(value < 0), tuple(map(int, str(abs(value)))), -decimals))
