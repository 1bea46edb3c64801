"""Grants at stake beside the hub's log: whose coins are whose, in exact fractions, and the five oracles over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from audit.oracles.harm import Harm
from audit.oracles.promise import Promise, check_payable
from audit.staked_hub import EMISSION_EPOCHS, EPOCH, FIRST_EMISSION, MULTIPLE, UNBONDING, split_dust
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import System, invariant
from evmstorm.oracles.delay import Exit, check_exits
from evmstorm.oracles.neutrality import check_alike
from evmstorm.oracles.profit import check_paid_in_full, check_profit
from keifu.spec.staking import StakingModel, Terms
from keifu.units import COIN

__all__ = ["GrantBook", "Logged"]

LONGEST_TICKET = UNBONDING + UNBONDING // 2
PARTS = (2_000 * COIN, 1_000 * COIN, 1_000 * COIN)  # a grant and its two halves
DUST = 4  # wei that divisions may cost a grant, beside the hub's own


class Logged:
    """The hub's handle, which also writes down who called what."""

    def __init__(self, hub: Any, now: Callable[[], int]) -> None:
        self.hub, self.now = hub, now
        self.history: list[tuple[int, str, tuple[Any, ...]]] = []

    @property
    def address(self) -> str:
        return str(self.hub.address)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, sender: Any) -> Any:
            answer = getattr(self.hub, name)(*args, sender=sender)
            self.wrote(name, *args, sender=str(getattr(sender, "address", sender)))
            return answer

        return call

    def wrote(self, name: str, *args: Any, sender: str) -> None:
        """A call, as the model of the hub takes it; a stake is its owner's first one."""
        args = tuple(getattr(item, "address", item) for item in args)
        if name == "stake":
            args = (sender, *args[:2], self.hub.position(args[0], sender)[0])
        elif name == "register_operator":
            args = (sender, args[0])
        elif name in ("set_multiple", "bind", "slash"):
            args = (sender, *args)
        self.history.append((self.now(), name, args))


