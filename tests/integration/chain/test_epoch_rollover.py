"""The first call of an epoch also does its rollover: what was estimated just before still has enough gas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from audit.staked_hub import EPOCH, hub_arguments, make_room
from evmstorm.evm import artifacts
from keifu.abi import Contract
from keifu.chain import Anvil, ChainClient, Rpc
from keifu.chain.sender import Intent, Sender, State
from keifu.keys import Account
from keifu.units import COIN
from tests.ape_chain import GENESIS

pytestmark = pytest.mark.case("tools-16")

LOCK = 100_000 * COIN
WITHOUT_ROLLOVER = 125  # per cent of the estimate: what was given before


@dataclass(frozen=True)
class Hub:
    """A hub in the middle of an epoch, whose operator has a delegator, a service and rewards on their way."""

    anvil: Anvil
    client: ChainClient
    hub: Contract
    operator: Account
    delegator: Account
    service: Account

    def calls(self) -> dict[str, tuple[Account, bytes]]:
        hub, operator, delegator = self.hub, self.operator, self.delegator
        return {
            "stake": (delegator, hub.stake.encode(operator, COIN, 0, 0)),
            "unstake": (delegator, hub.unstake.encode(operator, COIN, 0, 0)),
            "claim_rewards": (delegator, hub.claim_rewards.encode(operator, delegator, 0)),
            "reward": (operator, hub.reward.encode(operator, COIN)),
            "fund_emission": (operator, hub.fund_emission.encode(COIN)),
            "bind": (self.service, hub.bind.encode(operator, LOCK // 2)),
            "poke": (delegator, hub.poke.encode(operator, self.service)),
            "slash": (self.service, hub.slash.encode(operator, COIN, COIN)),
        }


@pytest.fixture(scope="module")
def scene():
    with Anvil(timestamp=GENESIS) as anvil:
        client = ChainClient(anvil.rpc, artifacts.load)
        owner, operator, delegator, service = (
            anvil.account(role) for role in ("owner", "operator", "delegator", "service")
        )
        token = client.deploy("KeifuToken", owner, sender=owner)
        hub = client.deploy("StakingHub", *hub_arguments(token, owner, Account.from_role("sink")), sender=owner)
        for account in (operator, delegator):
            token.transfer(account, 4 * LOCK, sender=owner)
            token.approve(hub, 2**256 - 1, sender=account)
        make_room(hub, token, owner, service, [operator], anvil.warp, lock=LOCK)
        hub.stake(operator, LOCK, 0, 0, sender=delegator)
        hub.fund_emission(10**6 * COIN, sender=owner)
        anvil.warp(15 * EPOCH)
        hub.reward(operator, 100 * COIN, sender=operator)
        hub.fund_emission(100 * COIN, sender=operator)
        anvil.warp(EPOCH)
        hub.poke(operator, service, sender=operator)
        hub.reward(operator, 100 * COIN, sender=operator)
        yield Hub(anvil, client, hub, operator, delegator, service)


@pytest.fixture
def hub(scene):
    number = scene.anvil.snapshot()
    yield scene
    scene.anvil.restore(number)
    scene.client.forget_nonces()


NAMES = ["stake", "unstake", "claim_rewards", "reward", "fund_emission", "bind", "poke", "slash"]


def at_rollover(hub: Hub, days: int) -> None:
    """The next block is the first one of an epoch so many days from now."""
    hub.anvil.at_next(hub.anvil.now + days * EPOCH)


class Turning(Rpc):
    """A node behind which the epoch turns when the gas is estimated and the transaction is about to come."""

    def __init__(self, hub: Hub, days: int) -> None:
        super().__init__(hub.anvil.url)
        self.turn: Callable[[], None] = lambda: at_rollover(hub, days)

    def batch(self, calls):
        if any(method == "eth_sendRawTransaction" for method, _ in calls):
            self.turn()
            self.turn = lambda: None
        return super().batch(calls)


@pytest.mark.parametrize("days", [1, 5, 20])
@pytest.mark.parametrize("name", NAMES)
def test_a_call_mined_at_an_epochs_rollover_has_enough_gas(hub, name, days):
    sender, data = hub.calls()[name]
    client = ChainClient(Turning(hub, days), artifacts.load)
    assert client.send(sender, hub.hub.address, data).gas_used > 0


@pytest.mark.parametrize("name", NAMES)
def test_an_intent_mined_at_an_epochs_rollover_is_done(hub, name, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    account, data = hub.calls()[name]
    with Sender(tmp_path / "sender.db", Turning(hub, 1), account) as sender:
        sender.submit(Intent(name, hub.hub.address, data))
        assert [intent.state for intent in sender.wait(name)] == [State.DONE]


def test_a_share_of_the_estimate_would_not_be_enough(hub):
    """Without the turn's own gas most of these calls fail: the reason for it."""
    short = []
    for name, (sender, data) in hub.calls().items():
        number = hub.anvil.snapshot()
        request = {"from": sender.address, "to": hub.hub.address, "data": "0x" + data.hex()}
        estimate = int(hub.anvil.rpc.call("eth_estimateGas", request), 16)
        at_rollover(hub, 1)
        used = hub.client.send(sender, hub.hub.address, data).gas_used
        short += [name] if used > estimate * WITHOUT_ROLLOVER // 100 else []
        hub.anvil.restore(number)
        hub.client.forget_nonces()
    assert len(short) >= len(NAMES) - 1
