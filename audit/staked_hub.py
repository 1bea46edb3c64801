"""A staking hub whose operators take delegations, for descriptions and tests of what stands on it: grants, claims,
heartbeats. It works with any backend whose handles are called with `sender=`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keifu.units import COIN, DAY

__all__ = [
    "EPOCH",
    "HORIZON",
    "LOCK",
    "MULTIPLE",
    "UNBONDING",
    "hub_arguments",
    "make_room",
    "shares_of",
    "split_dust",
]

EPOCH, UNBONDING, HORIZON = DAY, 14 * DAY, 14 * DAY
NOTICE = 2 * UNBONDING + EPOCH  # after which a raise of a multiple counts
MULTIPLE = 4  # the most
LOCK = 2_000 * COIN
SHARES = 2**128 - 1  # the part of a word
FIRST_EMISSION, EMISSION_EPOCHS = 40, 1_461


def hub_arguments(token: Any, owner: Any, insurance: Any, treasury: Any = None) -> tuple[Any, ...]:
    """Of the hub's constructor; without a treasury of its own the insurance's account stands for it."""
    sink = insurance if treasury is None else treasury
    return (token, owner, insurance, sink, UNBONDING, EPOCH, FIRST_EMISSION, EMISSION_EPOCHS)


def shares_of(position: int, addition: int) -> int:
    """Shares of a position by its two words in the hub's storage; both are of the newest generation or of none."""
    return (position & SHARES) + (addition & SHARES)


def split_dust(fees: int) -> int:
    """Wei by which the division of `fees` between an operator's own coins and its pool may be off: the pool's part is a
    whole number of 2**-62 of them, and is divided again where it waited for somebody."""
    return fees >> 61


def make_room(
    hub: Any,
    token: Any,
    owner: Any,
    service: Any,
    operators: Sequence[Any],
    warp: Callable[[int], Any],
    *,
    commission_bps: int = 500,
    lock: int = LOCK,
    multiple: int = MULTIPLE,
) -> None:
    """List `service`, register the operators, and let each lock and bind `lock` wei there; afterwards `multiple` times
    that can be delegated to each. `owner` owns the hub and holds the coins."""
    hub.list_service(service, HORIZON, MULTIPLE, sender=owner)
    token.approve(hub, 2**256 - 1, sender=owner)
    for operator in operators:
        hub.register_operator(commission_bps, "", sender=operator)
        hub.lock(service, operator, lock, sender=owner)
        hub.set_multiple(service, multiple, sender=operator)
        hub.bind(operator, lock, sender=service)
    warp(NOTICE)
    for operator in operators:
        hub.poke(operator, service, sender=owner)
