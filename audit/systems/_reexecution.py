"""Demands and panels as people made them: the log, and what each of them has by it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from audit.reexecuted import STAKE, ReExecuted
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import System
from keifu.units import COIN, DAY

__all__ = ["DRAW", "EXECUTORS", "REST", "STEP", "Demanded", "Held", "Promised", "ReExecutionLog", "Seated"]

EXECUTORS = tuple(f"executor {number}" for number in range(9))
DRAW, STEP, COURT_COSTS, REST = 3 * DAY, DAY, 140 * COIN, 3 * DAY


@dataclass
class Promised:
    """A promise of the log."""

    number: int
    restitution: int
    fee: int
    panel: int
    least: int
    since: int
    last: int
    until: int  # of openings
    over: bool = False
    prolonged: bool = False

    @property
    def reserve(self) -> int:
        return -(-(self.restitution + 2 * self.panel * self.fee + COURT_COSTS) * 5 // 4) + self.restitution // 10


@dataclass
class Seated:
    """A member of a panel: what it sealed and what it said."""

    who: str
    sealed: int = 0
    word: int = 0
    settled: bool = False


@dataclass
class Demanded:
    """A demand of the log."""

    number: int
    promise: Promised
    receipt: int
    opened: int
    epoch: int
    seats: list[Seated] = field(default_factory=list)
    drawn: int = 0
    case: int | None = None
    verdict: int = 0
    votes: int = 0  # of the jury, all of one mind
    over: bool = False
    outcome: int = 0

    def words(self, *which: int) -> int:
        return sum(seat.word in which for seat in self.seats)

    @property
    def reveal_until(self) -> int:
        return self.drawn + 2 * STEP

    @property
    def denied(self) -> int:
        """The word that a jury with a quorum has denied."""
        return {1: 2, 2: 1}.get(self.outcome, 0) if self.votes >= 5 else 0

    @property
    def is_found(self) -> bool:
        return self.words(2) >= self.promise.least


@dataclass
class Held:
    """A slot, while its stake is needed."""

    who: str
    slot: int
    since: int
    left: int = 0
    fines: int = 0


class ReExecutionLog(System):
    """The set-up and the log."""

    contracts = ("ReExecution",)
    actors = ("operator", "client", "stranger", "other operator", *EXECUTORS)
    wait_weight = 14

    def setup(self, evm: LocalEvm) -> None:
        self.world = world = ReExecuted(evm, price=0)
        self.owner = world.owner.address
        self.bind(
            service=world.service, hub=world.hub, token=world.token, seeds=world.seeds, court=world.court,
            channels=world.channels, market=world.market,
        )  # fmt: skip
        state = world.service.promise(world.promise)
        terms = state[3]
        self.first = (world.promise, terms[5], terms[4], terms[2], terms[3], state[4], terms[7], state[5])
        self.joined = evm.now - 7 * DAY - 11

    def start(self) -> None:
        self.promised = [Promised(*self.first)]
        self.demanded: list[Demanded] = []
        self.held = [Held(self[name], slot, self.joined) for slot, name in enumerate(EXECUTORS)]
        self.flow: dict[str, int] = defaultdict(int)
        self.judged: set[tuple[int, int]] = set()
        self.courts = 0
        self.begun = {who: self.wealth(who) for who in self.roles.values()}

    def deadlines(self) -> list[int]:
        found = [time for item in self.demanded[-3:] for time in (
            item.opened + DRAW, item.drawn + STEP, item.reveal_until, item.reveal_until + 2 * STEP)]  # fmt: skip
        found += [item.until for item in self.promised[-2:]] + [item.left + DRAW for item in self.held if item.left]
        return [time + 1 for time in found if time > self.now - 1] + found

    # what the log says ------------------------------------------------------------------------------------------------

    def wealth(self, who: str) -> int:
        there = self.ask("token.balanceOf", who) + self.ask("service.credits", who) + self.ask("hub.credit", who)
        return there + self.ask("hub.lock_of", self["service"], who)

    def open_demand(self, promise: Promised) -> Demanded | None:
        return next((item for item in self.demanded if item.promise is promise and not item.over), None)

    def slot_of(self, who: str) -> Held | None:
        return next((item for item in self.held if item.who == who), None)

    def seats_of(self, who: str) -> int:
        return sum(seat.who == who and not seat.settled for item in self.demanded for seat in item.seats)

    def reserved(self, who: str) -> int:
        """Wei that somebody's promises and slot need, by the log."""
        slot = self.slot_of(who)
        stake = 0 if slot is None else STAKE - slot.fines
        promises = sum(item.reserve for item in self.promised if not item.over) if who == self["operator"] else 0
        return stake + promises

    def may_be_drawn(self, slot: Held, opened: int) -> bool:
        return slot.since + 7 * DAY <= opened and (slot.left == 0 or slot.left > opened)

    def paid(self, who: str, amount: int) -> None:
        self.flow[who] += amount

    def closed(self, item: Demanded, outcome: int) -> None:
        """Fees of seats that did not answer are the insurance's; without a panel the client has them back. What nobody
        judged may be shown again, for as long as after the last day: once a promise, and after each void case."""
        answered, promise = item.words(1, 2), item.promise
        rest = (promise.panel - answered) * promise.fee
        self.paid(self.world.insurance.address if item.drawn else self["client"], rest)
        item.over, item.outcome = True, outcome
        if outcome != 3 and answered >= promise.least:
            return
        self.judged.discard((promise.number, item.receipt))
        if self.now + REST > promise.until and (outcome == 3 or not promise.prolonged):
            promise.until = self.now + REST
            promise.prolonged |= outcome != 3

    def call(self, name: str, *args: Any, sender: str) -> Any:
        return self.tx(f"service.{name}", *args, sender=sender, raw_outcome=True)

    def expect(self, rule: str, done: Any, *refused: tuple[bool, str]) -> bool:
        """A call is refused for the first of its faults, and succeeds without one."""
        reason = next((reason for fault, reason in refused if fault), "")
        if reason:
            assert done is None, f"{rule}: must be refused: {reason}"
            assert self.refusal == reason, f"{rule}: refused for {self.refusal!r}, not for {reason!r}"
            return False
        assert done is not None, f"{rule}: must succeed, was refused: {self.refusal}"
        return True
