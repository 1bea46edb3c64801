"""ThirdPartyVault: a contract that is not ours. The auditor's guide walks through this file."""

from __future__ import annotations

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Who

SOURCE = "ThirdPartyVault.vy"
WEALTH = 10**24


class Vault(System):
    """Deposits, exits, a reward stream and slashing against a model in whole numbers."""

    contracts = ("ThirdPartyVault",)
    actors = ("depositor", "rival", "guardian", "funder")

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("PlainToken", sender=owner)
        vault = evm.deploy("ThirdPartyVault", token, self["guardian"], self["funder"], sender=owner)
        self.bind(vault=vault, token=token)
        for actor in self.roles.values():
            token.mint(actor, WEALTH, sender=owner)
            token.approve(vault, 2**256 - 1, sender=actor)
        self.delay, self.stream = (artifacts.constant(SOURCE, name) for name in ("EXIT_DELAY", "STREAM"))
        self.virtual = artifacts.constant(SOURCE, "VIRTUAL")
        self.balance_of = self.read("token.balanceOf")
        self.stored = [self.read(f"vault.{name}") for name in ("total_shares", "active", "total_claims", "exiting")]
        self.stored_shares, self.stored_claims = self.read("vault.shares"), self.read("vault.exit_claims")
        self.stored_reward = self.read("vault.unstreamed")

    def start(self) -> None:
        self.shares = dict.fromkeys(self.addresses, 0)
        self.claims = dict.fromkeys(self.addresses, 0)
        self.coins = dict.fromkeys(self.addresses, WEALTH)
        self.ripe = dict.fromkeys(self.addresses, 0)
        self.total_shares = self.active = self.total_claims = self.exiting = 0
        self.reward = self.stream_end = 0
        self.settled = self.now

    def deadlines(self) -> list[int]:
        return [*self.ripe.values(), self.stream_end]

    def settle(self) -> None:
        part = self.reward
        if self.now < self.stream_end:
            part = self.reward * (self.now - self.settled) // (self.stream_end - self.settled)
        self.reward, self.active, self.settled = self.reward - part, self.active + part, self.now

    def most(self) -> int:
        return self.active + self.exiting

    @action("vault.deposit", Amount("coins"))
    def deposit(self, who: str, assets: int) -> Steps:
        if assets == 0:
            return "vault: nothing to deposit"
        if assets > 10**40:
            return None  # beyond any coin: the arithmetic's own check refuses it without words
        self.settle_preview = self.preview()
        made = assets * (self.total_shares + self.virtual) // (self.settle_preview + self.virtual)
        if made == 0:
            return "vault: too little for a share"
        if assets > self.coins[who]:
            return "plain: balance too small"
        yield
        self.settle()
        self.shares[who] += made
        self.total_shares += made
        self.active += assets
        self.coins[who] -= assets
        if self.sometimes():
            self.emitted("vault.Deposited", owner=who, assets=assets, shares=made)

    def preview(self) -> int:
        """Active stake as the next call will see it."""
        before = self.reward, self.active, self.settled
        self.settle()
        active = self.active
        self.reward, self.active, self.settled = before
        return active

    @action("vault.request_exit", Amount("shares"))
    def request_exit(self, who: str, amount: int) -> Steps:
        if amount == 0:
            return "vault: nothing to exit"
        if amount > self.shares[who]:
            return "vault: not enough shares"
        yield
        self.settle()
        assets = min(amount * (self.active + self.virtual) // (self.total_shares + self.virtual), self.active)
        claims = assets * (self.total_claims + self.virtual) // (self.exiting + self.virtual)
        self.shares[who] -= amount
        self.total_shares -= amount
        self.active -= assets
        self.claims[who] += claims
        self.total_claims += claims
        self.exiting += assets
        self.ripe[who] = self.now + self.delay
        if self.sometimes():
            self.emitted("vault.ExitRequested", owner=who, assets=assets, ripe_at=self.ripe[who])

    @action("vault.exit")
    def exit(self, who: str) -> Steps:
        if self.claims[who] == 0:
            return "vault: no exit asked for"
        if self.now < self.ripe[who]:
            return "vault: exit is not ripe"
        yield
        owed = self.claims[who] * (self.exiting + self.virtual) // (self.total_claims + self.virtual)
        assets = min(owed, self.exiting)
        self.total_claims -= self.claims[who]
        self.exiting -= assets
        self.claims[who] = 0
        self.coins[who] += assets
        if self.sometimes():
            self.emitted("vault.Exited", owner=who, assets=assets)

    @action("vault.move_shares", Who(), Amount("shares"))
    def move_shares(self, who: str, receiver: str, amount: int) -> Steps:
        if amount > self.shares[who]:
            return "vault: too few shares to move"
        yield
        self.shares[who] -= amount
        self.shares[receiver] += amount
        if self.sometimes():
            self.emitted("vault.SharesMoved", sender=who, receiver=receiver, shares=amount)

    @action("vault.fund", Amount(10**21))
    def fund(self, who: str, assets: int) -> Steps:
        if who != self["funder"]:
            return "vault: not the funder"
        if assets > 10**40:
            return None
        if assets > self.coins[who]:
            return "plain: balance too small"
        yield
        self.settle()
        self.reward += assets
        self.stream_end = self.now + self.stream
        self.coins[who] -= assets
        if self.sometimes():
            self.emitted("vault.Funded", assets=assets, until=self.stream_end)

    @action("vault.slash", Amount(lambda self, who: self.most()))
    def slash(self, who: str, assets: int) -> Steps:
        if who != self["guardian"]:
            return "vault: not the guardian"
        whole = self.preview() + self.exiting
        if whole == 0:
            return "vault: nothing to slash"
        yield
        self.settle()
        taken = min(assets, whole // 2)
        from_exits = min(-(-taken * self.exiting // whole), self.exiting)
        self.exiting -= from_exits
        self.active -= taken - from_exits
        self.coins[who] += taken
        if self.sometimes():
            self.emitted("vault.Slashed", assets=taken, from_exits=from_exits)

    @invariant("VAU-1")
    def solvent(self) -> bool:
        """The vault's coins are stake, exits and what has yet to stream in, to the last unit."""
        _, active, _, exiting = (reader() for reader in self.stored)
        return self.balance_of(self["vault"]) == active + exiting + self.stored_reward()

    @invariant("VAU-2")
    def follows_the_model(self) -> bool:
        """Totals are what the model says."""
        return [reader() for reader in self.stored] == [
            self.total_shares, self.active, self.total_claims, self.exiting
        ]  # fmt: skip

    @invariant("VAU-3")
    def shares_add_up(self) -> bool:
        """Everybody's shares and claims are the model's, and add up to the totals."""
        return all(
            self.stored_shares(who) == self.shares[who] and self.stored_claims(who) == self.claims[who]
            for who in self.addresses
        )

    @invariant("VAU-4")
    def coins_are_conserved(self) -> bool:
        """Nobody's coins change but by what was paid in or out."""
        return all(self.balance_of(who) == self.coins[who] for who in self.addresses)
