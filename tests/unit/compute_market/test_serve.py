"""ComputeMarket.serve and offer: a service reserves one amount, is bound to what its operator is bound to, and changes
what it costs after notice."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.unit.compute_market.conftest import (
    ANSWER_WINDOW,
    BOND,
    ENDPOINT,
    LOCKED,
    NOWHERE,
    REWARD,
    SERVICE_RESERVE,
    TERM,
    WINDOW,
)


def test_terms(market, hub, token, heartbeats, environments, registry, channels):
    assert tuple(market.terms()) == (WINDOW, ANSWER_WINDOW, ZERO_ADDRESS, COIN, 40_000 * COIN)
    assert (market.reward(), market.bond()) == (REWARD, BOND)
    assert (market.evidence_window(), market.answer_window(), market.NOTICE()) == (WINDOW, ANSWER_WINDOW, DAY)
    wired = (market.hub(), market.token(), market.heartbeats(), market.environments(), market.registry())
    assert (*wired, market.channels()) == (hub, token, heartbeats, environments, registry, channels)
    assert tuple(market.eip712Domain())[1:5] == ("Keifu Compute", "1", 31_337, market)


def test_constructor(project, deployer, token, hub, heartbeats, channels, stranger):
    right = (token, hub, heartbeats, channels, REWARD, WINDOW, ANSWER_WINDOW, BOND)
    for place, wrong, reason in (
        (0, stranger, "payouts: token is no contract"),
        (1, stranger, "compute: hub is no contract"),
        (2, stranger, "compute: heartbeats is no contract"),
        (3, stranger, "compute: channels is no contract"),
        (4, 0, "compute: no reward"),
        (6, 0, "compute: no time to answer"),
        (7, 0, "compute: no bond"),
    ):
        with ape.reverts(reason):
            project.ComputeMarket.deploy(*right[:place], wrong, *right[place + 1 :], sender=deployer)


def test_a_service_reserves_and_earns(hub, market, served, operator, production, offer):
    """CMP-2"""
    service = market.service(operator, production)
    assert (service.last, service.until, service.reserve) == (served, served + WINDOW, SERVICE_RESERVE)
    assert market.reserved(operator) == hub.get_lock(market, operator).bound == SERVICE_RESERVE
    assert tuple(market.offer(operator, production))[:2] == (offer.hash, offer.hash)


def test_what_is_said_of_it(market, operator, offer, chain):
    last = chain.pending_timestamp + DAY
    receipt = market.serve(NOWHERE, offer.args, ENDPOINT, last, sender=operator)
    served, announced = receipt.events.filter(market.Served)[0], receipt.events.filter(market.OfferAnnounced)[0]
    assert (served.operator, bytes(served.environment), served.endpoint) == (operator, NOWHERE, ENDPOINT)
    assert (served.since, served.last) == (receipt.timestamp + 1, last)
    assert tuple(announced.offer) == (offer.token.lower(), *offer.args[1:])
    assert announced.effective_from == receipt.timestamp


def test_nothing_was_promised(market, stranger):
    assert tuple(market.service(stranger, NOWHERE)) == (0, 0, 0, 0)
    assert tuple(market.offer(stranger, NOWHERE)) == (NOWHERE, NOWHERE, 0)


def test_prolonging_takes_no_second_reserve(market, heartbeats, served, operator, production, offer):
    before = market.service(operator, production)
    heartbeats.bind(production, served + DAY, sender=operator)
    market.serve(production, offer.args, "https://elsewhere.example", served + DAY, sender=operator)
    after = market.service(operator, production)
    assert (after.since, after.last) == (before.since, served + DAY)
    assert market.reserved(operator) == SERVICE_RESERVE


def test_it_cannot_be_shortened_by_prolonging(market, served, operator, production, offer):
    with ape.reverts("compute: last day is earlier"):
        market.serve(production, offer.args, ENDPOINT, served - 1, sender=operator)


def test_last_days(market, operator, offer, chain):
    """At most 180 days without a new act."""
    for last in (chain.pending_timestamp, chain.pending_timestamp + 180 * DAY + 60):
        with ape.reverts("compute: bad last day"):
            market.serve(NOWHERE, offer.args, ENDPOINT, last, sender=operator)
    market.serve(NOWHERE, offer.args, ENDPOINT, chain.pending_timestamp + 180 * DAY, sender=operator)


def test_an_endpoint_is_named(market, operator, offer, chain):
    with ape.reverts("compute: no endpoint"):
        market.serve(NOWHERE, offer.args, "", chain.pending_timestamp + DAY, sender=operator)
    market.serve(NOWHERE, offer.args, "x" * 256, chain.pending_timestamp + DAY, sender=operator)


def test_an_environment_asks_for_heartbeats_as_long(market, heartbeats, operator, production, offer, chain):
    """CMP-7: who serves an environment answers there with another lock, for at least as long."""
    last = chain.pending_timestamp + TERM
    with ape.reverts("compute: not bound by heartbeats"):
        market.serve(production, offer.args, ENDPOINT, last, sender=operator)
    heartbeats.bind(production, last - 1, sender=operator)
    with ape.reverts("compute: not bound by heartbeats"):
        market.serve(production, offer.args, ENDPOINT, last, sender=operator)
    market.serve(production, offer.args, ENDPOINT, last - 1, sender=operator)


def test_a_binding_that_is_over_is_none(market, heartbeats, environments, operator, author, production, offer, chain):
    last = chain.pending_timestamp + TERM
    heartbeats.bind(production, last, sender=operator)
    heartbeats.release(operator, production, sender=author)
    with ape.reverts("compute: not bound by heartbeats"):
        market.serve(production, offer.args, ENDPOINT, last, sender=operator)


def test_services_never_exceed_the_lock(market, hub, operator, offer, chain):
    """CMP-2"""
    last = chain.pending_timestamp + DAY
    market.unlock(LOCKED - SERVICE_RESERVE + 1, [], [], sender=operator)
    with ape.reverts("compute: lock too small"):
        market.serve(NOWHERE, offer.args, ENDPOINT, last, sender=operator)
    hub.lock(market, operator, 1, sender=operator)
    market.serve(NOWHERE, offer.args, ENDPOINT, last, sender=operator)
    assert market.reserved(operator) == hub.lock_of(market, operator) == SERVICE_RESERVE


def test_a_removed_market_promises_nothing(market, hub, owner, operator, offer, chain):
    hub.remove_service(market, sender=owner)
    with ape.reverts("compute: market not listed"):
        market.serve(NOWHERE, offer.args, ENDPOINT, chain.pending_timestamp + DAY, sender=operator)


def test_another_offer_counts_after_notice(market, served, operator, production, offer, chain):
    """CMP-8: nobody pays a price that it could not know."""
    dearer = replace(offer, request=2 * offer.request)
    receipt = market.serve(production, dearer.args, ENDPOINT, served, sender=operator)
    counts = receipt.timestamp + DAY
    assert tuple(market.offer(operator, production)) == (offer.hash, dearer.hash, counts)
    chain.pending_timestamp = counts - 1
    chain.mine()
    assert market.offer(operator, production)[0] == offer.hash
    chain.mine()
    assert tuple(market.offer(operator, production)) == (dearer.hash, dearer.hash, counts)


def test_one_notice_at_a_time(market, served, operator, production, offer, chain):
    """CMP-8: the offer under notice again changes nothing; a third one waits."""
    dearer, other = replace(offer, credit=0), replace(offer, interval=60)
    counts = market.serve(production, dearer.args, ENDPOINT, served, sender=operator).timestamp + DAY
    market.serve(production, dearer.args, ENDPOINT, served, sender=operator)
    for late in (other, offer):
        with ape.reverts("compute: offer is under notice"):
            market.serve(production, late.args, ENDPOINT, served, sender=operator)
    chain.pending_timestamp = counts
    market.serve(production, other.args, ENDPOINT, served, sender=operator)
    assert tuple(market.offer(operator, production))[:2] == (dearer.hash, other.hash)


@pytest.mark.parametrize("name", ["token", "request", "input_units", "output_units", "credit", "interval"])
def test_every_part_of_an_offer_is_bound(market, served, operator, production, offer, stranger, name):
    changed = replace(offer, **{name: str(stranger) if name == "token" else getattr(offer, name) + 1})
    market.serve(production, changed.args, ENDPOINT, served, sender=operator)
    assert tuple(market.offer(operator, production))[:2] == (offer.hash, changed.hash)
