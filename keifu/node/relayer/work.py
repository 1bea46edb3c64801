"""Rounds of the relayer's node: what was asked for is checked, sent once, and looked after until a block has it."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import uvloop

from ethwire.rpc import quantity
from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, PERMIT2_COLLECTOR, TOKEN
from keifu.compute.http import Server
from keifu.errors import EnvironmentFault
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.relayer.accounts import Accounts
from keifu.node.relayer.desk import Desk
from keifu.node.relayer.pages import LIMITS, Pages
from keifu.node.relayer.refunds import Refunds
from keifu.node.relayer.spending import Spending
from keifu.node.sections import split_address
from keifu.node.settings import NodeSettings, RelayerSettings
from keifu.node.web import Background
from keifu.node.work import Body, Check, Work
from keifu.payments.channel import Vouchers
from keifu.payments.facilitator import PERMIT_EXTENSION, Kind, Supported
from keifu.payments.onchain import Onchain
from keifu.payments.x402 import network_of

__all__ = ["Relayer"]

WAIT_SECONDS = 0.05  # for a request, in a round
GAS_OF_AN_INTENT = 300_000
T = TypeVar("T")


class Relayer(Work):
    """One account that pays gas, and takes vouchers for it."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: RelayerSettings = body.settings
        own, client, account = settings.relayer, body.chain.client, body.account.address
        self._settings = own
        channels, collectors = contracts_of(body.chain)
        onchain, vouchers = Onchain(client, channels, collectors), Vouchers(body.chain.id, channels)
        self._refunds = Refunds(onchain, vouchers, own, account, own.token or body.chain.suite[TOKEN])
        self._spending = Spending(body.database, own)
        self._sender = body.sender(CHANNELS)
        self._accounts = Accounts(
            client, body.chain.suite, self._sender, self._spending, self._refunds, own.most_refund
        )
        self._desk = Desk(client, onchain, vouchers, self._sender, own, self._spending, self._refunds)
        self._answering = Background(uvloop.new_event_loop())
        self._server: Server | None = None
        self._supported = Supported(
            [Kind.on(network_of(body.chain.id), self._refunds.terms)], [PERMIT_EXTENSION], {"eip155:*": [account]}
        )
        self._poll_at, self._is_draining, self._empty = 0.0, False, ""
        self._said: dict[tuple[str, str], int] = {}
        self._relayed = body.metrics.counter(
            "relayed", "Requests, by what was asked for and outcome.", "what", "outcome"
        )
        self._waiting = body.metrics.gauge("open_requests", "Requests that wait for an answer.")
        self._spent = body.metrics.gauge("gas_hour_wei", "Gas of the last hour, by who pays for it.", "payer")

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, RelayerSettings)
        channels, _ = contracts_of(chain)
        own = settings.relayer
        words = f"relays to {channels}; gives away {own.free_all} wei of gas an hour"
        yield Check("channels", True, words + ("" if own.per_ether else ", and takes no refunds"))
        balance, needed = chain.client.balance(account), GAS_OF_AN_INTENT * chain.rpc.quantity("eth_gasPrice")
        words = f"{account.address} has {balance} wei, an intent may take {needed}"
        yield Check("gas", balance >= needed, words, "" if balance >= needed else f"pay {account.address}")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._look()
        host, port = split_address(self._settings.listen)
        pages = Pages(self._desk, self._accounts, self._supported, self._not_ready)
        self._server = Server(
            pages.handle, host=host, port=port, limits=LIMITS,
            refused=lambda why: self.body.metrics.refused.labels(why).inc(),
        )  # fmt: skip
        self._in_loop(self._server.start())
        self.body.log.info("relaying", at=self._server.address, network=self._supported.kinds[0].network)

    def step(self) -> float:
        is_busy = self._desk.step(WAIT_SECONDS) | self._accounts.step()
        is_due = time.monotonic() >= self._poll_at
        if is_due:
            self._look()
            self._poll_at = time.monotonic() + self._settings.poll
        if is_busy or is_due:
            self._sender.step()
            self._count()
        return 0.0

    def drain(self) -> bool:
        """Nothing new; what was accepted is looked after until a block has it, as far as it can be sent."""
        self._is_draining = True
        is_asked = self._desk.step(0.0)
        self._accounts.step()
        is_at_rest = self._sender.step().is_at_rest
        return is_at_rest and (not is_asked or bool(self._sender.trouble))

    def close(self) -> None:
        if self._server is not None:
            self._in_loop(self._server.stop())
        self._answering.close()
        self._sender.close()

    def _look(self) -> None:
        """Raises RpcError."""
        chain = self.body.chain
        self.body.metrics.head.set(quantity(chain.newest().number, "the newest block's number"))
        self._empty = "" if chain.client.balance(self.body.account) else f"{self.body.account.address} has no ether"
        self._desk.tidy()

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._answering.submit(work).result()

    # what is said --------------------------------------------------------------------------------------------------

    def _not_ready(self) -> str:
        return "the relayer is going down" if self._is_draining else self._empty

    def _count(self) -> None:
        now = {**self._desk.counts, **self._accounts.counts}
        for key, value in now.items():
            if more := value - self._said.get(key, 0):
                self._relayed.labels(*key).inc(more)
        self._said = now
        self._waiting.set(self._desk.waiting)
        gas, free = self._spending.hour
        self._spent.labels("all").set(gas)
        self._spent.labels("relayer").set(free)

    def trouble(self) -> str:
        return self._empty or self._sender.trouble

    def facts(self) -> dict[str, Any]:
        terms = self._refunds.terms
        return {
            "relays_at": self._server.address if self._server else "",
            "network": self._supported.kinds[0].network,
            "refund_token": terms.token if terms else "",
            "per_ether": terms.per_ether if terms else "0",
            "waiting": self._desk.waiting,
            "done": sum(count for (what, outcome), count in self._desk.counts.items() if outcome == "done"),
        }


def contracts_of(chain: NodeChain) -> tuple[str, tuple[str, str]]:
    """Channels, and its collectors. Raises EnvironmentFault when the chain has none."""
    found = chain.suite.addresses
    if CHANNELS not in found:
        raise EnvironmentFault(
            f"no {CHANNELS} is recorded for chain {chain.id}", remedy="name the record of a suite that has channels"
        )
    return found[CHANNELS], (found[ERC3009_COLLECTOR], found[PERMIT2_COLLECTOR])
