"""What the parts of a provider's core share: who it is, what it knows of the chain, and the commands of this step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from keifu.storage.provider.book import Book
from keifu.storage.provider.commands import Call, Command, Submit, WakeAt, Write
from keifu.storage.provider.intents import Intent, Intents
from keifu.storage.provider.messages import Head, Record, Settled, ShardId
from keifu.storage.provider.retries import Backoff, Pauses

__all__ = ["Desk", "Policy"]


@dataclass(frozen=True)
class Policy:
    """What an operator chooses. Times are seconds."""

    capacity: int = 2**40  # leaves
    repairs: bool = True  # whether shards of others are taken over
    masks: bool = False  # whether the repair keys of masked deals are at hand
    patience: float = 20.0  # for an answer of disk or peer
    stagger: float = 20.0  # repairers begin at different times of it
    margin: int = 12  # of chain time before a last moment: too late to begin
    extra: int = 1  # peers asked beside those that are needed
    backoff: Backoff = field(default_factory=Backoff)


class Desk:
    def __init__(self, me: str, policy: Policy, records: Iterable[Record], kept: Iterable[ShardId]) -> None:
        self.me, self.policy = me, policy
        self.kept = set(kept)  # shards on the disk, for good
        self.spoiled: set[ShardId] = set()  # those of which the disk has at most something else
        self.book = Book()
        self.intents = Intents(records)
        self.pauses = Pauses(me, policy.backoff)
        self.head = Head(0, 0, 0)
        self.now = 0.0
        self.commands: list[Command] = []

    def follow(self, head: Head) -> None:
        self.book.follow(head.kept, head.operations)
        self.head = head
        self.intents.seen(head.number)

    def do(self, command: Command) -> None:
        self.commands.append(command)

    def spoil(self, shard: ShardId) -> None:
        """It was not on the disk as it should be."""
        self.kept.discard(shard)
        self.spoiled.add(shard)

    def wake(self, time: float | None) -> None:
        if time is not None and time > self.now:
            self.do(WakeAt(time))

    def may(self, key: str) -> bool:
        """Whether nothing is under way for this, and no pause after a failure."""
        if self.intents.busy(key):
            return False
        until = self.pauses.until(key)
        self.wake(until)
        return until <= self.now

    def submit(self, kind: str, subject: str, call: Call, basis: str = "") -> None:
        """Written down before it is sent: after a crash, its end is asked for."""
        intent, record = self.intents.new(kind, subject, basis)
        self.do(Write(record))
        self.do(Submit(intent.id, call))

    def settled(self, event: Settled) -> None:
        found = self.intents.settle(event)
        if found is None:
            return
        intent, record = found
        self.do(Write(record))
        if event.done:
            self.pauses.over(intent.key)
        else:
            self.pauses.failed(intent.key, self.now)

    def changes_ahead(self, kind: str = "") -> bool:
        """Whether a call that changes the sequence, of this kind or any, is sent and not in a block yet."""
        return any(kind in ("", intent.kind) and self._ahead(intent) for intent in self.intents)

    def _ahead(self, intent: Intent) -> bool:
        if intent.kind in ("accept", "complete"):
            return ShardId.parse(intent.subject) not in self.book.where
        return intent.kind == "clear" and int(intent.subject) not in self.book.cleared

    @property
    def quiet(self) -> bool:
        """Whether the sequence may change: no proof is owed that would be made on another one."""
        return not any(self.head.time <= challenge.deadline for challenge in self.head.owed)
