"""Drives a provider's core: events go in, and what it commands is done with the real store, peers and chain.

One thread, that of the rounds, gives events and carries commands out. What waits for a disk or a peer is done by other
threads, and comes back through a queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Queue
from typing import Any

from keifu.chain.logs import find_logs, topic_of_address
from keifu.errors import KeifuError
from keifu.node.alerts import Alerts
from keifu.node.logs import Log
from keifu.node.storage.acting import Acting
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.disk import Disk
from keifu.node.storage.mending import Mending, ask_known
from keifu.node.storage.records import Known, Records
from keifu.node.storage.seeing import Seeing
from keifu.storage.deals import Placed
from keifu.storage.provider.commands import (
    Alert,
    Answer,
    Delete,
    Discard,
    Fetch,
    Keep,
    Lookup,
    Open,
    Rebuild,
    Submit,
    WakeAt,
    Write,
)
from keifu.storage.provider.core import Provider
from keifu.storage.provider.desk import Policy
from keifu.storage.provider.messages import Arrived, Deal, Found, Head, KeepFailed, Kept, Rebuilt, ShardId, Wake
from keifu.storage.provider.repairing import PREFIX
from keifu.storage.states import DealState, Shard, State

__all__ = ["Driving"]

THREADS = 2
LONGEST_JOURNAL = 1_000
KNOWN_SECONDS = 60.0  # between two questions about a deal that nobody here knows


class Driving:
    """Of the thread of the rounds."""

    def __init__(
        self,
        contracts: Contracts,
        records: Records,
        seeing: Seeing,
        acting: Acting,
        disk: Disk,
        mending: Mending,
        policy: Policy,
        alerts: Alerts,
        log: Log,
    ) -> None:
        self._contracts, self._records, self._seeing, self._acting = contracts, records, seeing, acting
        self._disk, self._mending, self._alerts, self._log = disk, mending, alerts, log
        self.me = contracts.account.address.lower()
        kept = disk.kept([item.shard for item in records.handed()])
        self.core = Provider(self.me, policy, records.journal(), kept)
        # What other threads want done in this one. No SimpleQueue: one that a signal interrupts as its time ends may
        # wait for ever.
        self.queue: Queue[Callable[[], None]] = Queue()
        self.head = Head(0, 0, 0)
        self.is_stale = False  # whether more is known than when the block was looked at
        self.done: dict[str, int] = {}  # commands, by what they were
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="provider")
        self._waiting: dict[str, Callable[[str], None]] = {}  # who sent a shard, and waits for an answer
        self._busy: set[str] = set()  # jobs of threads
        self._wake_at = float("inf")
        self._asked = 0
        self._urls: dict[str, str] = {}
        self._known_at: dict[bytes, float] = {}
        self._wrong: dict[bytes, set[int]] = {}  # k of deals, that gave no shard back
        self._written = 0
        self._shorten()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    # events --------------------------------------------------------------------------------------------------------

    def step(self, head: Head | None) -> None:
        """What became of transactions; a new block; what time has brought."""
        for event in self._acting.settled(self.core.unsettled):
            self.take(event)
        if head is not None:
            self.head = head
            self.take(head)
            self._ask_about_lost()
        if time.monotonic() >= self._wake_at:
            self._wake_at = float("inf")
            self.take(Wake())

    def arrived(self, shard: ShardId, placed: Placed, answer: Callable[[str], None]) -> None:
        """A shard is sealed here and handed over; `answer` gets why it is not kept, or ""."""
        self._asked += 1
        peer = str(self._asked)
        self._waiting[peer] = answer
        self.take(Arrived(peer, placed.root.hex(), shard, placed.root, placed.leaves))

    @property
    def seconds(self) -> float:
        """Until something is due."""
        return max(0.0, self._wake_at - time.monotonic())

    def take(self, event: Any) -> None:
        """Give an event to the core and carry out what it says."""
        sends: list[Submit] = []
        for command in self.core.handle(time.monotonic(), event):
            if isinstance(command, Submit):
                sends.append(command)
            else:
                self._do(command)
        if sends:
            for command in sends:
                kind = command.intent.split(" ")[1]
                self.done[kind] = self.done.get(kind, 0) + 1
                self._log.info("sends", intent=command.intent)
            self._acting.submit(sends, self.head, self._seeing.seen, self._seeing.mine)
        if self._written > LONGEST_JOURNAL:
            self._shorten()

    def _shorten(self) -> None:
        self._records.shorten(self.core.records(), self.core.unsettled)
        self._written = 0

    def _later(self, event: Any) -> None:
        """From any thread."""
        self.queue.put(lambda: self.take(event))

    def _in_thread(self, name: str, work: Callable[[], Any]) -> None:
        """Once at a time for a name; what it gives is an event."""
        if name in self._busy:
            return
        self._busy.add(name)

        def end(done: Future[Any]) -> None:
            self._busy.discard(name)
            if done.cancelled():
                return
            if (error := done.exception()) is not None:
                self._log.warning("a job failed", job=name, fault=str(error))
            elif done.result() is not None:
                self._later(done.result())

        self._pool.submit(work).add_done_callback(end)

    # commands ------------------------------------------------------------------------------------------------------

    def _do(self, command: Any) -> None:
        match command:
            case Write(record):
                self._records.append(record)
                self._written += 1
            case Keep():
                self._keep(command.shard)
            case Delete(shard):
                self._delete(shard)
            case Answer():
                if answer := self._waiting.pop(command.peer, None):
                    answer(command.refusal)
            case Open():
                roots = [self._placed(shard).root for shard, _ in command.leaves]
                self._in_thread(command.job, lambda: self._disk.open(command, roots))
            case Lookup() | Fetch() | Rebuild():
                self._mend(command)
            case WakeAt():
                self._wake_at = min(self._wake_at, command.time)
            case Alert():
                self._alerts.tell(command.text, command.text)
            case Discard():
                pass  # what nobody holds expires
            case _:
                raise AssertionError(f"no such command: {command}")

    def _mend(self, command: Lookup | Fetch | Rebuild) -> None:
        match command:
            case Lookup(deal):
                self._lookup(deal)
            case Fetch():
                self._fetch(command)
            case Rebuild(job, shard):
                known = self._known(shard.deal)
                self._in_thread(job, lambda: self._rebuilt(job, shard, known))

    def _rebuilt(self, job: str, shard: ShardId, known: Known) -> Rebuilt:
        """By a thread. Segments are compared with their roots when they come: what others give wrongly is k."""
        built = self._mending.rebuild(job, shard, known)
        if built.root != known.named[shard.index].root and not known.signature:
            self.queue.put(lambda: self._doubt(shard.deal, known.k))
        return built

    def _known(self, deal: bytes) -> Known:
        known = self._records.known(deal)
        assert known is not None
        return known

    def _placed(self, shard: ShardId) -> Placed:
        return self._known(shard.deal).named[shard.index]

    def _keep(self, shard: ShardId) -> None:
        try:
            self._disk.keep(shard, self._placed(shard).root)
        except KeifuError as error:
            self._later(KeepFailed(shard, error.message))
        else:
            self._records.hand(shard)
            self._mending.forget(shard)
            self._later(Kept(shard))

    def _delete(self, shard: ShardId) -> None:
        self._disk.delete(shard)
        self._mending.forget(shard)
        self._records.erase(shard, self._placed(shard).root, self.head.time)
        self.done["delete"] = self.done.get("delete", 0) + 1
        self._log.info("deleted", shard=str(shard))

    # peers ---------------------------------------------------------------------------------------------------------

    def _holders(self, deal: bytes, count: int) -> list[str]:
        """Who stores each shard now; empty for nobody."""
        shards = [(self._contracts.deals.shard, (deal, index)) for index in range(count)]
        answers = self._contracts.ask(self._seeing.seen.block, shards)
        found = [Shard.of(state) if state else None for state in answers]  # none after a reorganisation
        return [state.provider if state and state.state is State.STORED else "" for state in found]

    def _lookup(self, deal: bytes) -> None:
        known = self._known(deal)
        holders = tuple(self._holders(deal, len(known.named)))
        [terms] = self._contracts.ask(self._seeing.seen.block, [(self._contracts.deals.deal, (deal,))])
        if terms is None:
            return
        roots, leaves = tuple(item.root for item in known.named), known.named[0].leaves
        self._later(Found(Deal(deal, known.k, holders, roots, leaves, bool(terms[7]))))

    def _fetch(self, command: Fetch) -> None:
        wanted, source = ShardId.parse(command.job.removeprefix(PREFIX)), command.shard
        placed, url = self._placed(source), self.url_of(command.peer) if command.peer else ""
        self._in_thread(
            f"{command.job} from {source.index}",
            lambda: self._mending.fetch(command.job, wanted, source, placed, url),
        )

    def url_of(self, provider: str) -> str:
        """Where a provider said last that it is found."""
        market = self._contracts.market
        topics = ["0x" + market.interface.event("Offered").topic.hex(), topic_of_address(provider)]
        first = self._contracts.chain.record.first_block
        for event in find_logs(self._contracts.chain.client, market.address, topics, first):
            said = market.interface.read_log(market.address, event.topics, event.data)
            self._urls[provider] = said.args["url"] if said else ""
        return self._urls.get(provider, "")

    def _ask_about_lost(self) -> None:
        """Ask the other providers of deals with lost shards what their client told them."""
        for deal in self._seeing.unknown():
            if time.monotonic() < self._known_at.get(deal, 0.0):
                continue
            self._known_at[deal] = time.monotonic() + KNOWN_SECONDS
            self._ask_about(deal)

    def _doubt(self, deal: bytes, k: int) -> None:
        """So many shards do not give a deal's others: somebody else may say better."""
        self._wrong.setdefault(deal, set()).add(k)
        self._ask_about(deal)

    def _ask_about(self, deal: bytes) -> None:
        [said] = self._contracts.ask(self._seeing.seen.block, [(self._contracts.deals.deal, (deal,))])
        if said is None:
            return
        terms = DealState.of(said)
        urls = [
            url for who in self._holders(deal, terms.shards) if who and who != self.me and (url := self.url_of(who))
        ]
        self._in_thread(f"ask {deal.hex()}", partial(self._learn, deal, terms, urls))

    def _learn(self, deal: bytes, terms: DealState, urls: list[str]) -> None:
        """By a thread."""
        is_signed = partial(self._contracts.is_signed, deal, client=terms.client)
        known = ask_known(urls, deal, terms.root, is_signed, frozenset(self._wrong.get(deal, ())))
        if known is not None:
            self.queue.put(lambda: self._note(deal, known))

    def _note(self, deal: bytes, known: Known) -> None:
        self._records.know(deal, known)
        self.is_stale = True
