"""VestingEscrow against a list of grants in Python: ESC-1 to ESC-4 under any order of calls."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, reverts
from keifu.tge import Schedule

BENEFICIARIES = ("holder", "other holder", "successor")


@dataclass
class Grant:
    beneficiary: str
    revocable: bool
    total: int
    schedule: Schedule
    paid: int = 0
    final: bool = False  # revoked: what was vested then is vested from its start on

    def vested(self, at):
        if self.final:
            return self.total if at >= self.schedule.start else 0
        return self.schedule.vested(self.total, at)


class EscrowMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.evm = LocalEvm()
        self.creator, self.revoker = self.evm.account("creator"), self.evm.account("revoker")
        self.accounts = {name: self.evm.account(name) for name in BENEFICIARIES}
        self.token = self.evm.deploy("KeifuToken", self.creator.address, sender=self.creator)
        self.escrow = self.evm.deploy("VestingEscrow", self.token.address, ZERO_ADDRESS, sender=self.creator)
        self.token.approve(self.escrow.address, 2**256 - 1, sender=self.creator)
        self.grants: list[Grant] = []
        self.received = dict.fromkeys(BENEFICIARIES, 0)
        self.refunded = self.donated = 0

    @rule(
        beneficiary=st.sampled_from(BENEFICIARIES),
        revocable=st.booleans(),
        total=st.integers(1, 10**24) | st.integers(1, 50),
        wait=st.integers(0, 1_000),
        step=st.integers(1, 10**6),
        steps=st.integers(1, 48),
        cliff=st.integers(0, 48),
        divisor=st.integers(0, 255),
    )
    def create(self, beneficiary, revocable, total, wait, step, steps, cliff, divisor):
        assume(cliff <= steps)
        schedule = Schedule(self.evm.now + wait, step, steps, divisor, cliff)
        revoker = self.revoker.address if revocable else ZERO_ADDRESS
        account = self.accounts[beneficiary].address
        plan = (account, revoker, total, schedule.start, step, steps, cliff, divisor)
        assert self.escrow.create(plan, sender=self.creator).value == len(self.grants) + 1
        self.grants.append(Grant(beneficiary, revocable, total, schedule))

    def pick(self, number):
        return number % len(self.grants)

    def pay(self, index):
        grant = self.grants[index]
        due = grant.vested(self.evm.now) - grant.paid
        grant.paid += due
        self.received[grant.beneficiary] += due
        return due

    @precondition(lambda self: self.grants)
    @rule(number=st.integers(0, 50))
    def claim(self, number):
        index = self.pick(number)
        if self.grants[index].vested(self.evm.now) == self.grants[index].paid:
            with reverts("escrow: nothing to claim"):
                self.escrow.claim(index + 1, sender=self.creator)
        else:
            receipt = self.escrow.claim(index + 1, sender=self.creator)
            assert receipt.value == self.pay(index)

    @precondition(lambda self: self.grants)
    @rule(numbers=st.lists(st.integers(0, 50), max_size=6))
    def claim_many(self, numbers):
        indices = [self.pick(number) for number in numbers]
        receipt = self.escrow.claim_many([index + 1 for index in indices], sender=self.creator)
        assert receipt.value == sum(self.pay(index) for index in indices)

    @precondition(lambda self: self.grants)
    @rule(number=st.integers(0, 50))
    def revoke(self, number):
        index = self.pick(number)
        grant = self.grants[index]
        refund = grant.total - grant.vested(self.evm.now)
        if not grant.revocable:
            with reverts("escrow: caller is not the revoker"):
                self.escrow.revoke(index + 1, sender=self.revoker)
        elif refund == 0:
            with reverts("escrow: nothing to revoke"):
                self.escrow.revoke(index + 1, sender=self.revoker)
        else:
            assert self.escrow.revoke(index + 1, sender=self.revoker).value == refund
            grant.total -= refund
            grant.final, grant.revocable = True, False
            self.refunded += refund

    @precondition(lambda self: self.grants)
    @rule(number=st.integers(0, 50), successor=st.sampled_from(BENEFICIARIES))
    def pass_on(self, number, successor):
        index = self.pick(number)
        grant = self.grants[index]
        account = self.accounts[successor]
        self.escrow.transfer_beneficiary(index + 1, account.address, sender=self.accounts[grant.beneficiary])
        self.escrow.accept_beneficiary(index + 1, sender=account)
        grant.beneficiary = successor

    @rule(amount=st.integers(1, 10**20))
    def donate(self, amount):
        self.token.transfer(self.escrow.address, amount, sender=self.creator)
        self.donated += amount

    @rule(seconds=st.integers(0, 10**7))
    def wait(self, seconds):
        self.evm.warp(seconds)

    @invariant()
    def records_and_coins_agree(self):
        for index, grant in enumerate(self.grants):
            assert self.escrow.paid(index + 1) == grant.paid <= grant.vested(self.evm.now)
            assert self.escrow.claimable(index + 1) == grant.vested(self.evm.now) - grant.paid
        owed = sum(grant.total - grant.paid for grant in self.grants)
        assert self.token.balanceOf(self.escrow.address) == owed + self.donated
        read = {name: self.token.balanceOf(account.address) for name, account in self.accounts.items()}
        assert read == self.received
        assert self.token.balanceOf(self.revoker.address) == self.refunded


TestEscrow = EscrowMachine.TestCase
