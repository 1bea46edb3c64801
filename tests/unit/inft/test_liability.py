"""What attestors answer for: a wrong key, two statements under one nonce, and what they backed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.inft import seal, shared_point
from keifu.keys import Account
from keifu.units import COIN, DAY

from .world import HORIZON, LOCKED, NEEDED, NOTICE, make_items, nonce_of

BACKING = 3_000 * COIN
SHARE = BACKING * 5 // 4 // NEEDED
PENALTY, REWARD = 200 * COIN, 40 * COIN
WINDOW = 3 * DAY
UNTIL, BACKED, FREED, WRONG = range(4)


@pytest.fixture
def wrong(world):
    """`wrong(token_id)`: items whose key is sealed, but is not the one that its hash names."""

    def wrong(token_id):
        items, _ = make_items(world.hashes(token_id), world.one_time.public_key)
        bad = seal(bytes(32), world.one_time.public_key, items[-1].new_hash)
        return [*items[:-1], replace(items[-1], sealed_key=bad)]

    return wrong


@pytest.fixture
def prove(world):
    """Brings the proof of a wrong key, with parts of it changed by name."""

    def prove(said, /, **changes):
        index = changes.get("index", len(said.items) - 1)
        item = said.items[min(index, len(said.items) - 1)]
        arguments = {
            "token": said.move.token,
            "nonce": said.nonce,
            "said": said.args(world.evm.chain_id),
            "signers": world.signed_by(said),
            "items": [each.hash for each in said.items],
            "index": index,
            "item": item.args,
            "key": int.from_bytes(world.one_time.secret(), "big"),
            "shared": shared_point(item.sealed_key, world.one_time),
        } | changes
        return world.verifier.prove_wrong_key(*arguments.values(), sender=world.stranger)

    return prove


@pytest.fixture
def sold(world, private, wrong):
    """A transfer with a wrong key, backed by its signers."""
    return world.transfer(private, items=wrong(private), backing=BACKING)


# prove_wrong_key ------------------------------------------------------------------------------------------------------


def test_a_wrong_key_costs_each_signer_and_pays_the_sender(world, verifier, sold, prove):
    assert verifier.verdict(world.nft, sold.nonce) == (world.evm.now + WINDOW, BACKING, False, False)
    receipt = prove(sold)
    assert receipt.value == BACKING
    assert verifier.credits(world.seller) == BACKING
    for attestor in world.attestors[:NEEDED]:
        assert world.lock_of(attestor) == LOCKED - SHARE - PENALTY
        assert verifier.reserved(attestor) == 0
        assert verifier.attestor(attestor)[0] == LOCKED - SHARE - PENALTY
    assert world.lock_of(world.attestors[-1]) == LOCKED
    assert verifier.verdict(world.nft, sold.nonce)[FREED:] == (True, True)
    before = world.token.balanceOf(world.stranger)
    assert verifier.withdraw(world.stranger, sender=world.seller).value == BACKING
    assert world.token.balanceOf(world.stranger) == before + BACKING
    assert verifier.withdraw(world.stranger, sender=world.seller).value == 0


def test_unbacked_costs_the_penalty(world, verifier, private, wrong, prove):
    said = world.transfer(private, items=wrong(private))
    assert prove(said).value == 0
    assert [world.lock_of(attestor) for attestor in world.attestors[:NEEDED]] == [LOCKED - PENALTY] * NEEDED


@pytest.mark.parametrize("spare", [0, 1, PENALTY - 1, PENALTY, PENALTY + 1])
def test_the_penalty_takes_nothing_that_another_promise_needs(world, verifier, wrong, prove, spare):
    """DAT-6: a wrong key that nothing backs cannot cost a seller what was promised to it."""
    most = (LOCKED - PENALTY - spare) * NEEDED * 4 // 5
    first, second = world.mint(), world.mint()
    backed = world.transfer(first, items=wrong(first), backing=most)
    unbacked = world.transfer(second, items=wrong(second))
    left = [LOCKED - verifier.reserved(attestor) for attestor in world.attestors[:NEEDED]]
    assert prove(unbacked).value == 0
    lost = [LOCKED - world.lock_of(attestor) for attestor in world.attestors[:NEEDED]]
    assert lost == [min(PENALTY, each) for each in left]
    assert max(abs(each - spare) for each in left) <= 2
    assert most <= prove(backed).value <= most + NEEDED
    assert verifier.credits(world.seller) >= most


def test_after_the_service_is_gone_the_hub_refuses(world, verifier, wrong, prove):
    """Coins that were taken back leave an open promise without any: the refusal is the hub's, and says so."""
    first, second = world.mint(), world.mint()
    world.transfer(first, backing=BACKING)
    world.hub.remove_service(verifier, sender=world.owner)
    world.evm.warp(HORIZON)
    said = world.transfer(second, items=wrong(second))
    attestor = world.attestors[0]
    world.hub.take_back(verifier, sender=attestor)
    assert world.lock_of(attestor) == 0 < verifier.reserved(attestor)
    with reverts("hub: not a slasher"):
        prove(said)


