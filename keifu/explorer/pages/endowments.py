"""Endowments of storage: coins that pay for the same data term after term, by what was logged of them.

An endowment's plan is in no event: its price is that of its terms, and how far it falls shows from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from keifu.chain.suite import STORAGE_DEALS, STORAGE_ENDOWMENT, TOKEN
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.storage import GWEI, deal_link, gwei
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View
from keifu.units import coins

__all__ = ["endowment", "endowments"]

ON_PAGE = 25
SHORT = 10
_CHECK = [("keifu", "index", "check")]


@dataclass(frozen=True)
class _Endowment:
    """One of them, with its newest terms first. Amounts in wei, prices in gwei a shard and epoch."""

    view: View
    founded: Event

    @property
    def place(self) -> str:
        return str(self.founded["args"]["endowment"])

    @cached_property
    def terms(self) -> Sequence[Event]:
        return self.view.events(STORAGE_ENDOWMENT, "TermOpened", limit=ON_PAGE + 1, oldest=False, address=self.place)

    @cached_property
    def deal(self) -> Event | None:
        """Of the term under way."""
        return self.view.last(STORAGE_DEALS, "DealOpened", deal=self.terms[0]["args"]["deal"]) if self.terms else None

    @cached_property
    def over(self) -> Event | None:
        """That its heir got the coins."""
        return self.view.last(STORAGE_ENDOWMENT, "WoundUp", address=self.place)

    @cached_property
    def left(self) -> int:
        moved = self.view.totals.sum
        out = moved(TOKEN, "Transfer", "value", **{"from": self.place})
        return moved(TOKEN, "Transfer", "value", to=self.place) - out

    @property
    def price(self) -> int:
        return int(self.terms[0]["args"]["price"]) if self.terms else 0

    @property
    def end(self) -> int:
        """First epoch that is not paid for."""
        return int(self.terms[0]["args"]["end"]) if self.terms else 0

    @property
    def further(self) -> int:
        """Whole epochs after the term under way that the coins pay for at its price."""
        shards = int(self.deal["args"]["shards"]) if self.deal else 0
        cost = self.price * shards * GWEI
        return self.left // cost if cost else 0


def endowments(view: View) -> Sheet:
    words = view.words
    page = view.page(STORAGE_ENDOWMENT, "Founded", ON_PAGE)
    names = ("endowment", "founder", "heir", "state", "terms", "price", "left", "end", "lasts", "proof")
    rows = (
        (
            view.link(el("code", f"{one.place[:SHORT]}…"), "endowment", one.place, title=one.place),
            view.address(said["founder"]),
            view.address(said["heir"]),
            _state(one),
            f"{view.totals.count(STORAGE_ENDOWMENT, 'TermOpened', address=one.place):,}",
            gwei(one.price),
            _left(one),
            _epoch(view, one.end),
            _epoch(view, one.end + one.further),
            view.proof(one.founded),
        )
        for one in (_Endowment(view, event) for event in page.events)
        for said in [one.founded["args"]]
    )
    body = [
        table([words(f"endowed.{name}") for name in names], rows, words("endowed.none")),
        pager(view, page, "endowments"),
    ]
    return Sheet(words("endowed.title"), body, _CHECK)


def endowment(view: View, text: str) -> Sheet:
    words, who = view.words, view.account(text)
    founded = view.last(STORAGE_ENDOWMENT, "Founded", endowment=who)
    if founded is None:
        raise NotFound(f"{who} is no endowment", remedy="an address of the list of endowments")
    one = _Endowment(view, founded)
    opened = one.deal["args"] if one.deal else {}
    body: list[Child] = [
        facts(
            (words("endowed.endowment"), view.address(who)),
            (words("endowed.state"), _state(one)),
            (words("endowed.founder"), [view.address(founded["args"]["founder"]), " ", view.proof(founded)]),
            (words("endowed.heir"), view.address(founded["args"]["heir"])),
            (words("endowed.top-up"), words("endowed.anybody")),
            (words("endowed.left"), _left(one)),
            (words("endowed.price"), gwei(one.price)),
            (words("endowed.fall"), next(_changes(one), words("endowed.first"))),
            (words("endowed.shards"), opened.get("shards", "")),
            (words("endowed.restitution"), gwei(opened["restitution"]) if opened else ""),
            (words("endowed.end"), _epoch(view, one.end)),
            (words("endowed.lasts"), words("endowed.lasts-note", epoch=_epoch(view, one.end + one.further))),
        ),
        section(words("endowed.terms"), _terms(one), name="terms"),
        section(words("endowed.given"), _given(one), name="given"),
        section(words("endowed.stood-in"), _stood_in(one), name="stood-in"),
    ]
    return Sheet(words("endowed.one", short=f"{who[:SHORT]}…"), body, _CHECK)


def _state(one: _Endowment) -> Markup:
    words = one.view.words
    if one.over is not None:
        return badge(words("endowed.wound-up"), "bad")
    return badge(words("endowed.pays"), "good") if one.further else badge(words("endowed.too-few"), "warn")


def _left(one: _Endowment) -> Markup:
    """With the transfers that it is what remains of."""
    return one.view.link(one.view.amount(one.left, TOKEN), "address", one.place)


def _epoch(view: View, number: int) -> str:
    return view.words("stored.epoch", number=number)


def _changes(one: _Endowment) -> Iterator[str]:
    """Of the price from each term's predecessor to it, the newest first."""
    prices = [int(term["args"]["price"]) for term in one.terms]
    for price, before in pairwise(prices):
        yield f"{(price - before) / before:+.2%}"


def _terms(one: _Endowment) -> Markup:
    view, words = one.view, one.view.words
    names = ("number", "deal", "opener", "price", "fall", "end", "time", "proof")
    changes = [*_changes(one), "–"]
    rows = (
        (
            said["number"],
            deal_link(view, said["deal"]),
            view.address(said["opener"]),
            gwei(said["price"]),
            change,
            _epoch(view, int(said["end"])),
            view.time(term["block_time"]),
            view.proof(term),
        )
        for term, change in zip(one.terms[:ON_PAGE], changes, strict=False)
        for said in [term["args"]]
    )
    return table([words(f"endowed.{name}") for name in names], rows, words("endowed.nothing"))


def _given(one: _Endowment) -> Markup:
    """Coins that came to it, the newest first: top-ups, and what deals paid back."""
    view, words = one.view, one.view.words
    came = view.events(TOKEN, "Transfer", limit=ON_PAGE, oldest=False, to=one.place)
    rows = (
        (
            view.address(item["args"]["from"]),
            coins(int(item["args"]["value"])),
            view.time(item["block_time"]),
            view.proof(item),
        )
        for item in came
    )
    return table(
        [words(f"endowed.{name}") for name in ("by", "amount", "time", "proof")], rows, words("endowed.nothing")
    )


def _stood_in(one: _Endowment) -> Markup:
    """Who offered to store a shard that nobody accepted, the newest first."""
    view, words = one.view, one.view.words
    found = view.events(STORAGE_ENDOWMENT, "StandIn", limit=ON_PAGE, oldest=False, address=one.place)
    rows = (
        (
            words("stored.shard-of", index=item["args"]["index"]),
            deal_link(view, item["args"]["deal"]),
            view.address(item["args"]["provider"]),
            view.time(item["block_time"]),
            view.proof(item),
        )
        for item in found
    )
    heads = [words("stored.shard"), *(words(f"endowed.{name}") for name in ("deal", "by", "time", "proof"))]
    return table(heads, rows, words("endowed.nothing"))
