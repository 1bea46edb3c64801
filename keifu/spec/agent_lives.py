"""What one agent's token, its account and its leases should do together, in plain Python.

Market and account each have a log of what people did. Who owns the token follows from the market's; a session lives as
long as that owner has it, and what it leases it pays out of the account.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from keifu.spec.accounts import Owned, World
from keifu.spec.inft import Offer, Tokens
from keifu.spec.refusals import check
from keifu.spec.sales import Agreed, Market

__all__ = ["OWNERS", "AgreedWithAccount", "Lives", "Tenant"]

OWNERS = "owners of leased tokens"  # whose coins the market's log knows


@dataclass(frozen=True)
class AgreedWithAccount(Agreed):
    """An order that names the token's account, too: it has done so much, and no more."""

    acts: int = 0


@dataclass
class Tenant(World):
    """An account that leases."""

    tokens: Tokens = field(default_factory=Tokens)

    def lease(self, token: int, seen: Offer) -> None:
        self.tokens.lease(self.account, token, seen)
        self.move(self.token, self.account, OWNERS, seen.price)

    def record(self, token: int, uses: int) -> None:
        self.tokens.record_use(self.account, token, uses)


@dataclass
class Lives(Market):
    """A market, and the account of the token `number`."""

    number: int = 0
    tenant: Tenant | None = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "now" and self.__dict__.get("tenant") is not None:
            setattr(self.account, name, value)

    @property
    def account(self) -> Tenant:
        assert self.tenant is not None
        return self.tenant

    def pass_on(self) -> None:
        """The account is whose the token is."""
        owned = Owned(self.tokens.owner(self.number), self.tokens.moves(self.number))
        if owned != self.account.owned:
            self.account.log.append(owned)

    def check_agreed(self, order: Agreed, who: str, signed: tuple[str, ...]) -> tuple[str, str]:
        parties = super().check_agreed(order, who, signed)
        if isinstance(order, AgreedWithAccount):
            check(order.acts == self.account.acts, "market: account has acted")
        return parties