def test_one_of_several_items(world, wrong, prove):
    token_id = world.mint(items=3)
    said = world.transfer(token_id, items=wrong(token_id))
    for index in (0, 1):
        with reverts("verifier: key is right"):
            prove(said, index=index)
    prove(said)


def test_a_seal_of_no_point(world, private, prove):
    """Nobody can open it: the private key alone proves it."""
    items, _ = make_items(world.hashes(private), world.one_time.public_key)
    no_point = next(
        x for x in range(1, 100) if not shared_point(b"\x02" + x.to_bytes(32, "big") + bytes(32), world.one_time)
    )
    bad = replace(items[0], sealed_key=b"\x02" + no_point.to_bytes(32, "big") + bytes(32))
    said = world.transfer(private, items=[bad])
    assert shared_point(bad.sealed_key, world.one_time) == b""
    prove(said)


def test_after_a_signer_has_left(world, verifier, sold, prove):
    attestor = world.attestors[0]
    verifier.leave(LOCKED, sender=attestor)
    world.evm.warp(WINDOW)
    assert prove(sold).value == BACKING
    assert world.lock_of(attestor) == LOCKED - SHARE - PENALTY


def test_in_the_last_second_and_after_it(world, sold, prove):
    world.evm.warp(WINDOW)
    with world.evm.anchor():
        prove(sold)
    world.evm.warp(1)
    with reverts("verifier: complaint window is over"):
        prove(sold)


def test_a_right_key_convicts_nobody(world, private, prove):
    said = world.transfer(private, backing=BACKING)
    with reverts("verifier: key is right"):
        prove(said)
    assert [world.lock_of(attestor) for attestor in world.attestors] == [LOCKED] * 4


def test_once(sold, prove):
    prove(sold)
    with reverts("verifier: wrong key was proved"):
        prove(sold)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token": "0x" + 39 * "0" + "7"}, "verifier: no such transfer"),
        ({"nonce": nonce_of("never used")}, "verifier: no such transfer"),
        ({"items": []}, "verifier: not what was verified"),
        ({"items": [bytes(32)]}, "verifier: not what was verified"),
        ({"index": 1}, "verifier: no such item"),
        ({"key": 0}, "verifier: not the receiver's key"),
        ({"key": 7}, "verifier: not the receiver's key"),
        ({"shared": b""}, "verifier: not the shared point"),
        ({"shared": bytes(64)}, "verifier: not the shared point"),
    ],
)
def test_refused_proofs(sold, prove, changes, reason):
    with reverts(reason):
        prove(sold, **changes)


def test_other_words_than_were_verified(world, sold, prove):
    reason = "verifier: not what was verified"
    for change in ({"backing": 2 * BACKING}, {"epoch": 1}, {"deadline": 7}):
        with reverts(reason):
            prove(sold, said=replace(sold, **change).args(world.evm.chain_id))
    for member in ("sender", "receiver", "token_id", "clone_id"):
        move = replace(sold.move, **{member: 7 if member.endswith("id") else world.stranger.address})
        with reverts(reason):
            prove(sold, said=replace(sold, move=move).args(world.evm.chain_id))
    with reverts(reason):
        prove(sold, item=replace(sold.items[0], key_hash=bytes(32)).args)
    with reverts(reason):
        prove(sold, signers=[who.address for who in world.attestors[1:]])


def test_a_key_of_the_receivers_choice_proves_nothing(world, sold, prove):
    other = Account.from_role("another key")
    with reverts("verifier: not the receiver's key"):
        prove(
            sold,
            key=int.from_bytes(other.secret(), "big"),
            shared=shared_point(sold.items[0].sealed_key, other),
        )


# backing, free --------------------------------------------------------------------------------------------------------


def test_what_is_backed_is_reserved_until_the_window_is_over(world, verifier, private):
    said = world.transfer(private, backing=BACKING)
    signers = world.signed_by(said)
    assert [verifier.reserved(who) for who in signers] == [SHARE + PENALTY] * NEEDED
    world.evm.warp(WINDOW)
    with reverts("verifier: complaint window is open"):
        verifier.free(world.nft, said.nonce, said.hash, signers, sender=world.stranger)
    world.evm.warp(1)
    with reverts("verifier: not what was verified"):
        verifier.free(world.nft, said.nonce, said.hash, signers[::-1], sender=world.stranger)
    verifier.free(world.nft, said.nonce, said.hash, signers, sender=world.stranger)
    assert [verifier.reserved(who) for who in signers] == [0] * NEEDED
    with reverts("verifier: nothing is reserved"):
        verifier.free(world.nft, said.nonce, said.hash, signers, sender=world.stranger)


