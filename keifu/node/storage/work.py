"""Rounds of the storage node: the chain is looked at, the core decides, and threads answer whoever asks by HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from queue import Empty
from typing import Any, TypeVar

import uvloop

from ethwire.keys import checksum
from keifu.compute.http import Server
from keifu.errors import KeifuError
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.sections import StorageWork, split_address
from keifu.node.settings import NodeSettings, StorageSettings
from keifu.node.storage.acting import Acting
from keifu.node.storage.contracts import MARKET, Contracts
from keifu.node.storage.counts import Counts
from keifu.node.storage.disk import Disk
from keifu.node.storage.driving import Driving
from keifu.node.storage.duties import Duties
from keifu.node.storage.endowed import Endowed
from keifu.node.storage.handing import Handing
from keifu.node.storage.mending import Mending
from keifu.node.storage.pages import Pages
from keifu.node.storage.paid import Paid
from keifu.node.storage.prices import Prices
from keifu.node.storage.records import Records
from keifu.node.storage.seeing import Seeing
from keifu.node.storage.selling import Selling
from keifu.node.storage.service import HTTP_LIMITS, Answer, Service
from keifu.node.storage.turns import Turns
from keifu.node.web import Background
from keifu.node.work import Body, Check, Work
from keifu.storage.layout import LEAF_BYTES
from keifu.storage.provider.desk import Policy
from keifu.storage.store import Limits, Store

__all__ = ["Storage", "store_of"]

LONGEST_WAIT = 0.5  # seconds of a round in which nothing comes
SOON_SECONDS = 0.1  # while a transaction is under way
PATIENCE_SECONDS = 120.0  # for one shard of a peer
_log = logging.getLogger("keifu.storage")
T = TypeVar("T")


def store_of(body_folder: Any, settings: StorageWork) -> Store:
    """The store of a node's folder. Raises EnvironmentFault while another process has it."""
    folder = body_folder / "store"
    folder.mkdir(exist_ok=True)
    return Store(folder, limits=Limits(settings.room, min(settings.unpaid, settings.room)))


