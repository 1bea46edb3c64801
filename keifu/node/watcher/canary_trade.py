"""What canaries are bought with: a key and a client of their own, the model, questions, and who sells."""

from __future__ import annotations

import ipaddress
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from ethwire.rpc import connect
from keifu.abi import Contract
from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.suite import CHANNELS, COMPUTE, DISPUTES, ERC3009_COLLECTOR
from keifu.compute.client.checks import JUDGED_POSITIONS
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.disputing import Judge
from keifu.compute.client.market import listed
from keifu.compute.client.own_models import own_of
from keifu.compute.client.side import chain_side
from keifu.compute.client.store import Store
from keifu.compute.embedding import ids_of_text
from keifu.compute.model import ModelFault
from keifu.errors import EnvironmentFault
from keifu.inference import Model
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.playable import Stored, executor_of, loaded
from keifu.node.chain import open_key
from keifu.node.sections import WatcherWork
from keifu.node.watcher.buying import Buying
from keifu.node.watcher.canary_book import CanaryBook
from keifu.node.watcher.prosecuting import Prosecuting
from keifu.node.watcher.questions import OfLabels, OfReplies, OfVectors, Questions
from keifu.node.work import Body
from keifu.payments.wallet import Terms, Wallet
from keifu.provenance.program import Program
from keifu.provenance.registry import Provenance

__all__ = ["Sellers", "Trade", "questions_for", "trade_of"]

CLIENT, BOOK = "client", "canaries.sqlite"
HTTP_PORT = 443
ANSWER_SECONDS = 900.0  # a seller that gives a byte a minute holds up no other


@dataclass(frozen=True)
class Trade:
    """All of the thread that buys."""

    account: str
    buying: Buying
    prosecuting: Prosecuting
    book: CanaryBook
    sellers: Sellers

    def providers(self) -> Iterator[Provider]:
        """Raises RpcError."""
        accused = self.prosecuting.accused
        return (item for item in self.sellers.all() if item.operator.lower() not in accused)


class Sellers:
    """Who serves the environment: by the market, and by the owner's settings."""

    def __init__(self, chain: ChainClient, market: Contract, first_block: int, settings: WatcherWork, *, private: bool):
        self._chain, self._market, self._first_block, self._private = chain, market, first_block, private
        self._settings = settings.canaries
        self._environment = bytes.fromhex(settings.canaries.environment)

    def all(self) -> Iterator[Provider]:
        """Addresses that lead into the watcher's own network are left out. Raises RpcError."""
        named = {operator.lower(): url for operator, url in self._settings.providers.items()}
        for operator, url in named.items():
            yield Provider(url, operator, self._environment)
        for item in listed(self._chain, self._market, self._first_block):
            if item.environment == self._environment and item.operator not in named and self._may_ask(item.endpoint):
                yield Provider(item.endpoint, item.operator, self._environment, item.prices)

    def _may_ask(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                return False
            if self._private:
                return True
            places = socket.getaddrinfo(parts.hostname, parts.port or HTTP_PORT)
        except (OSError, ValueError):
            return False
        return all(ipaddress.ip_address(place[0]).is_global for *_, place in places)


def trade_of(body: Body, folder: Path, lot: random.Random, held: ExitStack) -> Trade:
    """Raises EnvironmentFault for a key or a suite that is not there, InputError for a model or texts that are none."""
    settings: WatcherWork = body.settings.watcher
    own, record = settings.canaries, body.chain.record
    if (missing := settings.missing_for_canaries) or settings.canary_key is None:
        raise EnvironmentFault(
            f"canaries need watcher.{missing}", remedy="keifu node watcher init --canaries says all that they need"
        )
    assert own.integers is not None
    assert own.texts is not None
    base = body.folder.path
    key = open_key(settings.canary_key, base, is_local=body.chain.is_local, secrets=body.secrets)
    rpc = connect(body.settings.chain.rpc)  # of the thread's own
    held.callback(rpc.close)
    chain, suite = ChainClient(rpc), _expected(body.chain.suite)
    side = chain_side(chain, suite, record.first_block, None)
    terms = Terms(side.chain_id, side.channels, side.market, own.most, suite[ERC3009_COLLECTOR], own.deposit)
    store = held.enter_context(Store(folder / CLIENT))
    client = held.enter_context(
        ComputeClient(Wallet(key, store, terms), side.sources, now=side.now, longest=ANSWER_SECONDS)
    )
    book = CanaryBook(folder / BOOK)
    held.callback(book.close)
    stored = loaded(base / own.integers)
    market = suite.at(chain, COMPUTE)
    provenance = Provenance(
        chain, suite["ProvenanceRegistry"], suite["Environments"], first_block=record.first_block
    )  # fmt: skip
    executor = executor_of(stored)
    judge = Judge(executor, provenance, market)
    sender = RpcDeployer(chain, key, record.factory)
    questions = questions_for(stored, base / own.texts, own.tokens, lot)
    again = own_of(stored, executor)
    private = settings.private_peers or body.chain.is_local
    return Trade(
        key.address,
        Buying(client, chain, suite, sender, own, questions, again, book),
        Prosecuting(chain, suite, record.first_block, sender, store, judge, book),
        book,
        Sellers(chain, market, record.first_block, settings, private=private),
    )


def questions_for(stored: Stored, folder: Path, tokens: int, lot: random.Random) -> Questions:
    """What a model of its kind is asked, one text or picture at a time: a dispute is about one. Raises InputError for
    a folder that has none."""
    if isinstance(stored, Program):
        return OfLabels(folder, takes=Model(stored, b"").tensor, lot=lot)
    if isinstance(stored, embeddings.Stored):
        return OfVectors(folder, fits=partial(_fits, stored), lot=lot)
    return OfReplies(folder, is_chat=stored.vocabulary.is_chat, tokens=tokens, lot=lot)


def _fits(stored: embeddings.Stored, text: str) -> bool:
    """Whether it is answered, and within a dispute's reach."""
    most = min(stored.program.sizes.positions, JUDGED_POSITIONS)
    try:
        return len(ids_of_text(stored.tokenizer, 0, text, most)) <= most
    except ModelFault:
        return False


def _expected(suite: Deployment) -> Deployment:
    for name in (COMPUTE, CHANNELS, DISPUTES, ERC3009_COLLECTOR):
        if name not in suite.addresses:
            raise EnvironmentFault(f"no {name} is recorded", remedy="the suite of this version has one")
    return suite