class GrantBook(System):
    """What the hub owes to every grant, operator, service and the insurance, from the log of what was done."""

    operators: list[str]
    keys: dict[int, str]  # grant -> its owner key at the hub
    logged: Logged
    genesis: int
    deployer: str

    def start_book(self) -> None:
        self.model = StakingModel(Terms(self.genesis, UNBONDING, EPOCH, FIRST_EMISSION, EMISSION_EPOCHS))
        self.received: defaultdict[str, int] = defaultdict(int)  # wei that left the hub, by whose right
        self.asked: defaultdict[str, set[int]] = defaultdict(set)  # owner key -> tickets
        self.harm = Harm()
        self.noted, self.fees_paid = 0, 0
        for time, name, args in self.logged.history:
            self.model.now = time
            self.noted += 1
            if name == "stake":
                self.staked(*args)
            else:
                getattr(self.model, name)(*args)

    # what was done ----------------------------------------------------------------------------------------------------

    def at_hub(self) -> StakingModel:
        """The model now, for an act that the hub has let through."""
        self.model.now = self.now
        self.model.settle()
        self.noted += 1
        return self.model

    def staked(self, owner: str, operator: str, amount: int, shares: int) -> None:
        self.model.stake(owner, operator, amount)
        self.model.record_shares(owner, operator, shares)

    def unstaked(self, owner: str, operator: str, shares: int, ticket: int) -> None:
        self.at_hub().unstake(owner, operator, shares)
        self.asked[owner].add(ticket)

    def slashed_at(self, service: str, operator: str, damages: int, penalty: int, delegated: int) -> None:
        """Harm: delegators lose at most the multiple of what their operator lost as a penalty."""
        slash = self.at_hub().slash(service, operator, damages, penalty)
        self.harm.slash(MULTIPLE, slash.penalty, delegated, self.dust + int(slash.dust))

    def rewarded(self, operator: str, fee: int) -> None:
        self.at_hub().reward(operator, fee)
        self.fees_paid += fee

    def has_room(self, operator: str, amount: int) -> bool:
        """Whether a stake fits for sure, or does not fit for sure: no wei of rounding decides."""
        return abs(amount - self.at_hub().capacity(operator)) > self.dust

    @property
    def dust(self) -> int:
        return 20 + 2 * self.noted + 8 * self.model.epoch + split_dust(self.fees_paid)

    def owed_by_hub(self, owner: str) -> int:
        """Wei that an owner key got out of the hub, or may take out by what its views say."""
        hub = self.contract("hub")
        owed = self.received[owner] + self.ask("hub.credit", owner)
        for operator in self.operators:
            owed += self.ask("hub.pending_rewards", operator, owner) + hub.position(operator, owner)[1]
        return int(owed + sum(hub.ticket(owner, ticket)[0] for ticket in self.asked[owner]))

    # the oracles ------------------------------------------------------------------------------------------------------

    def here(self, number: int) -> int:
        """Wei of a grant that lie in the escrow."""
        raise NotImplementedError

    def due(self, number: int) -> int:
        """Wei of them that its beneficiary may claim now."""
        raise NotImplementedError

    def owner_of(self, number: int) -> str:
        raise NotImplementedError

    @invariant("ORA-1", at_end=True)
    def nobody_is_richer_than_the_log_says(self) -> bool:
        """Profit: no grant, operator or service has more of the hub's coins than the log entitles it to, or less."""
        model = self.at_hub()
        with self.evm.anchor():
            for operator in self.operators:
                self.do("hub.poke", operator, self["service"], sender=operator)
            owners = {f"grant {number}": key for number, key in self.keys.items()}
            owners |= {self.names[who]: who for who in (*self.operators, self["service"])}
            held = {name: self.owed_by_hub(who) for name, who in owners.items()}
        entitled = {name: model.entitled(who) for name, who in owners.items()}
        check_profit(held, entitled, self.dust)
        check_paid_in_full(held, entitled, self.dust)
        return True

    @invariant("ORA-2", at_end=True)
    def what_is_vested_is_payable(self) -> bool:
        """Promise: what is vested, not paid and not lost is paid in full, whichever grant is claimed first."""
        due = {f"grant {number}": number for number in self.keys if self.due(number)}
        promises = [Promise("escrow", name, self.due(number), self.due(number)) for name, number in due.items()]

        def claim(promise: Promise) -> int:
            number = due[promise.operator]
            before = self.ask("token.balanceOf", self.owner_of(number))
            self.do("escrow.claim", number, sender=self["service"])
            return self.ask("token.balanceOf", self.owner_of(number)) - before

        check_payable(promises, self.evm.anchor, lambda _, name: self.here(due[name]), claim)
        return True

    @invariant("ORA-4", at_end=True)
    def stakes_come_back_in_time(self) -> bool:
        """Delay: a grant's stake is back within the 21 days of a ticket, whatever strangers did."""
        with self.evm.anchor():
            exits = []
            for number, key in self.keys.items():
                tickets = set(self.asked[key])
                self.do("escrow.write_off", number, sender=self["service"])
                for operator in self.operators:
                    if shares := self.contract("hub").position(operator, key)[0]:
                        tickets.add(self.do("escrow.unstake", number, shares, 0, sender=self.owner_of(number)))
                exits.append(Exit(f"grant {number}", self.now, LONGEST_TICKET, self.way_back(number, tickets)))
            check_exits(exits, lambda: self.evm.now, self.evm.warp_to)
        return True

    def way_back(self, number: int, tickets: set[int]) -> Callable[[], bool]:
        def leave() -> bool:
            for ticket in tickets:
                try:
                    self.do("escrow.withdraw", number, ticket, sender=self["service"])
                except AssertionError:
                    return False
            return not any(self.contract("hub").position(name, self.keys[number])[0] for name in self.operators)

        return leave

    @invariant("ORA-5", at_end=True)
    def halves_are_worth_the_whole(self) -> bool:
        """Neutrality: two halves of a grant vest, stake, lose and are paid what the whole is."""
        with self.evm.anchor(), self.halved() as numbers:
            operator, service = self.operators[0], self["service"]
            for number, amount in zip(numbers, PARTS, strict=True):
                self.do("escrow.stake", number, operator, amount // 4, 0, sender=self["revoker"])
            self.do("hub.slash", operator, 0, 10 * COIN, sender=service)
            self.evm.warp(EPOCH)
            tickets = [
                self.do("escrow.unstake", number, self.shares_of_grant(number), 0, sender=self["revoker"])
                for number in numbers
            ]
            self.evm.warp(LONGEST_TICKET + 2 * EPOCH)
            paid = []
            for number, ticket in zip(numbers, tickets, strict=True):
                back = self.do("escrow.withdraw", number, ticket, sender=service)
                paid.append(back + self.do("escrow.claim", number, sender=service))
            check_alike("a grant", paid[0], paid[1:], DUST)
        return True

    def shares_of_grant(self, number: int) -> int:
        key = f"0x{self.ask('escrow.stake_key', number):040x}"
        return int(self.contract("hub").position(self.operators[0], key)[0])

    @contextmanager
    def halved(self) -> Iterator[list[int]]:
        """A new grant and its two halves, and room for them at the first operator."""
        operator, service, owner = self.operators[0], self["service"], self.deployer
        self.do("hub.lock", service, operator, sum(PARTS), sender=owner)
        self.do("hub.bind", operator, 2**96 - 1, sender=service)
        terms = (self.now, 3 * EPOCH, 12, 4, 2)
        yield [
            self.do("escrow.create", (self["revoker"], ZERO_ADDRESS, amount, *terms), sender=owner) for amount in PARTS
        ]
