"""Records: what they say, what they were made from, and what rests on them."""

from __future__ import annotations

from keifu.chain.suite import REGISTRY
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.production import ENVIRONMENTS
from keifu.explorer.records import Records
from keifu.explorer.view import SHORT, Event, NotFound, Sheet, View
from keifu.provenance import ZERO, Kind, Status
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.registry import Entry

__all__ = ["impact", "lineage_picture", "record", "records"]

ON_PAGE = 50
COLOURS = {Status.ACTIVE: "good", Status.DEPRECATED: "warn", Status.REVOKED: "bad"}


def records(view: View) -> Sheet:
    page = view.page(REGISTRY, "Registered", ON_PAGE)
    body = [_table(view, page.events), pager(view, page, "records")]
    return Sheet(view.words("records.title"), body)


def record(view: View, text: str) -> Sheet:
    words = view.words
    id_ = view.word(text, "record")
    source = Records(view)
    event = view.last(REGISTRY, "Registered", id=id_)
    entry = source.entry_of(event) if event else None
    if event is None or entry is None:
        raise NotFound(f"no record {id_[2:]}", remedy="is it of this chain and registry?")
    plain, lineage = id_[2:], walk(source, entry.id)
    body: list[Child] = [
        _facts(view, entry, event),
        section(words("record.lineage"), lineage_picture(view, lineage), _parents(view, lineage), name="lineage"),
        section(words("record.attestations"), _attestations(view, id_), name="attestations"),
        section(words("record.runs"), _promotions(view, id_), name="runs"),
        el("p", view.link(words("record.impact"), "record", plain, "impact")),
    ]
    checks = [("keifu", "prov", "verify", plain), ("keifu", "prov", "lineage", plain), ("keifu", "prov", "ask", plain)]
    return Sheet(_title(view, entry), body, checks)


def impact(view: View, text: str) -> Sheet:
    """Everything that was made from a record, and the environments that run any of it."""
    words = view.words
    id_ = view.word(text, "record")
    source = Records(view)
    event = view.last(REGISTRY, "Registered", id=id_)
    entry = source.entry_of(event) if event else None
    if entry is None:
        raise NotFound(f"no record {id_[2:]}", remedy="is it of this chain and registry?")
    resting = source.resting(entry.id)
    heads = [words(f"impact.{name}") for name in ("record", "kind", "through", "author", "state", "proof")]
    rows = (
        (
            view.record(child.hex()),
            _kind(view, item),
            view.record(parent.hex()),
            view.address(item["args"]["author"]),
            _status(view, _entry_status(view, child)),
            view.proof(item),
        )
        for child, (item, parent) in resting.items()
    )
    places = {place for one in (entry.id, *resting) for place in _running(view, "0x" + one.hex())}
    more = words("impact.more") if len(resting) >= source.most else ""
    body: list[Child] = [
        el("p", words("impact.lead", count=f"{len(resting):,}"), f" {more}", class_="lead"),
        section(
            words("impact.environments"),
            el("ul", *(el("li", view.environment(item)) for item in sorted(places)))
            if places
            else el("p", words("impact.no-environment"), class_="empty"),
        ),
        section(words("impact.records"), table(heads, rows, words("impact.nothing"))),
    ]
    title = words("impact.title", short=id_[2 : 2 + SHORT])
    return Sheet(title, body, [("keifu", "prov", "impact", id_[2:])])


def lineage_picture(view: View, lineage: Lineage) -> Markup:
    """The picture that `keifu prov lineage` draws, each box a link to its record."""
    drawn = lineage.to_svg(address=lambda record_id: view.path("record", record_id.hex()))
    return el(
        "div", Markup(drawn), class_="picture", tabindex="0", role="group", aria_label=view.words("record.lineage")
    )


def _title(view: View, entry: Entry) -> str:
    return f"{view.words(f'kind.{entry.record.kind.word}')} {entry.id.hex()[:SHORT]}"


def _facts(view: View, entry: Entry, event: Event) -> Markup:
    words, said = view.words, entry.record
    changed = view.last(REGISTRY, "StatusChanged", id="0x" + entry.id.hex())
    state: Child = [_status(view, entry.status), f" {entry.reason} ", view.proof(changed) if changed else None]
    return facts(
        (words("record.id"), el("code", entry.id.hex())),
        (words("record.digest"), _of_digest(view, said.digest.hex())),
        (words("record.kind"), words(f"kind.{said.kind.word}")),
        (words("record.state"), state),
        (words("record.author"), view.address(said.author)),
        (words("record.registered"), [view.time(entry.time), " ", view.proof(event)]),
        (words("record.version"), said.version),
        (words("record.licence"), said.licence),
        (words("record.uri"), el("code", said.uri) if said.uri else None),
        (words("record.weights"), el("code", said.program_root.hex()) if said.program_root != ZERO else None),
        (words("record.manifest"), el("code", said.manifest.hex()) if said.manifest != ZERO else None),
    )


