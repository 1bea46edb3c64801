"""Attacks on the hub: those on the first edition that its rules close, and those that building the second one found.

Each prints what the attacker spent and got and what others lost; each shows the attacker no richer, and the others no
poorer than the rules say.
"""

from __future__ import annotations

import pytest

from evmstorm.evm import LocalEvm, artifacts, reverts
from keifu.units import COIN, DAY

UNBONDING = 14 * DAY
RAISE = 2 * UNBONDING
HORIZON = 7 * DAY
LOCK, BOUND, MULTIPLE = 2_000 * COIN, 1_000 * COIN, 2
FIRST_EMISSION, EMISSION_EPOCHS = 40, 100
DUST = 200  # wei: rounding of a few divisions
ROLES = ("owner", "operator", "rival", "delegator", "other", "service", "friend", "sink", "treasury", "payer")


class Scene:
    """Two operators with 1,000 bound coins and a multiple of 2 that counts; nobody has delegated."""

    def __init__(self) -> None:
        self.evm = evm = LocalEvm(artifacts.load)
        self.who = {role: evm.account(role) for role in ROLES}
        owner = self.who["owner"]
        self.token = evm.deploy("KeifuToken", owner, sender=owner)
        times = (UNBONDING, DAY, FIRST_EMISSION, EMISSION_EPOCHS)
        self.hub = evm.deploy("StakingHub", self.token, owner, self.sink, self.treasury, *times, sender=owner)
        for account in self.who.values():
            if account is not owner:
                self.token.transfer(account, 10**24, sender=owner)
            self.token.approve(self.hub, 2**256 - 1, sender=account)
        self.hub.list_service(self.service, HORIZON, 4, sender=owner)
        for account in (self.operator, self.rival):
            self.hub.register_operator(1_000, "", sender=account)
            self.hub.lock(self.service, account, LOCK, sender=account)
            self.hub.set_multiple(self.service, MULTIPLE, sender=account)
            self.hub.bind(account, BOUND, sender=self.service)
        evm.warp(RAISE + DAY)
        for account in (self.operator, self.rival):
            self.hub.poke(account, self.service, sender=account)

    def __getattr__(self, role: str):
        return self.__dict__["who"][role]

    def stake(self, role: str, amount: int, sub: int = 0) -> None:
        self.hub.stake(self.operator, amount, 0, sub, sender=self.who[role])

    def unstake(self, role: str, shares: int, sub: int = 0) -> None:
        self.hub.unstake(self.operator, shares, 0, sub, sender=self.who[role])

    def next_epoch(self, count: int = 1) -> None:
        self.evm.warp_to(self.hub.epoch_start(self.hub.epoch() + count))

    def to_epoch(self, epoch: int) -> None:
        self.evm.warp_to(self.hub.epoch_start(epoch))

    def fund(self, per_epoch: int) -> None:
        self.hub.fund_emission(per_epoch * EMISSION_EPOCHS, sender=self.payer)

    def earned(self, role: str) -> int:
        """What `role` could collect and claim now."""
        account = self.who[role]
        for operator in (self.operator, self.rival):
            self.hub.poke(operator, self.service, sender=self.payer)
        pending = sum(self.hub.pending_rewards(operator, account) for operator in (self.operator, self.rival))
        return pending + self.hub.credit(account)


@pytest.fixture(scope="module")
def base():
    return Scene()


@pytest.fixture
def scene(base):
    with base.evm.anchor():
        yield base


def reported(**numbers: int) -> None:
    print(" ".join(f"{name}={amount / COIN:.4f}" for name, amount in numbers.items()))


# those on the first edition -------------------------------------------------------------------------------------------


