"""Promise: everything that a service has reserved is there to be paid, in full, at any step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from evmstorm.oracles import promise

__all__ = ["Promise", "check_payable", "reserve_of"]

RESERVE_NUMERATOR, RESERVE_DENOMINATOR = 5, 4  # of what the parties get: a fifth of damages goes to insurance


@dataclass(frozen=True)
class Promise:
    """What a service owes to somebody if the operator fails, and what it has set aside for that."""

    service: str
    operator: str
    amount: int  # wei for victims, provers and bounties
    reserve: int  # wei of the lock

    @property
    def pot(self) -> tuple[str, str]:
        return self.service, self.operator

    @property
    def name(self) -> str:
        return self.service


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

    def there(pot: Hashable) -> int:
        assert isinstance(pot, tuple)
        return locked(*pot)

    promise.check_payable(promises, anchor, claim, there)
