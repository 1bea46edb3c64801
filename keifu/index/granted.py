"""What grant programmes have by their events: money that is free and reserved, as the contract's view says it, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keifu.chain.suite import GRANTS
from keifu.index.reading import Question, events_of
from keifu.index.store import Store

__all__ = ["money_of", "numbers_of"]

LISTED = 500  # events of a kind and programme, above which its money is not compared
_NO_LIST = "0x" + "00" * 32
Event = dict[str, Any]


def numbers_of(store: Store, most: int) -> list[int]:
    """Programmes, those that were opened last first."""
    table = store.by_event[GRANTS, "ProgramOpened"]
    found = events_of(store, Question(table, {}, newest_first=True, limit=most)).events
    return [int(event["args"]["program"]) for event in found]


def money_of(store: Store, programme: int) -> tuple[int, int] | None:
    """Wei that are free and reserved; None for a programme with more proposals or payments than are read here."""
    funded = _all(store, "Funded", program=str(programme))
    back = _all(store, "TakenBack", program=str(programme))
    proposed = _all(store, "Proposed", program=str(programme))
    if funded is None or back is None or proposed is None:
        return None
    free, reserved = _sum(funded) - _sum(back), 0
    for proposal in proposed:
        moved = _moved(store, proposal["args"])
        if moved is None:
            return None
        free, reserved = free + moved[0], reserved + moved[1]
    return free, reserved


def _moved(store: Store, said: Mapping[str, Any]) -> tuple[int, int] | None:
    """What a proposal has changed of both."""
    free = reserved = 0
    number = str(said["proposal"])
    for kind in ("Carried", "Stopped", "Released", "ListPaid", "Lapsed", "ClawedBack"):
        found = _all(store, kind, proposal=number)
        if found is None:
            return None
        for event in found:
            change = _change(kind, event["args"], said["milestones"], reserved)
            free, reserved = free + change[0], reserved + change[1]
    return free, reserved


def _change(
    kind: str, args: Mapping[str, Any], milestones: Sequence[Mapping[str, Any]], reserved: int
) -> tuple[int, int]:
    if kind == "Carried":
        return -int(args["reserved"]), int(args["reserved"])
    if kind == "Stopped":  # all of it, before anything was released
        return reserved, -reserved
    amount = int(args["amount"])
    is_list = milestones[int(args["milestone"])]["learners"] != _NO_LIST
    if kind == "Released":
        return 0, 0 if is_list else -amount
    if kind == "ListPaid":
        return 0, -amount
    comes_from_outside = kind == "ClawedBack" and not is_list
    return amount, 0 if comes_from_outside else -amount


def _all(store: Store, kind: str, **where: str) -> list[Event] | None:
    found: list[Event] = events_of(store, Question(store.by_event[GRANTS, kind], where, limit=LISTED)).events
    return found if len(found) < LISTED else None


def _sum(events: list[Event]) -> int:
    return sum(int(event["args"]["amount"]) for event in events)
