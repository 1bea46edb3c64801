"""Covers that a node signs and a client opens, and answers that are demanded on the chain."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from keifu.chain.logs import find_events
from keifu.compute.client.claiming import breaches, demand_answer, demanded_answer, report_breach
from keifu.compute.client.client import ComputeClient, Provider, ProviderFault
from keifu.compute.client.covering import Covers
from keifu.compute.client.onchain import OnChain
from keifu.compute.client.store import Store
from keifu.compute.market import demands, read_cover, read_demand, read_service
from keifu.compute.market.covers import SignedCover
from keifu.compute.promises import needed_for
from keifu.compute.wire import unpack
from keifu.errors import CheckFailed, Revert
from keifu.keys import Account, keccak256
from keifu.payments.channel import Channel
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.provenance import Kind, Record
from keifu.provenance.registry import Provenance
from keifu.units import COIN
from tests.integration.compute.conftest import PaidNode, until
from tests.integration.compute.market.conftest import CAP, FEE, RESTITUTION, Promised
from tests.integration.compute.market.test_offer import receipt_key
from tests.integration.compute.test_node import BODY

Provide = Callable[..., PaidNode]
PRICE = RESTITUTION // 100
QUICK = "compute.claim_above=1"  # what was earned is claimed at once
REQUEST = msgspec.json.encode(BODY)


class Client:
    """The payer's side of one node."""

    def __init__(self, paid: Promised, node: PaidNode, folder: Path) -> None:
        self.paid, self.node = paid, node
        self.store = Store(folder)
        terms = Terms(paid.client.chain_id, paid.channels.address, paid.market.address, 10 * FEE)
        sources = OnChain(lambda: None, paid.market, lambda: 0.0)
        wallet = Wallet(paid.payer, self.store, terms)
        self.client = ComputeClient(wallet, sources, now=lambda: paid.client.now)
        self.covers = Covers(self.client, paid.client, paid.suite)
        self.sender = paid.by(paid.payer)

    @property
    def provider(self) -> Provider:
        return Provider(self.node.url, self.node.account)

    def channel(self, salt: int) -> KeptChannel:
        channel = self.paid.channel(self.node, salt)
        kept = KeptChannel(_lower(channel), self.paid.deposit(channel, COIN), self.paid.client.chain_id,
                           self.paid.channels.address)  # fmt: skip
        self.store.keep_channel(kept)
        until(lambda: self.node.status()["channels"], self.node.process)
        return self.store.channel(kept.id)

    def open(self, kept: KeptChannel, restitution: int = RESTITUTION) -> None:
        self.covers.open(self.sender, self.provider, kept, restitution=restitution, most=PRICE)

    def claimed(self, kept: KeptChannel, amount: int) -> None:
        until(lambda: self.paid.held(kept.id)[1] >= amount, self.node.process)

    def close(self) -> None:
        self.client.close()
        self.store.close()


def _lower(channel: Channel) -> Channel:
    names = ("payer", "payer_authorizer", "receiver", "receiver_authorizer", "token")
    return replace(channel, **{name: getattr(channel, name).lower() for name in names})


@pytest.fixture
def pay(paid: Promised, tmp_path: Path) -> Iterator[Callable[[PaidNode], Client]]:
    made: list[Client] = []

    def pay(node: PaidNode) -> Client:
        made.append(Client(paid, node, tmp_path / "client"))
        return made[-1]

    yield pay
    for client in made:
        client.close()


def test_a_cover_is_signed_compared_opened_and_prolonged(paid: Promised, provide: Provide, pay: Any) -> None:
    node = provide("covering provider")
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    terms = client.covers.terms(client.provider)
    assert (terms.operator, terms.key) == (node.account.lower(), receipt_key(node))
    assert terms.price(RESTITUTION) == PRICE
    kept = client.channel(1)
    before = paid.token.balanceOf(paid.payer.address)
    client.open(kept)
    assert paid.token.balanceOf(paid.payer.address) == before - PRICE
    state = client.covers.state(client.provider, kept)
    assert (state.payer, state.key, state.restitution) == (paid.payer.address.lower(), receipt_key(node), RESTITUTION)
    assert state.reserve == needed_for(RESTITUTION)
    client.open(kept)
    assert client.covers.state(client.provider, kept).last > state.last
    assert paid.market.cap(node.account, receipt_key(node)) == (CAP, needed_for(RESTITUTION))


def test_no_cover_is_signed_beyond_the_cap(paid: Promised, provide: Provide, pay: Any) -> None:
    """Two channels fill it, signed or opened; who asks again gets the same signature, after a kill, too."""
    node = provide("full provider")
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    first, second, third = (client.channel(salt) for salt in (1, 2, 3))
    client.open(first)
    signed = client.covers.ask(client.provider, second, RESTITUTION)
    node.end(signal.SIGKILL)
    node.run()
    assert until(lambda: _asked(client, second), node.process) == signed
    with pytest.raises(ProviderFault, match=r"the cap of receipt key .* leaves 0 of .* coins"):
        client.covers.ask(client.provider, third, RESTITUTION)
    with pytest.raises(ProviderFault, match="a cover of 20 coins is signed already: open it, or wait"):
        client.covers.ask(client.provider, second, RESTITUTION + 1)
    with pytest.raises(ProviderFault, match="a cover pays 1 to 1,000 coins here"):
        client.covers.ask(client.provider, third, COIN - 1)
    with pytest.raises(ProviderFault, match="the channel is covered with 20 coins: ask for the same"):
        client.covers.ask(client.provider, first, 2 * RESTITUTION)


