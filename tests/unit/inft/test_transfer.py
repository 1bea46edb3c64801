"""`iTransfer`: a token moves with its data encrypted anew, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evmstorm.evm import reverts
from keifu.inft import open_seal, verifier_domain
from keifu.keys import Account
from keifu.units import COIN, DAY

from .world import NEEDED, NOTICE, make_items, nonce_of

SIGNED_BY_NONE = "verifier: not signed by an attestor"


@pytest.fixture
def stays(world, private):
    """Holds that a refused transfer left everything where it was."""
    before = world.hashes(private)
    yield
    assert world.nft.ownerOf(private) == world.seller.address
    assert world.hashes(private) == before
    assert world.nft.transfer_count(private) == 0
    assert (world.nft.balanceOf(world.seller), world.nft.balanceOf(world.buyer)) == (1, 0)


@pytest.fixture
def refused(world, private, stays):
    """`refused(reason, **changes)`: the usual transfer with something changed is refused for exactly this reason."""

    def refused(reason, *, proofs=None, receiver=None, sender=None, **changes):
        said = world.statement(private, **changes)
        with reverts(reason):
            world.nft.iTransfer(
                receiver or world.buyer,
                private,
                proofs(said) if proofs else world.proofs(said),
                sender=sender or world.seller,
            )
        assert world.verifier.verdict(world.nft, said.nonce)[0] == 0

    return refused


# moves ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 8])
def test_a_token_moves_with_all_its_data(world, nft, count):
    token_id = world.mint(items=count)
    before = world.hashes(token_id)
    said = world.statement(token_id)
    receipt = nft.iTransfer(world.buyer, token_id, world.proofs(said), sender=world.seller)
    assert nft.ownerOf(token_id) == world.buyer.address
    assert nft.transfer_count(token_id) == 1
    assert world.hashes(token_id) == [item.new_hash for item in said.items]
    assert [log.event for log in receipt.logs] == [
        "TransferVerified", "Updated", "MetadataUpdate", "PublishedSealedKey", "Transfer", "Transferred"
    ]  # fmt: skip
    changed, published = receipt.logs[1], receipt.logs[3]
    assert list(changed.args.values()) == [token_id, tuple(before), tuple(item.new_hash for item in said.items)]
    assert list(published.args.values()) == [
        world.buyer.address, token_id, tuple(item.sealed_key for item in said.items)
    ]  # fmt: skip
    assert not set(before) & set(world.hashes(token_id))


def test_the_receiver_opens_what_was_published(world, private):
    items, made = make_items(world.hashes(private), world.one_time.public_key)
    world.transfer(private, items=items)
    assert open_seal(items[0].sealed_key, world.one_time, items[0].new_hash) == made[0].key


def test_sealed_to_the_receivers_own_account(world, nft, private):
    said = world.statement(private, key=world.buyer.public_key)
    proofs = said.proofs(world.domain, world.attestors[:NEEDED], world.buyer, own_key=True)
    nft.iTransfer(world.buyer, private, proofs, sender=world.seller)
    assert nft.ownerOf(private) == world.buyer.address


@pytest.mark.parametrize("how", ["approve", "setApprovalForAll"])
def test_by_an_approved_account(world, nft, private, how):
    args = (world.stranger, private) if how == "approve" else (world.stranger, True)
    getattr(nft, how)(*args, sender=world.seller)
    said = world.statement(private)
    nft.iTransfer(world.buyer, private, world.proofs(said), sender=world.stranger)
    assert nft.ownerOf(private) == world.buyer.address


def test_the_receivers_assistant_may_say_that_data_can_be_got(world, nft, private):
    nft.delegateAccess(world.stranger, sender=world.buyer)
    said = world.statement(private)
    nft.iTransfer(world.buyer, private, world.proofs(said, world.stranger), sender=world.seller)
    assert nft.ownerOf(private) == world.buyer.address


def test_a_contract_signs_by_erc1271_and_must_take_tokens(world, nft, private):
    wallet = world.evm.deploy("ContractWallet", world.buyer.address, sender=world.buyer)
    said = world.statement(private, wallet)
    with reverts("inft: receiver refuses"):
        nft.iTransfer(wallet, private, world.proofs(said), sender=world.seller)


def test_a_public_token_moves_without_proof(world, nft, public):
    receipt = nft.iTransfer(world.buyer, public, [], sender=world.seller)
    assert [log.event for log in receipt.logs] == ["Transfer", "Transferred"]
    assert nft.ownerOf(public) == world.buyer.address


# refused by the token -------------------------------------------------------------------------------------------------


def test_by_a_stranger(world, refused):
    refused("inft: not the owner or approved", sender=world.stranger)


def test_to_its_owner(world, refused):
    refused("inft: receiver owns it", receiver=world.seller)


def test_an_approval_ends_with_the_move(world, nft, private):
    nft.approve(world.stranger, private, sender=world.seller)
    world.transfer(private)
    assert nft.getApproved(private) == "0x" + 40 * "0"
    with reverts("inft: not the owner or approved"):
        nft.iTransfer(world.stranger, private, [], sender=world.stranger)


def test_without_proofs(refused):
    refused("inft: not one proof an item", proofs=lambda said: [])


def test_a_public_token_takes_no_proof(world, nft, private, public):
    said = world.statement(private)
    with reverts("inft: public data needs no proof"):
        nft.iTransfer(world.buyer, public, world.proofs(said), sender=world.seller)


def test_for_other_data(world, refused):
    items, _ = make_items([nonce_of("no data of this token")], world.one_time.public_key)
    refused("inft: proof is for other data", items=items)


@pytest.mark.parametrize(
    ("mood", "reason"), [(1, "inft: receiver refuses"), (2, "inft: receiver refuses")], ids=["reverts", "mumbles"]
)
def test_a_receiver_that_refuses(world, nft, private, stays, mood, reason):
    contract = world.evm.deploy("TokenReceiver", sender=world.stranger)
    contract.arm(mood, world.nft, b"", sender=world.stranger)
    contract.visit(nft, nft.delegateAccess.encode(world.buyer), sender=world.stranger)
    said = world.statement(private, contract)
    with reverts(reason):
        nft.iTransfer(contract, private, world.proofs(said), sender=world.seller)
    contract.arm(0, world.nft, b"", sender=world.stranger)
    with world.evm.anchor():
        nft.iTransfer(contract, private, world.proofs(said), sender=world.seller)
        assert contract.seen_owner() == contract.address.lower()


def test_a_receiver_cannot_come_back(world, nft, private):
    contract = world.evm.deploy("TokenReceiver", sender=world.stranger)
    contract.visit(nft, nft.delegateAccess.encode(world.buyer), sender=world.stranger)
    contract.arm(3, nft, nft.burn.encode(private), sender=world.stranger)
    said = world.statement(private, contract)
    nft.iTransfer(contract, private, world.proofs(said), sender=world.seller)
    assert not contract.got_through()
    contract.visit(nft, nft.burn.encode(private), sender=world.stranger)


# refused by the verifier ----------------------------------------------------------------------------------------------


def test_a_nonce_is_used_once_for_ever(world, nft, private):
    said = world.transfer(private)
    again = world.statement(private, receiver=world.seller, nonce=said.nonce)
    with reverts("verifier: nonce was used"):
        nft.iTransfer(world.seller, private, world.proofs(again, world.seller), sender=world.buyer)
    world.evm.warp(400 * DAY)
    again = replace(again, deadline=world.evm.now + 1)
    with reverts("verifier: nonce was used"):
        nft.iTransfer(world.seller, private, world.proofs(again, world.seller), sender=world.buyer)


def test_expired(world, refused):
    refused("verifier: proof has expired", deadline=world.evm.now - 1)


def test_at_its_last_second(world, nft, private):
    world.transfer(private, deadline=world.evm.now)
    assert nft.ownerOf(private) == world.buyer.address


def test_a_deadline_too_far(world, refused):
    refused("verifier: deadline too far", deadline=world.evm.now + 7 * DAY + 1)


def test_for_another_chain(world, refused):
    def proofs(said):
        signatures = {who.address: said.sign(world.domain, who) for who in world.attestors[:NEEDED]}
        return said.bundle(world.evm.chain_id + 1, signatures, said.sign_access(world.domain, world.buyer))

    refused("verifier: proof is for another chain", proofs=proofs)


def test_signed_for_another_chain(world, refused):
    elsewhere = verifier_domain(world.evm.chain_id + 1, world.verifier.address)

    def proofs(said):
        signatures = {who.address: said.sign(elsewhere, who) for who in world.attestors[:NEEDED]}
        return said.bundle(world.evm.chain_id, signatures, said.sign_access(world.domain, world.buyer))

    refused(SIGNED_BY_NONE, proofs=proofs)


def test_signed_for_another_verifier(world, refused):
    other = verifier_domain(world.evm.chain_id, world.nft.address)
    refused(SIGNED_BY_NONE, proofs=lambda said: said.proofs(other, world.attestors[:NEEDED], world.buyer))


@pytest.mark.parametrize("member", ["token", "token_id", "sender", "receiver", "clone_id"])
def test_signed_for_another_move(world, refused, private, member):
    """The fourth fault of the design elsewhere: what is signed names neither token nor seller."""
    other = {"token": world.verifier.address, "token_id": 7, "clone_id": 7}
    said = world.statement(private)
    move = replace(said.move, **{member: other.get(member, world.stranger.address)})
    refused(SIGNED_BY_NONE, move=move)


@pytest.mark.parametrize("member", ["old_hash", "new_hash", "sealed_key", "public_key", "key_hash"])
def test_signed_for_other_items(world, refused, member):
    """Whatever of an item is changed after it was signed."""
    other = Account.from_role("another key")

    def proofs(said):
        item = said.items[0]
        new = {
            "sealed_key": item.sealed_key[:-1] + bytes([item.sealed_key[-1] ^ 1]),
            "public_key": other.public_key,
        }.get(member, nonce_of("changed"))
        signatures = {who.address: said.sign(world.domain, who) for who in world.attestors[:NEEDED]}
        changed = replace(said, items=[replace(item, **{member: new})])
        return changed.bundle(world.evm.chain_id, signatures, said.sign_access(world.domain, world.buyer))

    refused(SIGNED_BY_NONE, proofs=proofs)


def test_items_in_another_order(world, nft):
    token_id = world.mint(items=2)
    said = world.statement(token_id)
    with reverts("verifier: proof has no such form"):
        nft.iTransfer(world.buyer, token_id, world.proofs(said)[::-1], sender=world.seller)
    swapped = replace(said, items=list(said.items)[::-1])
    with reverts("inft: proof is for other data"):
        nft.iTransfer(world.buyer, token_id, world.proofs(swapped), sender=world.seller)
    signatures = {who.address: said.sign(world.domain, who) for who in world.attestors[:NEEDED]}
    bundle = swapped.bundle(world.evm.chain_id, signatures, said.sign_access(world.domain, world.buyer))
    with reverts(SIGNED_BY_NONE):
        nft.iTransfer(world.buyer, token_id, bundle, sender=world.seller)
    assert nft.ownerOf(token_id) == world.seller.address


def test_data_that_stays_as_it_was(world, private, refused):
    """The second fault of the design elsewhere: the hash, and so the key, stays the same through a sale."""
    items, _ = make_items(world.hashes(private), world.one_time.public_key)
    refused("verifier: data is not encrypted anew", items=[replace(items[0], new_hash=items[0].old_hash)])
    refused("verifier: data is not encrypted anew", items=[replace(items[0], new_hash=bytes(32))])


def test_a_receiver_without_a_public_key(world, private, refused):
    items, _ = make_items(world.hashes(private), world.one_time.public_key)
    refused("verifier: receiver has no public key", items=[replace(items[0], public_key=b"")])


def test_sealed_to_another_key_than_the_receiver_wants(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        return [((*access[:3], Account.from_role("another key").public_key, access[4]), ownership)]

    refused("verifier: sealed to another key", proofs=proofs)


def test_sealed_to_another_key_than_the_receivers_own(world, refused):
    refused(
        "verifier: sealed to another key",
        proofs=lambda said: said.proofs(world.domain, world.attestors[:NEEDED], world.buyer, own_key=True),
    )


@pytest.mark.parametrize("sealed", [b"", b"\x02" * 64, b"\x04" + bytes(64)], ids=["empty", "short", "tagged 4"])
def test_a_sealed_key_of_no_form(world, private, refused, sealed):
    items, _ = make_items(world.hashes(private), world.one_time.public_key)
    refused("verifier: sealed key has no such form", items=[replace(items[0], sealed_key=sealed)])


def test_access_to_other_data(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        return [((nonce_of("x"), *access[1:]), ownership)]

    refused("verifier: access to other data", proofs=proofs)


def test_access_under_another_nonce(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        return [((*access[:2], nonce_of("x"), *access[3:]), ownership)]

    refused("verifier: access under another nonce", proofs=proofs)


def test_another_oracle(world, refused):
    refused(
        "verifier: no such oracle",
        proofs=lambda said: [(access, (1, *ownership[1:])) for access, ownership in world.proofs(said)],
    )


@pytest.mark.parametrize("who", ["stranger", "seller"])
def test_access_that_the_receiver_has_not_signed(world, refused, who):
    refused("verifier: receiver has not signed", proofs=lambda said: world.proofs(said, getattr(world, who)))


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_another_number_of_signers(world, refused, count):
    refused(
        "verifier: proof has no such form",
        proofs=lambda said: said.bundle(
            world.evm.chain_id,
            {who.address: said.sign(world.domain, who) for who in world.attestors[:count]},
            said.sign_access(world.domain, world.buyer),
        ),
    )


def test_one_attestor_twice(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        head, signed = ownership[6][:64], ownership[6][64:]
        return [(access, (*ownership[:6], head + signed[:64] + signed[:64] + signed[64:128]))]

    refused("verifier: signers are not in order", proofs=proofs)


def test_signers_in_another_order(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        head, signed = ownership[6][:64], ownership[6][64:]
        return [(access, (*ownership[:6], head + signed[64:128] + signed[:64] + signed[128:]))]

    refused("verifier: signers are not in order", proofs=proofs)


def test_a_stranger_among_the_signers(world, refused):
    refused(SIGNED_BY_NONE, proofs=lambda said: world.proofs(said, signers=[*world.attestors[:2], world.stranger]))


def test_terms_of_no_form(world, refused):
    def proofs(said):
        (access, ownership), *_ = world.proofs(said)
        proof = ownership[6]
        return [(access, (*ownership[:6], proof[:63] + b"\x01" + proof[64:]))]

    refused("verifier: proof has no such form", proofs=proofs)


# attestors that do not count ------------------------------------------------------------------------------------------


def test_a_removed_attestor(world, refused):
    attestor = world.attestors[0]
    world.verifier.drop_attestor(attestor, sender=world.owner)
    world.evm.warp(NOTICE * DAY)
    world.verifier.remove_attestor(attestor, sender=world.stranger)
    refused("verifier: attestor does not count")


def test_an_attestor_that_asked_its_coins_back(world, refused):
    attestor = world.attestors[0]
    world.verifier.leave(world.lock_of(attestor), sender=attestor)
    refused("verifier: attestor does not count")


def test_an_attestor_below_the_least(world, refused):
    attestor = world.attestors[0]
    world.verifier.leave(world.lock_of(attestor) - 2_000 * COIN + 1, sender=attestor)
    refused("verifier: attestor does not count")


def test_an_attestor_with_just_the_least(world, nft, private):
    attestor = world.attestors[0]
    world.verifier.leave(world.lock_of(attestor) - 2_000 * COIN, sender=attestor)
    world.transfer(private)
    assert nft.ownerOf(private) == world.buyer.address


def test_signed_in_an_epoch_to_come(world, refused):
    refused("verifier: signed in an epoch to come", epoch=world.hub.epoch() + 1)


def test_signed_before_the_coins_counted(world, refused):
    """Weights are those of signing time: what was added since does not count for it."""
    refused("verifier: attestor does not count", epoch=world.hub.epoch() - 1)
