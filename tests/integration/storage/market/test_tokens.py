"""Files that are paid for in another token than the coin, on a real chain with nodes that accept."""

from __future__ import annotations

import pytest

from ethwire.keys import checksum
from keifu.chain.suite import STORAGE_DEALS
from keifu.errors import CheckFailed, Revert, UsageError
from keifu.storage.client import keeping
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.money import Money
from keifu.storage.client.offers import providers
from keifu.storage.client.quoting import Wish
from keifu.storage.client.repairing import mend, target_of
from keifu.storage.client.storing import keys_of
from keifu.storage.client.trees import source_of
from keifu.units import COIN
from tests.integration.storage.market.test_put import read
from tests.listing import list_token, listed
from tests.storing import EPOCH, World

FUNDS, RATE = 10**9, 1_024_000  # smallest units; a mebibyte costs 1,000 an epoch
K, M = 2, 1


def named(world: World, symbol: str = "USDX", decimals: int = 6, takers: int = 3, kind: str = "FrozenToken"):
    """A listed token that so many providers name a price in."""
    arguments = (decimals, symbol) if kind == "FrozenToken" else ()
    made = listed(world.anvil, world.client, world.suite, world.deployer.account, kind, *arguments)
    made.mint(world.clients, FUNDS, sender=world.deployer.account)
    for provider in world.providers[:takers]:
        name_price(world, provider, made.address, RATE)
    return made


def name_price(world: World, provider, token: str, price: int) -> None:
    world.by(provider.account).call(world.suite[STORAGE_DEALS], STORAGE_DEALS, "name_price", token, price)


@pytest.fixture
def token(fresh):
    return named(fresh)


def put(world, folder, path, token, *, most=FUNDS, again=False):
    source = source_of(path)
    wish = Wish(source.size, K, M, 10 * EPOCH, True, token=token.address.lower())
    with Ledger(folder) as ledger:
        return world.storing(ledger).put(source, wish, most=most, public=False, again=again)


def test_a_file_is_paid_in_units_of_a_token_and_refunded_in_them(fresh, file, folder, token):
    coins, deals = fresh.token.balanceOf(fresh.clients), fresh.suite[STORAGE_DEALS]
    row = put(fresh, folder, file, token)
    state = fresh.market.deal(row.deal)
    cost = state.price * 3 * (state.end - state.begin)
    assert (state.token, row.kept.token) == (token.address.lower(), token.address.lower())
    assert FUNDS - token.balanceOf(fresh.clients) == cost == token.balanceOf(deals) > 0
    assert (token.allowance(fresh.clients, deals), fresh.token.balanceOf(fresh.clients)) == (0, coins)
    assert put(fresh, folder, file, token) == row
    assert token.balanceOf(deals) == cost
    assert read(fresh, row, fresh.clients) == file.read_bytes()
    now = keeping.standing(fresh.market, row.deal)
    assert (now.money, now.credited) == (Money(token.address.lower(), 6, "USDX"), 0)
    with Ledger(folder) as ledger:
        chain = fresh.by(fresh.clients)
        with pytest.raises(CheckFailed, match=r"it costs .* USDX \(0x.*\), 0 at most were agreed"):
            keeping.renew(fresh.market, ledger, chain, row, EPOCH, 0)
        row, _ = keeping.renew(fresh.market, ledger, chain, row, EPOCH, FUNDS)
    assert token.balanceOf(deals) == cost + 3 * state.price
    keeping.close(fresh.market, chain, row.deal)
    fresh.anvil.warp(3 * EPOCH)
    paid = keeping.refund(fresh.market, chain, row.deal)  # nobody has proven anything
    assert (paid.coins, paid.units) == (0, cost + 3 * state.price)
    assert token.balanceOf(fresh.clients) == FUNDS
    assert keeping.refund(fresh.market, chain, row.deal).units == 0


def test_another_token_and_the_coin_are_two_files(fresh, file, folder, token):
    first = put(fresh, folder, file, token)
    source = source_of(file)
    with Ledger(folder) as ledger:
        wish = Wish(source.size, K, M, 10 * EPOCH, True)
        second = fresh.storing(ledger).put(source, wish, most=100 * COIN, public=False)
    assert (first.number, second.number, second.kept.token) == (1, 2, "")


def test_more_than_is_needed_is_never_allowed(fresh, file, folder, token):
    """This token changes no allowance but by way of nothing, as some stable coins do."""
    token.approve(fresh.suite[STORAGE_DEALS], 1, sender=fresh.clients)
    put(fresh, folder, file, token)
    assert token.allowance(fresh.clients, fresh.suite[STORAGE_DEALS]) == 0


def test_whoever_has_too_little_hears_it_before_anything_is_allowed(fresh, file, folder, token):
    token.transfer(fresh.deployer.account, FUNDS - 5, sender=fresh.clients)
    with pytest.raises(CheckFailed, match=r"has 0\.000005 USDX \(0x[0-9a-fA-F]{40}\), .* are needed"):
        put(fresh, folder, file, token)
    assert token.allowance(fresh.clients, fresh.suite[STORAGE_DEALS]) == 0


def test_nothing_is_paid_above_the_bound(fresh, file, folder, token):
    with pytest.raises(CheckFailed, match=r"it would cost .* USDX \(0x.*\), 0 at most were agreed"):
        put(fresh, folder, file, token, most=0)
    assert token.balanceOf(fresh.clients) == FUNDS


