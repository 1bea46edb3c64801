"""Canaries beside a watcher's rounds: one thread buys, judges and disputes, at moments that nobody can foresee."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ethwire.http import httpx
from keifu.compute.client.client import Provider
from keifu.errors import KeifuError
from keifu.node.watcher.buying import REFUSED, WRONG, Bought
from keifu.node.watcher.canary_trade import Trade, trade_of
from keifu.node.watcher.prosecuting import Found
from keifu.node.work import Body

__all__ = ["Canaries"]

LOOK_SECONDS = 60.0  # between two looks at who serves, at disputes that wait, and after a fault
SOON_SECONDS = 0.5  # while a dispute is open


@dataclass
class _Turn:
    """What one turn of the thread gave."""

    bought: list[Bought] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    spent: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    waits: dict[str, str] = field(default_factory=dict)
    is_busy: bool = False
    fault: str = ""


class Canaries:
    """Of the thread of the rounds, but for what `_turn` does. The client's folder is in the node's."""

    def __init__(self, body: Body, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises as `trade_of` does."""
        self._body, self._clock, self._lot = body, clock, random.SystemRandom()
        self._settings = body.settings.watcher.canaries
        self._held = ExitStack()
        self._trade: Trade = trade_of(body, folder, self._lot, self._held)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="canary")
        body.log.info("canaries", account=self._trade.account, a_day=str(self._settings.day))
        self._work: Future[_Turn] | None = None
        self._due: dict[str, float] = {}
        self._look_at = float("-inf")
        self._last = _Turn()
        metrics = body.metrics
        self._counted = metrics.counter("canaries", "Questions that were bought to be judged, by outcome.", "outcome")
        self._spent = metrics.gauge("canaries_spent", "What canaries and their covers cost today, smallest units.")
        self._replies = metrics.gauge("canary_replies", "Replies that can be disputed, by state.", "state")

    def collect(self) -> None:
        """Tell what the thread has done. Never waits."""
        if self._work is not None and self._work.done():
            done, self._work = self._work.result(), None
            self._take(done)

    def step(self) -> None:
        self.collect()
        if self._work is None and self._clock() >= self._look_at:
            self._work = self._thread.submit(self._turn)

    @property
    def is_idle(self) -> bool:
        return self._work is None

    def facts(self) -> dict[str, Any]:
        last = self._last
        return {
            "account": self._trade.account, "spent_today": str(last.spent), "replies": last.counts,
            "waiting": last.waits, "trouble": last.fault,
        }  # fmt: skip

    def close(self) -> None:
        self._thread.shutdown(wait=True)  # what is on its way is paid for
        self.collect()
        self._held.close()

    # beside the rounds ---------------------------------------------------------------------------------------------

    def _turn(self) -> _Turn:
        done, trade = _Turn(), self._trade
        try:
            done.found += trade.prosecuting.judge()
            done.found += trade.prosecuting.step()
            # A dispute has deadlines, and a seller may answer slowly on purpose.
            if not trade.prosecuting.is_busy and (provider := self._chosen(trade.providers())) is not None:
                done.bought.append(trade.buying.buy(provider))
                done.found += trade.prosecuting.judge()
            done.spent, done.counts = trade.buying.spent(), dict(trade.book.counts())
        except (KeifuError, httpx.HTTPError) as error:
            done.fault = str(error)
        except Exception as error:  # what strangers answer must not end the rounds about heartbeats
            done.fault = f"{type(error).__name__}: {error}"
        done.waits, done.is_busy = dict(trade.prosecuting.waits), trade.prosecuting.is_busy
        return done

    def _chosen(self, providers: Iterable[Provider]) -> Provider | None:
        """One whose moment has come. The first moment is drawn, too: a start is not followed by questions to all."""
        now = self._clock()
        due = []
        for item in providers:
            if item.operator not in self._due:
                self._due[item.operator] = self._drawn(now)
            if self._due[item.operator] <= now:
                due.append(item)
        if not due:
            return None
        found = self._lot.choice(due)
        self._due[found.operator] = self._drawn(now)
        return found

    def _drawn(self, now: float) -> float:
        return now + self._lot.expovariate(1 / self._settings.every)

    # what is told --------------------------------------------------------------------------------------------------

    def _take(self, done: _Turn) -> None:
        log, alerts = self._body.log, self._body.alerts
        for item in done.bought:
            self._counted.labels(item.word).inc()
            log.info("a canary", outcome=item.word, operator=item.operator, why=item.why)
            if item.word in (WRONG, REFUSED):
                key = f"canary {item.operator} {item.why}"
                alerts.tell(key, "a provider's answer does not hold", operator=item.operator, why=item.why)
        for found in done.found:
            key = f"canary {found.receipt} {found.words}"
            alerts.tell(key, f"a reply to a canary: {found.words}", operator=found.operator, receipt=found.receipt)
        if done.fault and done.fault != self._last.fault:
            log.warning("canaries", fault=done.fault)
        self._spent.set(done.spent)
        for state, number in done.counts.items():
            self._replies.labels(state).set(number)
        self._last = done
        self._look_at = self._clock() + self._pause(done)

    def _pause(self, done: _Turn) -> float:
        if done.fault:
            return LOOK_SECONDS
        if done.is_busy:
            return SOON_SECONDS
        next_due = min(self._due.values(), default=float("inf")) - self._clock()
        return max(SOON_SECONDS, min(next_due, LOOK_SECONDS))
