"""ERC-721: public tokens move plainly, private ones do not; approvals end with a move; burned tokens stay gone."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts

PLAIN = ("transferFrom", "safeTransferFrom")
NO_TOKEN = "inft: no such token"  # noqa: S105 - a reason


@pytest.mark.parametrize("how", PLAIN)
def test_a_public_token_moves(world, nft, how):
    for items in (0, 2):
        token_id = world.mint(items=items, private=False)
        data = nft.intelligentDataOf(token_id)
        receipt = getattr(nft, how)(world.seller, world.buyer, token_id, sender=world.seller)
        assert [log.event for log in receipt.logs] == ["Transfer"]
        assert nft.ownerOf(token_id) == world.buyer.address
        assert nft.transfer_count(token_id) == 1
        assert nft.intelligentDataOf(token_id) == data
    assert (nft.balanceOf(world.seller), nft.balanceOf(world.buyer)) == (0, 2)


@pytest.mark.parametrize(("how", "data"), [*((how, ()) for how in PLAIN), ("safeTransferFrom", (b"",))])
def test_a_private_token_does_not(world, nft, private, how, data):
    """By none of ERC-721's three ways, for its owner, an approved account or an operator."""
    nft.approve(world.stranger, private, sender=world.seller)
    nft.setApprovalForAll(world.owner, True, sender=world.seller)
    for sender in (world.seller, world.stranger, world.owner):
        with reverts("inft: private data moves by iTransfer"):
            getattr(nft, how)(world.seller, world.buyer, private, *data, sender=sender)
    assert nft.ownerOf(private) == world.seller.address


@pytest.mark.parametrize("how", PLAIN)
def test_refused_moves(world, nft, public, how):
    move = getattr(nft, how)
    for args, sender, reason in (
        ((world.seller, world.buyer, public), world.stranger, "inft: not the owner or approved"),
        ((world.buyer, world.stranger, public), world.seller, "inft: not the owner's token"),
        ((world.seller, ZERO_ADDRESS, public), world.seller, "inft: no receiver"),
        ((world.seller, world.buyer, public + 1), world.seller, NO_TOKEN),
    ):
        with reverts(reason):
            move(*args, sender=sender)


def test_a_contract_is_asked_by_the_safe_call_alone(world, nft, public):
    contract = world.evm.deploy("TokenReceiver", sender=world.stranger)
    for mood in (1, 2):
        contract.arm(mood, nft, b"", sender=world.stranger)
        with reverts("inft: receiver refuses"):
            nft.safeTransferFrom(world.seller, contract, public, b"why", sender=world.seller)
    with reverts("inft: receiver refuses"):
        nft.safeTransferFrom(world.seller, world.token, public, sender=world.seller)
    with world.evm.anchor():
        contract.arm(0, nft, b"", sender=world.stranger)
        nft.safeTransferFrom(world.seller, contract, public, b"why", sender=world.seller)
        assert contract.seen_owner() == contract.address
    nft.transferFrom(world.seller, contract, public, sender=world.seller)


def test_an_approval_is_for_one_owners_time(world, nft, public):
    receipt = nft.approve(world.stranger, public, sender=world.seller)
    assert receipt.events("Approval")
    assert nft.getApproved(public) == world.stranger.address
    nft.transferFrom(world.seller, world.buyer, public, sender=world.stranger)
    assert nft.getApproved(public) == ZERO_ADDRESS
    with reverts("inft: not the owner or approved"):
        nft.transferFrom(world.buyer, world.stranger, public, sender=world.stranger)
    # Back at the first owner, the old approval does not revive.
    nft.transferFrom(world.buyer, world.seller, public, sender=world.buyer)
    assert nft.getApproved(public) == ZERO_ADDRESS
    with reverts("inft: not the owner or approved"):
        nft.transferFrom(world.seller, world.stranger, public, sender=world.stranger)


def test_an_operator_acts_for_the_owner(world, nft, public):
    nft.setApprovalForAll(world.stranger, True, sender=world.seller)
    assert nft.isApprovedForAll(world.seller, world.stranger)
    nft.approve(world.buyer, public, sender=world.stranger)
    assert nft.getApproved(public) == world.buyer.address
    nft.approve(ZERO_ADDRESS, public, sender=world.stranger)
    nft.setApprovalForAll(world.stranger, False, sender=world.seller)
    with reverts("inft: not the owner or an operator"):
        nft.approve(world.stranger, public, sender=world.stranger)


def test_refused_approvals(world, nft, public):
    with reverts("inft: not the owner or an operator"):
        nft.approve(world.stranger, public, sender=world.stranger)
    nft.approve(world.stranger, public, sender=world.seller)
    with reverts("inft: not the owner or an operator"):
        nft.approve(world.buyer, public, sender=world.stranger)
    with reverts(NO_TOKEN):
        nft.approve(world.stranger, public + 1, sender=world.seller)


def test_a_burned_token_is_gone(world, nft, private):
    with reverts("inft: not the owner"):
        nft.burn(private, sender=world.stranger)
    receipt = nft.burn(private, sender=world.seller)
    assert list(receipt.events("Transfer")[0].args.values()) == [world.seller.address, ZERO_ADDRESS, private]
    assert nft.balanceOf(world.seller) == 0
    for view in ("ownerOf", "getApproved", "transfer_count", "is_private", "tokenURI", "authorizedUsersOf",
                 "intelligentDataOf", "data_hash_of", "lease_offer"):  # fmt: skip
        with reverts(NO_TOKEN):
            getattr(nft, view)(private)
    for call in (lambda: nft.burn(private, sender=world.seller),
                 lambda: nft.iTransfer(world.buyer, private, [], sender=world.seller),
                 lambda: nft.update(private, [], sender=world.seller),
                 lambda: nft.authorizeUsage(private, world.buyer, sender=world.seller)):  # fmt: skip
        with reverts(NO_TOKEN):
            call()


def test_views_of_nobody(nft):
    with reverts("inft: zero address"):
        nft.balanceOf(ZERO_ADDRESS)
    with reverts("inft: nothing moves"):
        nft.moving()
