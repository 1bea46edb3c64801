"""The chain that ape starts for a test process: on a port that nobody else is given, with a clock of its own."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from ethwire.ports import reserved_port
from ethwire.rpc.wire import is_readable

__all__ = [
    "GENESIS",
    "HOST",
    "SECONDS_A_BLOCK",
    "ape_host",
    "ask_less",
    "isolate_where_ape_is_used",
    "keep_no_old_states",
    "note_no_nodes",
    "own_scopes",
    "read_settings_once",
    "short_requests",
    "start_clock",
    "without_source_walks",
]

# Chains of tests begin here whenever they run: 2026-01-01T00:00:00Z, where a day and a week of unix time both begin.
GENESIS = 1_767_225_600
SECONDS_A_BLOCK = 1
TIP = 10**9  # wei for one gas, on top of a base fee that is 0
START_SECONDS = 600  # for anvil to answer its first request; takes a tenth of one on an idle machine
HOST = "APE_FOUNDRY_HOST"


@contextmanager
def ape_host() -> Iterator[str]:
    """ape, connecting inside, starts anvil on a reserved port. Its own `host: auto` draws one blindly, which fails when
    it is taken; and it gives a busy machine 20 seconds. Afterwards the variable is as before: an `ape run` of a test
    must not find this chain."""
    from ape.api.providers import SubprocessProvider  # noqa: PLC0415 - ape configures itself at import, after pytest has

    SubprocessProvider.start.__defaults__ = (START_SECONDS,)
    before = os.environ.get(HOST)
    with reserved_port() as port:
        os.environ[HOST] = f"http://127.0.0.1:{port}"
        try:
            yield os.environ[HOST]
        finally:
            del os.environ[HOST]
            if before is not None:
                os.environ[HOST] = before


def start_clock(provider: Any) -> None:
    """From now on every block is `SECONDS_A_BLOCK` after the one before it, unless a test names its time: how fast the
    machine is and what time it is there make no difference."""
    provider.make_request("evm_setTime", [GENESIS])
    provider.make_request("anvil_setBlockTimestampInterval", [SECONDS_A_BLOCK])
    provider.mine()


def without_source_walks() -> None:
    """A refused transaction is its reason: ape's walk from the instructions back to the source lines, and the call tree
    that it prints, take two seconds where a contract loops."""
    from ape.types.trace import SourceTraceback  # noqa: PLC0415 - ape configures itself at import, after pytest has
    from ape_ethereum.trace import Trace  # noqa: PLC0415

    SourceTraceback.create = classmethod(lambda cls, *_: cls.model_validate([]))
    Trace.show = lambda *_, **__: None


# What a test asks for that touches ape's chain. The tests of other folders know chains of their own, or none.
_USES_CHAIN = frozenset({"accounts", "chain", "networks", "project"})


def isolate_where_ape_is_used() -> None:
    """ape takes a snapshot before every test and goes back to it afterwards: three of four tests never touch its
    chain."""
    from ape.pytest.runners import PytestApeRunner  # noqa: PLC0415 - ape configures itself at import, after pytest has

    isolate = PytestApeRunner._setup_isolation

    def where_it_is_used(self: Any, item: pytest.Item) -> None:
        if not _USES_CHAIN.isdisjoint(item.fixturenames):
            isolate(self, item)

    PytestApeRunner._setup_isolation = where_it_is_used


def own_scopes() -> None:
    """ape looks a fixture's scope up by its name, over all rooms: one of the same name with a wider scope elsewhere has
    it made before the snapshot of its test, and what it did outlives the test."""
    from ape.pytest.fixtures import FixtureMap  # noqa: PLC0415 - as above

    def from_test_item(cls: type[FixtureMap], item: Any) -> FixtureMap:
        found = cls(item)
        for name, definitions in item._fixtureinfo.name2fixturedefs.items():
            found[definitions[-1].scope].append(name)
        return found

    FixtureMap.from_test_item = classmethod(from_test_item)


def note_no_nodes() -> None:
    """ape notes the nodes that it starts in a file of its user, and walks through all of them whenever it lets go of
    one. Those of tests end with their process, which does not cross them out."""
    from ape.managers.networks import NodeProcessMap  # noqa: PLC0415 - as above

    NodeProcessMap.cache_provider = lambda *_: None


def keep_no_old_states() -> None:
    """Past 500 blocks anvil writes the oldest state to a file for each new one, and a node that ape ends leaves it."""
    from ape_foundry.provider import FoundryProvider  # noqa: PLC0415 - as above

    command = FoundryProvider.build_command
    FoundryProvider.build_command = lambda self: [*command(self), "--max-persisted-states", "0"]


def read_settings_once() -> None:
    """ape reads its settings anew, environment and `.env` included, whenever it looks at one of a provider's."""
    from ape_foundry.provider import FoundryProvider  # noqa: PLC0415 - as above

    read, known = FoundryProvider.settings.fget, {}

    def settings(self: Any) -> Any:
        key = (self.network.choice, repr(self.provider_settings), os.environ.get(HOST))
        if key not in known:
            known[key] = read(self)
        return known[key]

    FoundryProvider.settings = property(settings)


