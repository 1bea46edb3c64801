"""StakingHub and its model, called together: who acts, what they start from, and how both are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

from audit.oracles.harm import Harm
from audit.oracles.promise import Promise
from audit.staked_hub import split_dust
from audit.systems._constructors import Deployment, next_address, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import RAW_OUTCOME, System
from evmstorm.fuzz.values import Amount
from keifu.spec.staking import RAISE_NOTICE, Refused, StakingModel, Terms
from keifu.units import COIN, DAY

__all__ = [
    "DELEGATORS",
    "EPOCH",
    "FUNDS",
    "OPERATORS",
    "SERVICES",
    "UNBONDING",
    "Coins",
    "HubSystem",
    "LockState",
    "OperatorState",
]

EPOCH = DAY
UNBONDING = 14 * EPOCH
LONGEST_TICKET = UNBONDING + UNBONDING // 2
FUNDS = 10**26
MAX_AMOUNT = 10**28  # above it the arithmetic's own checks refuse without words
FIRST_EMISSION, EMISSION_EPOCHS = 40, 1_461
OPERATORS = ("operator", "other operator")
DELEGATORS = ("delegator", "other delegator")
# Horizon and highest multiple. The first two keep lists of what they promised; the third does whatever it likes.
SERVICES = {"storage": (7 * EPOCH, 4), "compute": (UNBONDING, 2), "strange": (60 * EPOCH, 4)}
HONEST = ("storage", "compute")


class OperatorState(NamedTuple):
    """What the hub's view says of an operator."""

    bound: int
    exposure: int
    delegated: int
    shares: int
    generation: int
    unbonding: int
    commission_bps: int
    epoch: int


class LockState(NamedTuple):
    """What the hub's view says of a lock."""

    amount: int
    bound: int
    multiple: int
    raised: int
    raised_from: int
    lowered: int
    lowered_from: int


class Coins(Amount):
    """An amount, cut where the token has no more coins."""

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        return min(super().draw(system, who, mode, pick, value), MAX_AMOUNT)


