"""Attacks by slashing: through friends, before a real fault, and against those who leave too early or too late."""

from __future__ import annotations

from fractions import Fraction

import pytest

from evmstorm.evm import reverts
from keifu.units import COIN, DAY
from tests.property.staking.attacks.scene import Outcome, Scene, search


@pytest.fixture(scope="module")
def scene() -> Scene:
    """An operator with 5,000 coins behind an honest service and 5,000 behind a friend's, and delegators."""
    scene = Scene()
    scene.service("honest")
    scene.service("friend")
    scene.operator("operator", honest=5_000, friend=5_000)
    scene.bind("honest", "operator", 4_000)
    scene.bind("friend", "operator", 5_000)
    scene.delegators("operator", "honest", 1)
    scene.delegators("operator", "friend", 1)
    for name in ("delegator", "leaver", "victim"):
        assert scene[name]
    return scene


# 3: one bond promised to everyone -------------------------------------------------------------------------------------


def slash_oneself_first(scene: Scene, damages: int, penalty: int, promised: int, order: str) -> Outcome:
    """The operator and its friend's service take all they can, then a real fault comes at the honest one."""
    reserve = scene.promise("honest", "operator", promised)
    scene.stake("delegator", "operator", 3_000)
    with scene.attack("staking-3", "operator", "friend") as outcome:
        if order == "before":
            scene.slash("friend", "operator", damages, penalty)
        paid = scene.claim("honest", "operator", reserve, "victim")
        if order == "after":
            scene.slash("friend", "operator", damages, penalty)
    assert paid >= promised * COIN, "the victim of a real fault went short"
    return outcome[0]


@pytest.mark.case("staking-3")
def test_a_slash_through_a_friend_takes_nothing_from_another_service_s_victim(scene: Scene) -> None:
    outcomes = search(
        scene, slash_oneself_first, damages=[0, 1, 1_000, 5_000, 10**9], penalty=[0, 1_000, 5_000, 10**9],
        promised=[1, 400, 4_000], order=["before", "after"],
    )  # fmt: skip
    assert all(outcome.gain < 0 for outcome in outcomes)


# 4: the operator leaves before its delegators -------------------------------------------------------------------------


def leave_first(scene: Scene, hours: int, asked_before: bool, penalty: int) -> Outcome:
    """Own coins leave by the service's word; a delegator asks in the same block. A slash comes some hours later."""
    scene.stake("leaver", "operator", 3_000)
    scene.wait(2)
    if asked_before:
        scene.unstake("leaver", "operator")
    scene.unlock("friend", "operator", 5_000)
    if not asked_before:
        scene.unstake("leaver", "operator")
    with scene.attack("staking-4", "operator", "friend") as outcome:
        scene.wait(hours / 24)
        taken = scene.slash("friend", "operator", 0, penalty)
    assert taken == (0, 0, 0), "delegators paid for a lock that was gone"
    return outcome[0]


@pytest.mark.case("staking-4")
def test_delegators_pay_for_no_lock_that_is_gone(scene: Scene) -> None:
    outcomes = search(
        scene, leave_first, hours=[0, 1, 24 * 7, 24 * 14 - 1, 24 * 14, 24 * 21], asked_before=[True, False],
        penalty=[1, 5_000, 10**9],
    )  # fmt: skip
    assert all(outcome.lost <= 0 for outcome in outcomes)


def leave_in_part(scene: Scene, stays: int, penalty: int, hours: int) -> Outcome:
    """Most of the lock leaves first; what delegators lose is bounded by what the rest of it loses."""
    scene.stake("leaver", "operator", 3_000)
    scene.unstake("leaver", "operator")
    scene.unlock("friend", "operator", 5_000 - stays)
    with scene.attack("staking-4", "operator", "friend") as outcome:
        scene.wait(hours / 24)
        _, own, strangers = scene.slash("friend", "operator", 0, penalty)
    assert strangers <= own == min(stays, penalty) * COIN
    return outcome[0]


@pytest.mark.case("staking-4")
def test_delegators_lose_at_most_the_multiple_of_what_is_left(scene: Scene) -> None:
    search(scene, leave_in_part, stays=[1, 100, 4_999], penalty=[1, 50, 5_000], hours=[0, 24 * 13])


# 5: the bond leaves after the promise ---------------------------------------------------------------------------------


