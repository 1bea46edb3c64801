"""AgentMarket: a price moves only with the data, comes back for a wrong key, and no order counts twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.accounts import Token, address_of
from keifu.inft import market_domain, seal, shared_point
from keifu.units import DAY

from .world import FUNDS, NEEDED, PRICE, make_items, nonce_of

WINDOW = 3 * DAY
ROYALTY = (1_000, 3, 2)  # a tenth of each price; three clones, two generations


@pytest.fixture
def wrong_sale(world, agreed, settle, private):
    """A settled sale whose key is wrong, and `prove()` to show it; backed by its signers."""

    def make(backing):
        items, _ = make_items(world.hashes(private), world.one_time.public_key)
        bad = replace(items[0], sealed_key=seal(bytes(32), world.one_time.public_key, items[0].new_hash))
        order = agreed(private, backing=backing)
        said = world.statement(private, items=[bad], backing=backing)
        settle(order, proofs=world.proofs(said))

        def prove():
            return world.verifier.prove_wrong_key(
                world.nft, said.nonce, said.args(world.evm.chain_id), world.signed_by(said), [bad.hash], 0, bad.args,
                int.from_bytes(world.one_time.secret(), "big"), shared_point(bad.sealed_key, world.one_time),
                sender=world.stranger,
            )  # fmt: skip

        return order, prove

    return make


def credit(world, market, account):
    return market.credits(account, world.token)


# settle ---------------------------------------------------------------------------------------------------------------


def test_mkt_1_the_price_is_held_until_the_window_is_over(world, market, nft, private, agreed, settle):
    order = agreed(private)
    receipt = settle(order)
    assert receipt.value == order.hash == market.order_hash(order.args)
    assert nft.ownerOf(private) == world.buyer.address
    assert world.token.balanceOf(market) == PRICE
    assert credit(world, market, world.seller) == 0
    event = receipt.events("Settled")[0].args
    assert (event["seller"], event["buyer"], event["price"]) == (world.seller.address, world.buyer.address, PRICE)
    assert event["until"] == world.evm.now + WINDOW
    world.evm.warp(WINDOW)
    with reverts("market: complaint window is open"):
        market.release(order.hash, sender=world.seller)
    world.evm.warp(1)
    assert market.release(order.hash, sender=world.stranger).value == PRICE
    assert market.withdraw(world.token, world.stranger, sender=world.seller).value == PRICE
    assert world.token.balanceOf(market) == 0


def test_either_side_can_settle_without_its_own_signature(world, agreed, settle, market):
    for caller, unsigned in ((world.seller, "sellers"), (world.buyer, "buyers")):
        token_id = world.mint()
        order = agreed(token_id)
        settle(order, caller, **{unsigned: b""})
        assert world.nft.ownerOf(token_id) == world.buyer.address
        assert market.sale_of(order.hash)[:2] == (world.seller.address, world.buyer.address)


def test_an_order_for_anyone_is_for_whoever_settles(world, agreed, settle):
    for caller, zero, unsigned in ((world.buyer, "buyer", "buyers"), (world.seller, "seller", "sellers")):
        token_id = world.mint()
        settle(agreed(token_id, **{zero: ZERO_ADDRESS}), caller, **{unsigned: b""})
        assert world.nft.ownerOf(token_id) == world.buyer.address


def test_public_data_is_paid_at_once(world, market, agreed, settle):
    token_id = world.mint(items=2, private=False)
    order = agreed(token_id)
    receipt = settle(order, proofs=[])
    assert credit(world, market, world.seller) == PRICE
    assert receipt.events("Settled")[0].args["until"] == 0
    with reverts("market: sale is over"):
        market.release(order.hash, sender=world.seller)


def test_public_data_is_not_backed(world, agreed, settle):
    token_id = world.mint(items=0)
    with reverts("market: public data is not backed"):
        settle(agreed(token_id, backing=PRICE), proofs=[])


@pytest.mark.parametrize("side", ["sellers", "buyers"])
def test_both_sides_have_to_agree(world, private, agreed, settle, market, side):
    order = agreed(private)
    other = replace(order, price=1).sign(market_domain(world.evm.chain_id, market.address), world.seller)
    for signature in (b"", b"\x01" * 65, other):
        with reverts(f"market: {side[:-1]} has not signed"):
            settle(order, **{side: signature})


def test_a_signature_for_another_market_or_chain_is_none(world, private, agreed, settle, market):
    order = agreed(private)
    for domain in (market_domain(world.evm.chain_id, world.nft.address), market_domain(7, market.address)):
        with reverts("market: seller has not signed"):
            settle(order, sellers=order.sign(domain, world.seller))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"deadline": 7}, "market: order has expired"),
        ({"currency": "0x" + 39 * "0" + "7"}, "market: currency is not listed"),
        ({"backing": PRICE - 1}, "market: backed below the price"),
        ({"price": 2 * FUNDS}, "token: insufficient allowance"),
    ],
)
def test_terms_that_are_refused(private, agreed, settle, parts, reason):
    with reverts(reason):
        settle(agreed(private, **parts))


def test_the_seller_is_not_the_buyer(world, private, agreed, settle):
    with reverts("market: seller is the buyer"):
        settle(agreed(private, buyer=ZERO_ADDRESS), world.seller)


def test_another_ones_token_is_not_sold(world, agreed, settle):
    token_id = world.mint(world.stranger)
    with reverts("market: seller does not own it"):
        settle(agreed(token_id))


def test_a_token_that_came_back_is_not_sold_under_the_old_order(world, nft, private, agreed, settle):
    order = agreed(private)
    world.transfer(private)
    back = world.statement(private, world.seller)
    nft.iTransfer(world.seller, private, world.proofs(back, world.seller), sender=world.buyer)
    with reverts("market: token has moved"):
        settle(order)


def test_changed_data_is_not_sold_under_the_old_order(world, nft, private, agreed, settle):
    order = agreed(private)
    said = world.statement(private, world.seller)
    nft.update(private, world.proofs(said, world.seller), sender=world.seller)
    with reverts("market: data has changed"):
        settle(order)


def test_a_lease_after_the_order_is_not_passed_on(world, nft, private, agreed, settle):
    order = agreed(private)
    offer = (0, world.token.address, 30 * DAY, 1, 1, world.evm.now + DAY)
    nft.offer_lease(private, offer, sender=world.seller)
    nft.lease(private, offer, sender=world.stranger)
    with reverts("market: leased for longer"):
        settle(order)
    settle(agreed(private))


def test_an_account_that_acted_is_not_sold_as_it_was(world, nft, private, agreed, settle):
    registry = world.evm.deploy("AccountRegistry", sender=world.owner)
    implementation = world.evm.deploy("AgentAccount", sender=world.owner)
    token = Token(world.evm.chain_id, nft.address, private)
    registry.createAccount(implementation, bytes(32), token.chain_id, token.contract, private, sender=world.stranger)
    account = world.evm.at(address_of(registry.address, implementation.address, token), "AgentAccount")
    order = agreed(private, account=account)
    account.execute(world.stranger, 0, b"", 0, sender=world.seller)
    with reverts("market: account has acted"):
        settle(order)
    settle(agreed(private, account=account))


def test_attestors_that_back_less_sell_nothing(private, agreed, settle):
    order = agreed(private, backing=PRICE)
    with reverts("market: attestors back less"):
        settle(order, backing=PRICE - 1)
    settle(order)


def test_a_buyer_that_refuses_the_token_pays_nothing(world, private, agreed, market, nft):
    receiver = world.evm.deploy("TokenReceiver", sender=world.stranger)
    receiver.arm(1, receiver, b"", sender=world.stranger)
    order = agreed(private, buyer=ZERO_ADDRESS)
    said = world.statement(private, receiver)
    world.token.transfer(receiver, PRICE, sender=world.owner)
    receiver.visit(nft, nft.delegateAccess.encode(world.buyer), sender=world.stranger)
    receiver.visit(world.token, world.token.approve.encode(market, PRICE), sender=world.stranger)
    signature = order.sign(market_domain(world.evm.chain_id, market.address), world.seller)
    call = market.settle.encode(order.args, signature, b"", world.proofs(said))
    with reverts("inft: receiver refuses"):
        receiver.visit(market, call, sender=world.stranger)
    assert (nft.ownerOf(private), world.token.balanceOf(receiver)) == (world.seller.address, PRICE)


def test_a_currency_that_takes_a_fee_or_says_no_is_refused(world, market, private, agreed, settle):
    coin = world.evm.deploy("FeeToken", sender=world.owner)
    coin.mint(world.buyer, FUNDS, sender=world.owner)
    coin.approve(market, FUNDS, sender=world.buyer)
    market.list_currency(coin, True, sender=world.owner)
    order = agreed(private, currency=coin.address)
    with reverts("market: currency takes a fee"):
        settle(order)
    coin.set_refuses(True, sender=world.owner)
    with reverts("market: price was refused"):
        settle(order)
    assert world.nft.ownerOf(private) == world.seller.address


# nonces ---------------------------------------------------------------------------------------------------------------


def test_mkt_3_an_order_counts_once(world, private, agreed, settle, nft):
    order = agreed(private)
    settle(order)
    back = world.statement(private, world.seller)
    nft.iTransfer(world.seller, private, world.proofs(back, world.seller), sender=world.buyer)
    with reverts("market: nonce was used"):
        settle(order)
    with reverts("market: nonce was used"):
        settle(agreed(private, nonce=order.nonce))


@pytest.mark.parametrize("party", ["seller", "buyer"])
def test_a_cancelled_order_is_none(world, market, private, agreed, settle, party):
    order = agreed(private)
    who = getattr(world, party)
    receipt = market.cancel(order.nonce, sender=who)
    assert list(receipt.events("Cancelled")[0].args.values()) == [who.address, order.nonce]
    with reverts("market: nonce was used"):
        settle(order)
    with reverts("market: nonce was used"):
        market.cancel(order.nonce, sender=who)


def test_a_strangers_cancelling_changes_nothing(world, market, private, agreed, settle):
    order = agreed(private)
    market.cancel(order.nonce, sender=world.stranger)
    settle(order)


# a wrong key ----------------------------------------------------------------------------------------------------------


def test_mkt_4_a_wrong_key_gives_the_buyer_the_price_back_and_the_seller_what_was_backed(world, market, wrong_sale):
    order, prove = wrong_sale(PRICE)
    backed = prove().value
    assert PRICE <= backed < PRICE + NEEDED  # each signer's part is rounded up
    receipt = market.release(order.hash, sender=world.stranger)
    assert receipt.value == PRICE
    assert list(receipt.events("Refunded")[0].args.values()) == [order.hash, world.buyer.address, PRICE]
    assert market.withdraw(world.token, world.buyer, sender=world.buyer).value == PRICE
    assert world.token.balanceOf(world.buyer) == FUNDS
    assert world.verifier.credits(world.seller) == backed
    assert credit(world, market, world.seller) == 0
    world.evm.warp(WINDOW + 1)
    with reverts("market: sale is over"):
        market.release(order.hash, sender=world.seller)


def test_an_unbacked_sale_gives_the_seller_nothing_for_a_wrong_key(world, market, wrong_sale):
    order, prove = wrong_sale(0)
    prove()
    world.evm.warp(WINDOW + 1)
    market.release(order.hash, sender=world.stranger)
    assert credit(world, market, world.buyer) == PRICE
    assert (credit(world, market, world.seller), world.verifier.credits(world.seller)) == (0, 0)


def test_a_wrong_key_that_nobody_shows_in_time_is_paid(world, market, wrong_sale):
    order, prove = wrong_sale(PRICE)
    world.evm.warp(WINDOW + 1)
    with reverts("verifier: complaint window is over"):
        prove()
    market.release(order.hash, sender=world.seller)
    assert credit(world, market, world.seller) == PRICE


# royalties, withdraw, currencies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [1, 9, 10, 19, PRICE + 1])
def test_mkt_4_royalties_and_the_rest_are_the_price(world, market, agreed, settle, price):
    """The creator of a clone's parent shares with the first one."""
    token_id = world.mint(items=1, private=False, terms=ROYALTY)
    clone = world.nft.iClone(world.seller, token_id, [], sender=world.seller).value
    receipt = settle(agreed(clone, price=price), proofs=[])
    released = receipt.events("Released")[0].args
    shares = [(share[0], share[1]) for share in released["royalties"]]
    royalty = price // 10
    assert sum(amount for _, amount in shares) == royalty
    assert released["amount"] == price - royalty
    assert credit(world, market, world.seller) == price


