"""What a deal would cost, and how probable it is that its file is lost within a year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.errors import CheckFailed
from keifu.storage.client.market import Market, Terms
from keifu.storage.client.offers import Offer, Past, choose, ordered, providers, reached
from keifu.storage.layout import LEAF_BYTES, Layout
from keifu.storage.loss import Code, loss_probability, mean_repair
from keifu.units import DAY, YEAR

__all__ = ["Measured", "Quote", "Wish", "measured", "quote"]

ASSUMED_REPAIR_SECONDS = 7 * DAY
ASSUMED_FAILURES = 1.0  # in so many years of one provider, before anything is measured
ASSUMED_YEARS = 5.0
ACCEPT_EPOCHS = 1  # after the one in which a deal is opened


@dataclass(frozen=True)
class Wish:
    """What is to be stored: bytes, code, for how long, gwei for a lost shard (None: what providers stand for), and in
    which token it is paid ("": the suite's coin)."""

    size: int
    k: int
    m: int
    seconds: int
    masked: bool
    restitution: int | None = None
    token: str = ""

    @property
    def leaves(self) -> int:
        return Layout(self.size, self.k).leaves


@dataclass(frozen=True)
class Measured:
    """How often providers failed for good, and how long repairs took, by the chain: both with what is assumed counted
    as one more."""

    failures: float  # a year and provider
    repair: float  # seconds
    repairs: int  # that were measured

    def loss(self, k: int, n: int) -> float:
        """The probability that a file is lost within a year."""
        return loss_probability(Code(k, n), self.failures, self.repair / YEAR, 1.0)


@dataclass(frozen=True)
class Quote:
    """`cost` is smallest units at the most, for all shards and the whole time."""

    wish: Wish
    holders: tuple[Offer, ...]
    terms: Terms
    cost: int
    loss: float
    measured: Measured

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {
            "cost": str(self.cost),
            **self.terms.money.data(),
            "price": str(self.terms.price),
            "restitution": str(self.terms.restitution),
            "epochs": [self.terms.accept_by, self.terms.end],
            "loss_in_a_year": self.loss,
            "repair_seconds": round(self.measured.repair),
            "repairs_measured": self.measured.repairs,
            "failures_a_year": self.measured.failures,
            "providers": [offer.data() for offer in self.holders],
        }


def quote(market: Market, wish: Wish, past: Mapping[str, Past], ask: Callable[[Offer], Mapping[str, Any]]) -> Quote:
    """From the providers that offer storage and answer now. Raises CheckFailed when they are too few."""
    leaves, count = wish.leaves, wish.k + wish.m
    money = market.money(wish.token)
    best = ordered(reached(providers(market, wish.token), ask, leaves * LEAF_BYTES), past)
    if wish.restitution is not None:
        best = [offer for offer in best if offer.shard_restitution(leaves) >= wish.restitution]
    holders = choose(best, count, wish.m, money=money)
    terms = terms_for(market, holders, wish)
    known = measured(market)
    loss = known.loss(wish.k, count)
    return Quote(wish, tuple(holders), terms, terms.cost(count, market.epoch()), loss, known)


def terms_for(market: Market, holders: Sequence[Offer], wish: Wish) -> Terms:
    """One price for all shards: the highest that one of their providers asks for."""
    leaves, now = wish.leaves, market.epoch()
    price = max(offer.shard_price(leaves) for offer in holders)
    most = min(offer.shard_restitution(leaves) for offer in holders)
    epochs = max(market.epochs_in(wish.seconds), ACCEPT_EPOCHS + 1)
    end, longest = now + 1 + epochs, now + market.longest
    if end > longest:
        raise CheckFailed(
            f"{epochs} epochs are too long: a deal is for {market.longest - 1}",
            remedy="renew it later: keifu store renew",
        )
    restitution = most if wish.restitution is None else wish.restitution
    return Terms(price, restitution, now + ACCEPT_EPOCHS, end, market.money(wish.token))


def measured(market: Market) -> Measured:
    """From all lost shards, and how long each waited for its next provider."""
    times: dict[int, int] = {}

    def time_of(block: int) -> int:
        if block not in times:
            times[block] = market.time_of(block)
        return times[block]

    lost: dict[tuple[bytes, int], int] = {}
    took: list[float] = []
    gone: set[str] = set()
    for block, log in market.dated(market.deals, "ShardLost"):
        lost[bytes(log.args["deal"]), log.args["index"]] = block
        gone.add(log.args["provider"])
    for block, log in market.dated(market.repairs, "RepairEnded"):
        began = lost.get((bytes(log.args["deal"]), log.args["index"]))
        if began is not None and log.args["done"]:
            took.append(float(time_of(block) - time_of(began)))
    proven = sum(1 for _ in market.events(market.market, "Proven"))
    years = proven * market.epoch_seconds / YEAR
    failures = (len(gone) + ASSUMED_FAILURES) / (years + ASSUMED_YEARS)
    return Measured(failures, mean_repair(took, ASSUMED_REPAIR_SECONDS), len(took))
