"""Providers as the chain's events show them and as they answer, and which of them get the shards of a file.

A node declares its region and its operator. Nobody checks that; what declares nothing is an operator of its own, in a
region of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from keifu.errors import CheckFailed, KeifuError
from keifu.storage.client.market import Market
from keifu.storage.client.money import COIN_MONEY, Money

__all__ = ["GIB_LEAVES", "Offer", "Past", "choose", "ordered", "providers", "reached"]

GIB_LEAVES = (1 << 30) // 256
NAMES = ("Proven", "Missed")
ASKED_AT_ONCE = 32
LONGEST_NAME = 100
UNKNOWN_MILLISECONDS = 200  # of a provider that this client never asked


class Declared(Protocol):
    """Who has a shard of a file already."""

    @property
    def region(self) -> str: ...
    @property
    def operator(self) -> str: ...


@dataclass(frozen=True)
class Offer:
    """What a provider said last, and how its past was: its price for a gibibyte and epoch, in gwei or in smallest units
    of another token; and gwei of restitution for a gibibyte at most."""

    provider: str
    price: int
    restitution: int
    url: str
    region: str = ""
    operator: str = ""
    proven: int = 0  # epochs
    missed: int = 0
    lost: int = 0  # shards

    def shard_price(self, leaves: int) -> int:
        """What a shard of so many leaves costs in an epoch."""
        return max(1, -(-self.price * leaves // GIB_LEAVES))

    def shard_restitution(self, leaves: int) -> int:
        """The most gwei for which this provider stands with a shard."""
        return self.restitution * leaves // GIB_LEAVES

    def data(self) -> dict[str, Any]:
        return {
            "provider": self.provider,
            "price": str(self.price),
            "restitution": str(self.restitution),
            "url": self.url,
            "region": self.region,
            "operator": self.operator,
            "proven": self.proven,
            "missed": self.missed,
            "lost": self.lost,
        }


@dataclass(frozen=True)
class Past:
    """What this client saw of a provider: the middle of its answers' times, and how many requests failed."""

    milliseconds: int = UNKNOWN_MILLISECONDS
    faults: int = 0


def providers(market: Market, token: str = "") -> list[Offer]:
    """Everybody that offers storage, by the newest offer of each. Who names no address offers nothing. With a token
    those alone that name a price in it, at that price."""
    last = {log.args["provider"].lower(): log.args for log in market.events(market.market, "Offered")}
    prices = _named_prices(market, token) if token else {who: args["price"] for who, args in last.items()}
    counts = {name: Counter[str]() for name in NAMES}
    for name in NAMES:
        for log in market.events(market.market, name):
            counts[name][log.args["provider"].lower()] += log.args["misses"] if name == "Missed" else 1
    lost = Counter(log.args["provider"].lower() for log in market.events(market.deals, "ShardLost"))
    return [
        Offer(
            who, prices[who], args["restitution"], args["url"],
            proven=counts["Proven"][who], missed=counts["Missed"][who], lost=lost[who],
        )
        for who, args in last.items()
        if who in prices and _is_address(args["url"])
    ]  # fmt: skip


def _named_prices(market: Market, token: str) -> dict[str, int]:
    """What each provider named last in a token, where it did not take that back."""
    named = {log.args["provider"].lower(): log.args["price"]
             for log in market.events(market.deals, "PriceNamed", token=token)}  # fmt: skip
    return {who: price for who, price in named.items() if price}


def reached(offers: Sequence[Offer], ask: Callable[[Offer], Mapping[str, Any]], size: int) -> list[Offer]:
    """Those whose nodes answer, are the provider's, and have room for so many bytes; with what they declare. All are
    asked at once."""

    def said(offer: Offer) -> Offer | None:
        try:
            about = ask(offer)
        except KeifuError:
            return None
        mine = str(about.get("provider", "")).lower() == offer.provider
        room = about.get("room")
        if not mine or not about.get("accepting") or not isinstance(room, int) or room < size:
            return None
        region, operator = (str(about.get(name) or offer.provider)[:LONGEST_NAME] for name in ("region", "operator"))
        return replace(offer, region=region, operator=operator)

    if not offers:
        return []
    with ThreadPoolExecutor(min(len(offers), ASKED_AT_ONCE)) as pool:
        return [offer for offer in pool.map(said, offers) if offer is not None]


def ordered(offers: Iterable[Offer], past: Mapping[str, Past]) -> list[Offer]:
    """The best first: price, made worse by misses, losses, faults and slowness."""

    def worth(offer: Offer) -> tuple[float, str]:
        seen = past.get(offer.provider, Past())
        missed = (offer.missed + 1) / (offer.proven + offer.missed + 10)
        slow = 1 + seen.milliseconds / 1_000
        return max(offer.price, 1) * (1 + 4 * missed) * (1 + offer.lost) * (1 + seen.faults) * slow, offer.provider

    return sorted(offers, key=worth)


def choose(
    offers: Sequence[Offer],
    count: int,
    spare: int,
    without: Iterable[str] = (),
    beside: Iterable[Declared] = (),
    money: Money = COIN_MONEY,
) -> list[Offer]:
    """`count` providers of different operators for one file, the best first; not those of `without`, and no operator of
    `beside`, who have other shards of it. No region gets more than `spare` shards where that is possible: then the
    file outlives a whole region. Raises CheckFailed when there are too few."""
    left_out = {who.lower() for who in without}
    beside = list(beside)
    operators = {offer.operator for offer in beside}
    regions = Counter(offer.region for offer in beside)
    found: list[Offer] = []
    late: list[Offer] = []
    for offer in offers:
        if offer.provider in left_out:
            continue
        if len(found) < count and offer.operator not in operators and regions[offer.region] < max(spare, 1):
            found.append(offer)
            operators.add(offer.operator)
            regions[offer.region] += 1
        else:
            late.append(offer)
    for offer in late:
        if len(found) < count and offer.operator not in operators:
            found.append(offer)
            operators.add(offer.operator)
    if len(found) < count:
        raise _too_few(len(found), count, money)
    return found


def _too_few(found: int, count: int, money: Money) -> CheckFailed:
    if money.token:
        return CheckFailed(
            f"{found} operators take {money.name} for what is wanted, {count} shards need one each",
            remedy="pay in the coin (leave --token out), or take fewer shards (--code 4+2)",
        )
    return CheckFailed(
        f"{found} operators offer what is wanted, {count} shards need one each",
        remedy="take fewer shards (--code 4+2), or pay more",
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and parts.port != 0
    except ValueError:
        return False
