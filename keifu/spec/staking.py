"""What the staking hub should do, in plain Python.

`HubModel` follows contracts/staking to the wei and refuses with the same reasons, but without packed words:
operators, positions, buckets and commitments are objects. All amounts are wei, all times unix seconds.
"""

from __future__ import annotations

from keifu.spec._hub_books import Books
from keifu.spec._hub_state import (
    BPS,
    HISTORY_EPOCHS,
    LAST_GENERATION,
    MAX_AMOUNT,
    OPEN_BUCKETS,
    SPENT_BITS,
    Bond,
    Bucket,
    Commitment,
    Operator,
    Position,
    Refused,
    Service,
    Terms,
    check,
    cut,
)

__all__ = [
    "SPENT_BITS",
    "Bond",
    "Bucket",
    "Commitment",
    "HubModel",
    "Operator",
    "Position",
    "Refused",
    "Service",
    "Terms",
]


class HubModel(Books):
    """The hub. `now` is set by whoever drives it; every method is one call of the contract."""

    # delegators ------------------------------------------------------------------------------------------------------

    def deposit(self, name: str, owner: str, amount: int, min_shares: int = 0) -> int:
        check(amount >= self.terms.min_stake, "hub: below minimum stake")
        operator = self.open(name)
        check(operator.bond.jailed == 0, "hub: operator jailed")
        check(operator.bond.active >= self.terms.min_bond, "hub: bond below minimum")
        check(operator.generation < LAST_GENERATION, "hub: operator retired")
        shares = amount * operator.shares // operator.active if operator.shares else amount
        check(shares >= min_shares, "hub: too few shares")
        operator.active += amount
        operator.shares += shares
        self._join(operator, owner, shares)
        check(operator.active <= MAX_AMOUNT, "hub: amount too large")
        self._change_total(amount)
        return shares

    def stake(self, name: str, owner: str, amount: int, min_shares: int = 0) -> int:
        shares = self.deposit(name, owner, amount, min_shares)
        self.paid_in += amount
        return shares

    def unstake(self, name: str, owner: str, shares: int, min_amount: int = 0) -> int:
        """The half-period of the ticket."""
        check(shares > 0, "hub: zero shares")
        operator = self.open(name)
        self._leave(operator, owner, shares)
        amount = shares * operator.active // operator.shares
        check(amount >= min_amount, "hub: too little")
        operator.active -= amount
        operator.shares -= shares
        dust = 0
        if operator.shares == 0:
            dust, operator.active = operator.active, 0
        self._change_total(-amount - dust, dust)
        half = self._half()
        bucket = operator.buckets.setdefault(half, Bucket())
        minted = amount * bucket.shares // bucket.tokens if bucket.shares else amount
        bucket.tokens += amount
        bucket.shares += minted
        held = self.tickets.setdefault((owner, name, half), Bucket(generation=bucket.generation))
        if held.generation != bucket.generation:
            held.shares = 0
        held.shares += minted
        held.generation = bucket.generation
        return half

    def ticket_worth(self, owner: str, name: str, half: int) -> int:
        held, bucket = self.tickets.get((owner, name, half), Bucket()), self.operators[name].buckets.get(half, Bucket())
        if held.generation != bucket.generation or bucket.shares == 0:
            return 0
        return held.shares * bucket.tokens // bucket.shares

    def redeem(self, owner: str, name: str, half: int) -> int:
        check(not self.tickets.get((owner, name, half), Bucket()).is_nothing, "hub: no ticket")
        check(self.now >= self.maturity(half), "hub: not matured")
        amount = self.ticket_worth(owner, name, half)
        del self.tickets[owner, name, half]
        return amount

    def withdraw(self, owner: str, name: str, half: int) -> int:
        amount = self.redeem(owner, name, half)
        self.paid_out += amount
        return amount

    def claim_rewards(self, name: str, owner: str) -> int:
        operator = self.open(name)
        position = operator.positions.get(owner, Position())
        amount = self._pending(operator, position)
        if amount:
            position.index = self._reached(operator, position)
        self.paid_out += amount
        return amount

    def collect(self, owner: str) -> int:
        amount = self.credits.pop(owner, 0)
        self.paid_out += amount
        return amount

    # operators -------------------------------------------------------------------------------------------------------

    def register_operator(self, name: str, commission: int) -> None:
        check(name not in self.operators, "hub: operator known")
        check(commission <= BPS, "hub: commission too high")
        self._roll_totals()
        self.operators[name] = Operator(self.epoch, commission, commission)

    def set_terms(self, name: str, commission: int) -> None:
        check(commission <= BPS, "hub: commission too high")
        operator = self.open(name)
        operator.commission = self.commission(operator, self.epoch)
        operator.next_commission = commission
        operator.commission_from = self.epoch + self.terms.commission_notice

    def bond(self, name: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        operator = self.open(name)
        operator.bond.active += amount
        check(operator.bond.active <= MAX_AMOUNT, "hub: amount too large")
        self._change_total(amount)
        self.paid_in += amount

    def unbond(self, name: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        operator = self.open(name)
        bond = operator.bond
        check(amount <= bond.active, "hub: more than the bond")
        if self.now >= bond.unlock:
            self.credits[name] += bond.leaving
            bond.leaving = 0
        bond.active -= amount
        bond.leaving += amount
        bond.unlock = self.now + self.terms.unbonding
        self._change_total(-amount)

    def withdraw_bond(self, name: str) -> int:
        bond = self.operators[name].bond if name in self.operators else Bond()
        check(self.now >= bond.unlock, "hub: not matured")
        amount, bond.leaving = bond.leaving, 0
        self.paid_out += amount
        return amount

    def unjail(self, name: str) -> None:
        bond = self.operators[name].bond if name in self.operators else Bond()
        check(bond.jailed > 0, "hub: not jailed")
        check(self.epoch >= bond.jailed, "hub: still jailed")
        check(bond.active >= self.terms.min_bond, "hub: bond below minimum")
        bond.jailed = 0

    # services --------------------------------------------------------------------------------------------------------

    def list_service(self, name: str, service: Service) -> None:
        check(name not in self.services, "hub: service known")
        check(service.horizon > 0, "hub: no horizon")
        check(service.horizon <= self.terms.unbonding, "hub: horizon beyond unbonding")
        check(service.victim + service.prover <= self.terms.max_payout, "hub: payout too large")
        self.services[name] = service

    def remove_service(self, name: str) -> None:
        self._known(name, listed=True).removed = self.now

    def _known(self, name: str, *, listed: bool = False) -> Service:
        check(name in self.services, "hub: unknown service")
        service = self.services[name]
        check(not (listed and service.removed), "hub: service removed")
        return service

    def _settled(self, operator: Operator, service: str) -> Commitment:
        commitment = operator.commitments.get(service, Commitment())
        wait = HISTORY_EPOCHS * self.terms.epoch_length
        check(commitment.since == 0 or self.now >= commitment.since + wait, "hub: change pending")
        return commitment

    def commit(self, name: str, service: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        operator = self.open(name)
        self._known(service, listed=True)
        commitment = self._settled(operator, service)
        check(operator.bond.jailed == 0, "hub: operator jailed")
        total = operator.committed - commitment.counted + commitment.next + amount
        check(total <= operator.stake, "hub: more than the stake")
        check(total <= self.terms.bond_multiple * operator.bond.active, "hub: more than the bond allows")
        since = self.now
        if operator.shares or self.unbonding(name):
            since += self.terms.unbonding + self.terms.unbonding // 2
        operator.commitments[service] = Commitment(commitment.next, commitment.next + amount, since)

    def uncommit(self, name: str, service: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        horizon = self._known(service).horizon
        operator = self.operators.get(name, Operator(0, 0, 0))
        commitment = self._settled(operator, service)
        check(amount <= commitment.next, "hub: more than committed")
        operator.commitments[service] = Commitment(commitment.next, commitment.next - amount, self.now + horizon)

    def unbonding(self, name: str) -> int:
        """Wei of delegators in tickets that have not matured."""
        return sum(bucket.tokens for bucket in self._open_buckets(self.operators[name]))

    def _open_buckets(self, operator: Operator) -> list[Bucket]:
        half = self._half()
        return [operator.buckets[half - age] for age in range(OPEN_BUCKETS) if half - age in operator.buckets]

    def slashable(self, name: str) -> int:
        operator = self.operators[name]
        leaving = operator.bond.leaving if self.now < operator.bond.unlock else 0
        return operator.stake + leaving + self.unbonding(name)

    def effective(self, service: str, name: str) -> int:
        listed = self.services.get(service)
        if listed is None or (listed.removed and self.now > listed.removed + listed.horizon):
            return 0
        operator = self.operators[name]
        commitment = operator.commitments.get(service, Commitment()).at(self.now)
        slashable, total = self.slashable(name), operator.committed
        return commitment if total <= slashable else commitment * slashable // total

    def slash(self, service: str, name: str, amount: int, victim: str, prover: str) -> tuple[int, int, int]:
        """Wei taken, from the bond, and left over in pools that this wiped."""
        listed = self.services.get(service)
        allowed = listed is not None and not (listed.removed and self.now > listed.removed + listed.horizon)
        check(allowed, "hub: not a slasher")
        assert listed is not None
        check(amount > 0, "hub: zero amount")
        operator = self.open(name)
        bond = operator.bond
        taken = min(amount, self.effective(service, name))
        if taken == 0:
            return 0, 0, 0
        commitment = operator.commitments[service]
        commitment.current -= min(commitment.current, taken)
        commitment.next -= min(commitment.next, taken)
        leaving = bond.leaving if self.now < bond.unlock else 0
        from_bond = min(taken, bond.active + leaving)
        active = min(from_bond, bond.active)
        whole = operator.active + self.unbonding(name)
        bond.active -= active
        bond.leaving -= from_bond - active
        bond.jailed = self.epoch + self.terms.jail_epochs
        rest = left = taken - from_bond
        residue = 0
        if rest:
            for bucket in self._open_buckets(operator):
                if bucket.tokens == 0:
                    continue
                part = min(cut(rest, bucket.tokens, whole), bucket.tokens, left)
                left -= part
                bucket.tokens -= part
                if bucket.tokens << SPENT_BITS < bucket.shares:
                    residue += bucket.tokens
                    bucket.tokens = bucket.shares = 0
                    bucket.generation += 1
            operator.active -= left
            active += left
            if operator.active << SPENT_BITS < operator.shares:
                active += operator.active
                residue += operator.active
                operator.closed[operator.generation] = operator.index
                operator.active = operator.shares = 0
                operator.generation += 1
        to_victim = from_bond * listed.victim // BPS if victim else 0
        to_prover = from_bond * listed.prover // BPS if prover else 0
        self.credits[victim] += to_victim
        self.credits[prover] += to_prover
        self._change_total(-active, taken + residue - to_victim - to_prover)
        return taken, from_bond, residue
