"""ACC-1 to ACC-8 under Hypothesis: keys, periods, relayers, sales and a shop that comes back, beside a log."""

from __future__ import annotations

from itertools import pairwise

import pytest

from audit.systems.account_registry import AccountRegistry
from audit.systems.accounts import Accounts
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from keifu.spec.accounts import Called, Granted, Owned

CALLS = 6_000

test_accounts_keep_their_invariants = sequences(Accounts, examples=15)
test_the_registry_keeps_its_invariants = sequences(AccountRegistry, examples=5)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Accounts)


def test_a_campaign_reaches_what_it_is_for(engine: Engine) -> None:
    """Limits used up to the last coin, windows that follow one another, a sale and a revocation inside a call."""
    system, search = engine.system, Search(engine, seed=1)
    assert isinstance(system, Accounts)
    reached: set[str] = set()

    while engine.calls < CALLS:
        assert search.step() is None
        log = system.model.log
        grants = {item.number: item.terms for item in log if isinstance(item, Granted)}
        for item in log:
            if isinstance(item, Called):
                limits = dict(grants[item.number].limits)
                reached |= {"the whole limit" for token, cost in item.cost if cost == limits[token]}
        calls = [item for item in log if isinstance(item, Called)]
        windows = {(item.number, item.time // grants[item.number].period) for item in calls}
        reached |= {"two windows"} if len(windows) > len({number for number, _ in windows}) else set()
        reached |= {"two keys"} if len({grants[item.number].key for item in calls}) > 1 else set()
        reached |= {"a sale inside a call"} if _sold_inside(system) else set()
        reached |= {"came back"} if system.model.got_through else set()

    assert reached == {"the whole limit", "two windows", "two keys", "a sale inside a call", "came back"}
    done = {item.name: count.ok for item, count in zip(engine.actions, engine.counts, strict=True)}
    assert all(done[name] > 10 for name in ("use", "relay_use", "relay", "batch", "sell", "revoke", "grant"))


def _sold_inside(system: Accounts) -> bool:
    """The log has a session's call directly before the sale that it brought about."""
    log = system.model.log
    return system.model.got_through and any(
        isinstance(item, Called) and isinstance(following, Owned) for item, following in pairwise(log)
    )
