"""What of a book is not on the disk yet, and how it gets there: as rows, or as a note for the journal."""

from __future__ import annotations

from asyncio import Future
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keifu.payments.ledger import Alike, Note, Row

if TYPE_CHECKING:
    from keifu.payments.book import Account

__all__ = ["Alike", "Changes", "Usage", "amount"]

SQLITE_NUMBERS = 1 << 63


@dataclass(slots=True)
class Usage:
    """What a channel used of a model on a day."""

    requests: int = 0
    input_units: int = 0
    output_units: int = 0
    fees: int = 0
    day: str = field(default="", compare=False)
    model: str = field(default="", compare=False)

    def add(self, requests: int, each: Alike) -> None:
        """So many that are alike."""
        self.requests += requests
        self.input_units += requests * each.input_units
        self.output_units += requests * each.output_units
        self.fees += requests * each.fee


@dataclass(slots=True)
class Changes:
    """What is not on the disk yet, and who waits for it."""

    channels: dict[bytes, Account] = field(default_factory=dict)  # with the usage that each counts at the moment
    usage: dict[tuple[bytes, str, str], Usage] = field(default_factory=dict)  # that is not counted at the moment
    # Of answers that are alike each one's channel, in their order; and the channels of which the file lacks a voucher.
    answered: defaultdict[Alike, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    vouchers: dict[bytes, Account] = field(default_factory=dict)
    answers: list[Row] = field(default_factory=list)
    uncovered: list[Row] = field(default_factory=list)
    waiting: list[Future[None]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many channels and answers."""
        return len(self.channels) + sum(map(len, self.answered.values()))

    def add(self, later: Changes) -> None:
        self.channels.update(later.channels)
        self.usage.update(later.usage)
        for alike, channels in later.answered.items():
            self.answered[alike] += channels

    def rows(self) -> tuple[list[Row], list[Row]]:
        """How channels and usage stand now: nothing is `answered` that was not counted."""
        used = dict(self.usage)
        for account in self.channels.values():
            account.filed = account.most
            if (newest := account.used) is not None:
                used[account.id, newest.day, newest.model] = newest
        channels = [
            (amount(item.most), item.signature, amount(item.charged), item.number, item.id)
            for item in self.channels.values()
        ]
        usage = [
            (*key, item.requests, item.input_units, item.output_units, amount(item.fees)) for key, item in used.items()
        ]
        return channels, usage

    def note(self) -> Note:
        """The same for the journal: no voucher that the file has, and each channel's id once. What was answered comes
        as it was, not as it stands."""
        channels: list[Row] = []
        usage: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for place, account in enumerate(self.channels.values()):
            charged = amount(account.charged)
            if account.most == account.filed:
                channels.append((charged, account.number, account.id))
            else:
                account.filed = account.most
                channels.append((amount(account.most), account.signature, charged, account.number, account.id))
            if (used := account.used) is not None:
                usage[used.day, used.model].append(_counted(place, used))
        places = dict(zip(self.channels, range(len(channels)), strict=True)) if self.usage else {}
        for (id_, day, model), used in self.usage.items():
            usage[day, model].append(_counted(places[id_], used))
        vouchers: list[Row] = []
        for account in self.vouchers.values():
            account.filed = account.most
            vouchers.append((amount(account.most), account.signature, account.id))
        answered = [
            (item.day, item.model, amount(item.fee), item.input_units, item.output_units, b"".join(ids))
            for item, ids in self.answered.items()
        ]
        return Note(channels, [(*key, rows) for key, rows in usage.items()], vouchers, answered)


def amount(value: int) -> int | str:
    """As SQLite takes it: what it holds as a number becomes the column's text there, which is faster than here."""
    return value if value < SQLITE_NUMBERS else str(value)


def _counted(place: int, used: Usage) -> Row:
    return place, used.requests, used.input_units, used.output_units, amount(used.fees)
