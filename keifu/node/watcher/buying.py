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
from keifu.compute.client.recomputing import OwnModel
from keifu.compute.client.store import Request
from keifu.compute.receipt import Evidence
from keifu.errors import KeifuError
from keifu.node.sections import CanaryWork
from keifu.node.watcher.canary_book import CanaryBook
from keifu.node.watcher.questions import Questions
from keifu.units import DAY

__all__ = ["REFUSED", "WRONG", "Bought", "Buying"]

BOUGHT, UNPROMISED, WRONG, REFUSED = "bought", "unpromised", "wrong", "refused"
SILENT, CAPPED, NOT_BOUGHT = "unanswered", "capped", "not bought"
DEPOSITS = 3  # which a seller may refuse a day


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
        questions: Questions, own: OwnModel, book: CanaryBook,
    ) -> None:  # fmt: skip
        self._client, self._sender, self._settings, self._questions = client, sender, settings, questions
        self._own, self._book = own, book
        self._covers = Covers(client, chain, suite, DISPUTES)

    def spent(self) -> int:
        """Today (UTC): what answers cost, or may have, and covers. Who refuses what comes with a deposit has that and
        the voucher for it, on a channel that the client forgets."""
        asked, lost = self._asked()
        return sum(item.cost for item in asked) + sum(item.most for item in lost) + self._book.covers(self._now())

    def _now(self) -> int:
        return self._client.seconds()

    def _asked(self) -> tuple[list[Request], list[Request]]:
        """Requests of today, and those of them that were refused with their channel."""
        store, now = self._client.store, self._now()
        asked, known = store.requests(since=now - now % DAY), {kept.id for kept in store.channels()}
        return asked, [item for item in asked if item.state == "void" and item.channel not in known]

    def buy(self, provider: Provider) -> Bought:
        """Ask once. What is kept of a reply that can be disputed is in the client's folder when this returns."""
        made = partial(Bought, operator=provider.operator)
        if self._settings.most > self._left():
            return made(CAPPED, why="the day's cap")
        if sum(item.provider == provider.url for item in self._asked()[1]) >= DEPOSITS:
            return made(CAPPED, why="it has refused too many deposits today")
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
            self._book.pay(self._now(), price)
            self._covers.open(self._sender, provider, kept, restitution=restitution, most=price)
        except KeifuError as error:
            return f"no cover: {error}"
        return ""
