"""StakingHub with the actions and the oracles of test/Hub.t.sol, so that two engines can be timed on the same work.

It asks less than `audit.systems.hub`, which compares every word with a full model: that model would have to be
written in Solidity too. Here both sides check sums that need no model. Each action is one call; a wait is one as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import MAY_REVERT, Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Fixed, Who
from keifu.units import COIN, DAY

__all__ = ["HubMirror"]

EPOCH = DAY
UNBONDING = 14 * EPOCH
FIRST_EMISSION, EMISSION_EPOCHS = 40, 1_461
LOCK, BOUND, MULTIPLE = 2_000 * COIN, 1_000 * COIN, 2  # of each operator at each service
FUNDS = 10**25
OPERATORS = ("operator", "other operator")
DELEGATORS = ("delegator", "other delegator")
SERVICES = {"service": (7 * EPOCH, 4), "other service": (UNBONDING, 2)}  # horizon, highest multiple
MULTIPLES = (0, 1, 2, 3, 4, 5)
AMOUNT, SHARES = (1 << 96) - 1, (1 << 128) - 1
MAX_AMOUNT = 10**28  # above it the arithmetic's own checks refuse without words
TICKETS = 8  # of an owner that are remembered


@cache
def reasons() -> tuple[str, ...]:
    """Every reason for which the hub may refuse a call: no action foresees which."""
    root = artifacts.project().root
    texts = [(root / path).read_text() for path in artifacts.load("StakingHub").sources if path.endswith(".vy")]
    return (*re.findall(r'"(hub: [^"]+)"', "".join(texts)), "token: insufficient balance")


Coins = partial(Amount, most=MAX_AMOUNT)
Word = Callable[[], int]


class HubMirror(System):
    """Sums over the hub's storage after every call."""

    contracts = ("StakingHub",)
    actors = (*OPERATORS, *DELEGATORS, *SERVICES)
    wait_weight = 4

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        insurance, treasury = (evm.account(role).address for role in ("insurance", "treasury"))
        token = evm.deploy("KeifuToken", owner, sender=owner)
        times = UNBONDING, EPOCH, FIRST_EMISSION, EMISSION_EPOCHS
        hub = evm.deploy("StakingHub", token, owner, insurance, treasury, *times, sender=owner)
        self.bind(hub=hub, token=token)
        for who in self.roles.values():
            token.approve(hub, 2**256 - 1, sender=who)
            token.transfer(who, FUNDS, sender=owner)
        self.operators = [self[role] for role in OPERATORS]
        self.delegators = [self[role] for role in DELEGATORS]
        self.services = [self[role] for role in SERVICES]
        for role, terms in SERVICES.items():
            hub.list_service(self[role], *terms, sender=owner)
        for name in self.operators:
            hub.register_operator(1_000, "", sender=name)
            for service in self.services:
                hub.lock(service, name, LOCK, sender=name)
                hub.set_multiple(service, MULTIPLE, sender=name)
                hub.bind(name, BOUND, sender=service)
        evm.warp(2 * UNBONDING + EPOCH)
        for name in self.operators:
            for service in self.services:
                hub.poke(name, service, sender=name)
        self.readers_of(hub.address, (insurance, treasury))

    def readers_of(self, hub: str, sinks: tuple[str, str]) -> None:
        """The words of the hub's storage that the oracles read."""
        names = ("positions.positions", "positions.additions", "operators.pools_of", "operators.operators")
        self.position, self.addition, pool, operator = (self.read(f"hub.{name}") for name in names)
        self.lock_word, credit = self.read("hub.locks.locks"), self.read("hub.coins.credits")
        self.stored, self.total = self.read("token.balanceOf"), self.read("hub.emission.totals").at()
        self.held = self.stored.at(hub)
        holders = (*self.roles.values(), *sinks)
        self.credits = [credit.at(who) for who in holders]
        self.paid = self.watch(*(credit.place(who) for who in holders))
        self.pools = []
        for name in self.operators:
            locks = [(service, name) for service in self.services]
            shares = [(name, who) for who in self.delegators]
            places = [pool.place(name), operator.place(name), *(self.lock_word.place(*keys) for keys in locks)]
            places += [reader.place(*keys) for keys in shares for reader in (self.position, self.addition)]
            self.pools.append(
                _Pool(
                    self.watch(*places),
                    pool.at(name),
                    operator.at(name),
                    [self.lock_word.at(*keys) for keys in locks],
                    [(self.position.at(*keys), self.addition.at(*keys)) for keys in shares],
                )
            )
        self.credited = 0

    def start(self) -> None:
        self.balance = 4 * LOCK  # what came in less what went out
        self.tickets: dict[str, list[int]] = {who: [] for who in self.addresses}

    def deadlines(self) -> list[int]:
        half = UNBONDING // 2
        mature = [((ticket & AMOUNT) + 3) * half for held in self.tickets.values() for ticket in held]
        return [*mature, self.now // EPOCH * EPOCH + EPOCH]

    def coins_of(self, who: str) -> int:
        return min(self.stored(who), 5_000 * COIN)

    def shares(self, who: str) -> int:
        return max(
            [(self.position(name, who) & SHARES) + (self.addition(name, who) & SHARES) for name in self.operators]
        )

    def locked(self, who: str) -> int:
        return max([self.lock_word(who, name) & AMOUNT for name in self.operators])

    def tickets_of(self, who: str) -> list[int]:
        return self.tickets[who]

    # actions ----------------------------------------------------------------------------------------------------------

    @action("hub.stake", Choice("operators"), Coins("coins_of"), Fixed(0), Fixed(0), sender=DELEGATORS, allow=reasons())
    def stake(self, who: str, operator: str, amount: int, least: int, sub: int) -> Steps:
        shares = int.from_bytes((yield MAY_REVERT), "big")
        assert shares >= amount, "HUB-8: a share costs more than a coin"
        self.balance += amount

    @action("hub.unstake", Choice("operators"), Coins("shares"), Fixed(0), Fixed(0), sender=DELEGATORS, allow=reasons())
    def unstake(self, who: str, operator: str, shares: int, least: int, sub: int) -> Steps:
        ticket = int.from_bytes((yield MAY_REVERT), "big")
        self.tickets[who] = [*self.tickets[who][-TICKETS + 1 :], ticket]

    @action("hub.withdraw", Choice("tickets_of"), Fixed(0), sender=DELEGATORS, allow=reasons())
    def withdraw(self, who: str, ticket: int, sub: int) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.claim_rewards", Choice("operators"), Who(), Fixed(0), sender=DELEGATORS, allow=reasons())
    def claim_rewards(self, who: str, operator: str, receiver: str, sub: int) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.collect", Who(), Fixed(0), allow=reasons())
    def collect(self, who: str, receiver: str, sub: int) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.lock", Choice("services"), Choice("operators"), Coins("coins_of"), allow=reasons())
    def lock(self, who: str, service: str, operator: str, amount: int) -> Steps:
        yield MAY_REVERT
        self.balance += amount

    @action("hub.set_multiple", Choice("services"), Choice(MULTIPLES), sender=OPERATORS, allow=reasons())
    def set_multiple(self, who: str, service: str, multiple: int) -> Steps:
        yield MAY_REVERT

    @action("hub.poke", Choice("operators"), Choice("services"), allow=reasons())
    def poke(self, who: str, operator: str, service: str) -> Steps:
        yield MAY_REVERT

    @action("hub.bind", Choice("operators"), Coins("locked"), sender=tuple(SERVICES), allow=reasons())
    def bind_some(self, who: str, operator: str, amount: int) -> Steps:
        bound = int.from_bytes((yield MAY_REVERT), "big")
        assert bound == min(amount, self.lock_word(who, operator) & AMOUNT), "HUB-12: bound another amount"

    @action(
        "hub.unlock", Choice("operators"), Coins("locked"), Coins("locked"), sender=tuple(SERVICES), allow=reasons()
    )
    def unlock(self, who: str, operator: str, amount: int, bound: int) -> Steps:
        yield MAY_REVERT

    @action("hub.slash", Choice("operators"), Coins("locked"), Coins("locked"), sender=tuple(SERVICES), allow=reasons())
    def slash(self, who: str, operator: str, damages: int, penalty: int) -> Steps:
        there = self.lock_word(who, operator) & AMOUNT
        returned = yield MAY_REVERT
        taken, lost, _ = (int.from_bytes(returned[at : at + 32], "big") for at in (0, 32, 64))
        there -= self.lock_word(who, operator) & AMOUNT
        assert taken <= damages, "HUB-19: took more than asked"
        assert lost <= penalty, "HUB-19: took more than asked"
        assert there == taken + lost, "HUB-19: took something else than the lock lost"

    @action("hub.reward", Choice("operators"), Coins("coins_of"), sender=tuple(SERVICES), allow=reasons())
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        yield MAY_REVERT
        self.balance += amount

    @action("hub.fund_emission", Coins("coins_of"), sender=tuple(SERVICES), allow=reasons())
    def fund_emission(self, who: str, amount: int) -> Steps:
        taken = int.from_bytes((yield MAY_REVERT), "big")
        assert taken <= amount, "RWD-1: took more than was offered"
        self.balance += taken

    # oracles, after every call ----------------------------------------------------------------------------------------

    @invariant("HUB-1")
    def coins(self) -> bool:
        """The coins are what came in less what went out; they cover locks, pools and credits."""
        if self.paid():
            self.credited = sum([credit() for credit in self.credits])
        owed = self.credited
        for pool in self.pools:
            if pool.changed():
                pool.look()
            owed += pool.coins
        return self.held() == self.balance >= owed

    @invariant("HUB-12")
    def sums(self) -> bool:
        """A pool's shares are its owners', a share is worth at most a coin. What is bound is within its lock; an
        operator's bound and exposure are the sums over its locks, and the weight is the sum over operators."""
        weight = 0
        for pool in self.pools:  # as the invariant before this one has just looked at them
            if not pool.adds_up:
                return False
            weight += pool.weight
        return self.total() & AMOUNT == weight


class _Pool:
    """What an operator's words say; looked at again when one of them has changed."""

    def __init__(
        self, changed: Word, pool: Word, operator: Word, locks: list[Word], owners: list[tuple[Word, Word]]
    ) -> None:
        self.changed, self._pool, self._operator, self._locks, self._owners = changed, pool, operator, locks, owners
        self.coins = self.weight = 0
        self.adds_up = True

    def look(self) -> None:
        word = self._pool()
        active, shares, generation = word & AMOUNT, word >> 96 & SHARES, word >> 224 & 255
        fits = active <= shares
        for first, second in self._owners:
            position = first()
            if position >> 248 == generation:
                shares -= (position & SHARES) + (second() & SHARES)
        locked = bound = exposure = 0
        for lock in self._locks:
            word = lock()
            locked += word & AMOUNT
            part = word >> 96 & AMOUNT
            fits = fits and part <= word & AMOUNT
            if part:
                bound += part
                # The multiple by which it carries delegation: one that will count less carries less already.
                exposure += part * ((word >> 222 or word >> 192) & 7)
        word = self._operator()
        self.adds_up = fits and not shares and (word & AMOUNT, word >> 96 & AMOUNT) == (bound, exposure)
        self.coins, self.weight = active + locked, bound + min(active, exposure)
