"""Each of the five oracles finds a fault that is put back, in the campaigns of grants and of heartbeats.

The calls are made one by one: in a search the models would often be first to see that an answer is another one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeVar

import pytest

from audit.systems.grants import Grants
from audit.systems.heartbeats import FINE, PENALTY, Heartbeats
from evmstorm.evm import artifacts
from evmstorm.fuzz import System
from evmstorm.fuzz.engine import Engine
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.units import COIN, DAY
from tests.profiles import quick_or_deep

SLASHING = "staking/lib/slashing.vy"
S = TypeVar("S", bound=System)


def hub_bug(file: str, old: str, new: str) -> Bug:
    return Bug(new, file, old, new, ("StakingHub",))


PENALTY_RETURNS = hub_bug(SLASHING, "unsafe_mul(damages, 4) // 5", "unsafe_mul(from_lock, 4) // 5")
WINNER_PAYS = hub_bug(SLASHING, "unsafe_mul(damages, 4) // 5", "unsafe_mul(damages, 3) // 5")
LOCK_IS_GONE = hub_bug(SLASHING, "& locks.MULTIPLE, penalty)", "& locks.MULTIPLE, min(_penalty, pools.MAX_AMOUNT))")
LATE_TICKET = hub_bug("staking/lib/exits.vy", "block.timestamp >= _time", "block.timestamp >= _time + 8 * 86400")
FEE_A_STAKE = hub_bug(
    "staking/StakingHub.vy",
    "    shares: uint256 = pools._minted(pool.active, pool.shares, _amount)\n",
    "    shares: uint256 = pools._minted(pool.active, pool.shares, _amount) - 10**9\n",
)
HALF_A_CLAIM = Bug(
    "half a claim",
    "vesting/VestingEscrow.vy",
    "token_transfers._push(token, beneficiary, amount)",
    "token_transfers._push(token, beneficiary, amount // 2)",
)
LATE_RELEASE = Bug(
    "late release",
    "staking/lib/jurors.vy",
    "block.timestamp >= account.release_at",
    "block.timestamp >= account.release_at + 365 * cases.DAY",
    ("AlignmentCourt",),
)
FIRST_OF_A_CALL = Bug(
    "the first of a call is paid",
    "staking/lib/juries.vy",
    "        if paid > 0:\n",
    "        if paid > 0 and juror == _jurors[0]:\n",
    ("AlignmentCourt",),
)


compiled = cache(compile_with)


def started(kind: type[S], load: Callable[[str], Any] = artifacts.load) -> S:
    system = Engine(kind, load).system
    assert isinstance(system, kind)
    system.start()
    return system


def grants(bug: Bug) -> Grants:
    return started(Grants, compiled(bug))


def heartbeats(bug: Bug) -> Heartbeats:
    return started(Heartbeats, compiled(bug))


def delegated(system: System, operator: str) -> int:
    """Wei in its pool and in tickets that are open."""
    state = system.contract("hub").operator_state(operator)
    return int(state[2] + state[5])


def slash(system: Grants, damages: int, penalty: int) -> None:
    """The first operator, and what the log of harm makes of it."""
    service, operator = system["service"], system.operators[0]
    before = delegated(system, operator)
    system.do("hub.slash", operator, damages, penalty, sender=service)
    system.slashed_at(service, operator, damages, penalty, before - delegated(system, operator))


@pytest.mark.parametrize("fee", [COIN, 9_671_406_556_917_033_397_648, 10**6 * COIN // 2])
def test_the_division_of_a_large_fee_is_no_profit_in_grants(fee: int) -> None:
    """A fee is divided to one part in 2**62: of half a million coins that may be 100,000 wei, and no more."""
    system = started(Grants)
    service, operator = system["service"], system.operators[0]
    system.do("hub.reward", operator, fee, sender=service)
    system.rewarded(operator, fee)
    system.evm.warp(82 * DAY)
    assert system.nobody_is_richer_than_the_log_says() is True
    system.received[operator] += 2 * system.dust + 1
    with pytest.raises(AssertionError, match=r"^profit: operator have"):
        system.nobody_is_richer_than_the_log_says()


def profit_in_grants() -> None:
    system = grants(PENALTY_RETURNS)
    slash(system, 0, COIN)
    with pytest.raises(AssertionError, match=r"^profit: service have"):
        system.nobody_is_richer_than_the_log_says()


def promise_in_grants() -> None:
    system = grants(HALF_A_CLAIM)
    assert system.what_is_vested_is_payable() is True  # nothing is vested yet
    system.evm.warp_to(system.schedule.end)
    with pytest.raises(AssertionError, match=r"^promise: a claim of"):
        system.what_is_vested_is_payable()


def harm_in_grants() -> None:
    system = grants(LOCK_IS_GONE)
    there = system.ask("hub.lock_of", system["service"], system.operators[0])
    with pytest.raises(AssertionError, match=r"^harm: \d+ wei of delegators"):
        slash(system, there - COIN, 10 * COIN)


def delay_in_grants() -> None:
    system = grants(LATE_TICKET)
    with pytest.raises(AssertionError, match=r"^delay: grant 1 is not out"):
        system.stakes_come_back_in_time()


def neutrality_in_grants() -> None:
    system = grants(FEE_A_STAKE)
    with pytest.raises(AssertionError, match=r"^neutrality: a grant"):
        system.halves_are_worth_the_whole()


def fine(system: Heartbeats, damages: int, penalty: int) -> int:
    """Take it from the first node, and write it down; what its delegators lost, wei."""
    service, node = system["service"], system.nodes[0]
    before = delegated(system, node)
    system.both_now(
        "hub.slash",
        partial(system.model.slash, service, node, damages, penalty),
        node,
        damages,
        penalty,
        sender=service,
    )
    return before - delegated(system, node)


def profit_in_heartbeats() -> None:
    system = heartbeats(PENALTY_RETURNS)
    fine(system, FINE, PENALTY)
    with pytest.raises(AssertionError, match=r"^profit: service have"):
        system.nobody_is_richer_than_the_log_says()


def promise_in_heartbeats() -> None:
    system = heartbeats(WINNER_PAYS)
    with pytest.raises(AssertionError, match=r"^promise: a claim of"):
        system.lies_are_payable()


def harm_in_heartbeats() -> None:
    system = heartbeats(LOCK_IS_GONE)
    there = system.behind(system.nodes[0])
    with pytest.raises(AssertionError, match=r"^harm: \d+ wei of delegators"):
        system.harm.slash(4, COIN, fine(system, there - COIN, 10 * COIN), system.dust)


def delay_in_heartbeats() -> None:
    system = heartbeats(LATE_RELEASE)
    with pytest.raises(AssertionError, match=r"^delay: juror is not out"):
        system.jurors_get_out_in_time()


def neutrality_in_heartbeats() -> None:
    system = heartbeats(FIRST_OF_A_CALL)
    system.pass_period(1)
    for juror in system.jurors:
        if system.votes.get((1, 0, juror)) is not None:
            vote = (1, system.votes[1, 0, juror], system.salt(juror))
            system.both_now("court.reveal", partial(system.law.reveal, 1, juror, *vote[1:]), *vote, sender=juror)
    system.evm.warp(DAY)
    system.evm.mine(4)
    for _ in range(3):
        system.move_on(1)
    assert system.contract("court").over(1)
    with pytest.raises(AssertionError, match=r"^neutrality: pay of"):
        system.pay_knows_no_order()


@pytest.mark.parametrize(
    "oracle",
    # Each fault of the hub or the court is another compile.
    quick_or_deep(
        [promise_in_grants],
        [
            profit_in_grants,
            promise_in_grants,
            harm_in_grants,
            delay_in_grants,
            neutrality_in_grants,
            profit_in_heartbeats,
            promise_in_heartbeats,
            harm_in_heartbeats,
            delay_in_heartbeats,
            neutrality_in_heartbeats,
        ],
    ),
    ids=lambda oracle: oracle.__name__,
)
def test_an_oracle_finds_what_was_put_back(oracle: Callable[[], None]) -> None:
    oracle()
