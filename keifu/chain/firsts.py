"""What anybody may do once: another may be first, and then it is done all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from keifu.abi import Receipt
from keifu.chain._deployer import Deployer
from keifu.chain.logs import said_in
from keifu.errors import Revert

__all__ = ["paid_out", "still", "unless_done", "until_done"]

T = TypeVar("T")


def unless_done(act: Callable[[], object], is_done: Callable[[], bool]) -> bool:
    """Act, and whether that took effect; False where the chain refuses it since another has done it in the meantime.

    `is_done` reads the chain anew. Raises Revert where it is refused for any other reason.
    """
    try:
        act()
    except Revert:
        if not is_done():
            raise
        return False
    return True


def until_done(find: Callable[[], T], act: Callable[[T], object]) -> T:
    """Act on what `find` finds on the chain, and what that was; on what is left of it where the chain refuses since
    another has done a part in the meantime. Nothing is sent for what is empty. Raises Revert where nothing changed."""
    found = find()
    while found:
        try:
            act(found)
            break
        except Revert:
            if (left := find()) == found:
                raise
            found = left
    return found


def still(named: Sequence[T], stands: Callable[[T], bool]) -> Callable[[], list[T]]:
    """For `until_done`: finds all of `named` but what stood when this was called, and stands no more."""
    stood = [item for item in named if stands(item)]
    return lambda: [item for item in named if item not in stood or stands(item)]


def paid_out(chain: Deployer, where: str, contract: str, receiver: str = "") -> int:
    """Have what a contract credits the sender paid to `receiver`, the sender unless it is another; the wei that it got,
    0 when nothing is credited. Anybody may have it paid to the sender: then that is done. Raises Revert."""
    to = receiver or chain.sender
    credited = partial(chain.call, where, contract, "credits", chain.sender)
    sent: list[Receipt] = []
    if due := int(credited()):
        pay = partial(chain.transact, where, contract, "withdraw", to)
        unless_done(lambda: sent.append(pay()), lambda: to.lower() == chain.sender.lower() and not credited())
    return int(said_in(sent[0], "Paid")["amount"]) if sent else due
