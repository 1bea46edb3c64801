"""Notaries, whose word about other chains' blocks has coins behind it, and those that signed two of one number."""

from __future__ import annotations

from keifu.chain.suite import HUB, RECORD_PROOF
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, pager, section, table
from keifu.explorer.view import Event, Sheet, View
from keifu.units import coins

__all__ = ["notaries"]

ON_PAGE = 25


def notaries(view: View) -> Sheet:
    """Promises, newest first: a notary that prolonged its own stands at its newest one."""
    words = view.words
    page = view.page(RECORD_PROOF, "Bound", ON_PAGE)
    heads = [words(f"notaries.{name}") for name in ("notary", "since", "last", "locked", "place", "stands", "proof")]
    newest = {item["args"]["attestor"]: item for item in reversed(page.events)}
    rows = [_row(view, event) for event in reversed(newest.values())]
    body: list[Child] = [
        el("p", words("notaries.lead"), class_="lead"),
        table(heads, rows, words("notaries.none")),
        pager(view, page, "notaries"),
        section(words("notaries.contradictions"), _contradictions(view), name="contradictions"),
    ]
    checks = [
        ("keifu", "prov", "prove-record", "ID", "--out", "record.json", "--notary", "URL"),
        ("keifu", "prov", "verify", "record.json", "--trust", "trust.json"),
    ]
    return Sheet(words("notaries.title"), body, checks)


def _row(view: View, bound: Event) -> tuple[Child, ...]:
    said, words = bound["args"], view.words
    account = said["attestor"]
    fault = view.last(RECORD_PROOF, "Contradicted", attestor=account)
    is_over = fault is not None and fault["block_time"] >= bound["block_time"]
    terms = view.last(HUB, "TermsAnnounced", operator=account)
    place = terms["args"]["metadata"] if terms else ""
    return (
        view.link(el("code", f"{account[:10]}…"), "operator", account, title=account) if terms else el("code", account),
        view.time(int(said["since"])),
        view.time(int(said["last"])),
        coins(view.locked(operator=account, service=view.totals.addresses[RECORD_PROOF])),
        el("code", place) if place else None,
        badge(words("notaries.taken"), "bad") if is_over else badge(words("notaries.promised"), "good"),
        view.proof(bound),
    )


def _contradictions(view: View) -> Markup:
    words = view.words
    heads = [words(f"notaries.{name}") for name in ("time", "notary", "chain", "number", "blocks", "reward", "proof")]
    rows = (
        (
            view.time(event["block_time"]),
            el("code", f"{event['args']['attestor'][:10]}…"),
            str(event["args"]["chain_id"]),
            str(event["args"]["number"]),
            [el("code", event["args"]["first"][:10]), " ", el("code", event["args"]["second"][:10])],
            coins(int(event["args"]["reward"])),
            view.proof(event),
        )
        for event in view.events(RECORD_PROOF, "Contradicted", limit=ON_PAGE, oldest=False)
    )
    return table(heads, rows, words("notaries.nobody"))
