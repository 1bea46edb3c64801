"""What runs in production, since when, by which policy and on whose word."""

from __future__ import annotations

from keifu.chain.suite import CHANNELS, COMPUTE, ORDERS, STORAGE, STORAGE_DEALS, STORAGE_ENDOWMENT
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.heartbeats import check_of, heartbeats
from keifu.explorer.pages.providers import services_of_environment
from keifu.explorer.pages.staking import slash_table
from keifu.explorer.parts import badge, facts, pager, section, table
from keifu.explorer.production import ENVIRONMENTS, Demand, Production, declared, production_of
from keifu.explorer.view import NotFound, Sheet, View
from keifu.provenance import Kind, Status
from keifu.units import duration

__all__ = ["environment", "environments", "home"]

ON_HOME, ON_PAGE = 10, 25


def home(view: View) -> Sheet:
    """What runs, who was slashed last, and how much there is of everything."""
    words = view.words
    page = declared(view, ON_HOME)
    body: list[Child] = [
        el("p", words("home.lead"), class_="lead"),
        section(words("home.production"), _table(view, page.events), _more(view, "environments"), name="production"),
        section(words("home.slashes"), slash_table(view, 5), _more(view, "slashes"), name="slashes"),
        section(words("home.counts"), _counts(view), name="counts"),
    ]
    return Sheet(words("home.title"), body, [("keifu", "index", "check")])


def environments(view: View) -> Sheet:
    page = declared(view, ON_PAGE)
    title = view.words("environments.title")
    return Sheet(title, [_table(view, page.events), pager(view, page, "environments")])


def environment(view: View, text: str) -> Sheet:
    words = view.words
    id_ = view.word(text, "environment")
    declaration = view.last(ENVIRONMENTS, "Declared", environment=id_)
    if declaration is None:
        raise NotFound(f"no environment {id_[2:]} was declared", remedy="is it of this chain?")
    made = production_of(view, declaration)
    body: list[Child] = [
        facts(
            (words("environment.id"), el("code", id_[2:])),
            (words("environment.owner"), view.address(declaration["args"]["owner"])),
            (words("environment.declared"), [view.time(declaration["block_time"]), " ", view.proof(declaration)]),
            (words("environment.runs"), _runs(view, made)),
            (words("environment.since"), _since(view, made)),
            (words("environment.state"), _state(view, made)),
            (
                words("environment.digest"),
                el("code", made.registered["args"]["digest"][2:]) if made.registered else None,
            ),
            (words("environment.unsound"), [[view.record(item.hex()), " "] for item in made.withdrawn]),
        ),
        heartbeats(view, environment=id_),
        section(words("environment.providers"), services_of_environment(view, id_), name="providers"),
        section(words("environment.policy"), _policy(view, made), name="policy"),
        section(words("environment.history"), _history(view, id_), name="history"),
    ]
    plain = id_[2:]
    checks: list[tuple[str, ...]] = [("keifu", "prov", "verify-running", plain), ("keifu", "prov", "history", plain)]
    checks += map(check_of, view.beats.of(environment=id_)[:1])
    return Sheet(words("environment.title", name=made.name), body, checks)


def _table(view: View, declarations: list[dict[str, object]]) -> Markup:
    words = view.words
    heads = [words(f"environments.{name}") for name in ("name", "runs", "since", "state", "attestations", "proof")]
    rows = []
    for declaration in declarations:
        made = production_of(view, declaration)
        rows.append(
            (
                view.environment(made.id, made.name),
                _runs(view, made),
                view.time(made.promoted["block_time"]) if made.promoted else "–",
                _state(view, made),
                _attesters(view, made),
                view.proof(made.promoted or made.declared),
            )
        )
    return table(heads, rows, words("environments.none"))


def _runs(view: View, made: Production) -> Child:
    if made.promoted is None:
        return view.words("environment.nothing")
    artefact = made.promoted["args"]["artefact"]
    if made.registered is None:
        return view.record(artefact)
    said = made.registered["args"]["record"]
    kind = view.words(f"kind.{Kind(said['kind']).word}") if said["kind"] in set(Kind) else str(said["kind"])
    return [kind, " ", view.record(artefact), f" {said['version']}" if said["version"] else ""]


def _since(view: View, made: Production) -> Child:
    if made.promoted is None:
        return None
    seq = view.words("environment.promotion", seq=made.promoted["args"]["seq"])
    return [view.time(made.promoted["block_time"]), f" ({seq}) ", view.proof(made.promoted)]


