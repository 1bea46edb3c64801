"""What VestingEscrow should keep of a grant at stake, in plain Python. All amounts are wei."""

from __future__ import annotations

from dataclasses import dataclass, field

from ethwire.constants import ZERO_ADDRESS

__all__ = ["StakedGrant"]


@dataclass
class StakedGrant:
    """One grant: coins out at what was put in, losses, and what a revoker is still to get."""

    operator: str = ZERO_ADDRESS
    active: int = 0
    leaving: int = 0
    lost: int = 0  # borne by the beneficiary
    owed: int = 0  # to the revoker
    principals: dict[int, int] = field(default_factory=dict)  # by ticket

    @property
    def out(self) -> int:
        """Wei of the grant that are not in the escrow."""
        return self.active + self.leaving + self.lost

    def enter(self, operator: str, amount: int) -> None:
        self.operator = operator
        self.active += amount

    def leave(self, ticket: int, shares: int, held: int) -> int:
        """Take `shares` of the `held` ones out; what was put in for them."""
        principal = self.active * shares // held
        self.active -= principal
        self.leaving += principal
        self.principals[ticket] = self.principals.get(ticket, 0) + principal
        return principal

    def take_back(self, ticket: int, amount: int) -> int:
        """A ticket came back as `amount`: by how much that is more than was put in, or less."""
        principal = self.principals.pop(ticket, 0)
        self.leaving -= principal
        self._absorb(max(0, principal - amount))
        return amount - principal

    def write_off(self) -> int:
        """The pool is gone; the loss."""
        loss, self.active = self.active, 0
        self._absorb(loss)
        return loss

    def revoke(self, unvested: int) -> int:
        """Losses so far come out of what is not vested; what the revoker gets at once."""
        borne = min(self.lost, unvested)
        self.lost -= borne
        self.owed = unvested - borne
        return self.settle()

    def settle(self) -> int:
        """What the revoker gets now: what is owed beyond what is out."""
        refund = max(0, self.owed - self.active - self.leaving)
        self.owed -= refund
        return refund

    def _absorb(self, loss: int) -> None:
        """What is owed to a revoker was not vested: it bears a loss first."""
        spared = min(self.owed, loss)
        self.owed -= spared
        self.lost += loss - spared
