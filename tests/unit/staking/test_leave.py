"""Leaving is several transactions: all are tried before the first is sent, and a later failure tells what was done."""

from __future__ import annotations

import pytest

from keifu.abi import Log, Receipt
from keifu.errors import Revert
from keifu.staking import actions
from keifu.units import COIN, DAY

SUITE = {"StakingHub": "0x" + "0a" * 20}
OPERATOR = "0x" + "0b" * 20
UNBONDING = 14 * DAY
HALF = 3  # the half-period of a ticket that has matured
NOW = 10 * UNBONDING


class Chain:
    """A hub with shares, rewards and one ripe ticket; it refuses `tried` when tried, and `sent` when sent."""

    sender = "0x" + "0c" * 20

    def __init__(self, tried: str = "", sent: str = "") -> None:
        self.tried, self.refused, self.sent = tried, sent, []

    def simulate(self, address, name, function, *args):
        if function == self.tried:
            raise Revert("hub: not now")
        return 5 * COIN

    def call(self, address, name, function, *args):
        match function:
            case "position":
                return 7 * COIN, 7 * COIN
            case "unbonding":
                return UNBONDING
            case "ticket":
                is_there = args[0] == self.sender and args[1] & 2**96 - 1 == HALF and "withdraw" not in self.sent
                return (3 * COIN, NOW) if is_there else (0, 0)
        raise AssertionError(function)

    def transact(self, address, name, function, *args):
        if function == self.refused:
            raise Revert("hub: not now")
        self.sent.append(function)
        said = {"unstake": ("Unstaked", 7 * COIN), "withdraw": ("Withdrawn", 3 * COIN)}
        return Receipt(
            logs=[Log(address, said[function][0], {"amount": said[function][1]})] if function in said else []
        )


def test_everything_is_sent_in_order_and_counted():
    chain = Chain()
    done = actions.leave(chain, SUITE, OPERATOR, NOW)
    assert chain.sent == ["claim_rewards", "unstake", "withdraw"]
    assert (done.asked, done.paid, done.waiting) == (7 * COIN, 3 * COIN, [])


@pytest.mark.parametrize("function", ["unstake", "withdraw"])
def test_what_is_refused_when_tried_leaves_nothing_sent(function):
    chain = Chain(tried=function)
    with pytest.raises(Revert, match="hub: not now"):
        actions.leave(chain, SUITE, OPERATOR, NOW)
    assert chain.sent == []


@pytest.mark.parametrize(
    ("function", "reported"),
    [
        ("claim_rewards", "nothing was sent before it; then `claim_rewards` failed"),
        ("unstake", "rewards of 5 coins were claimed; then `unstake` failed"),
        ("withdraw", "rewards of 5 coins were claimed; 7 coins were asked for; then `withdraw` failed"),
    ],
)
def test_a_later_failure_tells_what_was_done_before_it(function, reported):
    with pytest.raises(Revert) as refused:
        actions.leave(Chain(sent=function), SUITE, OPERATOR, NOW)
    assert str(refused.value) == f"{reported}: reverted: hub: not now (run it again: what is done is not done twice)"
