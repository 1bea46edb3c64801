"""The calls of the account that one signature covers: all of them happen, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keifu.accounts import Call
from keifu.agent.allowing import Allowance, encoded, grant_of
from keifu.agent.wishes import Wishes
from keifu.chain import ChainClient, Deployment
from keifu.chain.suite import ACCOUNT, CHANNELS, HUB, IDENTITY, STORAGE_DEALS, TOKEN
from keifu.payments import Channel

__all__ = ["ESCROW", "Batch"]

ESCROW = "VestingEscrow"


@dataclass(frozen=True)
class Batch:
    """Of one account. `deal` is what storage costs and what opens it, `channel` what pays for answers."""

    client: ChainClient
    suite: Deployment
    account: str
    session: str
    wishes: Wishes
    until: int  # unix seconds of the session
    deal: tuple[int, tuple[Any, ...]] | None
    channel: Channel | None

    def calls(self, relayer: str, refund: int) -> list[Call]:
        """In the order in which they happen: the grant's coins come first, then what pays for the gas."""
        return [
            self._call(ESCROW, "claim", self.wishes.grant),
            *([self._call(TOKEN, "transfer", relayer, refund)] if refund else []),
            self._call(IDENTITY, "register", self.wishes.uri),
            *self._stake(),
            *self._rent(),
            *self._deposit(),
            self._session(),
        ]

    @property
    def cost(self) -> int:
        """Wei of the coin that all but the gas takes."""
        staked = self.wishes.staked.amount if self.wishes.staked else 0
        deposit = self.wishes.mind.deposit if self.wishes.mind else 0
        return staked + deposit + (self.deal[0] if self.deal else 0)

    def _stake(self) -> Iterator[Call]:
        if (wish := self.wishes.staked) is not None:
            yield self._call(TOKEN, "approve", self.suite[HUB], wish.amount)
            yield self._call(HUB, "stake", wish.operator, wish.amount, 0, 0)

    def _rent(self) -> Iterator[Call]:
        if self.deal is not None:
            cost, opening = self.deal
            yield self._call(TOKEN, "approve", self.suite[STORAGE_DEALS], cost)
            yield self._call(STORAGE_DEALS, "open", *opening)

    def _deposit(self) -> Iterator[Call]:
        if self.channel is not None and self.wishes.mind is not None:
            amount, channels = self.wishes.mind.deposit, self.suite[CHANNELS]
            yield self._call(TOKEN, "approve", channels, amount)
            yield self._call(CHANNELS, "deposit", self.channel.values, amount, channels, b"")

    def _session(self) -> Call:
        """The key may pay from the account, so much a day."""
        wishes = self.wishes
        allowance = Allowance(uses=wishes.session_uses, a_day=wishes.session_limit)
        given = grant_of(self.suite[TOKEN], self.session, self.until, allowance)
        return encoded(self.client, self.account, ACCOUNT, "grant_session", given.args)

    def _call(self, name: str, function: str, *args: Any) -> Call:
        return encoded(self.client, self.suite[name], name, function, *args)
