"""Channels by their events: who pays whom, what came in, what was claimed and what went back.

A channel's configuration is a struct in one event, so it is found by what it mentions: parties are compared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from keifu.chain.suite import CHANNELS
from keifu.explorer.view import Event, View, place_of
from keifu.index.reading import Page

__all__ = ["MOST", "PARTIES", "Channel", "channel_of", "channels"]

MOST = 400  # channels of one receiver's page
PARTIES = ("payer", "receiver", "token")  # by which channels can be asked for


@dataclass(frozen=True)
class Channel:
    """One channel now. Amounts are in the smallest unit of its token."""

    view: View
    created: Event

    @property
    def id(self) -> str:
        return str(self.created["args"]["channelId"])

    @property
    def said(self) -> Mapping[str, Any]:
        """Its configuration."""
        said: Mapping[str, Any] = self.created["args"]["config"]
        return said

    @property
    def token(self) -> str:
        return str(self.said["token"])

    @cached_property
    def deposited(self) -> int:
        return self.view.totals.sum(CHANNELS, "Deposited", "amount", channelId=self.id)

    @cached_property
    def claimed(self) -> int:
        """It only grows, and each claim says how far it is."""
        return int(self.view.totals.last(CHANNELS, "Claimed", "newTotalClaimed", channelId=self.id) or 0)

    @cached_property
    def returned(self) -> int:
        parts = ("Refunded", "WithdrawFinalized")
        return sum(self.view.totals.sum(CHANNELS, name, "amount", channelId=self.id) for name in parts)

    @property
    def left(self) -> int:
        return self.deposited - self.claimed - self.returned

    @cached_property
    def asked_back(self) -> Event | None:
        """A withdrawal that is under way."""
        asked = self.view.last(CHANNELS, "WithdrawInitiated", channelId=self.id)
        done = self.view.last(CHANNELS, "WithdrawFinalized", channelId=self.id)
        return None if asked is None or (done is not None and place_of(done) > place_of(asked)) else asked


def channel_of(view: View, channel: str) -> Channel | None:
    """The channel of an id, if it was opened."""
    created = view.last(CHANNELS, "ChannelCreated", channelId=channel)
    return Channel(view, created) if created else None


def channels(view: View, limit: int, parties: Mapping[str, str]) -> tuple[list[Channel], Page]:
    """Those that were opened last, of these parties; the events they were taken from say where to go on."""
    some = next(iter(parties.values()), "")
    page = (
        view.mentioning(some, limit=limit, contract=CHANNELS, event="ChannelCreated")
        if some
        else view.page(CHANNELS, "ChannelCreated", limit)
    )
    found = {item["args"]["channelId"]: item for item in reversed(page.events) if _is_of(item, parties)}
    return [Channel(view, item) for item in reversed(found.values())], page


def _is_of(created: Event, parties: Mapping[str, str]) -> bool:
    config = created["args"]["config"]
    return all(config[name] == wanted for name, wanted in parties.items())
