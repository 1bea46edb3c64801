"""The explorer: answers requests for pages from an index, in the language that is asked for.

A page is of one moment and says which. Its ETag changes when anything was written, so that nothing is sent twice.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files

from keifu import __version__
from keifu.errors import EnvironmentFault, InputError
from keifu.explorer.dapp import Dapp
from keifu.explorer.deployed import Codes, Deployed, Looked
from keifu.explorer.layout import page_of
from keifu.explorer.live import Live, mark_of
from keifu.explorer.pages import (
    agents,
    bundles,
    chain,
    channels,
    court,
    disputes,
    endowments,
    grants,
    notaries,
    orders,
    production,
    programmes,
    providers,
    records,
    reexecutions,
    staking,
    storage,
    suite,
)
from keifu.explorer.pages.heartbeats import lines_of
from keifu.explorer.spending import Ask, Spending
from keifu.explorer.view import NotFound, Sheet, View
from keifu.explorer.watchers import Watchers
from keifu.explorer.words import LANGUAGES, chosen_language, words_of
from keifu.index import Readers
from keifu.index.reading import Moved
from keifu.serving import Request, Response, problem

__all__ = ["POLICY", "Explorer"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HTML, LINES = "text/html; charset=utf-8", "application/x-ndjson"
FOUND = 200
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_log = logging.getLogger("keifu.explorer")
# By how many parts the address has after its name.
_PAGES: Mapping[tuple[str, int], Callable[..., Sheet]] = {
    ("", 0): production.home,
    ("environments", 0): production.environments,
    ("environment", 1): production.environment,
    ("records", 0): records.records,
    ("record", 1): records.record,
    ("operators", 0): staking.operators,
    ("operator", 1): staking.operator,
    ("slashes", 0): staking.slashes,
    ("notaries", 0): notaries.notaries,
    ("cases", 0): court.cases,
    ("case", 1): court.case,
    ("providers", 0): providers.providers,
    ("provider", 1): providers.provider,
    ("channels", 0): channels.channels_page,
    ("channel", 1): channels.channel,
    ("receivers", 0): channels.receivers,
    ("receiver", 1): channels.receiver,
    ("orders", 0): orders.orders,
    ("order", 1): orders.order,
    ("disputes", 0): disputes.disputes,
    ("dispute", 1): disputes.dispute,
    ("reexecutions", 0): reexecutions.reexecutions,
    ("reexecution", 1): reexecutions.reexecution,
    ("programmes", 0): programmes.programmes,
    ("programme", 1): programmes.programme,
    ("proposal", 1): programmes.proposal,
    ("agents", 0): agents.agents,
    ("agent", 1): agents.agent,
    ("deals", 0): storage.deals,
    ("deal", 1): storage.deal,
    ("endowments", 0): endowments.endowments,
    ("endowment", 1): endowments.endowment,
    ("stores", 0): storage.stores,
    ("store", 1): storage.store,
    ("grants", 0): grants.grants,
    ("grant", 1): grants.grant,
    ("escrow", 1): grants.escrow,
    ("tx", 1): chain.transaction,
    ("block", 1): chain.block,
    ("address", 1): chain.address,
    ("events", 2): chain.events,
    ("suite", 0): suite.suite,
    ("verify", 0): bundles.verify,
}


class Explorer:
    """Answers from the index at `place`. Raises EnvironmentFault when there is none. `deployed` finds the deployment
    record, by chain id and first block, and `look` what a node says of it; `spent` asks one what sessions have spent;
    `watchers` are asked for heartbeats; `dapp` is the page for holders and authors."""

    def __init__(
        self,
        place: str,
        *,
        deployed: Callable[[int, str], Deployed | None] = lambda *_: None,
        look: Callable[[int, str], Looked] | None = None,
        spent: Ask | None = None,
        watchers: Sequence[str] = (),
        dapp: Dapp | None = None,
    ) -> None:
        self._readers = Readers(place)
        known = self._readers.store.suite
        self._deployed = deployed(known.chain_id, known.genesis)
        self.codes = Codes(partial(look, known.chain_id, known.genesis)) if look else None
        self._spending = Spending(spent) if spent else None
        self._dapp = dapp
        self._static = _static()
        self._refused = Counter[str]()
        self._guard = threading.Lock()
        self.watchers = Watchers(self._readers, watchers)
        self.live = Live(self._readers, lambda: self.watchers.beats.mark)

    def __call__(self, request: Request) -> Response:
        if request.path in self._static:
            return self._static[request.path]
        if self._dapp is not None and f"{request.path}/".startswith("/dapp/"):
            return self._dapp.file(request.path) or self._asked(self._dapp, request.path)
        if request.path == "/live":
            return Response(200, b"", "text/event-stream", policy=POLICY, stream=self.live.events)
        if request.path == "/metrics":
            return self._metrics()
        if request.path.startswith("/heartbeats/"):
            return self._lines(request.path)
        language, parts = _read(request)
        return self._answer(request, language, parts)

    def close(self) -> None:
        """Let go of the database. Nothing is asked any more."""
        self.watchers.close()
        self.live.close()
        self._readers.close()

    def refused(self, reason: str) -> None:
        """Count a request that the server refused."""
        with self._guard:
            self._refused[reason] += 1

    def _asked(self, page: Dapp, path: str) -> Response:
        """What the page for holders and authors asks the index."""
        try:
            store = self._readers.store
            with store.database.snapshot():
                return page.answer(path, store)
        except EnvironmentFault as error:
            return self._out_of_reach(error)

    def _out_of_reach(self, error: EnvironmentFault) -> Response:
        _log.warning("%s", error)
        self._readers.forget()
        return problem(503, "the index is out of reach", "try again; the log of the server says why")

    def _answer(self, request: Request, language: str, parts: list[str]) -> Response:
        words, status, beats = words_of(language), FOUND, self.watchers.beats
        try:
            store = self._readers.store
            with store.database.snapshot():
                view = View(
                    store, words, store.position, _query(request), self._deployed, beats, self.codes,
                    spending=self._spending, has_dapp=self._dapp is not None,
                )  # fmt: skip
                try:
                    if parts[0] == "search" and len(parts) == 1:
                        found = chain.search_place(view, view.query.get("q", ""))
                        if found is not None:
                            return Response(303, b"", HTML, location=view.path(*found))
                    sheet = _sheet(view, parts)
                except (InputError, Moved) as error:
                    status = 404 if isinstance(error, NotFound) else 410 if isinstance(error, Moved) else 400
                    sheet = Sheet(words(f"error.{status}"), [f"{error.message}. {error.remedy}"])
                mark = mark_of(view.position, beats.mark)
                body = page_of(view, sheet, mark, parts)
        except EnvironmentFault as error:
            return self._out_of_reach(error)
        etag = f'"{mark}-{language}-{__version__}"' if status == FOUND else ""
        return Response(status, body, HTML, etag, POLICY)

    def _lines(self, path: str) -> Response:
        """Heartbeats of an environment, or of one operator in it, as they were signed."""
        environment, operator, *more = [*path.split("/")[2:], ""]
        found = self.watchers.beats.of(environment=f"0x{environment}", operator=operator)
        if not found or any(more):
            return problem(404, "no such heartbeat was heard")
        return Response(FOUND, lines_of(found), LINES, policy=POLICY)

    def _metrics(self) -> Response:
        """What was refused, as Prometheus reads it."""
        with self._guard:
            requests = _counted("keifu_explorer_refused_total", self._refused)
        text = [
            *requests,
            *_counted("keifu_explorer_heartbeats_refused_total", self.watchers.refused.copy()),
            "# TYPE keifu_explorer_block gauge",
            f"keifu_explorer_block {self.live.position.number}",
        ]
        return Response(200, "\n".join([*text, ""]).encode(), "text/plain; version=0.0.4")


def _counted(name: str, counts: Mapping[str, int]) -> list[str]:
    """One counter by reason, as Prometheus reads it."""
    return [f"# TYPE {name} counter", *sorted(f'{name}{{reason="{key}"}} {count}' for key, count in counts.items())]


def _read(request: Request) -> tuple[str, list[str]]:
    """The language and the parts of an address; without a language in it, the reader's own counts."""
    parts = request.path.strip("/").split("/")
    if parts[0] in LANGUAGES:
        return parts[0], parts[1:] or [""]
    return chosen_language(request.headers.get("accept-language", "")), parts


def _query(request: Request) -> dict[str, str]:
    """The last of each field counts; empty ones are left out."""
    return {name: value for name, value in request.query if value}


def _sheet(view: View, parts: list[str]) -> Sheet:
    name, rest = parts[0], parts[1:]
    if name == "search" and not rest:
        return chain.search(view, view.query.get("q", ""))
    if name == "record" and rest[1:] == ["impact"]:
        return records.impact(view, rest[0])
    make = _PAGES.get((name, len(rest)))
    if make is None:
        raise NotFound(f"there is no page {'/'.join(parts)[:80]}", remedy="the menu lists what there is")
    return make(view, *rest)


def _static() -> dict[str, Response]:
    """What does not change while this runs, by its address."""
    found = {}
    for file in sorted((files("keifu.explorer") / "static").iterdir(), key=lambda item: item.name):
        kind = _KINDS.get(file.name[file.name.rfind(".") :])
        if kind is not None:
            body = file.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            found[f"/static/{file.name}"] = Response(200, body, kind, etag, POLICY)
    return found
