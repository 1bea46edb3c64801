"""A local chain whose time was let pass at once, and a provider that has not looked since."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from keifu.chain.clock import LocalClock
from keifu.compute.client.checks import STALE_SECONDS, ReplyRefused
from keifu.errors import NoAnswer
from tests.unit.compute.client.provider import (
    CHAIN,
    COLLECTOR,
    DEPOSIT,
    FEE,
    NOW,
    PATH,
    QUESTION,
    TERMS,
    WHO,
    FakeProvider,
)

JUMP = 7 * STALE_SECONDS


def local(call):
    """Of a machine whose time is NOW."""
    rpc = SimpleNamespace(call=call, url="http://node")
    return LocalClock(SimpleNamespace(chain_id=CHAIN, rpc=rpc), lambda: float(NOW))


def jumped():
    return local(lambda *_: {"timestamp": hex(NOW + JUMP)})


def saying(time):
    provider = FakeProvider()
    provider.lie = lambda receipt: replace(receipt, time=time)
    return provider


@pytest.mark.parametrize("time", [NOW - STALE_SECONDS, NOW, NOW + JUMP // 2, NOW + JUMP + STALE_SECONDS])
def test_a_receipt_of_before_the_jump_is_on_time(asking, time):
    answer = asking(saying(time), now=jumped()).ask(WHO, PATH, QUESTION)
    assert answer.receipt.time == time


@pytest.mark.parametrize("time", [NOW - STALE_SECONDS - 1, NOW + JUMP + STALE_SECONDS + 1])
def test_one_of_no_such_time_is_not(asking, time):
    with pytest.raises(ReplyRefused) as raised:
        asking(saying(time), now=jumped()).ask(WHO, PATH, QUESTION)
    assert set(raised.value.checks) - {"receipt key"} == {"time"}


def test_what_a_key_may_spend_in_a_day_is_of_days_that_this_machine_has(asking):
    """The folder is of all chains: what is spent on a local one after a jump is spent today, and today alone."""
    client = asking(FakeProvider(), now=jumped())
    client.ask(WHO, PATH, QUESTION, key="web")
    assert [item.time for item in client.store.requests()] == [NOW]
    assert (client.store.spent("web", NOW), client.store.spent("web", NOW + 1)) == (FEE, 0)


def test_a_chain_that_is_down_leaves_no_channel_that_no_deposit_fills(asking):
    def down(*_):
        raise NoAnswer("the node is down", url="http://node")

    opening = replace(TERMS, deposit=DEPOSIT, collector=COLLECTOR)
    client = asking(FakeProvider(), terms=opening, opened=False, now=local(down))
    with pytest.raises(NoAnswer, match="down"):
        client.ask(WHO, PATH, QUESTION)
    assert client.store.channels() == []
    assert client.store.requests() == []
