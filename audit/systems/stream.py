"""RewardStream: what it hands to the hub depends on time alone, whoever calls and however often."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._constructors import Deployment, variations
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount
from keifu.units import DAY

DURATION = 100 * DAY
FUNDS = 10**24


class Stream(System):
    """Funding, releasing and donating over the stream's whole life."""

    contracts = ("RewardStream",)
    actors = ("funder", "stranger")

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), 14 * DAY, DAY, sender=owner)
        stream = evm.deploy("RewardStream", token, hub, DURATION, sender=owner)
        self.bind(stream=stream, token=token, hub=hub)
        for who in self.roles.values():
            token.transfer(who, FUNDS, sender=owner)
            token.approve(stream, 2**256 - 1, sender=who)
        self.stored, self.until = self.read("token.balanceOf"), self.read("stream.released_until")
        self.opening, self.end = evm.now, evm.now + DURATION
        fees = evm.deploy("FeeToken", sender=owner)
        taxed = evm.deploy("RewardStream", fees, hub, DURATION, sender=owner)
        self.bind(taxed=taxed)
        fees.mint(self["funder"], FUNDS, sender=owner)
        fees.approve(taxed, FUNDS, sender=self["funder"])

    def constructors(self) -> Iterator[Deployment]:
        return variations(
            "RewardStream",
            (self["token"], self["hub"], DURATION),
            (0, self["funder"], "stream: token is no contract"),
            (1, self["funder"], "stream: hub is no contract"),
            (2, 0, "stream: no duration"),
            (2, 1, None),
        )

    def start(self) -> None:
        self.released_until, self.held, self.handed = self.opening, 0, 0
        self.coins = dict.fromkeys(self.addresses, FUNDS)

    def deadlines(self) -> list[int]:
        return [self.end]

    def due(self) -> int:
        if self.now >= self.end:
            return self.held
        return self.held * (self.now - self.released_until) // (self.end - self.released_until)

    def release_due(self) -> int:
        if due := self.due():
            self.released_until = min(self.now, self.end)
            self.held -= due
            self.handed += due
        return due

    @action("stream.fund", Amount("coins"))
    def fund(self, who: str, amount: int) -> Steps:
        if amount == 0:
            return "stream: zero amount"
        if amount > self.coins[who]:
            return "token: insufficient balance"
        yield
        self.release_due()
        self.released_until = min(self.now, self.end)
        self.held += amount
        self.coins[who] -= amount
        if self.sometimes():
            self.emitted("stream.Funded", payer=who, amount=amount)

    @action("", weight=1, always_reverts=True)
    def fund_taxed(self, who: str) -> Steps:
        yield self.tx("taxed.fund", 1_000, sender=self["funder"], fails="transfer: token takes a fee")

    @action("stream.release")
    def release(self, who: str) -> Steps:
        returned = yield
        due = self.release_due()
        assert int.from_bytes(returned, "big") == due, "release returns what it handed over"
        if due and self.sometimes():
            self.emitted("stream.Released", amount=due, until=self.now)

    @action("", Amount("coins"), weight=1)
    def donate(self, who: str, amount: int) -> Steps:
        if amount > self.coins[who]:
            return None
        yield self.tx("token.transfer", self["stream"], amount, sender=who)
        self.coins[who] -= amount
        self.held += amount

    @invariant("STR-1")
    def coins_follow(self) -> bool:
        """Every coin is still in the stream or was handed to the hub."""
        return (self.stored(self["stream"]), self.stored(self["hub"])) == (self.held, self.handed)

    @invariant("STR-2")
    def time_follows(self) -> bool:
        """A release counts up to now and never past the end."""
        return self.until() == self.released_until <= self.end

    @invariant("STR-3", at_end=True)
    def dry_in_the_end(self) -> bool:
        """From the end on a release hands over all that is there."""
        seen = self.ask("stream.releasable")
        self.evm.warp_to(max(self.now, self.end))
        held = self.held
        return seen <= held == self.do("stream.release", sender=self["stranger"]) and self.stored(self["stream"]) == 0
