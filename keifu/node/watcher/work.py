"""Rounds of the watcher's node: follow the chain, ask, judge, file, send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ethwire.rpc import quantity
from keifu.chain.follower import Follower, Notice
from keifu.chain.suite import HEARTBEATS
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.settings import NodeSettings, WatcherSettings
from keifu.node.watcher.bindings import Bindings, Watched
from keifu.node.watcher.evidence import HeartbeatFiling
from keifu.node.watcher.heard import Heard
from keifu.node.watcher.judge import Judge
from keifu.node.watcher.peers import PAGE, Answer, Peers, Said, read_lines
from keifu.node.web import Page
from keifu.node.work import Body, Check, Work
from keifu.provenance.registry import Provenance
from keifu.units import coins, counted

if TYPE_CHECKING:
    from keifu.node.watcher.canaries import Canaries

__all__ = ["Watcher"]

STEPS_A_ROUND = 20  # of the follower, so that a long history stops nothing else
GAS_OF_A_REPORT = 600_000  # commit, report and withdraw, with the limits that the sender sets
SOON_SECONDS = 0.25  # while an answer or a transaction is awaited


class Watcher(Work):
    """Everybody who is bound, one account that reports."""

    def __init__(self, body: Body, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(body)
        settings: WatcherSettings = body.settings
        self._settings, self._clock = settings.watcher, clock
        chain, suite, metrics = body.chain, body.chain.suite, body.metrics
        self._head = metrics.head
        self._reached = metrics.gauge("followed_block", "Newest block whose events are accounted for.")
        self._judged = metrics.counter("judged", "Heartbeats that were judged, by verdict.", "verdict")
        self._filed = metrics.counter("evidence", "Faults, by the states that they came to.", "state")
        refused = metrics.counter("peers_refused", "Answers of operators that were refused, by reason.", "reason")
        source = Provenance(
            chain.client, suite["ProvenanceRegistry"], suite["Environments"], first_block=chain.record.first_block
        )
        self._bindings = Bindings(chain, body.database, HEARTBEATS)
        self._judge = Judge(chain, source, body.database)
        self._heard = Heard(body.database)
        self._follower = Follower(
            chain.rpc, self._bindings.sources, body.database, self._bindings, on_notice=self._notice, workers=0
        )
        self._peers = Peers(
            body.background,
            PAGE,
            read_lines,
            patience=self._settings.patience,
            private=self._settings.private_peers or chain.is_local,
            refused=lambda reason: refused.labels(reason).inc(),
        )
        self._sender = body.sender(suite[HEARTBEATS])
        self._filing = HeartbeatFiling(
            chain, self._sender, self._judge, body.database, body.log,
            receiver=self._settings.receiver, on_state=lambda state: self._filed.labels(state).inc(),
        )  # fmt: skip
        self._canaries = _canaries_of(body, clock) if self._settings.canaries.integers else None
        self._watched: dict[str, Watched] = {}
        self._silent: dict[str, str] = {}
        self._ask_at = float("-inf")
        self._last_trouble = ""
        self._caught_up = False
        self._facts: dict[str, Any] = {}

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, WatcherSettings)
        balance = chain.client.balance(account)
        price = chain.rpc.quantity("eth_gasPrice")
        needed = GAS_OF_A_REPORT * price
        yield Check(
            "gas", balance >= needed, f"{account.address} has {balance} wei, a report may take {needed}",
            "" if balance >= needed else f"pay {account.address}",
        )  # fmt: skip
        if settings.watcher.canaries.integers is not None:
            missing = settings.watcher.missing_for_canaries
            words = f"at most {coins(settings.watcher.canaries.day)} coins a day"
            yield Check("canaries", not missing, words, f"watcher.{missing}" if missing else "")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._follow()

    def step(self) -> float:
        self._follow()
        if self._clock() >= self._ask_at:
            self._ask_at = self._clock() + self._settings.poll
            self._ask()
        for answer in self._peers.answers():
            self._take(answer)
        self._heard.show()
        if self._canaries is not None:
            self._canaries.step()
        pause = self._go_on()
        self._facts = self._now()
        return pause

    def drain(self) -> bool:
        """End what was committed to: without its report a commitment is worth nothing."""
        self._follow()
        self._go_on()
        if self._canaries is not None:
            self._canaries.collect()
        return self._filing.open() == 0 and not self._is_buying

    def close(self) -> None:
        if self._canaries is not None:
            self._canaries.close()
        self._peers.close()
        self._sender.close()

    def _go_on(self) -> float:
        self._filing.go_on()
        step = self._sender.step()
        self._last_trouble = self.body.tell_trouble(self._sender, self._last_trouble)
        if self._peers.waits or step.open or self._filing.open() or self._is_buying:
            return SOON_SECONDS
        return max(0.0, min(self._ask_at - self._clock(), float(self._settings.poll)))

    @property
    def _is_buying(self) -> bool:
        return self._canaries is not None and not self._canaries.is_idle

    # the chain -----------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        for _ in range(STEPS_A_ROUND):
            step = self._follower.step()
            self._caught_up = step.caught_up
            self._head.set(step.head)
            self._reached.set(step.reached)
            if step.reverted_to is not None:
                self._judge.forget()
                self._heard.forget()
            if not step.more:
                break
        self._watched = {item.operator: item for item in self._bindings.watched()}

    def _notice(self, notice: Notice) -> None:
        self.body.log.warning("the endpoint", kind=notice.kind, fault=notice.message)

    # operators -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        peers = {operator.lower(): url for operator, url in self._settings.peers.items()}
        for operator, item in self._watched.items():
            if url := peers.get(operator, item.url):
                self._peers.ask(operator, url)
            else:
                self._silent[operator] = "has announced no address"
        for operator in self._silent.keys() - self._watched.keys():
            del self._silent[operator]

    def _take(self, answer: Answer[Said]) -> None:
        watched = self._watched.get(answer.operator)
        if watched is None:
            return
        if answer.fault and self._silent.get(answer.operator) != answer.fault:
            self.body.log.info("no heartbeats", operator=answer.operator, why=answer.fault)
        if answer.said and not answer.fault:
            self._silent.pop(answer.operator, None)
        else:
            self._silent[answer.operator] = answer.fault or "serves none"
        now = quantity(self.body.chain.newest().timestamp, "the newest block's time")
        for said in answer.said:
            verdict = self._judge.judge(answer.operator, said, watched.environments, now)
            self._judged.labels(verdict.word).inc()
            if verdict.is_of_promotion:
                self._heard.keep(answer.operator, said)
            if verdict.fault is not None:
                self._filing.file(verdict.fault)

    # what is told --------------------------------------------------------------------------------------------------

    def trouble(self) -> str:
        if not self._caught_up:
            return f"block {self._follower.reached} is reached, the chain is further"
        return self._sender.trouble

    def facts(self) -> dict[str, Any]:
        return self._facts

    def owner_pages(self) -> Mapping[str, Callable[[], Page]]:
        return {"/heartbeats": self._heard.page}

    def _now(self) -> dict[str, Any]:
        """Made by the thread of the rounds, which alone reads what changes."""
        return {
            "watched": counted(len(self._watched), "operator"),
            "silent": dict(self._silent),
            "evidence": self._filing.counts(),
            **({"canaries": self._canaries.facts()} if self._canaries else {}),
        }


def _canaries_of(body: Body, clock: Callable[[], float]) -> Canaries:
    from keifu.node.watcher.canaries import Canaries  # noqa: PLC0415 - numba, 52 MiB that other watchers do not need

    return Canaries(body, body.folder.canaries, clock=clock)