def _state(view: View, made: Production) -> Child:
    words = view.words
    if made.promoted is None:
        return badge(words("state.empty"), "warn")
    if made.in_order:
        return badge(words("state.in-order"), "good")
    if made.status != Status.ACTIVE:
        return badge(words(f"status.{made.status.word}"), "bad")
    return badge(words("state.unsound" if made.withdrawn else "state.unmet"), "bad")


def _attesters(view: View, made: Production) -> Child:
    if not made.demands:
        return view.words("policy.none-needed") if made.promoted else "–"
    needed = sum(item.needed for item in made.demands)
    standing = sum(min(len(item.standing), item.needed) for item in made.demands)
    return el(
        "a",
        view.words("policy.standing", standing=standing, needed=needed),
        href=f"{view.path('environment', made.id[2:])}#policy",
    )


def _policy(view: View, made: Production) -> Child:
    words = view.words
    if made.policy is None:
        return el("p", words("policy.none"), class_="empty")
    said = made.policy["args"]
    head = facts(
        (words("policy.version"), [str(said["version"]), " ", view.proof(made.policy)]),
        (words("policy.since"), view.time(int(said["effective_from"]))),
        (words("policy.sound"), words("word.yes" if said["sound"] else "word.no")),
    )
    later = made.announced
    if later is not None:
        when = view.time(int(later["args"]["effective_from"]))
        head = Markup(head + el("p", words("policy.later"), " ", when, " ", view.proof(later)))
    heads = [words(f"policy.{name}") for name in ("schema", "needed", "age", "attesters", "met")]
    demands = table(heads, (_demand(view, item) for item in made.demands), words("policy.none-needed"))
    return [head, demands]


def _demand(view: View, demand: Demand) -> tuple[Child, ...]:
    words = view.words
    given = {item["args"]["attester"]: item for item in demand.standing}
    people: list[Child] = [
        el("li", view.address(who), " ", view.proof(given[who]) if who in given else words("policy.missing"))
        for who in demand.attesters
    ]
    met = badge(words("word.yes"), "good") if demand.met else badge(words("word.no"), "bad")
    schema = view.link(el("code", demand.schema[2:10]), "search", query={"q": demand.schema})
    return schema, demand.needed, duration(demand.max_age) if demand.max_age else "–", el("ul", *people), met


def _history(view: View, environment_id: str) -> Child:
    words = view.words
    page = view.page(ENVIRONMENTS, "Promoted", ON_PAGE, {"environment": environment_id})
    heads = [words(f"history.{name}") for name in ("seq", "artefact", "policy", "time", "proof")]
    rows = (
        (
            str(item["args"]["seq"]),
            view.record(item["args"]["artefact"]),
            str(item["args"]["policy_version"]),
            view.time(item["block_time"]),
            view.proof(item),
        )
        for item in page.events
    )
    return [
        table(heads, rows, words("environment.nothing")),
        pager(view, page, "environment", environment_id[2:]),
    ]


def _counts(view: View) -> Markup:
    """How much there is, each number with the list of what it counts."""
    words = view.words
    counted = [
        (name, contract, event, place)
        for name, contract, event, place in (
            ("environments", ENVIRONMENTS, "Declared", "environments"),
            ("records", "ProvenanceRegistry", "Registered", "records"),
            ("announced", "StakingHub", "TermsAnnounced", "operators"),
            ("services", COMPUTE, "Served", "providers"),
            ("channels", CHANNELS, "ChannelCreated", "channels"),
            ("orders", ORDERS, "Placed", "orders"),
            ("stores", STORAGE, "Offered", "stores"),
            ("deals", STORAGE_DEALS, "DealOpened", "deals"),
            ("endowments", STORAGE_ENDOWMENT, "Founded", "endowments"),
            ("slashes", "StakingHub", "Slashed", "slashes"),
            ("cases", "AlignmentCourt", "CaseOpened", "cases"),
        )
        if view.has(contract)
    ]
    return facts(
        *(
            (words(f"counts.{name}"), view.link(f"{view.totals.count(contract, event):,}", place))
            for name, contract, event, place in counted
        )
    )


def _more(view: View, place: str) -> Markup:
    return el("p", view.link(view.words(f"more.{place}"), place))
