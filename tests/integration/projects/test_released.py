"""Templates over contracts that npm ships, by their byte code alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ethwire.constants import DAY
from evmstorm import project
from evmstorm.evm import Contract, LocalEvm
from evmstorm.fuzz import Steps
from evmstorm.fuzz.alive import check_alive
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.search import Search
from evmstorm.templates import Staking, Vesting

pytestmark = pytest.mark.case("tools-30")
NODE = Path(__file__).parents[3] / "node_modules"
STAKER = NODE / "@uniswap" / "liquidity-staker" / "build"
OPENZEPPELIN = NODE / "@openzeppelin" / "contracts" / "build" / "contracts"
START = 1_767_225_600 + DAY


def searched(system: type, folder: Path, calls: int = 3_000) -> Finding | None:
    with project.using(folder):
        engine = Engine(system)
        search = Search(engine, 1)
        while engine.calls + engine.waits < calls:
            if (finding := search.step()) is not None:
                return finding
        check_alive(engine, engine.counts, engine.sequences, engine.checked)
    return None


class Pool(Staking):
    """StakingRewards, which the owner brings rewards to."""

    contracts = ("StakingRewards.json",)
    same_coins = False
    pays = True

    def deploy(self, evm: LocalEvm) -> tuple[Contract, Contract, Contract]:
        self.owner = evm.account("owner")
        coins = evm.deploy("TestERC20.json", 10**24, sender=self.owner)
        rewards = coins if self.same_coins else evm.deploy("TestERC20.json", 10**27, sender=self.owner)
        pool = evm.deploy("StakingRewards.json", self.owner.address, rewards, coins, sender=self.owner)
        return coins, rewards, pool

    def fund(self, who: str, amount: int) -> Steps:
        if self.pays:
            yield self.tx("rewards.transfer", self["pool"], amount, sender=self.owner.address)
        yield self.tx("pool.notifyRewardAmount", amount, sender=self.owner.address, raw_outcome=True)


def test_stakes_and_rewards_of_a_released_pool_are_safe() -> None:
    assert searched(Pool, STAKER) is None


def test_a_pool_that_takes_stakes_for_rewards_is_found() -> None:
    """Where both are the same coins, the pool's check of its rewards counts the stakes."""
    found = searched(type("Same", (Pool,), {"same_coins": True, "pays": False}), STAKER, 30_000)

    assert found is not None
    assert found.id.startswith(("STAKE-2", "STAKE-3", "withdraw: ", "take: ")), found


class Wallet(Vesting):
    """VestingWallet, which pays in a line."""

    contracts = ("VestingWallet.json",)
    begin, seconds, total = START, 100 * DAY, 10**21 + 7

    def deploy(self, evm: LocalEvm) -> tuple[Contract, Contract]:
        owner = evm.account("owner")
        with project.using(STAKER):
            coins = evm.deploy("TestERC20.json", self.total, sender=owner)
        wallet = evm.deploy("VestingWallet.json", self["user"], self.begin, 100 * DAY, sender=owner)
        coins.transfer(wallet, self.total, sender=owner)
        return coins, wallet


def test_a_released_vesting_wallet_pays_in_time() -> None:
    assert searched(Wallet, OPENZEPPELIN) is None


@pytest.mark.parametrize(
    ("changed", "reported"),
    [({"seconds": 101 * DAY}, "before their time"), ({"seconds": 99 * DAY}, "were not paid")],
    ids=["sooner", "later"],
)
def test_a_wallet_of_other_times_is_found(changed: dict[str, Any], reported: str) -> None:
    found = searched(type("Other", (Wallet,), changed), OPENZEPPELIN, 10_000)

    assert found is not None
    assert reported in found.message or found.id == "VEST-2"
