"""Logs that a node gives beside headers: none counts that cannot be true, whatever stands in one of its fields."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from keifu.chain.follower import Block, Event, Source
from keifu.chain.follower.bloom import bloom_of_log
from keifu.chain.follower.checks import checked_logs
from keifu.chain.follower.filters import Filter
from keifu.errors import Contradiction

CONTRACT, TRANSACTION = "0x" + "11" * 20, "0x" + "33" * 32
WANTED = Filter([Source(CONTRACT, 0)])
LOG = Event(CONTRACT, ["0x" + "22" * 32], "0x01", "0xc", "0x" + "44" * 32, TRANSACTION, "0x0", "0x0")
BLOCK = Block(12, LOG.block_hash, "0x00", 7, bloom_of_log(LOG), "0x00", f'["{TRANSACTION}"]'.encode())
ODD = ["", " ", "0x", "0xd", "12", "0xzz", "-0xc", "0x" + "f" * 80, "None"]


def test_an_honest_log_counts():
    [found] = checked_logs([BLOCK], [LOG], WANTED, "url")[12]
    assert (found.number, found.index, found.block_time) == (12, 0, 7)


@pytest.mark.parametrize("name", ["block_number", "block_hash", "transaction_hash", "transaction_index", "address"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_field_is_a_contradiction(name, odd):
    with pytest.raises(Contradiction, match=r"^a log (of block .*)?from url cannot be true"):
        checked_logs([BLOCK], [replace(LOG, **{name: odd})], WANTED, "url")


@pytest.mark.parametrize("name", ["log_index", "data"])
@pytest.mark.parametrize("odd", ["", " ", "0xzz", "None"])
def test_an_index_or_data_that_is_no_hex_is_a_contradiction(name, odd):
    with pytest.raises(Contradiction, match="cannot be true"):
        checked_logs([BLOCK], [replace(LOG, **{name: odd})], WANTED, "url")


def test_the_same_log_twice_is_a_contradiction():
    with pytest.raises(Contradiction, match="it is there twice"):
        checked_logs([BLOCK], [LOG, replace(LOG)], WANTED, "url")
