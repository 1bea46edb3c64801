"""What a page is made with: the tables at one block, a language, and the small pieces that every page has.

Every figure carries its proof: a link to the transaction that logged it, or to the list of events that it is the sum
of. Both are pages of this server, made from the same tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from keifu.chain.suite import HUB, TIMELOCK, TOKEN
from keifu.errors import InputError
from keifu.explorer.beats import Beats
from keifu.explorer.deployed import Codes, Deployed, Looked
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.spending import Asked, Spending
from keifu.explorer.words import Words
from keifu.index import Position, Store, Totals
from keifu.index.reading import Page, Question, events_of
from keifu.spec.vesting import Schedule
from keifu.units import coins, is_address

__all__ = ["Event", "NotFound", "Sheet", "View", "place_of"]

SHORT = 8  # hex digits by which people tell ids apart
WORD = re.compile(r"0x[0-9a-f]{64}")
Event = dict[str, Any]


def place_of(event: Event) -> tuple[int, int]:
    """Where it stands on the chain."""
    return event["block_number"], event["log_index"]


class NotFound(InputError):
    """There is no such thing in the tables."""


@dataclass(frozen=True)
class Sheet:
    """A page: its title, what stands on it, and the commands that find the same without this server."""

    title: str
    body: Sequence[Child]
    checks: Sequence[Sequence[str]] = ()
    scripts: Sequence[str] = ()


@dataclass(frozen=True)
class View:
    """One answer. All that it reads is of one moment."""

    store: Store
    words: Words
    position: Position
    query: Mapping[str, str] = field(default_factory=dict)
    deployed: Deployed | None = None  # where the deployment record is at hand
    beats: Beats = field(default_factory=Beats)  # that watchers gave and that were verified here
    codes: Codes | None = None  # where a node may be asked
    spending: Spending | None = None  # the same
    has_dapp: bool = False  # whether the page for holders and authors is served

    @cached_property
    def totals(self) -> Totals:
        return Totals(self.store)

    @property
    def schedule(self) -> Schedule | None:
        """Of the token event: no event says it."""
        return self.deployed.schedule if self.deployed else None

    @cached_property
    def looked(self) -> Looked | None:
        """What a node said of the code, roles and terms; None where none is asked, or none has answered yet."""
        done = self.last(TIMELOCK, "CallExecuted")
        return self.codes.now(place_of(done) if done else ()) if self.codes else None

    @cached_property
    def now(self) -> int:
        """Time of the newest block with an event, unix seconds: nothing here depends on a clock of ours."""
        rows = self.store.database.query("SELECT time FROM block ORDER BY number DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def spent(self, account: str, asked: Asked) -> Mapping[tuple[str, str], int]:
        """What sessions have spent in their present period, by key and token; nothing where no node says it."""
        return self.spending.of(account, asked, self.position.hash) if self.spending else {}

    # reading -------------------------------------------------------------------------------------------------------

    def has(self, contract: str) -> bool:
        return contract in self.store.suite.contracts.values()

    def contract_at(self, address: str) -> str:
        """The suite's contract there, or nothing."""
        return self.store.suite.contracts.get(address.lower(), "")

    def page(self, contract: str, event: str, limit: int, where: Mapping[str, Any] | None = None) -> Page:
        """Events of one kind, newest first; the query's cursor says from where."""
        table = self.store.by_event.get((contract, event))
        if table is None:
            return Page(self.position, [], None)
        cursor = self.query.get("cursor", "")
        return events_of(self.store, Question(table, where or {}, newest_first=True, limit=limit, cursor=cursor))

    def events(self, contract: str, event: str, *, limit: int = 500, oldest: bool = True, **where: Any) -> list[Event]:
        """The same as a list without pages, oldest first."""
        table = self.store.by_event.get((contract, event))
        if table is None:
            return []
        return events_of(self.store, Question(table, where, newest_first=not oldest, limit=limit)).events

    def last(self, contract: str, event: str, **where: Any) -> Event | None:
        found = self.events(contract, event, limit=1, oldest=False, **where)
        return found[0] if found else None

    def locked(self, **where: str) -> int:
        """Wei that were locked, less what was freed and taken."""
        total = self.totals.sum
        taken = sum(total(HUB, "Slashed", part, **where) for part in ("damages", "penalty"))
        return total(HUB, "Locked", "amount", **where) - total(HUB, "Unlocked", "amount", **where) - taken

    def promotion(self, environment: str, seq: int) -> Event | None:
        return self.last("Environments", "Promoted", environment=environment, seq=str(seq))

    def mentioning(self, value: str, *, limit: int = 50, contract: str = "", event: str = "") -> Page:
        """Events in which an address, an id, a digest or a name stands, newest first."""
        where = {name: item for name, item in (("contract", contract), ("event", event)) if item}
        cursor = self.query.get("cursor", "")
        return events_of(
            self.store, Question(where=where, mentions=value, newest_first=True, limit=limit, cursor=cursor)
        )

    def transaction(self, hash_: str) -> list[Event]:
        """All that it logged, in order."""
        return events_of(self.store, Question(where={"transaction_hash": hash_}, limit=500)).events

    def word(self, text: str, what: str) -> str:
        """An id or a digest of an address of ours, with its 0x. Raises NotFound for anything else."""
        plain = "0x" + text.lower().removeprefix("0x")
        if not WORD.fullmatch(plain):
            raise NotFound(f"{text[:80]} is no {what}", remedy="64 hex digits")
        return plain

    def account(self, text: str) -> str:
        if not is_address(text):
            raise NotFound(f"{text[:80]} is no address", remedy="0x and 40 hex digits")
        return text.lower()

    # writing -------------------------------------------------------------------------------------------------------

    def path(self, *parts: str | int, query: Mapping[str, str] | None = None) -> str:
        """An address of this server, in the same language."""
        plain = "/".join(quote(str(part), safe="") for part in (self.words.language, *parts))
        return f"/{plain}" + (f"?{urlencode(query)}" if query else "")

    def link(
        self, text: Child, *parts: str | int, title: str | None = None, query: Mapping[str, str] | None = None
    ) -> Markup:
        return el("a", text, href=self.path(*parts, query=query), title=title)

    def address(self, address: str) -> Markup:
        """Who stands behind it is one click away; a contract of the suite goes by its name."""
        return self.link(self.contract_at(address) or el("code", f"{address[:10]}…"), "address", address, title=address)

    def record(self, record: str) -> Markup:
        plain = record.removeprefix("0x")
        return self.link(el("code", plain[:SHORT]), "record", plain, title=plain)

    def environment(self, environment: str, name: str = "") -> Markup:
        plain = environment.removeprefix("0x")
        return self.link(name or el("code", plain[:SHORT]), "environment", plain, title=plain)

    def proof(self, event: Event) -> Markup:
        """Where the event stands on the chain."""
        text = self.words("proof.event", block=f"{event['block_number']:,}")
        hash_ = event["transaction_hash"]
        place = f"{self.path('tx', hash_)}#log-{event['log_index']}"
        return el("a", text, href=place, title=f"{event['contract']} {event['event']}", class_="proof")

    def total(self, wei: int, contract: str, /, *events: str, **where: str) -> Markup:
        """An amount of coins, with the events that it is the sum of."""
        return self.sum_of(wei, TOKEN, contract, *events, **where)

    def sum_of(self, amount: int, token: str, contract: str, /, *events: str, **where: str) -> Markup:
        """The same of any token, by its address."""
        return self.link(self.amount(amount, token), "events", contract, "+".join(events), query=where)

    def amount(self, amount: int, token: str) -> Markup:
        """Coins of the suite, or so many of the smallest unit of another token: no event says its decimals."""
        ours = TOKEN in (token, self.contract_at(token))
        return el("data", coins(amount) if ours else f"{amount:,}", value=str(amount))

    def time(self, seconds: int) -> Markup:
        try:
            moment = datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            return el("span", f"{seconds:,}")
        return el("time", moment.strftime("%Y-%m-%d %H:%M"), datetime=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
