"""Chapter: a chat whose every token can be disputed. One provider fakes a token, is slashed live, and its client is
paid. Answers of a float model, which no program proves wrong, are computed again by a panel."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.doubted import doubts
from examples.demo.market import FUNDS, PRICE, Market, Provider, open_chain, promote, until
from examples.demo.story import Story
from keifu.chain.suite import DISPUTES, HUB, TOKEN
from keifu.compute.client.client import Answer, ComputeClient
from keifu.compute.client.client import Provider as Named
from keifu.compute.client.covering import Covers
from keifu.compute.client.disputing import Dispute, Judge, Judged, played, reading_of
from keifu.compute.client.side import chain_side
from keifu.compute.client.store import Store
from keifu.compute.market import services
from keifu.compute.promises import needed_for
from keifu.compute.receipt import Evidence
from keifu.inference.programs import root_of_folder
from keifu.inference.tokens.building import build
from keifu.inference.tokens.fetching import place_of
from keifu.inference.tokens.keeping import load
from keifu.keys import Account
from keifu.node.compute.making import own_section
from keifu.payments.wallet import Terms, Wallet
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN, coins

__all__ = ["TITLE", "tell"]

TITLE = "Answers that are verified: a faked token, slashed live; a float model, computed again"
RESTITUTION, LOCKED, COVER_MOST = 100 * COIN, 500 * COIN, 2 * COIN
TOKENS = 24
QUESTION = "What is a receipt?"
HONEST, FAKER = "honest", "faking"
# Programs of the tests: one makes a tiny model of the same architecture, one runs a node that cheats.
TINY, CHEATS = "tests.conformance.inference.gguf_file", "tests.faking_node"


class _TokenProvider(Provider):
    """Sells a token model, and answers for its tokens."""

    def promise(self) -> None:
        chain, suite = self.market.chain(self.role), self.market.suite
        actions.register(chain, suite, 0, "")
        services.lock_coins(chain, suite, LOCKED, DISPUTES)

    def section(self) -> dict[str, Any]:
        prices, folder = {"million_out": PRICE}, [str(self.market.folder / "integers")]
        return own_section("127.0.0.1:0", "1 second", folder, (), prices, dispute_cap=needed_for(RESTITUTION))

    def has_promised(self) -> bool:
        disputes = self.market.suite.at(self.market.client, DISPUTES)
        return bool(disputes.cap(self.account.address, self.receipt_key.address)[0])


@dataclass
class _Talk:
    """A client at one provider."""

    market: Market
    provider: Provider
    client: Account
    asking: ComputeClient

    @property
    def named(self) -> Named:
        return Named(self.provider.url, self.provider.account.address, self.market.environment)

    def ask(self, story: Story) -> Answer:
        """The reply streams, and is compared when it has ended."""
        asked = {"model": "promoted", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": TOKENS}
        with self.asking.stream(self.named, "/v1/chat/completions", {**asked, "stream": True}) as stream:
            parts = sum(1 for part in stream if part)
            answer = stream.answer
        story.say(f"  a reply has streamed in {parts} parts, {answer.receipt.output_units} tokens")
        return answer

    def cover(self) -> None:
        (kept,) = self.asking.store.channels()
        covers = Covers(self.asking, self.market.client, self.market.suite, DISPUTES)
        chain = self.market.chain("chatting client")
        found = covers.open(chain, self.named, kept, restitution=RESTITUTION, most=COVER_MOST)
        until(lambda: time.time() > found.since)


def tell(story: Story) -> None:
    """Ask two providers the same; compute both replies again; dispute the one that is wrong."""
    market, model = _market(story)
    provenance = Provenance(market.client, market.suite["ProvenanceRegistry"], market.suite["Environments"])
    judge = Judge(load(model), provenance, market.suite.at(market.client, "ComputeMarket"))
    for name in (HONEST, FAKER):
        provider = _TokenProvider(market, name)
        provider.program = CHEATS if name == FAKER else provider.program
        provider.promise()
        story.held.callback(provider.end)
        provider.start()
        judged = _bought(story, market, provider, judge)
        if name == HONEST:
            story.check("every token of the honest provider is what the model makes", judged.place is None)
        else:
            _dispute(story, market, provider, judged)
        provider.end()
    doubts(story, market)


def _market(story: Story) -> tuple[Market, Path]:
    market = open_chain(story.held, story.out / "chat")
    file, fetched = market.folder / "tiny.gguf", place_of("smollm2")
    if fetched.is_file() and not story.fast:
        story.say("the chat model is SmolLM2-135M-Instruct, as integers")
        file = fetched
    else:
        story.say("the model is a tiny one of the same architecture: `keifu model fetch smollm2` fetches a real one")
        subprocess.run([sys.executable, "-m", TINY, str(file)], check=True)  # noqa: S603
    build(file, market.folder / "integers")
    promote(market, "chat", market.folder / "integers", root_of_folder(market.folder / "integers"))
    return market, market.folder / "integers"


def _bought(story: Story, market: Market, provider: Provider, judge: Judge) -> Judged:
    """A covered reply, computed again."""
    side = chain_side(market.client, market.suite, 0, None)
    client = market.account("chatting client", FUNDS)
    terms = Terms(
        side.chain_id, side.channels, side.market, PRICE, market.suite["Erc3009DepositCollector"], COIN
    )  # fmt: skip
    with (
        Store(market.folder / f"client of {provider.folder.name}") as store,
        ComputeClient(Wallet(client, store, terms), side.sources) as asking,
    ):
        talk = _Talk(market, provider, client, asking)
        before = talk.ask(story)
        talk.cover()
        answer = talk.ask(story)
        story.check(
            f"before the cover the reply is {before.evidence.word}, after it {answer.evidence.word}",
            (before.evidence, answer.evidence) == (Evidence.UNVERIFIED, Evidence.PROVED),
        )
        judged = judge.judge(list(store.replies())[-1])
        assert judged is not None
        return judged


def _dispute(story: Story, market: Market, provider: Provider, judged: Judged) -> None:
    """Show the fake on the chain, step by step, and be paid."""
    suite, client = market.suite, market.account("chatting client")
    token, hub, disputes = (suite.at(market.client, name) for name in (TOKEN, HUB, DISPUTES))
    held, lock = token.balanceOf(client.address), hub.lock_of(disputes.address, provider.account.address)
    story.say(f"The client computes the reply again: {judged.words}. It opens a dispute.")
    chain = market.chain("chatting client")
    dispute = Dispute(chain, market.client, suite, reading_of(market.client, suite, 0), judged)
    dispute.open()
    outcome = played(dispute, lambda words: story.say(f"  · {words.split(', until')[0]}"))
    assert outcome is not None
    lost = lock - hub.lock_of(disputes.address, provider.account.address)
    services.withdraw(chain, suite, client.address, DISPUTES)
    gained = token.balanceOf(client.address) - held
    story.check(f"the provider is slashed live: {coins(lost)} coins of its lock are gone", lost > RESTITUTION)
    story.check(
        f"the client has its {coins(RESTITUTION)} coins, and a reward for what it showed: {coins(gained)} in all",
        outcome.is_convicted and gained == outcome.restitution + outcome.reward > RESTITUTION,
    )
