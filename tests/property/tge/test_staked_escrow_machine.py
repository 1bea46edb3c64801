"""VestingEscrow at the real hub, slashed while it vests.

ESC-3 what is here, at stake and lost covers every unpaid coin, to the wei · ESC-5 a slash takes from what is not vested
first · ESC-6 a revoker never gets a vested coin, and gets the rest once it is back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import currently_in_test_context, event
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audit.staked_hub import LOCK, MULTIPLE, UNBONDING, hub_arguments, make_room
from evmstorm.evm import LocalEvm, Revert
from keifu.tge import Schedule
from keifu.units import COIN, DAY

TOTALS = (1_000 * COIN, 777 * COIN + 13, 20 * COIN + 1)
OTHERS = 4_000 * COIN  # that others have delegated
# What an operator without room answers, and what a slice too small does.
ALLOWED = {"hub: below minimum stake", "hub: dust left", "hub: pool is full", "hub: too little"}


@dataclass
class Grant:
    """What is known of a grant without looking at the escrow's records of stakes."""

    total: int
    schedule: Schedule
    paid: int = 0
    refunded: int = 0
    vested_at_revocation: int | None = None
    tickets: set[int] = field(default_factory=set)

    def vested(self, at):
        return self.schedule.vested(self.total, at) if self.vested_at_revocation is None else self.vested_at_revocation


def count(what):
    """For the statistics of a run; nothing when a rule is called by hand."""
    if currently_in_test_context():
        event(what)


class World:
    """A hub whose operator answers for its delegators, others' stake with it, and three grants."""

    def __init__(self):
        evm = self.evm = LocalEvm()
        roles = ("deployer", "operator", "service", "holder", "revoker", "other delegator")
        self.deployer, self.operator, self.service, self.holder, self.revoker, other = map(evm.account, roles)
        self.token = evm.deploy("KeifuToken", self.deployer, sender=self.deployer)
        self.hub = evm.deploy(
            "StakingHub", *hub_arguments(self.token, self.deployer, self.deployer), sender=self.deployer
        )
        self.escrow = evm.deploy("VestingEscrow", self.token, self.hub, sender=self.deployer)
        for account in (self.operator, other):
            self.token.transfer(account, 10**6 * COIN, sender=self.deployer)
            self.token.approve(self.hub, 2**256 - 1, sender=account)
        make_room(self.hub, self.token, self.deployer, self.service, [self.operator], evm.warp, commission_bps=0)
        self.hub.stake(self.operator, OTHERS, 0, 0, sender=other)
        self.token.approve(self.escrow, 2**256 - 1, sender=self.deployer)
        self.schedule = Schedule(evm.now + DAY, 30 * DAY, 6, 4)
        for total in TOTALS:
            terms = (self.holder, self.revoker, total, self.schedule.start, 30 * DAY, 6, 0, 4)
            self.escrow.create(terms, sender=self.deployer)
        self.begin = evm.snapshot()


WORLD = World()


