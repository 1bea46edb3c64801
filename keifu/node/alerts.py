"""What the owner has to hear of, once: to the log, and to a webhook when there is one.

An alert is on the disk before it is sent, so a restart neither loses nor repeats it. It is posted beside the rounds,
one at a time. A hook that is slow, down or hostile is tried again, later each time, and given up at last. So a node
never waits for it.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ethwire.http import httpx
from keifu.node.logs import Log
from keifu.node.metrics import Metrics
from keifu.node.sections import AlertSettings
from keifu.node.web import Background

__all__ = ["Alerts"]

_TABLE = """
CREATE TABLE IF NOT EXISTS node_alerts (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
  document TEXT NOT NULL, tries INTEGER NOT NULL, state TEXT NOT NULL)
"""
WAITING, SENT, GIVEN_UP, LOGGED = "waiting", "sent", "given up", "logged"
PATIENCE_SECONDS = 10.0  # for one answer
FIRST_PAUSE_SECONDS = 5.0  # after a hook has failed, then twice as long each time
SLOWEST_PAUSE_SECONDS = 600.0
MAX_TRIES = 12  # of one alert: about an hour
MAX_WAITING = 500  # the oldest of more are given up
KEPT = 20_000  # keys by which an alert is known to have been told
GOOD = range(200, 300)


class Alerts:
    """The alerts of one node; only the thread of the rounds calls it."""

    def __init__(
        self,
        settings: AlertSettings,
        node: dict[str, str],
        database: sqlite3.Connection,
        background: Background | None,
        log: Log,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._node, self._database, self._background = settings, node, database, background
        self._log, self._clock = log, clock
        self._counted = metrics.counter("alerts", "Alerts, by what became of them.", "state")
        self._sending: tuple[int, Future[str]] | None = None
        self._again_at = float("-inf")
        self._failures = 0
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False) if settings.url else None
        database.execute(_TABLE)

    def tell(self, key: str, text: str, **facts: Any) -> bool:
        """Tell it, unless an alert of this key was told before; whether it was new."""
        document = json.dumps({"text": text, "key": key, **self._node, **facts})
        state = WAITING if self._settings.url else LOGGED
        made = self._database.execute(
            "INSERT OR IGNORE INTO node_alerts (key, document, tries, state) VALUES (?, ?, 0, ?)",
            (key, document, state),
        )
        if made.rowcount:
            self._log.warning("alert", text=text, **facts)
            self._counted.labels("told").inc()
            self._bound()
        return bool(made.rowcount)

    def step(self) -> None:
        """Take the answer that has come, and send the next when its time has come. Never waits."""
        if self._sending is not None and self._sending[1].done():
            number, future = self._sending
            self._sending = None
            self._ended(number, future.result())
        if self._client is None or self._background is None:
            return
        if self._sending is None and self._clock() >= self._again_at:
            row = self._database.execute(
                "SELECT number, document FROM node_alerts WHERE state = ? ORDER BY number LIMIT 1", (WAITING,)
            ).fetchone()
            if row is not None:
                self._sending = row[0], self._background.submit(_post(self._client, self._settings.url, row[1]))

    def close(self) -> None:
        """What has not gone by now goes with the next start."""
        if self._client is not None and self._background is not None:
            self._background.submit(self._client.aclose()).result()

    @property
    def waiting(self) -> int:
        count: int = self._database.execute("SELECT count(*) FROM node_alerts WHERE state = ?", (WAITING,)).fetchone()[
            0
        ]
        return count

    def _ended(self, number: int, fault: str) -> None:
        if not fault:
            self._failures, self._again_at = 0, float("-inf")
            self._move(number, SENT)
            return
        self._failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10), SLOWEST_PAUSE_SECONDS)
        self._again_at = self._clock() + pause
        self._counted.labels("failed").inc()
        if self._failures == 1:
            self._log.warning("the webhook does not take alerts", why=fault, again_seconds=pause)
        self._database.execute("UPDATE node_alerts SET tries = tries + 1 WHERE number = ?", (number,))
        tries = self._database.execute("SELECT tries FROM node_alerts WHERE number = ?", (number,)).fetchone()
        if tries is not None and tries[0] >= MAX_TRIES:
            self._move(number, GIVEN_UP)

    def _move(self, number: int, state: str) -> None:
        self._database.execute("UPDATE node_alerts SET state = ? WHERE number = ?", (state, number))
        self._counted.labels(state).inc()

    def _bound(self) -> None:
        """A hook that is down for long must not fill the disk."""
        for _ in range(self.waiting - MAX_WAITING):
            oldest = "SELECT min(number) FROM node_alerts WHERE state = ?"
            self._move(self._database.execute(oldest, (WAITING,)).fetchone()[0], GIVEN_UP)
        self._database.execute(
            "DELETE FROM node_alerts WHERE number <= (SELECT max(number) FROM node_alerts) - ? AND state != ?",
            (KEPT, WAITING),
        )


async def _post(client: httpx.AsyncClient, url: str, document: str) -> str:
    """Why it was not taken; "" when it was. Of the answer nothing but the status is read."""
    try:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            client.stream("POST", url, content=document, headers={"Content-Type": "application/json"}) as answer,
        ):
            return "" if answer.status_code in GOOD else f"status {answer.status_code}"
    except TimeoutError:
        return "no answer in time"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return type(error).__name__
