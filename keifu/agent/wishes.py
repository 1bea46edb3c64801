"""What an owner wants its agent to begin with. Amounts are wei of the suite's coin; what is left out is not done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keifu.compute.client.units import question
from keifu.units import COIN, DAY

__all__ = ["Mind", "Rented", "Staked", "Wishes"]


@dataclass(frozen=True)
class Staked:
    """With whom, and how much."""

    operator: str
    amount: int


@dataclass(frozen=True)
class Rented:
    """Room for the encrypted data: k and m of the code, seconds, and what it may cost."""

    code: tuple[int, int]
    seconds: int
    most: int


@dataclass(frozen=True)
class Mind:
    """Whom the agent asks, what that may cost, and what is put into its channel. `request` is what it asks first: a
    question for a chat, or a whole request for the endpoint."""

    url: str
    operator: str
    model: str
    deposit: int
    most: int
    request: str | Mapping[str, Any]
    endpoint: str = "chat/completions"

    @property
    def document(self) -> dict[str, Any]:
        asked = question(self.request) if isinstance(self.request, str) else self.request
        return {"model": self.model, **asked}

    @property
    def path(self) -> str:
        return f"/v1/{self.endpoint}"


@dataclass(frozen=True)
class Wishes:
    grant: int  # number in VestingEscrow, made out to the account
    relayer: str  # where one is asked
    most_refund: int = COIN  # for the gas
    uri: str = ""  # of the file that describes the agent
    staked: Staked | None = None
    rented: Rented | None = None
    mind: Mind | None = None
    session: int = 30 * DAY  # that the key may act
    session_limit: int = COIN  # that it may pay a day
    session_uses: int = 1_000
    deadline: int = 3_600  # that the signature may be brought, seconds