@pytest.mark.case("staking-10")
@pytest.mark.parametrize("seconds", [5, 3_600, DAY - 1])
def test_stake_that_comes_before_an_epoch_ends_earns_nothing_of_it(scene, seconds):
    """Attack 10: 900 of 1,900 coins of weight come at the last moment; and neighbours at every time of the epoch."""
    scene.stake("delegator", 1_000 * COIN)
    scene.fund(10 * COIN)
    scene.to_epoch(FIRST_EMISSION)
    scene.evm.warp_to(scene.hub.epoch_start(FIRST_EMISSION + 1) - seconds)
    scene.stake("other", 900 * COIN)
    scene.hub.bind(scene.rival, LOCK, sender=scene.service)
    scene.to_epoch(FIRST_EMISSION + 1)
    reported(spent=0, got=scene.earned("other"), rival=scene.earned("rival"), delegator=scene.earned("delegator"))
    assert scene.earned("other") == 0
    assert abs(scene.earned("rival") - BOUND // 2_000) <= DUST  # for what was bound before
    assert abs(scene.earned("delegator") - 1_000 * COIN // 2_000 * 9 // 10) <= DUST


@pytest.mark.case("staking-19")
def test_emission_waits_for_nobody(scene):
    """Attack 19: nothing is at risk for 30 days; who comes then gets its own days and at most a two-thousandth each."""
    scene.fund(1_000 * COIN)
    for account in (scene.operator, scene.rival):
        scene.hub.bind(account, 0, sender=scene.service)
    scene.to_epoch(FIRST_EMISSION + 30)
    scene.hub.bind(scene.operator, COIN, sender=scene.service)
    scene.to_epoch(FIRST_EMISSION + 32)
    reported(spent=COIN, got=scene.earned("operator"), treasury=scene.hub.credit(scene.treasury))
    assert scene.earned("operator") <= COIN // 2_000
    assert scene.hub.credit(scene.treasury) >= 32_000 * COIN - COIN // 2_000 - 1


@pytest.mark.case("staking-9")
@pytest.mark.parametrize("idle", [14, 20, 90])
def test_a_commission_does_not_reach_back(scene, idle):
    """Attack 9: commission to 100 %, and nobody touches the operator for weeks of emission."""
    scene.stake("delegator", 1_000 * COIN)
    scene.fund(10 * COIN)
    scene.to_epoch(FIRST_EMISSION)
    scene.hub.set_terms(10_000, "", sender=scene.operator)
    scene.to_epoch(FIRST_EMISSION + idle)
    wanted = idle * (1_000 * COIN // 2_000) * 9 // 10
    reported(wanted=wanted, delegator=scene.earned("delegator"), operator=scene.earned("operator"))
    assert abs(scene.earned("delegator") - wanted) <= DUST
    scene.to_epoch(FIRST_EMISSION + idle + 1)
    assert scene.earned("delegator") <= wanted + (1_000 * COIN // 2_000 * 9 // 10 if idle < 14 else 0) + DUST


@pytest.mark.case("staking-21")
@pytest.mark.parametrize("amount", [1, 10, 999])
def test_topping_up_and_taking_back_loses_nothing(scene, amount):
    """Attack 21: earn, top up, take it back, in one epoch and over two."""
    for role in ("delegator", "other"):
        scene.stake(role, 500 * COIN)
    scene.next_epoch()
    scene.hub.reward(scene.operator, 400 * COIN, sender=scene.payer)
    scene.next_epoch()
    scene.stake("delegator", amount * COIN)
    scene.unstake("delegator", amount * COIN)
    scene.stake("delegator", amount * COIN)
    scene.next_epoch()
    scene.unstake("delegator", amount * COIN)
    reported(toppedup=scene.earned("delegator"), other=scene.earned("other"))
    assert abs(scene.earned("delegator") - scene.earned("other")) <= DUST
    assert abs(scene.earned("other") - 90 * COIN) <= DUST


@pytest.mark.case("staking-18")
@pytest.mark.case("staking-16")
def test_dust_of_strangers_and_dust_of_slashes_stop_nobody(scene):
    """Attacks 16 and 18: a wei slashed, a coin delegated, a wei locked by a stranger: everything works as before."""
    scene.hub.slash(scene.operator, 1, 0, sender=scene.service)
    scene.hub.stake_for(scene.operator, scene.delegator, COIN, 0, sender=scene.other)
    scene.hub.lock(scene.service, scene.operator, 1, sender=scene.other)
    scene.stake("delegator", 100 * COIN)
    scene.unstake("delegator", 101 * COIN)
    scene.hub.set_multiple(scene.service, 4, sender=scene.operator)
    scene.hub.set_multiple(scene.service, 0, sender=scene.operator)
    scene.hub.unlock(scene.operator, LOCK, 0, sender=scene.service)
    assert scene.hub.collect(scene.operator, 0, sender=scene.operator).value == LOCK


@pytest.mark.case("staking-3")
@pytest.mark.case("staking-5")
def test_what_stands_behind_one_service_no_other_moves(scene):
    """Attacks 3 and 5: slash oneself through a friend's service, let the rest go, then a real fault."""
    hub = scene.hub
    hub.list_service(scene.friend, DAY, 4, sender=scene.owner)
    hub.lock(scene.friend, scene.operator, LOCK, sender=scene.operator)
    hub.slash(scene.operator, LOCK, LOCK, sender=scene.friend)
    spent, got = LOCK, hub.credit(scene.friend)
    hub.slash(scene.operator, LOCK, 0, sender=scene.service)
    reported(spent=spent, got=got, victim=hub.credit(scene.service))
    assert got == LOCK * 4 // 5 < spent
    assert hub.credit(scene.service) == LOCK * 4 // 5


# those that building found --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["lower", "unbind", "unlock"])
def test_the_days_fees_are_not_moved_at_its_end(scene, way):
    """Division by what stayed would give an operator all fees of a day in whose last second its pool stops earning."""
    hub = scene.hub
    hub.list_service(scene.friend, DAY, 0, sender=scene.owner)  # own coins that carry no delegation
    hub.lock(scene.friend, scene.operator, BOUND, sender=scene.operator)
    hub.bind(scene.operator, BOUND, sender=scene.friend)
    scene.stake("delegator", 2_000 * COIN)
    scene.next_epoch()
    hub.reward(scene.operator, 400 * COIN, sender=scene.payer)
    scene.evm.warp(DAY - 60)
    if way == "lower":
        hub.set_multiple(scene.service, 0, sender=scene.operator)
    elif way == "unbind":
        hub.bind(scene.operator, 0, sender=scene.service)
    else:
        hub.unlock(scene.operator, LOCK, 0, sender=scene.service)
    credited = hub.credit(scene.operator)
    scene.next_epoch()
    reported(delegator=scene.earned("delegator"), operator=scene.earned("operator") - credited)
    assert abs(scene.earned("delegator") - 180 * COIN) <= DUST


@pytest.mark.parametrize("joins", [1, 5, 20])
def test_what_joins_does_not_stand_in_for_what_leaves(scene, joins):
    """The least that a pool had in an epoch hides who was there; weight that nobody has would go to who stays."""
    scene.stake("delegator", 1_000 * COIN)
    scene.stake("other", 100 * COIN)
    scene.fund(COIN)
    scene.to_epoch(FIRST_EMISSION)
    for sub in range(1, joins + 1):
        scene.stake("friend", 40 * COIN, sub)
    scene.unstake("delegator", 1_000 * COIN)
    scene.to_epoch(FIRST_EMISSION + 1)
    reported(stayed=scene.earned("other"), left=scene.earned("delegator"))
    # 2,000 own coins and 100 delegated ones were there throughout.
    assert abs(scene.earned("other") - COIN * 100 // 2_100 * 9 // 10) <= DUST
    assert scene.earned("friend") == 0


@pytest.mark.parametrize("newcomer", [False, True])
@pytest.mark.parametrize("epochs", [0, 1, 5])
def test_shares_that_waited_in_a_wiped_pool_earn_nothing(scene, newcomer, epochs):
    """Their epoch has no index of its own if nobody joined after the slash: read as zero, they would earn all of it."""
    hub = scene.hub
    scene.stake("other", 900 * COIN)
    scene.next_epoch()
    hub.reward(scene.operator, 400 * COIN, sender=scene.payer)
    scene.next_epoch()
    scene.stake("delegator", 1_000 * COIN)
    scene.stake("other", 100 * COIN)
    before = hub.pending_rewards(scene.operator, scene.other)
    hub.slash(scene.operator, 0, BOUND, sender=scene.service)
    assert hub.operator_state(scene.operator)[4] == 1
    if newcomer:
        hub.bind(scene.operator, BOUND, sender=scene.service)
        scene.stake("friend", 10 * COIN)
    scene.next_epoch(epochs)
    hub.reward(scene.operator, 400 * COIN, sender=scene.payer)
    scene.next_epoch(2)
    reported(waited=scene.earned("delegator"), was_there=scene.earned("other"))
    assert scene.earned("delegator") == 0
    assert abs(scene.earned("other") - before) <= DUST


def test_a_removed_service_stops_earning_once_anybody_says_so(scene):
    """What is bound at a removed service earns until it is poked, and then not even in the epoch of the poke."""
    hub = scene.hub
    scene.fund(COIN)
    scene.to_epoch(FIRST_EMISSION)
    hub.remove_service(scene.service, sender=scene.owner)
    scene.evm.warp(DAY - 60)
    hub.poke(scene.operator, scene.service, sender=scene.payer)
    hub.poke(scene.rival, scene.service, sender=scene.payer)
    scene.to_epoch(FIRST_EMISSION + 3)
    assert (scene.earned("operator"), scene.earned("rival")) == (0, 0)
    assert hub.credit(scene.treasury) == 3 * COIN
    hub.bind(scene.operator, BOUND, sender=scene.service)
    hub.unlock(scene.operator, COIN, BOUND, sender=scene.service)
    assert hub.operator_state(scene.operator)[0] == 0


def test_a_removed_service_binds_nothing_by_unlocking(scene):
    hub = scene.hub
    hub.remove_service(scene.service, sender=scene.owner)
    hub.poke(scene.operator, scene.service, sender=scene.payer)
    hub.unlock(scene.operator, COIN, LOCK - COIN, sender=scene.service)
    assert hub.operator_state(scene.operator)[:2] == (0, 0)


@pytest.mark.parametrize("slash", [0, 1, 999])
def test_a_slash_is_never_stopped_by_a_raise_that_nobody_poked(scene, slash):
    """Settling the raise on the way would grow the exposure in a slash, and could overflow it for a larger coin."""
    hub = scene.hub
    scene.stake("delegator", 500 * COIN)
    hub.set_multiple(scene.service, 4, sender=scene.operator)
    scene.evm.warp(RAISE + DAY)
    before = hub.operator_state(scene.operator)[1]
    taken = hub.slash(scene.operator, slash, 10, sender=scene.service)
    assert taken.value == (slash, 10, 40)
    assert hub.operator_state(scene.operator)[1] == before


def test_time_beyond_the_last_epoch_stops_rewards_and_nothing_else(scene):
    """An epoch number that outgrew its 24 bits would begin again at 0, and lock every position out."""
    hub = scene.hub
    scene.stake("delegator", 100 * COIN)
    scene.evm.warp(2**24 * DAY)
    assert hub.epoch() == 2**24 - 1
    scene.stake("other", 100 * COIN)
    scene.evm.warp(365 * DAY)
    assert hub.epoch() == 2**24 - 1
    scene.unstake("other", 100 * COIN)
    scene.unstake("delegator", 100 * COIN)
    hub.set_multiple(scene.service, 0, sender=scene.operator)
    hub.slash(scene.operator, COIN, COIN, sender=scene.service)
    hub.unlock(scene.operator, COIN, 0, sender=scene.service)
    hub.remove_service(scene.service, sender=scene.owner)
    scene.evm.warp(HORIZON)
    hub.take_back(scene.service, sender=scene.operator)
    assert hub.collect(scene.operator, 0, sender=scene.operator).value == LOCK - 2 * COIN


def test_sub_accounts_whose_upper_bits_differ_hold_different_tickets(scene):
    """`_sub << 160 | _to` would drop the upper bits of a sub-account, and give its tickets to another one."""
    hub = scene.hub
    hub.stake(scene.operator, 10 * COIN, 0, 2**96, sender=scene.delegator)
    ticket = hub.redelegate(scene.operator, scene.rival, 10 * COIN, 0, 2**96, sender=scene.delegator).value
    scene.evm.warp(2 * UNBONDING)
    with reverts("hub: no ticket"):
        hub.complete_redelegation(ticket, scene.rival, 0, 0, sender=scene.delegator)
    hub.complete_redelegation(ticket, scene.rival, 0, 2**96, sender=scene.delegator)


def test_the_last_generation_takes_no_stake(scene):
    """255 wiped pools retire an operator: the next generation would not fit into its word."""
    hub = scene.hub
    hub.bind(scene.operator, LOCK, sender=scene.service)
    for _ in range(255):
        scene.stake("delegator", COIN)
        hub.slash(scene.operator, 0, COIN // MULTIPLE, sender=scene.service)
    assert hub.operator_state(scene.operator)[4] == 255
    with reverts("hub: operator retired"):
        scene.stake("delegator", COIN)
