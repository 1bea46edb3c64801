"""Rounds of the re-executor's node: hold a slot of each pool, and on a panel compute, seal, show, and be paid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from keifu.chain.follower import Follower, Notice
from keifu.chain.suite import HUB, REEXECUTION
from keifu.errors import EnvironmentFault, InputError, KeifuError
from keifu.keys import Account
from keifu.node.attempts import Attempts
from keifu.node.chain import NodeChain
from keifu.node.final import Final, newest_final
from keifu.node.reexecutor.book import Said, Words
from keifu.node.reexecutor.making import models_of
from keifu.node.reexecutor.openings import Openings
from keifu.node.reexecutor.pools import Pools
from keifu.node.settings import NodeSettings, ReExecutorSettings
from keifu.node.work import Body, Check, Work
from keifu.reexecution.computing import OwnModel
from keifu.reexecution.reading import (
    DRAW_PERIOD,
    NOBODY,
    SLOT_STAKE,
    Demand,
    Opened,
    Promise,
    Seat,
    Stage,
    demand_of,
    promise_of,
    seat_of,
)
from keifu.reexecution.steps import Step, due
from keifu.reexecution.tolerance import Compared, Word
from keifu.units import coins, counted, day, typed

__all__ = ["ReExecutor", "computed"]

STEPS_A_ROUND = 20  # of the follower
A_ROUND = 200  # demands that are new in one round
GAS_OF_A_SEAT = 500_000  # seal, show, settle and withdraw, with the limits that the sender sets
SOON_SECONDS, AGAIN_SECONDS = 0.25, 30.0  # while a transaction is awaited; after a model has failed
Key = tuple[int, int]  # demand and seat


class ReExecutor(Work):
    """One account, whose coins are locked behind ReExecution."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        settings: ReExecutorSettings = body.settings
        self._settings, self._me = settings.reexecutor, body.account.address.lower()
        chain, metrics = body.chain, body.metrics
        self._contract = chain.suite.at(chain.client, REEXECUTION)
        self._court = chain.client.at(self._contract.court(), "AlignmentCourt")
        self._openings, self._words = Openings(chain, body.database), Words(chain, body.account, body.database)
        self._follower = Follower(
            chain.rpc, self._openings.sources, body.database, self._openings, on_notice=self._notice, workers=0
        )
        models = models_of(self._settings, body.folder.path)
        self._models = {model.pool: model for model in models}
        self._sender = body.sender(self._contract.address)
        self._attempts = Attempts(self._sender)
        self._pools = Pools(chain, self._contract, models, self._me, self._attempts, body.alerts)
        self._computing = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._running: dict[Key, Future[tuple[bytes, Compared]]] = {}
        self._failed: dict[Key, float] = {}
        self._decided: dict[int, int] = {}
        self._trouble = "no demand has been looked at yet"
        self._demands: dict[str, dict[str, Any]] = {}
        self._drawn = metrics.gauge("drawn_seats", "Seats that wait for a word or its showing.")
        self._sent = metrics.counter("words", "Words that were sent, by step.", "step")
        self._missed = metrics.counter("missed_seats", "Seats whose word lapsed.")

    @staticmethod
    def checks(settings: NodeSettings, chain: NodeChain, account: Account) -> Iterator[Check]:
        assert isinstance(settings, ReExecutorSettings)
        is_there = REEXECUTION in chain.suite.addresses
        yield Check("contract", is_there, REEXECUTION, "" if is_there else "name the record of a suite that has it")
        models = settings.reexecutor.models
        yield Check("models", bool(models), ", ".join(models) or "none", "" if models else "reexecutor.models.NAME")
        if not is_there:
            return
        hub, where = chain.suite.at(chain.client, HUB), chain.suite[REEXECUTION]
        locked, needed = hub.lock_of(where, account), SLOT_STAKE * len(models)
        words = f"{coins(locked)} coins are locked, {coins(needed)} are needed for {counted(len(models), 'slot')}"
        remedy = "" if locked >= needed else f"keifu reexecute lock {typed(needed - locked)}"
        yield Check("stake", locked >= needed, words, remedy)
        balance, gas = chain.client.balance(account), GAS_OF_A_SEAT * chain.rpc.quantity("eth_gasPrice")
        words = f"{account.address} has {balance} wei, a seat may take {gas}"
        yield Check("gas", balance >= gas, words, "" if balance >= gas else f"pay {account.address}")

    # life ----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Raises CheckFailed for weights that are not those of their digest."""
        for model in self._models.values():
            model.require_weights()
        self.step()

    def step(self) -> float:
        for _ in range(STEPS_A_ROUND):
            if not self._follower.step().more:
                break
        self._look()
        step = self._sender.step()
        is_busy = bool(self._running) or step.open or not step.is_idle
        return SOON_SECONDS if is_busy else float(self._settings.poll)

    def drain(self) -> bool:
        """What was signed goes on its way; a word that is due is sent with the next start as well."""
        return self._sender.step().is_at_rest

    def close(self) -> None:
        self._computing.shutdown(wait=False, cancel_futures=True)
        self._sender.close()

    def _notice(self, notice: Notice) -> None:
        self.body.log.warning("the endpoint", kind=notice.kind, fault=notice.message)

    # demands -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        final = newest_final(self.body.chain)
        self.body.metrics.head.set(final.number)
        self._trouble, self._demands = "", {}
        self._pools.look(final)
        numbers = self._words.open(final.view(self._contract.demand_count), A_ROUND)
        found = final.views([(self._contract.demand, (number,)) for number in numbers])
        demands = [demand_of(number, values) for number, values in zip(numbers, found, strict=True)]
        found = final.views([(self._contract.promise, (demand.promise,)) for demand in demands])
        for demand, values in zip(demands, found, strict=True):
            self._one(demand, promise_of(demand.promise, values), final)
        self._drawn.set(sum(item["waits"] for item in self._demands.values()))

    def _one(self, demand: Demand, promise: Promise, final: Final) -> None:
        model = self._models.get(promise.terms.pool)
        is_drawn = demand.drawn > 0
        if model is None or (not is_drawn and final.time > demand.opened + DRAW_PERIOD):
            self._words.drop(demand.id)
            return
        if not is_drawn:
            return
        views = [(self._contract.seat, (demand.id, place)) for place in range(promise.terms.panel)]
        seats = enumerate(map(seat_of, final.views(views)))
        own = next(((place, seat) for place, seat in seats if seat.executor == self._me), None)
        if own is None:
            self._words.drop(demand.id)
        else:
            self._act(demand, promise, model, own, final)

    def _act(self, demand: Demand, promise: Promise, model: OwnModel, own: tuple[int, Seat], final: Final) -> None:
        """Do what is due for the member's seat of one demand."""
        place, seat = own
        if demand.stage == Stage.OVER:
            self._settle(demand, place, seat, final)
            return
        said = self._words.get(demand.id, place)
        if final.time <= demand.commit_until and seat.seal == NOBODY:
            said = self._seal(demand, place, model, said)
        elif seat.seal != NOBODY and not seat.word and final.time <= demand.reveal_until:
            if said is None or said.seal(self._me) != seat.seal:
                said = self._recovered(demand, place, model, seat)
            if final.time > demand.commit_until:
                self._show(demand, place, said)
        elif not seat.word:
            self._lapsed(demand, place)
        self._go_on(demand, promise, place, final)
        self._demands[str(demand.id)] = {
            "seat": place,
            "model": model.name,
            "word": said.word.name.lower() if said else "unknown",
            "why": said.why if said else "",
            "waits": not seat.word and final.time <= demand.reveal_until,
            "until": day(demand.commit_until if seat.seal == NOBODY else demand.reveal_until),
        }

    def _seal(self, demand: Demand, place: int, model: OwnModel, said: Said | None) -> Said | None:
        """Send a word's seal, once it is found and on the disk."""
        self.body.alerts.tell(
            f"drawn {demand.id}", f"a seat about {model.name} was drawn: its word is due before"
            f" {day(demand.commit_until)}", demand=demand.id, until=demand.commit_until,
        )  # fmt: skip
        if said is None and (found := self._found(demand, place, model)) is not None:
            said = self._words.keep(demand.id, place, found[1].word, *self._shown(model, found))
        if said is None:
            return None
        what = f"commit {demand.id} {place}"
        if self._attempts.last(what) is None:
            self.body.log.info("sealing", demand=demand.id, word=said.word.name.lower(), why=said.why)
            self._sent.labels("commit").inc()
        data = self._contract.commit.encode(demand.id, place, said.seal(self._me))
        self._attempts.send(what, self._contract.address, data)
        return said

    def _recovered(self, demand: Demand, place: int, model: OwnModel, seat: Seat) -> Said | None:
        """The word that this key has sealed, found again by computing; None while that lasts, or for another."""
        if (found := self._found(demand, place, model)) is None:
            return None
        for word in Word:
            made = self._words.made(demand.id, place, word, *self._shown(model, found))
            if made.seal(self._me) == seat.seal:
                self._words.correct(made)
                return made
        self._failed[demand.id, place] = time.monotonic() + AGAIN_SECONDS
        self._trouble = f"the word of demand {demand.id} was sealed elsewhere, with a salt that this node has not"
        return None

    def _show(self, demand: Demand, place: int, said: Said | None) -> None:
        if said is None:
            return
        what = f"reveal {demand.id} {place}"
        if self._attempts.last(what) is None:
            self.body.log.info("showing", demand=demand.id, word=said.word.name.lower())
            self._sent.labels("reveal").inc()
        data = self._contract.reveal.encode(demand.id, place, int(said.word), said.digest, said.salt)
        self._attempts.send(what, self._contract.address, data)

    def _lapsed(self, demand: Demand, place: int) -> None:
        if not self._attempts.is_under_way(f"reveal {demand.id} {place}") and self.body.alerts.tell(
            f"missed {demand.id}", f"the word of demand {demand.id} lapsed", demand=demand.id
        ):
            self._missed.inc()

    # computing -----------------------------------------------------------------------------------------------------

    def _found(self, demand: Demand, place: int, model: OwnModel) -> tuple[bytes, Compared] | None:
        """One's own answer, and how it compares; None while it is not there."""
        key = demand.id, place
        shown = self._openings.of(demand.id)
        if shown is None:
            self._trouble = f"what demand {demand.id} is about was not read from the chain's logs yet"
            return None
        if time.monotonic() < self._failed.get(key, 0):
            self._trouble = f"demand {demand.id} waits for another try of {model.name}"
            return None
        future = self._running.get(key)
        if future is None:
            self._running[key] = self._computing.submit(computed, model, shown)
            return None
        if not future.done():
            return None
        del self._running[key]
        try:
            return future.result()
        except Exception as error:  # whatever somebody had computed, it ends no node
            self._failed[key] = time.monotonic() + AGAIN_SECONDS
            self._trouble = f"{model.name} gives no answer that can be compared: {error}"
            self.body.alerts.tell(
                f"uncomputed {key}", f"demand {demand.id} cannot be computed: {error}", demand=demand.id,
                until=demand.commit_until,
            )  # fmt: skip
            return None

    @staticmethod
    def _shown(model: OwnModel, found: tuple[bytes, Compared]) -> tuple[bytes, bytes, str]:
        """Answer, digest and reason, as the book keeps them."""
        answer, compared = found
        return answer, model.tolerance.digest(answer) if answer else NOBODY, compared.why

    # what is left to do --------------------------------------------------------------------------------------------

    def _go_on(self, demand: Demand, promise: Promise, place: int, final: Final) -> None:
        """Close, or pull the verdict, unless a member with an earlier seat has done it in its turn."""
        has_verdict = bool(demand.case_id) and final.view(self._court.verdict, demand.case_id)[0] > 0
        found = due(demand, promise, final.time, has_seed=True, has_verdict=has_verdict)
        if found.step in (Step.CLOSE, Step.PULL):
            since = self._decided.setdefault(demand.id, final.time)
            if final.time >= since + place * self._settings.turn:
                data = getattr(self._contract, str(found.step)).encode(demand.id)
                self._attempts.send(f"{found.step} {demand.id}", self._contract.address, data)

    def _settle(self, demand: Demand, place: int, seat: Seat, final: Final) -> None:
        if not seat.is_settled:
            data = self._contract.settle_seat.encode(demand.id, place)
            self._attempts.send(f"seat {demand.id} {place}", self._contract.address, data)
        elif final.view(self._contract.credits, self._me):
            data = self._contract.withdraw.encode(self._me)
            self._attempts.send(f"withdraw {demand.id}", self._contract.address, data)
        else:
            self._words.drop(demand.id)

    # what is told --------------------------------------------------------------------------------------------------

    def trouble(self) -> str:
        return self._trouble or self._pools.trouble or self._sender.trouble

    def facts(self) -> dict[str, Any]:
        return {"pools": dict(self._pools.facts), "demands": dict(self._demands)}


def computed(model: OwnModel, shown: Opened) -> tuple[bytes, Compared]:
    """One's own answer, and how the one in question compares. A request that several endpoints take differs when its
    answer is none of theirs: its sender chose the form, the provider did not. Raises KeifuError where nothing is
    known."""
    if not shown.request or not shown.response:
        return b"", Compared(Word.UNREADABLE, "it was stored, and this node reads nothing from storage")
    model.require_weights()
    found: tuple[bytes, Compared] | None = None
    faults: list[KeifuError] = []
    for call in model.calls(shown.request):
        try:
            own = model.answer(call)
            compared = model.tolerance.compare(own, shown.response)
        except (InputError, EnvironmentFault) as error:
            faults.append(error)
            continue
        if compared.word == Word.AGREES:
            return own, compared
        found = found or (own, compared)
    # What was asked for may be what failed. An answer of a form that the rule does not compare was not asked for.
    if found is None or any(isinstance(fault, EnvironmentFault) for fault in faults):
        raise faults[0]
    return found
