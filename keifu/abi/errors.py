"""Why contracts revert: each reason, where it is said and what has to hold, from their sources."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

__all__ = ["Cause", "causes", "remedy_of"]

# What helps, by words of a reason, where a reader cannot change what has to hold; the first that fits.
_KINDS = (
    ("the owner", "the timelock does it: `keifu deploy change` queues such a call"),
    ("missing role", "an account with that role of the timelock does it: `keifu deploy status` names them"),
    ("signature", "sign again: chain, contract, nonce and deadline are part of what is signed"),
    ("deadline", "sign again with a later deadline; the chain's clock counts"),
    ("expired", "make it anew, with a later end; the chain's clock counts"),
    ("too early", "wait: the chain's clock counts, not yours"),
    ("not the time", "wait, or see whether the time for it is over"),
    ("transfer failed", "look at the balance and at the allowance for this contract"),
    ("allowance", "approve more coins for this contract"),
    ("balance", "bring more coins, or ask for less"),
    ("already", "nothing is to be done: it has happened before"),
    ("token is no contract", "name the address of the token on this chain"),
    ("zero", "give an address or an amount that is not zero"),
    ("", "change the call so that the condition holds; `keifu explain` shows it"),
)


class Cause(msgspec.Struct, frozen=True):
    """One place that refuses: the source's file, its function, and what has to hold there, in the source's words."""

    source: str
    function: str
    holds: str


@cache
def causes() -> dict[str, list[Cause]]:
    """Every reason of every contract, with all its causes."""
    raw = (resources.files("keifu.abi") / "errors.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, list[Cause]])


def remedy_of(reason: str) -> str:
    """What to do about a reason, in general."""
    return next(remedy for words, remedy in _KINDS if words in reason)
