"""Operators with what they have at stake and promised, and every slash with its evidence."""

from __future__ import annotations

from typing import Any

from keifu.chain.suite import COMPUTE, COURT, HEARTBEATS, HUB, RECORD_PROOF
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.heartbeats import check_of, heartbeats
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of
from keifu.units import coins

__all__ = ["operator", "operators", "slash_table", "slashes"]

ON_PAGE = 25
SAMPLES = "SampleService"
# What in the same transaction says why the hub was called.
_REASONS = (
    (HEARTBEATS, "Reported"),
    (COMPUTE, "Reported"),
    (COMPUTE, "Unanswered"),
    (COURT, "JurorPenalised"),
    (SAMPLES, "Paid"),
    ("DataVerifier", "WrongKeyProved"),
    (RECORD_PROOF, "Contradicted"),
)


def operators(view: View) -> Sheet:
    """Announcements of terms, newest first: an operator that announced again stands at its newest ones."""
    words = view.words
    page = view.page(HUB, "TermsAnnounced", ON_PAGE)
    heads = [words(f"operators.{name}") for name in ("operator", "commission", "locked", "staked", "slashed", "proof")]
    rows = [_row(view, event) for event in {item["args"]["operator"]: item for item in reversed(page.events)}.values()]
    body = [
        table(heads, reversed(rows), words("operators.none")),
        pager(view, page, "operators"),
        el("p", view.link(words("operators.see-notaries"), "notaries")) if view.has(RECORD_PROOF) else None,
    ]
    return Sheet(words("operators.title"), body, [("keifu", "staking", "status")])


def operator(view: View, text: str) -> Sheet:
    words = view.words
    account = view.account(text)
    terms = view.last(HUB, "TermsAnnounced", operator=account)
    if terms is None:
        raise NotFound(f"{account} has announced no terms", remedy="is it an operator of this hub?")
    said = terms["args"]
    body: list[Child] = [
        facts(
            (words("operator.address"), view.link(el("code", account), "address", account)),
            (words("operator.metadata"), el("code", said["metadata"]) if said["metadata"] else None),
            (words("operator.commission"), _percent(said["commission_bps"])),
            (words("operator.terms"), [view.time(terms["block_time"]), " ", view.proof(terms)]),
            (words("operator.staked"), _staked(view, account)),
            (words("operator.slashed"), _slashed(view, account)),
            (words("operator.answers"), _answers(view, account)),
        ),
        section(words("operator.locks"), _locks(view, account), name="locks"),
        section(words("operator.bindings"), _bindings(view, account), name="promises"),
        heartbeats(view, operator=account),
        section(words("operator.promises"), _promises(view, account)) if view.has(SAMPLES) else None,
        section(words("operator.keys"), _keys(view, account), name="keys"),
        section(words("operator.faults"), slash_table(view, ON_PAGE, operator=account), name="faults"),
    ]
    checks = [("keifu", "staking", "status", "--json"), *map(check_of, view.beats.of(operator=account)[:ON_PAGE])]
    return Sheet(words("operator.title", short=account[:10]), body, checks)


def slashes(view: View) -> Sheet:
    page = view.page(HUB, "Slashed", ON_PAGE)
    checks = [("keifu", "index", "check"), ("keifu", "staking", "status")]
    return Sheet(view.words("slashes.title"), [_slash_rows(view, page.events), pager(view, page, "slashes")], checks)


def slash_table(view: View, limit: int, **where: str) -> Markup:
    """The newest slashes, with what they were for."""
    return _slash_rows(view, view.events(HUB, "Slashed", limit=limit, oldest=False, **where))


def _slash_rows(view: View, events: list[Event]) -> Markup:
    words = view.words
    heads = [words(f"slashes.{name}") for name in ("time", "operator", "service", "taken", "delegated", "why", "proof")]
    rows = (
        (
            view.time(event["block_time"]),
            view.link(el("code", event["args"]["operator"][:10]), "operator", event["args"]["operator"]),
            view.address(event["args"]["service"]),
            coins(int(event["args"]["damages"]) + int(event["args"]["penalty"])),
            coins(int(event["args"]["delegated"])),
            _why(view, event),
            view.proof(event),
        )
        for event in events
    )
    return table(heads, rows, words("slashes.none"))


def _why(view: View, slash: Event) -> Child:
    """The evidence: what else the same transaction logged."""
    words = view.words
    logged = {(item["contract"], item["event"]): item for item in view.transaction(slash["transaction_hash"])}
    for kind in _REASONS:
        if kind in logged:
            return _reason(view, *kind, logged[kind])
    return view.link(words("slashes.same-transaction"), "tx", slash["transaction_hash"])


