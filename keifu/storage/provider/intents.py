"""Transactions that a core has asked for and has not heard the end of. Each has a number that is never used again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keifu.storage.provider.messages import Record, Settled

__all__ = ["Intent", "Intents"]


@dataclass(frozen=True, slots=True)
class Intent:
    number: int
    kind: str
    subject: str
    basis: str = ""  # what the call holds for: the same thing on another basis is another call

    @property
    def key(self) -> str:
        """What it is for, whatever the attempt."""
        return f"{self.kind} {self.subject}"

    @property
    def id(self) -> str:
        """For the sender of transactions."""
        return f"{self.number} {self.key}"


class Intents:
    """Made from the records of a journal; gives the records that say the same in the fewest words."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._next = 0
        self._flying: dict[int, Intent] = {}
        self._done: dict[str, int] = {}  # key -> block
        for record in records:
            self._read(record)

    def _read(self, record: Record) -> None:
        number = int(record["number"])
        if record["is"] == "sent":
            self._flying[number] = Intent(number, record["kind"], record["subject"], record["basis"])
            self._next = max(self._next, number + 1)
        elif record["is"] == "settled":
            self._flying.pop(number, None)
        else:
            self._next = max(self._next, number)

    def records(self) -> list[Record]:
        return [{"is": "next", "number": self._next}, *(self._sent(intent) for intent in self)]

    def new(self, kind: str, subject: str, basis: str = "") -> tuple[Intent, Record]:
        """An intent, and the record that has to be on the disk before it is sent."""
        intent = Intent(self._next, kind, subject, basis)
        self._flying[intent.number] = intent
        self._next += 1
        return intent, self._sent(intent)

    def settle(self, event: Settled) -> tuple[Intent, Record] | None:
        """The intent and its record; None for one that was settled before."""
        number = int(event.intent.partition(" ")[0])
        intent = self._flying.pop(number, None)
        if intent is None:
            return None
        if event.done:
            self._done[intent.key] = event.block
        return intent, {"is": "settled", "number": number}

    def seen(self, block: int) -> None:
        """What was done up to this block shows in what the chain says."""
        self._done = {key: done for key, done in self._done.items() if done > block}

    def busy(self, key: str) -> bool:
        """Whether one is under way, or was done in a block that is not seen yet."""
        return key in self._done or bool(self.flying(key))

    def flying(self, key: str) -> list[Intent]:
        return [intent for intent in self if intent.key == key]

    def __iter__(self) -> Iterator[Intent]:
        return iter(self._flying.values())

    @staticmethod
    def _sent(intent: Intent) -> Record:
        return {
            "is": "sent",
            "number": intent.number,
            "kind": intent.kind,
            "subject": intent.subject,
            "basis": intent.basis,
        }
