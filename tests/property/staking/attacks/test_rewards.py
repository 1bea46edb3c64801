"""Attacks on rewards: terms for time that is over, stake of seconds, emission that waits, coins that come back."""

from __future__ import annotations

import pytest

from keifu.units import COIN, DAY
from tests.property.staking.attacks.scene import FIRST_EMISSION, Outcome, Scene, search

A_DAY_S_CAP = 2_000  # emission of a day is at most the weight divided by this
DUST = 10**6  # wei


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Two operators with 2,000 own coins bound, who answer for delegators twofold; 1,000 coins of emission a day."""
    scene = Scene()
    scene.service("service")
    for name in ("operator", "rival"):
        scene.operator(name, commission=1_000, service=2_000)
        scene.bind("service", name, 2_000)
        scene.hub.set_multiple(scene["service"], 2, sender=scene[name])
    scene.emit(1_000)
    scene.wait(FIRST_EMISSION + 2)
    for name in ("operator", "rival"):
        scene.poke(name, "service")
    for name in ("delegator", "latecomer", "stranger"):
        assert scene[name]
    return scene


# 9: terms for time before them ----------------------------------------------------------------------------------------


def raise_commission(scene: Scene, announced: int, untouched: int, fee: int) -> Outcome:
    """Commission goes to 100 % on some day, and nobody touches the operator for a long time."""
    scene.stake("delegator", "operator", 2_000)
    scene.until_epoch()
    scene.wait(announced)
    scene.hub.set_terms(10_000, "", sender=scene["operator"])
    if fee:
        scene.hub.reward(scene["operator"], fee * COIN, sender=scene.owner)
    before = scene.wealth("delegator")
    with scene.attack("staking-9", "operator") as outcome:
        scene.wait(untouched)
    earned, days = scene.wealth("delegator") - before, min(untouched, 14)
    weight = 4_000 * COIN // A_DAY_S_CAP
    fair = days * weight // 2 * 9 // 10 + fee * COIN // 2 * 9 // 10
    assert earned >= fair - DUST, f"days at the old terms were paid at the new ones: {earned} of {fair}"
    return outcome[0]


@pytest.mark.case("staking-9")
def test_a_commission_counts_for_no_day_before_its_notice_is_over(scene: Scene) -> None:
    search(scene, raise_commission, announced=[0, 1, 13], untouched=[1, 13, 14, 15, 60, 400], fee=[0, 1_000])


# 10: stake of a few seconds -------------------------------------------------------------------------------------------


def stake_for_seconds(scene: Scene, before: float, after: float, coins: int, own: bool, fee: int) -> Outcome:
    """Big coins come shortly before an epoch ends and ask back shortly after its end."""
    scene.service("friend")
    scene.operator("attacker", commission=10_000, friend=coins if own else 1)
    scene.until_epoch(-before)
    scene.hub.reward(scene["operator"], fee * COIN, sender=scene.owner)
    with scene.attack("staking-10", "attacker", "latecomer") as outcome:
        if own:
            scene.bind("friend", "attacker", coins)
        else:
            scene.stake("latecomer", "operator", min(coins, 4_000))
        scene.wait(before + after)
        if own:
            scene.unlock("friend", "attacker", coins)
        else:
            scene.unstake("latecomer", "operator")
        scene.wait(1)
    return outcome[0]


@pytest.mark.case("staking-10")
def test_coins_that_were_not_there_for_a_whole_epoch_earn_nothing(scene: Scene) -> None:
    second = 1 / DAY
    outcomes = search(
        scene, stake_for_seconds, before=[second, 5 * second, 0.5, 1], after=[0, second, 0.5, 1 - 2 * second],
        coins=[4_000, 900_000], own=[True, False], fee=[1_000],
    )  # fmt: skip
    assert all(outcome.gain <= 0 for outcome in outcomes)


def top_up_for_seconds(scene: Scene, held: int, more: int, before: float) -> Outcome:
    """Who is there already cannot make its part of an epoch bigger at its end, nor take part of it back for free."""
    scene.stake("latecomer", "operator", held)
    scene.stake("delegator", "operator", 1_000)
    scene.until_epoch()
    scene.until_epoch(-before)
    with scene.attack("staking-10", "latecomer") as outcome:
        scene.stake("latecomer", "operator", more)
        scene.unstake("latecomer", "operator", more * COIN)
        scene.wait(before)
    fair = held * COIN // A_DAY_S_CAP * 9 // 10
    assert abs(outcome[0].gain - fair) <= DUST
    return outcome[0]


@pytest.mark.case("staking-10")
def test_coins_that_come_and_go_within_an_epoch_change_nothing(scene: Scene) -> None:
    search(scene, top_up_for_seconds, held=[1, 100, 1_000], more=[1, 100, 1_500], before=[5 / DAY, 0.5, 1])


# 19: emission that waits ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty() -> Scene:
    """A hub on which nobody ever bound a coin; a million coins of emission a day."""
    scene = Scene()
    scene.service("service")
    scene.operator("operator", service=1_000_000)
    scene.emit(1_000)
    return scene


def come_first(scene: Scene, idle: int, coins: int, stays: int) -> Outcome:
    """Nobody is there for days, then somebody is."""
    scene.wait(idle)
    scene.until_epoch(-1 / DAY)
    with scene.attack("staking-19", "operator") as outcome:
        scene.bind("service", "operator", coins)
        scene.wait(1 / DAY)
        scene.wait(stays)
    paid = max(0, min(stays, idle + stays + 2 - FIRST_EMISSION))
    assert outcome[0].gain <= paid * coins * COIN // A_DAY_S_CAP + DUST, "emission waited for who came"
    return outcome[0]


@pytest.mark.case("staking-19")
def test_emission_waits_for_nobody(empty: Scene) -> None:
    search(empty, come_first, idle=[0, 29, 30, 60, 400], coins=[1, 1_000, 900_000], stays=[1, 2, 30])


@pytest.mark.case("staking-19")
def test_emission_of_idle_epochs_is_the_treasury_s(empty: Scene) -> None:
    with empty.undone():
        empty.wait(FIRST_EMISSION + 29)
        treasury = empty.hub.treasury()
        empty.hub.pay_treasury(sender=empty["stranger"])
        days = empty.hub.epoch() - FIRST_EMISSION
        assert empty.token.balanceOf(treasury) == days * 1_000 * COIN


# 21: a top-up that is taken back --------------------------------------------------------------------------------------


def top_up_and_take_back(scene: Scene, held: int, earns: int, more: int, parts: int, waits: float) -> Outcome:
    """Earn for some days, top up, take the top-up back: what was earned is still there."""
    scene.stake("latecomer", "operator", held)
    scene.until_epoch()
    scene.wait(earns)
    before = scene.wealth("latecomer")
    with scene.attack("staking-21", "latecomer") as outcome:
        shares = [scene.stake("latecomer", "operator", more // parts) for _ in range(parts)]
        scene.wait(waits)
        for part in shares:
            scene.unstake("latecomer", "operator", part)
    earned = scene.wealth("latecomer") - before
    full = int(waits) - 1  # days for which the top-up was there from their start to their end
    most = (held * (waits + 1) + more * max(0, full)) * COIN / A_DAY_S_CAP
    assert -DUST <= earned <= most, "a top-up cost what was earned before it, or earned for days it was not there"
    return outcome[0]


@pytest.mark.case("staking-21")
def test_topping_up_and_taking_back_loses_nothing(scene: Scene) -> None:
    search(
        scene, top_up_and_take_back, held=[1, 100], earns=[1, 2, 20], more=[100, 3_800], parts=[1, 4], waits=[0, 0.5, 3]
    )


@pytest.mark.case("staking-21")
def test_only_newest_coins_leave_first(scene: Scene) -> None:
    """The old 100 coins earn through a day in which 3,000 came and went, and no more than they would alone."""
    with scene.undone():
        scene.stake("latecomer", "operator", 100)
        scene.until_epoch()
        before = scene.wealth("latecomer")
        scene.stake("latecomer", "operator", 3_000)
        scene.unstake("latecomer", "operator", 3_000 * COIN)
        scene.until_epoch()
        assert abs(scene.wealth("latecomer") - before - 100 * COIN // A_DAY_S_CAP * 9 // 10) <= DUST
