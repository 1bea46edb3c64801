"""What the market of intelligent NFTs should do, in plain Python, with the tokens and the verifier that it asks.

The book is a log of sales and of what became of each. Who is owed what follows from it in exact fractions: a price goes
back whole, or to creators and seller.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.attestors import Attestors
from keifu.spec.inft import Tokens
from keifu.spec.refusals import Refused, check

__all__ = ["Agreed", "Market", "Refused", "Sold"]


@dataclass(frozen=True)
class Agreed:
    """What both sides agreed to; zero addresses stand for whoever settles."""

    number: bytes
    seller: str
    buyer: str
    token: int
    moves: int
    hashes: tuple[bytes, ...]
    leased_until: int
    price: int
    currency: str
    backing: int
    nonce: bytes
    deadline: int


@dataclass(frozen=True)
class Sold:
    """A settled sale. Without a transfer's nonce its data is public, and it is over at once."""

    order: Agreed
    seller: str
    buyer: str
    transfer: bytes


@dataclass(frozen=True)
class Ended:
    number: bytes
    back: bool  # to the buyer


@dataclass(frozen=True)
class Cancelled:
    who: str
    nonce: bytes


@dataclass(frozen=True)
class Listed:
    currency: str
    yes: bool


@dataclass(frozen=True)
class Paid:
    who: str
    amount: int


@dataclass
class Market:
    """`coin` is what attestors back with, and the first currency."""

    coin: str
    tokens: Tokens
    attestors: Attestors
    log: list[Sold | Ended | Cancelled | Listed | Paid] = field(default_factory=list)
    now: int = 0

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "now":
            for part in ("tokens", "attestors"):
                setattr(getattr(self, part), name, value)

    # what the log says ------------------------------------------------------------------------------------------------

    def sale(self, number: bytes) -> Sold | None:
        return next((item for item in self.log if isinstance(item, Sold) and item.order.number == number), None)

    def end_of(self, number: bytes) -> Ended | None:
        return next((item for item in self.log if isinstance(item, Ended) and item.number == number), None)

    def sales(self) -> list[Sold]:
        return [item for item in self.log if isinstance(item, Sold)]

    def open_sales(self) -> list[Sold]:
        return [sale for sale in self.sales() if self.end_of(sale.order.number) is None]

    def is_used(self, who: str, nonce: bytes) -> bool:
        return any(
            (isinstance(item, Cancelled) and (item.who, item.nonce) == (who, nonce))
            or (isinstance(item, Sold) and item.order.nonce == nonce and who in (item.seller, item.buyer))
            for item in self.log
        )

    def is_listed(self, currency: str) -> bool:
        said = [item.yes for item in self.log if isinstance(item, Listed) and item.currency == currency]
        return said[-1] if said else currency == self.coin

    def due(self) -> dict[str, Fraction]:
        """What sales brought everybody, whether it was withdrawn or not."""
        due: defaultdict[str, Fraction] = defaultdict(Fraction)
        for item in self.log:
            if not isinstance(item, Ended):
                continue
            sale = self.sale(item.number)
            assert sale is not None
            if item.back:
                due[sale.buyer] += sale.order.price
                continue
            rest = Fraction(sale.order.price)
            for creator, share in self.tokens.royalty(sale.order.token, sale.order.price):
                due[creator] += share
                rest -= share
            due[sale.seller] += rest
        return due

    def owed(self) -> dict[str, Fraction]:
        """What everybody may withdraw."""
        owed = self.due()
        for item in self.log:
            if isinstance(item, Paid):
                owed[item.who] -= item.amount
        return owed

    # calls ------------------------------------------------------------------------------------------------------------

    def check_agreed(self, order: Agreed, who: str, signed: tuple[str, ...]) -> tuple[str, str]:
        """Seller and buyer; `signed` are those whose signature of this order was brought."""
        seller = who if order.seller == ZERO_ADDRESS else order.seller
        buyer = who if order.buyer == ZERO_ADDRESS else order.buyer
        check(seller != buyer, "market: seller is the buyer")
        check(seller in (who, *signed), "market: seller has not signed")
        check(buyer in (who, *signed), "market: buyer has not signed")
        check(not self.is_used(seller, order.nonce), "market: nonce was used")
        check(not self.is_used(buyer, order.nonce), "market: nonce was used")
        check(self.now <= order.deadline, "market: order has expired")
        check(self.is_listed(order.currency), "market: currency is not listed")
        if order.currency == self.coin and order.backing > 0:
            check(order.backing >= order.price, "market: backed below the price")
        owner = self.tokens.check_there(order.token)
        check(owner == seller, "market: seller does not own it")
        check(self.tokens.moves(order.token) == order.moves, "market: token has moved")
        check(self.tokens.hashes(order.token) == order.hashes, "market: data has changed")
        check(self.tokens.leased_until(order.token) <= order.leased_until, "market: leased for longer")
        return seller, buyer

    def check_backing(self, order: Agreed, promised: int | None) -> None:
        """`promised` by attestors; None for a token with public data."""
        check(promised is not None or not order.backing, "market: public data is not backed")
        check(promised is None or promised >= order.backing, "market: attestors back less")

    def settle(self, order: Agreed, seller: str, buyer: str, transfer: bytes) -> None:
        """All was checked and the token has moved."""
        self.log.append(Sold(order, seller, buyer, transfer))
        if not transfer:
            self.log.append(Ended(order.number, back=False))

    def release(self, number: bytes) -> None:
        sale = self.sale(number)
        check(sale is not None, "market: no such sale")
        check(self.end_of(number) is None, "market: sale is over")
        assert sale is not None
        signed, ending = self.attestors.signed(sale.transfer), self.attestors.ending(sale.transfer)
        assert signed is not None
        wrong = ending is not None and ending.was_wrong
        check(wrong or self.now > signed.until, "market: complaint window is open")
        self.log.append(Ended(number, back=wrong))

    def cancel(self, who: str, nonce: bytes) -> None:
        check(not self.is_used(who, nonce), "market: nonce was used")
        self.log.append(Cancelled(who, nonce))

    def list(self, currency: str, *, yes: bool) -> None:
        self.log.append(Listed(currency, yes))

    def withdraw(self, who: str, amount: int) -> None:
        """`amount` is what was paid, which is compared with what is owed."""
        check(amount > 0, "market: nothing to withdraw")
        self.log.append(Paid(who, amount))
