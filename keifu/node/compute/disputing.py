"""What a compute node does at InferenceDisputes: it names its key there, signs covers, and answers disputes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from keifu.chain.sender import Sender
from keifu.chain.suite import COMPUTE, DISPUTES, GAME, HUB
from keifu.compute.embedding import EmbeddingModel
from keifu.compute.integers import Classifier
from keifu.compute.market.refusals import explained
from keifu.compute.model import Model
from keifu.compute.promises import disputes_domain
from keifu.compute.tokens.model import TokenModel
from keifu.errors import InputError, Revert
from keifu.inference.disputes.reading import Reading
from keifu.inference.playable import Executor, executor_of, loaded
from keifu.inference.programs import disputed_root, is_of_blocks
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.compute.covering import Covering
from keifu.node.compute.defending import Defence
from keifu.node.compute.disputed import Disputed
from keifu.node.compute.naming import Naming
from keifu.node.compute.traces import Traces
from keifu.node.operator.artefacts import Artefacts
from keifu.node.sections import ComputeWork
from keifu.node.work import Body, Check
from keifu.staking.hotkeys import KeyKind
from keifu.units import coins

__all__ = ["Disputing", "dispute_checks", "found_in"]

PREFIX = "disputes "  # of the intents that name the key and its cap


class Disputing:
    """Of the thread of the rounds, but for what `covering` answers."""

    def __init__(
        self, body: Body, settings: ComputeWork, receipt: Account, sender: Sender, traces: Traces,
        models: Mapping[str, Model], is_leaving: Callable[[], bool],
    ) -> None:  # fmt: skip
        chain, own = body.chain, settings.disputes
        self.operator = settings.market.operator or sender.account.address.lower()
        self._models, self._is_leaving, self._account = models, is_leaving, sender.account.address.lower()
        self._artefacts = Artefacts(settings.artefacts, settings.documents, body.folder.path)
        disputes = chain.suite.at(chain.client, DISPUTES)
        domain = disputes_domain(chain.id, disputes.address)
        reading = Reading(chain.client, disputes, chain.suite.at(chain.client, GAME), chain.record.first_block)
        self._has_promised = own.cap > 0
        self._naming = Naming(chain, disputes, domain, sender, receipt, self.operator, own.cap, PREFIX)
        self.covering = Covering(
            chain, disputes, domain, own, receipt, self, body.database, kind=DISPUTES,
        )  # fmt: skip
        self._defence = Defence(traces, self._executors)
        self._disputed = Disputed(
            chain, reading, self.operator, sender, body.database, body.alerts, traces, self._defence,
            own.cover_term,
        )  # fmt: skip
        self.trouble = ""

    @property
    def blind(self) -> str:
        return self._naming.blind

    @property
    def is_leaving(self) -> bool:
        return self._is_leaving()

    def look(self, head: int, now: int) -> None:
        """Compare with the chain, and do what is due. Raises RpcError and CheckFailed."""
        self._disputed.step(head, now)
        if not self._has_promised:
            return
        self.trouble = self._naming.look()
        if self.operator != self._account or self.trouble or self._naming.is_sending():
            return
        try:
            with explained():
                self._naming.step()
        except Revert as refusal:
            self.trouble = f"the contract of disputes refuses: {refusal}"

    def facts(self) -> dict[str, Any]:
        return dict(self._disputed.facts())

    def close(self) -> None:
        self._defence.close()

    def _executors(self) -> Iterator[Executor]:
        """Models that are served, then what else is among the artefacts."""
        for model in list(self._models.values()):
            if isinstance(model, TokenModel | EmbeddingModel):
                yield model.executor
            elif isinstance(model, Classifier) and model.is_proved:
                yield model.picture_program()
        for path in self._artefacts.paths():
            yield from found_in(path)


def found_in(path: Path) -> Iterator[Executor]:
    """The model at a path among the artefacts; nothing where no answer of what is there could be disputed."""
    try:
        if is_of_blocks(path) or any(disputed_root(path)):
            yield executor_of(loaded(path))
    except InputError:
        return


def dispute_checks(settings: ComputeWork, chain: NodeChain, account: Account) -> Iterator[Check]:
    """What the doctor looks at."""
    own = settings.disputes
    if not own.cap:
        return
    if DISPUTES not in chain.suite.addresses:
        yield Check("disputes", False, f"no {DISPUTES} is recorded", "deploy it: the suite of this version has one")
        return
    operator = (settings.market.operator or account.address).lower()
    disputes, hub = chain.suite[DISPUTES], chain.suite.at(chain.client, HUB)
    lock = hub.lock_of(disputes, operator)
    words = f"{coins(lock)} of {coins(own.cap)} coins are locked by {operator} for disputes"
    yield Check("disputes", lock >= own.cap, words, "keifu dispute lock")
    if operator != account.address.lower():
        market = chain.suite.at(chain.client, COMPUTE)
        speaks_for = market.operator_of(account.address, KeyKind.TRANSACTION, chain.client.now).lower()
        words = f"{account.address} answers disputes for {operator}"
        yield Check(
            "answers", speaks_for == operator, words, "keifu keys name FILE --kind transaction, by the operator"
        )
