"""Cases of the court: who is accused of what, and every step until it was decided."""

from __future__ import annotations

from keifu.chain.suite import COURT
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View
from keifu.units import coins

__all__ = ["case", "cases"]

ON_PAGE = 25
VERDICTS = {1: ("not-guilty", "good"), 2: ("guilty", "bad"), 3: ("void", "warn")}
_STEPS = (
    "Answered", "Advanced", "VoteCommitted", "VoteRevealed", "RehearingCalled", "Decided", "JurorPaid",
    "JurorPenalised",
)  # fmt: skip
LONGEST_EVIDENCE = 512  # characters that are shown at once


def cases(view: View) -> Sheet:
    words = view.words
    page = view.page(COURT, "CaseOpened", ON_PAGE)
    heads = [words(f"cases.{name}") for name in ("case", "service", "operator", "amount", "opened", "state", "proof")]
    rows = (
        (
            view.link(event["args"]["case_id"], "case", event["args"]["case_id"]),
            view.address(event["args"]["service"]),
            view.link(el("code", event["args"]["operator"][:10]), "operator", event["args"]["operator"]),
            coins(int(event["args"]["amount"])),
            view.time(event["block_time"]),
            _state(view, event["args"]["case_id"]),
            view.proof(event),
        )
        for event in page.events
    )
    body = [table(heads, rows, words("cases.none")), pager(view, page, "cases")]
    return Sheet(words("cases.title"), body, [("keifu", "court", "status")])


def case(view: View, text: str) -> Sheet:
    words = view.words
    number = str(int(text)) if text.isascii() and text.isdigit() and len(text) < len(str(1 << 256)) else ""
    opened = view.last(COURT, "CaseOpened", case_id=number) if number else None
    if opened is None:
        raise NotFound(f"there is no case {text[:80]}", remedy="a number of the list of cases")
    said = opened["args"]
    body: list[Child] = [
        facts(
            (words("cases.operator"), view.link(el("code", said["operator"]), "operator", said["operator"])),
            (words("cases.accuser"), view.address(said["accuser"])),
            (words("cases.service"), view.address(said["service"])),
            (words("cases.amount"), coins(int(said["amount"]))),
            (words("cases.bond"), coins(int(said["bond"]))),
            (words("cases.opened"), [view.time(opened["block_time"]), " ", view.proof(opened)]),
            (words("cases.fault"), el("code", said["fault"][2:])),
            (words("cases.state"), _state(view, number)),
        ),
        section(words("cases.evidence"), _evidence(view, said["evidence"])),
        section(words("cases.steps"), _steps(view, number), name="steps"),
    ]
    return Sheet(words("case.title", number=number), body, [("keifu", "court", "case", number)])


def _state(view: View, number: str) -> Markup:
    decided = view.last(COURT, "Decided", case_id=number)
    if decided is None:
        return badge(view.words("cases.open"), "warn")
    word, kind = VERDICTS.get(int(decided["args"]["verdict"]), ("void", "warn"))
    return badge(view.words(f"cases.{word}"), kind)


def _evidence(view: View, evidence: str) -> Child:
    if evidence == "0x":
        return el("p", view.words("cases.no-evidence"), class_="empty")
    more = "…" if len(evidence) > LONGEST_EVIDENCE else ""
    return el("pre", el("code", evidence[:LONGEST_EVIDENCE], more), tabindex="0")


def _steps(view: View, number: str) -> Child:
    words = view.words
    steps = [item for event in _STEPS for item in view.events(COURT, event, case_id=number)]
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (view.time(item["block_time"]), words(f"step.{item['event']}"), _said(view, item), view.proof(item))
        for item in sorted(steps, key=lambda item: (item["block_number"], item["log_index"]))
    )
    return table(heads, rows, words("steps.none"))


def _said(view: View, item: Event) -> Child:
    args = item["args"]
    who = next((args[name] for name in ("juror", "party", "caller") if name in args), None)
    parts: list[Child] = [view.address(who)] if who else []
    if "guilty" in args:
        parts += [" ", view.words("cases.guilty" if args["guilty"] else "cases.not-guilty")]
    if (amount := args.get("amount") or args.get("taken")) is not None:
        parts += [" ", coins(int(amount))]
    return parts or "–"
