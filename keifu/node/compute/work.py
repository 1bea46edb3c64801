"""Rounds of the compute node: what channels hold, what is promoted, what is claimed. Another thread answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import uvloop

from ethwire.constants import ZERO_ADDRESS
from ethwire.rpc import quantity
from keifu.chain.clock import clock_of
from keifu.chain.suite import CHANNELS, DISPUTES, ERC3009_COLLECTOR, PERMIT2_COLLECTOR, TOKEN
from keifu.compute.again import Again
from keifu.compute.cashier import Cashier, Offer
from keifu.compute.chat_page import chat_pages
from keifu.compute.client.checks import Prices
from keifu.compute.desk import COVER_PATH, DISPUTE_COVER_PATH, Desk
from keifu.compute.http import Exchange, Server
from keifu.compute.model import Model, RemoteModel
from keifu.compute.order_desk import ORDER_PATH, OrderDesk
from keifu.compute.own import OwnModel
from keifu.compute.sealing import Sealer
from keifu.compute.service import Service
from keifu.compute.settling import Settler
from keifu.errors import AbiError, EnvironmentFault, Revert
from keifu.keys import Account
from keifu.node.chain import NodeChain, open_key
from keifu.node.compute.disputing import Disputing, dispute_checks
from keifu.node.compute.errands import Errands
from keifu.node.compute.facilitating import Facilitator, prepaid_of
from keifu.node.compute.following import Following
from keifu.node.compute.market import AtMarket, market_checks
from keifu.node.compute.models import upstreams
from keifu.node.compute.own_tokens import Checking, own_tokens, own_vectors
from keifu.node.compute.promoting import Promoting
from keifu.node.compute.redeeming import Redeeming
from keifu.node.compute.traces import Traces
from keifu.node.final import newest_final
from keifu.node.sections import ComputeWork, split_address
from keifu.node.settings import ComputeSettings, NodeSettings
from keifu.node.web import Background
from keifu.node.work import Body, Check, Work
from keifu.payments.book import Account as Owed
from keifu.payments.book import Book
from keifu.payments.onchain import Onchain

__all__ = ["MARKET", "Compute", "offer_of"]

MARKET = "ComputeMarket"
SOON_SECONDS = 0.1  # while a payment is awaited
BLIND_SHARE = 3  # of the withdraw delay, for which a payer may have left without being seen
T = TypeVar("T")


class Compute(Work):
    """One provider: its account is the authorizer of its channels, and signs its receipts."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: ComputeSettings = body.settings
        self._settings = settings.compute
        self._offer = offer_of(self._settings, body.chain, body.account)
        self._answering = Background(uvloop.new_event_loop())
        collectors = body.chain.suite[ERC3009_COLLECTOR], body.chain.suite[PERMIT2_COLLECTOR]
        self._onchain = Onchain(body.chain.client, self._offer.channels, collectors)
        self._book = Book(body.folder.money_file, self._broke)
        self._cashier = Cashier(self._offer, self._book)
        self._sender = body.sender(CHANNELS)
        self._facilitator = self._relayer()
        self._errands = Errands(
            self._cashier, self._onchain, self._sender, body.account, self._answering, self._settings.least_deposit,
            self._final, self._facilitator,
        )  # fmt: skip
        receipt = receipt_key(self._settings, body)
        market = body.chain.suite.addresses.get(MARKET, ZERO_ADDRESS)
        self._settler = Settler(self._cashier, Sealer(receipt, body.chain.id, market), clock=self._clock)
        base = body.folder.path
        own: list[OwnModel] = [*own_tokens(self._settings, base), *own_vectors(self._settings, base)]
        self._checking = Checking(own)
        served: list[Model] = [*upstreams(self._settings, base), *own]
        self._models = {item.name: item for item in served}
        self._listed = {item.name: item.prices for item in self._models.values()}
        self._counting: dict[bytes, Prices] = {}
        self._market = self._at_market(receipt) if MARKET in body.chain.suite.addresses else None
        self._traces = Traces(body.folder.traces_file)
        self._disputing = self._at_disputes(receipt)
        self._service = Service(
            self._models, self._cashier, self._settler, self._errands, ready=self._blind, pages=self._pages()
        )
        self._following = Following(
            body.chain, self._onchain, self._book, self._cashier.vouchers, self._offer, body.database,
            self._errands.look,
        )  # fmt: skip
        self._redeeming = Redeeming(
            self._book, self._cashier.vouchers, self._onchain, self._sender, self._answering, self._settings,
            lambda account: self._errands.look(account.id, account.channel),
        )  # fmt: skip
        self._promoting = (
            Promoting(body, self._settings, self._serve, self._traces.keep) if self._settings.environment else None
        )
        self._server: Server | None = None
        self._seen_at, self._poll_at, self._fault = 0.0, 0.0, ""
        self._chains, self._seen_time = clock_of(body.chain.client), 0.0  # it does not run on: no block would be as new
        self._said: dict[tuple[str, str], int] = {}
        self._answers = body.metrics.counter("answers", "Answers that were paid for.")
        self._unpaid = body.metrics.counter("unpaid", "Requests whose payment was refused, by reason.", "reason")
        self._faults = body.metrics.counter("faults", "Requests that were not answered, by reason.", "reason")
        self._owed = body.metrics.gauge("unclaimed", "What is signed for and not yet claimed, smallest units.")
        self._open = body.metrics.gauge("open_requests", "Requests that are being answered.")
        self._claims = body.metrics.gauge("claims", "Vouchers that were claimed, by how it went.", "outcome")
        self._disputes = body.metrics.gauge(
            "disputes", "Disputes by state, and replies that are kept for them.", "state"
        )
        self._promised = body.metrics.gauge("promised", "Channels that are covered, and demands, by state.", "state")

    def _relayer(self) -> Facilitator | None:
        """Who brings deposits by signature, where that is not this node."""
        own, body = self._settings, self.body
        if not own.facilitator:
            return None
        prepaid = prepaid_of(own, body.chain, self._onchain, body.account)
        return Facilitator(own.facilitator, self._cashier, body.account, prepaid)

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, ComputeSettings)
        own = settings.compute
        offer = offer_of(own, chain, account)
        yield Check("channels", True, f"paid in {offer.token_name} at {offer.channels}, to {offer.receiver}")
        served = [*own.models, *own.tokens, *own.embeddings, *([own.name] if own.environment else [])]
        own_path = "compute.tokens.NAME.path or compute.embeddings.NAME.path"
        remedy = f"compute.environment of a promoted artefact, compute.models.NAME.upstream, {own_path}"
        yield Check("models", bool(served), ", ".join(served) or "none", "" if served else remedy)
        listed = MARKET in chain.suite.addresses
        words = "receipts bind at the market" if listed else f"no {MARKET} is recorded: receipts are its word alone"
        yield Check("market", listed, words, "" if listed else "deploy it: the suite of this version has one")
        yield from market_checks(own, chain, account)
        yield from dispute_checks(own, chain, account)
        balance = chain.client.balance(account)
        yield Check("gas", balance > 0, f"{balance} wei", "" if balance else f"pay {account.address}")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._look()
        if self._promoting is not None:
            self._promoting.step()
        host, port = split_address(self._settings.listen)
        self._server = Server(
            self._service.handle, host=host, port=port, refused=lambda why: self.body.metrics.refused.labels(why).inc()
        )
        self._in_loop(self._server.start())
        self.body.log.info("answering", at=self._server.address, receiver=self._offer.receiver)

    def step(self) -> float:
        if time.monotonic() >= self._poll_at:
            self._look()
            if self._promoting is not None:
                self._promoting.step()
            self._poll_at = time.monotonic() + self._settings.poll
        self._answer()
        if self._promoting is not None:
            self._promoting.collect()
        self._checking.step()
        self._errands.step()
        self._redeeming.step(self._offer.receiver, self._offer.token)
        self._sender.step()
        self._count()
        return SOON_SECONDS

    def drain(self) -> bool:
        """No new request; what has begun is answered, and what was earned is claimed, as far as it can be sent."""
        self._service.is_draining = True
        self._errands.step()
        self._answer()
        is_done = self._service.open_requests == 0 and self._errands.is_idle
        all_of_it = is_done and self._redeeming.is_idle
        self._redeeming.step(self._offer.receiver, self._offer.token, all_of_it=all_of_it)
        is_at_rest = self._sender.step().is_at_rest
        return is_done and is_at_rest and (all_of_it or bool(self._sender.trouble))

    def close(self) -> None:
        if self._server is not None:
            self._in_loop(self._server.stop())
        for model in self._models.values():
            if isinstance(model, RemoteModel):
                self._in_loop(model.close())
        if self._facilitator is not None:
            self._in_loop(self._facilitator.close())
        if self._promoting is not None:
            self._promoting.close()
        self._checking.close()
        if self._disputing is not None:
            self._disputing.close()
        self._answering.close()
        self._book.close()
        self._traces.close()
        self._sender.close()

    # the chain -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Raises RpcError; for a share of the withdraw delay answers go on without."""
        newest = self.body.chain.newest()
        head = quantity(newest.number, "the newest block's number")
        self.body.metrics.head.set(head)
        self._following.step(head)
        self._seen_at = time.monotonic()
        self._seen_time = self._chains()
        if self._market is not None:
            now = quantity(newest.timestamp, "the newest block's time")
            try:
                self._market.look(head, now)
            finally:  # what fails at the market keeps no dispute waiting: its window runs on
                if self._disputing is not None:
                    self._disputing.look(head, now)

    def _answer(self) -> None:
        """Those who ask for covers, or bring orders."""
        if self._market is not None:
            self._market.answer()
        if self._disputing is not None:
            self._disputing.covering.step()

    def _final(self, channel_id: bytes) -> int | None:
        """What a channel holds in a block that stays; None on a chain where every block does."""
        if self.body.chain.is_local:
            return None
        balance: int = newest_final(self.body.chain).view(self._onchain.contract.channels, channel_id)[0]
        return balance

    def _blind(self) -> str:
        """Why nothing can be sold at the moment; "" when it can."""
        if self._fault:
            return self._fault
        if time.monotonic() - self._seen_at > self._offer.withdraw_delay / BLIND_SHARE:
            return "the chain was not seen for so long that a payer may have left"
        return self._market.offering.blind if self._market else ""

    def _serve(self, model: Model | None) -> None:
        async def change() -> None:
            before = self._models.pop(self._settings.name, None)
            if model is not None:
                self._listed[model.name] = model.prices
                self._models[model.name] = model
                self._reprice_one(model)
            if isinstance(before, RemoteModel) and before is not model:
                await before.close()

        self._in_loop(change())

    # the market ----------------------------------------------------------------------------------------------------

    def _at_market(self, receipt: Account) -> AtMarket:
        again = Again(self._models, self._settler)
        return AtMarket(
            self.body, self._settings, self._offer.token, receipt, self._book, self._sender, self._answering.submit,
            again, self._reprice,
        )  # fmt: skip

    def _at_disputes(self, receipt: Account) -> Disputing | None:
        if self._market is None or DISPUTES not in self.body.chain.suite.addresses:
            return None
        offering = self._market.offering
        return Disputing(
            self.body, self._settings, receipt, self._sender, self._traces, self._models, lambda: offering.is_leaving
        )  # fmt: skip

    def _pages(self) -> dict[bytes, Callable[[Exchange], Awaitable[None]]]:
        market = self.body.chain.suite.addresses.get(MARKET, ZERO_ADDRESS)
        pages = chat_pages(self._models, self.body.chain.id, market)
        if self._market is None:
            return pages
        pages[COVER_PATH] = Desk(self._cashier, self._errands, self._market.covering).handle
        if self._disputing is not None:
            pages[DISPUTE_COVER_PATH] = Desk(self._cashier, self._errands, self._disputing.covering).handle
        if self._market.ordered is not None:
            pages[ORDER_PATH] = OrderDesk(self._market.ordered).handle
        return pages

    def _clock(self) -> float:
        """Of receipts: none is of a second before its key was named."""
        return max(time.time(), self._seen_time, self._market.offering.named_since if self._market else 0)

    def _reprice(self, environment: bytes, most: Prices) -> None:
        """Nothing costs more than the offer that counts."""
        if self._counting.get(environment) == most:
            return
        self._counting[environment] = most

        async def change() -> None:
            for model in self._models.values():
                self._reprice_one(model)

        self._in_loop(change())

    def _reprice_one(self, model: Model) -> None:
        listed, most = self._listed[model.name], self._counting.get(model.claimed.environment)
        model.prices = listed if most is None else listed.within(most)

    def _broke(self, error: Exception) -> None:
        self._fault = f"vouchers cannot be written: {error}"

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._answering.submit(work).result()

    # what is said --------------------------------------------------------------------------------------------------

    def _accounts(self) -> list[Owed]:
        return list(self._book.accounts.values())

    def _unclaimed(self) -> int:
        return sum(max(0, account.unclaimed) for account in self._accounts())

    def _count(self) -> None:
        """Bring what the answering thread has counted into the metrics."""
        now = dict(self._service.counts) | {("answers", ""): self._settler.sealed}
        for (what, which), value in now.items():
            more = value - self._said.get((what, which), 0)
            if more and what == "answers":
                self._answers.inc(more)
            elif more:
                (self._unpaid if what == "unpaid" else self._faults).labels(which).inc(more)
        self._said = now
        self._owed.set(self._unclaimed())
        self._open.set(self._service.open_requests)
        self._claims.labels("counted").set(self._redeeming.claimed)
        self._claims.labels("skipped").set(self._redeeming.skipped)
        for state, number in (self._market.demanded.facts() if self._market else {}).items():
            self._promised.labels(state).set(number)
        for state, number in (self._disputing.facts() if self._disputing else {}).items():
            self._disputes.labels(state).set(number)

    def trouble(self) -> str:
        promoting = self._promoting.trouble if self._promoting else ""
        offering = self._market.offering if self._market else None
        offered = offering.trouble or offering.awaited if offering else ""
        disputed = self._disputing.trouble if self._disputing else ""
        return self._blind() or promoting or offered or disputed or self._sender.trouble

    def facts(self) -> dict[str, Any]:
        accounts = self._accounts()
        return {
            "answers_at": self._server.address if self._server else "",
            "models": sorted(self._models),
            "environment": self._settings.environment,
            "loaded": self._promoting.seq if self._promoting else 0,
            "receiver": self._offer.receiver,
            "paid_in": self._offer.token,
            "channels": len(accounts),
            "charged": str(sum(account.charged for account in accounts)),
            "claimed": str(sum(account.held.claimed for account in accounts)),
            "unclaimed": str(self._unclaimed()),
            "leaving": str(sum(account.held.leaving for account in accounts)),
            "answers": self._settler.sealed,
            "market": self._market.facts() if self._market else {},
            "disputes": self._disputing.facts() if self._disputing else {},
        }


