"""Providers arranged from the market's events."""

from __future__ import annotations

from dataclasses import replace

from keifu.compute.client.checks import Prices
from keifu.compute.client.market import arrange, latencies
from keifu.compute.client.store import Request

NOW = 1_000
ONE, TWO, TOKEN = ("0x" + digit * 40 for digit in "abc")
HERE, THERE = b"\x01" * 32, b"\x02" * 32


def served(operator, environment, since=100, last=2_000, endpoint="http://one"):
    return {"operator": operator, "environment": environment, "since": since, "last": last, "endpoint": endpoint}


def offer(operator, environment, request, effective_from=100):
    values = (TOKEN, request, 5, 6, 0, 60)
    return {"operator": operator, "environment": environment, "offer": values, "effective_from": effective_from}


def events(**changed):
    names = ("Served", "OfferAnnounced", "Ended", "Reported", "Demanded", "Unanswered")
    return {name: changed.get(name, []) for name in names}


def test_what_runs_is_listed_with_the_offer_that_counts_and_its_past():
    found = arrange(
        events(
            Served=[served(ONE, HERE), served(ONE, HERE, endpoint="http://moved"), served(TWO, HERE)],
            OfferAnnounced=[offer(ONE, HERE, 7), offer(TWO, HERE, 3), offer(ONE, HERE, 9, effective_from=NOW + 1)],
            Reported=[{"operator": TWO}],
            Demanded=[{"operator": TWO}, {"operator": TWO}],
            Unanswered=[{"operator": TWO}],
        ),
        NOW,
    )
    assert [(item.operator, item.endpoint, item.prices) for item in found] == [
        (ONE, "http://moved", Prices(7, 5, 6)),
        (TWO, "http://one", Prices(3, 5, 6)),
    ]
    assert [(item.reported, item.demanded, item.unanswered) for item in found] == [(0, 0, 0), (1, 2, 1)]


def test_what_ended_is_over_or_has_no_offer_is_not_listed():
    made = {
        "Served": [served(ONE, HERE, last=NOW - 1), served(ONE, THERE), served(TWO, HERE)],
        "OfferAnnounced": [offer(ONE, HERE, 1), offer(ONE, THERE, 1)],
        "Ended": [{"operator": ONE, "environment": THERE, "until": 500}],
    }
    assert arrange(events(**made), NOW) == []


def test_a_service_that_began_again_is_listed():
    made = {
        "Served": [served(ONE, HERE), served(ONE, HERE, since=600)],
        "OfferAnnounced": [offer(ONE, HERE, 1)],
        "Ended": [{"operator": ONE, "environment": HERE, "until": 500}],
    }
    assert len(arrange(events(**made), NOW)) == 1


def test_latency_is_the_middle_of_what_this_client_saw():
    one = Request(1, b"", "own", "http://one", "m", 0, 9, "answered", 1, 1, 1, 1, 30, "")
    others = [replace(one, milliseconds=10), replace(one, milliseconds=90), replace(one, state="lost", milliseconds=0)]
    assert latencies([one, *others]) == {"http://one": 30}
