"""Every way in which a command can end badly: reasons of contracts, and faults of these tools, with what to do.

The reasons come from the contracts' sources, the faults from the sources of these packages, whenever they are
asked for: there is no list that could be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from keifu import abi
from keifu.abi.errors import causes
from keifu.abi.remedies import remedy_of
from keifu.cli._faults import HOLE, Fault, faults
from keifu.compute.market import refusals as compute
from keifu.grants import refusals as grants
from keifu.storage.client import refusals as storage

__all__ = ["Fault", "catalogue", "matching"]

LEAST = 6  # letters of a message that say which one it is


@cache
def catalogue() -> tuple[Fault, ...]:
    """All of them: contracts first, each part in the order of its messages."""
    return (*sorted(_reasons(), key=_order), *sorted(faults(), key=_order))


def matching(text: str) -> Sequence[Fault]:
    """Those whose message a line of output most likely is, else all that contain the text."""
    line = text.removeprefix("keifu: ").removeprefix("reverted: ")
    found = [(len(_fixed(entry.message)), entry) for entry in catalogue() if _is(entry.message, line)]
    most = max((fixed for fixed, _ in found), default=0)
    same = [entry for fixed, entry in found if fixed == most]
    return same or [entry for entry in catalogue() if line.lower() in entry.message.lower()]


def _fixed(message: str) -> str:
    """The part of a message that is the same each time."""
    return "".join(letter for letter in message if letter.isalpha())


def _order(entry: Fault) -> tuple[str, str, str]:
    return entry.message, entry.where, entry.kind


def _is(message: str, line: str) -> bool:
    parts = [re.escape(part) for part in message.split(HOLE)]
    return len(_fixed(message)) >= LEAST and re.match(".*".join(parts), line) is not None


def _reasons() -> Iterator[Fault]:
    contracts: dict[str, list[str]] = {}
    for name in abi.names():
        for reason in abi.load(name).reasons:
            contracts.setdefault(reason, []).append(name)
    known = compute.REMEDIES | grants.REMEDIES | storage.REMEDIES
    for reason, found in causes().items():
        why = "; ".join(f"{cause.source} {cause.function}: {cause.holds}" for cause in found)
        remedy = known.get(reason) or remedy_of(reason)
        yield Fault(1, "Revert", reason, why, remedy, ", ".join(contracts.get(reason, ())))