def _asked(client: Client, kept: KeptChannel) -> SignedCover | None:
    try:
        return client.covers.ask(client.provider, kept, RESTITUTION)
    except ProviderFault:
        return None  # it does not know its channels yet


def test_only_a_channels_own_payer_is_given_a_cover(provide: Provide, pay: Any) -> None:
    node = provide("careful provider")
    client = pay(node)
    kept = client.channel(1)
    url = f"{node.url}/keifu/cover"
    wanted = {"restitution": str(RESTITUTION)}
    assert httpx.post(url, json=wanted).json()["error"]["code"] == "voucher_payload"
    client.client.wallet.account = client.paid.anvil.account("stranger")
    header = {"payment-signature": client.client.wallet.identify(kept)}
    assert httpx.post(url, json=wanted, headers=header).json()["error"]["code"] == "voucher_signature"
    assert httpx.post(url, content=b"[]").status_code == 400
    assert httpx.delete(url).status_code == 405


def test_a_cover_at_another_price_or_of_another_key_is_not_opened(paid: Promised, provide: Provide, pay: Any) -> None:
    node = provide("changing provider")
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    kept = client.channel(1)
    stale = client.covers.terms(client.provider).price(RESTITUTION)
    node.end()
    node.run("compute.market.cover_price=200")
    with pytest.raises(CheckFailed, match=r"it costs 0\.4 coins, at most 0\.2 were agreed to"):
        until(lambda: _opened(client, kept, stale), node.process)
    signed = client.covers.ask(client.provider, kept, RESTITUTION)
    forged = SignedCover(signed.cover, node.account, signed.cover.sign(paid.receipts.domain, paid.payer))
    with pytest.raises(CheckFailed, match="which is no receipt key of"):
        client.covers.check(client.provider, kept, forged, restitution=RESTITUTION, most=COIN)


def _opened(client: Client, kept: KeptChannel, most: int) -> bool:
    try:
        client.covers.open(client.sender, client.provider, kept, restitution=RESTITUTION, most=most)
    except ProviderFault:
        return False
    return True


def test_a_kept_answer_is_shown_once_though_the_node_was_killed(paid: Promised, provide: Provide, pay: Any) -> None:
    """The client lost the answer; it demands it, and the node, started anew, shows the one that it gave."""
    node = provide("answering provider", QUICK)
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    kept = client.channel(1)
    client.open(kept)
    until(lambda: node.status()["market"]["demands"].get("covered") == 1, node.process)
    answer = client.client.ask(client.provider, "/v1/chat/completions", BODY)
    client.claimed(kept, FEE)
    number = answer.receipt.number
    node.end(signal.SIGKILL)
    demands.demand(client.sender, paid.suite, kept.channel, node.account, FEE, REQUEST)
    for _ in range(2):
        node.run(QUICK)
        until(lambda: not read_demand(paid.market, kept.id, node.account).is_open, node.process)
        node.end(signal.SIGKILL)
    [answered] = find_events(paid.client, paid.market, "Answered", operator=node.account)
    assert answered.args["number"] == number
    assert bytes(answered.args["response"]) == answer.body
    node.run(QUICK)
    until(lambda: node.status()["market"]["demands"].get("answered") == 1, node.process)
    until(lambda: paid.market.credits(node.account) == 0, node.process)


def test_an_answer_that_was_never_made_is_made_for_the_demand(paid: Promised, provide: Provide, pay: Any) -> None:
    """A request that never reached the node, and one that no model takes: both are answered, by receipts that hold."""
    node = provide("late provider", QUICK)
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    kept = client.channel(1)
    client.open(kept)
    for _ in range(3):
        client.client.ask(client.provider, "/v1/chat/completions", BODY)
    client.claimed(kept, 3 * FEE)
    first = client.store.begin(kept.id, FEE, "own", node.url, "words", paid.client.now, b'{"model": "nothing"}')[0]
    client.store.end(first, "lost")
    asked, _ = demand_answer(client.sender, paid.client, paid.suite, client.store, kept, node.account)
    assert asked.id == first
    until(lambda: not read_demand(paid.market, kept.id, node.account).is_open, node.process)
    said = demanded_answer(paid.client, paid.suite, kept, node.account)
    assert said is not None
    assert msgspec.json.decode(said)["error"]["code"] in ("invalid_body", "model_not_found")
    body = msgspec.json.encode(BODY | {"seed": 7})
    second = client.store.begin(kept.id, FEE, "own", node.url, "words", paid.client.now, body)[0]
    client.store.end(second, "lost")
    demand_answer(client.sender, paid.client, paid.suite, client.store, kept, node.account, second)
    until(lambda: not read_demand(paid.market, kept.id, node.account).is_open, node.process)
    said = demanded_answer(paid.client, paid.suite, kept, node.account)
    assert said is not None
    assert "choices" in msgspec.json.decode(said)
    numbers = [log.args["number"] for log in find_events(paid.client, paid.market, "Answered", operator=node.account)]
    assert numbers == [4, 5]


