"""Storage: deals with their shards step by step, and providers with what they proved, missed and lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keifu.chain.suite import STORAGE, STORAGE_DEALS, STORAGE_ENDOWMENT, STORAGE_REPAIRS, TOKEN
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.units import coins

__all__ = ["GWEI", "deal", "deal_link", "deals", "gwei", "store", "stores"]

ON_PAGE = 25
GWEI = 10**9
SHORT = 10
_CHECK = [("keifu", "index", "check")]
# Events of one deal, by their contract.
_STEPS = (
    (STORAGE_DEALS, ("DealOpened", "ShardAccepted", "DealRenewed", "DealTransferred", "DealClosed", "ShardEnds",
                     "Earned", "Refunded", "ShardLost")),
    (STORAGE_REPAIRS, ("Proposed", "TakenOver", "RepairReserved", "RepairEnded", "Demanded", "Answered",
                       "DemandEnded")),
)  # fmt: skip
_PROOFS = ("Offered", "Proven", "Missed", "GivenUp", "Cleared")


def deals(view: View) -> Sheet:
    words = view.words
    page = view.page(STORAGE_DEALS, "DealOpened", ON_PAGE)
    names = ("deal", "client", "shards", "price", "restitution", "end", "masked", "lost", "proof")
    rows = (
        (
            deal_link(view, event["args"]["deal"]),
            view.address(event["args"]["client"]),
            f"{int(event['args']['shards']):,}",
            _price(view, event["args"]["price"], event["args"]["token"]),
            gwei(event["args"]["restitution"]),
            words("stored.epoch", number=event["args"]["end"]),
            words(f"stored.masked-{str(bool(event['args']['masked'])).lower()}"),
            _lost(view, event["args"]["deal"]),
            view.proof(event),
        )
        for event in page.events
    )
    body = [table([words(f"stored.{name}") for name in names], rows, words("stored.none")), pager(view, page, "deals")]
    return Sheet(words("stored.title"), body, _CHECK)


def deal(view: View, text: str) -> Sheet:
    words, name = view.words, view.word(text, "deal")
    opened = view.last(STORAGE_DEALS, "DealOpened", deal=name)
    if opened is None:
        raise NotFound(f"there is no deal {text[:80]}", remedy="an id of the list of deals")
    said = opened["args"]
    per_epoch = int(said["price"]) * int(said["shards"])
    body: list[Child] = [
        facts(
            (words("stored.client"), view.address(said["client"])),
            (words("stored.endowment"), _endowment(view, said["client"])),
            (words("stored.shards"), f"{int(said['shards']):,}"),
            (
                words("stored.price"),
                [_price(view, said["price"], said["token"]), " (", _price(view, per_epoch, said["token"]), ")"],
            ),
            (words("stored.token"), view.address(said["token"])),
            (words("stored.restitution"), gwei(said["restitution"])),
            (words("stored.end"), words("stored.epoch", number=_end(view, name, said["end"]))),
            (words("stored.root"), el("code", said["root"][2:])),
            (words("stored.lost"), _lost(view, name)),
        ),
        section(words("stored.where"), _shards(view, name, int(said["shards"])), name="shards"),
        section(words("stored.steps"), _steps(view, _of_deal(view, name), said["token"]), name="steps"),
    ]
    return Sheet(words("stored.one", short=name[2 : 2 + SHORT]), body, _CHECK)


def stores(view: View) -> Sheet:
    words, totals = view.words, view.totals
    page = view.page(STORAGE, "Offered", ON_PAGE)
    names = ("provider", "offer", "restitution-offered", "address", "proven", "missed", "lost", "proof")
    rows = (
        (
            view.link(el("code", f"{who[:SHORT]}…"), "store", who, title=who),
            gwei(event["args"]["price"]),
            gwei(event["args"]["restitution"]),
            event["args"]["url"] or "–",
            f"{totals.count(STORAGE, 'Proven', provider=who):,}",
            f"{totals.sum(STORAGE, 'Missed', 'misses', provider=who):,}",
            f"{totals.count(STORAGE_DEALS, 'ShardLost', provider=who):,}",
            view.proof(event),
        )
        for event in page.events
        for who in [event["args"]["provider"]]
    )
    body = [
        table([words(f"stored.{name}") for name in names], rows, words("stored.no-stores")),
        pager(view, page, "stores"),
    ]
    return Sheet(words("stored.stores"), body, _CHECK)


def store(view: View, text: str) -> Sheet:
    words, who = view.words, view.account(text)
    offered = view.last(STORAGE, "Offered", provider=who)
    if offered is None:
        raise NotFound(f"{who} has offered no storage", remedy="an address of the list of providers")
    said = offered["args"]
    newest: dict[str, Any] = {"oldest": False, "limit": ON_PAGE, "provider": who}
    proofs = [item for name in _PROOFS for item in view.events(STORAGE, name, **newest)]
    kept = view.events(STORAGE_DEALS, "ShardAccepted", **newest)
    body: list[Child] = [
        facts(
            (words("stored.provider"), view.address(who)),
            (words("stored.offer"), [gwei(said["price"]), " ", view.proof(offered)]),
            (words("stored.restitution-offered"), gwei(said["restitution"])),
            (words("stored.address"), said["url"]),
            (words("stored.lost"), f"{view.totals.count(STORAGE_DEALS, 'ShardLost', provider=who):,}"),
        ),
        section(words("stored.tokens"), _tokens(view, who), name="tokens"),
        section(words("stored.kept"), _steps(view, kept), name="kept"),
        section(words("stored.proofs"), _steps(view, proofs), name="proofs"),
    ]
    return Sheet(words("stored.store", short=f"{who[:SHORT]}…"), body, _CHECK)


def _price(view: View, amount: str | int, token: str) -> Child:
    """Gwei of the coin as coins, or smallest units of another token beside its address."""
    if view.contract_at(token) == TOKEN:
        return gwei(amount)
    return el("span", view.amount(int(amount), token), " ", el("code", f"{token[:SHORT]}…"), title=token)


def _tokens(view: View, who: str) -> Markup:
    """Other tokens that a provider takes, what it wants, and what it was paid out in all."""
    words, named = view.words, dict[str, Event]()
    for event in view.events(STORAGE_DEALS, "PriceNamed", provider=who):
        named[event["args"]["token"]] = event
    heads = [words(f"stored.{name}") for name in ("token", "units", "paid-out", "proof")]
    rows = (
        (
            view.address(token),
            f"{int(event['args']['price']):,}" if int(event["args"]["price"]) else words("stored.not-taken"),
            view.sum_of(view.totals.sum(STORAGE_DEALS, "TokenPaid", "amount", account=who, token=token), token,
                        STORAGE_DEALS, "TokenPaid", account=who, token=token),
            view.proof(event),
        )
        for token, event in named.items()
    )  # fmt: skip
    return table(heads, rows, words("stored.no-tokens"))


def _endowment(view: View, client: str) -> Child:
    """The client, where it is an endowment."""
    if not view.has(STORAGE_ENDOWMENT) or view.last(STORAGE_ENDOWMENT, "Founded", endowment=client) is None:
        return ""
    return view.link(el("code", f"{client[:SHORT]}…"), "endowment", client, title=client)


def _of_deal(view: View, name: str) -> list[Event]:
    return [item for contract, names in _STEPS for event in names for item in view.events(contract, event, deal=name)]


def _end(view: View, name: str, end: str) -> str:
    renewed = view.last(STORAGE_DEALS, "DealRenewed", deal=name)
    return str(renewed["args"]["end"] if renewed else end)


def _lost(view: View, name: str) -> Child:
    count = len(view.events(STORAGE_DEALS, "ShardLost", deal=name))
    return badge(f"{count:,}", "bad") if count else "–"


def _shards(view: View, name: str, count: int) -> Markup:
    """Where each shard is by what was logged last of it."""
    words, last = view.words, dict[int, Event]()
    for item in sorted(_of_deal(view, name), key=place_of):
        if item["event"] in ("ShardAccepted", "ShardLost"):
            last[int(item["args"]["index"])] = item
    heads = [words(f"stored.{head}") for head in ("shard", "state", "provider", "proof")]
    rows = (
        (str(index), *_state(view, last[index]), view.proof(last[index]))
        if index in last
        else (str(index), badge(words("stored.waits"), "warn"), "–", "–")
        for index in range(count)
    )
    return table(heads, rows, words("stored.none"))


def _state(view: View, item: Event) -> tuple[Child, Child]:
    who = view.link(el("code", f"{item['args']['provider'][:SHORT]}…"), "address", item["args"]["provider"])
    if item["event"] == "ShardLost":
        return badge(view.words("stored.is-lost"), "bad"), who
    return badge(view.words("stored.is-stored"), "good"), who


def _steps(view: View, steps: Iterable[Event], token: str = "") -> Markup:
    """Of deals that are paid in one token, where there are such among them."""
    words = view.words
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (view.time(item["block_time"]), words(f"storing.{item['event']}"), _said(view, item, token), view.proof(item))
        for item in sorted(steps, key=place_of)
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event, token: str) -> Child:
    """Of which shard, epoch or deal, and how many coins or smallest units of its token."""
    args, words = item["args"], view.words
    parts: list[Child] = []
    if "index" in args:
        parts.append(words("stored.shard-of", index=args["index"]))
    if "epoch" in args:
        parts.append(words("stored.epoch", number=args["epoch"]))
    if "earned" in args:
        parts.append(gwei(args["earned"]))
    for name in ("restitution", "taken", "amount", "bounty", "bond"):
        if name in args and item["event"] not in ("DealOpened", "Offered"):
            is_coin = name != "amount" or not token or view.contract_at(token) == TOKEN
            parts.append(
                coins(int(args[name])) if is_coin else view.words("stored.of-token", units=f"{int(args[name]):,}")
            )
    return ", ".join(str(part) for part in parts) or "–"


def deal_link(view: View, name: str) -> Markup:
    plain = name.removeprefix("0x")
    return view.link(el("code", plain[:SHORT]), "deal", plain, title=plain)


def gwei(amount: str | int) -> str:
    return coins(int(amount) * GWEI)
