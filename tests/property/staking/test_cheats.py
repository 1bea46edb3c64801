"""The cheats of docs/threat-model.md against the staking hub, each tried and priced."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts, reverts
from evmstorm.mutation.seeded_bugs import Load
from keifu.units import COIN, DAY

UNBONDING = 14 * DAY
EVIDENCE = b"\x07" * 32


class Scene:
    def __init__(self, load: Load = artifacts.load) -> None:
        self.evm = evm = LocalEvm(load)
        roles = ("owner", "operator", "delegator", "other", "service", "victim", "prover", "sink", "payer")
        self.who = {role: evm.account(role) for role in roles}
        self.token = evm.deploy("KeifuToken", self.who["owner"], sender=self.who["owner"])
        self.hub = evm.deploy(
            "StakingHub", self.token, self.who["owner"], self.who["sink"], UNBONDING, DAY, sender=self.who["owner"]
        )
        for account in self.who.values():
            if account is not self.who["owner"]:
                self.token.transfer(account, 10**24, sender=self.who["owner"])
            self.token.approve(self.hub, 2**256 - 1, sender=account)
        self.hub.list_service(self.who["service"], 7 * DAY, 5_000, 3_000, ZERO_ADDRESS, sender=self.who["owner"])
        self.hub.register_operator(1_000, "", sender=self.who["operator"])
        self.hub.bond(2_000 * COIN, sender=self.who["operator"])

    def __getattr__(self, role: str):
        return self.__dict__["who"][role]

    def commit(self, amount: int) -> None:
        self.hub.commit(self.service, amount, sender=self.operator)

    def slash(self, amount: int, victim="victim", prover="prover") -> int:
        parties = [self.who[role].address if role else ZERO_ADDRESS for role in (victim, prover)]
        return self.hub.slash(self.operator, amount, *parties, EVIDENCE, sender=self.service).value

    def wealth(self, *roles: str) -> int:
        """All that these have, staked, leaving, credited or in hand, after rounding against them."""
        state = self.hub.operator_state(self.operator)
        total = 0
        for role in roles:
            account = self.who[role]
            total += self.token.balanceOf(account) + self.hub.credit(account)
            total += self.hub.position(self.operator, account)[1]
            total += self.hub.pending_rewards(self.operator, account)
            for half in range(self.evm.now // (UNBONDING // 2) - 4, self.evm.now // (UNBONDING // 2) + 1):
                total += self.hub.ticket(account, int(self.operator.address, 16) << 96 | half)[0]
            if role == "operator":
                total += state[0] + state[1]
        return total


@pytest.fixture(scope="module")
def base():
    return Scene()


@pytest.fixture
def scene(base):
    with base.evm.anchor():
        yield base


COALITIONS = [
    ("operator", "victim"),
    ("operator", "prover"),
    ("operator", "victim", "prover"),
    ("operator", "delegator", "victim", "prover"),
    ("delegator", "victim", "prover"),
]


@pytest.mark.parametrize("coalition", COALITIONS, ids="+".join)
@pytest.mark.parametrize("coins", [1, 500, 2_000, 3_000])
def test_hub_5_slashing_oneself_through_a_friend_loses(scene, coalition, coins):
    """HUB-5: no coalition with the operator or its delegators gains from a slash that it arranged."""
    scene.commit(2_000 * COIN)
    scene.hub.stake(scene.operator, 1_500 * COIN, 0, sender=scene.delegator)
    scene.evm.warp(3 * DAY)
    scene.hub.commit(scene.service, 1_000 * COIN, sender=scene.operator)
    scene.evm.warp(2 * UNBONDING)
    before = scene.wealth(*coalition)
    bond = scene.hub.operator_state(scene.operator)[0]
    taken = scene.slash(coins * COIN)
    assert taken == coins * COIN
    gained = scene.wealth(*coalition) - before
    if "operator" in coalition:
        # A fifth of the bond's part at least, and all that delegators of the coalition lose.
        assert gained <= -(min(taken, bond) // 5)
    else:
        # Delegators lose nothing before the whole bond is gone, and get nothing of what is theirs.
        assert gained <= min(taken, bond) * 8 // 10 - max(taken - bond, 0)


def test_rwd_2_delegating_just_before_a_reward_earns_what_the_stake_earned_in_time(scene):
    """RWD-2: a fee that is paid now is earned over the next epoch; who comes in that epoch gets nothing of it."""
    hub = scene.hub
    hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.delegator)
    scene.evm.warp_to(hub.epoch_start(2))
    hub.reward(scene.operator, 300 * COIN, sender=scene.payer)
    scene.evm.warp_to(hub.epoch_start(3) + 1)
    hub.stake(scene.operator, 100_000 * COIN, 0, sender=scene.other)
    scene.evm.warp_to(hub.epoch_start(4) - 1)
    assert hub.pending_rewards(scene.operator, scene.other) == 0
    assert hub.pending_rewards(scene.operator, scene.delegator) > 89 * COIN


def test_rwd_3_leaving_forfeits_the_rest_of_the_epoch_to_those_who_stay(scene):
    """RWD-3"""
    hub = scene.hub
    for role in ("delegator", "other"):
        hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.who[role])
    hub.reward(scene.operator, 400 * COIN, sender=scene.payer)
    scene.evm.warp_to(hub.epoch_start(2))
    hub.poke(scene.operator, sender=scene.payer)
    hub.unstake(scene.operator, 1_000 * COIN, sender=scene.other)
    assert hub.credit(scene.other) == 0
    scene.evm.warp_to(hub.epoch_start(4))
    hub.poke(scene.operator, sender=scene.payer)
    # 360 after commission, half of it to the bond, half to two delegators; of the leaver's 90 the bond takes its part.
    assert hub.pending_rewards(scene.operator, scene.delegator) > 90 * COIN


def test_hub_6_leaving_just_before_a_slash_pays_the_same(scene):
    """HUB-6: exit just before slash."""
    hub = scene.hub
    scene.commit(2_000 * COIN)
    for role in ("delegator", "other"):
        hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.who[role])
    hub.unbond(2_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    ticket = hub.unstake(scene.operator, 1_000 * COIN, sender=scene.other).value
    assert scene.slash(1_000 * COIN) == 1_000 * COIN
    assert hub.ticket(scene.other, ticket)[0] == 500 * COIN
    assert hub.position(scene.operator, scene.delegator)[1] == 500 * COIN


def test_hub_7_nothing_matures_early(scene):
    """HUB-7: neither a ticket nor a bond, at any moment of a half-period."""
    hub = scene.hub
    hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.delegator)
    for offset in (0, 1, UNBONDING // 2 - 1):
        with scene.evm.anchor():
            half = UNBONDING // 2
            scene.evm.warp_to((scene.evm.now // half + 1) * half + offset)
            asked = scene.evm.now
            ticket = hub.unstake(scene.operator, 1_000 * COIN, sender=scene.delegator).value
            hub.unbond(COIN, sender=scene.operator)
            scene.evm.warp_to(asked + UNBONDING - 1)
            with reverts("hub: not matured"):
                hub.withdraw(ticket, sender=scene.delegator)
            with reverts("hub: not matured"):
                hub.withdraw_bond(scene.operator, sender=scene.operator)


def test_hub_8_a_donation_does_not_inflate_shares(scene):
    """HUB-8: the price of a share does not follow the balance."""
    hub = scene.hub
    hub.stake(scene.operator, COIN, 0, sender=scene.other)
    scene.token.transfer(hub, 10_000 * COIN, sender=scene.other)
    hub.reward(scene.operator, 10_000 * COIN, sender=scene.other)
    scene.evm.warp(5 * DAY)
    assert hub.stake(scene.operator, 500 * COIN, 500 * COIN, sender=scene.delegator).value == 500 * COIN
    assert hub.position(scene.operator, scene.delegator)[1] == 500 * COIN


def test_hub_8_new_shares_are_paid_for_to_the_last_one(scene):
    """HUB-8: at an uneven price the shares are rounded down, and the odd wei stays with the pool."""
    hub = scene.hub
    scene.commit(2_000 * COIN)
    hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.other)
    hub.unbond(2_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    scene.slash(700 * COIN)
    hub.bond(2_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    hub.unjail(sender=scene.operator)
    tokens, shares = hub.operator_state(scene.operator)[4:6]
    assert tokens < shares
    amount = 100 * COIN + 1
    minted = hub.stake(scene.operator, amount, 0, sender=scene.delegator).value
    assert minted == amount * shares // tokens
    assert minted * tokens < amount * shares


def test_hub_3_commitments_shrink_with_the_stake_and_together_never_exceed_it(scene):
    """HUB-3: what left or was slashed is promised to nobody, whoever slashes first."""
    hub = scene.hub
    hub.list_service(scene.payer, DAY, 0, 0, ZERO_ADDRESS, sender=scene.owner)
    scene.commit(1_000 * COIN)
    hub.commit(scene.payer, 1_000 * COIN, sender=scene.operator)
    hub.unbond(1_200 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)

    def promised() -> list[int]:
        return [hub.effective(service, scene.operator) for service in (scene.service, scene.payer)]

    assert promised() == [400 * COIN, 400 * COIN]
    assert scene.slash(1_000 * COIN) == 400 * COIN
    assert sum(promised()) <= hub.slashable(scene.operator) == 400 * COIN
    while scene.slash(1_000 * COIN) > COIN:
        assert sum(promised()) <= hub.slashable(scene.operator)
    assert promised()[1] > 0


def test_hub_10_a_wiped_pool_starts_again_and_harms_nobody(scene):
    """HUB-10: old shares are worth nothing, new ones their coins, and old rewards are still paid."""
    hub = scene.hub
    scene.commit(2_000 * COIN)
    hub.stake(scene.operator, 500 * COIN, 0, sender=scene.delegator)
    hub.reward(scene.operator, 500 * COIN, sender=scene.payer)
    scene.evm.warp(2 * DAY)
    hub.unbond(2_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    owed = hub.pending_rewards(scene.operator, scene.delegator)
    assert owed > 80 * COIN
    assert scene.slash(2_000 * COIN) == 500 * COIN
    hub.bond(2_000 * COIN, sender=scene.operator)
    scene.evm.warp(3 * DAY)
    hub.unjail(sender=scene.operator)
    hub.stake(scene.operator, 100 * COIN, 100 * COIN, sender=scene.other)
    hub.stake(scene.operator, 50 * COIN, 50 * COIN, sender=scene.delegator)
    assert hub.position(scene.operator, scene.other) == (100 * COIN, 100 * COIN)
    assert hub.position(scene.operator, scene.delegator) == (50 * COIN, 50 * COIN)
    assert hub.credit(scene.delegator) == owed
    assert hub.operator_state(scene.operator)[6] == 1


def test_hub_13_one_coin_is_committed_once(scene):
    """HUB-13: a second service cannot be promised the same stake, so no two quorums count one coin."""
    hub = scene.hub
    hub.list_service(scene.payer, DAY, 0, 0, ZERO_ADDRESS, sender=scene.owner)
    scene.commit(1_500 * COIN)
    with reverts("hub: more than the stake"):
        hub.commit(scene.payer, 501 * COIN, sender=scene.operator)
    hub.commit(scene.payer, 500 * COIN, sender=scene.operator)
    hub.unbond(1_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    shares = [hub.effective(service, scene.operator) for service in (scene.service, scene.payer)]
    assert shares == [750 * COIN, 250 * COIN]


def test_a_new_commitment_cannot_catch_delegators(scene):
    """HUB-14: who leaves when an increase is announced has left before it counts."""
    hub = scene.hub
    hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.delegator)
    scene.commit(3_000 * COIN)
    ticket = hub.unstake(scene.operator, 1_000 * COIN, sender=scene.delegator).value
    _, maturity = hub.ticket(scene.delegator, ticket)
    scene.evm.warp_to(maturity - 1)
    assert hub.effective(scene.service, scene.operator) == 0
    assert scene.slash(3_000 * COIN) == 0


def test_a_newcomer_pays_for_an_old_fault(scene):
    """Accepted and stated: a case is open when it is open, whoever is there pays."""
    scene.commit(2_000 * COIN)
    scene.hub.unbond(1_000 * COIN, sender=scene.operator)
    scene.evm.warp(UNBONDING)
    scene.hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.other)
    scene.slash(1_500 * COIN)
    assert scene.hub.position(scene.operator, scene.other)[1] == 500 * COIN


def test_stake_at_epoch_ignores_what_came_since(scene):
    """HUB-15: the stake at an epoch's start does not follow later stakes or exits."""
    hub = scene.hub
    scene.evm.warp_to(hub.epoch_start(3) + 10)
    hub.stake(scene.operator, 1_000 * COIN, 0, sender=scene.delegator)
    assert hub.stake_at_epoch(scene.operator, 3) == 2_000 * COIN
    scene.evm.warp_to(hub.epoch_start(4) + 10)
    hub.unstake(scene.operator, 400 * COIN, sender=scene.delegator)
    assert hub.stake_at_epoch(scene.operator, 4) == 3_000 * COIN
    assert hub.stake_at_epoch(scene.operator, 3) == 2_000 * COIN
    scene.evm.warp_to(hub.epoch_start(5) + 10)
    assert hub.stake_at_epoch(scene.operator, 5) == 2_600 * COIN
    assert hub.stake_at_epoch(scene.operator, 4) == 3_000 * COIN
