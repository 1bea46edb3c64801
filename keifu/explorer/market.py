"""What providers of answers promise, by the events of the compute market: services with their offers, covers, demands.

A promise is over after its end, and after a fault of it was shown: whatever was logged last counts. One report takes a
service's reserve, a channel's cover, or both, and its amounts say which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.chain.suite import COMPUTE
from keifu.compute.promises import PROVER_PART
from keifu.explorer.view import Event, View, place_of
from keifu.index import Totals

__all__ = ["EXAMPLE", "MOST", "UNBOUND", "Cover", "Demand", "History", "Offer", "Service", "covers", "demands",
           "history_of", "services"]  # fmt: skip

MOST = 100  # services of one comparison: a stranger may promise any number
EXAMPLE = 1_000  # units in, and as many out, of the request by which prices are compared
MILLION = 1_000_000
UNBOUND = "0x" + "00" * 32  # the environment of a service that is bound to none


@dataclass(frozen=True)
class Offer:
    """Prices, in the smallest unit of a token."""

    announced: Event

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = self.announced["args"]["offer"]
        return said

    @property
    def token(self) -> str:
        return str(self.said["token"])

    @property
    def counts_from(self) -> int:
        return int(self.announced["args"]["effective_from"])

    @property
    def example(self) -> int:
        """What a request with `EXAMPLE` units in and as many out costs, rounded up."""
        units = EXAMPLE * (int(self.said["input_units"]) + int(self.said["output_units"]))
        return int(self.said["request"]) + -(-units // MILLION)


@dataclass(frozen=True)
class Service:
    """What an operator promised about an environment, the newest time."""

    served: Event
    offers: Sequence[Offer]  # newest first
    over: Event | None  # a fault that was shown, or its end
    now: int

    @property
    def operator(self) -> str:
        return str(self.served["args"]["operator"])

    @property
    def environment(self) -> str:
        return str(self.served["args"]["environment"])

    @property
    def last(self) -> int:
        return int(self.served["args"]["last"])

    @property
    def offer(self) -> Offer | None:
        """What counts now."""
        return next((offer for offer in self.offers if offer.counts_from <= self.now), None)

    @property
    def under_notice(self) -> Offer | None:
        """What counts later. One change is under notice at a time."""
        newest = self.offers[0] if self.offers else None
        return newest if newest is not None and newest.counts_from > self.now else None

    @property
    def state(self) -> str:
        if self.over is not None:
            return "reported" if self.over["event"] == "Reported" else "ended"
        return "over" if self.last < self.now else "holds"


@dataclass(frozen=True)
class Cover:
    """What the payer of a channel gets if its provider breaks its word."""

    opened: Event
    over: Event | None
    now: int

    @property
    def restitution(self) -> int:
        return int(self.opened["args"]["restitution"])

    @property
    def last(self) -> int:
        return int(self.opened["args"]["last"])

    @property
    def state(self) -> str:
        if self.over is not None:
            return {"Reported": "reported", "Unanswered": "unanswered"}.get(self.over["event"], "freed")
        return "over" if self.last < self.now else "holds"


@dataclass(frozen=True)
class Demand:
    """A request that its client says was paid and not answered."""

    asked: Event
    over: Event | None
    now: int

    @property
    def deadline(self) -> int:
        return int(self.asked["args"]["deadline"])

    @property
    def state(self) -> str:
        if self.over is not None:
            return "answered" if self.over["event"] == "Answered" else "unanswered"
        return "overdue" if self.deadline < self.now else "open"


@dataclass(frozen=True)
class History:
    """What an operator's word was worth so far, by what the chain saw of it."""

    since: int  # its first promise, unix seconds
    covered: int
    answered: int
    unanswered: int
    reported: int
    locked: int  # wei, behind all its promises here

    @property
    def broken(self) -> int:
        return self.unanswered + self.reported


def services(view: View, **where: str) -> list[Service]:
    """The newest promise of each operator about each environment, newest first."""
    if not view.has(COMPUTE):
        return []
    served = Totals(view.store, MOST).recent(COMPUTE, ["Served"], "operator", "environment", **where)
    return [_service(view, operator, environment) for operator, environment in served]


def _service(view: View, operator: str, environment: str) -> Service:
    where = {"operator": operator, "environment": environment}
    served = view.events(COMPUTE, "Served", oldest=False, limit=1, **where)[0]
    offers = view.events(COMPUTE, "OfferAnnounced", oldest=False, limit=2, **where)
    return Service(served, list(map(Offer, offers)), _after(view, served, ("Reported", "Ended", "Settled"), where,
                   _took_a_service), view.now)  # fmt: skip


def covers(view: View, limit: int, **where: str) -> list[Cover]:
    """Of each channel and operator the one that was opened last, newest first."""
    kinds, found = ("Reported", "Unanswered", "CoverFreed"), dict[tuple[str, str], Cover]()
    for opened in view.events(COMPUTE, "Covered", oldest=False, limit=limit, **where):
        key = opened["args"]["channel"], opened["args"]["operator"]
        if key not in found:
            found[key] = Cover(opened, _after(view, opened, kinds, _of_channel(opened), _took_a_cover), view.now)
    return list(found.values())


def demands(view: View, limit: int, **where: str) -> list[Demand]:
    """The newest first. One is open at a time for a channel and an operator: what came next belongs to it."""
    found, kinds = [], ("Answered", "Unanswered")
    for asked in view.events(COMPUTE, "Demanded", oldest=False, limit=limit, **where):
        place = _of_channel(asked)
        after = [item for kind in kinds for item in view.events(COMPUTE, kind, **place)]
        later = sorted((item for item in after if place_of(item) > place_of(asked)), key=place_of)
        found.append(Demand(asked, later[0] if later else None, view.now))
    return found


def history_of(view: View, operator: str) -> History:
    service = view.totals.addresses[COMPUTE]
    first = view.events(COMPUTE, "Served", limit=1, operator=operator)
    names = ("Covered", "Answered", "Unanswered", "Reported")
    covered, answered, unanswered, reported = (view.totals.count(COMPUTE, name, operator=operator) for name in names)
    since = first[0]["block_time"] if first else view.now
    locked = view.locked(service=service, operator=operator)
    return History(since, covered, answered, unanswered, reported, locked)


def _of_channel(event: Event) -> dict[str, Any]:
    return {"channel": event["args"]["channel"], "operator": event["args"]["operator"]}


def _took_a_service(ended: Event) -> bool:
    """A cover pays its prover a part of the restitution; more than that came out of a service's reserve."""
    amounts = ended["args"]
    return ended["event"] != "Reported" or int(amounts["reward"]) > int(amounts["restitution"]) // PROVER_PART + 1


def _took_a_cover(ended: Event) -> bool:
    return ended["event"] != "Reported" or int(ended["args"]["restitution"]) > 0


def _after(
    view: View, begun: Event, kinds: Sequence[str], where: dict[str, Any], counts: Callable[[Event], bool]
) -> Event | None:
    """What ended a promise that was begun."""
    for kind in kinds:
        for found in view.events(COMPUTE, kind, oldest=False, **where):
            if place_of(found) > place_of(begun) and counts(found):
                return found
    return None
