"""StorageDeals.name_price: what a provider wants in another token; it binds nobody."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.storage_market.conftest import RATE


def test_a_price_is_an_event(deals, coin, provider):
    receipt = deals.name_price(coin, RATE, sender=provider)
    (event,) = receipt.events.filter(deals.PriceNamed)
    assert event.event_arguments["provider"] == provider
    assert event.event_arguments["token"] == coin
    assert event.price == RATE


def test_only_in_what_is_listed(deals, channels, coin, provider, stranger, owner):
    """A price of nothing takes a token back, listed or not."""
    with ape.reverts("deals: token is not listed"):
        deals.name_price(stranger, 1, sender=provider)
    channels.listToken(coin, False, sender=owner)
    with ape.reverts("deals: token is not listed"):
        deals.name_price(coin, 1, sender=provider)
    (event,) = deals.name_price(coin, 0, sender=provider).events.filter(deals.PriceNamed)
    assert event.price == 0


def test_it_binds_nobody(deals, coin, open_deal, accept, provider, data):
    """A deal at another price is accepted all the same."""
    deals.name_price(coin, COIN, sender=provider)
    deal = open_deal((provider, data), price=1, token=coin)
    accept(deal)
    assert deals.shard(deal.id, 0).provider == provider
