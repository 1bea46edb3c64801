"""Runs one node until it is told to stop: checks, locks, pages for its owner, rounds of work, and an end in order."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from keifu import __version__
from keifu.chain.finality import final_depth
from keifu.errors import AbiError, ChainMismatch, CheckFailed, EnvironmentFault, KeifuError, Revert, RpcError
from keifu.keys import Account
from keifu.node.alerts import Alerts
from keifu.node.chain import open_chain, open_key
from keifu.node.doctor import require_clock, require_folder
from keifu.node.fence import alone_since, belong_here, require_here
from keifu.node.final import newest_final
from keifu.node.folder import NodeFolder, owner_of
from keifu.node.governance import Governance
from keifu.node.kinds import Kind
from keifu.node.logs import Secrets, make_log
from keifu.node.metrics import Metrics
from keifu.node.sections import split_address
from keifu.node.settings import load_settings
from keifu.node.web import Background, Page, json_page, serve_pages
from keifu.node.work import Body, Work
from keifu.serving import collect_seldom

__all__ = ["Runtime"]

FIRST_PAUSE_SECONDS = 0.5  # after an endpoint failed, then twice as long each time
SLOWEST_PAUSE_SECONDS = 30.0
DRAIN_PAUSE_SECONDS = 0.05
STALLED_SECONDS = 120.0  # without a round: no longer healthy
GOVERN_SECONDS = 15.0  # between two looks at the timelock
TELL_AGAIN = 8  # a fault that goes on is logged at the first, 8th, 64th … time
# Of one round: an endpoint that fails, contradicts itself, or answers a view with a refusal or with nonsense.
ENDPOINT_FAULTS = (RpcError, CheckFailed, Revert, AbiError)
ENDED_TWICE = 128  # plus the signal's number, as shells report it


class Runtime:
    """One node. `start` raises what forbids it; `run` returns when it was told to stop and has wound down."""

    def __init__(
        self,
        kind: Kind,
        folder: Path,
        flags: Sequence[str] = (),
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
        takes_over: bool = False,
    ) -> None:
        self._takes_over = takes_over
        self.settings, _ = load_settings(kind.settings, folder, flags)
        self.kind, self.folder, self._clock = kind, NodeFolder(folder), clock
        self._held = ExitStack()
        self._stopping = threading.Event()
        self._round_at = self._since = time.monotonic()
        self._failing = ""  # what the endpoint's last fault was
        self._failures = 0
        self._began = False
        self._govern_at = 0.0
        self._idle_since = 0.0  # since when the work is not done; 0 while it is
        self.secrets = Secrets()
        self.secrets.hide_urls(url.strip() for url in self.settings.chain.rpc.split(","))
        self.secrets.hide_urls(filter(None, [self.settings.alerts.url]))
        self.log = make_log(self.settings.log, self.secrets, stream)

    # life ----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Start, work, and end in order."""
        with self._held:
            self._handle_signals()
            self.start()
            collect_seldom()
            self.log.info("running", kind=self.kind.name, account=self.body.account.address, **self.addresses)
            while not self._stopping.is_set():
                self._stopping.wait(self._round(self._step))
            self._drain()
        self.log.info("stopped")

    def start(self) -> None:
        """Check, lock, listen and begin. Nothing is left behind when something forbids it."""
        require_folder(self.folder)
        settings, path = self.settings, self.folder.path
        if not self._takes_over:
            require_here(path)
        is_local = final_depth(settings.chain.id) == 0
        account = open_key(settings.key, path, is_local=is_local, secrets=self.secrets, apart=self.kind.saves_memory)
        chain = open_chain(settings.chain, self._held)
        require_clock(self._clock(), chain)
        self.folder.claim(self._held, chain.id, account.address)
        self.metrics = Metrics(self.kind.name, __version__, chain.id)
        background = Background()
        self._held.callback(background.close)
        before = self.folder.databases()
        pages = self._owner_pages()
        self.addresses = {"owner_pages": self._listen(background, settings.http.listen, pages)}
        with ExitStack() as opened:
            database = self.folder.open_database(opened, owner_of(self.kind.name, chain, account.address))
            opened.callback(self._forget, database, before)
            since = alone_since(database, chain, account.address, anew=self._takes_over)
            alerts = Alerts(settings.alerts, self._identity(account), database, background, self.log, self.metrics)
            self.body = Body(
                settings, self.folder, chain, account, self.log, self.metrics, background, database, alerts, since,
                self.secrets,
            )  # fmt: skip
            opened.callback(alerts.close)
            self._governance = Governance(chain, database, alerts) if settings.alerts.timelock else None
            self.work: Work = self.kind.work(self.body)
            opened.callback(self.work.close)
            self.work.begin()
            pages.update(self.work.owner_pages())
            if listen := self.work.listens(settings):
                self.addresses["pages"] = self._listen(background, listen, self.work.pages(), public=True)
            self._began = True
            self._held.enter_context(opened.pop_all())
        belong_here(path)
        self.folder.announce(**self.addresses)
        self._held.callback(self.folder.retract)

    def stop(self) -> None:
        """From any thread: end the rounds and wind down."""
        self._stopping.set()

    def _forget(self, database: sqlite3.Connection, before: set[Path]) -> None:
        """Remove the databases that were made for a start that failed."""
        if not self._began:
            database.close()
            for path in self.folder.databases() - before:
                path.unlink(missing_ok=True)

    def _handle_signals(self) -> None:
        """The first one drains, the second one ends at once."""

        def end(number: int, _: Any) -> None:
            if self._stopping.is_set():
                os._exit(ENDED_TWICE + number)
            self._stopping.set()

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._held.callback(signal.signal, number, signal.signal(number, end))

    def _drain(self) -> None:
        self.log.info("draining", seconds=self.settings.drain)
        until = time.monotonic() + self.settings.drain
        done: list[bool] = []

        def once() -> float:
            done.append(self.work.drain())
            return DRAIN_PAUSE_SECONDS

        while time.monotonic() < until:
            pause = self._round(once)
            if done and done[-1]:
                return
            time.sleep(pause)
        self.log.warning("not all work has ended; it goes on with the next start")

    # rounds --------------------------------------------------------------------------------------------------------

    def _step(self) -> float:
        """The work of the kind; beside it what the owner has to hear of."""
        pause = self.work.step()
        if self._governance is not None and time.monotonic() >= self._govern_at:
            self._govern_at = time.monotonic() + GOVERN_SECONDS
            self._governance.look(newest_final(self.body.chain))
        return pause

    def _alert(self) -> None:
        """Say that the work is not done, once for each time; and send on what waits."""
        trouble = self.trouble()
        if not trouble or self._stopping.is_set():
            self._idle_since = 0.0
        elif not self._idle_since:
            self._idle_since = self._clock()
        elif self._clock() - self._idle_since >= self.settings.alerts.after:
            self.body.alerts.tell(f"idle since {self._idle_since:.0f}", f"the node does not do its work: {trouble}")
        self.body.alerts.step()

    def _round(self, work: Callable[[], float]) -> float:
        """One round; seconds until the next. Raises what no patience mends."""
        self._round_at = time.monotonic()
        self.metrics.steps.inc()
        try:
            pause = self._tried(work)
            self._alert()
        except sqlite3.Error as error:
            raise EnvironmentFault(
                f"{self.folder.database_file} cannot be written: {error}", remedy="make room on the disk"
            ) from error
        return pause

    def _tried(self, work: Callable[[], float]) -> float:
        try:
            pause = work()
        except ChainMismatch:
            raise
        except ENDPOINT_FAULTS as error:
            return self._failed(error)
        if self._failures:
            self.log.info("the endpoint serves again", after=self._failures)
        self._failing, self._failures = "", 0
        self.metrics.is_ready.set(0 if self.trouble() else 1)
        return pause

    def _failed(self, error: KeifuError) -> float:
        self._failures += 1
        self._failing = str(error)
        self.metrics.failures.inc()
        self.metrics.is_ready.set(0)
        if _is_power(self._failures):
            self.log.warning("the endpoint does not serve", fault=str(error), times=self._failures)
        return min(float(FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10)), SLOWEST_PAUSE_SECONDS)

    # pages ---------------------------------------------------------------------------------------------------------

    def _identity(self, account: Account) -> dict[str, str]:
        """Which node an alert is of."""
        return {"kind": self.kind.name, "node": account.address, "folder": str(self.folder.path)}

    def trouble(self) -> str:
        """Why the node is not ready; "" when it is."""
        if not self._began:
            return "starting"
        if self._stopping.is_set():
            return "draining"
        return self._failing or self.work.trouble()

    def status(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "kind": self.kind.name,
            "version": __version__,
            "process": os.getpid(),
            "folder": str(self.folder.path),
            "seconds": round(time.monotonic() - self._since),
            "trouble": self.trouble(),
        }
        if self._began:
            document |= {"chain": self.body.chain.id, "account": self.body.account.address, **self.addresses}
            document |= self.work.facts()
        cleaned: dict[str, Any] = self.secrets.clean(document)
        return cleaned

    def _owner_pages(self) -> dict[str, Callable[[], Page]]:
        return {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/status": lambda: json_page(self.status()),
            "/metrics": lambda: Page(self.metrics.text(), self.metrics.content_type),
        }

    def _health(self) -> Page:
        stalled = time.monotonic() - self._round_at
        return (
            Page(b"ok\n") if stalled < STALLED_SECONDS else Page(f"no round for {stalled:.0f} s\n".encode(), status=503)
        )

    def _readiness(self) -> Page:
        trouble = self.secrets.clean(self.trouble())
        return Page(f"{trouble}\n".encode(), status=503) if trouble else Page(b"ready\n")

    def _listen(
        self, background: Background, listen: str, pages: Mapping[str, Callable[[], Page]], *, public: bool = False
    ) -> str:
        """Serve pages; the address. Pages for everybody are answered under any name, as a proxy may give them one."""
        host, port = split_address(listen)
        server = serve_pages(
            pages,
            lambda reason: self.metrics.refused.labels(reason).inc(),
            host=host,
            port=port,
            names=None if public else (),
        )
        background.submit(server.start()).result()
        self._held.callback(lambda: background.submit(server.stop()).result())
        return server.address


def _is_power(number: int) -> bool:
    while number > 1 and number % TELL_AGAIN == 0:
        number //= TELL_AGAIN
    return number == 1
