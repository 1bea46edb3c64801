"""What can be wrong with a sale's proofs, key or receiver: each has its own error, and token and money stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import reverts
from keifu.errors import CheckFailed, InputError
from keifu.inft import decrypt, encrypt, market_domain, open_seal, seal, shared_point
from keifu.units import DAY

from .world import FUNDS, NEEDED, NOTICE, PRICE, make_items, nonce_of

SIGNED_BY_NONE = "verifier: not signed by an attestor"


@pytest.fixture
def token_id(world):
    """A token of the seller's with two private items."""
    return world.mint(items=2)


@pytest.fixture
def refused(world, market, nft, token_id, agreed, settle):
    """`refused(reason, …)`: the sale fails with this reason; owner, data, count, nonces and coins are as before."""

    def refused(reason, *, proofs=None, **changes):
        order = agreed(token_id)
        said = world.statement(token_id, **changes)

        def state():
            parties = (world.seller, world.buyer, market, world.verifier, *world.attestors)
            return (
                nft.ownerOf(token_id),
                world.hashes(token_id),
                nft.transfer_count(token_id),
                [world.token.balanceOf(who) for who in parties],
                [world.lock_of(who) for who in world.attestors],
                [market.credits(who, world.token) for who in parties],
                [market.is_used(who, order.nonce) for who in (world.seller, world.buyer)],
                market.sale_of(order.hash),
                world.verifier.verdict(nft, said.nonce),
            )

        before = state()
        assert before[3][1] == FUNDS
        with reverts(reason):
            settle(order, proofs=proofs(said) if proofs else world.proofs(said))
        assert state() == before
        # Nothing else is wrong with it: with right proofs the same order is settled.
        return order

    return refused


def bundle(world, said, shown=None, chain_id=None):
    """Proofs that show `shown`, under signatures of `said`."""
    signatures = {who.address: said.sign(world.domain, who) for who in world.attestors[:NEEDED]}
    access = said.sign_access(world.domain, world.buyer)
    return (shown or said).bundle(chain_id or world.evm.chain_id, signatures, access)


def test_proofs_in_another_order(world, settle, refused):
    order = refused("verifier: proof has no such form", proofs=lambda said: world.proofs(said)[::-1])
    settle(order)


def test_items_in_another_order(world, refused):
    """Swapped before they are signed, and after."""

    def swap(said):
        return replace(said, items=list(said.items)[::-1])

    refused("inft: proof is for other data", proofs=lambda said: world.proofs(swap(said)))
    refused(SIGNED_BY_NONE, proofs=lambda said: bundle(world, said, swap(said)))


def test_for_other_items(world, settle, refused):
    def changed(said):
        return replace(said, items=[said.items[0], replace(said.items[1], new_hash=nonce_of("other"))])

    order = refused(SIGNED_BY_NONE, proofs=lambda said: bundle(world, said, changed(said)))
    settle(order)


def test_for_data_of_another_token(world, refused):
    other = world.mint(items=2)
    items, _ = make_items([nonce_of("first"), nonce_of("second")], world.one_time.public_key)
    refused("inft: proof is for other data", items=items)
    said = world.statement(other)
    refused(SIGNED_BY_NONE, proofs=lambda wanted: bundle(world, said, wanted))


def test_for_one_item_of_two(world, refused):
    refused("inft: not one proof an item", proofs=lambda said: world.proofs(replace(said, items=said.items[:1])))


def test_expired(world, settle, refused):
    order = refused("verifier: proof has expired", deadline=world.evm.now - 1)
    settle(order)


def test_from_a_removed_attestor(world, refused):
    attestor = world.attestors[0]
    world.verifier.drop_attestor(attestor, sender=world.owner)
    world.evm.warp(NOTICE * DAY)
    world.verifier.remove_attestor(attestor, sender=world.stranger)
    refused("verifier: attestor does not count")


def test_for_another_chain(world, settle, refused):
    order = refused(
        "verifier: proof is for another chain",
        proofs=lambda said: bundle(world, said, chain_id=world.evm.chain_id + 1),
    )
    settle(order)


