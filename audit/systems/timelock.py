"""Timelock: operations of one call and of several, early, late, twice, out of order, and from inside one another."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from itertools import product
from typing import Any

from audit.systems._constructors import Deployment, variations
from audit.systems._differential import Differential
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import Call, Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.spec.callbacks import COME_BACK, REFUSE, TAKE
from keifu.spec.timelock import (
    ADMIN,
    CANCELLER,
    DONE,
    EXECUTOR,
    NONE,
    PROPOSER,
    Item,
    Operation,
    Refused,
    World,
)
from keifu.units import DAY

DELAY = 2 * DAY
LIMIT = 5  # of Counter
COINS = 3  # wei in the timelock at first
SALT, UNKNOWN = b"\1" * 32, b"\7" * 32
ROLES = (ADMIN, PROPOSER, EXECUTOR, CANCELLER)
STATES = {"unset": 1, "waiting": 2, "ready": 4, "done": 8}


class Timelock(Differential):
    """A proposer, an executor and an administrator; targets that count, refuse, and come back."""

    contracts = ("Timelock",)
    actors = ("proposer", "executor", "administrator", "stranger")
    wait_weight = 8

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        counter, attacker = evm.deploy("Counter", LIMIT, sender=owner), evm.deploy("CallbackAttacker", sender=owner)
        executors = [self["executor"], attacker]
        lock = evm.deploy("Timelock", DELAY, [self["proposer"]], executors, self["administrator"], sender=owner)
        self.bind(lock=lock, counter=counter, attacker=attacker)
        evm.send(owner, lock, b"", value=COINS)
        self.pool = self.operations()
        self.accounts = [*(self[role] for role in self.actors), self["attacker"], self["lock"], ZERO_ADDRESS]
        roles = {
            (ADMIN, self["lock"]), (ADMIN, self["administrator"]), (PROPOSER, self["proposer"]),
            (CANCELLER, self["proposer"]), (EXECUTOR, self["executor"]), (EXECUTOR, self["attacker"]),
        }  # fmt: skip
        coins = {self["lock"]: COINS, self["attacker"]: 0}
        self.opening = pickle.dumps(World(self["lock"], self["attacker"], LIMIT, DELAY, roles, coins))
        self.time, self.stored_delay = (
            self.read(f"lock.timelock_controller.{name}") for name in ("get_timestamp", "get_minimum_delay")
        )
        self.has_role, self.total = self.read("lock.access_control.hasRole"), self.read("counter.total")
        self.got_through = self.read("attacker.got_through")

    def operations(self) -> list[Operation]:
        """Every operation that is tried: each of the calls alone, and some together."""
        lock, counter, attacker = (self.contract(name) for name in ("lock", "counter", "attacker"))

        def change(function: str, does: str, *args: Any) -> Item:
            return Item(lock.address, 0, getattr(lock, function).encode(*args), does, args)

        count = Item(counter.address, 0, counter.add.encode(1), "count", (1,))
        too_much = Item(counter.address, 0, counter.add.encode(LIMIT + 1), "count", (LIMIT + 1,))
        pay = Item(attacker.address, 1, b"", "pay", (1,))
        calls = (
            (count,), (too_much,), (pay,), (Item(attacker.address, 10**30, b"", "pay", (10**30,)),),
            (change("update_delay", "update_delay", 0),), (change("update_delay", "update_delay", DELAY + 1),),
            (change("grantRole", "grant", EXECUTOR, ZERO_ADDRESS),),
            (change("revokeRole", "revoke", EXECUTOR, ZERO_ADDRESS),),
            (change("grantRole", "grant", PROPOSER, self["stranger"]),),
            (count, pay), (pay, count, pay), (count, too_much),
        )  # fmt: skip
        first = Operation((count,), NONE, NONE, False)
        orders = ((NONE, NONE), (NONE, SALT), (first.id, NONE))
        found = [
            Operation(items, predecessor, salt, len(items) > 1) for items, (predecessor, salt) in product(calls, orders)
        ]
        return [first, first, *found, Operation((count,), UNKNOWN, SALT, False)]

    def constructors(self) -> Iterator[Deployment]:
        longest = artifacts.constant("governance/Timelock.vy", "MAX_DELAY")
        return variations(
            "Timelock",
            (DELAY, [self["proposer"]], [self["executor"]], ZERO_ADDRESS),
            (0, 0, None),
            (0, longest, None),
            (0, longest + 1, "timelock: delay too long"),
            (1, [], "timelock: no proposer"),
            (2, [], "timelock: no executor"),
        )

    def start(self) -> None:
        self.model: World = self.revived(self.opening)
        self.touched: dict[bytes, Operation] = {}

    def deadlines(self) -> list[int]:
        return [time for time in self.model.times.values() if time != DONE]

    # operations -------------------------------------------------------------------------------------------------------

    def known(self, who: str) -> list[Operation]:
        """Operations to cancel or execute: mostly those that are ripe."""
        times = self.model.times
        waiting = [item for number, item in self.touched.items() if self.model.pending(number)]
        ripe = [item for item in waiting if times[item.id] <= self.now]
        return [*ripe * 12, *waiting * 2, *self.touched.values(), self.pool[0]]

    def function(self, name: str, operation: Operation) -> str:
        return f"lock.{name}_batch" if operation.batch else f"lock.{name}"

    @action(
        "", Choice("pool"), Choice((0, 0, 0, 1, -1, 2**256 - 1)),
        sender=("proposer", "proposer", "proposer", "stranger"), weight=10,
    )  # fmt: skip
    def schedule(self, who: str, operation: Operation, more: int) -> Steps:
        delay = min(max(self.model.delay + more, 0), 2**256 - 1)
        order = self.tx(self.function("schedule", operation), *operation.args, delay, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.schedule(who, operation, delay), order=order)
        if done is None:
            return
        self.touched[operation.id] = operation
        if self.sometimes():
            last = len(operation.items) - 1
            item = operation.items[last]
            self.emitted(
                "lock.CallScheduled", count=last + 1, id=operation.id, index=last, target=item.target,
                amount=item.amount, payload=item.payload, predecessor=operation.predecessor, delay=delay,
            )  # fmt: skip
            self.emitted("lock.CallSalt", count=int(operation.salt != NONE))

    @action("", Choice("known"), weight=2)
    def cancel(self, who: str, operation: Operation) -> Steps:
        order = self.tx("lock.cancel", operation.id, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.cancel(who, operation), order=order)
        if done is not None and self.sometimes():
            self.emitted("lock.Cancelled", id=operation.id)

    @action("", Choice("known"), Choice((0, 0, 1)), sender=("executor", "executor", "executor", "stranger"), weight=12)
    def execute(self, who: str, operation: Operation, fee: int) -> Steps:
        simple = self.model.mood != COME_BACK
        order = self.tx(self.function("execute", operation), *operation.args, sender=who, value=fee, raw_outcome=True)
        done = yield from self.both(lambda m: m.execute(who, operation, fee), order=order)
        if done is not None and simple and self.sometimes():
            last = len(operation.items) - 1
            item = operation.items[last]
            self.emitted(
                "lock.CallExecuted", count=last + 1, id=operation.id, index=last, target=item.target,
                amount=item.amount, payload=item.payload,
            )  # fmt: skip

    @action(
        "",
        Choice("pool"),
        Choice(("schedule", "execute")),
        sender=("proposer", "executor"),
        weight=1,
        always_reverts=True,
    )
    def of_unequal_lengths(self, who: str, operation: Operation, name: str) -> Steps:
        columns = [[item.target for item in operation.items], [0] * (len(operation.items) + 1)]
        payloads = [item.payload for item in operation.items]
        values: tuple[Any, ...] = (*columns, payloads, NONE, NONE, *((DELAY,) if name == "schedule" else ()))

        def run(model: World) -> None:
            if name == "schedule" or (EXECUTOR, ZERO_ADDRESS) not in model.roles:
                model.need(PROPOSER if name == "schedule" else EXECUTOR, who)
            raise Refused("timelock_controller: length mismatch")

        yield from self.both(run, order=self.tx(f"lock.{name}_batch", *values, sender=who, raw_outcome=True))

    # delay, roles, coins ----------------------------------------------------------------------------------------------

    @action("lock.update_delay", Choice((0, DELAY)), weight=1, always_reverts=True)
    def update_delay(self, who: str, delay: int) -> str:
        return "timelock_controller: caller must be timelock"

    @action("", Choice(("grant", "grant", "revoke", "renounce")), Choice(ROLES), Choice("accounts"), weight=2)
    def change_role(self, who: str, does: str, role: bytes, account: str) -> Steps:
        order = self.tx(f"lock.{does}Role", role, account, sender=who, raw_outcome=True)
        yield from self.both(lambda m: getattr(m, does)(role, account, who), order=order)

    @action("", Choice(ROLES[1:]), Choice((ADMIN, ADMIN, PROPOSER)), weight=1)
    def set_admin(self, who: str, role: bytes, admin: bytes) -> Steps:
        order = self.tx("lock.set_role_admin", role, admin, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.set_admin(role, admin, who), order=order)

    @action("", Choice((1, 2)), weight=1)
    def fund(self, who: str, amount: int) -> Steps:
        yield Call(who, self["lock"], b"", amount, text=("lock", ()))
        self.model.coins[self["lock"]] += amount

    @action("", Choice((TAKE, REFUSE, COME_BACK, COME_BACK)), Choice("known"), weight=3)
    def arm(self, who: str, mood: int, operation: Operation) -> Steps:
        call = getattr(self.contract("lock"), self.function("execute", operation)[5:]).encode(*operation.args)
        yield self.tx("attacker.arm", mood, self["lock"], call, sender=who)
        self.model.mood, self.model.returning = mood, operation

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("TLK-1")
    def operations_follow(self) -> bool:
        """What is scheduled is executed once, not before its time, or cancelled."""
        return all(self.time(number) == self.model.times.get(number, 0) for number in self.touched)

    @invariant("TLK-2")
    def nothing_else_happens(self) -> bool:
        """Nothing is called and no coin is sent but by an operation that was carried out whole."""
        return (
            self.total() == self.model.total
            and self.got_through() == self.model.got_through
            and all(self.evm.balance(place) == coins for place, coins in self.model.coins.items())
        )

    @invariant("TLK-3")
    def powers_follow(self) -> bool:
        """The delay changes through the timelock alone, a role through the timelock or whoever administers it."""
        return self.stored_delay() == self.model.delay and all(
            self.has_role(role, account) == ((role, account) in self.model.roles)
            for role in ROLES
            for account in self.accounts
        )

    @invariant("TLK-4", at_end=True)
    def views_agree(self) -> bool:
        """The views say what is scheduled, ripe and done, and by which number."""
        for number, operation in self.touched.items():
            if self.ask(self.function("hash_operation", operation), *operation.args) != int.from_bytes(number, "big"):
                return False
            time = self.model.times.get(number, 0)
            state = "unset" if not time else "done" if time == DONE else "waiting" if time > self.now else "ready"
            answers = [self.ask(f"lock.is_operation{name}", number) for name in ("", "_pending", "_ready", "_done")]
            wanted = [state != "unset", state in ("waiting", "ready"), state == "ready", state == "done"]
            if answers != wanted or self.ask("lock.get_operation_state", number) != STATES[state]:
                return False
        return True

    @invariant("TLK-5", at_end=True)
    def what_waits_can_be_done(self) -> bool:
        """In the end what is ripe and not refused by its targets can be carried out."""
        self.evm.warp_to(max([self.now, *(time for time in self.deadlines() if time < self.now + 2 * DELAY)]))
        for operation in self.touched.values():
            model: World = self.revived(pickle.dumps(self.model))
            model.now = self.now
            try:
                model.execute(self["executor"], operation)
            except Refused:
                continue
            self.do(self.function("execute", operation), *operation.args, sender=self["executor"])
            return True
        return True
