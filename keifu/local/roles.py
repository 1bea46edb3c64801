"""The accounts of a local chain, by the part that they play. Anyone can make their keys: they are for play only."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from keifu.errors import UsageError
from keifu.keys import Account, checksum

__all__ = ["DEPLOYER", "FUNDING_ETHER", "ROLES", "Role", "address_of"]

FUNDING_ETHER = 1_000  # of each role
DEPLOYER = "deployer"


@dataclass(frozen=True)
class Role:
    """A named account. `coins` is what it has from the start; the deployer has the rest of the supply."""

    name: str
    coins: int
    purpose: str

    @property
    def account(self) -> Account:
        return Account.from_role(self.name)


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(DEPLOYER, 0, "deployed the suite, holds the supply, proposes in the timelock"),
        Role("holder", 1_000, "has a grant of coins"),
        Role("operator", 10_000, "locks coins behind promises and takes delegations"),
        Role("delegator", 10_000, "stakes with an operator"),
        Role("juror", 1_010_000, "judges cases, with coins locked behind the court"),
        Role("accuser", 5_000, "has a promise from the operator, and can accuse it"),
        Role("author", 1_000, "registers data, code and weights"),
        Role("labeller", 1_000, "signs labels"),
        Role("evaluator", 1_000, "attests what it has checked"),
        Role("owner", 1_000, "declares environments and promotes into them"),
        Role("node", 1_000, "serves a model and signs heartbeats"),
        Role("attestor1", 10_000, "attests transfers of private data, with coins locked behind that"),
        Role("attestor2", 10_000, "attests transfers, too"),
        Role("attestor3", 10_000, "attests transfers, too"),
        Role("buyer", 5_000, "buys agents"),
    )
}


def address_of(who: str) -> str:
    """The address of a role or an address as it is. Raises UsageError for neither, with the nearest role."""
    if who in ROLES:
        return ROLES[who].account.address
    if who.lower().startswith("0x"):
        return checksum(who).lower()
    near = difflib.get_close_matches(who, ROLES, 1)
    remedy = f"did you mean {near[0]}?" if near else f"an address, or one of {', '.join(ROLES)}"
    raise UsageError(f"{who!r} is neither a role nor an address", remedy=remedy)
