"""StakingHub with the actions and the oracles of test/Hub.t.sol, so that two engines can be timed on the same work.

It asks less than `audit.systems.hub`, which compares every word with a full model: that model would have to be
written in Solidity too. Here both sides check sums that need no model. Each action is one call; a wait is one as well.
"""

from __future__ import annotations

import re
from functools import cache

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import MAY_REVERT, Steps, System, action, invariant
from evmstorm.fuzz.values import Amount, Choice, Fixed, Who
from keifu.units import COIN, DAY

__all__ = ["HubMirror"]

EPOCH = DAY
UNBONDING = 14 * EPOCH
FUNDS = 10**25
OPERATORS = ("operator", "other operator")
DELEGATORS = ("delegator", "other delegator")
AMOUNT, SHARES = (1 << 96) - 1, (1 << 128) - 1
MAX_AMOUNT = 10**28  # above it the arithmetic's own checks refuse without words
TICKETS = 8  # of an owner that are remembered


@cache
def reasons() -> tuple[str, ...]:
    """Every reason for which the hub may refuse a call: no action foresees which."""
    root = artifacts.project().root
    texts = [(root / path).read_text() for path in artifacts.load("StakingHub").sources if path.endswith(".vy")]
    return (*re.findall(r'"(hub: [^"]+)"', "".join(texts)), "token: insufficient balance")


class Coins(Amount):
    """An amount, cut where there are no more coins."""

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        return min(super().draw(system, who, mode, pick, value), MAX_AMOUNT)