def test_nothing_is_withdrawn_twice_or_to_nobody(world, market, agreed, settle):
    settle(agreed(world.mint(items=0)), proofs=[])
    with reverts("market: no receiver"):
        market.withdraw(world.token, ZERO_ADDRESS, sender=world.seller)
    receipt = market.withdraw(world.token, world.stranger, sender=world.seller)
    expected = [world.seller.address, world.token.address, world.stranger.address, PRICE]
    assert list(receipt.events("Withdrawn")[0].args.values()) == expected
    for who in (world.seller, world.stranger):
        with reverts("market: nothing to withdraw"):
            market.withdraw(world.token, who, sender=who)


def test_an_unknown_sale_is_not_released(world, market):
    with reverts("market: no such sale"):
        market.release(nonce_of("no sale"), sender=world.seller)


def test_a_currency_taken_off_the_list_settles_nothing_new_and_pays_what_is_held(
    world, market, private, agreed, settle
):
    order = agreed(private)
    settle(order)
    receipt = market.list_currency(world.token, False, sender=world.owner)
    assert list(receipt.events("CurrencyListed")[0].args.values()) == [world.token.address, False]
    with reverts("market: currency is not listed"):
        settle(agreed(world.mint(items=0)), proofs=[])
    world.evm.warp(WINDOW + 1)
    market.release(order.hash, sender=world.stranger)
    assert market.withdraw(world.token, world.seller, sender=world.seller).value == PRICE


def test_the_owner_lists_contracts(world, market):
    with reverts("market: not the owner"):
        market.list_currency(world.nft, True, sender=world.seller)
    with reverts("market: currency is no contract"):
        market.list_currency(world.seller, True, sender=world.owner)
    with reverts("market: no owner"):
        world.evm.deploy("AgentMarket", world.token, world.nft, world.verifier, ZERO_ADDRESS, sender=world.owner)
    assert market.token() == world.token.address
    assert (market.collection(), market.verifier()) == (world.nft.address, world.verifier.address)
    assert market.owner() == world.owner.address
