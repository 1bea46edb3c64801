"""Who may use a token's data: the owner's free users until a transfer, those who prepaid until their lease ends."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

PRICE, QUOTA = 10 * COIN, 5


@pytest.fixture
def offer(world):
    return (PRICE, world.token.address, 30 * DAY, QUOTA, 0b1, world.evm.now + DAY)


@pytest.fixture
def offered(world, nft, private, offer):
    nft.offer_lease(private, offer, sender=world.seller)
    world.token.transfer(world.stranger, 100 * COIN, sender=world.owner)
    world.token.approve(nft, 100 * COIN, sender=world.stranger)
    return offer


@pytest.fixture
def leased(world, nft, private, offered):
    return nft.lease(private, offered, sender=world.stranger).value


# free users -----------------------------------------------------------------------------------------------------------


def test_a_user_is_authorized_and_revoked(world, nft, private):
    receipt = nft.authorizeUsage(private, world.stranger, sender=world.seller)
    expected = [world.seller.address, world.stranger.address, private]
    assert list(receipt.events("Authorization")[0].args.values()) == expected
    assert nft.authorizedUsersOf(private) == (world.stranger.address,)
    assert nft.may_use(private, world.stranger)
    receipt = nft.revokeAuthorization(private, world.stranger, sender=world.seller)
    assert list(receipt.events("AuthorizationRevoked")[0].args.values()) == expected
    assert nft.authorizedUsersOf(private) == ()
    assert not nft.may_use(private, world.stranger)
    nft.authorizeUsage(private, world.stranger, sender=world.seller)


@pytest.mark.parametrize("gone", range(4))
def test_the_list_closes_its_gaps(world, nft, private, gone):
    users = [world.evm.account(f"user {number}") for number in range(4)]
    for user in users:
        nft.authorizeUsage(private, user, sender=world.seller)
    nft.revokeAuthorization(private, users[gone], sender=world.seller)
    left = {user.address for number, user in enumerate(users) if number != gone}
    assert set(nft.authorizedUsersOf(private)) == left
    for user in users:
        assert nft.may_use(private, user) == (user.address in left)
    for user in users:
        if user.address in left:
            nft.revokeAuthorization(private, user, sender=world.seller)
    assert nft.authorizedUsersOf(private) == ()


def test_free_users_end_with_the_transfer(world, nft, private):
    nft.authorizeUsage(private, world.stranger, sender=world.seller)
    world.transfer(private)
    assert nft.authorizedUsersOf(private) == ()
    assert not nft.may_use(private, world.stranger)
    with reverts("inft: user is not authorized"):
        nft.revokeAuthorization(private, world.stranger, sender=world.buyer)
    nft.authorizeUsage(private, world.stranger, sender=world.buyer)
    assert nft.authorizedUsersOf(private) == (world.stranger.address,)


def test_at_most_a_hundred(world, nft, private):
    for number in range(100):
        nft.authorizeUsage(private, f"0x{number + 1:040x}", sender=world.seller)
    with reverts("inft: too many users"):
        nft.authorizeUsage(private, world.stranger, sender=world.seller)
    nft.revokeAuthorization(private, f"0x{1:040x}", sender=world.seller)
    nft.authorizeUsage(private, world.stranger, sender=world.seller)
    assert len(nft.authorizedUsersOf(private)) == 100


def test_refused_users(world, nft, private):
    nft.setApprovalForAll(world.buyer, True, sender=world.seller)
    with reverts("inft: not the owner"):
        nft.authorizeUsage(private, world.stranger, sender=world.buyer)
    with reverts("inft: no user"):
        nft.authorizeUsage(private, ZERO_ADDRESS, sender=world.seller)
    with reverts("inft: user is not authorized"):
        nft.revokeAuthorization(private, world.stranger, sender=world.seller)
    nft.authorizeUsage(private, world.stranger, sender=world.seller)
    with reverts("inft: user is authorized"):
        nft.authorizeUsage(private, world.stranger, sender=world.seller)
    with reverts("inft: not the owner"):
        nft.revokeAuthorization(private, world.stranger, sender=world.buyer)
    assert nft.may_use(private, world.seller)
    assert not nft.may_use(private, world.buyer)


# leases ---------------------------------------------------------------------------------------------------------------


def test_a_lease_pays_the_owner_and_runs(world, nft, private, offered):
    before = world.token.balanceOf(world.seller)
    receipt = nft.lease(private, offered, sender=world.stranger)
    assert receipt.value == world.evm.now + 30 * DAY
    assert world.token.balanceOf(world.seller) == before + PRICE
    assert nft.lease_of(private, world.stranger) == (receipt.value, QUOTA, 0, 0b1)
    assert nft.leased_until(private) == receipt.value
    assert nft.may_use(private, world.stranger)
    assert receipt.events("Leased")[0].owner == world.seller.address
    world.evm.warp(30 * DAY)
    assert not nft.may_use(private, world.stranger)


def test_a_lease_outlives_the_sale_and_the_buyer_sees_it(world, nft, private, leased):
    world.transfer(private)
    assert nft.may_use(private, world.stranger)
    assert nft.leased_until(private) == leased
    assert nft.record_use(private, 2, sender=world.stranger).value == QUOTA - 2


def test_a_leased_token_is_not_burned(world, nft, private, leased):
    """INF-6: neither its owner nor who bought it takes away what was paid for; the last second counts."""
    with reverts("inft: token is leased"):
        nft.burn(private, sender=world.seller)
    nft.record_use(private, QUOTA, sender=world.stranger)
    world.transfer(private)
    world.evm.warp(30 * DAY - 1)
    with reverts("inft: token is leased"):
        nft.burn(private, sender=world.buyer)
    world.evm.warp(1)
    nft.burn(private, sender=world.buyer)


def test_an_offer_ends_with_the_sale(world, nft, private, offered):
    assert nft.lease_offer(private) == offered
    world.transfer(private)
    assert nft.lease_offer(private) == (0, ZERO_ADDRESS, 0, 0, 0, 0)
    with reverts("inft: no lease is offered"):
        nft.lease(private, offered, sender=world.stranger)


def test_a_quota_is_used_up(world, nft, private, leased):
    assert nft.record_use(private, QUOTA - 1, sender=world.stranger).value == 1
    with reverts("inft: quota is used up"):
        nft.record_use(private, 2, sender=world.stranger)
    with reverts("inft: quota is used up"):
        nft.record_use(private, 0, sender=world.stranger)
    nft.record_use(private, 1, sender=world.stranger)
    assert not nft.may_use(private, world.stranger)


def test_only_the_user_counts_its_uses(world, nft, private, leased):
    for other in (world.seller, world.buyer):
        with reverts("inft: no lease is running"):
            nft.record_use(private, 1, sender=other)
    world.evm.warp(30 * DAY)
    with reverts("inft: no lease is running"):
        nft.record_use(private, 1, sender=world.stranger)


def test_a_new_lease_after_the_old_one(world, nft, private, offered, leased):
    with reverts("inft: lease is running"):
        nft.lease(private, offered, sender=world.stranger)
    nft.record_use(private, QUOTA, sender=world.stranger)
    world.evm.warp(1)
    assert nft.lease(private, offered, sender=world.stranger).value == leased + 1
    assert nft.leased_until(private) == leased + 1


def test_the_owner_cannot_change_an_offer_under_the_user(world, nft, private, offered):
    dearer = (2 * PRICE, *offered[1:])
    nft.offer_lease(private, dearer, sender=world.seller)
    with reverts("inft: offer has changed"):
        nft.lease(private, offered, sender=world.stranger)
    nft.offer_lease(private, (*offered[:5], 0), sender=world.seller)
    with reverts("inft: no lease is offered"):
        nft.lease(private, offered, sender=world.stranger)


def test_an_offer_that_is_over(world, nft, private, offered):
    world.evm.warp(DAY)
    with world.evm.anchor():
        nft.lease(private, offered, sender=world.stranger)
    world.evm.warp(1)
    with reverts("inft: offer is over"):
        nft.lease(private, offered, sender=world.stranger)


def test_a_lease_that_is_not_paid(world, nft, private, offered):
    world.token.approve(nft, PRICE - 1, sender=world.stranger)
    with reverts("token: insufficient allowance"):
        nft.lease(private, offered, sender=world.stranger)
    assert nft.lease_of(private, world.stranger) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (0, 2**96, "inft: price too high"),
        (1, ZERO_ADDRESS, "inft: no currency"),
        (2, 0, "inft: bad duration"),
        (2, 180 * DAY + 1, "inft: bad duration"),
        (3, 0, "inft: bad quota"),
        (3, 2**32, "inft: bad quota"),
        (4, 0, "inft: bad scope"),
        (4, 256, "inft: bad scope"),
        (5, 1, "inft: offer is over"),
        (5, 2**40, "inft: offer too long"),
    ],
)
def test_refused_offers(world, nft, private, offer, at, value, reason):
    changed = [*offer]
    changed[at] = value
    with reverts(reason):
        nft.offer_lease(private, tuple(changed), sender=world.seller)
    with reverts("inft: not the owner"):
        nft.offer_lease(private, offer, sender=world.stranger)
