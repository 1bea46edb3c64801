"""What intelligent NFTs should do, in plain Python: who owns which, who may use it, and what its data is.

The book is a log of what people did; whatever is asked follows from it. It refuses with the reasons of the contract.
All times are unix seconds, all amounts wei. Shares of a royalty are exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

from ethwire.constants import ZERO_ADDRESS
from keifu.spec._operators import Operators
from keifu.spec.inft_limits import LONGEST_LEASE, LONGEST_OFFER, MAX_GENERATIONS, MAX_QUOTA, MAX_ROYALTY_BPS
from keifu.spec.refusals import Refused, check

__all__ = ["Leased", "Minted", "Moved", "Offer", "Refused", "Terms", "Tokens"]

MAX_USERS = 100
MAX_ROYALTY = Fraction(MAX_ROYALTY_BPS, 10_000)
NO_TOKEN, NOT_OWNER, NOT_MOVER = "inft: no such token", "inft: not the owner", "inft: not the owner or approved"

E = TypeVar("E")


@dataclass(frozen=True)
class Terms:
    creator: str
    royalty: Fraction
    cap: int
    generations: int


@dataclass(frozen=True)
class Offer:
    """A lease's terms, in the contract's order."""

    price: int
    currency: str
    duration: int
    quota: int
    scope: int
    open_until: int


@dataclass(frozen=True)
class Minted:
    token: int
    to: str
    private: bool
    terms: Terms | None = None
    parent: int = 0


@dataclass(frozen=True)
class Data:
    """From here on these are a token's data."""

    token: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class Moved:
    """To the zero address: burned."""

    token: int
    to: str


@dataclass(frozen=True)
class Approved:
    token: int
    who: str


@dataclass(frozen=True)
class Allowed:
    token: int
    user: str
    yes: bool


@dataclass(frozen=True)
class Offered:
    token: int
    offer: Offer | None


@dataclass(frozen=True)
class Leased:
    token: int
    user: str
    owner: str
    time: int
    offer: Offer

    @property
    def end(self) -> int:
        return self.time + self.offer.duration


@dataclass(frozen=True)
class Used:
    token: int
    user: str
    uses: int


