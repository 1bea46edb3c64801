"""What the market and its deals are deployed with."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.storage_market.conftest import EPOCH, FEE, LEAF_BUFFER, TIP, WINDOW


@pytest.fixture
def deploy(project, token, hub, randomness, deployer, stranger):
    def deploy(**changes):
        arguments = {
            "token": token,
            "hub": hub,
            "randomness": randomness,
            "deals": stranger,
            "epoch_seconds": EPOCH,
            "window": WINDOW,
            "leaf_buffer": LEAF_BUFFER,
            "tip": TIP,
        }
        return project.StorageMarket.deploy(*(arguments | changes).values(), sender=deployer)

    return deploy


def test_what_it_says(market, deals, token, hub, randomness):
    assert (market.token(), market.hub(), market.randomness(), market.deals()) == (token, hub, randomness, deals)
    assert (market.epoch_seconds(), market.window()) == (EPOCH, WINDOW)
    assert (market.leaf_buffer(), market.tip()) == (LEAF_BUFFER, TIP)
    assert (market.epoch(), deals.market()) == (1, market)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": ZERO_ADDRESS}, "payouts: token is no contract"),
        ({"hub": ZERO_ADDRESS}, "storage: hub is no contract"),
        ({"randomness": ZERO_ADDRESS}, "storage: randomness is no contract"),
        ({"deals": ZERO_ADDRESS}, "storage: no deals"),
        ({"window": 0}, "storage: bad window"),
        ({"window": EPOCH}, "storage: bad window"),
        ({"leaf_buffer": 0}, "storage: no buffer"),
    ],
)
def test_bad_arguments(deploy, changes, reason):
    with ape.reverts(reason):
        deploy(**changes)


def test_arguments_at_their_edges(deploy):
    deploy(window=1, leaf_buffer=1, tip=0)
    deploy(window=EPOCH - 1)


def test_deals_need_a_market_repairs_and_channels(project, market, channels, deployer, stranger):
    with ape.reverts("deals: market is no contract"):
        project.StorageDeals.deploy(stranger, stranger, channels, sender=deployer)
    with ape.reverts("deals: no repairs"):
        project.StorageDeals.deploy(market, ZERO_ADDRESS, channels, sender=deployer)
    with ape.reverts("deals: channels are no contract"):
        project.StorageDeals.deploy(market, stranger, stranger, sender=deployer)


def test_repairs_need_deals_and_a_fee(project, deals, deployer, stranger):
    with ape.reverts("repairs: deals are no contract"):
        project.StorageRepairs.deploy(stranger, FEE, sender=deployer)
    with ape.reverts("repairs: no fee"):
        project.StorageRepairs.deploy(deals, 0, sender=deployer)


def test_what_repairs_say(repairs, deals, market, token):
    assert (repairs.deals(), repairs.market(), repairs.token()) == (deals, market, token)
    assert (repairs.window(), repairs.demand_fee()) == (WINDOW, FEE)
