"""Coins that become free over time: never earlier, all of them in the end, whatever strangers do."""

from __future__ import annotations

from fractions import Fraction

from ethwire.abi import Contract
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import Call, Steps, System, action, invariant
from evmstorm.oracles import Exit, check_exits

__all__ = ["Vesting"]


class Vesting(System):
    """Give `deploy`; set `begin`, `seconds` and `total` there. It vests in a line, unless you give `vested`."""

    begin = 0  # time stamp
    seconds = 1
    total = 0  # wei

    def deploy(self, evm: LocalEvm) -> tuple[Contract, Contract]:
        """(token, vesting contract), which holds `total` for the actor "user"."""
        raise NotImplementedError

    def release(self, who: str) -> Call:
        """The call that pays what is free."""
        return self.tx("vesting.release", self["token"], sender=who, raw_outcome=True)

    def vested(self, time: int) -> Fraction:
        """What has become free by then."""
        return Fraction(self.total * min(max(time - self.begin, 0), self.seconds), self.seconds)

    def setup(self, evm: LocalEvm) -> None:
        token, vesting = self.deploy(evm)
        self.bind(token=token, vesting=vesting)
        self.had = int(token.balanceOf(self["user"]))

    def deadlines(self) -> list[int]:
        return [self.begin, self.begin + self.seconds // 2, self.begin + self.seconds]

    def paid(self) -> int:
        return self.ask("token.balanceOf", self["user"]) - self.had

    @action()
    def call_release(self, who: str) -> Steps:
        """Anyone's call."""
        if (yield self.release(who)) is None:
            return
        short = self.vested(self.now) - self.paid()
        assert short < 1, f"{int(short)} wei are free and were not paid"

    @invariant("VEST-1")
    def never_early(self) -> bool | str:
        """What was paid is at most what has become free."""
        early = self.paid() - self.vested(self.now)
        return early <= 0 or f"{int(early)} wei were paid before their time"

    @invariant("VEST-2", at_end=True)
    def all_in_the_end(self) -> bool:
        """When its time is over everything can be taken (delay)."""
        exit_ = Exit("user", self.begin, self.seconds, self._leave)
        check_exits([exit_], lambda: self.evm.now, self.evm.warp_to)
        return True

    def _leave(self) -> bool:
        call = self.release(self["user"])
        self.evm.raw.call(call.sender, call.to, call.data)
        return self.paid() == self.total
