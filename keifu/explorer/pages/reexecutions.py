"""Demands that an answer of a float model is computed again: the panel, what each member said, and how it ended."""

from __future__ import annotations

from keifu.chain.suite import REEXECUTION
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.units import coins

__all__ = ["reexecution", "reexecutions"]

ON_PAGE = 25
STEPS = ("Drawn", "Committed", "Revealed", "Accused", "Restored", "Closed", "SeatSettled")
ENDS = ("closed", "acquitted", "convicted", "void")
CONVICTED = 2


def reexecutions(view: View) -> Sheet:
    words = view.words
    page = view.page(REEXECUTION, "Opened", ON_PAGE)
    names = ("demand", "promise", "receipt", "state", "time", "proof")
    rows = [
        (
            view.link(opened["args"]["demand"], "reexecution", opened["args"]["demand"]),
            opened["args"]["promise"],
            el("code", opened["args"]["receipt"][2:10]),
            _state(view, opened["args"]["demand"]),
            view.time(opened["block_time"]),
            view.proof(opened),
        )
        for opened in page.events
    ]
    body = [
        el("p", words("reexecutions.lead"), class_="lead"),
        table([words(f"reexecutions.{name}") for name in names], rows, words("reexecutions.none")),
        pager(view, page, "reexecutions"),
    ]
    return Sheet(words("reexecutions.title"), body)


def reexecution(view: View, text: str) -> Sheet:
    """By its number."""
    words = view.words
    opened = view.last(REEXECUTION, "Opened", demand=text) if text.isascii() and text.isdecimal() else None
    if opened is None:
        raise NotFound(f"nobody has opened demand {text[:80]}", remedy="one of the list of demands")
    said = opened["args"]
    offered = view.last(REEXECUTION, "Offered", promise=said["promise"])
    body: list[Child] = [
        facts(
            (words("reexecutions.operator"), view.address(offered["args"]["operator"]) if offered else None),
            (words("reexecutions.client"), view.address(offered["args"]["client"]) if offered else None),
            (words("reexecutions.promise"), said["promise"]),
            (words("reexecutions.receipt"), el("code", said["receipt"][2:])),
            (words("reexecutions.state"), _state(view, text)),
        ),
        section(words("reexecutions.steps"), _steps(view, opened), name="steps"),
    ]
    return Sheet(words("reexecutions.one", demand=text), body, [("keifu", "reexecute", "status", text)])


def _state(view: View, number: str) -> Markup:
    words = view.words
    if closed := view.last(REEXECUTION, "Closed", demand=number):
        outcome = int(closed["args"]["outcome"])
        return badge(words(f"reexecutions.{ENDS[outcome]}"), "bad" if outcome == CONVICTED else "good")
    for event, state in (("Accused", "court"), ("Drawn", "works")):
        if view.last(REEXECUTION, event, demand=number):
            return badge(words(f"reexecutions.{state}"), "warn")
    return badge(words("reexecutions.waits"), "warn")


def _steps(view: View, opened: Event) -> Markup:
    words, number = view.words, opened["args"]["demand"]
    found = [item for name in STEPS for item in view.events(REEXECUTION, name, demand=number)]
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (view.time(item["block_time"]), words(f"reexecuted.{item['event']}"), _said(view, item), view.proof(item))
        for item in sorted([opened, *found], key=place_of)
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event) -> Child:
    args, words = item["args"], view.words
    match item["event"]:
        case "Committed":
            return words("reexecutions.seat", seat=args["seat"])
        case "Revealed":
            return words("reexecutions.said", seat=args["seat"], word=words(f"reexecutions.word-{args['word']}"))
        case "Accused":
            return view.link(words("reexecutions.case", number=args["case_id"]), "case", args["case_id"])
        case "Restored":
            return words("reexecutions.paid", amount=coins(int(args["arrived"])))
        case "SeatSettled":
            return words("reexecutions.fined", seat=args["seat"], fine=coins(int(args["fine"])))
        case _:
            return "–"