class Storage(Work):
    """One provider: its account accepts, proves and is paid."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: StorageSettings = body.settings
        own = self._settings = settings.storage
        self._contracts = Contracts(body.chain, body.account)
        self._records = Records(body.database)
        self._store = store_of(body.folder.path, own)
        self._sender = body.sender(MARKET)
        prices = Prices.read(own, self._contracts)
        first_block = body.chain.record.first_block
        self._seeing = Seeing(self._contracts, self._records, prices, first_block, repairs=own.repairs)
        acting = Acting(self._contracts, self._records, self._sender)
        self._driving = Driving(
            self._contracts, self._records, self._seeing, acting, Disk(self._store),
            Mending(self._store, body.folder.path / "repairs"), policy_of(own), body.alerts, body.log,
        )  # fmt: skip
        turns = Turns(self._sender, self._contracts.account.address, own.turns)
        self._duties = Duties(self._contracts, self._records, self._sender, own, prices, body.alerts, turns)
        self._paid = Paid(self._contracts, self._records, self._sender, own, prices, body.alerts)
        self._handing = Handing(
            self._contracts, self._records, self._seeing, self._driving, self._store, own, prices, self._look_anew
        )
        self._endowed = Endowed(self._contracts, self._records, self._handing, turns, own, body.log)
        self._counts = Counts(body.metrics)
        self._pages = Pages(self._handing, self._store, self._ask, self._not_ready)
        self._answering = Background(uvloop.new_event_loop())
        self._selling = self._seller()
        self._service = Service(self._store, self._counts, self._pages.job, self._selling)
        self._server: Server | None = None
        self._poll_at = self._swept_at = 0.0
        self._is_draining, self._is_sending = False, True
        self._said: dict[str, int] = {}
        self._facts: dict[str, Any] = {}
        metrics = body.metrics
        self._shards = metrics.gauge("shards", "Shards of deals, by state.", "state")
        self._stored = metrics.gauge("stored_bytes", "Bytes of all shards, whole segments counted.")
        self._sent = metrics.counter("provider_sent", "Transactions that the provider asked for, by kind.", "kind")
        self._misses = metrics.gauge("misses", "Epochs that were missed in a row.")
        self._earned = metrics.gauge("earned_wei", "Pay that is not withdrawn, as of the epoch's beginning.")
        text = "Pay in another token that is not withdrawn, in its smallest units, as of the epoch's beginning."
        self._earned_units = metrics.gauge("earned_units", text, "token")
        self._free = metrics.gauge("free_bytes", "Bytes of the day that nobody paid for.")

    def _seller(self) -> Selling | None:
        """What has segments paid for, where that costs something."""
        if not self._settings.retrieval.price:
            return None
        return Selling(self.body, self._settings, self._records, self._sender, self._answering, self._counts.refused)

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, StorageSettings)
        listed = MARKET in chain.suite.addresses
        words = f"{MARKET} at {chain.suite[MARKET]}" if listed else f"no {MARKET} is recorded"
        yield Check("market", listed, words, "" if listed else "name the record of a suite that has one")
        if not listed:
            return
        contracts = Contracts(chain, account)
        lock = contracts.hub.lock_of(contracts.market.address, account.address)
        remedy = f"keifu staking lock --service {MARKET}"
        yield Check("lock", lock > 0, f"{lock} wei are locked by {account.address}", "" if lock else remedy)
        prices = Prices.read(settings.storage, contracts)
        for token in settings.storage.tokens:
            fault = prices.faults.get(token, "")
            said = fault or f"{prices.named[token]} units of token {checksum(token)} for a gibibyte and epoch"
            yield Check("token", not fault, said, "change [storage.tokens]" if fault else "")
        balance = chain.client.balance(account)
        yield Check("gas", balance > 0, f"{balance} wei", "" if balance else f"pay {account.address}")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._look_anew()
        self._duties.begin(self._seeing.seen.block)
        self._paid.begin(self._seeing.seen.block)
        host, port = split_address(self._settings.listen)
        self._server = Server(
            self._service.handle, host=host, port=port, limits=HTTP_LIMITS, refused=self._counts.refused
        )
        self._in_loop(self._server.start())
        self.body.log.info("storing", at=self._server.address, shards=len(self._driving.core.kept))

    def step(self) -> float:
        is_due = time.monotonic() >= self._poll_at
        if is_due or self._is_sending:
            head, self._driving.is_stale = self._seeing.look(anew=self._driving.is_stale), False
            self._driving.step(head)
            self._duties.step(self._seeing.seen)
            self._paid.step(self._seeing.seen)
            self._endowed.step(self._seeing.seen)
            self._is_sending = not self._sender.step().is_idle or bool(self._driving.core.unsettled)
            self._poll_at = time.monotonic() + self._settings.poll
        else:
            self._driving.step(None)
        if self._selling is not None:
            self._selling.step(self._seeing.seen.block) if is_due else self._selling.hasten()
        if is_due:
            self._sweep()
            self._count()
        self._wait()
        return 0.0

    def _wait(self) -> None:
        """Do what other threads want done, until it is time to look again: whoever asks without end delays no proof."""
        is_asked = self._selling is not None  # whose errands have a queue of their own
        until = SOON_SECONDS if self._is_sending or is_asked else max(self._poll_at - time.monotonic(), 0.001)
        try:
            work = self._driving.queue.get(timeout=min(until, self._driving.seconds + 0.001, LONGEST_WAIT))
            while True:
                work()
                self._is_sending = True
                if time.monotonic() >= self._poll_at:
                    return
                work = self._driving.queue.get_nowait()
        except Empty:
            return

    def drain(self) -> bool:
        """Nothing new is taken; what can be sent is looked after until a block has it."""
        self._is_draining = True
        is_paid = self._selling is None or self._selling.drain()
        return self._sender.step().is_at_rest and (is_paid or bool(self._sender.trouble))

    def close(self) -> None:
        if self._server is not None:
            self._in_loop(self._server.stop())
        if self._selling is not None:
            self._selling.close()
        self._answering.close()
        self._service.close()
        self._driving.close()
        self._store.close()
        self._sender.close()

    # the chain -----------------------------------------------------------------------------------------------------

    def _look_anew(self) -> None:
        head = self._seeing.look(anew=True)
        self._driving.step(head)
        self.body.metrics.head.set(self._seeing.seen.block)

    def _sweep(self) -> None:
        """Give back the room of what is gone, and forget what nobody has paid for."""
        if time.monotonic() < self._swept_at + self._settings.sweep:
            return
        self._swept_at = time.monotonic()
        gone = self._store.expire(int(time.time()) - self._settings.unpaid_for)
        if (erased := self._store.sweep()) or gone:
            self.body.log.info("swept", segments=erased, unpaid=gone)

    # other threads -------------------------------------------------------------------------------------------------

    def _ask(self, work: Callable[[], None], answer: Future[Answer]) -> None:
        """Have the thread of the rounds do something; what it raises is the answer's."""

        def run() -> None:
            try:
                work()
            except KeifuError as error:
                answer.set_exception(error)
            except Exception as error:
                _log.exception("a question failed")
                answer.set_exception(error)

        self._driving.queue.put(run)

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._answering.submit(work).result()

    def _not_ready(self) -> str:
        return "the node is going down" if self._is_draining else self._duties.dry

    # what is said --------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        seen, core, mine = self._seeing.seen, self._driving.core, self._seeing.mine
        self.body.metrics.head.set(seen.block)
        accepted = len(mine)
        waiting = len(core.kept - set(mine.values()))
        self._shards.labels("accepted").set(accepted)
        self._shards.labels("waiting").set(waiting)
        self._stored.set(stored := self._store.reserved)
        self._misses.set(seen.ledger.misses)
        self._earned.set(self._duties.earned)
        for token, units in self._paid.earned.items():
            self._earned_units.labels(checksum(token)).set(units)
        self._free.set(self._selling.given if self._selling else 0)
        for kind, number in list(self._driving.done.items()):
            if more := number - self._said.get(kind, 0):
                self._sent.labels(kind).inc(more)
                self._said[kind] = number
        self._facts = {
            "provider": self.body.account.address,
            "shards": accepted,
            "waiting": waiting,
            "stored_bytes": stored,
            "leaves": seen.ledger.stored,
            "epoch": seen.epoch,
            "proven": seen.is_proven,
            "misses": seen.ledger.misses,
            "earned": str(self._duties.earned),
            "earned_units": {checksum(token): str(units) for token, units in self._paid.earned.items()},
            "sent": dict(self._driving.done),
        }

    def trouble(self) -> str:
        return self._duties.dry or self._sender.trouble or (self._selling.fault if self._selling else "")

    def facts(self) -> dict[str, Any]:
        return {"answers_at": self._server.address if self._server else "", **self._facts}


def policy_of(settings: StorageWork) -> Policy:
    return Policy(
        capacity=settings.room // LEAF_BYTES, repairs=settings.repairs, patience=PATIENCE_SECONDS, margin=0,
        stagger=20.0 * settings.turns,
    )  # fmt: skip