def _of_digest(view: View, digest: str) -> Markup:
    """Anybody may register any digest: all that did are one click away."""
    return view.link(el("code", digest), "events", REGISTRY, "Registered", query={"digest": f"0x{digest}"})


def _parents(view: View, lineage: Lineage) -> Markup:
    """The lineage as a table, for whoever sees no picture."""
    words = view.words
    heads = [words(f"lineage.{name}") for name in ("record", "relation", "parent", "state")]
    rows = (
        (
            view.record(entry.id.hex()),
            words(f"relation.{link.relation.word}"),
            view.record(link.parent.hex()),
            _status(view, lineage.entries[link.parent].status)
            if link.parent in lineage.entries
            else words("word.unknown"),
        )
        for entry in lineage.entries.values()
        for link in entry.record.links
    )
    return table(heads, rows, words("lineage.origin"))


def _attestations(view: View, id_: str) -> Markup:
    words = view.words
    heads = [words(f"attestations.{name}") for name in ("attester", "schema", "time", "state", "proof")]
    rows = []
    for event in view.events(REGISTRY, "Attested", subject=id_, oldest=False, limit=100):
        args = event["args"]
        where = {"attester": args["attester"], "schema": args["schema"], "subject": id_}
        revoked = view.last(REGISTRY, "AttestationRevoked", **where)
        is_over = revoked is not None and revoked["args"]["edition"] == args["edition"]
        rows.append(
            (
                view.address(args["attester"]),
                view.link(el("code", args["schema"][2 : 2 + SHORT]), "search", query={"q": args["schema"]}),
                view.time(event["block_time"]),
                badge(words("attestations.revoked"), "bad") if is_over else badge(words("attestations.given"), "good"),
                view.proof(event),
            )
        )
    return table(heads, rows, words("attestations.none"))


def _promotions(view: View, id_: str) -> Markup:
    words = view.words
    heads = [words(f"promotions.{name}") for name in ("environment", "seq", "time", "state", "proof")]
    running = set(_running(view, id_))
    rows = (
        (
            view.environment(event["args"]["environment"]),
            str(event["args"]["seq"]),
            view.time(event["block_time"]),
            badge(words("promotions.now"), "good")
            if event["args"]["environment"] in running
            else words("promotions.before"),
            view.proof(event),
        )
        for event in view.events(ENVIRONMENTS, "Promoted", artefact=id_, oldest=False, limit=100)
    )
    return table(heads, rows, words("promotions.none"))


def _running(view: View, id_: str) -> list[str]:
    """Environments that run the record now."""
    once = {item["args"]["environment"] for item in view.events(ENVIRONMENTS, "Promoted", artefact=id_)}
    newest = {place: view.last(ENVIRONMENTS, "Promoted", environment=place) for place in once}
    return [place for place, event in newest.items() if event and event["args"]["artefact"] == id_]


def _table(view: View, events: list[Event]) -> Markup:
    words = view.words
    heads = [words(f"records.{name}") for name in ("record", "kind", "version", "author", "digest", "time", "proof")]
    rows = (
        (
            view.record(event["args"]["id"]),
            _kind(view, event),
            event["args"]["record"]["version"] or "–",
            view.address(event["args"]["author"]),
            el("code", event["args"]["digest"][2 : 2 + SHORT]),
            view.time(event["block_time"]),
            view.proof(event),
        )
        for event in events
    )
    return table(heads, rows, words("records.none"))


def _kind(view: View, event: Event) -> str:
    number = event["args"]["record"]["kind"]
    return view.words(f"kind.{Kind(number).word}") if number in set(Kind) else str(number)


def _entry_status(view: View, record_id: bytes) -> Status:
    changed = view.last(REGISTRY, "StatusChanged", id="0x" + record_id.hex())
    return Status(changed["args"]["status"]) if changed else Status.ACTIVE


def _status(view: View, status: Status) -> Markup:
    return badge(view.words(f"status.{status.word}"), COLOURS.get(status, "warn"))
