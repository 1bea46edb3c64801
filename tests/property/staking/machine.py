"""The staking hub beside its model: every call is made on both, and both must answer or refuse alike.

A ladder of machines, each adding rules to the one before: delegation, then rewards, then services and slashing, then
hostile amounts and donations. `HubAndModel` makes the calls, so that a rule never touches the contract itself.
"""

from __future__ import annotations

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.staking import Position, Service
from keifu.units import COIN
from tests.property.staking.hub_and_model import (
    DELEGATORS,
    EPOCH,
    HORIZONS,
    OPERATORS,
    PARTIES,
    SERVICES,
    UNBONDING,
    HubAndModel,
)

operators = st.sampled_from(OPERATORS)
delegators = st.sampled_from(DELEGATORS)
services = st.sampled_from(SERVICES)
coins = st.integers(1, 5_000).map(lambda n: n * COIN)
parts = st.sampled_from([1, 250, 500, 999, 1_000])


class Delegation(RuleBasedStateMachine):
    """Tame: two operators with bonds, delegators who come, go and wait."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = HubAndModel()
        self.model, self.hub = self.pair.model, self.pair.hub

    @initialize(commission=st.sampled_from([0, 1_000, 10_000]))
    def register(self, commission: int) -> None:
        for name in OPERATORS:
            sender = self.pair.account(name)
            self.pair.both(
                "register",
                lambda name=name: self.model.register_operator(name, commission),
                lambda sender=sender: self.hub.register_operator(commission, "ipfs://operator", sender=sender),
            )
            self.do_bond(name, 2_000 * COIN)

    def do_bond(self, name: str, amount: int) -> None:
        sender = self.pair.account(name)
        self.pair.both("bond", lambda: self.model.bond(name, amount), lambda: self.hub.bond(amount, sender=sender))

    @rule(name=operators, owner=delegators, amount=coins)
    def stake(self, name: str, owner: str, amount: int) -> None:
        sender = self.pair.account(owner)
        ok, shares, receipt = self.pair.both(
            f"stake({name}, {owner}, {amount})",
            lambda: self.model.stake(name, owner, amount),
            lambda: self.hub.stake(self.pair.address(name), amount, 0, sender=sender),
        )
        assert not ok or receipt.value == shares

    @rule(name=operators, owner=delegators, thousandths=parts)
    def unstake(self, name: str, owner: str, thousandths: int) -> None:
        held = self.model.operators[name].positions.get(owner, Position())
        self.do_unstake(name, owner, held.shares * thousandths // 1_000)

    def do_unstake(self, name: str, owner: str, shares: int) -> None:
        sender = self.pair.account(owner)
        ok, half, receipt = self.pair.both(
            f"unstake({name}, {owner}, {shares})",
            lambda: self.model.unstake(name, owner, shares),
            lambda: self.hub.unstake(self.pair.address(name), shares, sender=sender),
        )
        assert not ok or receipt.value == self.pair.ticket(name, half)

    @precondition(lambda self: self.model.tickets)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        owner, name, half = data.draw(st.sampled_from(sorted(self.model.tickets)))
        sender = self.pair.account(owner)
        before = self.pair.token.balanceOf(sender)
        ok, amount, receipt = self.pair.both(
            f"withdraw({name}, {owner})",
            lambda: self.model.withdraw(owner, name, half),
            lambda: self.hub.withdraw(self.pair.ticket(name, half), sender=sender),
        )
        if ok:
            assert receipt.value == amount
            assert self.pair.token.balanceOf(sender) == before + amount

    @rule(seconds=st.sampled_from([1, 3_600, EPOCH, EPOCH + 1, UNBONDING // 2, UNBONDING, 2 * UNBONDING]))
    def wait(self, seconds: int) -> None:
        note(f"wait({seconds})")
        self.pair.evm.warp(seconds)
        self.model.now = self.pair.evm.now

    # what must always hold

    @invariant()
    def model_equals_chain(self) -> None:
        for name, operator in self.model.operators.items():
            state = self.hub.operator_state(self.pair.address(name))
            assert state == (
                operator.bond.active,
                operator.bond.leaving,
                operator.bond.unlock,
                operator.bond.jailed,
                operator.active,
                operator.shares,
                operator.generation,
                self.model.unbonding(name),
                operator.committed,
                self.model.commission(operator, self.model.epoch),
                operator.epoch,
            )
            assert self.pair.world.fees(self.pair.address(name)) == operator.fees
        assert self.hub.totals()[:2] == (self.model.stake_total, self.model.insurance)
        assert self.pair.world.emission() == self.model.emission
        for role in (*OPERATORS, *DELEGATORS, *PARTIES):
            assert self.hub.credit(self.pair.address(role)) == self.model.credits.get(role, 0)

    @invariant()
    def hub_1_balance_covers_what_is_owed(self) -> None:
        """HUB-1, HUB-2"""
        balance = self.pair.token.balanceOf(self.hub)
        assert balance == self.model.balance + self.pair.donated
        assert 0 <= self.model.surplus() <= self.model.dust(self.pair.operations)

    @invariant()
    def hub_2_a_share_is_never_worth_more_than_a_coin(self) -> None:
        """HUB-8"""
        for operator in self.model.operators.values():
            assert operator.active <= operator.shares
            assert (operator.active == 0) == (operator.shares == 0)
            for bucket in operator.buckets.values():
                assert bucket.tokens <= bucket.shares

    @invariant()
    def hub_4_totals_are_sums(self) -> None:
        assert self.model.stake_total == sum(operator.stake for operator in self.model.operators.values())
        for operator in self.model.operators.values():
            current = (p.shares for p in operator.positions.values() if p.generation == operator.generation)
            assert operator.shares == sum(current)

    @invariant()
    def hub_5_effective_commitments_are_backed(self) -> None:
        """HUB-3"""
        for name in self.model.operators:
            address = self.pair.address(name)
            effective = sum(self.hub.effective(self.pair.address(service), address) for service in SERVICES)
            assert effective <= self.hub.slashable(address) == self.model.slashable(name)

    def teardown(self) -> None:
        """HUB-9: everyone really leaves; then it is undone with the rest of the example."""
        model, hub, pair = self.model, self.hub, self.pair
        if not model.operators:
            return
        for name, operator in model.operators.items():
            for owner, position in list(operator.positions.items()):
                if position.shares and position.generation == operator.generation:
                    self.do_unstake(name, owner, position.shares)
            if operator.bond.active:
                self.do_unbond(name, operator.bond.active)
        self.wait(2 * UNBONDING)
        for owner, name, half in sorted(model.tickets):
            sender = pair.account(owner)
            assert hub.withdraw(pair.ticket(name, half), sender=sender).value == model.withdraw(owner, name, half)
        for name, operator in model.operators.items():
            assert hub.withdraw_bond(pair.account(name), sender=pair.account(name)).value == model.withdraw_bond(name)
            for owner in operator.positions:
                sender = pair.account(owner)
                paid = hub.claim_rewards(pair.address(name), sender, sender=sender).value
                assert paid == model.claim_rewards(name, owner)
        for role in (*OPERATORS, *DELEGATORS, *PARTIES):
            assert hub.collect(pair.account(role), sender=pair.account(role)).value == model.collect(role)
        assert hub.pay_insurance(sender=pair.account("payer")).value == model.pay_insurance()
        self.hub_1_balance_covers_what_is_owed()
        assert model.stake_total == 0

    def do_unbond(self, name: str, amount: int) -> None:
        sender = self.pair.account(name)
        self.pair.both(
            f"unbond({name}, {amount})",
            lambda: self.model.unbond(name, amount),
            lambda: self.hub.unbond(amount, sender=sender),
        )


class Rewards(Delegation):
    """Adds fees, emission, claims and commissions."""

    @rule(name=operators, amount=st.one_of(coins, st.integers(1, 1_000)))
    def reward(self, name: str, amount: int) -> None:
        self.pair.both(
            f"reward({name}, {amount})",
            lambda: self.model.reward(name, amount),
            lambda: self.hub.reward(self.pair.address(name), amount, sender=self.pair.account("payer")),
        )

    @rule(amount=st.one_of(coins, st.integers(1, 1_000)))
    def fund_emission(self, amount: int) -> None:
        self.pair.both(
            f"fund_emission({amount})",
            lambda: self.model.fund_emission(amount),
            lambda: self.hub.fund_emission(amount, sender=self.pair.account("payer")),
        )

    @rule(name=operators, owner=delegators)
    def claim(self, name: str, owner: str) -> None:
        sender = self.pair.account(owner)
        foreseen = self.hub.pending_rewards(self.pair.address(name), sender)
        _, amount, receipt = self.pair.both(
            f"claim({name}, {owner})",
            lambda: self.model.claim_rewards(name, owner),
            lambda: self.hub.claim_rewards(self.pair.address(name), sender, sender=sender),
        )
        assert receipt.value == amount == foreseen

    @rule(owner=st.sampled_from((*DELEGATORS, *OPERATORS, *PARTIES)))
    def collect(self, owner: str) -> None:
        sender = self.pair.account(owner)
        _, amount, receipt = self.pair.both(
            f"collect({owner})",
            lambda: self.model.collect(owner),
            lambda: self.hub.collect(sender, sender=sender),
        )
        assert receipt.value == amount

    @rule(name=operators, commission=st.sampled_from([0, 1, 5_000, 10_000, 10_001]))
    def set_terms(self, name: str, commission: int) -> None:
        self.pair.both(
            f"set_terms({name}, {commission})",
            lambda: self.model.set_terms(name, commission),
            lambda: self.hub.set_terms(commission, "", sender=self.pair.account(name)),
        )


class Slashing(Rewards):
    """Adds services, commitments, bonds and slashes."""

    @initialize()
    def list_services(self) -> None:
        for name in SERVICES:
            terms = Service(HORIZONS[name], 5_000, 3_000)
            self.pair.both(
                "list",
                lambda name=name, terms=terms: self.model.list_service(name, terms),
                lambda name=name, terms=terms: self.hub.list_service(
                    self.pair.address(name), terms.horizon, terms.victim, terms.prover, ZERO_ADDRESS,
                    sender=self.pair.world.owner,
                ),
            )  # fmt: skip

    @rule(name=operators, service=services, amount=coins)
    def commit(self, name: str, service: str, amount: int) -> None:
        self.pair.both(
            f"commit({name}, {service}, {amount})",
            lambda: self.model.commit(name, service, amount),
            lambda: self.hub.commit(self.pair.address(service), amount, sender=self.pair.account(name)),
        )

    @rule(name=operators, service=services, thousandths=parts)
    def uncommit(self, name: str, service: str, thousandths: int) -> None:
        held = self.model.operators[name].commitments.get(service)
        amount = held.next * thousandths // 1_000 if held else 1
        self.pair.both(
            f"uncommit({name}, {service}, {amount})",
            lambda: self.model.uncommit(name, service, amount),
            lambda: self.hub.uncommit(self.pair.address(service), amount, sender=self.pair.account(name)),
        )

    @rule(name=operators, service=services, owner=delegators, thousandths=parts)
    def slash_beyond_the_bond(self, name: str, service: str, owner: str, thousandths: int) -> None:
        """The path that chance seldom finds: a promise, delegators who stay and leave, a bond on its way out."""
        self.commit(name, service, max(self.model.operators[name].bond.active, COIN))
        self.stake(name, owner, 1_000 * COIN)
        self.unstake(name, owner, 500)
        self.do_unbond(name, self.model.operators[name].bond.active)
        self.slash(name, service, 250, "victim")
        self.wait(UNBONDING)
        self.unstake(name, owner, 500)
        self.slash(name, service, thousandths, "victim")
        self.do_bond(name, 2_000 * COIN)

    @rule(name=operators, amount=coins)
    def bond(self, name: str, amount: int) -> None:
        self.do_bond(name, amount)

    @rule(name=operators, thousandths=parts)
    def unbond(self, name: str, thousandths: int) -> None:
        self.do_unbond(name, self.model.operators[name].bond.active * thousandths // 1_000)

    @rule(name=operators)
    def unjail(self, name: str) -> None:
        self.pair.both(
            f"unjail({name})",
            lambda: self.model.unjail(name),
            lambda: self.hub.unjail(sender=self.pair.account(name)),
        )

    @rule(name=operators, service=services, thousandths=parts, victim=st.sampled_from(["", "victim"]))
    def slash(self, name: str, service: str, thousandths: int, victim: str) -> None:
        self.do_slash(name, service, self.model.effective(service, name) * thousandths // 1_000, victim)

    def do_slash(self, name: str, service: str, amount: int, victim: str = "victim") -> None:
        slashable, tokens = self.model.slashable(name), self.hub.slashable(self.pair.address(name))
        matured = {
            key: self.model.ticket_worth(*key)
            for key in self.model.tickets
            if self.model.now >= self.model.maturity(key[2])
        }
        insurance = self.model.insurance
        assert slashable == tokens
        ok, answer, receipt = self.pair.both(
            f"slash({name}, {service}, {amount})",
            lambda: self.model.slash(service, name, amount, victim, "prover"),
            lambda: self.hub.slash(
                self.pair.address(name), amount, self.pair.address(victim) if victim else ZERO_ADDRESS,
                self.pair.address("prover"), b"\x01" * 32, sender=self.pair.account(service),
            ),
        )  # fmt: skip
        if not ok:
            return
        taken, from_bond, residue = answer
        assert receipt.value == taken
        # HUB-4: exactly what was asked for, or all that backs the promise; a wiped pool gives up its last grains too.
        assert self.model.slashable(name) == slashable - taken - residue
        # HUB-5: whoever the victim and prover are, they get at most four fifths of the operator's own loss.
        assert self.model.insurance - insurance >= taken - from_bond * 8 // 10
        # HUB-6: a matured ticket is never slashed.
        assert all(self.model.ticket_worth(*key) == worth for key, worth in matured.items())


class Hostile(Slashing):
    """Adds amounts that round badly, slashes of everything, donations and removed services."""

    @rule(name=operators, owner=delegators, amount=st.sampled_from([0, 1, COIN - 1, COIN, COIN + 1, 10**24]))
    def stake_odd(self, name: str, owner: str, amount: int) -> None:
        self.stake(name, owner, amount)

    @rule(name=operators, owner=delegators, shares=st.sampled_from([0, 1, COIN, 2**128 - 1]))
    def unstake_odd(self, name: str, owner: str, shares: int) -> None:
        self.do_unstake(name, owner, shares)

    @rule(name=operators, service=services, shape=st.sampled_from(["0", "1", "2", "99.99 %", "all but 1", "all", "x"]))
    def slash_odd(self, name: str, service: str, shape: str) -> None:
        effective = self.model.effective(service, name)
        amounts = {"99.99 %": effective * 9_999 // 10_000, "all but 1": max(effective - 1, 0), "all": effective}
        self.do_slash(
            name, service, amounts.get(shape, 2**255 if shape == "x" else int(shape) if shape.isdigit() else 0)
        )

    @rule(amount=st.sampled_from([1, COIN, 10**24]))
    def donate(self, amount: int) -> None:
        self.pair.token.transfer(self.hub, amount, sender=self.pair.account("payer"))
        self.pair.donated += amount

    @rule(service=services)
    def remove_service(self, service: str) -> None:
        self.pair.both(
            f"remove({service})",
            lambda: self.model.remove_service(service),
            lambda: self.hub.remove_service(self.pair.address(service), sender=self.pair.world.owner),
        )