class HubSystem(System):
    """Set-up, and what every description over the hub needs."""

    contracts: ClassVar[tuple[str, ...]] = ("StakingHub",)
    actors = (*OPERATORS, *DELEGATORS, *SERVICES, "stranger")
    wait_weight = 16
    funds: ClassVar[int] = FUNDS  # wei of each actor

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.owner = owner.address
        self.insurance, self.treasury = evm.account("insurance").address, evm.account("treasury").address
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", *self.arguments(token), sender=owner)
        self.bind(hub=hub, token=token)
        for who in (*self.roles.values(), self.owner):
            token.approve(hub, 2**256 - 1, sender=who)
        for who in self.roles.values():
            token.transfer(who, self.funds, sender=owner)
        self.stored = self.read("token.balanceOf")
        self.terms = Terms(evm.now, UNBONDING, EPOCH, FIRST_EMISSION, EMISSION_EPOCHS)
        self.history: list[tuple[int, str, tuple[Any, ...]]] = []
        self.open()

    def arguments(self, token: Any) -> tuple[Any, ...]:
        """Of the hub's constructor."""
        return (
            token, self.owner, self.insurance, self.treasury, UNBONDING, EPOCH, FIRST_EMISSION, EMISSION_EPOCHS,
        )  # fmt: skip

    def constructors(self) -> Iterator[Deployment]:
        right = self.arguments(self["token"])
        yield from variations(
            "StakingHub",
            right,
            (0, self.owner, "hub: token is no contract"),
            (1, ZERO_ADDRESS, "hub: no owner"),
            (2, ZERO_ADDRESS, "hub: no insurance"),
            (4, UNBONDING + 1, "hub: bad unbonding period"),
            (4, EPOCH - 2, "hub: epoch beyond unbonding"),
            (5, 0, "hub: no epoch length"),
            (5, UNBONDING + 1, "hub: epoch beyond unbonding"),
        )
        itself = next_address(self.evm, "StakingHub", right)
        yield "StakingHub", (*right[:2], itself, *right[3:]), "hub: no insurance"

    def open(self) -> None:
        """Services are listed, operators lock, bind and answer for delegators; emission begins."""
        self.operators, self.services = [self[role] for role in OPERATORS], [self[role] for role in SERVICES]
        for role, terms in SERVICES.items():
            self.opened("list_service", self[role], *terms, sender=self.owner)
        for operator in self.operators:
            self.opened("register_operator", 1_000, "", sender=operator, logged=(operator, 1_000))
            for service, amount in zip(self.services, (2_000, 1_000, 500), strict=True):
                self.opened("lock", service, operator, amount * COIN, sender=operator)
            for service, amount in zip(self.services, (1_000, 500, 500), strict=True):
                logged = (service, operator, amount * COIN)
                self.opened("bind", operator, amount * COIN, sender=service, logged=logged)
            for service in self.services:
                self.opened("set_multiple", service, 2, sender=operator, logged=(operator, service, 2))
        self.evm.warp(RAISE_NOTICE + EPOCH)
        for operator in self.operators:
            for service in self.services:
                self.opened("poke", operator, service, sender=operator)
        self.opened("fund_emission", 10**6 * COIN, sender=self["stranger"])
        self.evm.warp((FIRST_EMISSION + 1) * EPOCH - RAISE_NOTICE)

    def opened(self, function: str, *args: Any, sender: str, logged: tuple[Any, ...] | None = None) -> None:
        """Make a call of the set-up, and remember it for the log of every sequence."""
        getattr(self.contract("hub"), function)(*args, sender=sender)
        self.history.append((self.evm.now, function, args if logged is None else logged))

    def start(self) -> None:
        self.model = model = StakingModel(self.terms)
        for time, function, args in self.history:
            model.now = time
            getattr(model, function)(*args)
        self.received: defaultdict[str, int] = defaultdict(int)  # by whose right, not by who was paid
        self.operations, self.donated, self.fees_paid = len(self.history), 0, 0
        self.tickets: defaultdict[str, list[int]] = defaultdict(list)  # owner -> ids, paid ones included
        self.ticket_keys: dict[tuple[str, int], tuple[str, str, int]] = {}
        self.promises: list[Promise] = []
        self.harm = Harm()
        self.multiples: list[tuple[int, str, str, int]] = [
            (time, args[0], args[1], args[2]) for time, name, args in self.history if name == "set_multiple"
        ]

    def deadlines(self) -> list[int]:
        model, now = self.model, self.now
        epoch = model.start_of((now - self.terms.genesis) // EPOCH + 2)
        found = [epoch, epoch, *(item.matures for item in list(model.tickets.values())[:4])]
        for lock in model.locks.values():
            found += [step.counts for step in (lock.multiple.raised, lock.multiple.lowered) if step is not None]
        return found + [item.removed + item.horizon for item in model.services.values() if item.removed]

    # both at once -----------------------------------------------------------------------------------------------------

    @property
    def dust(self) -> int:
        """Wei that roundings may add up to: one for each call, one for each epoch and 2^84 wei at stake, and what the
        division of fees is off by."""
        return 10 + self.operations + 8 * self.model.epoch + split_dust(self.fees_paid)

    def at_now(self) -> StakingModel:
        """The model, with every epoch settled that is over."""
        self.model.now = self.now
        self.model.settle()
        return self.model

    def both(
        self,
        act: Callable[[StakingModel], Any],
        order: Any = RAW_OUTCOME,
        *,
        who: str = "",
        spends: int = 0,
        unsure: bool = False,
    ) -> Any:
        """Make the call, then the same act on the model: (what the hub returned, what the model says), or None when
        both refuse. `unsure`: so close to a bound that a wei of rounding decides."""
        poor = bool(spends) and self.stored(who) < spends
        model = self.at_now()
        returned = yield order
        if returned is None:
            if poor or unsure:
                return None
            wanted = refusal_of(act, model)
            assert wanted, f"must succeed, was refused: {self.refusal}"
            assert self.refusal == wanted, f"refused for {self.refusal!r}, not {wanted!r}"
            return None
        assert not poor, "succeeded without the coins"
        self.operations += 1
        try:
            return returned, act(model)
        except Refused as refused:
            raise AssertionError(f"succeeded, but must be refused: {refused}") from None

    def paying(self, act: Callable[[StakingModel], Any], right_of: str, receiver: str, order: Any = RAW_OUTCOME) -> Any:
        """The same for a call that answers what it pays to `receiver`, by the right of `right_of`."""
        before = self.stored(receiver)
        done = yield from self.both(act, order)
        if done is None:
            return None
        paid = number(done[0])
        assert self.stored(receiver) == before + paid, "the receiver got something else than was answered"
        self.received[right_of] += paid
        return paid

    def view(self, name: str, *args: Any) -> Any:
        return getattr(self.contract("hub"), name)(*args)

    # what the hub holds for an account --------------------------------------------------------------------------------

    def held(self, owner: str) -> int:
        """Wei that `owner` got out of the hub, or may take out by what the hub's views say."""
        owed: int = self.received[owner] + self.ask("hub.credit", owner)
        for operator in self.operators:
            owed += self.ask("hub.pending_rewards", operator, owner) + self.view("position", operator, owner)[1]
        return int(owed + sum(self.view("ticket", owner, ticket)[0] for ticket in set(self.tickets[owner])))

    def owners(self) -> list[str]:
        """Everybody who may have coins in the hub."""
        return [*self.addresses]


def number(returned: bytes, word: int = 0) -> int:
    """A word of what a call returned."""
    return int.from_bytes(returned[32 * word : 32 * word + 32], "big")


def refusal_of(act: Callable[[StakingModel], Any], model: StakingModel) -> str:
    """The reason for which the model refuses the act; empty when it does not."""
    try:
        act(model)
    except Refused as refused:
        return str(refused)
    return ""
