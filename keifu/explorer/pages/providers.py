"""Providers of answers, compared by price, promise and history, and everything that one of them promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from keifu.chain.suite import CHANNELS, COMPUTE, DISPUTES, HUB, ORDERS, TOKEN
from keifu.errors import InputError
from keifu.explorer.market import (
    EXAMPLE,
    UNBOUND,
    Demand,
    History,
    Offer,
    Service,
    covers,
    demands,
    history_of,
    services,
)
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.staking import slash_table
from keifu.explorer.parts import badge, facts, section, table
from keifu.explorer.payments import channel_of
from keifu.explorer.view import NotFound, Sheet, View, place_of
from keifu.units import coins, duration

__all__ = [
    "channel_link",
    "cover_table",
    "demand_table",
    "environment_link",
    "provider",
    "providers",
    "services_of_environment",
]

ON_PAGE = 25
KINDS = {"holds": "good", "answered": "good", "open": "warn", "over": "warn", "ended": "warn", "freed": "warn"}
_PRICES = ("request", "input_units", "output_units", "credit")
Row = tuple[Service, History]


def _price(row: Row) -> tuple[bool, str, int]:
    """Cheapest first, each token for itself: the chain knows no rate between two."""
    offer = row[0].offer
    return offer is None, offer.token if offer else "", offer.example if offer else 0


def _promise(row: Row) -> tuple[bool, int]:
    return row[0].state != "holds", -row[1].locked


def _history(row: Row) -> tuple[int, int]:
    return row[1].broken, row[1].since


_ORDERS: dict[str, Callable[[Row], tuple[bool | int | str, ...]]] = {
    "price": _price,
    "promise": _promise,
    "history": _history,
}


def providers(view: View) -> Sheet:
    """Services side by side, of every environment or of one."""
    words = view.words
    order = view.query.get("by", "price")
    if order not in _ORDERS:
        raise InputError(f"{order[:80]} is no order of providers", remedy=", ".join(_ORDERS))
    chosen = view.query.get("environment", "")
    where = {"environment": view.word(chosen, "environment")} if chosen else {}
    kept = {"environment": chosen} if chosen else {}
    links = [_order(view, name, order, kept) for name in _ORDERS]
    body: list[Child] = [
        el("p", words("providers.lead", units=f"{EXAMPLE:,}"), class_="lead"),
        el("nav", *links, class_="pager", aria_label=words("providers.order")),
        el("p", words("providers.only"), " ", environment_link(view, where["environment"])) if where else None,
        _comparison(view, services(view, **where), _ORDERS[order]),
        el(
            "p",
            view.link(words("more.channels"), "channels"),
            " · ",
            view.link(words("more.orders"), "orders"),
            " · ",
            view.link(words("more.disputes"), "disputes"),
            " · ",
            view.link(words("more.reexecutions"), "reexecutions"),
        ),
    ]
    return Sheet(words("providers.title"), body, [("keifu", "providers")])


def _order(view: View, name: str, now: str, kept: dict[str, str]) -> Markup:
    text = view.words(f"providers.by-{name}")
    return el("strong", text) if name == now else view.link(text, "providers", query={"by": name, **kept})


def services_of_environment(view: View, environment: str) -> Markup:
    """Who answers for an environment, cheapest first."""
    return _comparison(view, services(view, environment=environment), _price)


def _comparison(view: View, found: Sequence[Service], order: Callable[[Row], tuple[bool | int | str, ...]]) -> Markup:
    words = view.words
    names = ("provider", "environment", "price", "token", "state", "locked", "covered", "answered", "broken", "since")
    histories = {operator: history_of(view, operator) for operator in {service.operator for service in found}}
    rows = sorted(((service, histories[service.operator]) for service in found), key=order)
    heads = [words(f"providers.{name}") for name in names]
    return table(heads, (_row(view, *row) for row in rows), words("providers.none"))


def _row(view: View, service: Service, history: History) -> tuple[Child, ...]:
    operator, offer = service.operator, service.offer
    where = {"operator": operator}

    def counted(number: int, *names: str) -> Markup:
        return view.link(f"{number:,}", "events", COMPUTE, "+".join(names), query=where)

    return (
        _provider(view, operator),
        environment_link(view, service.environment),
        [view.amount(offer.example, offer.token), " ", view.proof(offer.announced)] if offer else "–",
        view.address(offer.token) if offer else "–",
        badge(view.words(f"service.{service.state}"), KINDS.get(service.state, "bad")),
        _locked(view, operator, history),
        counted(history.covered, "Covered"),
        counted(history.answered, "Answered"),
        counted(history.broken, "Reported", "Unanswered"),
        view.time(history.since),
    )


def provider(view: View, text: str) -> Sheet:
    words = view.words
    account = view.account(text)
    found = services(view, operator=account)
    if not found:
        raise NotFound(f"{account} has promised no answers", remedy="the list of providers has who did")
    history = history_of(view, account)
    bound = view.last(HUB, "Bound", service=view.totals.addresses[COMPUTE], operator=account)
    body: list[Child] = [
        facts(
            (words("provider.operator"), view.link(el("code", account), "operator", account)),
            (words("provider.locked"), _locked(view, account, history)),
            (
                words("provider.bound"),
                [view.amount(int(bound["args"]["amount"]), TOKEN), " ", view.proof(bound)] if bound else None,
            ),
            (words("provider.since"), view.time(history.since)),
            (words("provider.receives"), view.link(words("provider.channels"), "receiver", account)),
            (
                words("provider.orders"),
                view.link(words("provider.see-orders"), "events", ORDERS, "Placed", query={"provider": account})
                if view.has(ORDERS)
                else None,
            ),
            (
                words("provider.disputes"),
                view.link(words("provider.see-disputes"), "events", DISPUTES, "Opened", query={"operator": account})
                if view.has(DISPUTES)
                else None,
            ),
        ),
        section(words("provider.services"), _services(view, found), name="services"),
        section(words("provider.offers"), _offers(view, account), name="offers"),
        section(words("provider.covers"), cover_table(view, operator=account), name="covers"),
        section(words("provider.demands"), demand_table(view, operator=account), name="demands"),
        section(words("provider.reports"), _reports(view, account), name="reports"),
        section(words("provider.slashes"), _slashes(view, account), name="slashes"),
        section(words("provider.keys"), _keys(view, account), name="keys"),
    ]
    checks = [("keifu", "index", "check"), ("keifu", "staking", "status", "--json")]
    return Sheet(words("provider.title", short=account[:10]), body, checks)


def _provider(view: View, account: str) -> Markup:
    return view.link(el("code", f"{account[:10]}…"), "provider", account, title=account)


def environment_link(view: View, environment: str) -> Child:
    if environment == UNBOUND:
        return view.words("service.unbound")
    declared = view.last("Environments", "Declared", environment=environment)
    return view.environment(environment, declared["args"]["name"] if declared else "")


def _locked(view: View, account: str, history: History) -> Markup:
    where = {"service": view.totals.addresses[COMPUTE], "operator": account}
    return view.total(history.locked, HUB, "Locked", "Unlocked", "Slashed", **where)


def _services(view: View, found: Sequence[Service]) -> Markup:
    words = view.words
    names = ("environment", "artefact", "endpoint", "since", "last", "state", "proof")
    rows = (
        (
            environment_link(view, service.environment),
            _artefact(view, service.environment),
            el("code", service.served["args"]["endpoint"]),
            view.time(int(service.served["args"]["since"])),
            view.time(service.last),
            [
                badge(words(f"service.{service.state}"), KINDS.get(service.state, "bad")),
                [" ", view.proof(service.over)] if service.over else None,
            ],
            view.proof(service.served),
        )
        for service in found
    )
    return table([words(f"services.{name}") for name in names], rows, words("services.none"))


def _artefact(view: View, environment: str) -> Child:
    """What an environment runs now."""
    promoted = view.last("Environments", "Promoted", environment=environment)
    return [view.record(promoted["args"]["artefact"]), " ", view.proof(promoted)] if promoted else "–"


def _offers(view: View, account: str) -> Markup:
    """All prices that it asked for, with the ones that count now and later."""
    words, standing = view.words, dict[tuple[int, int], str]()
    for service in services(view, operator=account):
        for name, offer in (("now", service.offer), ("later", service.under_notice)):
            if offer is not None:
                standing[place_of(offer.announced)] = name
    names = ("environment", "token", "request", "input", "output", "credit", "interval", "from", "state", "proof")
    rows = (
        (
            environment_link(view, offer.announced["args"]["environment"]),
            view.address(offer.token),
            *(view.amount(int(offer.said[name]), offer.token) for name in _PRICES),
            duration(int(offer.said["interval"])),
            view.time(offer.counts_from),
            _standing(view, standing.get(place_of(offer.announced), "before")),
            view.proof(offer.announced),
        )
        for offer in map(Offer, view.events(COMPUTE, "OfferAnnounced", oldest=False, limit=ON_PAGE, operator=account))
    )
    return table([words(f"offers.{name}") for name in names], rows, words("offers.none"))


def _standing(view: View, name: str) -> Markup:
    return badge(view.words(f"offers.{name}"), "good" if name == "now" else "warn")


def cover_table(view: View, **where: str) -> Markup:
    """What payers of channels get, if the provider breaks its word."""
    words = view.words
    names = ("channel", "provider", "payer", "restitution", "price", "last", "key", "state", "proof")
    rows = (
        (
            channel_link(view, cover.opened["args"]["channel"]),
            _provider(view, cover.opened["args"]["operator"]),
            view.address(cover.opened["args"]["payer"]),
            coins(cover.restitution),
            coins(int(cover.opened["args"]["price"])),
            view.time(cover.last),
            view.address(cover.opened["args"]["key"]),
            [
                badge(words(f"covers.{cover.state}"), KINDS.get(cover.state, "bad")),
                [" ", view.proof(cover.over)] if cover.over else None,
            ],
            view.proof(cover.opened),
        )
        for cover in covers(view, ON_PAGE, **where)
    )
    return table([words(f"covers.{name}") for name in names], rows, words("covers.none"))


def demand_table(view: View, **where: str) -> Markup:
    """Requests whose clients say that they were paid and not answered."""
    words = view.words
    names = ("channel", "provider", "fee", "refund", "deadline", "state", "proof")
    rows = (
        (
            channel_link(view, demand.asked["args"]["channel"]),
            _provider(view, demand.asked["args"]["operator"]),
            _fee(view, demand),
            coins(int(demand.asked["args"]["refund"])),
            view.time(demand.deadline),
            [
                badge(words(f"demands.{demand.state}"), KINDS.get(demand.state, "bad")),
                [" ", view.proof(demand.over)] if demand.over else None,
            ],
            view.proof(demand.asked),
        )
        for demand in demands(view, ON_PAGE, **where)
    )
    return table([words(f"demands.{name}") for name in names], rows, words("demands.none"))


def _fee(view: View, demand: Demand) -> Markup:
    """In the token of the channel that paid."""
    paid = channel_of(view, demand.asked["args"]["channel"])
    return view.amount(int(demand.asked["args"]["fee"]), paid.token if paid else "")


def channel_link(view: View, channel: str) -> Markup:
    """Receipts may name a channel that nobody opened."""
    text = el("code", f"{channel[:10]}…")
    if view.last(CHANNELS, "ChannelCreated", channelId=channel) is None:
        return view.link(text, "search", query={"q": channel}, title=channel)
    return view.link(text, "channel", channel[2:], title=channel)


def _reports(view: View, account: str) -> Markup:
    words = view.words
    names = ("channel", "number", "environment", "restitution", "reward", "prover", "proof")
    rows = (
        (
            channel_link(view, item["args"]["channel"]),
            str(item["args"]["number"]),
            environment_link(view, item["args"]["environment"]),
            coins(int(item["args"]["restitution"])),
            coins(int(item["args"]["reward"])),
            view.address(item["args"]["prover"]),
            view.proof(item),
        )
        for item in view.events(COMPUTE, "Reported", oldest=False, limit=ON_PAGE, operator=account)
    )
    return table([words(f"reports.{name}") for name in names], rows, words("reports.none"))


def _slashes(view: View, account: str) -> Markup:
    return slash_table(view, ON_PAGE, service=view.totals.addresses[COMPUTE], operator=account)


def _keys(view: View, account: str) -> Markup:
    """Keys that sign receipts and covers, and how much of the lock each may promise."""
    words = view.words
    rows = []
    for event in view.events(COMPUTE, "KeyRegistered", operator=account, oldest=False, limit=ON_PAGE):
        key = {"operator": account, "key": event["args"]["key"]}
        cap, gone = (view.last(COMPUTE, name, **key) for name in ("CapSet", "KeyRetired"))
        rows.append(
            (
                view.address(event["args"]["key"]),
                [coins(int(cap["args"]["cap"])), " ", view.proof(cap)] if cap else "0",
                [view.time(event["block_time"]), " ", view.proof(event)],
                view.proof(gone) if gone else "–",
            )
        )
    heads = [words("keys.key"), words("covers.cap"), words("keys.since"), words("keys.until")]
    return table(heads, rows, words("keys.none"))
