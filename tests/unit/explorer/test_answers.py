"""Providers of answers, payment channels and orders: what their pages say, and what strangers cannot make of them."""

from __future__ import annotations

import pytest

from benchmarks.explorer_world import address, open_channel
from keifu.units import COIN
from tests.unit.explorer.conftest import get, text
from tests.unit.explorer.pages import Page

MARKET, CHANNELS = "ComputeMarket", "Channels"


def data(amount: int) -> str:
    """A figure as a page has it."""
    return f'value="{amount}"'


def test_providers_stand_beside_each_other_in_the_order_that_was_asked_for(read, known):
    cheap, dear = known["liar"], known["provider"]
    page = read("/en/providers")
    assert page.index(f"/en/provider/{cheap}") < page.index(f"/en/provider/{dear}")
    assert data(COIN + COIN * 4 // 100) in page  # a request, and a thousand units in and out
    for order in ("promise", "history"):
        page = read(f"/en/providers?by={order}")
        assert page.index(f"/en/provider/{dear}") < page.index(f"/en/provider/{cheap}")


def test_one_environment_has_its_own_comparison(explorer, read, known):
    other = "1" * 64
    assert known["provider"] in read(f"/en/environment/{known['environment'][2:]}")
    assert known["provider"] in read(f"/en/providers?environment={known['environment'][2:]}")
    assert "Nobody has promised answers." in read(f"/en/providers?environment={other}")
    assert get(explorer, "/en/providers?by=luck").status == 400
    assert get(explorer, "/en/providers?environment=xyz").status == 404


def test_a_provider_with_prices_covers_and_demands(read, known):
    page = read(f"/en/provider/{known['provider']}")
    for said in ("under notice", "counts", ">answered<", ".example", data(6 * COIN), ">open<"):
        assert said in page
    assert "Nothing was reported." in page
    assert f"{2 * COIN:,}" not in page  # the fee of a demand, in wei


def test_a_report_is_shown_where_it_counts(read, known):
    page = read(f"/en/provider/{known['liar']}")
    for said in ("a false receipt shown", "taken by a report", ">a false receipt<"):
        assert said in page
    assert "a false receipt" in read("/en/slashes")


@pytest.mark.parametrize(("restitution", "reward", "service", "cover"), [
    (100 * COIN, 10 * COIN, "holds", "taken by a report"),
    (100 * COIN, 110 * COIN, "a false receipt shown", "taken by a report"),
    (0, 100 * COIN, "a false receipt shown", "covered"),
])  # fmt: skip
def test_a_report_takes_what_its_amounts_say(changing, known, restitution, reward, service, cover):
    explorer, scribe = changing
    shown = {"operator": known["provider"], "channel": known["paid"], "environment": known["environment"]}
    amounts = {"prover": known["client"], "number": 1, "restitution": restitution, "reward": reward}
    scribe.log(MARKET, "Reported", **shown, **amounts)
    scribe.write()
    services = text(explorer, f"/en/provider/{known['provider']}").split("<section")
    assert [f">{service}<" in services_ for services_ in services if ">Services<" in services_] == [True]
    assert f">{cover}<" in text(explorer, f"/en/channel/{known['paid'][2:]}")


def test_a_channel_adds_up(read, known):
    page = read(f"/en/channel/{known['paid'][2:]}")
    for amount in (100, 45, 10, 45, 15):
        assert data(amount * COIN) in page
    for said in ("nothing new", "asked back", "given back by the receiver", "not before", "covered", "Asked back"):
        assert said in page
    assert "No cover." in read(f"/en/channel/{known['stable'][2:]}")


def test_channels_of_one_payer_receiver_or_token(read, known):
    for name, wanted, there, gone in (
        ("receiver", known["liar"], "covered", "paid"),
        ("token", address("stablecoin"), "stable", "paid"),
    ):
        page = read(f"/en/channels?{name}={wanted}")
        assert known[there] in page
        assert known[gone] not in page
    assert known["paid"] in read(f"/en/channels?payer={known['client']}")
    assert "No channel was opened." in read(f"/en/channels?payer={known['provider']}")


def test_what_a_receiver_got_in_all_token_by_token(read, known):
    page = read(f"/en/receiver/{known['provider']}")
    for amount in (44, 1, 45):
        assert data(amount * COIN) in page
    assert "5,000,000" in page  # of a token whose decimals no event says
    assert f"/en/receiver/{known['provider']}" in read("/en/receivers")


@pytest.mark.parametrize(("place", "entry"), [("orders", "Answers"), ("order/0", "Answers"), ("receivers", "Channels")])
def test_the_menu_says_what_a_page_is_a_part_of(read, place, entry):
    page = read(f"/en/{place}")
    assert f'aria-current="true">{entry}</a>' in page
    assert page.count("aria-current") == 1


def test_orders_step_by_step(read):
    assert "keifu compute order show 0" in read("/en/order/0")
    assert "results submitted" in read("/en/order/0")
    assert ">refunded<" in read("/en/order/1")
    assert ">paid<" in read("/en/orders")


def test_a_search_finds_channel_and_endpoint(explorer, known):
    for name, place in (("paid", "channel"), ("stable", "channel")):
        assert get(explorer, f"/en/search?q={known[name]}").location == f"/en/{place}/{known[name][2:]}"
    endpoint = f"https://{known['provider'][2:8]}.example"
    assert get(explorer, f"/en/search?q={endpoint}").location == f"/en/provider/{known['provider']}"


def test_a_channel_that_a_stranger_names_elsewhere_stays_a_page(changing, known):
    explorer, scribe = changing
    where = {"operator": address("stranger"), "environment": "0x" + "00" * 32}
    scribe.log(MARKET, "Served", since=scribe.time, last=scribe.time + 1, endpoint=known["paid"], **where)
    scribe.write()
    assert "ComputeMarket.Served" in text(explorer, f"/en/channel/{known['paid'][2:]}")
    Page(text(explorer, "/en/providers"))  # without an offer, bound to nothing


def test_a_withdrawal_that_was_made_is_not_asked_for_any_more(changing, known):
    explorer, scribe = changing
    who = {"channelId": known["paid"], "sender": known["client"]}
    scribe.log(CHANNELS, "WithdrawFinalized", amount=15 * COIN, **who)
    scribe.write()
    page = text(explorer, f"/en/channel/{known['paid'][2:]}")
    assert "Asked back" not in page
    assert data(25 * COIN) in page
    assert data(30 * COIN) in page


def test_more_channels_than_a_page_has(changing, known):
    explorer, scribe = changing
    for number in range(30):
        open_channel(scribe, f"more {number}", known["client"], known["provider"])
    scribe.write()
    assert "Older" in text(explorer, f"/en/channels?payer={known['client']}")
    assert f"/en/channels?receiver={known['provider']}" in text(explorer, f"/en/receiver/{known['provider']}")


@pytest.mark.parametrize(
    "place", ["provider/0x" + "1" * 40, "channel/" + "1" * 64, "channel/xyz", "order/7", "order/x", "receiver/1"]
)
def test_what_is_not_there_is_said(explorer, place):
    assert get(explorer, f"/en/{place}").status == 404
