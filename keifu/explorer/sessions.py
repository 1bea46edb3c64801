"""Sessions of an agent's account: what each key may do, until when and how much of that it has used; and its calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts.session import APPROVABLE, PAYMENT
from keifu.chain.suite import ACCOUNT
from keifu.chain.timelock import function_name
from keifu.explorer.markup import Child, el
from keifu.explorer.parts import badge, table
from keifu.explorer.view import Event, View, place_of
from keifu.index.sessions import Session, sessions_of
from keifu.units import coins, duration

__all__ = ["calls", "sessions"]

LISTED = 25  # of each, newest first


def sessions(view: View, account: str, moved: Event) -> list[Child]:
    """`moved` is the token's last change of owner, which ends whatever was granted before."""
    words = view.words
    found = sessions_of(view.store, account, LISTED)
    states = [(session, *_state(view, session, moved)) for session in found]
    alive = [session for session, name, _ in states if name in ("live", "not-begun", "used-up")]
    limited = [(item.key, limit["token"]) for item in alive for limit in item.granted["args"]["limits"]]
    spent = view.spent(account, limited)
    rows = (
        (
            view.address(session.key),
            badge(words(f"session.{name}"), kind),
            _times(view, session),
            f"{session.used:,} / {int(session.granted['args']['uses']):,}",
            _limits(view, session, spent if session in alive else {}),
            _allowed(view, session.granted["args"]["targets"]),
            view.proof(dict(session.granted)),
        )
        for session, name, kind in states
    )
    heads = [words(f"session.{name}") for name in ("key", "state", "times", "used", "limits", "allowed", "proof")]
    return [el("p", words("session.lead"), class_="note"), table(heads, rows, words("session.none"))]


def calls(view: View, account: str) -> list[Child]:
    """Within sessions, and batches of the owner's that somebody brought: what the account logs."""
    words = view.words
    used = view.events(ACCOUNT, "SessionUsed", limit=LISTED, oldest=False, address=account)
    brought = view.events(ACCOUNT, "IntentExecuted", limit=LISTED, oldest=False, address=account)
    newest = sorted([*used, *brought], key=place_of, reverse=True)[:LISTED]
    rows = ((view.time(event["block_time"]), *_call(view, event), view.proof(event)) for event in newest)
    heads = [words(f"session.{name}") for name in ("time", "by", "to", "call", "proof")]
    return [el("p", words("session.calls-lead"), class_="note"), table(heads, rows, words("session.no-calls"))]


def _state(view: View, session: Session, moved: Event) -> tuple[str, str]:
    """Its word and colour, by the time of the block."""
    said = session.granted["args"]
    if session.revoked:
        return "revoked", "bad"
    if place_of(moved) > place_of(dict(session.granted)):
        return "sold", "bad"
    if session.replaced:
        return "replaced", "warn"
    if view.now >= int(said["valid_until"]):
        return "over", "warn"
    if session.left <= 0:
        return "used-up", "warn"
    return ("not-begun", "warn") if view.now < int(said["valid_after"]) else ("live", "good")


def _times(view: View, session: Session) -> list[Child]:
    said = session.granted["args"]
    after, until = int(said["valid_after"]), int(said["valid_until"])
    return [view.time(after) if after else view.time(session.granted["block_time"]), " – ", view.time(until)]


def _limits(view: View, session: Session, spent: Mapping[tuple[str, str], int]) -> Child:
    """Of each token what it may lose in a period, and what of that is gone where it is known."""
    said = session.granted["args"]
    period = duration(int(said["period"]))
    lines: list[Child] = []
    for limit in said["limits"]:
        token, amount = limit["token"], int(limit["amount"])
        gone = spent.get((session.key, token))
        part = [_amount(view, gone, token), " / "] if gone is not None else []
        lines.append(el("li", *part, _amount(view, amount, token), " ", view.words("session.a-period", period=period)))
    return el("ul", *lines) if lines else view.words("session.no-limits")


def _amount(view: View, amount: int, token: str) -> list[Child]:
    if token == ZERO_ADDRESS:
        return [el("data", coins(amount), value=str(amount)), " ", view.words("session.coin")]
    return [view.amount(amount, token), " ", view.address(token)]


def _allowed(view: View, targets: Sequence[Mapping[str, str]]) -> Child:
    return el("ul", *(el("li", *line) for line in _lines(view, targets)))


def _lines(view: View, targets: Sequence[Mapping[str, str]]) -> Iterator[list[Child]]:
    for target in targets:
        yield [view.address(target["target"]), " ", _function(view, target["target"], target["selector"])]


def _function(view: View, target: str, selector: str) -> Child:
    """By its name where the contract is one of the suite's: of others the four bytes may be anybody's."""
    given = bytes.fromhex(selector.removeprefix("0x"))
    if given == PAYMENT:
        return view.words("session.payment")
    if given == APPROVABLE:
        return view.words("session.approvable")
    return el("code", function_name(view.contract_at(target), given) or selector)


def _call(view: View, event: Event) -> tuple[Child, Child, Child]:
    said = event["args"]
    if event["event"] == "IntentExecuted":
        return view.address(said["owner"]), "–", view.words("session.batch", count=int(said["calls"]))
    value = int(said["value"])
    paid: list[Child] = [" ", *_amount(view, value, ZERO_ADDRESS)] if value else []
    return view.address(said["key"]), view.address(said["to"]), [_function(view, said["to"], said["selector"]), *paid]
