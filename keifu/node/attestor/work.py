"""Rounds of the attestor's node: requests are checked, attested once, and answered."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import uvloop

from ethwire.rpc import quantity
from keifu.chain import Deployment, RpcDeployer
from keifu.chain.suite import NFT, VERIFIER
from keifu.compute.http import Server
from keifu.errors import EnvironmentFault
from keifu.inft.requests import About, Answer, Asked
from keifu.inft.stores import FolderStore, NetworkStore, Store, Terms
from keifu.keys import Account
from keifu.node.attestor.book import Book
from keifu.node.attestor.desk import Desk
from keifu.node.attestor.freeing import free_next
from keifu.node.attestor.pages import LIMITS, Pages
from keifu.node.attestor.receptions import Receptions
from keifu.node.attestor.world import ChainWorld
from keifu.node.chain import NodeChain
from keifu.node.compute.questions import Questions
from keifu.node.sections import AttestorWork, split_address
from keifu.node.settings import AttestorSettings, NodeSettings
from keifu.node.web import Background
from keifu.node.work import Body, Check, Work
from keifu.storage.client.market import Market

__all__ = ["Attestor"]

WAIT_SECONDS = 0.05  # in a round, for somebody who asks: an order to end is seen so late
WAITING = 32  # requests at a time
T = TypeVar("T")


class Attestor(Work):
    """One account with coins behind its word."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        own: AttestorWork = body.settings.attestor
        require_suite(body.chain)
        self._settings = own
        self._world = ChainWorld(body.chain, body.account.address, own)
        self._receptions = Receptions(body.folder.path / "receptions", body.account, own.reception)
        self._book = Book(body.database)
        self._deployer = RpcDeployer(body.chain.client, body.account, body.chain.record.factory)
        store = _store(body, own, self._deployer)
        self._desk = Desk(body.account, self._receptions, self._book, store, self._world, own.requests)
        self._questions: Questions[Asked, Answer] = Questions(WAITING, "too much is asked for at once: come back later")
        self._answering = Background(uvloop.new_event_loop())
        self._server: Server | None = None
        self._poll_at, self._is_draining, self._idle = 0.0, False, ""
        self._signed = body.metrics.gauge("attested", "Requests that were signed.")

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, AttestorSettings)
        require_suite(chain)
        why = ChainWorld(chain, account.address, settings.attestor).trouble()
        remedy = "be named through the timelock, lock coins, and `keifu inft join`" if why else ""
        yield Check("attestor", not why, why or f"{account.address} counts", remedy)

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._look()
        host, port = split_address(self._settings.listen)
        pages = Pages(lambda: self._about, self._questions, self._not_ready)
        self._server = Server(
            pages.handle, host=host, port=port, limits=LIMITS,
            refused=lambda why: self.body.metrics.refused.labels(why).inc(),
        )  # fmt: skip
        self._in_loop(self._server.start())
        self.body.log.info("attesting", at=self._server.address)

    def step(self) -> float:
        self._questions.answer(self._desk.attest, WAIT_SECONDS)
        if time.monotonic() >= self._poll_at:
            self._look()
            self._poll_at = time.monotonic() + self._settings.poll
        return 0.0

    def drain(self) -> bool:
        self._is_draining = True
        self._questions.answer(self._desk.attest)
        return self._questions.is_empty

    def close(self) -> None:
        if self._server is not None:
            self._in_loop(self._server.stop())
        self._answering.close()

    def _look(self) -> None:
        """At the chain, and at the reception key: the page is of this round's. Raises RpcError."""
        chain = self.body.chain
        self.body.metrics.head.set(quantity(chain.newest().number, "the newest block's number"))
        self._idle = self._world.trouble()
        self._signed.set(self._book.all)
        if (freed := free_next(chain, self._book, self._deployer)) is not None:
            self.body.log.info("freed", transfer=freed.hex())
        public, until = self._receptions.newest()
        about = About(chain.id, chain.suite[VERIFIER], self.body.account.address, public.hex(), until)
        signature = self.body.account.sign(about.digest).hex()
        self._about = About(about.chain_id, about.verifier, about.attestor, about.public_key, until, signature)

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._answering.submit(work).result()

    # what is said --------------------------------------------------------------------------------------------------

    def _not_ready(self) -> str:
        return "the attestor is going down" if self._is_draining else self._idle

    def trouble(self) -> str:
        return self._idle

    def facts(self) -> dict[str, Any]:
        return {
            "attests_at": self._server.address if self._server else "",
            "reception_until": self._about.until,
            "stores": str(self._settings.store or "in the storage network"),
        }


def require_suite(chain: NodeChain) -> None:
    """Raises EnvironmentFault when the chain has no intelligent NFTs."""
    if not {NFT, VERIFIER} <= chain.suite.addresses.keys():
        raise EnvironmentFault(
            f"no {VERIFIER} is recorded for chain {chain.id}", remedy="name the record of a suite that has agents"
        )


def _store(body: Body, own: AttestorWork, deployer: RpcDeployer) -> Store:
    """A shared folder where one is named; else the storage network, in which the node's account pays."""
    if own.store is not None:
        return FolderStore(body.folder.path / own.store)
    chain, (k, m) = body.chain, own.code
    market = Market(chain.client, Deployment(dict(chain.record.contracts)), chain.record.first_block)
    terms = Terms((k, m), own.stored_for, own.most)
    return NetworkStore(market, body.folder.path / "storage", deployer, body.account, terms)
