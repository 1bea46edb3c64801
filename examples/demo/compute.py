"""Chapter: answers for pay. A provider writes two bills for one answer; whoever sees both reports it, and its client is
paid."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import msgspec

from examples.demo.market import ETHER, FUNDS, PRICE, RESTITUTION, Market, Provider, open_market, until
from examples.demo.story import Story
from examples.digits.weights import held_out
from keifu.chain import Account
from keifu.chain.logs import find_events
from keifu.chain.suite import CHANNELS, COMPUTE, HUB, ORDERS, TOKEN
from keifu.compute.client.checks import Check, Exchange, Expected, Prices, check_reply
from keifu.compute.client.client import ComputeClient, ProviderFault
from keifu.compute.client.client import Provider as Named
from keifu.compute.client.covering import Covers
from keifu.compute.client.ordering import Asker, Fetched, fetch
from keifu.compute.client.side import Side, chain_side
from keifu.compute.client.store import Store
from keifu.compute.market import orders, reports
from keifu.compute.receipt import Receipts
from keifu.compute.wire import RECEIPT_HEADER, unpack
from keifu.payments import Channel
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.payments.x402_package import pointed_at
from keifu.provenance.verify import Finding
from keifu.units import COIN, DAY, coins

__all__ = ["TITLE", "tell"]

TITLE = "Answers for pay: receipts, a second bill, and money back"
MANY, FEW = 200, 40  # digits that are asked for
ORDERED = 100  # in one order
COVER_PART = 100  # one in so many of the restitution is what a cover costs
ACCURATE = 0.96
PATIENCE_SECONDS = 60.0


@dataclass
class _Reply:
    """A digit that was asked for, and what came."""

    digit: int
    exchange: Exchange


@dataclass
class _Scene:
    story: Story
    market: Market
    provider: Provider
    client: Account
    scheme: Any  # the package's own
    side: Side
    before: int  # wei of the provider, before it has answered anything
    replies: list[_Reply] = field(default_factory=list)
    channel_id: bytes = b""

    def coins_of(self, account: Account) -> int:
        found: int = self.at(TOKEN).balanceOf(account.address)
        return found

    def at(self, contract: str) -> Any:
        return self.market.suite.at(self.market.client, contract)

    @property
    def named(self) -> Named:
        return Named(self.provider.url, self.provider.account.address, self.market.environment)

    @property
    def receipts(self) -> Receipts:
        return Receipts(self.side.chain_id, self.side.market)

    @property
    def channel(self) -> Channel:
        """As the chain has it: the package has chosen it."""
        [made] = find_events(self.market.client, self.at(CHANNELS), "ChannelCreated", channelId=self.channel_id)
        return Channel(*made.args["config"])

    def compared(self, exchange: Exchange) -> list[Finding]:
        expected = Expected(
            self.side.chain_id, self.side.market, self.provider.account.address, self.channel_id,
            self.market.environment, Prices(request=PRICE),
        )  # fmt: skip
        return check_reply(exchange, expected, self.side.sources)


def tell(story: Story) -> None:
    """Serve the digits, be paid by x402's client and by an order, write one bill too many, be reported, give the rest
    back."""
    scene = _open(story)
    with pointed_at(scene.market.suite):
        _ask(scene, 1)
        _cover(scene)
        _ask(scene, FEW if story.fast else MANY)
        _compare(scene)
        _order(scene)
        _bill_twice(scene)
        _give_back(scene)


def _open(story: Story) -> _Scene:
    from eth_account import Account as EthAccount  # noqa: PLC0415 - the package's own keys
    from x402.mechanisms.evm.batch_settlement import client as batch  # noqa: PLC0415 - a package of the demo alone
    from x402.mechanisms.evm.signers import EthAccountSignerWithRPC  # noqa: PLC0415

    market = open_market(story.held, story.out / "compute")
    provider = Provider(market)
    provider.promise()
    story.held.callback(provider.end)
    provider.start()
    lock = market.suite.at(market.client, HUB).lock_of(market.suite[COMPUTE], provider.account.address)
    story.say(
        f"a provider serves the digits model at {coins(PRICE)} coins an answer, {coins(lock)} coins behind its word"
    )
    client = market.account("client", FUNDS)
    signer = EthAccountSignerWithRPC(EthAccount.from_key(client.secret()), market.anvil.url)
    scheme = batch.BatchSettlementEvmScheme(signer)
    side = chain_side(market.client, market.suite, 0, None)
    before = market.suite.at(market.client, TOKEN).balanceOf(provider.account.address)
    return _Scene(story, market, provider, client, scheme, side, before)


def _ask(scene: _Scene, count: int) -> None:
    """The next so many digits that no training has seen, one an answer, by x402's client as its package has it."""
    images, targets = held_out(scene.market.training)
    begin = len(scene.replies)
    asked = images[begin : begin + count].tolist()
    for digit, response in zip(targets[begin:], asyncio.run(_paid(scene, asked)), strict=False):
        signed = unpack(response.headers[RECEIPT_HEADER])
        scene.replies.append(_Reply(int(digit), Exchange(response.request.content, response.content, signed)))
    scene.channel_id = scene.replies[-1].exchange.signed.receipt.channel_id


