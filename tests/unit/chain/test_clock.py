"""Time passes at once on a local chain: whoever signs there goes by its next block."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from keifu.chain.clock import LocalClock, came_at, clock_of
from keifu.errors import RpcError

FAR = 1 << 40  # unix seconds that no machine has


def client(chain_id, block):
    def call(method, which, full):
        assert (method, which, full) == ("eth_getBlockByNumber", "pending", False)
        return block

    return SimpleNamespace(chain_id=chain_id, rpc=SimpleNamespace(call=call, url="http://node"))


def test_a_local_chain_that_is_ahead_says_what_time_it_is():
    assert clock_of(client(31_337, {"timestamp": hex(FAR)}))() == FAR


def test_one_that_is_behind_does_not():
    assert clock_of(client(31_337, {"timestamp": "0x5"}))() > 5


def test_on_another_chain_it_is_this_machine():
    assert clock_of(client(1, None)) is time.time


@pytest.mark.parametrize("block", [None, {}, {"timestamp": "soon"}])
def test_a_node_that_gives_no_time_is_named(block):
    with pytest.raises(RpcError, match="the next block's time") as raised:
        clock_of(client(31_337, block))()
    assert raised.value.url == "http://node"


@pytest.mark.parametrize(
    ("said", "came"), [(99, 100), (100, 100), (101, 101), (500, 500), (501, 500), (0, 100), (2**63, 500)]
)
def test_what_came_after_a_jump_of_a_local_chain_came_when_it_says(said, came):
    """Between this machine's time and that of the next block."""
    assert came_at(LocalClock(client(31_337, {"timestamp": hex(500)}), lambda: 100.9), said) == came


@pytest.mark.parametrize("said", [0, 99, 101, 2**63])
def test_on_another_chain_nothing_that_it_says_counts(said):
    assert came_at(lambda: 100.9, said) == 100