@dataclass
class Tokens(Operators):
    """Every public method is one call."""

    log: list[Any] = field(default_factory=list)
    now: int = 0

    # what the log says ------------------------------------------------------------------------------------------------

    def about(self, kind: type[E], token: int) -> list[E]:
        return [item for item in self.log if isinstance(item, kind) and item.token == token]  # type: ignore[attr-defined]

    def this_time(self, kind: type[E], token: int) -> list[E]:
        """What was done in the time of the owner of now."""
        found: list[E] = []
        for item in self.log:
            if isinstance(item, Minted | Moved) and item.token == token:
                found = []
            elif isinstance(item, kind) and item.token == token:  # type: ignore[attr-defined]
                found.append(item)
        return found

    def mint_of(self, token: int) -> Minted | None:
        return next(iter(self.about(Minted, token)), None)

    def owner(self, token: int) -> str:
        mint = self.mint_of(token)
        if mint is None:
            return ZERO_ADDRESS
        moves = self.about(Moved, token)
        return moves[-1].to if moves else mint.to

    def moves(self, token: int) -> int:
        return len(self.about(Moved, token))

    def hashes(self, token: int) -> tuple[bytes, ...]:
        data = self.about(Data, token)
        return data[-1].hashes if data else ()

    def tokens(self) -> list[int]:
        """That there are."""
        return [item.token for item in self.log if isinstance(item, Minted) and self.owner(item.token) != ZERO_ADDRESS]

    def approved(self, token: int) -> str:
        given = self.this_time(Approved, token)
        return given[-1].who if given else ZERO_ADDRESS

    def users(self, token: int) -> set[str]:
        users: set[str] = set()
        for item in self.this_time(Allowed, token):
            (users.add if item.yes else users.discard)(item.user)
        return users

    def offer(self, token: int) -> Offer | None:
        made = self.this_time(Offered, token)
        return made[-1].offer if made else None

    def lease_of(self, token: int, user: str) -> tuple[Leased, int] | None:
        """A user's last lease, and the uses that are left of it."""
        leases = [item for item in self.about(Leased, token) if item.user == user]
        if not leases:
            return None
        after = self.log[len(self.log) - 1 - self.log[::-1].index(leases[-1]) :]
        used = sum(item.uses for item in after if isinstance(item, Used) and (item.token, item.user) == (token, user))
        return leases[-1], leases[-1].offer.quota - used

    def is_running(self, token: int, user: str) -> bool:
        lease = self.lease_of(token, user)
        return lease is not None and self.now < lease[0].end and lease[1] > 0

    def may_use(self, token: int, user: str) -> bool:
        return user == self.owner(token) or user in self.users(token) or self.is_running(token, user)

    def leased_until(self, token: int) -> int:
        return max((item.end for item in self.about(Leased, token)), default=0)

    def clones(self, token: int) -> list[Minted]:
        return [item for item in self.log if isinstance(item, Minted) and item.parent == token]

    def royalty(self, token: int, price: int) -> list[tuple[str, Fraction]]:
        """Half to the nearest creator, half of what is left to the next, the rest to the first."""
        mint = self.mint_of(token)
        if mint is None or mint.terms is None or not mint.terms.royalty:
            return []
        left, shares = price * mint.terms.royalty, []
        while True:
            terms = mint.terms if mint else None
            assert terms is not None
            assert mint is not None
            share = left / 2 if mint.parent else left
            shares.append((terms.creator, share))
            left -= share
            if not mint.parent:
                return shares
            mint = self.mint_of(mint.parent)

    # creators ---------------------------------------------------------------------------------------------------------

    def mint(self, to: str, token: int) -> None:
        check(to != ZERO_ADDRESS, "inft: no receiver")
        check(self.mint_of(token) is None, "inft: token was minted before")
        self.log.append(Minted(token, to, private=False))

    def mint_data(self, to: str, token: int, hashes: tuple[bytes, ...], *, private: bool, terms: Terms) -> None:
        check(len(hashes) > 0, "inft: no data")
        check(to != ZERO_ADDRESS, "inft: no receiver")
        check(self.mint_of(token) is None, "inft: token was minted before")
        check(all(any(item) for item in hashes), "inft: no data hash")
        check(terms.royalty <= MAX_ROYALTY, "inft: royalty too high")
        check(terms.generations <= MAX_GENERATIONS, "inft: too many generations")
        there = terms.royalty or terms.cap or terms.generations
        self.log += [Minted(token, to, private, terms if there else None), Data(token, hashes)]

    # owners -----------------------------------------------------------------------------------------------------------

    def check_there(self, token: int) -> str:
        owner = self.owner(token)
        check(owner != ZERO_ADDRESS, NO_TOKEN)
        return owner

    def check_owner(self, who: str, token: int) -> None:
        check(self.check_there(token) == who, NOT_OWNER)

    def check_mover(self, who: str, token: int) -> str:
        owner = self.check_there(token)
        check(who == owner or self.is_operator(owner, who) or who == self.approved(token), NOT_MOVER)
        return owner

    def approve(self, who: str, to: str, token: int) -> None:
        owner = self.check_there(token)
        check(who == owner or self.is_operator(owner, who), "inft: not the owner or an operator")
        self.log.append(Approved(token, to))

    def is_private(self, token: int) -> bool:
        mint = self.mint_of(token)
        return mint is not None and mint.private

    def transfer(self, who: str, to: str, token: int) -> None:
        """A plain one, by the owner of now."""
        self.check_mover(who, token)
        check(not self.is_private(token), "inft: private data moves by iTransfer")
        check(to != ZERO_ADDRESS, "inft: no receiver")
        self.log.append(Moved(token, to))

    def move_data(self, to: str, token: int, hashes: tuple[bytes, ...] = ()) -> None:
        """With new data; proofs were checked."""
        check(to != ZERO_ADDRESS, "inft: no receiver")
        if hashes:
            self.log.append(Data(token, hashes))
        self.log.append(Moved(token, to))

    def check_clone(self, token: int) -> None:
        mint = self.mint_of(token)
        terms = mint.terms if mint else None
        check(
            terms is not None and terms.generations > 0 and len(self.clones(token)) < terms.cap, "inft: no clone left"
        )

    def clone(self, token: int, clone: int, to: str, hashes: tuple[bytes, ...]) -> None:
        check(to != ZERO_ADDRESS, "inft: no receiver")
        mint = self.mint_of(token)
        of = mint.terms if mint else None
        assert mint is not None
        assert of is not None
        terms = Terms(self.owner(token), of.royalty, of.cap, of.generations - 1)
        self.log += [Minted(clone, to, mint.private, terms, token), Data(clone, hashes or self.hashes(token))]

    def renew(self, token: int, hashes: tuple[bytes, ...]) -> None:
        self.log.append(Data(token, hashes))

    def burn(self, who: str, token: int) -> None:
        self.check_owner(who, token)
        check(self.leased_until(token) <= self.now, "inft: token is leased")
        self.log.append(Moved(token, ZERO_ADDRESS))

    def authorize(self, who: str, token: int, user: str) -> None:
        self.check_owner(who, token)
        check(user != ZERO_ADDRESS, "inft: no user")
        check(user not in self.users(token), "inft: user is authorized")
        check(len(self.users(token)) < MAX_USERS, "inft: too many users")
        self.log.append(Allowed(token, user, yes=True))

    def revoke(self, who: str, token: int, user: str) -> None:
        self.check_owner(who, token)
        check(user in self.users(token), "inft: user is not authorized")
        self.log.append(Allowed(token, user, yes=False))

    def offer_lease(self, who: str, token: int, offer: Offer | None) -> None:
        self.check_owner(who, token)
        if offer is not None:
            check(0 < offer.duration <= LONGEST_LEASE, "inft: bad duration")
            check(0 < offer.quota <= MAX_QUOTA, "inft: bad quota")
            check(0 < offer.scope < 2**8, "inft: bad scope")
            check(self.now < offer.open_until, "inft: offer is over")
            check(offer.open_until <= self.now + LONGEST_OFFER, "inft: offer too long")
        self.log.append(Offered(token, offer))

    # users ------------------------------------------------------------------------------------------------------------

    def lease(self, who: str, token: int, seen: Offer) -> int:
        owner = self.check_there(token)
        offer = self.offer(token)
        check(offer is not None, "inft: no lease is offered")
        assert offer is not None
        check(self.now <= offer.open_until, "inft: offer is over")
        check(offer == seen, "inft: offer has changed")
        check(not self.is_running(token, who), "inft: lease is running")
        self.log.append(Leased(token, who, owner, self.now, offer))
        return self.now + offer.duration

    def record_use(self, who: str, token: int, uses: int) -> int:
        self.check_there(token)
        lease = self.lease_of(token, who)
        check(lease is not None and self.now < lease[0].end, "inft: no lease is running")
        assert lease is not None
        check(0 < uses <= lease[1], "inft: quota is used up")
        self.log.append(Used(token, who, uses))
        return lease[1] - uses
