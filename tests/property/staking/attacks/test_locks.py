"""Attacks on waiting: horizons too short, top-ups that count late, dust of strangers, one slot for two changes."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.units import COIN, DAY
from tests.property.staking.attacks.scene import Outcome, Scene, search


@pytest.fixture(scope="module")
def scene() -> Scene:
    """An operator with 5,000 coins at an honest service and 1,000 at a second one; delegators answer twofold."""
    scene = Scene()
    scene.service("honest", horizon=14)
    scene.service("second", horizon=60)
    scene.service("quick", horizon=1)
    scene.operator("operator", honest=5_000, second=1_000, quick=1_200)
    scene.bind("honest", "operator", 4_000)
    scene.delegators("operator", "honest", 2)
    for name in ("delegator", "victim", "stranger"):
        assert scene[name]
    return scene


# 13: a horizon that nobody checks -------------------------------------------------------------------------------------


def vanish_after_the_fault(scene: Scene, days: int, seats: int, lowered: bool) -> Outcome:
    """Twelve seats at a court with a horizon of a day: its juror votes, wants to be gone, and stays silent."""
    penalty = 50 * seats
    scene.bind("quick", "operator", 1_200)
    with scene.attack("staking-13", "operator") as outcome:
        if lowered:
            scene.hub.set_multiple(scene["honest"], 0, sender=scene["operator"])
        scene.wait(days)
        with reverts("hub: service may still slash"):
            scene.hub.take_back(scene["quick"], sender=scene["operator"])
        taken = scene.slash("quick", "operator", penalty)
    assert taken[0] == penalty * COIN, "a juror got away"
    return outcome[0]


@pytest.mark.case("staking-13")
def test_own_coins_wait_as_long_as_their_service_says_whatever_its_horizon(scene: Scene) -> None:
    outcomes = search(scene, vanish_after_the_fault, days=[0, 1, 2, 61, 400], seats=[1, 12], lowered=[True, False])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 15: a commitment that can only shrink --------------------------------------------------------------------------------


def refill_every_day(scene: Scene, part: int, days: int, payer: str) -> Outcome:
    """A slash of a hundredth a day, refilled each time: the lock is whole again at once, and so is what it promises."""
    with scene.attack("staking-15", "operator") as outcome:
        for _ in range(days):
            own = scene.slash("honest", "operator", 0, 5_000 // part)[1]
            scene.hub.lock(scene["honest"], scene["operator"], own, sender=scene[payer])
            assert scene.hub.lock_of(scene["honest"], scene["operator"]) == 5_000 * COIN
            reserve = scene.promise("honest", "operator", 4_000)
            with scene.undone():
                assert scene.claim("honest", "operator", reserve, "victim") == 4_000 * COIN
            scene.reserves.clear()
            scene.wait(1)
    return outcome[0]


@pytest.mark.case("staking-15")
def test_what_is_added_counts_at_once(scene: Scene) -> None:
    search(scene, refill_every_day, part=[1, 2, 100, 5_000], days=[1, 5], payer=["operator", "stranger"])


# 16: griefing by dust -------------------------------------------------------------------------------------------------


def send_dust(scene: Scene, coins: float, kind: str, delay: float) -> Outcome:
    """A stranger delegates, locks or pays a little before the operator locks and promises."""
    with scene.attack("staking-16", "stranger") as outcome:
        wei = max(int(coins * COIN), 1)
        if kind == "stake" and wei >= COIN:
            scene.stake("stranger", "operator", coins)
        if kind == "lock":
            for service in ("honest", "second"):
                scene.hub.lock(scene[service], scene["operator"], wei, sender=scene["stranger"])
        if kind == "reward":
            scene.hub.reward(scene["operator"], wei, sender=scene["stranger"])
        scene.wait(delay)
        held = scene.hub.lock_of(scene["second"], scene["operator"])
        scene.lock("second", "operator", 4_000)
        assert scene.hub.lock_of(scene["second"], scene["operator"]) == held + 4_000 * COIN
        with scene.undone():
            reserve = scene.promise("second", "operator", 4_000)
            assert scene.claim("second", "operator", reserve, "victim") == 4_000 * COIN
        scene.unlock("second", "operator", 4_000)
    return outcome[0]


@pytest.mark.case("staking-16")
def test_a_stranger_s_dust_delays_nothing(scene: Scene) -> None:
    outcomes = search(
        scene, send_dust, coins=[1e-18, 1, 3_000], kind=["stake", "lock", "reward"], delay=[0, 1 / DAY, 1]
    )  # fmt: skip
    assert all(outcome.gain <= 0 for outcome in outcomes)


# 17: promises freed without whom they were made to --------------------------------------------------------------------


def free_a_promise(scene: Scene, days: float, promised: int, asked: float) -> Outcome:
    """Nobody but the service lets a lock go, and not below what it bound, whatever anybody else says."""
    reserve = scene.promise("honest", "operator", promised)
    wei = max(1, int(asked * COIN))
    with scene.attack("staking-17", "operator", "second", "delegator") as outcome:
        scene.wait(days)
        for who in ("operator", "second", "delegator", "stranger"):
            before = scene.hub.lock_of(scene["honest"], scene["operator"])
            if who != "second":
                with reverts("hub: more than the lock"):
                    scene.hub.unlock(scene["operator"], wei, 0, sender=scene[who])
            else:
                scene.hub.unlock(scene["operator"], min(wei, 1_000 * COIN), 0, sender=scene[who])
            assert scene.hub.lock_of(scene["honest"], scene["operator"]) == before
        with reverts("hub: more than the lock"):
            scene.hub.unlock(scene["operator"], 5_000 * COIN - reserve + 1, reserve, sender=scene["honest"])
        paid = scene.claim("honest", "operator", reserve, "victim")
    assert paid >= promised * COIN
    return outcome[0]


@pytest.mark.case("staking-17")
def test_only_the_service_frees_what_it_was_promised(scene: Scene) -> None:
    outcomes = search(scene, free_a_promise, days=[0, 11, 61], promised=[1, 4_000], asked=[1e-18, 1_000, 5_000])
    assert all(outcome.gain < 0 for outcome in outcomes)


# 18: punishment without proportion ------------------------------------------------------------------------------------


def slash_a_wei(scene: Scene, damages: int, penalty: int, hours: int) -> Outcome:
    """After the smallest slash, stake, locks, what is bound and promises go on as before, everywhere."""
    with scene.attack("staking-18", "second") as outcome:
        scene.hub.slash(scene["operator"], damages, penalty, sender=scene["second"])
        scene.wait(hours / 24)
        scene.stake("delegator", "operator", 1)
        for service in ("honest", "second", "quick"):
            scene.lock(service, "operator", 1_000)
            with scene.undone():
                reserve = scene.promise(service, "operator", 800)
                assert scene.claim(service, "operator", reserve, "victim") == 800 * COIN
    assert outcome[0].lost <= damages + penalty
    return outcome[0]


@pytest.mark.case("staking-18")
def test_one_wei_costs_one_wei(scene: Scene) -> None:
    outcomes = search(scene, slash_a_wei, damages=[0, 1, 5], penalty=[0, 1], hours=[0, 1, 24, 48])
    assert all(outcome.gain <= 4 for outcome in outcomes)  # the service's own credit: 4/5 of 5 wei of damages


# 20: one slot for two kinds of change ---------------------------------------------------------------------------------


def announce_and_lower(scene: Scene, first: int, days: float, then: int) -> Outcome:
    """A raise is announced, then a lowering: it counts after the horizon, as if nothing had been announced."""
    scene.hub.set_multiple(scene["honest"], first, sender=scene["operator"])
    scene.wait(days)
    with scene.attack("staking-20", "operator") as outcome:
        scene.hub.set_multiple(scene["honest"], then, sender=scene["operator"])
        scene.unlock("honest", "operator", 500, 4_000)  # nor does it hold own coins up
        scene.wait(14 + 1)
        if then:
            scene.stake("delegator", "operator", 1_000)
        _, own, strangers = scene.slash("honest", "operator", 0, 100)
        assert strangers <= then * own
    return outcome[0]


@pytest.mark.case("staking-20")
def test_an_announced_raise_blocks_no_lowering(scene: Scene) -> None:
    search(scene, announce_and_lower, first=[3, 4], days=[0, 1, 13, 27], then=[0, 1])


@pytest.mark.parametrize("second", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("days", [0, 3, 6, 12])
def test_no_lowering_lasts_longer_than_it_said(scene: Scene, second: int, days: int) -> None:
    """Whatever the operator asks for while a lowering waits, from its date on no more than that counts: a raise takes
    28 days, in which every delegator can leave."""
    honest, operator = scene["honest"], scene["operator"]
    with scene.undone():
        scene.hub.set_multiple(honest, 1, sender=operator)
        counts_from = scene.hub.epoch_start(scene.hub.get_lock(honest, operator)[6])
        scene.wait(days)
        asked = scene.evm.now
        for value in (second, 1, second):
            if value < 1:
                with reverts("hub: a lowering waits"):
                    scene.hub.set_multiple(honest, value, sender=operator)
            else:
                scene.hub.set_multiple(honest, value, sender=operator)
        for _ in range(40):
            scene.wait(1)
            most = max(1, second) if scene.evm.now >= asked + 28 * DAY else 1
            if scene.evm.now >= counts_from:
                assert scene.hub.get_lock(honest, operator)[2] <= most
