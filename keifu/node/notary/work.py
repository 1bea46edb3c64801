"""Rounds of the notary's node: sign what is final on the other chain, and look at what other notaries sign."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from keifu.chain.follower import Follower, Notice
from keifu.chain.suite import RECORD_PROOF
from keifu.errors import EnvironmentFault
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.notary.book import Book
from keifu.node.notary.contradictions import HeaderFiling, HeaderJudge, Pair
from keifu.node.notary.foreign import open_foreign
from keifu.node.notary.signing import Desk, standing_of
from keifu.node.settings import NodeSettings, NotarySettings
from keifu.node.watcher.bindings import Bindings
from keifu.node.watcher.peers import Answer, Peers, read_headers
from keifu.node.web import Page
from keifu.node.work import Body, Check, Work
from keifu.provenance.signed_headers import PAGE, SignedHeader
from keifu.units import coins, counted

__all__ = ["Notary", "require_suite"]

STEPS_A_ROUND = 20  # of the follower, so that a long history stops nothing else
GAS_OF_A_REPORT = 900_000  # commit, report and withdraw, with the limits that the sender sets
SOON_SECONDS = 0.25  # while an answer or a transaction is awaited


class Notary(Work):
    """One account: its word about another chain, and reports about others' words."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        require_suite(body.chain)
        settings: NotarySettings = body.settings
        self._own, chain, metrics = settings.notary, body.chain, body.metrics
        self._held = ExitStack()
        self._sender = body.sender(chain.suite[RECORD_PROOF])
        self._book = Book(body.database, body.account.address, self._own.foreign_chain, body.alone_since)
        self._desk = self._signs()
        self._head = metrics.head
        self._signed = metrics.gauge("signed_block", "Newest block of the other chain that was signed.")
        self._judged = metrics.counter("judged", "Headers that were judged, by verdict.", "verdict")
        self._filed = metrics.counter("evidence", "Contradictions, by the states that they came to.", "state")
        refused = metrics.counter("peers_refused", "Answers of notaries that were refused, by reason.", "reason")
        self._judge = HeaderJudge(chain, body.database)
        self._bindings = Bindings(chain, body.database, RECORD_PROOF)
        self._follower = Follower(
            chain.rpc, self._bindings.sources, body.database, self._bindings, on_notice=self._notice, workers=0
        )
        self._peers: Peers[SignedHeader] = Peers(
            body.background, PAGE, read_headers,
            patience=self._own.patience, private=self._own.private_peers or chain.is_local,
            refused=lambda reason: refused.labels(reason).inc(),
        )  # fmt: skip
        self._filing = HeaderFiling(
            chain, self._sender, self._judge, body.database, body.log,
            receiver=self._own.receiver, on_state=lambda state: self._filed.labels(state).inc(),
        )  # fmt: skip
        self._poll_at, self._caught_up, self._last_trouble = float("-inf"), False, ""
        self._silent: dict[str, str] = {}
        self._page, self._facts = Page(b""), dict[str, Any]()

    def _signs(self) -> Desk | None:
        if not self._own.sign:
            return None
        if self.body.secrets is not None:
            self.body.secrets.hide_urls(url.strip() for url in self._own.foreign.split(","))
        try:
            foreign = open_foreign(self._own, self._held)
        except BaseException:
            self._held.close()
            self._sender.close()
            raise
        return Desk(
            self.body.chain, self.body.account, foreign, self._book, self._sender, self.body.alerts, self._own
        )  # fmt: skip

    @staticmethod
    def listens(settings: NodeSettings) -> str:
        assert isinstance(settings, NotarySettings)
        return settings.notary.listen if settings.notary.sign else ""

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, NotarySettings)
        require_suite(chain)
        balance = chain.client.balance(account)
        needed = GAS_OF_A_REPORT * chain.rpc.quantity("eth_gasPrice")
        yield Check(
            "gas", balance >= needed, f"{account.address} has {balance} wei, a report may take {needed}",
            "" if balance >= needed else f"pay {account.address}",
        )  # fmt: skip
        if not settings.notary.sign:
            return
        why = standing_of(chain, account.address).trouble
        remedy = "lock coins behind RecordProof: keifu staking lock" if why else ""
        yield Check("coins", not why, why or f"{account.address} can promise", remedy)
        with ExitStack() as held:
            final = open_foreign(settings.notary, held).final(1)
        yield Check("other chain", True, f"chain {settings.notary.foreign_chain}, block {final} is final")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._follow()
        self._show()

    def step(self) -> float:
        self._follow()
        if is_due := time.monotonic() >= self._poll_at:
            self._poll_at = time.monotonic() + self._own.poll
            self._ask()
        for answer in self._peers.answers():
            self._take(answer)
        pause = self._go_on()
        if is_due:  # last: reports are not late because the other chain's endpoint is down
            self._look()
            return SOON_SECONDS
        return pause

    def drain(self) -> bool:
        """End what was committed to: without its report a commitment is worth nothing."""
        self._go_on()
        return self._filing.open() == 0

    def close(self) -> None:
        self._peers.close()
        self._sender.close()
        self._held.close()

    def _look(self) -> None:
        if self._desk is None:
            return
        signed = self._desk.look()
        if signed is not None:
            self.body.log.info("signed", block=signed.header.number, hash="0x" + signed.header.block_hash.hex())
            self._signed.set(signed.header.number)
        self._show()

    def _show(self) -> None:
        """Made by the thread of the rounds: only what is on the disk is handed out."""
        lines = "".join(item.line + "\n" for item in self._book.shown())
        self._page = Page(lines.encode(), "application/x-ndjson")

    def _go_on(self) -> float:
        self._filing.go_on()
        step = self._sender.step()
        self._last_trouble = self.body.tell_trouble(self._sender, self._last_trouble)
        self._facts = self._now()
        if self._peers.waits or step.open or self._filing.open():
            return SOON_SECONDS
        return max(0.0, min(self._poll_at - time.monotonic(), float(self._own.poll)))

    # the chain -----------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        for _ in range(STEPS_A_ROUND):
            step = self._follower.step()
            self._caught_up = step.caught_up
            self._head.set(step.head)
            if not step.more:
                break

    def _notice(self, notice: Notice) -> None:
        self.body.log.warning("the endpoint", kind=notice.kind, fault=notice.message)

    # other notaries ------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        if not self._own.watch:
            return
        peers = {attestor.lower(): url for attestor, url in self._own.peers.items()}
        for item in self._bindings.watched():
            if item.operator == self.body.account.address.lower():
                continue
            if url := peers.get(item.operator, item.url):
                self._peers.ask(item.operator, url)
            else:
                self._silent[item.operator] = "has announced no address"

    def _take(self, answer: Answer[SignedHeader]) -> None:
        if answer.fault and self._silent.get(answer.operator) != answer.fault:
            self.body.log.info("no headers", attestor=answer.operator, why=answer.fault)
        self._silent.pop(answer.operator, None)
        if answer.fault:
            self._silent[answer.operator] = answer.fault
        for said in answer.said:
            verdict = self._judge.judge(answer.operator, said)
            if isinstance(verdict, Pair):
                self._filing.file(verdict)
            self._judged.labels("contradiction" if isinstance(verdict, Pair) else verdict).inc()

    # what is told --------------------------------------------------------------------------------------------------

    def trouble(self) -> str:
        if not self._caught_up:
            return f"block {self._follower.reached} is reached, the chain is further"
        return (self._desk.idle if self._desk else "") or self._sender.trouble

    def facts(self) -> dict[str, Any]:
        return self._facts

    def pages(self) -> Mapping[str, Callable[[], Page]]:
        return {f"/{PAGE}": lambda: self._page}

    def _now(self) -> dict[str, Any]:
        """Made by the thread of the rounds, which alone reads what changes."""
        newest = self._book.newest()
        return {
            "signs": f"chain {self._own.foreign_chain}" if self._desk else "nothing",
            "reserve": coins(self._desk.reserve) if self._desk else "0",
            "newest_signed": newest.header.number if newest else None,
            "watched": counted(len(self._bindings.watched()), "attestor"),
            "silent": dict(self._silent),
            "evidence": self._filing.counts(),
        }


def require_suite(chain: NodeChain) -> None:
    """Raises EnvironmentFault when nobody can promise there."""
    if RECORD_PROOF not in chain.suite.addresses:
        raise EnvironmentFault(
            f"no {RECORD_PROOF} is recorded for chain {chain.id}", remedy="name the record of a suite that has it"
        )
