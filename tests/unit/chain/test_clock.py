"""Time passes at once on a local chain: whoever signs there goes by its next block."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from keifu.chain.clock import clock_of
from keifu.errors import KeifuError

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
    with pytest.raises(KeifuError, match="http://node"):
        clock_of(client(31_337, block))()
