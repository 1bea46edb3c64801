"""The suite as it is deployed: where its contracts are, on which terms services are listed, who holds the timelock,
what waits there, and what was chosen for ever."""

from __future__ import annotations

from collections.abc import Iterator

from keifu.chain.roles import ADMIN, NAMES
from keifu.chain.suite import HUB, TIMELOCK
from keifu.chain.timelock import call_in_words
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, section, table
from keifu.explorer.view import Event, Sheet, View, place_of
from keifu.units import duration

__all__ = ["suite"]

MOST = 500  # roles given, services listed and operations queued that are looked at, the newest
LONGEST = 400  # characters of a call


def suite(view: View) -> Sheet:
    words = view.words
    pending, roles = _pending(view), _roles(view)
    body: list[Child] = [
        _head(view),
        section(words("suite.contracts"), _contracts(view), name="contracts"),
        section(words("suite.services"), _services(view), name="services"),
        section(words("suite.roles"), roles, name="roles"),
        section(words("suite.pending"), pending, name="pending"),
        section(words("suite.parameters"), _parameters(view), name="parameters"),
    ]
    return Sheet(words("suite.title"), body, [("keifu", "deploy", "verify"), ("keifu", "deploy", "status")])


def _head(view: View) -> Markup:
    words, record, looked = view.words, view.deployed.record if view.deployed else None, view.looked
    state: Child = words("suite.unseen")
    if looked is not None and looked.fault:
        state = [badge(words("suite.unreached"), "warn"), f" {looked.fault}"]
    elif looked is not None:
        at = words("suite.looked", count=looked.count, block=f"{looked.block:,}")
        good = badge(words("suite.right"), "good") if not looked.wrong else badge(words("suite.wrong"), "bad")
        faults = [el("li", f"{check.what} {check.detail}") for check in looked.wrong]
        state = [good, " ", at, el("ul", *faults) if faults else None]
    return facts(
        (words("suite.compared"), state),
        (words("suite.chain"), str(view.store.suite.chain_id)),
        (words("suite.genesis"), el("code", view.store.suite.genesis)),
        (words("suite.deployer"), view.address(record.deployer) if record and record.deployer else None),
        (words("suite.compiler"), record.compiler if record else None),
        (words("suite.commit"), el("code", record.commit) if record and record.commit else None),
    )


def _contracts(view: View) -> Markup:
    words, looked = view.words, view.looked
    creations = view.deployed.record.creations if view.deployed else {}
    heads = [words(f"suite.{name}") for name in ("contract", "address", "block", "code")]

    def code(name: str) -> Child:
        if looked is None or looked.fault:
            return words("word.unknown")
        return (
            badge(words("suite.as-recorded"), "good") if not looked.of(name) else badge(words("suite.differs"), "bad")
        )

    return table(
        heads,
        (
            (
                name,
                view.link(el("code", place), "address", place),
                f"{creations[name].block:,}" if name in creations else "–",
                code(name) if name in creations else words("word.unknown"),
            )
            for place, name in sorted(view.store.suite.contracts.items(), key=lambda item: item[1])
        ),
        words("suite.none"),
    )


def _services(view: View) -> Markup:
    words = view.words
    heads = [words(f"suite.{name}") for name in ("service", "horizon", "multiple", "state", "proof")]
    newest: dict[str, Event] = {}
    ended: dict[str, Event] = {}
    for item in view.events(HUB, "ServiceListed", limit=MOST, oldest=False):
        newest.setdefault(item["args"]["service"], item)
    for item in view.events(HUB, "ServiceRemoved", limit=MOST, oldest=False):
        ended.setdefault(item["args"]["service"], item)
    rows = []
    for service, listed in newest.items():
        removed = ended.get(service)
        is_listed = removed is None or place_of(removed) < place_of(listed)
        rows.append(
            (
                view.address(service),
                duration(int(listed["args"]["horizon"])),
                listed["args"]["max_multiple"],
                badge(words("suite.listed"), "good") if is_listed else badge(words("suite.removed"), "warn"),
                view.proof(listed if is_listed or removed is None else removed),
            )
        )
    return table(heads, rows, words("suite.no-services"))


def _roles(view: View) -> Markup:
    """The last word on each role and account: given, or taken."""
    words = view.words
    newest: dict[tuple[str, str], Event] = {}
    for event in ("RoleGranted", "RoleRevoked"):
        for item in view.events(TIMELOCK, event, limit=MOST, oldest=False):
            key = (item["args"]["role"], item["args"]["account"])
            if key not in newest or place_of(newest[key]) < place_of(item):
                newest[key] = item
    names = {"0x" + role.hex(): name for role, name in NAMES.items()}
    rows = [
        (names.get(role, role[:10]), view.address(account), view.proof(item))
        for (role, account), item in sorted(
            newest.items(), key=lambda pair: (pair[0][0] == "0x" + ADMIN.hex(), pair[0])
        )
        if item["event"] == "RoleGranted"
    ]
    return table([words(f"suite.{name}") for name in ("role", "holder", "proof")], rows, words("suite.no-roles"))


def _pending(view: View) -> Child:
    words = view.words
    over = {
        item["args"]["id"]: place_of(item)
        for event in ("CallExecuted", "Cancelled")
        for item in reversed(view.events(TIMELOCK, event, limit=MOST, oldest=False))
    }
    waiting = [
        item
        for item in view.events(TIMELOCK, "CallScheduled", limit=MOST, oldest=False)
        if over.get(item["args"]["id"], (-1, -1)) < place_of(item)
    ]
    rows = [
        (
            el("code", _call(view, item)),
            view.time(ready := item["block_time"] + int(item["args"]["delay"])),
            badge(words("suite.ready"), "warn") if ready <= view.now else words("suite.waits"),
            view.proof(item),
        )
        for item in waiting
    ]
    heads = [words(f"suite.{name}") for name in ("call", "from", "state", "proof")]
    return [el("p", words("suite.pending-lead")), table(heads, rows, words("suite.no-pending"))]


def _call(view: View, item: Event) -> str:
    """The function by its name, where it is one of the suite's."""
    args = item["args"]
    target, payload = args["target"], bytes.fromhex(args["payload"].removeprefix("0x"))
    text = call_in_words(view.contract_at(target), target, payload, int(args["amount"]))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _parameters(view: View) -> Child:
    words = view.words
    if view.deployed is None:
        return el("p", words("suite.no-record"), class_="empty")
    heads = [words(f"suite.{name}") for name in ("parameter", "value", "bounds", "meaning")]
    rows: Iterator[tuple[Child, ...]] = (
        (el("code", row.name), row.value, row.bounds, el("span", row.meaning, lang="en"))
        for row in view.deployed.parameters
    )
    return table(heads, rows, words("suite.none"))
