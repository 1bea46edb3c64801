"""STO under random sequences, beside a log of what people did; and the five oracles, each of which finds a fault that
is put back."""

from __future__ import annotations

from functools import cache

from audit.systems.storage_coin_edges import StorageCoinEdges
from audit.systems.storage_edges import StorageEdges
from audit.systems.storage_market import StorageMarkets
from audit.systems.storage_repair_edges import StorageRepairEdges
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 20_000

test_storage_keeps_its_invariants = sequences(StorageMarkets, examples=quick_or_deep(2, 100))
test_deals_at_their_edges = sequences(StorageEdges, examples=quick_or_deep(2, 100))
test_other_coins = sequences(StorageCoinEdges, examples=quick_or_deep(2, 100))
test_repairs_at_their_edges = sequences(StorageRepairEdges, examples=quick_or_deep(2, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Proofs, misses, lost shards, repairs, hand-overs, demands, refunds, cleared shards and a removed market; deals in
    another token that are collected, lost and handed over; a token that is delisted, and one that is frozen."""
    engine = Engine(StorageMarkets)
    system, search, reached = engine.system, Search(engine, seed=1), set[str]()
    wanted = {
        "proven",
        "missed",
        "lost",
        "repairing",
        "moved",
        "asked",
        "refunded",
        "cleared",
        "removed",
        "given up",
        "collected",
        "fetched",
        "token lost",
        "token moved",
        "delisted",
        "frozen",
    }
    assert isinstance(system, StorageMarkets)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        shards, tenures = system.shards(), [item for held in system.tenures.values() for item in held]
        found = {
            "proven": any(system.proofs.values()),
            "missed": any(system.missed.values()),
            "lost": any(item.lost for item in tenures),
            "repairing": any(shard.repair for shard in shards),
            "moved": any(item.left for item in tenures),
            "asked": any(shard.demand for shard in shards),
            "refunded": any(shard.state == 3 for shard in shards),
            "cleared": any(item.cleared for item in tenures),
            "removed": system.removed,
            "given up": system.given_up,
            "collected": any(item.collected for item in tenures),
            "fetched": any(system.paid_units.values()),
            "token lost": any(item.lost and item.token for item in tenures),
            "token moved": any(item.left and item.collected for item in tenures),
            "delisted": system.delisted,
            "frozen": system.frozen,
        }
        reached |= {name for name, holds in found.items() if holds}

    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------

LEDGERS, SETTLEMENTS = "storage/lib/ledgers.vy", "storage/lib/settlements.vy"
PAID_TWICE = Bug(
    "", LEDGERS, "payouts.credits[_caller] += arrived // 2", "payouts.credits[_caller] += arrived", ("StorageMarket",)
)
LESS_IS_REFUNDED = Bug(
    "",
    SETTLEMENTS,
    "deal.price * (deal.end - deal.begin) - (deals._earned",
    "deal.price * (deal.end - deal.begin - 1) - (deals._earned",
    ("StorageDeals",),
)
NOT_IN_TIME = Bug(
    "",
    LEDGERS,
    "EVIDENCE: public(constant(uint256)) = 3",
    "EVIDENCE: public(constant(uint256)) = 4",
    ("StorageMarket",),
)
TWICE_TOGETHER = Bug(
    "", SETTLEMENTS, "        total += amount\n", "        total += amount + total // 2\n", ("StorageDeals",)
)

compiled = cache(compile_with)


def started(bug: Bug | None) -> StorageMarkets:
    """Two shards are stored, and nobody did anything since."""
    system = Engine(StorageMarkets, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, StorageMarkets)
    system.start()
    return system


def profit(bug: Bug | None) -> None:
    """A provider misses two epochs, and a stranger settles."""
    system = started(bug)
    who, provider, seconds = system["stranger"], system["provider"], system.ask("market.epoch_seconds")
    for epoch in (2, 3, 4):
        system.evm.warp_to(system.first + (epoch - 1) * seconds + 60)
        if epoch < 4:
            number = system.do("market.open_epoch", epoch, sender=who)
            system.do("randomness.put", number, bytes([epoch]) * 32, sender=who)
            system.do("market.see_seed", epoch, sender=who)
            system.seen[epoch] = bytes([epoch]) * 32, 0
            system.tipped(who)
            system.tipped(who)
    found = system.found(provider)
    assert found.taken > 0
    system.do("market.settle", provider, sender=who)
    system.settle_by(found, who)
    assert system.nobody_gains() is True


def promise(bug: Bug | None) -> None:
    assert started(bug).everything_is_payable() is True


def harm(bug: Bug | None) -> None:
    assert started(bug).bystanders_lose_nothing() is True


def delay(bug: Bug | None) -> None:
    assert started(bug).everybody_leaves_in_time() is True


def neutrality(bug: Bug | None) -> None:
    assert started(bug).refunds_are_neutral() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, PAID_TWICE, "profit: .* more than the log"),
    (promise, LESS_IS_REFUNDED, "promise: a claim of"),
    (harm, LESS_IS_REFUNDED, "harm: "),
    (delay, NOT_IN_TIME, "must succeed in the end, was refused: hub: more than the lock"),
    (neutrality, TWICE_TOGETHER, "neutrality: refunds"),
]


test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