def _reason(view: View, contract: str, event: str, found: Event) -> Child:
    args, words = found["args"], view.words
    if contract == COMPUTE:
        name = "slashes.receipt" if event == "Reported" else "slashes.unanswered"
        return view.link(words(name), "tx", found["transaction_hash"])
    if event == "Reported":
        said = words("slashes.false-heartbeat", seq=args["promotion_seq"])
        return [said, " ", view.environment(args["environment"]), " ", el("code", args["digest"][2:10])]
    if event == "Contradicted":
        return view.link(words("slashes.two-headers", number=args["number"], chain=args["chain_id"]), "notaries")
    if event == "JurorPenalised":
        return view.link(words("slashes.juror", case=args["case_id"]), "case", args["case_id"])
    return view.link(words("slashes.same-transaction"), "tx", found["transaction_hash"])


def _row(view: View, terms: Event) -> tuple[Child, ...]:
    account = terms["args"]["operator"]
    locked = view.locked(operator=account)
    return (
        view.link(el("code", f"{account[:10]}…"), "operator", account, title=account),
        _percent(terms["args"]["commission_bps"]),
        el("a", el("data", coins(locked), value=str(locked)), href=f"{view.path('operator', account)}#locks"),
        _staked(view, account),
        _slashed(view, account),
        view.proof(terms),
    )


def _answers(view: View, account: str) -> Child:
    served = view.last(COMPUTE, "Served", operator=account)
    return view.link(view.words("operator.see-answers"), "provider", account) if served else None


def _staked(view: View, account: str) -> Markup:
    came, went = (view.totals.sum(HUB, name, "amount", operator=account) for name in ("Staked", "Unstaked"))
    taken = view.totals.sum(HUB, "Slashed", "delegated", operator=account)
    return view.total(max(came - went - taken, 0), HUB, "Staked", "Unstaked", "Slashed", operator=account)


def _slashed(view: View, account: str) -> Markup:
    parts = ("damages", "penalty", "delegated")
    taken = sum(view.totals.sum(HUB, "Slashed", part, operator=account) for part in parts)
    return view.total(taken, HUB, "Slashed", operator=account)


def _locks(view: View, account: str) -> Child:
    words = view.words
    heads = [words("locks.service"), words("locks.amount")]
    services = {event["args"]["service"] for event in view.events(HUB, "ServiceListed")}
    amounts = {service: view.locked(service=service, operator=account) for service in sorted(services)}
    rows = (
        (
            view.address(service),
            view.total(amount, HUB, "Locked", "Unlocked", "Slashed", service=service, operator=account),
        )
        for service, amount in amounts.items()
        if amount
    )
    return table(heads, rows, words("locks.none"))


def _bindings(view: View, account: str) -> Child:
    """Environments whose promotions it has promised to serve, until when, and false heartbeats that were shown."""
    words = view.words
    heads = [words(f"bindings.{name}") for name in ("environment", "since", "until", "state", "proof")]
    rows = []
    for event in view.events(HEARTBEATS, "Bound", operator=account, oldest=False):
        args = event["args"]
        rows.append(
            (
                view.environment(args["environment"]),
                view.time(int(args["since"])),
                view.time(int(args["last"])),
                _standing(view, event),
                view.proof(event),
            )
        )
    return table(heads, rows, words("bindings.none"))


def _standing(view: View, bound: Event) -> Child:
    """A binding goes until its first slash, its end, or until it is settled."""
    where = {"operator": bound["args"]["operator"], "environment": bound["args"]["environment"]}
    for event, kind in (("Reported", "bad"), ("Ended", "warn"), ("Settled", "warn")):
        found = view.last(HEARTBEATS, event, **where)
        if found is not None and place_of(found) > place_of(bound):
            return [badge(view.words(f"bindings.{event.lower()}"), kind), " ", view.proof(found)]
    over = int(bound["args"]["last"]) < view.now
    return badge(view.words("bindings.over" if over else "bindings.holds"), "warn" if over else "good")


def _promises(view: View, account: str) -> Child:
    words = view.words
    heads = [words(f"promises.{name}") for name in ("number", "client", "restitution", "last", "proof")]
    rows = (
        (
            str(event["args"]["promise"]),
            view.address(event["args"]["client"]),
            coins(int(event["args"]["restitution"])),
            view.time(int(event["args"]["last"])),
            view.proof(event),
        )
        for event in view.events(SAMPLES, "Offered", operator=account, oldest=False)
    )
    return table(heads, rows, words("promises.none"))


def _keys(view: View, account: str) -> Child:
    words = view.words
    gone: dict[str, Any] = {
        item["args"]["key"]: item for item in view.events(HEARTBEATS, "KeyRetired", operator=account)
    }
    heads = [words(f"keys.{name}") for name in ("key", "since", "until")]
    rows = (
        (
            view.address(event["args"]["key"]),
            [view.time(event["block_time"]), " ", view.proof(event)],
            view.proof(gone[event["args"]["key"]]) if event["args"]["key"] in gone else "–",
        )
        for event in view.events(HEARTBEATS, "KeyRegistered", operator=account)
    )
    return table(heads, rows, words("keys.none"))


def _percent(points: str | int) -> str:
    return f"{int(points) / 100:g} %"
