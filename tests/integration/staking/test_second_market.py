"""A second storage market takes the first one's place: side by side, until owners have moved their locks and deals."""

from __future__ import annotations

import pytest

from audit.deployer import EvmDeployer
from ethwire.constants import GWEI
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import Deployment, Params, deploy_protocol
from keifu.chain.services import Service, list_now
from keifu.chain.suite import HUB, STORAGE, STORAGE_DEALS, STORAGE_REPAIRS, TIMELOCK, TOKEN
from keifu.spec.storage import LEAF_BYTES, deal_id, deal_path, deal_root, leaves_of, root
from keifu.staking.owner import queue_or_execute
from keifu.units import COIN

LOCKED, FUNDS = 2_000 * COIN, 10_000 * COIN
PRICE, RESTITUTION = 10**9, 100 * 10**9  # gwei
TERM = 20  # epochs
DATA = bytes(range(256)) * 4 * (LEAF_BYTES // 256)
SALT = bytes(32)


class Scene:
    """The suite in process, a second market on its hub, and a provider and a client with coins."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        self.deployer = EvmDeployer(self.evm, self.evm.account("deployer"))
        self.first = deploy_protocol(self.deployer)
        list_now(self.deployer, self.first, self.evm.warp)
        self.provider, self.client = self.evm.account("provider"), self.evm.account("client")
        self.hub, self.token = self.first.at(self.evm, HUB), self.first.at(self.evm, TOKEN)
        for who in (self.provider, self.client):
            self.token.transfer(who, FUNDS, sender=self.deployer.sender)
        self.token.approve(self.hub, 2**256 - 1, sender=self.provider)
        self.hub.register_operator(0, "", sender=self.provider)

    def second(self) -> Deployment:
        """The market of a later version, listed through the timelock beside the first."""
        names = (STORAGE, STORAGE_DEALS, STORAGE_REPAIRS)
        market, deals, repairs = (self.deployer.address_of(f"2/{name}") for name in names)
        params, token, hub = Params(), self.first[TOKEN], self.first[HUB]
        rhythm = params.storage_epoch, params.storage_window
        amounts = params.storage_buffer * GWEI, params.storage_tip * COIN
        randomness = self.first["Randomness"]
        self.deployer.deploy(STORAGE, token, hub, randomness, deals, *rhythm, *amounts, label=f"2/{STORAGE}")
        self.deployer.deploy(STORAGE_DEALS, market, repairs, self.first["Channels"], label=f"2/{STORAGE_DEALS}")
        self.deployer.deploy(STORAGE_REPAIRS, deals, params.storage_fee * COIN, label=f"2/{STORAGE_REPAIRS}")
        made = Deployment({**self.first.addresses, **dict(zip(names, (market, deals, repairs), strict=True))})
        list_now(self.deployer, made, self.evm.warp, (Service(STORAGE, 4),))
        return made

    def remove(self, suite: Deployment) -> None:
        """By the timelock."""
        for _ in range(2):
            queue_or_execute(self.evm, self.deployer, self.first, HUB, "remove_service", suite[STORAGE])
            self.evm.warp(self.deployer.call(self.first[TIMELOCK], TIMELOCK, "get_minimum_delay"))

    def lock(self, suite: Deployment, amount: int) -> None:
        self.hub.lock(suite[STORAGE], self.provider, amount, sender=self.provider)

    def lock_of(self, suite: Deployment) -> int:
        return int(self.hub.lock_of(suite[STORAGE], self.provider))

    def store(self, suite: Deployment, salt: bytes = SALT) -> bytes:
        """A deal over the data that the provider accepts."""
        market, deals = suite.at(self.evm, STORAGE), suite.at(self.evm, STORAGE_DEALS)
        shard, leaves, now = root(leaves_of(DATA)), len(DATA) // LEAF_BYTES, market.epoch()
        named = [(self.provider.address, shard, leaves)]
        self.token.approve(deals, FUNDS, sender=self.client)
        terms = (PRICE, RESTITUTION, now + 1, now + 1 + TERM, False, salt)
        deals.open(deal_root(named), 1, *terms, sender=self.client)
        deal = deal_id(self.client.address, deal_root(named), salt)
        path = [int.from_bytes(node, "big") for node in deal_path(named, 0)]
        deals.accept((deal, 0, shard, leaves, path), sender=self.provider)
        return deal

    def leave(self, suite: Deployment, deal: bytes) -> int:
        """The client closes its deal and has back what was not proven; wei."""
        market, deals = suite.at(self.evm, STORAGE), suite.at(self.evm, STORAGE_DEALS)
        before = self.token.balanceOf(self.client)
        deals.close(deal, [0], sender=self.client)
        self.evm.warp(Params().storage_epoch * 2)
        deals.refund(deal, [0], sender=self.client)
        market.withdraw(self.client, sender=self.client)
        return int(self.token.balanceOf(self.client) - before)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_old_and_new_run_side_by_side(scene: Scene) -> None:
    """Each has its own locks, promises and deals; the same bytes may stand in both."""
    second = scene.second()
    scene.lock(scene.first, LOCKED)
    deal = scene.store(scene.first)
    with reverts("storage: lock too small"):
        scene.store(second, b"\1" * 32)
    scene.lock(second, LOCKED)
    again = scene.store(second)
    old, new = (suite.at(scene.evm, STORAGE).reserved(scene.provider) for suite in (scene.first, second))
    assert old == new > 0
    assert (scene.lock_of(scene.first), scene.lock_of(second)) == (LOCKED, LOCKED)
    for suite, number in ((scene.first, deal), (second, again)):
        assert suite.at(scene.evm, STORAGE_DEALS).shard(number, 0)[0].lower() == scene.provider.address.lower()


def test_owners_move_locks_and_deals(scene: Scene) -> None:
    """What no promise needs moves at once; the rest when the old market is removed and its horizon has passed."""
    scene.lock(scene.first, LOCKED)
    deal = scene.store(scene.first)
    second = scene.second()
    market = scene.first.at(scene.evm, STORAGE)
    free = LOCKED - market.reserved(scene.provider)
    market.unlock(free, sender=scene.provider)
    scene.hub.collect(scene.provider, 0, sender=scene.provider)
    scene.lock(second, free)
    scene.store(second)

    scene.remove(scene.first)
    deals = scene.first.at(scene.evm, STORAGE_DEALS)
    paid = PRICE * TERM * GWEI
    assert scene.leave(scene.first, deal) == paid
    with reverts("deals: deal is known"):
        deals.open(bytes(deals.deal(deal)[1]), 1, PRICE, RESTITUTION, 1, 3, False, SALT, sender=scene.client)
    with reverts("hub: service may still slash"):
        scene.hub.take_back(scene.first[STORAGE], sender=scene.provider)
    scene.evm.warp(scene.hub.service(scene.first[STORAGE])[0])
    scene.hub.take_back(scene.first[STORAGE], sender=scene.provider)
    scene.hub.collect(scene.provider, 0, sender=scene.provider)
    scene.lock(second, LOCKED - free)
    assert (scene.lock_of(scene.first), scene.lock_of(second)) == (0, LOCKED)
    assert scene.token.balanceOf(scene.provider) == FUNDS - LOCKED


def test_nothing_new_is_promised_at_a_removed_market(scene: Scene) -> None:
    second = scene.second()
    scene.lock(scene.first, LOCKED)
    scene.remove(scene.first)
    with reverts("storage: market not listed"):
        scene.store(scene.first)
    with reverts("hub: service not listed"):
        scene.lock(scene.first, COIN)
    scene.lock(second, LOCKED)
    assert scene.store(second)
