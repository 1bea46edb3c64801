"""A service that reverts, burns its gas or lies about what is reserved: it costs its own locks at most, and nobody's
coins stay with it for ever."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from audit.staked_hub import EPOCH, HORIZON, hub_arguments
from evmstorm.evm import LocalEvm, reverts
from keifu.chain.services import require_horizon
from keifu.errors import CheckFailed
from keifu.staking.status import read_service
from keifu.units import COIN, DAY

LIE, REVERT, BURN = 0, 1, 2
MOODS = pytest.mark.parametrize("mood", [LIE, REVERT, BURN], ids=["lies", "reverts", "burns gas"])
LOCK = 1_000 * COIN
MAXIMUM = 2**256 - 1


class Scene:
    """An operator with coins behind an honest account and behind three hostile contracts."""

    def __init__(self) -> None:
        evm = self.evm = LocalEvm()
        self.owner, self.operator, self.honest = (evm.account(name) for name in ("owner", "operator", "honest"))
        self.token = token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub = hub = evm.deploy(
            "StakingHub", *hub_arguments(token, self.owner, evm.account("insurance")), sender=self.owner
        )
        self.hostile = [evm.deploy("HostileService", hub, mood, sender=self.owner) for mood in (LIE, REVERT, BURN)]
        hub.register_operator(0, "", sender=self.operator)
        token.transfer(self.operator, 4 * LOCK, sender=self.owner)
        token.approve(hub, MAXIMUM, sender=self.operator)
        for service in (self.honest, *self.hostile):
            hub.list_service(service, HORIZON, 4, sender=self.owner)
            hub.lock(service, self.operator, LOCK, sender=self.operator)

    def locked(self, service: object) -> int:
        return int(self.hub.lock_of(service, self.operator))


@pytest.fixture(scope="module")
def deployed() -> Scene:
    return Scene()


@pytest.fixture
def scene(deployed: Scene):
    with deployed.evm.anchor():
        yield deployed


@MOODS
def test_no_coins_stay_with_it_for_ever(scene: Scene, mood: int) -> None:
    """It never unlocks anything: its removal and horizon end that, whatever it answers."""
    service = scene.hostile[mood]
    scene.hub.remove_service(service, sender=scene.owner)
    with reverts("hub: service may still slash"):
        scene.hub.take_back(service, sender=scene.operator)
    scene.evm.warp(HORIZON)
    scene.hub.take_back(service, sender=scene.operator)
    assert scene.hub.credit(scene.operator) == LOCK
    with reverts("hub: not a slasher"):
        service.slash(scene.operator, LOCK, 0, sender=scene.owner)


@MOODS
def test_it_costs_the_lock_behind_it_and_no_other(scene: Scene, mood: int) -> None:
    service = scene.hostile[mood]
    service.bind(scene.operator, MAXIMUM, sender=scene.owner)
    assert scene.hub.get_lock(service, scene.operator)[1] == LOCK  # no more is bound than is there
    with reverts("hub: more than the lock"):
        service.unlock(scene.operator, LOCK + 1, 0, sender=scene.owner)
    with reverts("hub: more than the lock"):
        service.unlock(scene.operator, 1, LOCK, sender=scene.owner)
    service.slash(scene.operator, MAXIMUM, MAXIMUM, sender=scene.owner)
    assert scene.locked(service) == 0
    others = [scene.honest, *(item for item in scene.hostile if item is not service)]
    assert [scene.locked(item) for item in others] == [LOCK] * 3
    scene.hub.unlock(scene.operator, LOCK, 0, sender=scene.honest)
    assert scene.hub.credit(scene.operator) == LOCK


@pytest.mark.parametrize("mood", [REVERT, BURN], ids=["reverts", "burns gas"])
def test_it_is_shown_by_what_the_hub_knows_and_never_planned_with(scene: Scene, mood: int) -> None:
    service = scene.hostile[mood]
    found = read_service(scene.evm, scene.hub, service.address)
    assert (found.horizon, found.max_multiple, found.evidence_window) == (HORIZON, 4, None)
    deployer = EvmDeployer(scene.evm, scene.owner)
    with pytest.raises(CheckFailed, match="does not show its terms"):
        require_horizon(deployer, service.address, 60 * DAY)


def test_a_horizon_that_it_makes_up_is_the_hub_s(scene: Scene) -> None:
    """It says that its rounds take no time at all: what counts is what it was listed with."""
    lying = scene.hostile[LIE]
    scene.hub.remove_service(lying, sender=scene.owner)
    scene.evm.warp(HORIZON - EPOCH)
    with reverts("hub: service may still slash"):
        scene.hub.take_back(lying, sender=scene.operator)


def test_an_arbiter_that_is_no_contract(scene: Scene) -> None:
    with reverts("sample: court is no contract"):
        scene.evm.deploy("SampleService", scene.token, scene.hub, scene.honest, DAY, sender=scene.owner)