@pytest.mark.case("staking-5")
def test_own_coins_stay_while_a_promise_is_open(scene: Scene) -> None:
    """Everything that an operator can call, at many times, lets nothing go of what its service reserved."""
    who, honest = scene["operator"], scene["honest"]

    def try_all(scene: Scene, days: float, promised: int) -> Outcome:
        reserve = scene.promise("honest", "operator", promised)
        with scene.attack("staking-5", "operator") as outcome:
            scene.wait(days)
            with reverts("hub: service may still slash"):
                scene.hub.take_back(honest, sender=who)
            with reverts("hub: more than the lock"):
                scene.hub.unlock(who, COIN, 0, sender=who)
            scene.hub.set_multiple(honest, 0, sender=who)
            scene.hub.bind(who, 0, sender=who)
            scene.hub.poke(who, honest, sender=who)
            paid = scene.claim("honest", "operator", reserve, "victim")
        assert paid >= promised * COIN
        return outcome[0]

    outcomes = search(scene, try_all, days=[0, 1, 14, 61, 180], promised=[1, 400, 4_000])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 12: a penalty that comes back ----------------------------------------------------------------------------------------


def report_oneself(scene: Scene, lock: int, damages: Fraction, penalty: Fraction, own_stake: int) -> Outcome:
    """Operator, service, victim, prover and a delegator are friends. Coins of strangers are in the pool, too."""
    scene.lock("friend", "operator", lock)
    scene.bind("friend", "operator", 5_000 + lock)
    scene.stake("delegator", "operator", 1_000)
    scene.stake("accomplice", "operator", own_stake)
    with scene.attack("staking-12", "operator", "friend", "accomplice") as outcome:
        scene.slash("friend", "operator", int(5_000 * damages), int(5_000 * penalty))
    return outcome[0]


@pytest.mark.case("staking-12")
def test_reporting_oneself_costs_a_fifth_of_the_damages_and_all_of_the_penalty(scene: Scene) -> None:
    parts = [Fraction(0), Fraction(1, 1_000), Fraction(1, 2), Fraction(1), Fraction(2)]
    outcomes = search(scene, report_oneself, lock=[1, 5_000], damages=parts, penalty=parts, own_stake=[1, 1_000])
    for outcome in outcomes:
        assert outcome.gain <= 0
        assert outcome.lost <= -outcome.gain, "strangers lost more than the attackers at a multiple of one"


# 14: one fault, two slashers ------------------------------------------------------------------------------------------


@pytest.mark.case("staking-14")
def test_a_service_takes_from_its_own_locks_alone(scene: Scene) -> None:
    """An arbiter that is listed, too, finds nothing behind the service for which it judges."""

    def slash_for_another(scene: Scene, amount: int, penalty: int) -> Outcome:
        scene.service("arbiter", multiple=0)
        with scene.attack("staking-14", "arbiter", "friend") as outcome:
            assert scene.slash("arbiter", "operator", amount, penalty) == (0, 0, 0)
            for name in ("victim", "operator"):
                with reverts("hub: not a slasher"):
                    scene.slash(name, "operator", amount, penalty)
        return outcome[0]

    outcomes = search(scene, slash_for_another, amount=[1, 5_000, 10**9], penalty=[0, 5_000])
    assert all(outcome.gain == 0 and outcome.lost == 0 for outcome in outcomes)


# 22: the winner pays --------------------------------------------------------------------------------------------------


def claim_justly(scene: Scene, promised: float, spoil: float, penalty: int) -> Outcome:
    """A victim claims what was promised, after a slash of another promise and a penalty out of what was free."""
    other = scene.promise("honest", "operator", spoil)
    reserve = scene.promise("honest", "operator", promised)
    scene.claim("honest", "operator", other, "another victim")
    scene.slash("honest", "operator", 0, penalty)
    with scene.attack("staking-22", "operator") as outcome:
        paid = scene.claim("honest", "operator", reserve, "victim")
    assert paid >= int(promised * COIN), "the winner of a claim paid for it"
    return outcome[0]


@pytest.mark.case("staking-22")
def test_a_victim_gets_all_that_was_promised(scene: Scene) -> None:
    search(
        scene, claim_justly, promised=[1e-18, 3e-18, 5, 5 + 1e-9, 1_000, 2_000], spoil=[1e-18, 5, 1_000],
        penalty=[0, 1, 999],
    )  # fmt: skip


def test_an_unbonding_ticket_is_reached_until_it_matures(scene: Scene) -> None:
    """The other side of attack 4: who left is still answerable for a penalty until its ticket matures."""
    with scene.undone():
        scene.stake("leaver", "operator", 3_000)
        ticket = scene.unstake("leaver", "operator")
        matures = scene.hub.ticket(scene["leaver"], ticket)[1]
        assert 14 * DAY <= matures - scene.evm.now <= 21 * DAY
        scene.evm.warp_to(matures - 1)
        assert scene.slash("friend", "operator", 0, 100)[2] == 100 * COIN
        scene.evm.warp(1)
        assert scene.slash("friend", "operator", 0, 100)[2] == 0
