"""Grants: how the token event vests and what was paid of it, and grants with a schedule of their own."""

from __future__ import annotations

from keifu.chain.suite import DISTRIBUTOR, TOKEN
from keifu.explorer.curve import Curve, drawn
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View
from keifu.spec.vesting import Schedule
from keifu.units import coins

__all__ = ["escrow", "grant", "grants"]

ON_PAGE = 25
ESCROW = "VestingEscrow"
LARGEST = len(str(1 << 256))


def grants(view: View) -> Sheet:
    """The token event as a curve, its newest claims, and the newest grants of the escrow."""
    words = view.words
    body: list[Child] = [
        section(words("grants.event"), _event_curve(view), name="event"),
        section(words("grants.claims"), _claims(view), name="claims"),
    ]
    if view.has(ESCROW):
        body.append(section(words("grants.own"), _escrows(view), name="own"))
    return Sheet(words("grants.title"), body, [("keifu", "tge", "status"), ("keifu", "index", "check")])


def grant(view: View, text: str) -> Sheet:
    """One grant of the event: what was paid, claim by claim."""
    words = view.words
    number = _number(text)
    claims = view.events(DISTRIBUTOR, "Claimed", index=number)
    if not claims:
        raise NotFound(f"nothing was claimed of grant {text[:80]}", remedy="the list that was published has its sum")
    paid = sum(int(item["args"]["amount"]) for item in claims)
    body: list[Child] = [
        facts(
            (words("grants.account"), view.address(claims[-1]["args"]["account"])),
            (words("grants.paid"), view.total(paid, DISTRIBUTOR, "Claimed", index=number)),
        ),
        section(words("grants.curve"), drawn(view, Curve(_paid(claims), ()))),
        _claim_table(view, claims),
    ]
    checks = [("keifu", "tge", "status"), ("keifu", "index", "check")]
    return Sheet(words("grant.title", number=number), body, checks)


def escrow(view: View, text: str) -> Sheet:
    words = view.words
    number = _number(text)
    created = view.last(ESCROW, "Created", id=number)
    if created is None:
        raise NotFound(f"there is no grant {text[:80]}", remedy="a number of the list of grants")
    said, claims = created["args"], view.events(ESCROW, "Claimed", id=number)
    revoked = view.last(ESCROW, "Revoked", id=number)
    paid = sum(int(item["args"]["amount"]) for item in claims)
    body: list[Child] = [
        facts(
            (words("grants.account"), view.address(_beneficiary(view, created))),
            (words("grants.total"), [coins(int(said["total"])), " ", view.proof(created)]),
            (words("grants.paid"), view.total(paid, ESCROW, "Claimed", id=number)),
            (words("grants.revoked"), [badge(words("word.yes"), "bad"), " ", view.proof(revoked)] if revoked else None),
        ),
        section(words("grants.curve"), drawn(view, Curve(_paid(claims), (), int(said["total"])))),
        _claim_table(view, claims),
    ]
    return Sheet(words("escrow.title", number=number), body, [("keifu", "index", "check")])


def _number(text: str) -> str:
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= LARGEST else "-1"


def _beneficiary(view: View, created: Event) -> str:
    moved = view.last(ESCROW, "BeneficiaryTransferred", id=created["args"]["id"])
    return str(moved["args"]["successor"] if moved else created["args"]["beneficiary"])


def _event_curve(view: View) -> Child:
    """What is vested of the allocation by the schedule, and what was paid. The schedule stands in the contract's own
    arguments, which the deployment record keeps."""
    words = view.words
    schedule = view.schedule
    distributor = next((place for place, name in view.store.suite.contracts.items() if name == DISTRIBUTOR), "")
    if not distributor:
        return el("p", words("grants.none"), class_="empty")
    paid_in = view.totals.sum(TOKEN, "Transfer", "value", to=distributor)
    claims = view.totals.running_sum(DISTRIBUTOR, "Claimed", "amount")
    paid = claims[-1][1] if claims else 0
    sums = facts(
        (words("grants.allocation"), view.total(paid_in, TOKEN, "Transfer", to=distributor)),
        (words("grants.paid"), view.total(paid, DISTRIBUTOR, "Claimed")),
        (words("grants.start"), view.time(schedule.start) if schedule else None),
        (words("grants.end"), view.time(schedule.end) if schedule else None),
    )
    return [sums, drawn(view, Curve(claims, _vested(schedule, paid_in) if schedule else (), paid_in))]


def _vested(schedule: Schedule, total: int) -> list[tuple[int, int]]:
    return [(at, schedule.vested(total, at)) for at in schedule.times()]


def _paid(claims: list[Event]) -> list[tuple[int, int]]:
    so_far, found = 0, []
    for item in claims:
        so_far += int(item["args"]["amount"])
        found.append((item["block_time"], so_far))
    return found


def _claims(view: View) -> Child:
    page = view.page(DISTRIBUTOR, "Claimed", ON_PAGE)
    words = view.words
    heads = [words(f"grants.{name}") for name in ("grant", "account", "amount", "time", "proof")]
    rows = (
        (
            view.link(event["args"]["index"], "grant", event["args"]["index"]),
            view.address(event["args"]["account"]),
            coins(int(event["args"]["amount"])),
            view.time(event["block_time"]),
            view.proof(event),
        )
        for event in page.events
    )
    return [table(heads, rows, words("grants.no-claims")), pager(view, page, "grants")]


def _claim_table(view: View, claims: list[Event]) -> Markup:
    words = view.words
    heads = [words(f"grants.{name}") for name in ("time", "amount", "proof")]
    rows = ((view.time(item["block_time"]), coins(int(item["args"]["amount"])), view.proof(item)) for item in claims)
    return table(heads, rows, words("grants.no-claims"))


def _escrows(view: View) -> Markup:
    words = view.words
    heads = [words(f"grants.{name}") for name in ("grant", "account", "total", "paid", "proof")]
    rows = (
        (
            view.link(event["args"]["id"], "escrow", event["args"]["id"]),
            view.address(_beneficiary(view, event)),
            coins(int(event["args"]["total"])),
            view.total(
                view.totals.sum(ESCROW, "Claimed", "amount", id=event["args"]["id"]),
                ESCROW,
                "Claimed",
                id=event["args"]["id"],
            ),
            view.proof(event),
        )
        for event in view.events(ESCROW, "Created", oldest=False, limit=ON_PAGE)
    )
    return table(heads, rows, words("grants.none"))
