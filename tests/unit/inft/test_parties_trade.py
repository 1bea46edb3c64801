"""Sales, complaints and uses by the functions behind the commands: who pays, and who gets it back."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from evmstorm.evm import reverts
from keifu.abi import Log, Receipt
from keifu.errors import CheckFailed, InputError, Revert, UsageError
from keifu.inft import LeaseOffer, Order, SignedOrder, accept, actions, read_token, seal
from keifu.keys import Account
from keifu.units import COIN, DAY
from tests.beaten import Meanwhile

from .world import NEEDED

PRICE = 100 * COIN


# the market -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(world, suite, minted, act):
    """Of the seller, for the buyer, who has coins."""
    world.token.transfer(world.buyer, PRICE, sender=world.owner)

    def make(**parts):
        usual = {"price": PRICE, "currency": world.token.address, "nonce": bytes(31) + b"\1", "deadline": 2**40}
        people = {"seller": world.seller.address, "buyer": world.buyer.address}
        return Order.of(world.nft, minted[0], **usual | people | parts)

    return make


def sign_as(order, suite, chain_id, account):
    return account.sign(SignedOrder.of(chain_id, suite["AgentMarket"], order).digest)


def test_a_sale_by_the_buyer_takes_its_price_and_pays_seller_and_creator(world, suite, act, order, signed, market):
    made, transfer = order(), signed()[0]
    actions.approve_sale(act(world.seller), suite, made.token_id)
    signature = sign_as(made, suite, world.evm.chain_id, world.seller)
    sale = actions.settle(act(world.buyer), suite, made, signature, b"", transfer.proofs(NEEDED))
    assert world.token.balanceOf(world.buyer) == 0
    assert world.token.allowance(world.buyer, market) == 0
    with reverts("market: complaint window is open"):
        actions.release(act(world.stranger), suite, sale)
    world.evm.warp(3 * DAY + 1)
    # The seller is the creator: its royalty and the rest.
    assert actions.release(act(world.stranger), suite, sale) == PRICE
    assert actions.withdraw(act(world.seller), suite) == PRICE
    assert actions.withdraw(act(world.seller), suite) == 0


@pytest.fixture
def sale(world, suite, act, order, signed):
    """Settled, and its window over."""
    made, transfer = order(), signed()[0]
    actions.approve_sale(act(world.seller), suite, made.token_id)
    signature = sign_as(made, suite, world.evm.chain_id, world.seller)
    sale = actions.settle(act(world.buyer), suite, made, signature, b"", transfer.proofs(NEEDED))
    world.evm.warp(3 * DAY + 1)
    return sale


def test_what_a_sale_credits_is_said_though_its_seller_is_paid_meanwhile(world, suite, act, sale):
    """The seller fetches what it has as soon as it is credited."""
    fetched = lambda: actions.withdraw(act(world.seller), suite)  # noqa: E731
    chain = Meanwhile(world.evm, world.stranger, "release", lambda: None, fetched)
    assert actions.release(chain, suite, sale) == world.token.balanceOf(world.seller) == PRICE


def test_what_is_withdrawn_in_another_terminal_is_said_there(world, suite, act, sale):
    """And what the verifier owes is paid all the same."""
    actions.release(act(world.seller), suite, sale)
    elsewhere = []
    chain = Meanwhile(
        world.evm, world.seller, "withdraw", lambda: elsewhere.append(actions.withdraw(act(world.seller), suite))
    )
    assert actions.withdraw(chain, suite) == 0
    assert sum(elsewhere) == world.token.balanceOf(world.seller) == PRICE


def test_what_the_market_refuses_to_pay_is_not_said_to_be_paid_elsewhere(world, suite, act, sale):
    def happens():
        raise Revert("market: not now")

    actions.release(act(world.seller), suite, sale)
    with reverts("market: not now"):
        actions.withdraw(Meanwhile(world.evm, world.seller, "withdraw", happens), suite)


def test_a_seller_s_credit_has_its_own_royalties_and_no_other_s():
    said = {"seller": "0x0a", "amount": 90, "royalties": [("0x0a", 4), ("0x0b", 6)]}
    chain = SimpleNamespace(transact=lambda *_: Receipt(logs=[Log("0x", "Released", said)]))
    assert actions.release(chain, {"AgentMarket": "0x"}, bytes(32)) == 94


def test_a_sale_by_the_seller_needs_the_buyer_s_word(world, suite, act, order, signed, nft):
    made, transfer = order(), signed()[0]
    seller = act(world.seller)
    with reverts("market: buyer has not signed"):
        actions.settle(seller, suite, made, proofs=transfer.proofs(NEEDED))
    actions.approve_price(act(world.buyer), suite, made)
    signature = sign_as(made, suite, world.evm.chain_id, world.buyer)
    actions.settle(seller, suite, made, b"", signature, transfer.proofs(NEEDED))
    assert nft.ownerOf(made.token_id) == world.buyer.address


def test_a_refused_sale_leaves_no_approval_behind(world, suite, act, order, market):
    made = order()
    with reverts("market: seller has not signed"):
        actions.settle(act(world.buyer), suite, made)
    assert world.token.allowance(world.buyer, market) == 0
    world.token.transfer(world.stranger, 1, sender=world.buyer)
    with pytest.raises(CheckFailed, match=r"has 99\.9+ coins, 100 are needed"):
        actions.settle(act(world.buyer), suite, made)
    with pytest.raises(CheckFailed, match="100 are needed"):
        actions.approve_price(act(world.buyer), suite, made)


def test_a_cancelled_order_settles_nothing(world, suite, act, order, signed):
    made, transfer = order(), signed()[0]
    actions.cancel(act(world.seller), suite, made)
    signature = sign_as(made, suite, world.evm.chain_id, world.seller)
    with reverts("market: nonce was used"):
        actions.settle(act(world.buyer), suite, made, signature, b"", transfer.proofs(NEEDED))


def test_an_order_survives_its_file(order, suite, tmp_path):
    signed_order = SignedOrder.of(31_337, suite["AgentMarket"], order())
    signed_order.save(tmp_path / "order.json")
    assert SignedOrder.load(tmp_path / "order.json").terms == order()


@pytest.mark.parametrize("content", ["{}", "[", '{"chain_id": 1, "market": "0x", "order": {"price": "1"}}'])
def test_a_file_that_is_no_order_is_refused(tmp_path, content):
    (tmp_path / "order.json").write_text(content)
    with pytest.raises(InputError, match=r"order\.json is no order"):
        SignedOrder.load(tmp_path / "order.json")


def test_a_wrong_key_is_proved_and_the_price_comes_back(world, suite, act, order, minted, prepared):
    """Attestors that sign what they did not look at."""
    transfer, _ = prepared(backing=PRICE)
    first = msgspec.to_builtins(transfer.items[0])
    sealed = seal(bytes(32), world.one_time.public_key, bytes.fromhex(first["new_hash"]))
    transfer.items[0] = msgspec.structs.replace(transfer.items[0], sealed_key=sealed.hex())
    for attestor in world.attestors[:NEEDED]:
        transfer.signatures[attestor.address] = attestor.sign(transfer.statement_digest).hex()
    accept(transfer, world.buyer.address, world.buyer.sign)
    made = order(backing=PRICE)
    actions.approve_sale(act(world.seller), suite, made.token_id)
    signature = sign_as(made, suite, world.evm.chain_id, world.seller)
    sale = actions.settle(act(world.buyer), suite, made, signature, b"", transfer.proofs(NEEDED))
    signers = sorted((who.address for who in world.attestors[:NEEDED]), key=lambda who: int(who, 16))
    buyer = act(world.buyer)
    assert actions.complain(buyer, suite, transfer, signers, world.one_time) == 0
    assert actions.release(buyer, suite, sale) == PRICE
    assert actions.withdraw(buyer, suite) == PRICE
    assert actions.withdraw(act(world.seller), suite) >= PRICE  # what the attestors had promised


def test_a_right_key_is_never_shown(world, suite, act, signed, minted):
    transfer, _ = signed()
    actions.transfer(act(world.seller), suite, minted[0], world.buyer.address, transfer.proofs(NEEDED))
    signers = sorted(transfer.signatures, key=lambda who: int(who, 16))
    before = world.evm.raw.nonce(world.buyer.address)
    with pytest.raises(CheckFailed, match="every sealed key is the one that the attestors named"):
        actions.complain(act(world.buyer), suite, transfer, signers, world.one_time)
    with pytest.raises(UsageError, match="sealed to another key"):
        actions.complain(act(world.buyer), suite, transfer, signers, Account.random())
    assert world.evm.raw.nonce(world.buyer.address) == before


# use ------------------------------------------------------------------------------------------------------------------


def test_users_leases_and_their_ends(world, suite, act, minted, nft):
    token_id, _ = minted
    seller, user = act(world.seller), world.stranger
    actions.authorize(seller, suite, token_id, user.address)
    assert read_token(nft, token_id).users == [user.address]
    actions.revoke(seller, suite, token_id, user.address)
    assert not nft.may_use(token_id, user.address)
    offer = LeaseOffer(5 * COIN, world.token.address, 30 * DAY, 3, 3, world.evm.now + DAY)
    actions.offer_lease(seller, suite, token_id, offer)
    assert read_token(nft, token_id).offer == offer
    with pytest.raises(CheckFailed, match="has 0 coins, 5 are needed"):
        actions.lease(act(user), suite, token_id, offer)
    world.token.transfer(user, 5 * COIN, sender=world.owner)
    with reverts("inft: offer has changed"):
        actions.lease(act(user), suite, token_id, replace(offer, price=4 * COIN))
    assert world.token.allowance(user, nft) == 0
    ends = actions.lease(act(user), suite, token_id, offer)
    assert (ends, read_token(nft, token_id).leased_until) == (world.evm.now + 30 * DAY,) * 2
    assert actions.record_use(act(user), suite, token_id, 2) == 1
    with reverts("inft: quota is used up"):
        actions.record_use(act(user), suite, token_id, 2)
    actions.offer_lease(seller, suite, token_id, LeaseOffer.none())
    assert read_token(nft, token_id).offer.open_until == 0


def test_a_token_that_is_not_there_is_told(nft):
    with pytest.raises(UsageError, match=r"there is no token 0+7"):
        read_token(nft, 7)
