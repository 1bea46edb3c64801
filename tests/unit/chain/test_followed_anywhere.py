"""Topics that are followed wherever they are logged: what is asked for, what a header announces, and what is ours."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from keifu.chain.follower import ANYWHERE, Block, Event, Source
from keifu.chain.follower.bloom import bloom_mask
from keifu.chain.follower.filters import Filter

OURS, STRANGER = "0x" + "11" * 20, "0x" + "22" * 20
TOPIC, OTHER = "0x" + "33" * 32, "0x" + "44" * 32
KNOWN, BY_TOPIC = Source(OURS), Source(ANYWHERE, 5, frozenset({TOPIC}))


def log(address: str, *topics: str) -> Event:
    return Event(address, list(topics), "0x", "0x7", "0x", "0x", "0x0", "0x0")


def block(*items: str) -> Block:
    bloom = 0
    for item in items:
        bloom |= bloom_mask(item)
    return Block(7, "0x", "0x", 0, bloom, "0x", None)


@pytest.fixture
def both():
    return Filter([KNOWN, BY_TOPIC])


def test_a_node_is_asked_by_addresses_and_by_topics_apart(both):
    assert both.query(1, 2) == {"address": [OURS], "fromBlock": "0x1", "toBlock": "0x2"}
    assert both.query_anywhere(1, 2) == {"topics": [[TOPIC]], "fromBlock": "0x1", "toBlock": "0x2"}


def test_without_a_contract_no_address_is_asked_for():
    alone = Filter([BY_TOPIC])
    assert alone.query(1, 2) is None
    assert (alone.wants(log(STRANGER, TOPIC)), alone.wants(log(STRANGER, OTHER))) == (True, False)


def test_topics_of_contracts_stay_a_matter_of_those(both):
    one = Filter([replace(KNOWN, topics=frozenset({OTHER})), BY_TOPIC])
    assert one.query(1, 2)["topics"] == [[OTHER]]
    assert (one.wants(log(OURS, OTHER)), one.wants(log(OURS, TOPIC)), one.wants(log(STRANGER, OTHER))) == (
        True, False, False,
    )  # fmt: skip


def test_a_header_announces_the_topic_whoever_logs_it(both):
    assert both.announced_anywhere(block(TOPIC, STRANGER))
    assert not any(both.announced_anywhere(block(*items)) for items in ((OURS,), ()))
    assert [both.announced(block(*items)) for items in ((TOPIC,), (OURS,), (STRANGER, OTHER))] == [True, True, False]


@pytest.mark.parametrize("topics", [(OTHER,), ()])
def test_what_nobody_asked_for_is_refused(both, topics):
    assert both.admits(log(STRANGER, TOPIC))
    with pytest.raises(ValueError, match="nobody asked for it"):
        both.admits(log(STRANGER, *topics))


def test_a_contract_that_is_known_is_given_by_its_address_in_any_style(both):
    shouting = msgspec.structs.replace(log(OURS, TOPIC), address=OURS.upper())
    assert (both.is_known(shouting), both.is_known(log(STRANGER, TOPIC))) == (True, False)
