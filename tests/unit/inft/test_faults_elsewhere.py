"""Four faults of the design that intelligent NFTs have elsewhere. Each function states what must hold; it fails on that
design (`SingleOracleNFT`) and passes on ours."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from evmstorm.evm import Revert
from keifu.inft import Secret, decrypt, encrypt, seal, shared_point
from keifu.keys import keccak256
from keifu.units import DAY

from .world import NOTICE, make_items, nonce_of


class Elsewhere:
    """One oracle, the same data under the same key for every owner."""

    def __init__(self, world):
        self.world, evm = world, world.evm
        self.oracle = evm.account("oracle")
        self.nft = evm.deploy("SingleOracleNFT", self.oracle.address, sender=world.owner)
        self.secret = encrypt(b"what an agent knows")
        self.signature = b""
        self.asked = 0

    def mint(self, owner, number):
        self.nft.mint(number, self.secret.data_hash, sender=owner)
        return number

    def move(self, token_id, sender, *, signers=None, again=False, right=True):
        """Sell to the buyer; `again` uses what was signed for another token."""
        self.asked += 1
        sealed = seal(self.secret.key if right else bytes(32), self.world.one_time.public_key, self.secret.data_hash)
        if not again:
            nonce = nonce_of(("elsewhere", self.asked))
            words = self.nft.data_hash(token_id) + keccak256(sealed) + keccak256(self.world.one_time.public_key) + nonce
            signed = (signers or [self.oracle])[0].sign(keccak256(words))
            self.last = (sealed, self.world.one_time.public_key, nonce, signed[64], *_halves(signed))
        self.nft.iTransfer(self.world.buyer, token_id, *self.last, sender=sender)

    def sign_for(self, token_id):
        sealed = seal(self.secret.key, self.world.one_time.public_key, self.secret.data_hash)
        nonce = nonce_of("for another token")
        words = self.nft.data_hash(token_id) + keccak256(sealed) + keccak256(self.world.one_time.public_key) + nonce
        signed = self.oracle.sign(keccak256(words))
        self.last = (sealed, self.world.one_time.public_key, nonce, signed[64], *_halves(signed))

    def data_now(self, token_id):
        return self.nft.data_hash(token_id), self.secret.data

    def change_who_decides(self, strangers):
        self.nft.set_oracle(strangers[0], sender=self.world.owner)

    def at_stake(self):
        return self.world.token.balanceOf(self.oracle)

    def complain(self):
        """There is nothing to call."""


class Ours:
    """Attestors with locks, data encrypted anew for each owner."""

    def __init__(self, world):
        self.world, self.nft = world, world.nft
        self.signed = None
        self.secret = encrypt(b"what an agent knows")
        self.data = self.secret.data

    def mint(self, owner, number):
        self.nft.mint_data(owner, number, [self.secret.data_hash], 0, True, 0, 0, 0, sender=owner)
        return self.nft.token_id_of(owner, number)

    def said(self, token_id, right=True):
        said = self.world.statement(token_id)
        items, made = make_items(self.world.hashes(token_id), self.world.one_time.public_key)
        self.data = made[0].data
        if not right:
            wrong = seal(bytes(32), self.world.one_time.public_key, items[0].new_hash)
            items = [type(items[0])(*items[0].args[:2], wrong, *items[0].args[3:])]
        return type(said)(said.move, items, said.nonce, said.deadline, said.epoch)

    def move(self, token_id, sender, *, signers=None, again=False, right=True):
        if not again:
            self.signed = self.said(token_id, right)
        self.nft.iTransfer(
            self.world.buyer, token_id, self.world.proofs(self.signed, signers=signers or ()), sender=sender
        )

    def sign_for(self, token_id):
        self.signed = self.said(token_id)

    def data_now(self, token_id):
        return self.world.hashes(token_id)[0], self.data

    def change_who_decides(self, strangers):
        for who in strangers:
            self.world.enrol(who)

    def at_stake(self):
        return sum(self.world.lock_of(who) for who in self.world.attestors)

    def complain(self):
        said = self.signed
        item = said.items[0]
        self.world.verifier.prove_wrong_key(
            said.move.token, said.nonce, said.args(self.world.evm.chain_id), self.world.signed_by(said),
            [item.hash], 0, item.args, int.from_bytes(self.world.one_time.secret(), "big"),
            shared_point(item.sealed_key, self.world.one_time), sender=self.world.buyer,
        )  # fmt: skip


@contextmanager
def may_be_refused(reason):
    """What is called inside goes through, or is refused for exactly this reason."""
    try:
        yield
    except Revert as refusal:
        if refusal.reason != reason:
            raise


def _halves(signed):
    return int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:64], "big")


def who_decides_changes_with_notice_only(world, design):
    """1: one address decides, and its owner changes it at once."""
    token_id = design.mint(world.seller, 1)
    strangers = [world.evm.account(f"accomplice {number}") for number in range(3)]
    design.change_who_decides(strangers)
    with may_be_refused("verifier: attestor does not count"):
        design.move(token_id, world.seller, signers=strangers)
    assert design.nft.ownerOf(token_id) == world.seller.address, "accomplices named a moment ago moved a token"
    # With the notice that everybody could see, they count.
    world.evm.warp(NOTICE * DAY)
    design.move(token_id, world.seller, signers=strangers)
    assert design.nft.ownerOf(token_id) == world.buyer.address


def the_sellers_key_opens_nothing_after_the_sale(world, design):
    """2: the data's hash, and so its key, stays the same through a sale."""
    token_id = design.mint(world.seller, 1)
    sellers = design.secret
    assert isinstance(sellers, Secret)
    design.move(token_id, world.seller)
    data_hash, data = design.data_now(token_id)
    assert data_hash != sellers.data_hash, "the token still names the data that the seller's key opens"
    with pytest.raises(Exception, match="the key does not open the data"):
        decrypt(data, sellers.key, data_hash)


def who_signs_a_wrong_key_loses_coins(world, design):
    """3: nobody has anything at stake."""
    token_id = design.mint(world.seller, 1)
    design.move(token_id, world.seller, right=False)
    before = design.at_stake()
    design.complain()
    assert design.at_stake() < before, "whoever signed a wrong key has lost nothing"


def a_proof_serves_one_token_of_one_seller(world, design):
    """4: a proof names neither token nor seller."""
    first, second = design.mint(world.seller, 1), design.mint(world.stranger, 2)
    design.sign_for(first)
    with may_be_refused("verifier: not signed by an attestor"):
        design.move(second, world.stranger, again=True)
    assert design.nft.ownerOf(second) == world.stranger.address, "a proof for one token moved another seller's"
    design.move(first, world.seller, again=True)
    assert design.nft.ownerOf(first) == world.buyer.address


FAULTS = {
    who_decides_changes_with_notice_only: "accomplices named a moment ago moved a token",
    the_sellers_key_opens_nothing_after_the_sale: "the token still names the data that the seller's key opens",
    who_signs_a_wrong_key_loses_coins: "whoever signed a wrong key has lost nothing",
    a_proof_serves_one_token_of_one_seller: "a proof for one token moved another seller's",
}


@pytest.mark.parametrize("holds", FAULTS)
def test_it_holds_here(world, holds):
    holds(world, Ours(world))


@pytest.mark.parametrize("holds", FAULTS)
def test_it_does_not_hold_elsewhere(world, holds):
    with pytest.raises(AssertionError, match=FAULTS[holds]):
        holds(world, Elsewhere(world))
