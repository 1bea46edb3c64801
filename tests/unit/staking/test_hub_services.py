"""StakingHub.list_service, remove_service."""

from __future__ import annotations

import ape
import pytest

from keifu.units import DAY
from tests.unit.staking.conftest import HORIZON


def test_list(hub, owner, stranger):
    assert not hub.listed(stranger)
    receipt = hub.list_service(stranger, HORIZON, 3, sender=owner)
    assert receipt.events == [hub.ServiceListed(service=stranger, horizon=HORIZON, max_multiple=3)]
    assert tuple(hub.service(stranger)) == (HORIZON, 3, 0, 0)
    assert hub.listed(stranger)


@pytest.mark.parametrize(
    ("horizon", "multiple", "reason"),
    [
        (0, 0, "hub: bad horizon"),
        (60 * DAY + 1, 0, "hub: bad horizon"),
        (2**256 - 1, 0, "hub: bad horizon"),
        (HORIZON, 5, "hub: multiple too high"),
    ],
)
def test_bad_terms(hub, owner, stranger, horizon, multiple, reason):
    with ape.reverts(reason):
        hub.list_service(stranger, horizon, multiple, sender=owner)
    hub.list_service(stranger, 60 * DAY, 4, sender=owner)
    assert hub.MAX_MULTIPLE() == 4


def test_list_refusals(hub, owner, non_owner, service, stranger):
    with ape.reverts("hub: not the owner"):
        hub.list_service(stranger, HORIZON, 0, sender=non_owner)
    with ape.reverts("hub: service known"):
        hub.list_service(service, HORIZON, 0, sender=owner)


def test_remove(hub, owner, service, chain):
    receipt = hub.remove_service(service, sender=owner)
    now = chain.blocks.head.timestamp
    assert receipt.events == [hub.ServiceRemoved(service=service, slashes_until=now + HORIZON)]
    assert hub.service(service).removed == now
    assert not hub.listed(service)


def test_once_and_for_all(hub, owner, service, wait):
    hub.remove_service(service, sender=owner)
    with ape.reverts("hub: service not listed"):
        hub.remove_service(service, sender=owner)
    wait(HORIZON)
    with ape.reverts("hub: service known"):
        hub.list_service(service, HORIZON, 0, sender=owner)


def test_what_it_took_outlives_its_removal(hub, owner, service, operator):
    hub.slash(operator, 5, 0, sender=service)
    hub.remove_service(service, sender=owner)
    hub.slash(operator, 0, 7, sender=service)
    assert tuple(hub.service(service))[:2] == (HORIZON, 4)
    assert hub.service(service).taken == 12


def test_remove_refusals(hub, owner, non_owner, service, stranger):
    with ape.reverts("hub: not the owner"):
        hub.remove_service(service, sender=non_owner)
    with ape.reverts("hub: service not listed"):
        hub.remove_service(stranger, sender=owner)
