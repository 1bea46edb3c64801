"""What an account of a token should do, in plain Python, and the token, coins and shop it is tried on.

The book is a log of what people did. Whether a session's call is allowed follows from the log alone: how often it was
used, what it cost in this window, and who has owned the token since. It refuses with the reasons of the contract. All
times are unix seconds, all amounts wei.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.refusals import Refused, check

__all__ = ["APPROVABLE", "COIN", "Act", "Called", "Granted", "Owned", "Refused", "Revoked", "Terms", "World"]

COIN = ZERO_ADDRESS  # the chain's coin, as a limit's token
APPROVABLE = "may be approved"
LARGEST = 2**104 - 1

Act = tuple[str, tuple[Any, ...]]  # a method of World and its arguments


@dataclass(frozen=True)
class Terms:
    """What a key may do. `rights` are (target, name of a function); what is paid without a function has the name ""."""

    key: str
    after: int
    until: int
    uses: int
    period: int
    rights: frozenset[tuple[str, str]]
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Owned:
    """Somebody owns the token from here on; the zero address for nobody."""

    owner: str
    transfers: int


@dataclass(frozen=True)
class Granted:
    number: int
    terms: Terms


@dataclass(frozen=True)
class Revoked:
    key: str


@dataclass(frozen=True)
class Called:
    """A call of a session, and what it cost of each token with a limit."""

    number: int
    time: int
    cost: tuple[tuple[str, int], ...]


@dataclass
class World:
    """One account. Every public method is one call."""

    account: str
    shop: str
    token: str
    balances: dict[tuple[str, str], int]  # (token or COIN, who)
    log: list[Owned | Granted | Revoked | Called]
    allowances: dict[str, int] = field(default_factory=dict)  # of the account, by spender
    nonces: dict[str, int] = field(default_factory=dict)
    approved: str = ZERO_ADDRESS  # who may move the token
    acts: int = 0  # what changed the account's state
    now: int = 0
    busy: bool = False
    armed: Act | None = None  # what the shop does in the middle of its next trade
    got_through: bool = False

    def do(self, act: Act) -> None:
        name, args = act
        getattr(self, name)(*args)

    # what the log says ------------------------------------------------------------------------------------------------

    @property
    def owned(self) -> Owned:
        return next(item for item in reversed(self.log) if isinstance(item, Owned))

    @property
    def owner(self) -> str:
        return self.owned.owner

    def session(self, key: str) -> Granted | None:
        """The last grant to a key, unless it was revoked."""
        for item in reversed(self.log):
            if isinstance(item, Granted) and item.terms.key == key:
                return item
            if isinstance(item, Revoked) and item.key == key:
                return None
        return None

    def owned_at(self, grant: Granted) -> Owned:
        before = self.log[: self.log.index(grant)]
        return next(item for item in reversed(before) if isinstance(item, Owned))

    def alive(self, grant: Granted) -> bool:
        return self.owner != ZERO_ADDRESS and self.owned_at(grant) == self.owned

    def uses_left(self, grant: Granted) -> int:
        used = sum(isinstance(item, Called) and item.number == grant.number for item in self.log)
        return grant.terms.uses - used

    def spent(self, grant: Granted, token: str) -> int:
        """What the session cost in the window of now."""
        window = self.now // grant.terms.period
        return sum(
            dict(item.cost).get(token, 0)
            for item in self.log
            if isinstance(item, Called) and item.number == grant.number and item.time // grant.terms.period == window
        )

    # the token's fate -------------------------------------------------------------------------------------------------

    def sell(self, to: str, by: str) -> None:
        check(by in (self.owner, self.approved), "nft: not allowed")
        self.approved = ZERO_ADDRESS
        self.log.append(Owned(to, self.owned.transfers + 1))

    def burn(self) -> None:
        check(self.owner != ZERO_ADDRESS, "nft: no token")
        self.approved = ZERO_ADDRESS
        self.log.append(Owned(ZERO_ADDRESS, self.owned.transfers + 1))

    def mint(self, to: str) -> None:
        check(self.owner == ZERO_ADDRESS, "nft: minted")
        self.log.append(Owned(to, self.owned.transfers))

    def approve_seller(self, who: str, by: str) -> None:
        check(by == self.owner, "nft: not the owner")
        self.approved = who

    # the owner --------------------------------------------------------------------------------------------------------

    def check_owner(self, who: str) -> None:
        check(who == self.owner, "account: not the owner")

    def execute(self, who: str, act: Act, operation: int = 0) -> None:
        check(not self.busy, "")
        check(operation == 0, "account: operation refused")
        self.batch(who, [act])

    def batch(self, who: str, acts: list[Act]) -> None:
        """Each call is the owner's, or none is made."""
        check(not self.busy, "")
        check(bool(acts), "account: empty batch")
        self.check_owner(who)
        self.acts += 1
        self.busy = True
        for act in acts:
            self.check_owner(who)
            self.do(act)
        self.busy = False

    def relay(self, owned: Owned, nonce: int, deadline: int, acts: list[Act]) -> None:
        """A batch that was signed while the token was `owned`."""
        check(not self.busy, "")
        check(bool(acts), "account: empty batch")
        check(self.owner != ZERO_ADDRESS, "account: nobody owns the token")
        self.use_nonce(self.owner, nonce, deadline)
        check(owned == self.owned, "account: bad signature")
        self.batch(self.owner, acts)

    def use_nonce(self, who: str, nonce: int, deadline: int) -> None:
        check(self.now <= deadline, "account: intent expired")
        check(nonce == self.nonces.get(who, 0), "account: nonce used")
        self.nonces[who] = nonce + 1

    def cancel(self, who: str, below: int) -> None:
        check(below > self.nonces.get(who, 0), "account: nonce used")
        self.nonces[who] = below

    def grant(self, who: str, terms: Terms) -> None:
        check(self.owner != ZERO_ADDRESS and who in (self.owner, self.account), "account: not the owner")
        check(terms.until > max(self.now, terms.after), "account: session is over")
        number = sum(isinstance(item, Granted) for item in self.log) + 1
        self.acts += 1
        self.log.append(Granted(number, terms))

    def revoke(self, who: str, key: str) -> None:
        if who not in (key, self.account):
            self.check_owner(who)
        check(self.session(key) is not None, "account: no session")
        self.acts += 1
        self.log.append(Revoked(key))

    # sessions ---------------------------------------------------------------------------------------------------------

    def use(self, key: str, to: str, function: str, value: int, named: tuple[str, int] | None, act: Act) -> None:
        """A call within the session of `key`. `named` is who is approved, or "", and the amount that the call names."""
        check(not self.busy, "")
        grant = self.session(key)
        check(grant is not None, "account: no session")
        assert grant is not None
        terms = grant.terms
        check(self.owner != ZERO_ADDRESS, "account: nobody owns the token")
        check(self.alive(grant), "account: token has a new owner")
        check(self.now >= terms.after, "account: session has not begun")
        check(self.now < terms.until, "account: session is over")
        check(self.uses_left(grant) > 0, "account: session used up")
        check((to, function) in terms.rights, "account: call not granted")
        spender, amount = named or ("", 0)
        if spender:
            check(amount <= LARGEST, "account: over the limit")
            check((spender, APPROVABLE) in terms.rights, "account: spender not granted")
        limits = dict(terms.limits)
        check(not value or COIN in limits, "account: coin without a limit")
        before = {token: self.balances[token, self.account] for token in limits}
        spent = {token: self.spent(grant, token) for token in limits}
        self.acts += 1
        at = len(self.log)
        self.busy = True
        check(value <= self.balances[COIN, self.account], "")
        self.do(act)
        self.busy = False
        cost = {}
        for token, limit in terms.limits:
            lost = max(before[token] - self.balances[token, self.account], 0)
            if token == COIN:
                lost = max(lost, value)
            elif token == to:
                lost = lost + max(amount, 1) if spender else max(lost, amount)
            check(spent[token] + lost <= limit, "account: over the limit")
            cost[token] = lost
        self.log.insert(at, Called(grant.number, self.now, tuple(cost.items())))

    def relay_use(self, key: str, number: int, nonce: int, deadline: int, call: tuple[Any, ...]) -> None:
        """A call that a key signed for its session `number`."""
        check(not self.busy, "")
        self.use_nonce(key, nonce, deadline)
        grant = self.session(key)
        check(number == (grant.number if grant else 0), "account: bad signature")
        self.use(key, *call)

    # what is called ---------------------------------------------------------------------------------------------------

    def move(self, token: str, source: str, to: str, amount: int, reason: str = "token: insufficient balance") -> None:
        check(amount <= self.balances[token, source], reason)
        self.balances[token, source] -= amount
        self.balances[token, to] += amount

    def approve(self, spender: str, amount: int) -> None:
        self.allowances[spender] = amount

    def trade(self, take: int, give: int, coins: int, value: int) -> None:
        """The shop takes by allowance, does what it was armed for, and gives."""
        self.move(COIN, self.account, self.shop, value, "")
        if take:
            check(take <= self.allowances.get(self.shop, 0), "token: insufficient allowance")
            self.move(self.token, self.account, self.shop, take)
            self.allowances[self.shop] -= take
        if self.armed is not None:
            act, self.armed = self.armed, None
            self.got_through = self.tries(act)
        if give:
            self.move(self.token, self.shop, self.account, give)
        if coins:
            self.move(COIN, self.shop, self.account, coins, "")

    def tries(self, act: Act) -> bool:
        """A call whose refusal leaves nothing behind."""
        kept = {name: deepcopy(value) for name, value in self.__dict__.items() if name not in ("log", "armed")}
        log = list(self.log)
        try:
            self.do(act)
        except Refused:
            self.__dict__.update(kept, log=log)
            return False
        return True
