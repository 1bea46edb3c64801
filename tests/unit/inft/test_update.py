"""`update` and `delegateAccess`: an owner's new data needs a proof like a transfer's, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import reverts


@pytest.fixture
def said(world, private):
    return world.statement(private, world.seller)


def test_new_data_in_place_of_the_old(world, nft, private, said):
    before = nft.data_hash_of(private)
    receipt = nft.update(private, world.proofs(said, world.seller), sender=world.seller)
    assert world.hashes(private) == [said.items[0].new_hash]
    assert nft.data_hash_of(private) != before
    assert (nft.ownerOf(private), nft.transfer_count(private)) == (world.seller.address, 0)
    assert [log.event for log in receipt.logs] == [
        "TransferVerified",
        "Updated",
        "MetadataUpdate",
        "PublishedSealedKey",
    ]
    with reverts("verifier: nonce was used"):
        nft.update(private, world.proofs(said, world.seller), sender=world.seller)


def test_refused(world, nft, private, public, said):
    proofs = world.proofs(said, world.seller)
    with reverts("inft: not the owner"):
        nft.update(private, proofs, sender=world.stranger)
    nft.approve(world.stranger, private, sender=world.seller)
    with reverts("inft: not the owner"):
        nft.update(private, proofs, sender=world.stranger)
    with reverts("inft: public data stays"):
        nft.update(public, proofs, sender=world.seller)
    with reverts("inft: not one proof an item"):
        nft.update(private, [], sender=world.seller)


def test_signed_for_a_transfer(world, nft, private, said):
    to_buyer = replace(said, move=replace(said.move, receiver=world.buyer.address))
    with reverts("verifier: not signed by an attestor"):
        nft.update(private, world.proofs(to_buyer, world.seller), sender=world.seller)


def test_signed_for_an_update_moves_nothing(world, nft, private, said):
    with reverts("verifier: not signed by an attestor"):
        nft.iTransfer(world.buyer, private, world.proofs(said), sender=world.seller)


def test_an_assistant_is_named_and_taken_back(world, nft, private):
    receipt = nft.delegateAccess(world.stranger, sender=world.buyer)
    assert list(receipt.events("DelegateAccess")[0].args.values()) == [world.buyer.address, world.stranger.address]
    assert nft.getDelegateAccess(world.buyer) == world.stranger.address
    nft.delegateAccess("0x" + 40 * "0", sender=world.buyer)
    said = world.statement(private)
    with reverts("verifier: receiver has not signed"):
        nft.iTransfer(world.buyer, private, world.proofs(said, world.stranger), sender=world.seller)
