"""What anybody may do once: another may be first, and then it is done all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from keifu.chain._deployer import Deployer
from keifu.chain.logs import said_in
from keifu.errors import Revert

__all__ = ["paid_out", "sent_unless_done", "still", "unless_done", "until_done"]

T = TypeVar("T")


def unless_done(act: Callable[[], object], is_done: Callable[[], bool]) -> bool:
    """Act, and whether that took effect; False where the chain refuses it since another has done it in the meantime.

    `is_done` reads the chain anew. Raises Revert where it is refused for any other reason.
    """
    return sent_unless_done(lambda: (act(),), is_done) is not None


def sent_unless_done(send: Callable[[], T], is_done: Callable[[], bool]) -> T | None:
    """The same of what is sent: its receipt, or None. Raises Revert."""
    try:
        return send()
    except Revert:
        if not is_done():
            raise
        return None


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
    0 when nothing is credited. Anybody may have it paid to the sender: then that is done, or, where it was to go
    elsewhere, said with the refusal. Raises Revert."""
    to = receiver or chain.sender
    is_own = to.lower() == chain.sender.lower()
    credited = partial(chain.call, where, contract, "credits", chain.sender)
    if not (due := int(credited())):
        return 0
    pay = partial(chain.transact, where, contract, "withdraw", to)
    try:
        sent = sent_unless_done(pay, lambda: is_own and not credited())
    except Revert as refusal:
        if not credited():
            refusal.remedy = f"it was paid out elsewhere: what another has paid out is at {chain.sender}"
        raise
    return int(said_in(sent, "Paid")["amount"]) if sent else due