def test_nothing_backed_is_nothing_reserved(world, verifier, private):
    said = world.transfer(private)
    assert [verifier.reserved(who) for who in world.signed_by(said)] == [0] * NEEDED
    world.evm.warp(WINDOW + 1)
    with reverts("verifier: nothing is reserved"):
        verifier.free(world.nft, said.nonce, said.hash, world.signed_by(said), sender=world.stranger)


def test_promises_never_exceed_the_weight(world, verifier):
    """Nothing is promised twice: the last transfer that would is refused, and the token stays."""
    first, second = world.mint(), world.mint()
    most = (LOCKED - PENALTY) * NEEDED * 4 // 5
    world.transfer(first, backing=most - 400 * COIN)
    with reverts("verifier: lock too small"):
        world.transfer(second, backing=BACKING)
    assert world.nft.ownerOf(second) == world.seller.address
    world.transfer(second)


@pytest.mark.parametrize(("backing", "reason"), [(40_000 * COIN + 1, "verifier: too much to back")])
def test_too_much(world, private, backing, reason):
    with reverts(reason):
        world.transfer(private, backing=backing)


def test_a_removed_service_backs_nothing_and_still_verifies(world, verifier, private):
    world.hub.remove_service(verifier, sender=world.owner)
    with reverts("verifier: service not listed"):
        world.transfer(private, backing=1)
    world.transfer(private)
    assert world.nft.ownerOf(private) == world.buyer.address


# prove_contradiction --------------------------------------------------------------------------------------------------


@pytest.fixture
def two(world, private):
    """Two statements under one nonce."""
    first = world.statement(private)
    return first, replace(first, items=world.statement(private).items)


@pytest.fixture
def contradict(world):
    def contradict(first, second, signer=None, other=None, **changes):
        signer = signer or world.attestors[0]
        chain = world.evm.chain_id
        return world.verifier.prove_contradiction(
            changes.get("token", world.nft), changes.get("nonce", first.nonce),
            first.args(chain), first.sign(world.domain, signer),
            second.args(chain), second.sign(world.domain, other or signer), sender=world.stranger,
        )  # fmt: skip

    return contradict


def test_two_statements_under_one_nonce_cost_and_pay(world, verifier, two, contradict):
    attestor = world.attestors[0]
    assert contradict(*two).value == attestor.address
    assert world.lock_of(attestor) == LOCKED - PENALTY - REWARD * 5 // 4
    assert verifier.credits(world.stranger) == REWARD
    assert verifier.contradicted(world.nft, two[0].nonce, attestor)
    with reverts("verifier: contradiction was proved"):
        contradict(*two)
    contradict(*two, signer=world.attestors[1])


@pytest.mark.parametrize("member", ["receiver", "sender", "clone_id", "token_id"])
def test_two_moves_under_one_nonce(world, private, contradict, member):
    said = world.statement(private)
    move = replace(said.move, **{member: 7 if member.endswith("id") else world.stranger.address})
    contradict(said, replace(said, move=move))


def test_the_same_promise_again_is_no_contradiction(world, private, contradict):
    said = world.statement(private)
    for again in (said, replace(said, deadline=said.deadline + 1), replace(said, epoch=1)):
        with reverts("verifier: no contradiction"):
            contradict(said, again)
    contradict(said, replace(said, backing=1))


def test_refused_contradictions(world, two, contradict):
    with reverts("verifier: not signed by an attestor"):
        contradict(*two, signer=world.stranger)
    with reverts("verifier: not one signer"):
        contradict(*two, other=world.attestors[1])
    with reverts("verifier: not signed by an attestor"):
        contradict(*two, nonce=nonce_of("another"))
    with reverts("verifier: not signed by an attestor"):
        contradict(*two, token=world.verifier)


def test_an_attestor_that_left_still_pays(world, verifier, two, contradict):
    attestor = world.attestors[0]
    verifier.drop_attestor(attestor, sender=world.owner)
    world.evm.warp(NOTICE * DAY)
    verifier.remove_attestor(attestor, sender=world.owner)
    contradict(*two)
    assert world.lock_of(attestor) == LOCKED - PENALTY - REWARD * 5 // 4


def test_a_contradiction_takes_nothing_that_a_promise_needs(world, verifier, nft, private, two, contradict):
    """DAT-6: friends of a signer cannot empty its lock before the seller is paid. It is punished when they end."""
    most = (LOCKED - PENALTY) * NEEDED * 4 // 5
    said = world.transfer(private, backing=most)
    attestor = world.attestors[0]
    with reverts("verifier: promises are open"):
        contradict(*two)
    verifier.leave(LOCKED, sender=attestor)
    world.evm.warp(WINDOW + 1)
    verifier.free(nft, said.nonce, said.hash, world.signed_by(said), sender=world.stranger)
    contradict(*two)
    assert world.lock_of(attestor) == LOCKED - PENALTY - REWARD * 5 // 4


def test_withdraw_to_nobody(world, verifier):
    with reverts("verifier: no receiver"):
        verifier.withdraw(ZERO_ADDRESS, sender=world.seller)
