"""Providers as the market's events show them: what each serves, for how much, and how its past was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient
from keifu.chain.logs import find_events
from keifu.compute.client.checks import Prices
from keifu.compute.client.store import Request

__all__ = ["Listed", "arrange", "latencies", "listed"]

NAMES = ("Served", "OfferAnnounced", "Ended", "Reported", "Demanded", "Unanswered")
Args = Mapping[str, Any]


@dataclass(frozen=True)
class Listed:
    """One running service. `reported` are receipts that were shown to be false, `unanswered` demands without an answer
    out of `demanded`: all of the operator's, whatever the service."""

    operator: str
    environment: bytes
    endpoint: str
    last: int  # second of the promise
    token: str
    prices: Prices
    reported: int
    demanded: int
    unanswered: int

    def data(self) -> dict[str, Any]:
        return {
            "operator": self.operator,
            "environment": self.environment.hex(),
            "endpoint": self.endpoint,
            "last": self.last,
            "token": self.token,
            "request": str(self.prices.request),
            "million_in": str(self.prices.million_in),
            "million_out": str(self.prices.million_out),
            "reported": self.reported,
            "demanded": self.demanded,
            "unanswered": self.unanswered,
        }


def listed(client: ChainClient, market: Contract, first_block: int) -> list[Listed]:
    """Every service that runs now. Events are the node's word; what is asked is compared with its receipt anyway."""
    events = {name: [log.args for log in find_events(client, market, name, first_block)] for name in NAMES}
    return arrange(events, client.now)


def arrange(events: Mapping[str, Iterable[Args]], now: int) -> list[Listed]:
    """By the names of events: their values, oldest first."""
    running: dict[tuple[str, bytes], Args] = {}
    for item in events["Served"]:
        running[_key(item)] = item
    ended = {_key(item): item["until"] for item in events["Ended"]}
    offers: dict[tuple[str, bytes], Any] = {}
    for item in events["OfferAnnounced"]:
        if item["effective_from"] <= now:
            offers[_key(item)] = item["offer"]
    past = {name: _by_operator(events[name]) for name in ("Reported", "Demanded", "Unanswered")}
    found = []
    for key, item in running.items():
        if key not in offers or item["last"] < now or ended.get(key, 0) >= item["since"]:
            continue
        token, request, million_in, million_out, *_ = offers[key]
        counts = (past[name][key[0]] for name in ("Reported", "Demanded", "Unanswered"))
        prices = Prices(request, million_in, million_out)
        found.append(Listed(*key, item["endpoint"], item["last"], token.lower(), prices, *counts))
    return found


def latencies(requests: Iterable[Request]) -> dict[str, int]:
    """By a provider's address: the middle of how long its answers took this client, in milliseconds."""
    taken: dict[str, list[int]] = {}
    for item in requests:
        if item.state == "answered":
            taken.setdefault(item.provider, []).append(item.milliseconds)
    return {provider: sorted(times)[len(times) // 2] for provider, times in taken.items()}


def _key(item: Args) -> tuple[str, bytes]:
    return str(item["operator"]).lower(), bytes(item["environment"])


def _by_operator(items: Iterable[Args]) -> Counter[str]:
    return Counter(str(item["operator"]).lower() for item in items)
