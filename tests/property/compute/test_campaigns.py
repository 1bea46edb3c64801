"""CMP under random sequences, beside a log of what people did; and the five oracles, each of which finds a fault that
is put back."""

from __future__ import annotations

from functools import cache

from audit.systems.compute_edges import ComputeEdges
from audit.systems.compute_market import ComputeMarkets
from audit.systems.compute_orders import ComputeOrderBook
from audit.systems.cover_edges import CoverEdges
from audit.systems.order_edges import OrderEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.units import HOUR
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 20_000
MARKET, PROMISES, COVERS = "compute/ComputeMarket.vy", "compute/lib/promises.vy", "compute/lib/covers.vy"

test_the_market_keeps_its_invariants = sequences(ComputeMarkets, examples=quick_or_deep(3, 100))
test_orders_keep_their_invariants = sequences(ComputeOrderBook, examples=quick_or_deep(3, 100))
test_services_and_demands_at_their_edges = sequences(ComputeEdges, examples=quick_or_deep(3, 100))
test_covers_at_their_edges = sequences(CoverEdges, examples=quick_or_deep(3, 100))
test_orders_at_their_edges = sequences(OrderEdges, examples=quick_or_deep(3, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Services and covers that are taken, demands that end in each way, credits that are paid."""
    engine = Engine(ComputeMarkets)
    system, search, reached = engine.system, Search(engine, seed=1), set()
    wanted = {"covered", "taken service", "taken cover", "asked", "bond", "refund", "removed"}
    assert isinstance(system, ComputeMarkets)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        reached |= {"covered"} if len(system.covers) > 1 else set()
        reached |= {"asked"} if any(not item.over for item in system.asked) else set()
        reached |= {"bond"} if system.owed[system["operator"]] else set()
        reached |= {"refund", "taken cover"} if system.owed[system["payer"]] else set()
        reached |= {"taken service"} if system.owed[system["watcher"]] else set()
        reached |= {"removed"} if system.removed else set()

    assert wanted <= reached


def test_a_campaign_ends_orders_in_every_way() -> None:
    engine = Engine(ComputeOrderBook)
    system, search, reached = engine.system, Search(engine, seed=1), set()
    wanted = {"refunded", "paid", "opened", "asked"}
    assert isinstance(system, ComputeOrderBook)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        for order in system.orders:
            reached |= {order.over} | ({"opened"} if order.opened else set()) | ({"asked"} if order.open else set())

    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------

PAID_TWICE = Bug(
    "", MARKET, "    prize: uint256 = arrived - restitution\n", "    prize: uint256 = arrived\n", ("ComputeMarket",)
)
NO_PART_FOR_THE_PROVER = Bug("", PROMISES, "    return (_paid * 5 + 3) // 4", "    return _paid", ("ComputeMarket",))
ANYBODY_RELEASES = Bug(
    "",
    COVERS,
    '    assert msg.sender == self._payer(self._reserved_word(id)), "compute: not the payer"\n',
    "    self._reserved_word(id)\n",
    ("ComputeMarket",),
)
A_DAY_LONGER = Bug(
    "",
    PROMISES,
    "self._last(_word) + evidence_window",
    "self._last(_word) + evidence_window + 86_400",
    ("ComputeMarket",),
)
THE_LARGER_ALONE = Bug(
    "",
    MARKET,
    "promises._slash(_operator, damages + more_damages, penalty + more_penalty)",
    "promises._slash(_operator, max(damages, more_damages), penalty + more_penalty)",
    ("ComputeMarket",),
)

compiled = cache(compile_with)


def started(bug: Bug | None) -> ComputeMarkets:
    """An hour after an operator promised an environment and covered a channel, as everybody else did nothing."""
    system = Engine(ComputeMarkets, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, ComputeMarkets)
    system.start()
    system.evm.warp(HOUR)
    return system


def profit(bug: Bug | None) -> None:
    system = started(bug)
    cover, watcher = system.covers[0], system["watcher"]
    system.taken(cover)
    cover.over = True
    system.pay_from(cover.operator, cover.row.payer, cover.restitution)
    system.pay_from(cover.operator, watcher, cover.restitution // 10)
    system.lose(cover.operator, cover.needed)
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    assert started(bug).promises_are_payable() is True


def harm(bug: Bug | None) -> None:
    system = started(bug)
    cover = system.covers[0]
    order = system.tx("market.release", cover.row.name, cover.operator, sender=system["watcher"])
    system.evm.raw.call(order.sender, order.to, order.data)
    assert system.bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert started(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    assert started(bug).reports_are_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, PAID_TWICE, "profit: .* more than the log"),
    (promise, NO_PART_FOR_THE_PROVER, "promise: a claim of"),
    (harm, ANYBODY_RELEASES, "harm: "),
    (delay, A_DAY_LONGER, "must succeed in the end, was refused: compute: still open to claims"),
    (neutrality, THE_LARGER_ALONE, "neutrality: reports"),
]


test_an_oracle_finds_what_was_put_back = finds(quick_or_deep(ORACLES[:2], ORACLES))
test_an_oracle_is_content_without_a_fault = content(ORACLES)
