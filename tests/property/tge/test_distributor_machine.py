"""TGEDistributor against its ledger in Python, under any order of claims, donations and waiting.

TGE-1 paid(i) is what the model says · TGE-2 never more than is vested · TGE-3 only the account is paid · TGE-4 a
donation changes nothing · TGE-5 the balance covers what is owed.
"""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm, reverts
from keifu.chain import Params, deploy_protocol
from keifu.tge import Grants, Ledger, Schedule
from keifu.tge.chain import distribution_of

ACCOUNTS = ["0x" + f"{number + 1:02x}" * 20 for number in range(7)]
totals = st.lists(st.integers(1, 10**24) | st.integers(1, 40), min_size=1, max_size=7)


class DistributorMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.evm = LocalEvm()
        self.deployer, self.donor = self.evm.account("deployer"), self.evm.account("donor")

    @initialize(totals=totals, step=st.integers(1, 10**7), steps=st.integers(1, 40), wait=st.integers(0, 100))
    def deploy(self, totals, step, steps, wait):
        self.grants = Grants(ACCOUNTS[: len(totals)], totals)
        self.schedule = Schedule(self.evm.now + wait, step, steps)
        distribution = distribution_of(self.grants.tree.root, self.grants.allocation, self.schedule)
        deployment = deploy_protocol(EvmDeployer(self.evm, self.deployer), Params(distribution=distribution))
        self.token = deployment.at(self.evm, "KeifuToken")
        self.distributor = deployment.at(self.evm, "TGEDistributor")
        self.token.transfer(self.distributor.address, self.grants.allocation, sender=self.deployer)
        self.ledger = Ledger(self.schedule, totals)
        self.donated = 0

    def proof(self, index):
        return self.grants.tree.proof(index)

    @rule(number=st.integers(0, 6))
    def claim(self, number):
        index = number % len(self.grants)
        account, total = self.grants.accounts[index], self.grants.totals[index]
        arguments = (index, account, total, self.proof(index))
        before = self.token.balanceOf(account)
        if self.ledger.due(index, self.evm.now) == 0:
            event("nothing due")
            with reverts("distributor: nothing to claim"):
                self.distributor.claim(*arguments, sender=self.donor)
            return
        event("paid")
        receipt = self.distributor.claim(*arguments, sender=self.donor)
        due = self.ledger.claim(index, self.evm.now)
        assert receipt.value == due
        assert self.token.balanceOf(account) - before == due

    @rule(numbers=st.lists(st.integers(0, 6), max_size=10))
    def claim_many(self, numbers):
        indices = [number % len(self.grants) for number in numbers]
        batch = [(i, self.grants.accounts[i], self.grants.totals[i], self.proof(i)) for i in indices]
        receipt = self.distributor.claim_many(batch, sender=self.donor)
        assert receipt.value == sum(self.ledger.claim(index, self.evm.now) for index in indices)

    @rule(number=st.integers(0, 6), change=st.sampled_from(["index", "account", "total", "proof"]))
    def claim_what_is_not_in_the_list(self, number, change):
        index = number % len(self.grants)
        account, total, proof = self.grants.accounts[index], self.grants.totals[index], self.proof(index)
        wrong = {
            "index": (index + 1, account, total, proof),
            "account": (index, self.donor.address, total, proof),
            "total": (index, account, total + 1, proof),
            "proof": (index, account, total, [*proof, b"\x01" * 32]),
        }[change]
        with reverts("distributor: not in the list"):
            self.distributor.claim(*wrong, sender=self.donor)

    @rule(amount=st.integers(1, 10**24))
    def donate(self, amount):
        self.token.transfer(self.distributor.address, amount, sender=self.deployer)
        self.donated += amount

    @rule(seconds=st.integers(0, 10**7))
    def wait(self, seconds):
        self.evm.warp(seconds)

    @rule(steps=st.integers(0, 40), around=st.integers(-1, 1))
    def wait_until_a_step(self, steps, around):
        moment = self.schedule.start + steps * self.schedule.step + around
        if moment > self.evm.now:
            self.evm.warp_to(moment)

    @precondition(lambda self: self.evm.now < self.schedule.end + 10**7)
    @rule()
    def wait_until_the_end(self):
        self.evm.warp_to(max(self.schedule.end, self.evm.now))

    @invariant()
    def records_and_coins_agree(self):
        if not hasattr(self, "ledger"):
            return
        for index, account in enumerate(self.grants.accounts):
            paid = self.ledger.paid.get(index, 0)
            assert self.distributor.paid(index) == paid == self.token.balanceOf(account)
            assert paid <= self.schedule.vested(self.grants.totals[index], self.evm.now)
            due = self.ledger.due(index, self.evm.now)
            assert self.distributor.claimable(index, account, self.grants.totals[index]) == due
        balance = self.token.balanceOf(self.distributor.address)
        assert balance == self.grants.allocation - self.ledger.paid_out + self.donated


TestDistributor = DistributorMachine.TestCase
