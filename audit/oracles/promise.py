"""Promise: everything that a service has reserved is there to be paid, in full, at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

__all__ = ["Promise", "check_payable", "reserve_of"]

RESERVE_NUMERATOR, RESERVE_DENOMINATOR = 5, 4  # of what the parties get: a fifth of damages goes to insurance


@dataclass(frozen=True)
class Promise:
    """What a service owes to somebody if the operator fails, and what it has set aside for that."""

    service: str
    operator: str
    amount: int  # wei for victims, provers and bounties
    reserve: int  # wei of the lock


def reserve_of(amount: int) -> int:
    """The lock that pays `amount`, rounded up."""
    return -(-amount * RESERVE_NUMERATOR // RESERVE_DENOMINATOR)


def check_payable(
    promises: Iterable[Promise],
    anchor: Callable[[], AbstractContextManager[None]],
    locked: Callable[[str, str], int],
    claim: Callable[[Promise], int],
) -> None:
    """Claim every promise, one after another, and undo it all: each claim must pay its amount, whichever came before.

    `locked` answers (service, operator); `claim` takes a promise's reserve and answers what its service got.
    """
    open_promises = list(promises)
    for service, operator in {(item.service, item.operator) for item in open_promises}:
        reserved = sum(item.reserve for item in open_promises if (item.service, item.operator) == (service, operator))
        there = locked(service, operator)
        assert reserved <= there, f"promise: {reserved} wei are reserved at {service}, {there} are locked"
    for turn in (open_promises, list(reversed(open_promises))):
        with anchor():
            for item in turn:
                paid = claim(item)
                assert paid >= item.amount, f"promise: a claim of {item.amount} wei at {item.service} got {paid}"