def test_a_buyer_without_a_public_key(world, token_id, settle, refused):
    items, _ = make_items(world.hashes(token_id), world.one_time.public_key)
    order = refused("verifier: receiver has no public key", items=[replace(item, public_key=b"") for item in items])
    with pytest.raises(InputError, match="a public key has 64 bytes, 0 given"):
        seal(bytes(32), b"", items[0].new_hash)
    settle(order)


def test_a_receiver_contract_that_refuses(world, market, nft, token_id, agreed):
    """The buyer is a contract whose key signs everything, and that takes no token."""
    buyer = world.evm.deploy("ContractWallet", world.buyer, sender=world.owner)
    order = agreed(token_id, buyer=buyer.address)
    world.token.transfer(buyer, FUNDS, sender=world.owner)
    world.evm.send(world.buyer, buyer, buyer.run.encode(world.token, world.token.approve.encode(market, FUNDS)))
    said = world.statement(token_id, buyer)
    nft.approve(market, token_id, sender=world.seller)
    signature = order.sign(market_domain(world.evm.chain_id, market.address), world.seller)
    call = market.settle.encode(order.args, signature, b"", world.proofs(said))
    before = world.hashes(token_id)
    with reverts("inft: receiver refuses"):
        world.evm.send(world.buyer, buyer, buyer.run.encode(market, call))
    assert nft.ownerOf(token_id) == world.seller.address
    assert (world.token.balanceOf(buyer), world.token.balanceOf(market)) == (FUNDS, 0)
    assert world.hashes(token_id) == before
    assert world.verifier.verdict(nft, said.nonce)[0] == 0


# read off the chain ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sold(world, market, agreed, settle):
    """A settled sale of one item: order, its secret, and the item as it was sealed to the buyer's one-time key."""
    token_id = world.mint()
    items, secrets = make_items(world.hashes(token_id), world.one_time.public_key)
    order = agreed(token_id)
    said = world.statement(token_id, items=items)
    settle(order, proofs=world.proofs(said))
    return order, said, secrets[0], items[0]


@pytest.fixture
def held(world, market, sold):
    """The price stays in the market, and the token with the buyer, until somebody proves or the window is over."""
    yield
    order = sold[0]
    assert world.nft.ownerOf(order.token_id) == world.buyer.address
    assert world.token.balanceOf(market) == PRICE
    with reverts("market: complaint window is open"):
        market.release(order.hash, sender=world.seller)


@pytest.mark.parametrize("cut", [1, 16, 30], ids=lambda cut: f"{cut} bytes short")
def test_truncated_ciphertext(world, sold, held, cut):
    _, _, secret, item = sold
    key = open_seal(item.sealed_key, world.one_time, item.new_hash)
    with pytest.raises(
        CheckFailed, match=f"these {len(secret.data) - cut} bytes are not the data that the token names"
    ):
        decrypt(secret.data[:-cut], key, item.new_hash)
    assert decrypt(secret.data, key, item.new_hash) == b"data 0"


def test_a_wrong_key_off_chain(sold, held):
    _, _, secret, item = sold
    with pytest.raises(CheckFailed, match="the key does not open the data"):
        decrypt(secret.data, bytes(32), item.new_hash)


def test_a_right_key_is_no_wrong_one(world, market, sold, held):
    """Who complains of a right key gets its own error; coins of attestors and price stay."""
    _, said, _, item = sold
    locks = [world.lock_of(who) for who in world.attestors]
    with reverts("verifier: key is right"):
        world.verifier.prove_wrong_key(
            world.nft, said.nonce, said.args(world.evm.chain_id), world.signed_by(said), [item.hash], 0, item.args,
            int.from_bytes(world.one_time.secret(), "big"), shared_point(item.sealed_key, world.one_time),
            sender=world.buyer,
        )  # fmt: skip
    assert [world.lock_of(who) for who in world.attestors] == locks


def test_a_data_hash_of_nothing(world):
    secret = encrypt(b"")
    with pytest.raises(CheckFailed, match="these 0 bytes are not the data"):
        decrypt(b"", secret.key, secret.data_hash)
    assert decrypt(secret.data, secret.key, secret.data_hash) == b""
