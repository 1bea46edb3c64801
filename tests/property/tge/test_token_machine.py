"""KeifuToken against balances and allowances in two dictionaries: TOK-1, TOK-2, TOK-3."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from evmstorm.evm import LocalEvm, Revert, artifacts

SUPPLY = artifacts.constant("lib/constants.vy", "TOKEN_SUPPLY")
UNLIMITED = 2**256 - 1
actors = st.sampled_from(["holder", "other holder", "spender"])
amounts = st.integers(0, 5) | st.integers(0, SUPPLY) | st.sampled_from([SUPPLY, SUPPLY + 1, UNLIMITED])


class TokenMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.evm = LocalEvm()
        self.actors = {name: self.evm.account(name) for name in ("holder", "other holder", "spender")}
        holder = self.actors["holder"]
        self.token = self.evm.deploy("KeifuToken", holder.address, sender=holder)
        self.balances = {"holder": SUPPLY, "other holder": 0, "spender": 0}
        self.allowed = {}

    def outcome(self, call):
        """The reason of a refusal, or None."""
        try:
            call()
        except Revert as revert:
            event(revert.reason)
            return revert.reason
        return None

    def move(self, source, receiver, amount):
        self.balances[source] -= amount
        self.balances[receiver] += amount

    @rule(source=actors, receiver=actors, amount=amounts)
    def transfer(self, source, receiver, amount):
        call = lambda: self.token.transfer(self.actors[receiver].address, amount, sender=self.actors[source])  # noqa: E731
        if self.balances[source] < amount:
            assert self.outcome(call) == "token: insufficient balance"
        else:
            assert self.outcome(call) is None
            self.move(source, receiver, amount)

    @rule(owner=actors, spender=actors, amount=amounts)
    def approve(self, owner, spender, amount):
        self.token.approve(self.actors[spender].address, amount, sender=self.actors[owner])
        self.allowed[owner, spender] = amount

    @rule(owner=actors, spender=actors, receiver=actors, amount=amounts)
    def transfer_from(self, owner, spender, receiver, amount):
        arguments = self.actors[owner].address, self.actors[receiver].address, amount
        refused = self.outcome(lambda: self.token.transferFrom(*arguments, sender=self.actors[spender]))
        allowed = self.allowed.get((owner, spender), 0)
        if allowed < amount:
            assert refused == "token: insufficient allowance"
        elif self.balances[owner] < amount:
            assert refused == "token: insufficient balance"
        else:
            assert refused is None
            self.move(owner, receiver, amount)
            if allowed != UNLIMITED:
                self.allowed[owner, spender] = allowed - amount

    @invariant()
    def tok_1_balances_are_the_models_and_add_up_to_the_supply(self):
        read = {name: self.token.balanceOf(account.address) for name, account in self.actors.items()}
        assert read == self.balances
        assert sum(read.values()) == self.token.totalSupply() == SUPPLY
        for (owner, spender), amount in self.allowed.items():
            assert self.token.allowance(self.actors[owner].address, self.actors[spender].address) == amount


TestToken = TokenMachine.TestCase