def test_those_alone_are_asked_that_name_a_price(fresh, file, folder, token):
    assert {offer.price for offer in providers(fresh.market, token.address.lower())} == {RATE}
    name_price(fresh, fresh.providers[0], token.address, 0)
    assert len(providers(fresh.market, token.address.lower())) == 2
    with pytest.raises(CheckFailed, match=r"2 operators take USDX \(0x.*\) for what is wanted, 3 shards") as refused:
        put(fresh, folder, file, token)
    assert refused.value.remedy == "pay in the coin (leave --token out), or take fewer shards (--code 4+2)"


def test_tokens_go_by_address_or_by_a_symbol_that_one_of_them_has(fresh, token):
    market, address = fresh.market, token.address.lower()
    assert [market.token_named(text) for text in ("USDX", address, token.address)] == [address] * 3
    assert [market.token_named(text) for text in ("", fresh.token.address)] == ["", ""]
    with pytest.raises(UsageError, match=r"no listed token has the symbol 'EURX'") as refused:
        market.token_named("EURX")
    assert checksum(token.address) in refused.value.remedy
    named(fresh, "USDX")
    with pytest.raises(UsageError, match=r"2 listed tokens have the symbol 'USDX'"):
        market.token_named("USDX")
    list_token(fresh.anvil, fresh.client, fresh.suite, token.address, takes=False)
    with pytest.raises(UsageError, match=rf"token {checksum(token.address)} is not listed"):
        market.token_named(address)
    assert market.token_named("USDX") != address


@pytest.mark.parametrize("symbol", ["", "US DX", "\x1b[31mUSDX", "USD₮", "A" * 17], ids=range(5))
def test_a_symbol_that_is_no_plain_word_is_not_shown(fresh, symbol):
    odd = named(fresh, symbol)
    money = fresh.market.money(odd.address)
    assert money.text(1_500_000) == f"1.5 token ({checksum(odd.address)})"
    with pytest.raises(UsageError, match="listed token"):
        fresh.market.token_named(symbol or "USDX")


@pytest.mark.parametrize(("kind", "decimals"), [("QuietToken", 0), ("FrozenToken", 37)], ids=["none", "too many"])
def test_a_token_without_decimals_pays_for_nothing(fresh, kind, decimals):
    odd = named(fresh, decimals=decimals, kind=kind)
    with pytest.raises(CheckFailed, match=r"does not say its decimals"):
        fresh.market.token_named(odd.address)


def test_a_token_that_was_taken_off_the_list_opens_and_renews_nothing(fresh, file, folder, token):
    row = put(fresh, folder, file, token)
    list_token(fresh.anvil, fresh.client, fresh.suite, token.address, takes=False)
    left = token.balanceOf(fresh.clients)
    with pytest.raises(Revert, match="deals: token is not listed") as refused:
        put(fresh, folder, file, token, again=True)
    assert refused.value.remedy == "pay in a listed token, or in the coin: leave --token out"
    with Ledger(folder) as ledger, pytest.raises(Revert, match="deals: token is not listed"):
        keeping.renew(fresh.market, ledger, fresh.by(fresh.clients), row, EPOCH, FUNDS)
    assert (token.balanceOf(fresh.clients), token.allowance(fresh.clients, fresh.suite[STORAGE_DEALS])) == (left, 0)


def test_a_shard_that_nobody_accepted_goes_to_one_that_takes_the_token(fresh, file, folder):
    """The fifth provider would take it for coins."""
    token = named(fresh)
    name_price(fresh, fresh.providers[3], token.address, 100 * RATE)
    fresh.providers[1].service.accepts = False
    with pytest.raises(CheckFailed, match=r"2 of 3 shards are accepted"):
        put(fresh, folder, file, token)
    with Ledger(folder) as ledger:
        row, client = ledger.file(1), fresh.storing(ledger)
        fresh.anvil.warp(2 * EPOCH)
        (refused,) = mend(client, target_of(row, keys_of(row, fresh.clients)))
        assert "0 operators take USDX" in refused.fault
        name_price(fresh, fresh.providers[3], token.address, RATE)
        (done,) = mend(client, target_of(row, keys_of(row, fresh.clients)))
    assert (done.fault, done.provider) == ("", fresh.providers[3].account.address.lower())
    assert read(fresh, row, fresh.clients) == file.read_bytes()


def test_a_token_that_refuses_leaves_the_credit_where_it_is(fresh, file, folder, token):
    row, chain = put(fresh, folder, file, token), fresh.by(fresh.clients)
    keeping.close(fresh.market, chain, row.deal)
    fresh.anvil.warp(3 * EPOCH)
    token.freeze(fresh.clients, True, sender=fresh.deployer.account)
    for _ in range(2):
        with pytest.raises(CheckFailed, match=r"the token refuses to pay .* USDX \(0x.*\): "):
            keeping.refund(fresh.market, chain, row.deal)
    due = keeping.standing(fresh.market, row.deal).credited
    assert due == FUNDS - token.balanceOf(fresh.clients) > 0
    token.freeze(fresh.clients, False, sender=fresh.deployer.account)
    assert keeping.refund(fresh.market, chain, row.deal).units == due
    assert token.balanceOf(fresh.clients) == FUNDS
