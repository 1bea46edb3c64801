"""Orders: batches of requests whose fee waits in escrow, step by step."""

from __future__ import annotations

from keifu.chain.suite import ORDERS
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.providers import environment_link
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.units import coins

__all__ = ["order", "orders"]

ON_PAGE = 25
LARGEST = len(str(1 << 256))
_STEPS = ("Placed", "Accepted", "Submitted", "Demanded", "Answered", "Completed", "Refunded")
# How far an order is, furthest first.
_STATES = (("Completed", "good"), ("Refunded", "bad"), ("Submitted", "warn"), ("Accepted", "warn"), ("Placed", "warn"))


def orders(view: View) -> Sheet:
    words = view.words
    page = view.page(ORDERS, "Placed", ON_PAGE)
    names = ("order", "client", "provider", "environment", "count", "fee", "deadline", "state", "proof")
    rows = (
        (
            view.link(event["args"]["order"], "order", event["args"]["order"]),
            view.address(event["args"]["client"]),
            view.address(event["args"]["provider"]),
            environment_link(view, event["args"]["environment"]),
            f"{int(event['args']['count']):,}",
            coins(int(event["args"]["fee"])),
            view.time(int(event["args"]["deadline"])),
            _state(view, event["args"]["order"]),
            view.proof(event),
        )
        for event in page.events
    )
    body = [
        el("p", words("orders.lead"), class_="lead"),
        table([words(f"orders.{name}") for name in names], rows, words("orders.none")),
        pager(view, page, "orders"),
    ]
    return Sheet(words("orders.title"), body, [("keifu", "compute", "order", "list")])


def order(view: View, text: str) -> Sheet:
    words = view.words
    number = str(int(text)) if text.isascii() and text.isdigit() and len(text) < LARGEST else ""
    placed = view.last(ORDERS, "Placed", order=number) if number else None
    if placed is None:
        raise NotFound(f"there is no order {text[:80]}", remedy="a number of the list of orders")
    said = placed["args"]
    body: list[Child] = [
        facts(
            (words("orders.client"), view.address(said["client"])),
            (words("orders.provider"), view.address(said["provider"])),
            (words("orders.environment"), environment_link(view, said["environment"])),
            (words("orders.count"), f"{int(said['count']):,}"),
            (words("orders.fee"), [coins(int(said["fee"])), " ", view.proof(placed)]),
            (words("orders.deadline"), view.time(int(said["deadline"]))),
            (words("orders.requests"), el("code", said["requests"][2:])),
            (words("orders.state"), _state(view, number)),
        ),
        section(words("orders.steps"), _steps(view, number), name="steps"),
    ]
    return Sheet(words("order.title", number=number), body, [("keifu", "compute", "order", "show", number)])


def _state(view: View, number: str) -> Markup:
    name, kind = next(found for found in _STATES if view.last(ORDERS, found[0], order=number) is not None)
    return badge(view.words(f"orders.{name.lower()}"), kind)


def _steps(view: View, number: str) -> Markup:
    words = view.words
    steps = [item for event in _STEPS for item in view.events(ORDERS, event, order=number)]
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (view.time(item["block_time"]), words(f"ordered.{item['event']}"), _said(view, item), view.proof(item))
        for item in sorted(steps, key=place_of)
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event) -> Child:
    args = item["args"]
    if "amount" in args:
        return coins(int(args["amount"]))
    if "results" in args:
        return [el("code", args["results"][2:10]), " ", view.words("orders.until"), " ", view.time(int(args["until"]))]
    return view.words("orders.request", index=args["index"]) if "index" in args else "–"