class StakedEscrow(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        WORLD.evm.restore(WORLD.begin)
        self.evm, self.escrow, self.hub, self.token = WORLD.evm, WORLD.escrow, WORLD.hub, WORLD.token
        self.grants = {number + 1: Grant(total, WORLD.schedule) for number, total in enumerate(TOTALS)}
        # Two grants are at stake before the first slash takes the operator's room.
        self.enter(1, 8)
        self.enter(2, 4)

    def attempt(self, call):
        """The receipt, or None after a refusal that may happen."""
        try:
            return call()
        except Revert as revert:
            count(revert.reason)
            if revert.reason not in ALLOWED:
                raise
            return None

    def stake(self, number):
        return self.escrow.stake_of(number)

    @rule(number=st.integers(1, 3), part=st.integers(1, 8))
    def enter(self, number, part):
        grant, stake = self.grants[number], self.stake(number)
        here = grant.total - grant.paid - stake[1] - stake[2] - stake[3]
        if grant.vested_at_revocation is None and here > 0:
            call = self.escrow.stake
            self.attempt(lambda: call(number, WORLD.operator, here * part // 8, 0, sender=WORLD.holder))

    @rule(number=st.integers(1, 3), part=st.integers(1, 8))
    def leave(self, number, part):
        shares = self.hub.position(WORLD.operator, self.escrow.stake_key(number))[0]
        if shares * part // 8 > 0:
            receipt = self.attempt(lambda: self.escrow.unstake(number, shares * part // 8, 0, sender=WORLD.holder))
            if receipt is not None:
                self.grants[number].tickets.add(receipt.value)

    @rule(number=st.integers(1, 3))
    def take_back(self, number):
        self.evm.warp(2 * UNBONDING)
        for ticket in list(self.grants[number].tickets):
            self.count_refund(number, self.escrow.withdraw(number, ticket, sender=WORLD.service))
            self.grants[number].tickets.remove(ticket)

    def count_refund(self, number, receipt):
        self.grants[number].refunded += sum(log.args["amount"] for log in receipt.events("Settled"))

    @rule(number=st.integers(1, 3))
    def write_off(self, number):
        self.count_refund(number, self.escrow.write_off(number, sender=WORLD.service))

    @rule(penalty=st.sampled_from([1, LOCK // 10, LOCK // MULTIPLE + 7, LOCK]))
    def slash(self, penalty):
        self.hub.slash(WORLD.operator, 0, penalty, sender=WORLD.service)

    @rule()
    def lock_again(self):
        if (there := self.hub.lock_of(WORLD.service, WORLD.operator)) < LOCK:
            self.hub.lock(WORLD.service, WORLD.operator, LOCK - there, sender=WORLD.operator)
            self.hub.bind(WORLD.operator, LOCK, sender=WORLD.service)

    @rule(number=st.integers(1, 3))
    def claim(self, number):
        self.grants[number].paid += self.escrow.claim_many([number], sender=WORLD.service).value

    @precondition(lambda self: any(grant.vested_at_revocation is None for grant in self.grants.values()))
    @rule(number=st.integers(1, 3))
    def revoke(self, number):
        grant = self.grants[number]
        vested = grant.vested(self.evm.now)
        if grant.vested_at_revocation is None and vested < grant.total:
            grant.vested_at_revocation = vested
            grant.refunded += self.escrow.revoke(number, sender=WORLD.revoker).value

    @rule(days=st.integers(0, 60))
    def wait(self, days):
        self.evm.warp(days * DAY)

    @invariant()
    def esc_3_every_unpaid_coin_is_here_at_stake_or_lost(self):
        here = 0
        for number, grant in self.grants.items():
            _, active, leaving, lost, owed, _ = self.stake(number)
            promised = grant.total if grant.vested_at_revocation is None else grant.vested_at_revocation
            here += promised - grant.paid + owed - active - leaving - lost
            assert grant.paid == self.escrow.paid(number) <= grant.vested(self.evm.now)
        assert self.token.balanceOf(self.escrow.address) == here

    @invariant()
    def esc_5_and_6_what_is_not_vested_bears_losses_first(self):
        """Of a grant of `total` with losses so far, the beneficiary can still get min(vested, total - losses)."""
        for number, grant in self.grants.items():
            _, active, leaving, lost, owed, _ = self.stake(number)
            vested = grant.vested(self.evm.now)
            if grant.vested_at_revocation is None:
                reachable = min(vested - grant.paid, grant.total - grant.paid - lost)
                assert self.escrow.claimable(number) == min(
                    reachable, grant.total - grant.paid - lost - active - leaving
                )
                continue
            losses = grant.total - vested - grant.refunded - owed + lost
            count("revoked and slashed" if losses else "revoked")
            assert losses >= 0
            assert lost == max(0, losses - (grant.total - vested))
            assert grant.refunded <= grant.total - vested

    def teardown(self):
        """Once everything is back, everyone has got what is theirs and the escrow is empty."""
        for number, grant in self.grants.items():
            shares = self.hub.position(WORLD.operator, self.escrow.stake_key(number))[0]
            if shares:
                grant.tickets.add(self.escrow.unstake(number, shares, 0, sender=WORLD.holder).value)
        self.evm.warp_to(max(self.evm.now, WORLD.schedule.end))
        for number, grant in self.grants.items():
            self.take_back(number)
            self.write_off(number)
            self.claim(number)
            _, active, leaving, lost, owed, _ = self.stake(number)
            assert (active, leaving, owed) == (0, 0, 0)
            promised = grant.total if grant.vested_at_revocation is None else grant.vested_at_revocation
            count("lost from the beneficiary's part" if lost else "nothing lost from it")
            assert grant.paid == promised - lost
        assert self.token.balanceOf(self.escrow.address) == 0


TestStakedEscrow = StakedEscrow.TestCase
