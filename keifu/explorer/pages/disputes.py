"""Disputes about answers of token models: whose turn it is and until when, step by step, and how they ended."""

from __future__ import annotations

from keifu.chain.suite import DISPUTES, GAME
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.units import coins

__all__ = ["dispute", "disputes"]

ON_PAGE = 25
ENDS = ("Convicted", "Acquitted")
MOVES = ("Asked", "Narrowed", "Moved")
STEPS = ("GroupNamed", *MOVES)
CHALLENGER, PROVED = (2, 4), 8  # stages at which the challenger goes on, and when the wrong number is shown


def disputes(view: View) -> Sheet:
    words = view.words
    page = view.page(DISPUTES, "Opened", ON_PAGE)
    names = ("receipt", "operator", "challenger", "channel", "state", "until", "proof")
    rows = []
    for opened in page.events:
        said, over = opened["args"], _end(view, opened)
        moved = _moves(view, opened, over)
        rows.append(
            (
                view.link(el("code", said["receipt"][2:10]), "dispute", said["receipt"][2:]),
                view.address(said["operator"]),
                view.address(said["challenger"]),
                view.link(el("code", said["channel"][2:10]), "channel", said["channel"][2:]),
                _state(view, moved, over),
                None if over or not moved else view.time(int(moved[-1]["args"]["deadline"])),
                view.proof(opened),
            )
        )
    body = [
        el("p", words("disputes.lead"), class_="lead"),
        table([words(f"disputes.{name}") for name in names], rows, words("disputes.none")),
        pager(view, page, "disputes"),
    ]
    return Sheet(words("disputes.title"), body, [("keifu", "dispute", "list")])


def dispute(view: View, text: str) -> Sheet:
    """By the struct hash of its receipt; the newest one about it."""
    words = view.words
    receipt = view.word(text, "receipt")
    opened = view.last(DISPUTES, "Opened", receipt=receipt)
    if opened is None:
        raise NotFound(f"nobody has disputed receipt {text[:80]}", remedy="one of the list of disputes")
    said, over = opened["args"], _end(view, opened)
    moved = _moves(view, opened, over)
    body: list[Child] = [
        facts(
            (words("disputes.operator"), view.address(said["operator"])),
            (words("disputes.challenger"), view.address(said["challenger"])),
            (words("disputes.channel"), view.link(el("code", said["channel"][2:]), "channel", said["channel"][2:])),
            (words("disputes.state"), [_state(view, moved, over), *_amounts(view, over)]),
            (words("disputes.until"), None if over or not moved else view.time(int(moved[-1]["args"]["deadline"]))),
        ),
        section(words("disputes.steps"), _steps(view, opened, over), name="steps"),
    ]
    channel, operator = said["channel"][2:], said["operator"]
    command = ("keifu", "dispute", "list", "--operator", operator, "--channel", channel)
    return Sheet(words("dispute.title", receipt=receipt[2:10]), body, [command])


def _end(view: View, opened: Event) -> Event | None:
    """What ended it: of a channel and operator one is open at a time."""
    where = {"channel": opened["args"]["channel"], "operator": opened["args"]["operator"]}
    after = [
        item
        for name in ENDS
        for item in view.events(DISPUTES, name, **where)
        if place_of(item) > place_of(opened)
    ]  # fmt: skip
    return min(after, key=place_of, default=None)


def _within(view: View, name: str, opened: Event, over: Event | None) -> list[Event]:
    """The game's events from a dispute's first block to its end, oldest first."""
    book = view.totals.addresses[DISPUTES]
    found = view.events(GAME, name, book=book, dispute=opened["args"]["dispute"])
    last = place_of(over) if over else None
    first = opened["block_number"]
    return [item for item in found if item["block_number"] >= first and (last is None or place_of(item) < last)]


def _moves(view: View, opened: Event, over: Event | None) -> list[Event]:
    """What says whose turn it is, oldest first."""
    found = [item for name in MOVES for item in _within(view, name, opened, over)]
    return sorted(found, key=place_of)


def _state(view: View, moved: list[Event], over: Event | None) -> Markup:
    words = view.words
    if over is not None:
        is_convicted = over["event"] == ENDS[0]
        return badge(words("disputes.convicted" if is_convicted else "disputes.acquitted"), "bad")
    stage = int(moved[-1]["args"]["stage"]) if moved else 0
    if stage == PROVED:
        return badge(words("disputes.proved"), "bad")
    if stage and int(moved[-1]["args"]["deadline"]) < view.now:
        return badge(words("disputes.late"), "bad")
    return badge(words("disputes.asks" if stage in CHALLENGER else "disputes.answers"), "warn")


def _amounts(view: View, over: Event | None) -> list[Child]:
    if over is None or over["event"] != ENDS[0]:
        return []
    paid, reward = (coins(int(over["args"][name])) for name in ("restitution", "reward"))
    return [" ", view.words("disputes.paid", restitution=paid, reward=reward), " ", view.proof(over)]


def _steps(view: View, opened: Event, over: Event | None) -> Markup:
    words = view.words
    found = [item for name in STEPS for item in _within(view, name, opened, over)]
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    every = sorted([opened, *found, *([over] if over else [])], key=place_of)
    rows = (
        (view.time(item["block_time"]), words(f"disputed.{item['event']}"), _said(view, item), view.proof(item))
        for item in every
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event) -> Child:
    args, words = item["args"], view.words
    match item["event"]:
        case "Moved":
            return words(f"stages.{args['stage']}")
        case "GroupNamed":
            return words("disputes.group", group=args["group"])
        case "Asked":
            return words("disputes.tensor", slot=args["slot"], part=args["part"])
        case "Narrowed":
            return words("disputes.block", block=args["block"])
        case _:
            return "–"
