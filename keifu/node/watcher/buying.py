"""One canary: a question bought as any client buys it, by an account that is nobody's known one, and compared.

The first question to a provider opens a channel. Its reply promises nothing yet, right or wrong, so a cover is bought;
later ones can be disputed. A reply that does not even claim to be provable is computed again at once. What canaries may
cost a day includes covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import DISPUTES
from keifu.compute.client.checks import ReplyRefused
from keifu.compute.client.client import Answer, ComputeClient, Provider, ProviderFault
from keifu.compute.client.covering import Covers
from keifu.compute.client.recomputing import Recomputing
from keifu.compute.receipt import Evidence
from keifu.errors import KeifuError
from keifu.node.sections import CanaryWork
from keifu.node.watcher.canary_book import CanaryBook
from keifu.node.watcher.questions import Questions
from keifu.units import DAY

__all__ = ["REFUSED", "WRONG", "Bought", "Buying"]

BOUGHT, UNPROMISED, WRONG, REFUSED = "bought", "unpromised", "wrong", "refused"
SILENT, CAPPED, NOT_BOUGHT = "unanswered", "capped", "not bought"


@dataclass(frozen=True)
class Bought:
    """What became of one: a word that is counted, whose answer it was or would have been, and why."""

    word: str
    operator: str
    why: str = ""


class Buying:
    """Of the thread that buys."""

    def __init__(
        self, client: ComputeClient, chain: ChainClient, suite: Deployment, sender: Deployer, settings: CanaryWork,
        questions: Questions, own: Recomputing, book: CanaryBook,
    ) -> None:  # fmt: skip
        self._client, self._sender, self._settings, self._questions = client, sender, settings, questions
        self._own, self._book = own, book
        self._covers = Covers(client, chain, suite, DISPUTES)

    def spent(self) -> int:
        """Today (UTC): what answers cost, or may have, and covers."""
        now = self._client.seconds()
        asked = self._client.store.requests(since=now - now % DAY)
        return sum(item.cost for item in asked) + self._book.covers(now)

    def buy(self, provider: Provider) -> Bought:
        """Ask once. What is kept of a reply that can be disputed is in the client's folder when this returns."""
        made = partial(Bought, operator=provider.operator)
        if self._settings.most > self._left():
            return made(CAPPED, why="the day's cap")
        endpoint, asked = self._questions.draw()
        try:
            answer = self._client.ask(provider, f"/v1/{endpoint}", {"model": self._settings.model, **asked})
        except ReplyRefused as error:
            return made(REFUSED, why=str(error))
        except ProviderFault as error:
            return made(SILENT, why=str(error))
        except KeifuError as error:
            return made(NOT_BOUGHT, why=str(error))
        if answer.evidence == Evidence.PROVED:
            return made(BOUGHT)
        without = self._cover(provider, answer)
        if answer.receipt.evidence != Evidence.PROVED and (why := self._difference(answer)):
            return made(WRONG, why=why)
        return made(UNPROMISED, why=without)

    def _left(self) -> int:
        return self._settings.day - self.spent()

    def _difference(self, answer: Answer) -> str:
        """What is not as the model computes it; empty when nothing."""
        found = self._own.findings(answer.request, answer.body, answer.receipt)
        return "; ".join(item.detail for item in found if not item.ok)

    def _cover(self, provider: Provider, answer: Answer) -> str:
        """Have the channel covered from now on; why not, or nothing."""
        kept = self._client.store.channel(answer.receipt.channel_id)
        restitution = self._settings.restitution
        try:
            if self._covers.state(provider, kept).reserve:
                return ""  # it answers for later receipts
            price = self._covers.terms(provider).price(restitution)
            if price > self._left():
                return "a cover costs more than is left of the day's cap"
            self._book.pay(self._client.seconds(), price)
            self._covers.open(self._sender, provider, kept, restitution=restitution, most=price)
        except KeifuError as error:
            return f"no cover: {error}"
        return ""