def test_no_demand_without_a_cover_or_a_payment(paid: Promised, provide: Provide, pay: Any) -> None:
    node = provide("uncovered provider")
    client = pay(node)
    kept = client.channel(1)
    request = client.store.begin(kept.id, FEE, "own", node.url, "words", paid.client.now, REQUEST)[0]
    client.store.end(request, "lost")
    with pytest.raises(CheckFailed, match="the channel has no cover"):
        demand_answer(client.sender, paid.client, paid.suite, client.store, kept, node.account)
    with pytest.raises(Revert, match="compute: no cover") as caught:
        demands.demand(client.sender, paid.suite, kept.channel, node.account, FEE, REQUEST)
    assert caught.value.remedy == "the operator covers no such channel now: have a cover opened first"
    until(lambda: _opened(client, kept, PRICE), node.process)
    with pytest.raises(CheckFailed, match="the provider has not claimed what was paid"):
        demand_answer(client.sender, paid.client, paid.suite, client.store, kept, node.account)


def test_two_receipts_of_one_number_are_reported(paid: Promised, provide: Provide, pay: Any) -> None:
    """The second by the node's own receipt key: the payer gets its restitution and the prover's reward."""
    node = provide("lying provider")
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    kept = client.channel(1)
    client.open(kept)
    since = client.covers.state(client.provider, kept).since
    answer = until(lambda: _answered(client, since), node.process)
    key = Account.from_role(f"{node.folder.name} receipt")
    early = min(since, read_service(paid.market, node.account, answer.receipt.environment).since) - 1
    before, lie = (
        replace(answer.receipt, response_hash=keccak256(b"another answer"), time=time) for time in (early, since)
    )
    [unanswered, forged] = paid.receipts.sign(key, [before, lie])
    client.store.refuse(0, forged, "response hash")
    provenance = Provenance(paid.client, paid.suite["ProvenanceRegistry"], paid.suite["Environments"])
    receipts = [*client.store.receipts(), *client.store.receipts(refused=True)]
    [breach] = breaches(receipts, paid.client, paid.suite, provenance)
    assert breach.operator == node.account.lower()
    # One of a time for which nothing answers is shown second.
    [late] = breaches([unanswered, *client.store.receipts()], paid.client, paid.suite, provenance)
    assert [item.receipt.time for item in late.receipts] == [answer.receipt.time, early]
    held = paid.market.credits(client.sender.sender)
    credited = report_breach(client.sender, paid.suite, breach)
    assert credited == paid.market.credits(client.sender.sender) - held > RESTITUTION
    assert read_cover(paid.market, kept.id, node.account).reserve == 0
    assert breaches(receipts, paid.client, paid.suite, provenance) == []
    until(lambda: "a report took it" in node.status()["trouble"], node.process)


def test_a_receipt_of_another_digest_is_reported(paid: Promised, provide: Provide, pay: Any) -> None:
    """It names a promotion, and a digest that was never promoted under that number."""
    author = paid.anvil.account("author")
    provenance = Provenance(paid.client, paid.suite["ProvenanceRegistry"], paid.suite["Environments"])
    known = provenance.register(Record(author.address, Kind.WEIGHTS, keccak256(b"the model")), author)
    environment = provenance.declare("production", [], author)
    seq = provenance.promote(environment, known, author)
    node = provide("swapping provider")
    client = pay(node)
    until(lambda: paid.market.cap(node.account, receipt_key(node))[0] == CAP, node.process)
    kept = client.channel(1)
    client.open(kept)
    since = client.covers.state(client.provider, kept).since
    answer = until(lambda: _answered(client, since), node.process)
    key = Account.from_role(f"{node.folder.name} receipt")
    true = replace(
        answer.receipt, number=99, environment=environment, promotion_seq=seq, digest=keccak256(b"the model")
    )
    lie = replace(true, number=100, digest=keccak256(b"a cheaper one"))
    for signed in paid.receipts.sign(key, [true, lie]):
        client.store.refuse(0, signed, "digest")
    [breach] = breaches(client.store.receipts(refused=True), paid.client, paid.suite, provenance)
    assert "names digest" in breach.words
    assert report_breach(client.sender, paid.suite, breach) >= RESTITUTION


def _answered(client: Client, since: int) -> Any:
    """An answer of a second in which the cover holds."""
    answer = client.client.ask(client.provider, "/v1/chat/completions", BODY)
    return answer if answer.receipt.time >= since and unpack(answer.receipt_text) else None
