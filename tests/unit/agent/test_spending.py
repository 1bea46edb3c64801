"""What is sent and not heard of again, and the server's own bound of one call (MCP-1)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.accounts import Call
from keifu.agent.faults import ChoreFault
from keifu.agent.mcp import spends as module
from keifu.agent.mcp.spends import Spends
from keifu.agent.spending import BeyondGrant, Spender
from keifu.errors import NoAnswer
from keifu.units import COIN

ACCOUNT, TOKEN, FRIEND = ("0x" + digits * 20 for digits in ("aa", "bb", "cc"))


class Patient(Spender):
    """Its session allows everything, and counts nothing."""

    @property
    def account(self):
        return SimpleNamespace(allows=lambda *_: True, spent=lambda *_: (0, 100 * COIN))

    def session(self):
        return None

    def uses_left(self):
        return 10

    def try_out(self, call):
        self.require_granted(call)

    def _require_gas(self, call):
        pass

    @property
    def _chain(self):
        return self.client


class Suite(dict):
    def __init__(self, token):
        super().__init__({"KeifuToken": TOKEN, "StakingHub": FRIEND})
        self.token = token

    def at(self, client, name):
        return self.token


@pytest.fixture
def world():
    """A chain that answers for so many transactions."""
    sent = []

    def transact(*args):
        sent.append(args)
        if len(sent) > made.answers:
            raise NoAnswer("1 transactions were not mined in 120 s")
        return SimpleNamespace(tx_hash=f"0x{len(sent):064x}")

    made = SimpleNamespace(transact=transact, sent=sent, answers=0)
    return made


def use(world, name, most=0, suite=None, **arguments):
    """Call one tool of the server."""
    key = SimpleNamespace(address="0x" + "dd" * 20)
    tools = Spends(Patient(world, key, ACCOUNT, most), suite or Suite(None)).tools()
    tool = next(tool for tool in tools if tool.name == name)
    return tool.run(tool.takes(**arguments))


def call(world, function, *arguments, most=0):
    return use(world, "call", most, to=TOKEN, function=function, arguments=arguments)


def test_a_call_that_nobody_answers_for_is_not_asked_for_again(world):
    """It may be made yet: who asks again pays twice."""
    with pytest.raises(ChoreFault) as fault:
        call(world, "transfer(address,uint256)", FRIEND, "1coins")
    assert (fault.value.code, len(world.sent)) == ("not_known", 1)
    assert fault.value.remedy.startswith("do not ask again before")


def test_the_second_of_two_calls_is_not_asked_for_again_either(world, monkeypatch):
    token = SimpleNamespace(balanceOf=lambda who: 9 * COIN, allowance=lambda *_: 0, address=TOKEN)
    monkeypatch.setattr(module, "encoded", lambda *_: Call(TOKEN, 0, b"\0\0\0\1"))
    world.answers = 1
    with pytest.raises(ChoreFault) as fault:
        use(world, "stake", suite=Suite(token), operator=FRIEND, coins="1")
    assert (fault.value.code, len(world.sent)) == ("not_known", 2)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("transfer(address,uint256)", (FRIEND, "3coins")),
        ("transferFrom(address,address,uint256)", (ACCOUNT, FRIEND, "3coins")),
        ("approve(address,uint256)", (FRIEND, "3coins")),
    ],
)
def test_the_server_s_own_bound_counts_for_each_way_to_pay(world, function, arguments):
    with pytest.raises(BeyondGrant) as fault:
        call(world, function, *arguments, most=2 * COIN)
    assert (fault.value.code, world.sent) == ("over_own_bound", [])


def test_what_others_pay_the_account_is_not_bounded(world):
    world.answers = 1
    done = call(world, "transferFrom(address,address,uint256)", FRIEND, ACCOUNT, "3coins", most=2 * COIN)
    assert done["sent"]
