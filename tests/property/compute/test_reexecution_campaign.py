"""Re-execution under random sequences; and the five oracles, each of which finds a fault that is put back."""

from __future__ import annotations

from functools import cache

from audit.reexecuted import DIGEST, RULE, seal
from audit.systems.reexecution import Demanded, ReExecutions, Seated
from audit.systems.reexecution_edges import ReExecutionEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.units import DAY
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 60_000
PANELS, AGREEMENTS, POOL = (f"compute/lib/{name}.vy" for name in ("panels", "agreements", "executors"))

test_re_execution_keeps_its_invariants = sequences(ReExecutions, examples=quick_or_deep(3, 100))
test_re_execution_at_its_edges = sequences(ReExecutionEdges, examples=quick_or_deep(2, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Demands that end without a panel, without a finding, and by each verdict; members that are absent."""
    engine = Engine(ReExecutions)
    system, search, reached = engine.system, Search(engine, seed=1), set[str]()
    wanted = {"no panel", "no finding", "acquitted", "convicted", "absent"}
    assert isinstance(system, ReExecutions)
    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        for item in system.demanded:
            reached |= {"no panel"} if item.over and not item.drawn else set()
            reached |= {"no finding"} if item.over and item.drawn and item.case is None else set()
            reached |= {{1: "acquitted", 2: "convicted"}.get(item.outcome, "")}
            reached |= {"absent"} if any(seat.settled and not seat.word for seat in item.seats) else set()
    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------


def _bug(original: str, changed: str, file: str = PANELS) -> Bug:
    return Bug("", file, original, changed, ("ReExecution",))


PAID_MORE = _bug(
    "        payouts.credits[msg.sender] += agreements._promises[demand.promise].terms.fee\n",
    "        payouts.credits[msg.sender] += 1 + agreements._promises[demand.promise].terms.fee\n",
)
RESERVES_LESS = _bug("return promises._damages(paid) + ", "return paid + ", AGREEMENTS)
WATCHERS_PAY = _bug(
    "    self._demands[_demand].stage = WORKING\n",
    "    self._demands[_demand].stage = WORKING\n    assert extcall payouts.token.transferFrom(msg.sender, self, 1)\n",
)
NO_EXIT = _bug("block.timestamp > left + DRAW_PERIOD", "block.timestamp > left + 100 * DRAW_PERIOD", POOL)
AGREEING_IS_FREE = _bug("    if _word != UNREADABLE:\n", "    if _word == DIFFERS:\n")

compiled = cache(compile_with)


def started(bug: Bug | None) -> ReExecutions:
    """A demand with its panel; everybody has sealed, and may show it."""
    system = Engine(ReExecutions, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, ReExecutions)
    system.start()
    world, promise = system.world, system.promised[0]
    demand, panel = world.drawn()
    item = Demanded(demand, promise, 1, system.now, 0, [Seated(who.address) for who in panel], system.now)
    system.demanded.append(item)
    system.flow[system["client"]] -= promise.panel * promise.fee
    for seat, who in enumerate(panel):
        item.seats[seat].sealed = 1
        world.service.commit(demand, seat, seal(demand, 1, DIGEST, RULE, who), sender=who)
    system.evm.warp(DAY + 1)
    return system


def profit(bug: Bug | None) -> None:
    system = started(bug)
    item = system.demanded[0]
    member = item.seats[0]
    system.do("service.reveal", item.number, 0, 1, DIGEST, RULE, sender=member.who)
    system.flow[member.who] += item.promise.fee
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    assert started(bug).promises_are_payable() is True


def harm(bug: Bug | None) -> None:
    assert started(bug).bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert started(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    assert started(bug).either_word_is_paid_alike() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, PAID_MORE, "profit: .* more than the log"),
    (promise, RESERVES_LESS, "promise: operator reserves"),
    (harm, WATCHERS_PAY, "harm: stranger lost coins"),
    (delay, NO_EXIT, "must succeed in the end, was refused: reexecution: slot is needed"),
    (neutrality, AGREEING_IS_FREE, "neutrality: word 1 was paid 0 wei"),
]

test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
