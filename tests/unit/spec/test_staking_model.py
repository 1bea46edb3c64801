"""The model of the hub against examples that were computed by hand from the rules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from keifu.spec.refusals import Refused
from keifu.spec.staking import StakingModel, Terms
from keifu.units import COIN, DAY

GENESIS = 1_767_225_600  # start of a half-period of 7 days, so that tickets of the tests mature on round days
EPOCHS = 1_000


class Hub:
    """The model in coins and days: one operator with 100 coins locked at a service, 80 of them bound."""

    def __init__(self, *, multiple: int = 2, commission: int = 1_000) -> None:
        self.model = StakingModel(Terms(GENESIS, first_emission=100, emission_epochs=EPOCHS))
        self.model.list_service("service", 7 * DAY, 4)
        self.operator("operator", 100, 80, multiple, commission)

    def operator(self, name: str, lock: int, bound: int, multiple: int = 2, commission: int = 1_000) -> None:
        model = self.model
        model.register_operator(name, commission)
        model.lock("service", name, lock * COIN)
        model.bind("service", name, bound * COIN)
        model.set_multiple(name, "service", multiple)
        self.wait(28)
        model.poke(name, "service")

    def wait(self, days: float) -> None:
        self.model.now += int(days * DAY)

    def stake(self, owner: str, amount: int, operator: str = "operator") -> None:
        self.model.stake(owner, operator, amount * COIN)
        self.model.record_shares(owner, operator, amount * COIN)

    def unstake(self, owner: str, shares: int, operator: str = "operator") -> None:
        self.model.unstake(owner, operator, shares * COIN)

    def fee(self, amount: int, operator: str = "operator") -> None:
        self.model.reward(operator, amount * COIN)

    def slash(self, damages: int, penalty: int) -> None:
        self.model.slash("service", "operator", damages * COIN, penalty * COIN)

    def has(self, account: str) -> Fraction | int:
        return self.model.entitled(account) / COIN


# locks ----------------------------------------------------------------------------------------------------------------


def test_a_slash_takes_damages_first_and_pays_four_fifths_of_them() -> None:
    hub = Hub()
    hub.slash(damages=90, penalty=50)

    slash = hub.model.slashes[0]
    assert (slash.damages, slash.penalty) == (90 * COIN, 10 * COIN)
    assert hub.has("service") == 72
    assert hub.model.insurance == 28 * COIN
    assert hub.model.locked("operator") == hub.model.bound["operator"].now == 0


def test_what_is_bound_falls_with_the_lock() -> None:
    hub = Hub()
    hub.slash(damages=10, penalty=0)
    assert hub.model.bound["operator"].now == 80 * COIN
    hub.slash(damages=20, penalty=0)
    assert hub.model.bound["operator"].now == 70 * COIN
    assert hub.model.exposure["operator"].now == 140 * COIN


def test_delegators_lose_the_multiple_of_the_penalty_and_nothing_for_damages() -> None:
    hub = Hub()
    hub.stake("delegator", 90)
    hub.stake("leaver", 30)
    hub.unstake("leaver", 30)

    hub.slash(damages=50, penalty=0)
    assert (hub.has("delegator"), hub.has("leaver")) == (90, 30)

    hub.slash(damages=0, penalty=12)  # takes 24 of 120
    assert (hub.has("delegator"), hub.has("leaver")) == (72, 24)


def test_a_matured_ticket_is_out_of_reach() -> None:
    hub = Hub()
    hub.stake("delegator", 50)
    hub.stake("leaver", 50)
    hub.unstake("leaver", 50)
    hub.wait(21)
    hub.slash(damages=0, penalty=10)
    assert (hub.has("delegator"), hub.has("leaver")) == (30, 50)


@pytest.mark.parametrize(("days", "multiple"), [(27.9, 2), (28, 3), (100, 3)])
def test_a_raise_counts_after_28_days(days: float, multiple: int) -> None:
    hub = Hub()
    hub.model.set_multiple("operator", "service", 3)
    hub.wait(days)
    assert hub.model.multiple("service", "operator") == multiple


@pytest.mark.parametrize(("days", "multiple"), [(6.9, 2), (7, 1), (100, 1)])
def test_a_lowering_counts_after_the_horizon_and_earns_less_at_once(days: float, multiple: int) -> None:
    hub = Hub()
    hub.model.set_multiple("operator", "service", 1)
    assert hub.model.exposure["operator"].now == 80 * COIN
    hub.wait(days)
    assert hub.model.multiple("service", "operator") == multiple


def test_a_raise_earns_once_somebody_tells_the_hub() -> None:
    hub = Hub()
    hub.model.set_multiple("operator", "service", 4)
    hub.wait(30)
    assert hub.model.exposure["operator"].now == 160 * COIN
    hub.model.poke("operator", "service")
    assert hub.model.exposure["operator"].now == 320 * COIN


def test_dates_round_up_to_an_epoch() -> None:
    hub = Hub()
    hub.wait(0.5)
    hub.model.set_multiple("operator", "service", 3)
    hub.wait(28)
    assert hub.model.multiple("service", "operator") == 2
    hub.wait(0.5)
    assert hub.model.multiple("service", "operator") == 3


def test_a_removed_service_slashes_for_its_horizon_without_delegators() -> None:
    hub = Hub()
    hub.stake("delegator", 50)
    hub.model.remove_service("service")
    hub.model.now += 7 * DAY - 1
    hub.slash(damages=0, penalty=10)
    assert hub.has("delegator") == 50
    with pytest.raises(Refused, match="may still slash"):
        hub.model.take_back("service", "operator")
    hub.model.now += 1
    with pytest.raises(Refused, match="not a slasher"):
        hub.slash(damages=0, penalty=10)
    assert hub.model.take_back("service", "operator") == 90 * COIN
    assert hub.has("operator") == 90


def test_a_pool_takes_no_more_than_own_coins_answer_for() -> None:
    hub = Hub()
    hub.stake("delegator", 150)
    with pytest.raises(Refused, match="pool is full"):
        hub.stake("delegator", 11)
    hub.stake("delegator", 10)


def test_an_unlock_leaves_what_is_bound() -> None:
    hub = Hub()
    with pytest.raises(Refused, match="more than the lock"):
        hub.model.unlock("service", "operator", 21 * COIN, 80 * COIN)
    hub.model.unlock("service", "operator", 20 * COIN, 80 * COIN)
    assert hub.has("operator") == 20


# rewards --------------------------------------------------------------------------------------------------------------


def test_fees_go_to_who_was_there_for_the_whole_epoch() -> None:
    """Own 80, pool 40: a third of 12 goes to the pool, a tenth of that to the operator."""
    hub = Hub()
    hub.stake("delegator", 40)
    hub.wait(1)
    hub.stake("latecomer", 40)
    hub.fee(12)
    assert hub.has("operator") == 0
    hub.wait(1)
    assert hub.has("operator") == Fraction(84, 10)
    assert hub.has("delegator") == 40 + Fraction(36, 10)
    assert hub.has("latecomer") == 40


def test_who_leaves_takes_its_newest_coins_first_and_earns_for_what_stayed() -> None:
    """Of 40 + 20 coins, 30 leave: 30 of the old ones stayed, beside 10 of a rival. A pool of 50, and 80 own coins."""
    hub = Hub(commission=0)
    hub.stake("delegator", 40)
    hub.stake("rival", 10)
    hub.wait(1)
    hub.stake("delegator", 20)
    hub.unstake("delegator", 30)
    hub.fee(13)
    hub.wait(1)
    assert hub.has("delegator") == 60 + Fraction(5 * 3, 4)
    assert hub.has("rival") == 10 + Fraction(5, 4)
    assert hub.has("operator") == 8


def test_nobody_moves_the_day_s_fees_at_its_end() -> None:
    """An operator that stops answering for its delegators in the last second takes none of their part."""
    hub = Hub(commission=0)
    hub.stake("delegator", 80)
    hub.wait(1)
    hub.fee(10)
    hub.model.now += DAY - 1
    hub.model.set_multiple("operator", "service", 0)
    hub.model.now += 1
    assert (hub.has("operator"), hub.has("delegator")) == (5, 85)


def test_fees_of_a_pool_that_left_wait_for_the_next() -> None:
    hub = Hub(commission=0)
    hub.stake("delegator", 80)
    hub.wait(1)
    hub.fee(10)
    hub.unstake("delegator", 80)
    hub.wait(1)
    assert (hub.has("operator"), hub.has("delegator")) == (5, 80)
    hub.wait(1)
    assert hub.has("operator") == 10


def test_fees_wait_until_somebody_was_there() -> None:
    hub = Hub(commission=0)
    hub.model.bind("service", "operator", 0)
    hub.wait(1)
    hub.fee(5)
    hub.wait(3)
    hub.model.bind("service", "operator", 10 * COIN)
    hub.wait(1)
    assert hub.has("operator") == 0
    hub.wait(1)
    assert hub.has("operator") == 5


def test_a_pool_above_what_own_coins_answer_for_earns_for_that_much() -> None:
    """160 coins when 80 were bound twofold; 20 bound: the pool weighs 40, own coins 20."""
    hub = Hub(commission=0)
    hub.stake("delegator", 160)
    hub.model.bind("service", "operator", 20 * COIN)
    hub.wait(1)
    hub.fee(6)
    hub.wait(1)
    assert (hub.has("operator"), hub.has("delegator")) == (2, 164)


@pytest.mark.parametrize(("poked", "old"), [(None, 30), (13, 30), (14, 14), (20, 20)])
def test_a_commission_counts_once_somebody_calls_after_its_notice(poked: int | None, old: int) -> None:
    """Announced on day 0 for day 14; own 80, pool 80, which is 0.08 coins of emission a day for 30 days."""
    hub = Hub(commission=0)
    hub.stake("delegator", 80)
    hub.wait(72)  # epoch 101
    taken = hub.model.fund_emission(EPOCHS * COIN)
    assert taken < EPOCHS * COIN  # the first epoch is over
    hub.model.set_terms("operator", 10_000)
    hub.wait(poked or 0)
    if poked is not None:
        hub.model.poke("operator", "service")
    hub.wait(30 - (poked or 0))

    daily = Fraction(160, 2_000)
    assert hub.has("delegator") == 80 + old * daily / 2
    assert hub.has("operator") == 30 * daily - old * daily / 2


def test_emission_is_capped_by_weight_and_the_rest_is_the_treasury_s() -> None:
    hub = Hub(commission=0)
    hub.model.fund_emission(EPOCHS * COIN)
    hub.wait(99 - 28)  # the start of epoch 100
    assert hub.has("operator") == 0
    hub.wait(10)
    assert hub.has("operator") == 10 * Fraction(80, 2_000)
    assert hub.model.treasury == 10 * COIN - 10 * Fraction(80, 2_000) * COIN


def test_stake_of_the_last_second_earns_nothing_of_its_epoch() -> None:
    hub = Hub(commission=0)
    hub.wait(99 - 28)
    hub.model.fund_emission(EPOCHS * COIN)
    hub.model.now += DAY - 1
    hub.stake("rival", 80)
    hub.model.now += 1
    assert hub.has("rival") == 80
    hub.wait(1)
    assert hub.has("rival") == 80 + Fraction(80, 2_000)


def test_two_operators_share_emission_by_weight() -> None:
    """600,000 and 1,400,000 own coins, 500 coins a day, capped at 1,000."""
    hub = Hub(commission=0)
    hub.operator("small", 600_000, 600_000, 0)
    hub.operator("large", 1_400_000, 1_399_920, 0)  # and the first one's 80
    hub.model.fund_emission(EPOCHS * 500 * COIN)
    hub.wait(99 - 84 + 1)
    assert hub.has("small") == 150
    assert hub.has("large") + hub.has("operator") == 350


def test_splitting_an_operator_changes_nothing() -> None:
    hub = Hub(commission=0)
    for name, bound in (("whole", 60), ("half", 30), ("other half", 30)):
        hub.operator(name, 60, bound, 1)
    hub.stake("a", 60, "whole")
    hub.stake("b", 30, "half")
    hub.stake("c", 30, "other half")
    hub.model.fund_emission(EPOCHS * COIN)
    hub.wait(100)
    assert hub.has("whole") == 2 * hub.has("half") == 2 * hub.has("other half") > 0
    assert hub.has("a") - 60 == 2 * (hub.has("b") - 30) == 2 * (hub.has("c") - 30)


def test_a_refused_act_leaves_no_trace() -> None:
    hub = Hub()
    before = hub.model.exposure["operator"].now, hub.model.locked("operator")
    acts: list[Callable[[], object]] = [
        lambda: hub.model.set_multiple("operator", "service", 5),
        lambda: hub.model.lock("nobody", "operator", 1),
        lambda: hub.model.unlock("service", "operator", 101 * COIN, 0),
        lambda: hub.stake("delegator", 1_000),
        lambda: hub.unstake("delegator", 1),
    ]
    for act in acts:
        with pytest.raises(Refused):
            act()
    assert (hub.model.exposure["operator"].now, hub.model.locked("operator")) == before