def ask_less() -> None:
    """A transaction through ape is some seventeen requests to anvil. Twelve of them are about what is known here: who
    mines, that the limit of gas stands, that fees do not matter, that contracts print nothing, and that the contract
    which a test calls is there. Who mines is changed by `provider.auto_mine` alone."""
    from ape.api.transactions import ReceiptAPI  # noqa: PLC0415 - as above
    from ape.contracts.base import ContractMethodHandler  # noqa: PLC0415
    from ape_ethereum import Ethereum, provider  # noqa: PLC0415
    from ape_ethereum.transactions import TransactionType  # noqa: PLC0415
    from ape_foundry.provider import FoundryProvider  # noqa: PLC0415

    limit, limits = provider.Web3Provider.max_gas.fget, dict[str, int]()
    change, by_hand = FoundryProvider.auto_mine.fset, set[str]()

    def max_gas(self: Any) -> int:
        if self.uri not in limits:
            limits[self.uri] = limit(self)
        return limits[self.uri]

    def set_auto_mine(self: Any, at_once: bool) -> None:
        change(self, at_once)
        (by_hand.discard if at_once else by_hand.add)(self.uri)

    FoundryProvider.max_gas = property(max_gas)
    FoundryProvider.auto_mine = property(lambda self: self.uri not in by_hand, set_auto_mine)
    FoundryProvider.base_fee = property(lambda _: 0)
    FoundryProvider.priority_fee = property(lambda _: TIP)
    Ethereum.default_transaction_type = property(lambda _: TransactionType.DYNAMIC)
    ContractMethodHandler._validate_is_contract = lambda _: None
    ReceiptAPI._await_sender_nonce_increment = lambda _: None
    provider._post_send_transaction = lambda *_: None


@contextmanager
def short_requests() -> Iterator[None]:
    """The library that web3 asks with takes longer for a request than anvil does; the standard library's connection
    takes a fifth of that."""
    from web3._utils.http_session_manager import HTTPSessionManager  # noqa: PLC0415 - as above

    usual, connections = HTTPSessionManager.make_post_request, dict[str, http.client.HTTPConnection]()

    def post(_self: Any, uri: Any, data: bytes, **_: Any) -> bytes:
        place = urlsplit(str(uri)).netloc
        if place not in connections:
            connections[place] = http.client.HTTPConnection(place, timeout=START_SECONDS)
        connection = connections[place]
        if connection.sock is not None and is_readable(connection.sock):
            connection.close()  # anvil ends a connection that was silent for half a minute
        try:
            connection.request("POST", "/", data, {"Content-Type": "application/json"})
            with connection.getresponse() as response:
                return response.read()
        except BaseException:
            connection.close()  # half an answer may be in it; the next request opens it again
            raise

    HTTPSessionManager.make_post_request = post
    try:
        yield
    finally:
        HTTPSessionManager.make_post_request = usual
        for connection in connections.values():
            connection.close()
