"""Grant programmes: money, proposals, milestones with their evidence, and how each member voted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from keifu.chain.suite import GRANTS, TOKEN
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.spec.kinds import Kind
from keifu.units import HOUR

__all__ = ["programme", "programmes", "proposal"]

ON_PAGE = 25
LARGEST = len(str(1 << 256))
CHECKS = [("keifu", "grants", "status"), ("keifu", "index", "check")]
_STEPS = ("Proposed", "Voted", "Recused", "Carried", "Objected", "Stopped", "Released", "ListPaid", "Lapsed",
          "ClawedBack")  # fmt: skip
_ENDS = {"Released": "good", "Lapsed": "bad", "ClawedBack": "bad"}  # of a milestone


def programmes(view: View) -> Sheet:
    words = view.words
    page = view.page(GRANTS, "ProgramOpened", ON_PAGE)
    names = ("programme", "funder", "paid-in", "proposals", "last", "proof")
    rows = (
        (
            view.link(event["args"]["program"], "programme", event["args"]["program"]),
            view.address(event["args"]["funder"]),
            _paid_in(view, event),
            str(view.totals.count(GRANTS, "Proposed", program=event["args"]["program"])),
            view.time(int(event["args"]["terms"]["last"])),
            view.proof(event),
        )
        for event in page.events
    )
    heads = [words(f"programmes.{name}") for name in names]
    return Sheet(
        words("programmes.title"),
        [table(heads, rows, words("programmes.none")), pager(view, page, "programmes")],
        CHECKS,
    )


def programme(view: View, text: str) -> Sheet:
    """One of them: terms, money, committee, and what was proposed."""
    words = view.words
    number = _number(text)
    opened = view.last(GRANTS, "ProgramOpened", program=number)
    if opened is None:
        raise NotFound(f"there is no programme {text[:80]}", remedy="a number of the list of programmes")
    said, terms = opened["args"], opened["args"]["terms"]
    back = view.totals.sum(GRANTS, "TakenBack", "amount", program=number)
    body: list[Child] = [
        facts(
            (words("programmes.funder"), [view.address(said["funder"]), " ", view.proof(opened)]),
            (words("programmes.token"), view.address(said["token"])),
            (words("programmes.paid-in"), _paid_in(view, opened)),
            (words("programmes.taken-back"), view.sum_of(back, said["token"], GRANTS, "TakenBack", program=number)),
            (words("programmes.stops"), f"{int(terms['objection_bps']) / 100:g} %"),
            (words("programmes.notice"), words("programmes.hours", count=f"{int(terms['notice']) / HOUR:g}")),
            (words("programmes.last"), view.time(int(terms["last"]))),
        ),
        section(words("programmes.committee"), _committees(view, number), name="committee"),
        section(words("programmes.proposals"), _proposals(view, number), name="proposals"),
    ]
    return Sheet(words("programme.title", number=number), body, CHECKS)


def proposal(view: View, text: str) -> Sheet:
    """What a grantee gets for what, who voted how, and what became of each milestone."""
    words = view.words
    number = _number(text)
    proposed = view.last(GRANTS, "Proposed", proposal=number)
    if proposed is None:
        raise NotFound(f"there is no proposal {text[:80]}", remedy="a number of the list of proposals")
    said = proposed["args"]
    carried = view.last(GRANTS, "Carried", proposal=number)
    body: list[Child] = [
        facts(
            (words("programmes.programme"), view.link(said["program"], "programme", said["program"])),
            (words("programmes.state"), _state(view, proposed)),
            (words("programmes.grantee"), view.address(said["grantee"])),
            (words("programmes.proposer"), [view.address(said["proposer"]), " ", view.proof(proposed)]),
            (words("programmes.statement"), _statement(said)),
            (words("programmes.notice-ends"), view.time(int(carried["args"]["objections_until"])) if carried else None),
        ),
        section(words("programmes.milestones"), _milestones(view, proposed), name="milestones"),
        section(words("programmes.votes"), _votes(view, number), name="votes"),
        section(words("programmes.steps"), _steps(view, proposed), name="steps"),
    ]
    return Sheet(words("proposal.title", number=number), body, [("keifu", "grants", "show", number), *CHECKS])


def _number(text: str) -> str:
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= LARGEST else "-1"


def _paid_in(view: View, opened: Event) -> Markup:
    said = opened["args"]
    amount = view.totals.sum(GRANTS, "Funded", "amount", program=said["program"])
    return view.sum_of(amount, said["token"], GRANTS, "Funded", program=said["program"])


def _token(view: View, program: str) -> str:
    opened = view.last(GRANTS, "ProgramOpened", program=program)
    return str(opened["args"]["token"]) if opened else ""


def _committees(view: View, number: str) -> Markup:
    words = view.words
    named = view.events(GRANTS, "CommitteeAnnounced", oldest=False, program=number)
    heads = [words(f"programmes.{name}") for name in ("version", "since", "needed", "members", "proof")]
    rows = (
        (
            str(event["args"]["version"]),
            view.time(int(event["args"]["effective_from"])),
            str(event["args"]["needed"]),
            [part for who in event["args"]["members"] for part in (view.address(who), " ")],
            view.proof(event),
        )
        for event in named
    )
    return table(heads, rows, words("programmes.none"))


def _proposals(view: View, program: str) -> Child:
    words = view.words
    page = view.page(GRANTS, "Proposed", ON_PAGE, {"program": program})
    token = _token(view, program)
    heads = [words(f"programmes.{name}") for name in ("proposal", "grantee", "amount", "state", "proof")]
    rows = (
        (
            view.link(event["args"]["proposal"], "proposal", event["args"]["proposal"]),
            view.address(event["args"]["grantee"]),
            view.amount(sum(int(item["amount"]) for item in event["args"]["milestones"]), token),
            _state(view, event),
            view.proof(event),
        )
        for event in page.events
    )
    return [table(heads, rows, words("programmes.none-proposed")), pager(view, page, "programme", program)]


def _state(view: View, proposed: Event) -> Markup:
    number, words = proposed["args"]["proposal"], view.words
    if view.last(GRANTS, "Stopped", proposal=number):
        return badge(words("proposed.stopped"), "bad")
    carried = view.last(GRANTS, "Carried", proposal=number)
    if carried is None:
        opened = view.last(GRANTS, "ProgramOpened", program=proposed["args"]["program"])
        ended = opened is not None and int(opened["args"]["terms"]["last"]) < view.now
        return badge(words("proposed.ended" if ended else "proposed.voting"), "bad" if ended else "warn")
    if view.now <= int(carried["args"]["objections_until"]):
        return badge(words("proposed.notice"), "warn")
    ends = [_end(view, number, index) for index in range(len(proposed["args"]["milestones"]))]
    return badge(words("proposed.over" if all(ends) else "proposed.payable"), "good")


def _end(view: View, proposal: str, index: int) -> Event | None:
    """What was logged last of a milestone."""
    found = [view.last(GRANTS, kind, proposal=proposal, milestone=str(index)) for kind in _ENDS]
    return max((item for item in found if item), key=place_of, default=None)


def _statement(said: Mapping[str, Any]) -> Child:
    """Where the proposal's text is, as its maker says, and its hash; a stranger's address is no link."""
    return [said["uri"] or "–", " ", el("code", said["statement"][2:10])]


def _milestones(view: View, proposed: Event) -> Markup:
    words, said = view.words, proposed["args"]
    token = _token(view, said["program"])
    names = ("milestone", "amount", "asks", "deadline", "state", "evidence", "proof")
    heads = [words(f"programmes.{name}") for name in names]
    rows = (
        _milestone(view, said["proposal"], index, item, view.amount(int(item["amount"]), token))
        for index, item in enumerate(said["milestones"])
    )
    return table(heads, rows, words("programmes.none"))


def _milestone(view: View, proposal: str, index: int, item: Mapping[str, Any], amount: Markup) -> tuple[Child, ...]:
    words, end = view.words, _end(view, proposal, index)
    shown = view.last(GRANTS, "Released", proposal=proposal, milestone=str(index))
    kind = next((one.word for one in Kind if int(one) == int(item["kind"])), "")
    asks = words("programmes.attested", needed=item["needed"], count=len(item["attesters"]))
    sound = [", ", words("programmes.sound")] if item["sound"] else None
    overdue = end is None and int(item["deadline"]) < view.now
    word = end["event"].lower() if end else "overdue" if overdue else "pending"
    colour = _ENDS[end["event"]] if end else "bad" if overdue else "warn"
    return (
        str(index),
        amount,
        [words(f"kind.{kind}") if kind else "–", ", ", asks, sound, " ", el("code", item["schema"][2:10])],
        view.time(int(item["deadline"])),
        badge(words(f"milestone.{word}"), colour),
        view.record(shown["args"]["evidence"]) if shown else "–",
        view.proof(end) if end else "–",
    )


def _votes(view: View, number: str) -> Markup:
    """What each member said last."""
    words = view.words
    last: dict[str, Event] = {}
    said = [item for kind in ("Voted", "Recused") for item in view.events(GRANTS, kind, proposal=number)]
    for item in sorted(said, key=place_of):
        last[item["args"]["member"]] = item
    heads = [words(f"programmes.{name}") for name in ("member", "vote", "time", "proof")]
    rows = (
        (view.address(member), _vote(view, item), view.time(item["block_time"]), view.proof(item))
        for member, item in last.items()
    )
    return table(heads, rows, words("programmes.no-votes"))


def _vote(view: View, item: Event) -> Child:
    words = view.words
    if item["event"] == "Recused":
        return [badge(words("voted.interest"), "warn"), " ", item["args"]["reason"]]
    return badge(words("voted.for"), "good") if item["args"]["approves"] else badge(words("voted.back"), "warn")


def _steps(view: View, proposed: Event) -> Markup:
    words, number = view.words, proposed["args"]["proposal"]
    token = _token(view, proposed["args"]["program"])
    steps = [item for event in _STEPS for item in view.events(GRANTS, event, proposal=number)]
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (
            view.time(item["block_time"]),
            words(f"granted.{item['event']}"),
            list(_said(view, item, token)) or "–",
            view.proof(item),
        )
        for item in sorted(steps, key=place_of)
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event, token: str) -> Iterator[Child]:
    """Which amount, of which milestone, of whom."""
    args = item["args"]
    for name in ("amount", "reserved", "weight"):
        if name in args:
            yield view.amount(int(args[name]), view.totals.addresses[TOKEN] if name == "weight" else token)
            yield " "
    if "milestone" in args:
        yield view.words("programmes.of-milestone", index=args["milestone"])
    who = args.get("member") or args.get("owner") or args.get("account")
    if who:
        yield view.address(who)
