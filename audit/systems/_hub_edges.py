"""StakingHub over a coin that can be minted: who acts, and what every short way to an edge starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ClassVar

from audit.systems._constructors import Deployment, next_address, variations
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, System, action
from evmstorm.fuzz.values import Value
from keifu.spec.staking import RAISE_NOTICE
from keifu.units import COIN, DAY

EPOCH, UNBONDING, HORIZON, LONGEST_HORIZON = DAY, 14 * DAY, 7 * DAY, 60 * DAY
FIRST, COUNT = 60, 10
LAST_EPOCH = 2**24 - 1
MOST = 2**96 - 1  # wei in a word
SUPPLY = 2**94  # of which a token must stay below when the hub is made
PRECISION, MAX_INDEX = 2**84, 2**119 - 1
LONGEST_UNBONDING = 365 * DAY
LAST_GENERATION = 255
OLD_MULTIPLE, ODD_MULTIPLE = 4, 3
LOCK = 10_000 * COIN
BPS, COMMISSION_NOTICE = 10_000, 14


def way(*values: Value) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An action that goes a short way from the start of a sequence, which is undone; after a wait it goes nowhere."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def whole(system: EdgeSystem, who: str, *args: Any) -> Steps:
            if system.now == system.began:
                with system.evm.anchor():
                    yield from method(system, who, *args)

        return action("", *values)(whole)

    return mark


class EdgeSystem(System):
    """Set-up, bounds of the constructor, and calls by the names of roles."""

    contracts = ("StakingHub",)
    actors: ClassVar[tuple[str, ...]] = (
        "operator",
        "other operator",
        "old operator",
        "delegator",
        "service",
        "other service",
        "slow service",
        "stranger",
    )
    wait_weight = 1

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        self.owner = owner.address
        self.insurance, self.treasury = evm.account("insurance").address, evm.account("treasury").address
        self.bind(**{name: self.token("HookToken", supply) for name, supply in self.supplies().items()})
        fee = self.token("FeeToken", COIN)
        self.bind(
            hub=evm.deploy("StakingHub", *self.arguments(self["token"]), sender=owner),
            fee_token=fee,
            fee_hub=evm.deploy("StakingHub", *self.arguments(fee.address), sender=owner),
        )
        for who in self.roles.values():
            self.contract("token").mint(who, 2**100, sender=owner)
            fee.mint(who, LOCK, sender=owner)
            self.contract("token").approve(self["hub"], 2**256 - 1, sender=who)
            fee.approve(self["fee_hub"], 2**256 - 1, sender=who)
        self.open()

    def supplies(self) -> dict[str, int]:
        return {"token": COIN, "fullest": SUPPLY - 1, "too_full": SUPPLY}

    def token(self, name: str, supply: int) -> Any:
        token = self.evm.deploy(name, sender=self.evm.account("owner"))
        token.mint(self.owner, supply, sender=self.owner)
        return token

    def arguments(self, token: str) -> tuple[Any, ...]:
        return token, self.owner, self.insurance, self.treasury, UNBONDING, EPOCH, FIRST, COUNT

    def constructors(self) -> Iterator[Deployment]:
        right = self.arguments(self["fullest"])
        yield from variations(
            "StakingHub",
            right,
            (0, self["too_full"], "hub: supply too large"),
            (3, ZERO_ADDRESS, "hub: no treasury"),
            (4, 0, "hub: epoch beyond unbonding"),
            (4, LONGEST_UNBONDING, None),
            (4, LONGEST_UNBONDING + 2, "hub: bad unbonding period"),
            (4, UNBONDING + 2, None),
            (5, UNBONDING, None),
            (5, 1, None),
            (6, 0, "hub: no schedule"),
            (6, 1, None),
            (6, LAST_EPOCH, "hub: schedule too long"),
            (6, LAST_EPOCH + 1, "hub: schedule too long"),
            (7, 0, "hub: no schedule"),
            (7, 1, None),
            (7, LAST_EPOCH - FIRST, None),
            (7, LAST_EPOCH - FIRST + 1, "hub: schedule too long"),
        )
        itself = next_address(self.evm, "StakingHub", right)
        yield "StakingHub", (*right[:3], itself, *right[4:]), "hub: no treasury"

    def open(self) -> None:
        """Operators with locks of which nothing is bound: one with a multiple of 1, one of 0, and one whose pool was
        wiped so often that it is wiped once more at most."""
        hub, service, old = self.contract("hub"), self["service"], self["old operator"]
        slow = self["slow service"]
        for who, horizon, most in (
            (service, HORIZON, OLD_MULTIPLE),
            (self["other service"], HORIZON, ODD_MULTIPLE),
            (slow, LONGEST_HORIZON, OLD_MULTIPLE),
        ):
            hub.list_service(who, horizon, most, sender=self.owner)
        for operator in (self["operator"], self["other operator"], old):
            hub.register_operator(0, "", sender=operator)
            hub.lock(service, operator, LOCK, sender=operator)
        hub.set_multiple(service, 1, sender=self["operator"])
        for who in (service, slow):
            hub.set_multiple(who, OLD_MULTIPLE, sender=old)
        self.evm.warp(RAISE_NOTICE + EPOCH)
        for operator in (self["operator"], old):
            hub.poke(operator, service, sender=operator)
        hub.bind(old, COIN, sender=service)
        for _ in range(LAST_GENERATION - 1):
            hub.stake(old, COIN, 0, 0, sender=self["delegator"])
            hub.slash(old, 0, COIN // OLD_MULTIPLE, sender=service)
        hub.bind(old, 0, sender=service)

    def start(self) -> None:
        self.began = self.now

    def view(self, name: str, *args: Any) -> Any:
        return getattr(self.contract("hub"), name)(*args)

    def hub(self, function: str, *args: Any, sender: str, fails: str | None = None) -> Any:
        """A call by the account of a role."""
        return self.tx(f"hub.{function}", *args, sender=self[sender], fails=fails)

    def binding(self, operator: str, amount: int) -> Any:
        return self.hub("bind", self[operator], amount, sender="service")

    def stake(self, amount: int, **rest: Any) -> Any:
        return self.hub("stake", self["operator"], amount, 0, 0, sender="delegator", **rest)
