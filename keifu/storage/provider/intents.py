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
        self._flying: dict[str, dict[int, Intent]] = {}  # by key and number
        self._done: dict[str, int] = {}  # key -> block
        for record in records:
            self._read(record)

    def _read(self, record: Record) -> None:
        number = int(record["number"])
        if record["is"] == "sent":
            self._add(Intent(number, record["kind"], record["subject"], record["basis"]))
            self._next = max(self._next, number + 1)
        elif record["is"] == "settled":
            self._take(record["key"], number)
        else:
            self._next = max(self._next, number)

    def records(self) -> list[Record]:
        return [{"is": "next", "number": self._next}, *(self._sent(intent) for intent in self)]

    def new(self, kind: str, subject: str, basis: str = "") -> tuple[Intent, Record]:
        """An intent, and the record that has to be on the disk before it is sent."""
        intent = Intent(self._next, kind, subject, basis)
        self._add(intent)
        self._next += 1
        return intent, self._sent(intent)

    def settle(self, event: Settled) -> tuple[Intent, Record] | None:
        """The intent and its record; None for one that was settled before."""
        number, _, key = event.intent.partition(" ")
        intent = self._take(key, int(number))
        if intent is None:
            return None
        if event.done:
            self._done[key] = event.block
        return intent, {"is": "settled", "number": int(number), "key": key}

    def _add(self, intent: Intent) -> None:
        self._flying.setdefault(intent.key, {})[intent.number] = intent

    def _take(self, key: str, number: int) -> Intent | None:
        of_key = self._flying.get(key, {})
        intent = of_key.pop(number, None)
        if not of_key:
            self._flying.pop(key, None)
        return intent

    def seen(self, block: int) -> None:
        """What was done up to this block shows in what the chain says."""
        self._done = {key: done for key, done in self._done.items() if done > block}

    def busy(self, key: str) -> bool:
        """Whether one is under way, or was done in a block that is not seen yet."""
        return key in self._done or key in self._flying

    def flying(self, key: str) -> list[Intent]:
        return list(self._flying.get(key, {}).values())

    def __iter__(self) -> Iterator[Intent]:
        return (intent for of_key in list(self._flying.values()) for intent in list(of_key.values()))

    @staticmethod
    def _sent(intent: Intent) -> Record:
        return {
            "is": "sent",
            "number": intent.number,
            "kind": intent.kind,
            "subject": intent.subject,
            "basis": intent.basis,
        }