class HubMirror(System):
    """Sums over the hub's books after every call."""

    contracts = ("StakingHub",)
    actors = (*OPERATORS, *DELEGATORS, "service")
    wait_weight = 4

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), UNBONDING, EPOCH, sender=owner)
        self.bind(hub=hub, token=token)
        for who in self.roles.values():
            token.approve(hub, 2**256 - 1, sender=who)
            token.transfer(who, FUNDS, sender=owner)
        hub.list_service(self["service"], UNBONDING, 5_000, 3_000, ZERO_ADDRESS, sender=owner)
        self.operators = [self[role] for role in OPERATORS]
        self.delegators = [self[role] for role in DELEGATORS]
        for name in self.operators:
            hub.register_operator(1_000, "", sender=name)
            hub.bond(2_000 * COIN, sender=name)
        self.stored, self.bond_word = self.read("token.balanceOf"), self.read("hub.ledger.bonds")
        self.position = self.read("hub.positions.positions")
        pool, credit = self.read("hub.ledger.pools_of"), self.read("hub.ledger.credits")
        self.held, self.total = self.stored.at(hub.address), self.read("hub.ledger.totals").at()
        self.credits = [credit.at(who) for who in self.roles.values()]
        self.books = [
            (pool.at(name), self.bond_word.at(name), [self.position.at(name, who) for who in self.delegators])
            for name in self.operators
        ]

    def start(self) -> None:
        self.balance = 4_000 * COIN  # what came in less what went out
        self.tickets: dict[str, list[int]] = {who: [] for who in self.addresses}

    def deadlines(self) -> list[int]:
        half = UNBONDING // 2
        mature = [((ticket & AMOUNT) + 3) * half for held in self.tickets.values() for ticket in held]
        return [*mature, self.now // EPOCH * EPOCH + EPOCH]

    def purse(self, who: str) -> int:
        return min(self.stored(who), 5_000 * COIN)

    def shares(self, who: str) -> int:
        return max(self.position(name, who) & SHARES for name in self.operators)

    def bonded(self, who: str) -> int:
        return self.bond_word(who) & AMOUNT

    def tickets_of(self, who: str) -> list[int]:
        return self.tickets[who]

    # actions ----------------------------------------------------------------------------------------------------------

    @action("hub.stake", Choice("operators"), Coins("purse"), Fixed(0), sender=DELEGATORS, allow=reasons())
    def stake(self, who: str, operator: str, amount: int, least: int) -> Steps:
        shares = int.from_bytes((yield MAY_REVERT), "big")
        assert shares >= amount, "HUB-8: a share costs more than a coin"
        self.balance += amount

    @action("hub.unstake", Choice("operators"), Coins("shares"), sender=DELEGATORS, allow=reasons())
    def unstake(self, who: str, operator: str, shares: int) -> Steps:
        ticket = int.from_bytes((yield MAY_REVERT), "big")
        self.tickets[who] = [*self.tickets[who][-TICKETS + 1 :], ticket]

    @action("hub.withdraw", Choice("tickets_of"), sender=DELEGATORS, allow=reasons())
    def withdraw(self, who: str, ticket: int) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.claim_rewards", Choice("operators"), Who(), sender=DELEGATORS, allow=reasons())
    def claim_rewards(self, who: str, operator: str, receiver: str) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.collect", Who(), allow=reasons())
    def collect(self, who: str, receiver: str) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.bond", Coins("purse"), sender=OPERATORS, allow=reasons())
    def bond(self, who: str, amount: int) -> Steps:
        yield MAY_REVERT
        self.balance += amount

    @action("hub.unbond", Coins("bonded"), sender=OPERATORS, allow=reasons())
    def unbond(self, who: str, amount: int) -> Steps:
        yield MAY_REVERT

    @action("hub.withdraw_bond", Who(), sender=OPERATORS, allow=reasons())
    def withdraw_bond(self, who: str, receiver: str) -> Steps:
        self.balance -= int.from_bytes((yield MAY_REVERT), "big")

    @action("hub.unjail", sender=OPERATORS, allow=reasons())
    def unjail(self, who: str) -> Steps:
        yield MAY_REVERT

    @action("", Coins("bonded"), sender=OPERATORS, allow=reasons())
    def commit(self, who: str, amount: int) -> Steps:
        yield self.tx("hub.commit", self["service"], amount, sender=who, may_revert=True)

    @action("", Choice("operators"), Coins(5_000 * COIN), Who(), sender="service", allow=reasons())
    def slash(self, who: str, operator: str, amount: int, prover: str) -> Steps:
        values = (operator, amount, self["delegator"], prover, b"\1" * 32)
        returned = yield self.tx("hub.slash", *values, sender=who, may_revert=True)
        if returned is not None:
            assert int.from_bytes(returned, "big") <= amount, "HUB-4: took more than asked"

    @action("hub.reward", Choice("operators"), Coins("purse"), sender="service", allow=reasons())
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        yield MAY_REVERT
        self.balance += amount

    @action("hub.fund_emission", Coins("purse"), sender="service", allow=reasons())
    def fund_emission(self, who: str, amount: int) -> Steps:
        yield MAY_REVERT
        self.balance += amount

    # oracles, after every call ----------------------------------------------------------------------------------------

    @invariant("HUB-1")
    def coins(self) -> bool:
        """The coins are what came in less what went out; they cover stake, insurance, leaving bonds and credits."""
        totals = self.total()
        owed = (totals & AMOUNT) + (totals >> 96 & AMOUNT)
        for credit in self.credits:
            owed += credit()
        for _, bond, _ in self.books:
            owed += bond() >> 96 & AMOUNT
        return self.held() == self.balance >= owed

    @invariant("HUB-17")
    def sums(self) -> bool:
        """The total is the sum of bonds and pools; a pool's shares are its owners'; a share is worth at most a coin."""
        total = 0
        for pool, bond, owners in self.books:
            word = pool()
            active, shares, generation = word & AMOUNT, word >> 96 & SHARES, word >> 224 & 255
            total += active + (bond() & AMOUNT)
            for owner in owners:
                position = owner()
                if position >> 248 == generation:
                    shares -= position & SHARES
            if shares or active > word >> 96 & SHARES:
                return False
        return self.total() & AMOUNT == total
