"""What the chain says itself: transactions, blocks and events; who is behind an address; and finding anything."""

from __future__ import annotations

import json
import re
from typing import Any

from keifu.chain.suite import CHANNELS, COMPUTE, HUB, REGISTRY, TOKEN
from keifu.errors import InputError
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import facts, pager, section, table
from keifu.explorer.view import WORD, Event, NotFound, Sheet, View
from keifu.index.reading import Question, events_of
from keifu.units import coins, is_address

__all__ = ["address", "block", "events", "search", "search_place", "transaction"]

ON_PAGE = 50
LONGEST = 256  # characters of a search
_HEX = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{40})")
_DIGITS = re.compile(r"[0-9]{1,15}")


def transaction(view: View, text: str) -> Sheet:
    """All that a transaction logged: the proof of whatever led here."""
    words = view.words
    hash_ = view.word(text, "transaction")
    found = view.transaction(hash_)
    if not found:
        raise NotFound(f"transaction {hash_} logged nothing that is known here", remedy="is it of this chain?")
    first = found[0]
    body: list[Child] = [
        facts(
            (words("tx.hash"), el("code", hash_)),
            (words("tx.block"), view.link(f"{first['block_number']:,}", "block", first["block_number"])),
            (words("tx.block-hash"), el("code", first["block_hash"])),
            (words("tx.time"), view.time(first["block_time"])),
        ),
        *(_logged(view, event) for event in found),
    ]
    return Sheet(words("tx.title", short=hash_[:10]), body, [("keifu", "index", "check")])


def block(view: View, text: str) -> Sheet:
    words = view.words
    number = int(text) if _DIGITS.fullmatch(text) else -1
    page = events_of(view.store, Question(from_block=number, to_block=number, cursor=view.query.get("cursor", "")))
    if not page.events:
        raise NotFound(f"block {text[:80]} has no event of the suite", remedy="other blocks are not kept")
    first = page.events[0]
    body: list[Child] = [
        facts(
            (words("tx.block-hash"), el("code", first["block_hash"])),
            (words("tx.time"), view.time(first["block_time"])),
        ),
        _event_table(view, page.events),
        pager(view, page, "block", text),
    ]
    return Sheet(words("block.title", number=f"{number:,}"), body, [("keifu", "index", "check")])


def events(view: View, contract: str, names: str) -> Sheet:
    """Events of one contract, of one kind or several, with some arguments: what a sum is made of."""
    known = {event for owner, event in view.store.by_event if owner == contract}
    wanted = names.split("+")
    if not known or not set(wanted) <= known:
        raise NotFound(f"{contract[:80]} logs no {names[:80]}", remedy="see the list of tables: keifu index tables")
    body: list[Child] = []
    for name in wanted:
        columns = {column.name for column in view.store.by_event[contract, name].filters}
        where = {key: value for key, value in view.query.items() if key != "cursor"}
        if unknown := where.keys() - columns:
            raise NotFound(f"{min(unknown)[:80]} is no argument of {name} that can be asked for")
        page = view.page(contract, name, ON_PAGE, where)
        more = pager(view, page, "events", contract, name, query=where)
        body.append(section(f"{contract}.{name}", _event_table(view, page.events), more))
    return Sheet(view.words("events.title", contract=contract), body, [("keifu", "index", "check")])


def address(view: View, text: str) -> Sheet:
    """Who is behind it, as far as the chain says, and what it did last."""
    words = view.words
    account = view.account(text)
    page = view.mentioning(account, limit=ON_PAGE)
    claimed = view.last(REGISTRY, "NameClaimed", account=account)
    name = claimed["args"]["name"] if claimed else ""
    got, gave = (view.totals.sum(TOKEN, "Transfer", "value", **{side: account}) for side in ("to", "from"))
    body: list[Child] = [
        facts(
            (words("address.address"), el("code", account)),
            (words("address.contract"), view.contract_at(account)),
            (
                words("address.name"),
                [el("strong", name), " ", view.proof(claimed), _unchecked(view)] if claimed and name else None,
            ),
            *_identity(view, account),
            (words("address.operator"), _is_operator(view, account)),
            (words("address.channels"), _channels(view, account)),
            (words("address.balance"), el("data", coins(got - gave), value=str(got - gave))),
            (
                words("address.transfers"),
                [
                    view.link(words("address.in"), "events", TOKEN, "Transfer", query={"to": account}),
                    " · ",
                    view.link(words("address.out"), "events", TOKEN, "Transfer", query={"from": account}),
                ],
            ),
        ),
        section(words("address.records"), _records(view, account)),
        section(words("address.events"), _event_table(view, page.events), pager(view, page, "address", account)),
    ]
    check = ("keifu", "prov", "identity", account, *(("--name", name) if name else ()))
    return Sheet(words("address.title", short=account[:10]), body, [check])


def search_place(view: View, text: str) -> tuple[str, ...] | None:
    """The page of what was asked for, where there is exactly one."""
    wanted = _normal(text)
    if _DIGITS.fullmatch(wanted) and view.store.database.query("SELECT 1 FROM block WHERE number = ?", (int(wanted),)):
        return "block", wanted
    if is_address(wanted):
        is_operator = view.last(HUB, "TermsAnnounced", operator=wanted) is not None
        return ("operator" if is_operator else "address"), wanted
    if WORD.fullmatch(wanted):
        if view.transaction(wanted):
            return "tx", wanted
        for contract, event, key, place in (
            (REGISTRY, "Registered", "id", "record"),
            ("Environments", "Declared", "environment", "environment"),
            (CHANNELS, "ChannelCreated", "channelId", "channel"),
        ):
            if view.last(contract, event, **{key: wanted}) is not None:
                return place, wanted[2:]
        of_digest = view.events(REGISTRY, "Registered", digest=wanted, limit=2)
        if len(of_digest) == 1:
            return "record", of_digest[0]["args"]["id"][2:]
    serving = {item["args"]["operator"] for item in view.events(COMPUTE, "Served", endpoint=wanted, oldest=False)}
    return ("provider", serving.pop()) if len(serving) == 1 else None


