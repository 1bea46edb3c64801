"""Stakes that earn rewards by time (as Synthetix' StakingRewards does): stakes are safe, rewards there, exits open."""

from __future__ import annotations

from ethwire.abi import Contract
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import RAW_OUTCOME, Amount, Steps, System, action, invariant
from evmstorm.oracles import Claim, Exit, check_exits, check_payable
from evmstorm.templates.erc20 import share_out

__all__ = ["Staking"]

DUST = 1_000  # wei that rounding may move in one sequence


class Staking(System):
    """Give `deploy`. The coins to stake are the owner's first, and are shared out among the actors."""

    exit_seconds = 0  # how long an exit may take

    def deploy(self, evm: LocalEvm) -> tuple[Contract, Contract, Contract]:
        """(coins to stake, coins of rewards, pool); one contract may be both kinds of coins."""
        raise NotImplementedError

    def fund(self, who: str, amount: int) -> Steps:
        """The calls that bring new rewards; none by default. `who` is any actor."""
        del who, amount
        return
        yield

    def setup(self, evm: LocalEvm) -> None:
        coins, rewards, pool = self.deploy(evm)
        self.bind(coins=coins, rewards=rewards, pool=pool)
        self.begun = share_out(self, coins, evm.account("owner"))
        for who in self.roles.values():
            coins.approve(pool, 2**256 - 1, sender=who)

    def start(self) -> None:
        self.staked = dict.fromkeys(self.addresses, 0)

    def free(self, who: str) -> int:
        return self.ask("coins.balanceOf", who)

    @action("pool.stake", Amount("free"))
    def stake(self, who: str, amount: int) -> Steps:
        must = 0 < amount <= self.free(who)
        if (yield None if must else RAW_OUTCOME) is not None:
            self.staked[who] += amount

    @action("pool.withdraw", Amount("staked"))
    def withdraw(self, who: str, amount: int) -> Steps:
        must = 0 < amount <= self.staked[who]
        if (yield None if must else RAW_OUTCOME) is not None:
            assert amount <= self.staked[who], f"{amount} were withdrawn of {self.staked[who]}"
            self.staked[who] -= amount

    @action("pool.getReward")
    def take(self, who: str) -> Steps:
        yield

    @action(weight=2)
    def bring(self, who: str) -> Steps:
        yield from self.fund(who, 10**20)

    @invariant("STAKE-1")
    def stakes_are_what_was_staked(self) -> bool | str:
        """Everybody's stake is what it staked, less what it withdrew."""
        for who in self.addresses:
            if (found := self.ask("pool.balanceOf", who)) != self.staked[who]:
                return f"{self.names[who]} has a stake of {found}, and staked {self.staked[who]}"
        return self.ask("pool.totalSupply") == sum(self.staked.values())

    @invariant("STAKE-2", at_end=True)
    def rewards_are_there(self) -> bool:
        """Whoever takes its reward first, the last one is paid as well (promise)."""
        claims = [Claim(who, self.ask("pool.earned", who), "the pool") for who in self.addresses]
        check_payable((claim for claim in claims if claim.amount), self.evm.anchor, self._take)
        return True

    def _take(self, claim: Claim) -> int:
        before = self.ask("rewards.balanceOf", claim.who)
        self.do("pool.getReward", sender=claim.who)
        return self.ask("rewards.balanceOf", claim.who) - before + DUST

    @invariant("STAKE-3", at_end=True)
    def everybody_gets_out(self) -> bool:
        """Stakes can be withdrawn in time, whatever others did (delay)."""
        exits = [
            Exit(self.names[who], self.now, self.exit_seconds, lambda who=who: self._leave(who))  # type: ignore[misc]
            for who in self.addresses
            if self.staked[who]
        ]
        check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True

    def _leave(self, who: str) -> bool:
        before = self.free(who)
        self.do("pool.withdraw", self.staked[who], sender=who)
        return self.free(who) - before >= self.staked[who]