def _label(response: bytes) -> int:
    return int(msgspec.json.decode(response)["data"][0]["label"])


async def _paid(scene: _Scene, images: Sequence[Any]) -> list[Any]:
    from x402 import x402Client  # noqa: PLC0415
    from x402.http.clients.httpx import x402HttpxClient  # noqa: PLC0415

    client = x402Client().register(f"eip155:{scene.market.client.chain_id}", scene.scheme)
    client.set_spend_controls({"allowed_assets": True, "max_amount_per_payment": False})
    async with x402HttpxClient(client, base_url=scene.provider.url, timeout=PATIENCE_SECONDS) as http:
        return [
            (await http.post("/v1/classify", json={"model": "promoted", "input": [image]})).raise_for_status()
            for image in images
        ]


def _cover(scene: _Scene) -> None:
    """The first answer has opened the channel; from now on the provider answers for it with coins."""
    story, market = scene.story, scene.market
    balance = scene.at(CHANNELS).channels(scene.channel_id)[0]
    story.check(
        f"x402's own client opens a channel with its first request: {coins(balance)} coins, and no gas of its own",
        balance >= PRICE and market.client.balance(scene.client) == ETHER * COIN,
    )
    most = RESTITUTION // COVER_PART
    terms = Terms(scene.side.chain_id, scene.side.channels, scene.side.market, PRICE)
    kept = KeptChannel(scene.channel, scene.channel_id, terms.chain_id, terms.channels)
    with (
        Store(market.folder / "client") as store,
        ComputeClient(Wallet(scene.client, store, terms), scene.side.sources) as asking,
    ):
        covers = Covers(asking, market.client, market.suite)
        found = covers.open(market.chain("client"), scene.named, kept, restitution=RESTITUTION, most=most)
    story.check(
        f"the channel is covered: {coins(RESTITUTION)} coins for its payer if the provider breaks its word",
        (found.payer, found.restitution) == (scene.client.address.lower(), RESTITUTION),
    )
    until(lambda: time.time() > found.since)  # what was signed before is not covered


def _compare(scene: _Scene) -> None:
    story, count = scene.story, len(scene.replies)
    right = sum(_label(reply.exchange.response) == reply.digit for reply in scene.replies)
    story.check(f"{right} of {count} handwritten digits were recognised", right >= ACCURATE * count)
    last = scene.replies[-1].exchange.signed.receipt
    story.check(
        f"each answer cost what was offered, {coins(last.charged)} coins in all",
        last.charged == count * PRICE and {reply.exchange.signed.receipt.fee for reply in scene.replies} == {PRICE},
    )
    failed = [item for reply in scene.replies for item in scene.compared(reply.exchange) if not item.ok]
    checks = len(scene.compared(scene.replies[-1].exchange))
    story.check(f"each receipt holds what it has to: {checks} checks against wire, registry and key", not failed)
    changed = replace(scene.replies[-1].exchange, response=scene.replies[-1].exchange.response.replace(b"0", b"1", 1))
    found = [item.check for item in scene.compared(changed) if not item.ok]
    story.check(f"an answer with one byte changed is refused: {', '.join(found)}", Check.RESPONSE in found)


