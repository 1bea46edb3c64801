"""StakingHub under five oracles: nobody gains, promises are payable, strangers are not burnt, everybody gets out."""

from __future__ import annotations

import copy
from typing import Any

from audit.oracles.profit import check_self_slash
from audit.oracles.promise import Promise, check_payable, reserve_of
from audit.systems._hub import (
    DELEGATORS,
    EPOCH,
    HONEST,
    LONGEST_TICKET,
    OPERATORS,
    Coins,
    LockState,
    OperatorState,
    number,
)
from audit.systems._hub_delegators import PARTS, HubDelegators
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice, Who
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from keifu.spec.staking import MAX_HORIZON, MAX_MULTIPLE, RAISE_NOTICE, StakingModel
from keifu.units import COIN

COMMISSIONS = (0, 1, 1_001, 10_000, 10_001)
MULTIPLES = (0, 1, 2, 3, 4, 5)


class Hub(HubDelegators):
    """Delegation, locks, promises, rewards and slashes by honest and by hostile services."""

    # operators --------------------------------------------------------------------------------------------------------

    @action(
        "hub.register_operator",
        Choice(COMMISSIONS),
        Choice(("", "ipfs://x")),
        sender=(*OPERATORS, "stranger"),
        weight=1,
    )
    def register(self, who: str, commission: int, metadata: str) -> Steps:
        if who not in self.operators:
            return None
        yield from self.both(lambda m: m.register_operator(who, commission))

    @action("hub.set_terms", Choice(COMMISSIONS), Choice(("", "ipfs://x")), sender=(*OPERATORS, "stranger"), weight=2)
    def set_terms(self, who: str, commission: int, metadata: str) -> Steps:
        yield from self.both(lambda m: m.set_terms(who, commission))

    @action(
        "hub.set_multiple", Choice("services"), Choice(MULTIPLES), sender=(*OPERATORS, *OPERATORS, "stranger"), weight=6
    )
    def set_multiple(self, who: str, service: str, value: int) -> Steps:
        done = yield from self.both(lambda m: m.set_multiple(who, service, value))
        if done is not None:
            self.multiples.append((self.now, who, service, value))
            found, wanted = LockState(*self.view("get_lock", service, who)), self.model.locks[service, who].multiple
            dates = [self.epoch_of(step.counts) if step else 0 for step in (wanted.raised, wanted.lowered)]
            assert [found.raised_from, found.lowered_from] == dates, f"HUB-22: {found}, not {wanted}"

    def epoch_of(self, time: int) -> int:
        return (time - self.terms.genesis) // EPOCH + 1

    @action("hub.take_back", Choice("services"), sender=(*OPERATORS, "stranger"), weight=2)
    def take_back(self, who: str, service: str) -> Steps:
        done = yield from self.both(lambda m: m.take_back(service, who))
        if done is not None:
            assert number(done[0]) == done[1], "an operator took something else back than its lock"

    # anybody ----------------------------------------------------------------------------------------------------------

    @action("hub.lock", Choice("services"), Choice("operators"), Coins(2_000 * COIN), weight=5)
    def lock(self, who: str, service: str, operator: str, amount: int) -> Steps:
        yield from self.both(lambda m: m.lock(service, operator, amount), who=who, spends=amount)

    @action("hub.reward", Choice("operators"), Coins(1_000 * COIN), sender="stranger", weight=5)
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.reward(operator, amount), who=who, spends=amount)
        if done is not None:
            self.fees_paid += amount

    @action("hub.fund_emission", Coins(10**6 * COIN), sender="stranger", weight=2)
    def fund_emission(self, who: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.fund_emission(amount), who=who, spends=amount)
        if done is not None:
            assert number(done[0]) == done[1], "emission took something else than it spreads"

    @action("hub.poke", Choice("operators"), Choice("services"), weight=4)
    def poke(self, who: str, operator: str, service: str) -> Steps:
        yield from self.both(lambda m: m.poke(operator, service))

    @action("", Coins(10**24), sender="stranger", weight=1)
    def donate(self, who: str, amount: int) -> Steps:
        if amount > self.stored(who):
            return None
        yield self.tx("token.transfer", self["hub"], amount, sender=who)
        self.donated += amount

    @action("hub.pay_insurance", weight=1)
    def pay_insurance(self, who: str) -> Steps:
        yield from self.paying(lambda m: None, self.insurance, self.insurance)

    @action("hub.pay_treasury", weight=1)
    def pay_treasury(self, who: str) -> Steps:
        yield from self.paying(lambda m: None, self.treasury, self.treasury)

    # honest services: promises that are reserved before they are made ------------------------------------------------

    def reserved(self, service: str, operator: str) -> int:
        return sum(item.reserve for item in self.promises if (item.service, item.operator) == (service, operator))

    @action("", Choice("operators"), Coins(500 * COIN), sender=HONEST, weight=6)
    def promise(self, who: str, operator: str, amount: int) -> Steps:
        """A service opens a promise that fits into the lock, and binds what it reserved."""
        model, reserve = self.at_now(), reserve_of(amount)
        whole = self.reserved(who, operator) + reserve
        if amount == 0 or not model.is_listed(who) or whole > model.locks[who, operator].amount:
            return
        self.promises.append(Promise(who, operator, amount, reserve))
        yield from self.binding(who, operator, whole)

    def binding(self, service: str, operator: str, amount: int) -> Any:
        order = self.tx("hub.bind", operator, amount, sender=service, raw_outcome=True)
        done = yield from self.both(lambda m: m.bind(service, operator, amount), order)
        if done is not None:
            assert number(done[0]) == done[1], "another amount was bound than the lock and the service say"

    def promises_of(self, who: str) -> list[Promise | None]:
        return [item for item in self.promises if item.service == who] or [None]

    @action("", Choice("promises_of"), Coins(100 * COIN), sender=HONEST, weight=5)
    def claim_promise(self, who: str, promise: Promise | None, penalty: int) -> Steps:
        """A fault was proved: the promise's own reserve pays it, the penalty comes out of what nobody was promised."""
        if promise is None or not self.at_now().may_slash(who):
            return
        free = self.model.locks[who, promise.operator].amount - self.reserved(who, promise.operator)
        before = self.ask("hub.credit", who)
        yield from self.slashing(who, promise.operator, promise.reserve, min(penalty, free))
        self.promises.remove(promise)
        paid = self.ask("hub.credit", who) - before
        assert paid >= promise.amount, f"promise: a claim of {promise.amount} wei got {paid}"

    @action("", Choice("promises_of"), Choice(PARTS), sender=HONEST, weight=4)
    def close_promise(self, who: str, promise: Promise | None, part: int) -> Steps:
        """A promise is over: the service lets some of what nobody was promised go."""
        if promise is None:
            return
        operator = promise.operator
        self.promises.remove(promise)
        reserved = self.reserved(who, operator)
        model = self.at_now()
        bound = min(reserved, model.locks[who, operator].bound)
        amount = (model.locks[who, operator].amount - reserved) * min(part, 1_000) // 1_000
        order = self.tx("hub.unlock", operator, amount, bound, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.unlock(who, operator, amount, bound), order)

    # hostile services -------------------------------------------------------------------------------------------------

    def lock_at(self, who: str) -> int:
        return max((lock.amount for (service, _), lock in self.model.locks.items() if service == who), default=COIN)

    @action("", Choice("operators"), Coins("lock_at"), sender=("strange", "strange", "stranger"), weight=4)
    def bind_anything(self, who: str, operator: str, amount: int) -> Steps:
        yield from self.binding(who, operator, amount)

    @action(
        "", Choice("operators"), Coins("lock_at"), Coins("lock_at"), sender=("strange", "strange", "stranger"), weight=4
    )
    def unlock_anything(self, who: str, operator: str, amount: int, bound: int) -> Steps:
        order = self.tx("hub.unlock", operator, amount, bound, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.unlock(who, operator, amount, bound), order)

    @action(
        "", Choice("operators"), Coins("lock_at"), Coins("lock_at"), sender=("strange", "strange", "stranger"), weight=6
    )
    def slash_anything(self, who: str, operator: str, damages: int, penalty: int) -> Steps:
        yield from self.slashing(who, operator, damages, penalty)

    def over(self, who: str) -> list[str]:
        """Services that were removed so long ago that they take nothing any more."""
        return [
            item for item in self.services if self.at_now().services[item].removed and not self.model.may_slash(item)
        ]

    @action("", Choice("over", ""), Choice("operators"), Coins("lock_at"), sender="stranger", weight=3)
    def slash_too_late(self, who: str, service: str, operator: str, amount: int) -> Steps:
        if service:
            yield self.tx("hub.slash", operator, amount, amount, sender=service, fails="hub: not a slasher")

    def slashing(self, service: str, operator: str, damages: int, penalty: int) -> Any:
        before = self.coalition(service, operator)
        order = self.tx("hub.slash", operator, damages, penalty, sender=service, raw_outcome=True)
        done = yield from self.both(lambda m: m.slash(service, operator, damages, penalty), order)
        if done is None:
            return
        said, slash = done
        assert number(said) == slash.damages, "slash: other damages than asked for and locked"
        assert number(said, 1) == slash.penalty, "slash: another penalty than asked for and locked"
        taken = number(said, 2)
        assert abs(taken - slash.delegated - slash.dust) <= self.dust, "slash: delegators lost something else"
        self.harm.slash(self.promised_multiple(service, operator), slash.penalty, taken, self.dust + int(slash.dust))
        check_self_slash(before, self.coalition(service, operator), slash.damages)

    def coalition(self, service: str, operator: str) -> int:
        """What an operator and a service that is its friend have in the hub together, rewards up to now included."""
        with self.evm.anchor():
            self.do("hub.poke", operator, service, sender=operator)
            return sum(self.ask("hub.credit", who) for who in {service, operator}) + sum(
                self.ask("hub.lock_of", item, operator) for item in self.services
            )

    def promised_multiple(self, service: str, operator: str) -> int:
        """The highest multiple that delegators who are here could know of in time to leave: what was announced that
        long ago and no lowering has replaced whose date is over."""
        horizon = self.model.services[service].horizon
        said = [(time, value) for time, who, at, value in self.multiples if (who, at) == (operator, service)]
        counts: list[int] = []
        for time, value in said:
            if self.model.next_start(time + horizon) <= self.now and any(value < item for item in counts):
                counts = [item for item in counts if item <= value] + [value]
            elif time + RAISE_NOTICE <= self.now:
                counts.append(value)
        return max(counts, default=0)

    @invariant("HUB-22", at_end=True)
    def no_multiple_outlasts_its_announcement(self) -> bool:
        """What counts is never more than what was announced in time, nor longer than a lowering said."""
        for service in self.services:
            for operator in self.operators:
                counts, most = self.view("get_lock", service, operator)[2], self.promised_multiple(service, operator)
                assert counts <= most, f"HUB-22: a multiple of {counts} counts, {most} was announced"
        return True

    # the owner --------------------------------------------------------------------------------------------------------

    @action("", Choice("services"), weight=1)
    def remove_service(self, who: str, service: str) -> Steps:
        if who != self["stranger"]:
            return None  # what is removed stays removed: seldom, or nothing else happens
        order = self.tx("hub.remove_service", service, sender=self.owner, raw_outcome=True)
        done = yield from self.both(lambda m: m.remove_service(service), order)
        if done is not None:
            for operator in self.operators:  # what a removed service bound earns until somebody says so
                order = self.tx("hub.poke", operator, service, sender=who, raw_outcome=True)
                yield from self.poking(operator, service, order)

    def poking(self, operator: str, service: str, order: Any) -> Any:
        yield from self.both(lambda m: m.poke(operator, service), order)

    @action(
        "", Choice((0, 1, MAX_HORIZON, MAX_HORIZON + 1)), Choice((0, MAX_MULTIPLE, MAX_MULTIPLE + 1)), Who(), weight=1
    )
    def list_service(self, who: str, horizon: int, multiple: int, service: str) -> Steps:
        order = self.tx("hub.list_service", service, horizon, multiple, sender=self.owner, raw_outcome=True)
        yield from self.both(lambda m: m.list_service(service, horizon, multiple), order)

    def mistakes(self, who: str) -> list[tuple[str, tuple[Any, ...], str, str]]:
        """(target, arguments, sender, reason) of calls that are never right."""
        operator, service = self.operators[0], self.services[0]
        return [
            ("hub.claim_rewards", (operator, ZERO_ADDRESS, 0), who, "hub: no receiver"),
            ("hub.collect", (ZERO_ADDRESS, 0), who, "hub: no receiver"),
            ("hub.stake_for", (operator, ZERO_ADDRESS, COIN, 0), who, "hub: no owner key"),
            ("hub.list_service", (who, 1, 0), who, "hub: not the owner"),
            ("hub.remove_service", (service,), who, "hub: not the owner"),
        ]

    @action("", Choice("mistakes"), sender="delegator", weight=2, always_reverts=True)
    def err(self, who: str, mistake: tuple[str, tuple[Any, ...], str, str]) -> Steps:
        target, args, sender, reason = mistake
        yield self.tx(target, *args, sender=sender, fails=reason)

    # the oracles ------------------------------------------------------------------------------------------------------

    @invariant("HUB-12", at_end=True)
    def locks_and_pools_are_as_the_log_says(self) -> bool:
        """Locks, what is bound, exposure, pools and tickets are what people did."""
        model = self.at_now()
        for operator in self.operators:
            state = OperatorState(*self.view("operator_state", operator))
            pool = model.pools[operator]
            assert state.bound == model.bound[operator].now, f"bound {state.bound}, not {model.bound[operator].now}"
            assert state.exposure == model.exposure[operator].now, (
                f"exposure {state.exposure}, not {model.exposure[operator].now}"
            )
            assert state.commission_bps == model.announced(operator, model.epoch), "commission"
            assert abs(state.delegated - pool.coins) <= self.dust, "another pool"
            assert abs(state.unbonding - model.unbonding(operator)) <= self.dust, "other open tickets"
            for service in self.services:
                lock = model.locks[service, operator]
                found = LockState(*self.view("get_lock", service, operator))
                assert (found.amount, found.bound) == (lock.amount, lock.bound), f"lock {found}, not {lock}"
                assert found.multiple == model.multiple(service, operator), f"multiple of {found}, not {lock}"
        return True

    @invariant("ORA-1", at_end=True)
    def nobody_is_richer_than_the_log_says(self) -> bool:
        """Profit: no coalition is richer than its entitlement by the log, and nobody is poorer."""
        model = self.at_now()
        with self.evm.anchor():  # an operator's own part is credited when its epoch rolls over
            for operator in self.operators:
                self.do("hub.poke", operator, self.services[0], sender=operator)
            held = {self.name(who): self.held(who) for who in self.owners()}
        entitled = {self.name(who): model.entitled(who) for who in self.owners()}
        for name, who, owed in (
            ("insurance", self.insurance, model.insurance),
            ("treasury", self.treasury, model.treasury),
        ):
            with self.evm.anchor():
                held[name] = self.received[who] + self.do(f"hub.pay_{name}", sender=self.owner)
            entitled[name] = owed
        check_profit(held, entitled, self.dust)
        check_paid_in_full(held, entitled, self.dust)
        return True

    def name(self, who: str) -> str:
        return self.names.get(who, who)

    @invariant("ORA-2", at_end=True)
    def promises_are_payable(self) -> bool:
        """Promise: every reserve is payable in full, in whatever order claims come."""
        able = [item for item in self.promises if self.at_now().may_slash(item.service)]
        check_payable(able, self.evm.anchor, lambda service, name: self.ask("hub.lock_of", service, name), self.claim)
        return True

    def claim(self, promise: Promise) -> int:
        before = self.ask("hub.credit", promise.service)
        self.do("hub.slash", promise.operator, promise.reserve, 0, sender=promise.service)
        return self.ask("hub.credit", promise.service) - before

    @invariant("ORA-4", at_end=True)
    def everybody_gets_out_in_time(self) -> bool:
        """Delay: delegators within a ticket's 21 days, operators at once from a service that lets them go, and after
        its horizon from one that was removed."""
        model = copy.deepcopy(self.at_now())
        exits = [self.way_out(model, who) for who in map(self.__getitem__, DELEGATORS)]
        exits += [
            self.operators_way(model, service, operator) for operator in self.operators for service in self.services
        ]
        check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True

    def way_out(self, model: StakingModel, who: str) -> Exit:
        for operator in self.operators:
            if shares := model.shares[operator, who]:
                self.tickets[who].append(self.do("hub.unstake", operator, shares, 0, 0, sender=who))

        def leave() -> bool:
            for ticket in set(self.tickets[who]):
                self.do("hub.withdraw", ticket, 0, sender=who)
            return not any(self.view("position", operator, who)[0] for operator in self.operators)

        return Exit(self.name(who), self.now, LONGEST_TICKET, leave)

    def operators_way(self, model: StakingModel, service: str, operator: str) -> Exit:
        held, name = model.locks[service, operator].amount, f"{self.name(operator)} at {self.name(service)}"
        known = model.services[service]

        def unlock() -> bool:
            if held:
                self.do("hub.unlock", operator, held, 0, sender=service)
            return self.ask("hub.lock_of", service, operator) == 0

        def take_back() -> bool:
            return not held or self.do("hub.take_back", service, sender=operator) == held

        if known.removed:
            return Exit(name, known.removed, known.horizon, take_back)
        return Exit(name, self.now, 0, unlock)
