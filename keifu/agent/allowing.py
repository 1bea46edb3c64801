"""What an agent's key may do, and calls of its account, as the contract takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.accounts import Call, Grant, Limit, Target
from keifu.chain import ChainClient
from keifu.units import DAY

__all__ = ["Allowance", "encoded", "grant_of"]


@dataclass(frozen=True)
class Allowance:
    """What the agent's key may do: pay so much a day of the suite's coin, and what `targets` and `limits` add."""

    seconds: int = 30 * DAY
    uses: int = 1_000
    a_day: int = 0  # wei of the coin that may be paid to anybody; 0 for none
    targets: Sequence[Target] = ()
    limits: Sequence[Limit] = ()


def grant_of(token: str, key: str, until: int, allowance: Allowance) -> Grant:
    """What the account lets its key do."""
    targets, limits = list(allowance.targets), list(allowance.limits)
    if allowance.a_day:
        targets.append(Target.of(token, "transfer(address,uint256)"))
        limits += [] if any(limit.token.lower() == token.lower() for limit in limits) else [
            Limit(token, allowance.a_day)
        ]  # fmt: skip
    return Grant(key, until, allowance.uses, DAY, targets, limits)


def encoded(client: ChainClient, address: str, name: str, function: str, *args: Any) -> Call:
    """A call of the account's to a contract of the suite."""
    data = client.at(address, name).interface.function(function, len(args)).encode(list(args))
    return Call(address, 0, data)