def search(view: View, text: str) -> Sheet:
    """Whatever mentions it: an id, a digest, an address, a transaction, a name."""
    words = view.words
    wanted = _normal(text)
    if not 0 < len(wanted) <= LONGEST:
        raise InputError(f"{len(wanted)} characters", remedy=f"1 to {LONGEST}: an id, digest, address or name")
    page = view.mentioning(wanted, limit=ON_PAGE)
    rows = table(
        [words("search.short"), words("search.record"), words("search.proof")],
        (
            (view.record(item["args"]["id"]), item["args"]["record"]["version"], view.proof(item))
            for item in _begins(view, wanted)
        ),
        words("search.none", text=wanted),
    )
    body = (
        [_event_table(view, page.events), pager(view, page, "search", query={"q": wanted})] if page.events else [rows]
    )
    return Sheet(words("search.title", text=wanted), body, [("keifu", "prov", "find", wanted)])


def _normal(text: str) -> str:
    plain = text.strip()
    hexadecimal = plain.lower().removeprefix("sha256:").removeprefix("0x")
    return f"0x{hexadecimal}" if _HEX.fullmatch(hexadecimal) else plain


def _begins(view: View, text: str) -> list[Event]:
    """Records whose id begins so: people tell them apart by the first eight digits."""
    plain = text.lower().removeprefix("0x")
    if not re.fullmatch(r"[0-9a-f]{4,63}", plain):
        return []
    name = view.totals.name(REGISTRY, "Registered")
    low, high = "0x" + plain.ljust(64, "0"), "0x" + plain.ljust(64, "f")
    sql = f"SELECT id FROM {name} WHERE id >= ? AND id <= ? LIMIT 20"  # noqa: S608 - names of the ABI
    found = (view.last(REGISTRY, "Registered", id=row[0]) for row in view.store.database.query(sql, (low, high)))
    return [item for item in found if item is not None]


def _identity(view: View, account: str) -> list[tuple[str, Child]]:
    """Which keys act for the account, and since when."""
    found: list[tuple[str, Child]] = []
    for event, key in (
        ("Replaced", "new"),
        ("ReplacementProposed", "new"),
        ("RecoveryNamed", "recovery"),
        ("DeclaredLost", "by"),
    ):
        item = view.last(REGISTRY, event, account=account)
        if item is not None:
            found.append((view.words(f"identity.{event}"), [view.address(item["args"][key]), " ", view.proof(item)]))
    return found


def _unchecked(view: View) -> Markup:
    return el("span", " ", view.words("address.unchecked"), class_="note")


def _channels(view: View, account: str) -> Child:
    if not view.has(CHANNELS) or view.contract_at(account):
        return None
    return [
        view.link(view.words("address.pays"), "channels", query={"payer": account}),
        " · ",
        view.link(view.words("address.receives"), "receiver", account),
    ]


def _is_operator(view: View, account: str) -> Child:
    known = view.last(HUB, "TermsAnnounced", operator=account)
    return view.link(view.words("address.see-operator"), "operator", account) if known else None


def _records(view: View, account: str) -> Markup:
    words = view.words
    found = view.events(REGISTRY, "Registered", author=account, oldest=False, limit=20)
    heads = [words("records.record"), words("records.version"), words("records.time"), words("records.proof")]
    rows = (
        (
            view.record(item["args"]["id"]),
            item["args"]["record"]["version"],
            view.time(item["block_time"]),
            view.proof(item),
        )
        for item in found
    )
    return table(heads, rows, words("records.none"))


def _event_table(view: View, found: list[Event]) -> Markup:
    words = view.words
    heads = [words(f"events.{name}") for name in ("time", "contract", "event", "said", "proof")]
    rows = (
        (
            view.time(item["block_time"]),
            view.address(item["address"]),
            item["event"] or words("events.unknown"),
            _arguments(view, item),
            view.proof(item),
        )
        for item in found
    )
    return table(heads, rows, words("events.none"))


def _logged(view: View, event: Event) -> Markup:
    title: Child = [
        view.contract_at(event["address"]) or event["address"],
        ".",
        event["event"] or view.words("events.unknown"),
    ]
    rows = tuple((name, _value(view, value)) for name, value in _pairs(event))
    return el("section", el("h2", title), facts(*rows), id=f"log-{event['log_index']}")


def _pairs(event: Event) -> list[tuple[str, Any]]:
    if event["event"]:
        return list(event["args"].items())
    return [("topics", event["topics"]), ("data", event["data"])]


def _arguments(view: View, event: Event) -> Child:
    shown = [el("li", f"{name}: ", _value(view, value)) for name, value in _pairs(event)]
    return el("ul", *shown, class_="arguments")


def _value(view: View, value: Any) -> Child:
    if isinstance(value, str):
        if is_address(value):
            return view.address(value)
        if WORD.fullmatch(value):
            return view.link(el("code", f"{value[:10]}…"), "search", query={"q": value}, title=value)
        return el("code", value if len(value) <= LONGEST else f"{value[:LONGEST]}…")
    return el("code", str(value) if isinstance(value, (int, bool)) else json.dumps(value, ensure_ascii=False)[:1_000])
