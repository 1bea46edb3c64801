"""What a timelock should do, in plain Python, and the things it is tried on: a counter and a hostile receiver.

It refuses with the reasons of the contract. All times are unix seconds, all amounts wei.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ethwire.abi import encode_args
from ethwire.constants import ZERO_ADDRESS
from ethwire.keys import keccak256
from keifu.spec.callbacks import COME_BACK, REFUSE, TAKE
from keifu.spec.refusals import Refused, check

__all__ = ["ADMIN", "CANCELLER", "DONE", "EXECUTOR", "NONE", "PROPOSER", "Item", "Operation", "Refused", "World"]

ADMIN = NONE = bytes(32)
PROPOSER, EXECUTOR, CANCELLER = (keccak256(f"{name}_ROLE".encode()) for name in ("PROPOSER", "EXECUTOR", "CANCELLER"))
DONE = 1  # in the place of a time
LOCK = "timelock_controller"
WORD = 1 << 256


@dataclass(frozen=True)
class Item:
    """One call of an operation, and what it does: the name of a method of World and its arguments."""

    target: str
    amount: int
    payload: bytes
    does: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True)
class Operation:
    """What is scheduled and executed as one."""

    items: tuple[Item, ...]
    predecessor: bytes
    salt: bytes
    batch: bool

    @cached_property
    def args(self) -> tuple[object, ...]:
        """As the contract takes them, for hashing, scheduling (less the delay) and executing."""
        columns = [[getattr(item, name) for item in self.items] for name in ("target", "amount", "payload")]
        return (*(columns if self.batch else (column[0] for column in columns)), self.predecessor, self.salt)

    @cached_property
    def id(self) -> bytes:
        kinds = ["address", "uint256", "bytes"]
        kinds = [f"{kind}[]" for kind in kinds] if self.batch else kinds
        return keccak256(encode_args([*kinds, "bytes32", "bytes32"], self.args))


@dataclass
class World:
    """Timelock, counter and receiver; every method is one call."""

    lock: str
    attacker: str
    limit: int  # of the counter, a call
    delay: int
    roles: set[tuple[bytes, str]]
    coins: dict[str, int]
    admins: dict[bytes, bytes] = field(default_factory=dict)
    times: dict[bytes, int] = field(default_factory=dict)
    now: int = 0
    total: int = 0  # of the counter
    mood: int = TAKE
    returning: Operation | None = None  # what the receiver executes when it comes back
    got_through: bool = False

    # the timelock -----------------------------------------------------------------------------------------------------

    def need(self, role: bytes, who: str) -> None:
        check((role, who) in self.roles, "access_control: account is missing role")

    def pending(self, number: bytes) -> bool:
        return self.times.get(number, 0) > DONE

    def ready(self, number: bytes) -> None:
        check(self.pending(number) and self.times[number] <= self.now, f"{LOCK}: operation is not ready")

    def schedule(self, who: str, operation: Operation, delay: int) -> None:
        self.need(PROPOSER, who)
        check(operation.id not in self.times, f"{LOCK}: operation already scheduled")
        check(delay >= self.delay, f"{LOCK}: insufficient delay")
        check(self.now + delay < WORD, "")
        self.times[operation.id] = self.now + delay

    def cancel(self, who: str, operation: Operation) -> None:
        self.need(CANCELLER, who)
        check(self.pending(operation.id), f"{LOCK}: operation cannot be cancelled")
        del self.times[operation.id]

    def execute(self, who: str, operation: Operation, fee: int = 0) -> None:
        if (EXECUTOR, ZERO_ADDRESS) not in self.roles:
            self.need(EXECUTOR, who)
        self.coins[self.lock] += fee
        self.ready(operation.id)
        known = operation.predecessor == NONE or self.times.get(operation.predecessor) == DONE
        check(known, f"{LOCK}: missing dependency")
        for item in operation.items:
            check(self.coins[self.lock] >= item.amount, f"{LOCK}: underlying transaction reverted")
            getattr(self, item.does)(*item.args)
        self.ready(operation.id)
        self.times[operation.id] = DONE

    def update_delay(self, delay: int) -> None:
        self.delay = delay

    # roles ------------------------------------------------------------------------------------------------------------

    def grant(self, role: bytes, account: str, by: str = "") -> None:
        self.need(self.admins.get(role, ADMIN), by or self.lock)
        self.roles.add((role, account))

    def revoke(self, role: bytes, account: str, by: str = "") -> None:
        self.need(self.admins.get(role, ADMIN), by or self.lock)
        self.roles.discard((role, account))

    def renounce(self, role: bytes, account: str, by: str) -> None:
        check(account == by, "access_control: can only renounce roles for itself")
        self.roles.discard((role, account))

    def set_admin(self, role: bytes, admin: bytes, by: str = "") -> None:
        self.need(self.admins.get(role, ADMIN), by or self.lock)
        self.admins[role] = admin

    # what it is tried on ----------------------------------------------------------------------------------------------

    def count(self, amount: int) -> None:
        check(amount <= self.limit, "counter: over the limit")
        self.total += amount

    def pay(self, amount: int) -> None:
        """Coins reach the receiver, which may refuse them, or come back once."""
        check(self.mood != REFUSE, "attacker: no")
        self.coins[self.lock] -= amount
        self.coins[self.attacker] += amount
        if self.mood == COME_BACK and self.returning is not None:
            self.mood = TAKE
            self.got_through = self.try_again(self.returning)

    def try_again(self, operation: Operation) -> bool:
        """The receiver's own call; a refusal leaves nothing behind."""
        before = self.__dict__ | {name: getattr(self, name).copy() for name in ("roles", "coins", "admins", "times")}
        try:
            self.execute(self.attacker, operation)
        except Refused:
            self.__dict__.update(before)
            return False
        return True
