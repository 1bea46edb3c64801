"""Which providers get the shards of a file: by price and past, by operator and by region."""

from __future__ import annotations

import pytest

from keifu.errors import CheckFailed, EnvironmentFault
from keifu.storage.client.offers import GIB_LEAVES, Offer, Past, choose, ordered, reached

ROOM = 1_000


def offer(name: str, price: int = 100, region: str = "", operator: str = "", **past: int) -> Offer:
    return Offer(name, price, 1_000, f"http://{name}", region or name, operator or name, **past)


def names(offers) -> list[str]:
    return [item.provider for item in offers]


def test_the_cheapest_come_first_unless_their_past_is_worse():
    offers = [offer("b", 110), offer("a", 100), offer("lost", 90, lost=2), offer("missed", 90, proven=10, missed=30)]
    assert names(ordered(offers, {})) == ["a", "b", "missed", "lost"]
    assert names(ordered(offers[:2], {"a": Past(faults=1)})) == ["b", "a"]
    assert names(ordered(offers[:2], {"a": Past(milliseconds=900), "b": Past(milliseconds=20)})) == ["b", "a"]


def test_no_operator_gets_two_shards_nor_does_one_that_has_a_shard_already():
    offers = [offer("a", operator="one"), offer("b", operator="one"), offer("c"), offer("d")]
    assert names(choose(offers, 2, 1)) == ["a", "c"]
    assert names(choose(offers, 2, 1, without=["A"], beside=[offers[0]])) == ["c", "d"]
    with pytest.raises(CheckFailed, match="3 operators offer what is wanted, 4 shards need one each"):
        choose(offers, 4, 1)


def test_a_region_gets_no_more_than_may_be_lost_where_there_are_others():
    offers = [offer(name, region="eu") for name in "abc"] + [offer("d", region="us"), offer("e", region="us")]
    assert names(choose(offers, 4, 2)) == ["a", "b", "d", "e"]
    assert names(choose(offers, 5, 2)) == ["a", "b", "d", "e", "c"]
    assert names(choose(offers, 2, 1, beside=[offers[0]])) == ["d", "b"]


def test_prices_of_shards_are_rounded_up_and_restitutions_down():
    item = offer("a", price=1_000)
    assert (item.shard_price(1), item.shard_price(GIB_LEAVES), item.shard_price(GIB_LEAVES + 1)) == (1, 1_000, 1_001)
    assert (item.shard_restitution(1), item.shard_restitution(GIB_LEAVES)) == (0, 1_000)


def test_who_does_not_answer_is_another_or_has_no_room_is_left_out():
    said = {
        "a": {"provider": "A", "accepting": True, "room": ROOM, "region": "eu", "operator": ""},
        "other": {"provider": "b", "accepting": True, "room": ROOM},
        "full": {"provider": "full", "accepting": True, "room": ROOM - 1},
        "closed": {"provider": "closed", "accepting": False, "room": ROOM},
        "odd": {"provider": "odd", "accepting": True, "room": "much"},
    }

    def ask(item: Offer):
        if item.provider not in said:
            raise EnvironmentFault("nobody is there")
        return said[item.provider]

    found = reached([offer(name) for name in (*said, "gone")], ask, ROOM)
    assert [(item.provider, item.region, item.operator) for item in found] == [("a", "eu", "a")]
