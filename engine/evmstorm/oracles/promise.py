"""Promise: everything that a contract owes is there to be paid, in full, whoever comes first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

__all__ = ["Claim", "Payable", "check_payable"]


class Payable(Protocol):
    """What `check_payable` must know of a promise."""

    @property
    def amount(self) -> int:
        """Wei that whoever claims must get."""

    @property
    def reserve(self) -> int:
        """Wei that are set aside for it."""

    @property
    def pot(self) -> Hashable:
        """What it is paid out of; promises of one pot share it."""

    @property
    def name(self) -> str:
        """Who owes, in words."""


@dataclass(frozen=True)
class Claim:
    """What a contract owes to `who`: a share, a reward, a refund."""

    who: str
    amount: int
    name: str = "the contract"
    pot: Hashable = ""

    @property
    def reserve(self) -> int:
        return self.amount


Kind = TypeVar("Kind", bound=Payable)


def check_payable(
    promises: Iterable[Kind],
    anchor: Callable[[], AbstractContextManager[None]],
    claim: Callable[[Kind], int],
    there: Callable[[Hashable], int] | None = None,
) -> None:
    """Claim every promise, one after another, forwards and backwards, and undo it all: each claim must pay its amount,
    whichever came before.

    `anchor` undoes (`evm.anchor`), `claim` takes one promise and answers what was paid, `there` says how much a pot
    holds, where that can be asked.
    """
    open_promises = list(promises)
    if there is not None:
        for pot, name in {item.pot: item.name for item in open_promises}.items():
            reserved = sum(item.reserve for item in open_promises if item.pot == pot)
            found = there(pot)
            assert reserved <= found, f"promise: {reserved} wei are reserved at {name}, {found} are locked"
    for order in (open_promises, list(reversed(open_promises))):
        with anchor():
            for item in order:
                paid = claim(item)
                assert paid >= item.amount, f"promise: a claim of {item.amount} wei at {item.name} got {paid}"