def receipt_key(settings: ComputeWork, body: Body) -> Account:
    """What signs receipts and covers. Raises EnvironmentFault when its file is not there or is wrong."""
    if settings.receipt is None:
        return body.account
    return open_key(settings.receipt, body.folder.path, is_local=body.chain.is_local, secrets=body.secrets)


def offer_of(settings: ComputeWork, chain: NodeChain, account: Account) -> Offer:
    """The terms of a node. Raises EnvironmentFault when the chain has no channels, or the token does not sign."""
    channels = chain.suite.addresses.get(CHANNELS)
    if channels is None:
        raise EnvironmentFault(
            f"no {CHANNELS} is recorded for chain {chain.id}", remedy="name the record of a suite that has channels"
        )
    token = settings.token or chain.suite[TOKEN]
    try:
        _, name, version, *_ = chain.client.at(token, TOKEN).eip712Domain()
    except (Revert, AbiError) as error:
        raise EnvironmentFault(
            f"token {token} does not say its typed-data domain",
            remedy="compute.token of one with EIP-5267 and EIP-3009",
        ) from error
    return Offer(
        chain.id, channels, settings.receiver or account.address, account.address, token, name, version,
        settings.withdraw_delay, settings.deposits, credit=settings.credit,
    )  # fmt: skip
