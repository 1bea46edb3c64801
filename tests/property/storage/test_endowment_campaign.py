"""END under random sequences over the storage market, beside a log of what people did; and the oracles that endowments
change, each of which finds a fault that is put back."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from audit.systems.storage_endowment import LEAD, Endowed, StorageEndowments
from ethwire.constants import GWEI
from evmstorm.evm import artifacts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.spec.storage import shard_root
from keifu.units import COIN
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep

CALLS = 20_000
SOURCE = "storage/StorageEndowment.vy"
PRICE, TERM, REWARD = 10**9, 6, COIN

test_endowments_keep_their_invariants = sequences(StorageEndowments, examples=quick_or_deep(2, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Terms that follow one another at a falling price, shards that others stood in for, heirs."""
    engine = Engine(StorageEndowments)
    system, search, reached = engine.system, Search(engine, seed=1), set[str]()
    wanted = {"founded", "a third term", "fell", "stayed", "stood in", "wound up"}
    assert isinstance(system, StorageEndowments)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        for item in system.founded(""):
            prices = [deal.price for deal in item.terms]
            pairs = [*pairwise(prices)]
            found = {
                "founded": True,
                "a third term": len(prices) > 2,
                "fell": any(later < before for before, later in pairs),
                "stayed": item.fall > 0 and any(later == before for before, later in pairs),
                "stood in": any(shard.tenures and deal.named[shard.index][0] != shard.last.provider
                                for deal in item.terms for shard in deal.shards),
                "wound up": item.coins == 0 and system.now >= system.over_at(item),
            }  # fmt: skip
            reached |= {name for name, holds in found.items() if holds}

    assert wanted <= reached


# the oracles ----------------------------------------------------------------------------------------------------------

TAKEN_TWICE = Bug(
    "",
    SOURCE,
    "    token_transfers._push(token, msg.sender, reward)\n",
    "    token_transfers._push(token, msg.sender, 2 * reward)\n",
)
NOT_ALL = Bug(
    "",
    SOURCE,
    "    token_transfers._push(token, self.plan.heir, amount)\n",
    "    token_transfers._push(token, self.plan.heir, amount - amount // 2)\n",
)

compiled = cache(compile_with)


def founded(bug: Bug | None) -> tuple[StorageEndowments, Endowed]:
    """An endowment of one shard with coins for three terms, opened once."""
    system = Engine(StorageEndowments, compiled(bug) if bug else artifacts.load).system
    assert isinstance(system, StorageEndowments)
    system.start()
    item, who = system.endowments[0], system["client"]
    data, amount = bytes(range(256)), 3 * TERM * PRICE * GWEI
    item.heir, item.price, item.term, item.reward, item.data = system["watcher"], PRICE, TERM, REWARD, [data]
    pieces = [(system["provider"], shard_root(data), 1)]
    system.do("home.found", item.plan, pieces, amount, item.salt, sender=who)
    item.coins = amount
    system.moved[who] -= amount
    system.term_opens(item, [system["provider"]], TERM)
    return system, item


def further(bug: Bug | None) -> StorageEndowments:
    """With the next term opened by a stranger, at the same price: nobody stored the shard."""
    system, item = founded(bug)
    system.evm.warp_to(system.first + (item.until - LEAD - 1) * system.ask("market.epoch_seconds"))
    pieces = [(system["provider"], shard_root(item.data[0]), 1)]
    system.do(f"{item.name}.open_term", pieces, sender=system["stranger"])
    item.coins -= REWARD
    system.moved[system["stranger"]] += REWARD
    system.term_opens(item, [system["provider"]], TERM)
    return system


def profit(bug: Bug | None) -> None:
    assert further(bug).nobody_gains() is True


def delay(bug: Bug | None) -> None:
    assert founded(bug)[0].everybody_leaves_in_time() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, TAKEN_TWICE, "profit: .* more than the log"),
    (delay, NOT_ALL, "delay: "),
]

test_an_oracle_finds_what_was_put_back = finds(ORACLES)
test_an_oracle_is_content_without_a_fault = content(ORACLES)
