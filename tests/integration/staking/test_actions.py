"""What `keifu staking` and `keifu court` do, over a deployer in process: services, fees, credits and a jury's seed."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import deploy_protocol
from keifu.errors import CheckFailed, UsageError
from keifu.staking import actions, court
from keifu.staking.owner import TIMELOCK, queue_or_execute
from keifu.units import COIN, DAY

pytestmark = pytest.mark.case("tools-38")

ROLES = ("deployer", "operator", "delegator", "accuser", "service")
HUB = actions.HUB


class Scene:
    """The suite in process, an operator with a bond and a delegation."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        accounts = {role: self.evm.account(role) for role in ROLES}
        self.suite = deploy_protocol(EvmDeployer(self.evm, accounts["deployer"]))
        factory = EvmDeployer(self.evm, accounts["deployer"]).factory
        self.by = {role: EvmDeployer(self.evm, account, factory) for role, account in accounts.items()}
        self.addresses = {role: account.address for role, account in accounts.items()}
        self.token, self.hub = (self.suite.at(self.evm, name) for name in (actions.TOKEN, HUB))
        for role in ROLES[1:]:
            self.token.transfer(self.addresses[role], 10_000 * COIN, sender=accounts["deployer"])
        actions.register(self.by["operator"], self.suite, 1_000, "", 2_000 * COIN)
        actions.delegate(self.by["delegator"], self.suite, self.addresses["operator"], 500 * COIN)

    def list_service(self, horizon: int = 11 * DAY) -> int:
        terms = (self.addresses["service"], horizon, 5_000, 3_000, self.suite[court.COURT])
        return queue_or_execute(self.evm, self.by["deployer"], self.suite, HUB, "list_service", *terms)


@pytest.fixture
def scene():
    return Scene()


def test_a_service_is_listed_in_two_runs(scene):
    ready = scene.list_service()
    assert ready == scene.list_service() > scene.evm.now  # too early: nothing more is queued
    scene.evm.warp_to(ready)
    assert scene.list_service() == 0
    assert scene.hub.service(scene.addresses["service"])[1] == 11 * DAY
    with pytest.raises(CheckFailed, match="has done this already"):
        scene.list_service()


def test_what_the_hub_would_refuse_is_never_queued(scene):
    with reverts("hub: horizon beyond unbonding"):
        scene.list_service(horizon=15 * DAY)
    operation = scene.suite.at(scene.evm, TIMELOCK)
    assert scene.list_service() > 0
    assert operation.get_minimum_delay() == 2 * DAY


def test_promises_are_made_and_taken_back(scene):
    scene.evm.warp_to(scene.list_service())
    scene.list_service()
    operating, service = scene.by["operator"], scene.addresses["service"]
    since = actions.commit(operating, scene.suite, service, 300 * COIN)
    scene.evm.warp_to(since + 2 * DAY)  # the last change stays known to juries for two epochs
    assert scene.hub.effective(service, operating.sender) == 300 * COIN
    assert actions.uncommit(operating, scene.suite, service, 100 * COIN) == scene.evm.now + 11 * DAY
    with reverts("hub: unknown service"):
        actions.commit(operating, scene.suite, scene.addresses["accuser"], COIN)


def test_a_fee_reaches_the_delegator_and_the_operator_s_credit(scene):
    operator = scene.addresses["operator"]
    actions.reward(scene.by["accuser"], scene.suite, operator, 100 * COIN)
    assert actions.collect(scene.by["operator"], scene.suite) == 0
    for _ in range(2):
        scene.evm.warp_to(scene.evm.now + DAY)
        scene.hub.poke(operator, sender=scene.evm.account("accuser"))
    earned = actions.claim_rewards(scene.by["delegator"], scene.suite, operator)
    kept = actions.collect(scene.by["operator"], scene.suite)
    assert earned > 0
    assert kept > 0
    assert 100 * COIN - 10**6 < earned + kept <= 100 * COIN


def test_a_fee_without_the_coins_sends_nothing(scene):
    with pytest.raises(CheckFailed, match="are needed"):
        actions.reward(scene.by["accuser"], scene.suite, scene.addresses["operator"], 10**6 * COIN)
    assert scene.token.allowance(scene.addresses["accuser"], scene.suite[HUB]) == 0


def accuse(scene: Scene) -> int:
    scene.evm.warp_to(scene.list_service())
    scene.list_service()
    service = scene.addresses["service"]
    scene.evm.warp_to(actions.commit(scene.by["operator"], scene.suite, service, 300 * COIN))
    operator = scene.addresses["operator"]
    return court.open_case(scene.by["accuser"], scene.suite, service, operator, "", 200 * COIN, bytes([7] * 32))


def test_accusing_costs_the_bond(scene):
    before = scene.token.balanceOf(scene.addresses["accuser"])
    assert accuse(scene) == 1
    assert before - scene.token.balanceOf(scene.addresses["accuser"]) == 1_000 * COIN


def test_a_jury_that_is_not_drawn_yet_is_told_with_the_blocks_to_go(scene):
    case = accuse(scene)
    with pytest.raises(UsageError, match=r"which is not there yet \(it is [0-9]+ blocks away; .* --blocks [0-9]+\)"):
        court.draw(scene.evm, scene.by["accuser"], scene.suite, case)
    with pytest.raises(UsageError, match=r"no seat of case 1 was drawn .*keifu court draw 1"):
        court.commit(scene.by["operator"], scene.suite, case, True, bytes(32))


@pytest.mark.parametrize("act", [court.appeal, court.collect, lambda *a: court.commit(*a, True, bytes(32))])
def test_a_case_that_is_not_there_is_told(scene, act):
    with pytest.raises(UsageError, match=r"there is no case 7 \(0 have been opened, counted from 1\)"):
        act(scene.by["accuser"], scene.suite, 7)