def _order(scene: _Scene) -> None:
    """Somebody who can wait has many digits answered for one fee, which the chain holds."""
    story, market, provider = scene.story, scene.market, scene.provider
    reader = market.account("reader", FUNDS)
    images, targets = held_out(market.training)
    images, targets = images[:ORDERED], targets[:ORDERED]
    requests = [msgspec.json.encode({"model": "promoted", "input": [image]}) for image in images.tolist()]
    number = orders.place(
        market.chain("reader"), market.suite, provider.account.address, market.environment,
        orders.request_tree(requests).root, ORDERED, fee=ORDERED * PRICE, deadline=market.client.now + DAY,
    )  # fmt: skip
    story.say(f"A reader orders {ORDERED} answers for {coins(ORDERED * PRICE)} coins, and hands the node its requests.")
    asker, book = Asker(scene.side.chain_id, market.suite[ORDERS], reader.sign), scene.at(ORDERS)
    found: list[Fetched] = []

    def fetched(asker: Asker) -> Fetched:
        return fetch(http, provider.url, orders.read_order(book, number), requests, asker, market.client.now)

    def has_come() -> bool:
        found.append(fetched(asker))
        return bool(found[-1].answers)

    with httpx.Client(timeout=PATIENCE_SECONDS) as http:
        came = until(has_come)
        right = sum(_label(body) == int(digit) for body, digit in zip(found[-1].answers, targets, strict=came))
        story.check(
            f"the node works the order off by itself; {right} of {ORDERED} are right, as the root on the chain says",
            came and right >= ACCURATE * ORDERED,
        )
        try:
            fetched(replace(asker, sign=market.account("passer-by").sign))
        except ProviderFault as fault:
            story.check("a passer-by who knows the requests gets no answers", fault.status == httpx.codes.CONFLICT)
        else:
            story.check("a passer-by who knows the requests gets no answers", False)


def _bill_twice(scene: _Scene) -> None:
    """The provider's key signs a second receipt of one number, for twice the fee."""
    story, market, provider = scene.story, scene.market, scene.provider
    true = scene.replies[-1].exchange.signed
    bill = replace(true.receipt, fee=2 * PRICE, charged=true.receipt.charged + PRICE)
    [false] = scene.receipts.sign(provider.receipt_key, [bill])
    story.say(
        f"The provider signs a second bill for answer {bill.number}, of {coins(bill.fee)} coins. A passer-by sees both."
    )
    reporter, hub = market.chain("passer-by"), scene.at(HUB)
    before = hub.lock_of(market.suite[COMPUTE], provider.account.address)
    market.anvil.warp(1)  # a receipt of a later time than the newest block's is no evidence yet
    reports.commit(reporter, market.suite, true.receipt)
    reward = reports.report_two(reporter, market.suite, true, false)
    lost = before - hub.lock_of(market.suite[COMPUTE], provider.account.address)
    story.check(f"two receipts of one number: {coins(lost)} coins of the provider's lock are gone", lost > RESTITUTION)
    story.check(f"the passer-by has earned {coins(reward)} coins, by two transactions", reward > 0)
    held = scene.coins_of(scene.client)
    scene.at(COMPUTE).pay(scene.client.address, sender=market.account("passer-by"))
    story.check(
        f"the client has its {coins(RESTITUTION)} coins, and did nothing for it",
        scene.coins_of(scene.client) - held == RESTITUTION,
    )


def _give_back(scene: _Scene) -> None:
    """What was not spent goes back when the client asks, and the provider keeps what it has earned."""
    story, count = scene.story, len(scene.replies)
    settled = scene.scheme.refund(f"{scene.provider.url}/v1/classify")
    story.check("x402's client asks for the rest of its deposit, and has it at once", bool(settled.success))
    ended = scene.provider.end()
    earned = scene.coins_of(scene.provider.account) - scene.before
    spent = count * PRICE + RESTITUTION // COVER_PART
    story.check(
        f"to the wei: it has paid for {count} answers and the cover, {coins(spent)} coins",
        scene.coins_of(scene.client) == FUNDS * COIN - spent + RESTITUTION,
    )
    story.check("the provider is paid for every answer", ended == 0 and earned == count * PRICE)
