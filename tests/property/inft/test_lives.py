"""Sale, leases and sessions of one agent together, beside the logs of market and account; and the five oracles, each of
which finds a fault that lies between them."""

from __future__ import annotations

from audit.systems.agent_lives import AgentLives
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug
from keifu.spec.accounts import Called, Owned
from keifu.spec.inft import Leased, Used
from keifu.units import COIN, DAY
from tests.oracles import Oracle, content, finds
from tests.profiles import quick_or_deep
from tests.property.inft.test_campaigns import call, started

CALLS = 6_000
SESSIONS, USAGE = "inft/lib/sessions.vy", "inft/lib/usage.vy"

test_lives_of_agents_keep_their_invariants = sequences(AgentLives, examples=quick_or_deep(2, 100))


def test_a_campaign_reaches_what_it_is_for() -> None:
    """Sold twice with its account, leased by its own key, and a session that a sale has ended."""
    engine = Engine(AgentLives)
    system, search = engine.system, Search(engine, seed=2)
    assert isinstance(system, AgentLives)
    reached: set[str] = set()

    while engine.calls < CALLS:
        assert search.step() is None
        book, me = system.model.account, system["account"]
        tokens = system.model.tokens.log
        reached |= {"sold with its account" for sale in system.model.sales() if hasattr(sale.order, "acts")}
        reached |= {"leases by its key" for item in tokens if isinstance(item, Leased) and item.user == me}
        reached |= {"uses its lease" for item in tokens if isinstance(item, Used) and item.user == me}
        reached |= {"pays" for item in book.log if isinstance(item, Called) and item.cost[0][1]}
        reached |= {"two owners"} if sum(isinstance(item, Owned) for item in book.log) > 1 else set()
        grant = book.session(system["key"])
        reached |= {"a sale ended its session"} if grant is not None and not book.alive(grant) else set()

    assert reached == {
        "sold with its account", "leases by its key", "uses its lease", "pays", "two owners",
        "a sale ended its session",
    }  # fmt: skip


# the oracles ----------------------------------------------------------------------------------------------------------

PAID_TO_ITSELF = Bug(
    "", USAGE, "transferFrom(msg.sender, owner, offer.price", "transferFrom(msg.sender, msg.sender, offer.price",
    ("IntelligentNFT",),
)  # fmt: skip
PAID_TWICE = Bug(
    "", USAGE, "transferFrom(msg.sender, owner, offer.price", "transferFrom(msg.sender, owner, 2 * offer.price",
    ("IntelligentNFT",),
)  # fmt: skip
HALF_A_LIMIT = Bug(
    "", SESSIONS, "assert _lost <= limit - spent,", "assert _lost <= limit // 2 - spent,", ("AgentAccount",)
)
EACH_CALL_A_LIMIT = Bug(
    "", SESSIONS, "limit | (spent + _lost) << SPENT_AT", "limit | _lost << SPENT_AT", ("AgentAccount",)
)
NO_BATCH = Bug(
    "", "inft/AgentAccount.vy", 'assert len(_calls) > 0, "account: empty batch"\n    self._state = unsafe_add',
    'assert len(_calls) == 1, "account: empty batch"\n    self._state = unsafe_add', ("AgentAccount",),
)  # fmt: skip


def opened(bug: Bug | None) -> AgentLives:
    system = started(AgentLives, bug)
    assert isinstance(system, AgentLives)
    return system


def leased(bug: Bug | None) -> AgentLives:
    """The account's key has leased the agent from its owner."""
    system = opened(bug)
    call(system, "lease_by_key", "key", system.agent, 0)
    return system


def profit(bug: Bug | None) -> None:
    assert leased(bug).nobody_is_richer_than_the_log_says() is True


def harm(bug: Bug | None) -> None:
    assert leased(bug).who_signed_nothing_wrong_loses_nothing() is True


def promise(bug: Bug | None) -> None:
    assert opened(bug).promises_are_payable() is True


def neutrality(bug: Bug | None) -> None:
    """In three parts a key pays no more than at once."""
    system = opened(bug)
    call(system, "pay", "key", COIN)
    assert system.promises_are_payable() is True


def delay(bug: Bug | None) -> None:
    system = leased(bug)
    system.evm.warp(DAY)
    assert system.attestors_get_out() is True


ORACLES: list[tuple[Oracle, Bug, str]] = [
    (profit, PAID_TWICE, "profit: "),
    (harm, PAID_TO_ITSELF, "profit: .* less than"),
    (promise, HALF_A_LIMIT, "promise: "),
    (neutrality, EACH_CALL_A_LIMIT, "promise: "),
    (delay, NO_BATCH, "must succeed in the end, was refused: account: empty batch"),
]

test_an_oracle_finds_what_was_put_back = finds(quick_or_deep(ORACLES[1:2], ORACLES))
test_an_oracle_is_content_without_a_fault = content(ORACLES)
