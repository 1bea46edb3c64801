"""`iClone`: a new token of the same data, within what the creator fixed; royalties are split up the chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.units import COIN

from .world import make_items

CAP, GENERATIONS, ROYALTY = 2, 2, 1_000


@pytest.fixture
def parent(world):
    return world.mint(terms=(ROYALTY, CAP, GENERATIONS))


def clone_id(parent, number):
    words = parent.to_bytes(32, "big") + number.to_bytes(32, "big") + keccak256(b"clone")
    return int.from_bytes(keccak256(words), "big")


@pytest.fixture
def clone(world):
    """`clone(token_id, number, owner, receiver)`: its number."""

    def clone(token_id, number, owner=None, receiver=None, **changes):
        owner, receiver = owner or world.seller, receiver or world.buyer
        said = world.statement(token_id, receiver, **changes)
        said = replace(said, move=replace(said.move, clone_id=clone_id(token_id, number)))
        receipt = world.nft.iClone(receiver, token_id, world.proofs(said, receiver), sender=owner)
        assert receipt.value == clone_id(token_id, number)
        return receipt

    return clone


def test_the_clone_has_new_data_and_the_parent_keeps_its_own(world, nft, parent, clone):
    before = world.hashes(parent)
    items, _ = make_items(before, world.one_time.public_key)
    receipt = clone(parent, 0, items=items)
    assert (nft.ownerOf(parent), nft.ownerOf(receipt.value)) == (world.seller.address, world.buyer.address)
    assert (world.hashes(parent), world.hashes(receipt.value)) == (before, [items[0].new_hash])
    assert nft.is_private(receipt.value)
    assert nft.parent_of(receipt.value) == parent
    assert nft.terms_of(parent) == (world.seller.address, ROYALTY, CAP, 1, GENERATIONS)
    assert nft.terms_of(receipt.value) == (world.seller.address, ROYALTY, CAP, 0, GENERATIONS - 1)
    assert (nft.transfer_count(parent), nft.transfer_count(receipt.value)) == (0, 0)
    cloned, published = receipt.events("Cloned")[0], receipt.events("PublishedSealedKey")[0]
    assert list(cloned.args.values()) == [parent, receipt.value, world.seller.address, world.buyer.address]
    assert list(published.args.values())[:2] == [world.buyer.address, receipt.value]


def test_a_clone_of_a_token_that_moved_starts_at_nought(world, nft, clone):
    token_id = world.mint(items=2, private=False, terms=(0, 1, 1))
    nft.transferFrom(world.seller, world.buyer, token_id, sender=world.seller)
    found = nft.iClone(world.stranger, token_id, [], sender=world.buyer).value
    assert nft.transfer_count(found) == 0
    assert nft.intelligentDataOf(found) == nft.intelligentDataOf(token_id)
    assert nft.terms_of(found)[0] == world.buyer.address


def test_the_cap_holds(world, nft, parent, clone):
    first = clone(parent, 0).value
    clone(parent, 1)
    for _ in range(2):
        with reverts("inft: no clone left"):
            clone(parent, 2)
    # The clone has a cap of its own, and a generation less.
    below = clone(first, 0, world.buyer, world.seller).value
    assert nft.terms_of(below)[4] == 0
    with reverts("inft: no clone left"):
        clone(below, 0, world.seller, world.buyer)


def test_a_token_without_terms_has_no_clone(world, private, clone):
    with reverts("inft: no clone left"):
        clone(private, 0)


def test_signed_for_a_transfer_or_another_clone(world, nft, parent, clone):
    said = world.statement(parent)
    for number in (0, clone_id(parent, 1)):
        move = replace(said, move=replace(said.move, clone_id=number))
        with reverts("verifier: not signed by an attestor"):
            nft.iClone(world.buyer, parent, world.proofs(move), sender=world.seller)
    move = replace(said, move=replace(said.move, clone_id=clone_id(parent, 0)))
    with reverts("verifier: not signed by an attestor"):
        nft.iTransfer(world.buyer, parent, world.proofs(move), sender=world.seller)
    assert nft.terms_of(parent)[3] == 0
    assert nft.balanceOf(world.buyer) == 0


def test_refused(world, nft, parent):
    with reverts("inft: not the owner or approved"):
        nft.iClone(world.buyer, parent, [], sender=world.stranger)
    with reverts("inft: not one proof an item"):
        nft.iClone(world.buyer, parent, [], sender=world.seller)
    with reverts("inft: no receiver"):
        nft.iClone(ZERO_ADDRESS, parent, [], sender=world.seller)
    with reverts("inft: no such token"):
        nft.iClone(world.buyer, 7, [], sender=world.seller)
    contract = world.evm.deploy("TokenReceiver", sender=world.stranger)
    contract.arm(1, nft, b"", sender=world.stranger)
    public = world.mint(items=1, private=False, terms=(0, 1, 1))
    with reverts("inft: receiver refuses"):
        nft.iClone(contract, public, [], sender=world.seller)
    assert nft.terms_of(public)[3] == 0


# royalties ------------------------------------------------------------------------------------------------------------


def test_royalties_are_split_up_the_chain(world, nft, parent, clone):
    first = clone(parent, 0).value
    below = clone(first, 0, world.buyer, world.stranger).value
    seller, buyer = world.seller.address, world.buyer.address
    assert nft.royalty_shares(parent, 1_000) == ((seller, 100),)
    assert nft.royalty_shares(first, 1_000) == ((seller, 50), (seller, 50))
    assert nft.royalty_shares(below, 1_000) == ((buyer, 50), (seller, 25), (seller, 25))
    assert nft.royaltyInfo(below, 1_000) == (seller, 100)


@pytest.mark.parametrize("price", [0, 1, 9, 10, 19, 999, COIN + 7, 2**256 - 1])
def test_royalties_conserve_value(nft, parent, clone, price):
    first = clone(parent, 0).value
    for token_id in (parent, first):
        royalty = nft.royaltyInfo(token_id, price)[1]
        assert royalty == price * ROYALTY // 10_000
        assert sum(amount for _, amount in nft.royalty_shares(token_id, price)) == royalty


def test_no_royalty(world, nft, private):
    assert nft.royaltyInfo(private, 1_000) == (ZERO_ADDRESS, 0)
    assert nft.royalty_shares(private, 1_000) == ()
