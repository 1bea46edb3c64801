"""`mint` and `mint_data`: a number of one's own, data committed to, terms fixed."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.inft import token_id_of

from .world import nonce_of

HASHES = [nonce_of("first"), nonce_of("second")]


def test_a_number_is_of_minter_and_salt(world, nft):
    receipt = nft.mint(world.buyer, 7, sender=world.seller)
    token_id = token_id_of(world.seller.address, 7)
    assert receipt.value == token_id == nft.token_id_of(world.seller, 7)
    assert nft.ownerOf(token_id) == world.buyer.address
    assert nft.balanceOf(world.buyer) == 1
    assert nft.transfer_count(token_id) == 0
    assert not nft.is_private(token_id)
    assert nft.intelligentDataOf(token_id) == ()
    assert [log.event for log in receipt.logs] == ["Transfer"]
    nft.mint(world.buyer, 7, sender=world.stranger)


def test_data_is_committed_to(world, nft):
    receipt = nft.mint_data(world.seller, 1, HASHES, 0x21, True, 0, 0, 0, sender=world.seller)
    assert nft.intelligentDataOf(receipt.value) == (("prompt", HASHES[0]), ("history", HASHES[1]))
    assert nft.is_private(receipt.value)
    assert list(receipt.events("Updated")[0].args.values()) == [receipt.value, (), tuple(HASHES)]
    assert nft.terms_of(receipt.value) == (ZERO_ADDRESS, 0, 0, 0, 0)


def test_terms_are_the_callers(world, nft):
    receipt = nft.mint_data(world.buyer, 1, HASHES, 0, False, 500, 10, 2, sender=world.seller)
    assert nft.terms_of(receipt.value) == (world.seller.address, 500, 10, 0, 2)
    assert receipt.events("TermsSet")
    assert not nft.is_private(receipt.value)


def test_kinds_are_sixteen_words(nft):
    words = [nft.kind_name(kind) for kind in range(16)]
    assert words[:6] == ["data", "prompt", "history", "memory", "weights", "adapter"]
    assert len(set(words)) == 16
    assert all(word.isalpha() and word.islower() for word in words)
    with reverts("inft: no such kind"):
        nft.kind_name(16)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"to": ZERO_ADDRESS}, "inft: no receiver"),
        ({"hashes": []}, "inft: no data"),
        ({"hashes": [HASHES[0], bytes(32)]}, "inft: no data hash"),
        ({"kinds": 0x100}, "inft: kinds of more items than there are"),
        ({"royalty": 2_001}, "inft: royalty too high"),
        ({"cap": 2**32}, "inft: too many clones"),
        ({"generations": 9}, "inft: too many generations"),
    ],
)
def test_refused(world, nft, change, reason):
    usual = {
        "to": world.seller, "salt": 1, "hashes": HASHES, "kinds": 0, "private": True,
        "royalty": 1, "cap": 1, "generations": 1,
    }  # fmt: skip
    with reverts(reason):
        nft.mint_data(*(usual | change).values(), sender=world.seller)
    assert nft.balanceOf(world.seller) == 0
    nft.mint_data(*usual.values(), sender=world.seller)


def test_refused_without_data(world, nft):
    with reverts("inft: no receiver"):
        nft.mint(ZERO_ADDRESS, 1, sender=world.seller)


def test_a_number_is_given_once_for_ever(world, nft):
    token_id = nft.mint(world.seller, 1, sender=world.seller).value
    for mint in (lambda: nft.mint(world.seller, 1, sender=world.seller),
                 lambda: nft.mint_data(world.seller, 1, HASHES, 0, True, 0, 0, 0, sender=world.seller)):  # fmt: skip
        with reverts("inft: token was minted before"):
            mint()
    nft.burn(token_id, sender=world.seller)
    with reverts("inft: token was minted before"):
        nft.mint(world.seller, 1, sender=world.seller)


def test_no_verifier(world):
    with reverts("inft: no verifier"):
        world.evm.deploy("IntelligentNFT", ZERO_ADDRESS, "", sender=world.owner)
