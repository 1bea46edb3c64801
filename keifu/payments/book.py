"""What a receiver has earned: for each channel the best voucher, what was charged against it, and what the chain holds.

Memory answers at once; many changes are written together. An answer leaves after `durable`, so
no kill at any line loses a voucher that was worked for, and a number of a request is never given twice.

What may be charged is bounded three times. The voucher bounds it, with a stated credit beyond it for who has paid
before. So does the deposit, less what its payer is taking back, and so does what other requests have reserved.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from coincurve import PublicKey

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.payments.changes import Alike, Changes, Usage, amount
from keifu.payments.channel import Channel
from keifu.payments.ledger import FEW, LONGEST_JOURNAL, Kept, Ledger, Row, kept_answer, usage_rows
from keifu.payments.writing import Writer
from keifu.units import DAY

__all__ = ["Account", "Book", "Held", "Refused", "Usage"]


KEPT_ANSWERS = 100_000  # answers
NOT_FILED = -1


@dataclass(frozen=True, slots=True)
class Held:
    """What the chain says of a channel: deposits less what went back, claims, and what its payer takes back."""

    balance: int
    claimed: int
    leaving: int = 0  # asked back
    asked_at: int = 0  # when, unix seconds
    refunds: int = 0  # the nonce of the next refund
    final: int | None = None  # the balance in a final block, where that is another


class Refused(Exception):
    """A payment that is not taken: x402's code for it, and a word for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class Account:
    """One channel, as its receiver sees it."""

    id: bytes
    channel: Channel
    held: Held
    most: int = 0  # of the best voucher
    signature: bytes = b""
    charged: int = 0
    settled: int = 0  # of it, for answers that have ended: what receipts say
    number: int = 0  # of the last request that was answered
    reserved: int = 0  # for requests that are being answered
    is_closing: bool = False  # a refund is under way: nothing is begun
    is_kept: bool = False  # whether the file has it
    key: PublicKey | None = None  # of its signer, once a voucher has shown it
    filed: int = NOT_FILED  # of the best voucher that the file has, or gets with what is being written
    used: Usage | None = None  # the newest that was counted
    is_ahead: bool = False  # whether the best voucher may pay more requests than the one that it came with
    before: tuple[int, bytes] = (0, b"")  # the voucher that it replaced

    @property
    def signer(self) -> str:
        """Whose key signs vouchers, in lower case: of the payer itself when no other was named."""
        authorizer = self.channel.payer_authorizer.lower()
        return self.channel.payer.lower() if authorizer == ZERO_ADDRESS else authorizer

    @property
    def room(self) -> int:
        """What of the deposit is neither charged nor reserved nor leaving."""
        return self.held.balance - self.held.leaving - self.charged - self.reserved

    @property
    def unclaimed(self) -> int:
        """What is signed for, earned and not yet claimed."""
        return min(self.charged, self.most) - self.held.claimed

    def require(self, most: int, fee: int, credit: int) -> None:
        """Whether a voucher of `most` pays a request that costs `fee` at most. Raises Refused."""
        held = self.held
        wanted = self.charged + self.reserved + fee
        if wanted <= most and self.covers(most) and not self.is_closing:
            return  # which is nearly always so
        if self.is_closing:
            raise Refused("channel_busy", "the channel is being paid back")
        if most > held.balance - held.leaving:
            raise Refused("cumulative_exceeds_balance", "the voucher is above what the channel holds")
        if most <= held.claimed:
            raise Refused("cumulative_below_claimed", "the voucher is below what was claimed already")
        if self.most == 0:
            credit = 0
        unproven = 0 if held.final is None else max(0, held.balance - held.final - credit)
        credit = min(credit, max(0, self.room))
        if most + credit < wanted or wanted > held.balance - held.leaving - unproven:
            raise Refused("cumulative_amount_mismatch", f"the voucher has to reach {wanted}")

    def covers(self, most: int) -> bool:
        """Whether a voucher of `most` is more than was claimed, and the deposit has it in every block."""
        held = self.held
        return held.claimed < most <= held.balance - held.leaving and held.final is None

    def keep(self, most: int, signature: bytes, *, is_ahead: bool = False) -> None:
        """A voucher that was verified; the best one stays."""
        if most > self.most:
            self.before = self.most, self.signature
            self.most, self.signature, self.is_ahead = most, signature, is_ahead
        elif most == self.most and is_ahead:  # it was shown before this process began
            self.is_ahead = True

    def claim(self, *, is_last: bool) -> tuple[int, bytes, int]:
        """What to claim by, and how much in all. A claim makes its voucher known to everybody: where the best one still
        pays requests, the one before is claimed, unless this may be the last claim."""
        if self.is_ahead and self.most > self.charged and not is_last:
            most, signature = self.before
            return most, signature, most if most <= self.charged else 0
        return self.most, self.signature, min(self.charged, self.most)


class Book:
    """All channels of one receiver, in one file. Used by one event loop.

    Raises EnvironmentFault when the file cannot be opened.
    """

    def __init__(self, file: Path, failed: Callable[[Exception], None] = lambda error: None) -> None:
        self._failed, self._ledger = failed, Ledger(file)
        self._writer = Writer("book")
        self._changes = Changes()
        self._noted = Changes()  # what is in notes alone
        self._notes = 0
        self._is_writing = False
        self._day_begins, self._day_ends, self._today = 0, 0, ""
        self.fault: Exception | None = None  # why nothing can be written any more
        self.accounts: dict[bytes, Account] = {}
        self.covered: set[bytes] = set()  # channels whose answers are kept: they may be asked for on the chain
        self.most_kept = KEPT_ANSWERS
        self._by_authorizer: dict[str, list[Account]] = {}
        self._usage: dict[tuple[bytes, str, str], Usage] = {}
        self._load()

    # reading -------------------------------------------------------------------------------------------------------

    def get(self, channel_id: bytes) -> Account | None:
        return self.accounts.get(channel_id)

    def of_authorizer(self, address: str) -> Account | None:
        """The channel with most room whose vouchers this key signs: a stranger's that names it, too, takes no place."""
        return max(self._by_authorizer.get(address.lower(), []), key=lambda account: account.room, default=None)

    def add(self, channel_id: bytes, channel: Channel, held: Held) -> Account:
        """A channel that the chain has."""
        account = self.accounts.get(channel_id)
        if account is None:
            # What was claimed before this book knew the channel was charged.
            account = Account(channel_id, channel, held, charged=held.claimed, settled=held.claimed)
            self._index(account)
        account.held = held
        return account

    # charging ------------------------------------------------------------------------------------------------------

    def charge(self, account: Account, fee: int, model: str, units: tuple[int, int], *, requests: int = 1) -> None:
        """Memory first: call `durable` before the answer leaves."""
        account.charged += fee
        self._count(account, fee, model, units, requests)

    def answered(self, account: Account, fee: int, model: str, units: tuple[int, int]) -> int:
        """An answer that ends at once: charged, and its number, as `charge` and `finish` do."""
        return self.answered_alike(account, fee, self.alike(fee, model, units))

    def alike(self, fee: int, model: str, units: tuple[int, int]) -> list[bytes]:
        """Where the channels of such answers are put down, until this moment's turn of the event loop is over."""
        return self._changes.answered[Alike(self._day(), model, fee, *units)]

    def answered_alike(self, account: Account, fee: int, channels: list[bytes]) -> int:
        """`answered` for one of many: they are counted together, when their sums are wanted."""
        account.charged += fee
        account.settled += fee
        account.number = number = account.number + 1
        channels.append(account.id)
        return number

    def _day(self) -> str:
        if not self._day_begins <= time.time() < self._day_ends:
            day = int(time.time()) // DAY
            self._day_begins, self._day_ends, self._today = day * DAY, (day + 1) * DAY, _day_of(day)
        return self._today

    def _count(self, account: Account, fee: int, model: str, units: tuple[int, int], requests: int) -> None:
        today = self._day()
        used, id_ = account.used, account.id
        if used is None or used.model != model or used.day != today:
            if used is not None:
                self._changes.usage[id_, used.day, used.model] = used
            used = account.used = self._usage_of(id_, today, model)
        used.requests += requests
        used.input_units += units[0]
        used.output_units += units[1]
        used.fees += fee
        self._changes.channels[id_] = account

    def _usage_of(self, channel_id: bytes, day: str, model: str) -> Usage:
        key = channel_id, day, model
        found = self._usage.get(key)
        if found is None:
            found = self._usage[key] = Usage(day=day, model=model)
        return found

    def finish(self, account: Account, fee: int) -> int:
        """An answer that cost `fee`, all of it charged, has ended: its number; `settled` is what its receipt says."""
        account.number += 1
        account.settled += fee
        self._changes.channels[account.id] = account
        return account.number

    def keep_answer(self, channel_id: bytes, request: bytes, response: bytes | None, receipt: bytes) -> None:
        """An answer of a covered channel by its request's hash; without its bytes where they are too many. On the disk
        with what was charged for it."""
        self._changes.answers.append((channel_id, request, response, receipt))

    def cover(self, channels: set[bytes]) -> None:
        """Keep the answers of these channels from now on, and no others'."""
        self._changes.uncovered += [(channel,) for channel in self.covered - channels]
        self.covered = set(channels)

    def durable(self) -> asyncio.Future[None]:
        """Done when all that was changed until now is on the disk. Raises EnvironmentFault when it cannot be."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if self.fault is not None:
            future.set_exception(EnvironmentFault(f"vouchers cannot be written: {self.fault}", remedy="make room"))
            return future
        self._changes.waiting.append(future)
        if not self._is_writing:
            self._write(loop)
        return future

    def close(self) -> None:
        """Nothing that `durable` has answered is lost."""
        self._writer.close()
        self._ledger.close()

    # writing -------------------------------------------------------------------------------------------------------

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        changes, self._changes = self._changes, Changes()
        self._is_writing = True
        changes.vouchers = self._unfiled(changes)
        new = [account for account in (changes.channels | changes.vouchers).values() if not account.is_kept]
        self._noted.add(changes)
        self._notes += 1
        straight = new or changes.answers or changes.uncovered or self._notes > LONGEST_JOURNAL
        straight = straight or (self._notes == 1 and changes.size <= FEW)
        if changes.channels:  # whose usage is noted as it stands
            self._sum_up()
        note = None if straight else self._ledger.encoded(changes.note())
        if note is None:
            self._sum_up()
            changed, usage = self._noted.rows()
            self._noted, self._notes = Changes(), 0
            kept = Kept(changes.answers, changes.uncovered, self.most_kept)
            write = partial(self._ledger.write, [_row(account) for account in new], changed, usage, kept)
        else:
            write = partial(self._ledger.note, note)
        for account in new:
            account.is_kept, account.filed = True, account.most

        def written(error: BaseException | None) -> None:
            self._is_writing = False
            if error is not None:
                self._broke(changes, error)
                return
            if self._changes.waiting:
                self._write(loop)
            for future in changes.waiting:
                if not future.done():
                    future.set_result(None)

        self._writer.do(loop, write, written, is_quick=note is not None)

    def _unfiled(self, changes: Changes) -> dict[bytes, Account]:
        """Who got answers and has a voucher that the file lacks. Asked at the last moment: where a key signs in its
        payer's place, the voucher comes after its answer was charged."""
        return {
            account.id: account
            for channels in changes.answered.values()
            for account in map(self.accounts.__getitem__, channels)
            if account.most != account.filed
        }

    def _sum_up(self) -> None:
        """Count what was answered since this was last done."""
        noted = self._noted
        for alike, channels in noted.answered.items():
            for id_, times in Counter(channels).items():
                used = self._usage_of(id_, alike.day, alike.model)
                used.add(times, alike)
                noted.usage[id_, alike.day, alike.model] = used
                noted.channels[id_] = self.accounts[id_]
        noted.answered.clear()

    def _broke(self, changes: Changes, error: BaseException) -> None:
        """A disk that is full ends the service: nothing more is answered than can be paid."""
        self.fault = error if isinstance(error, Exception) else RuntimeError(str(error))
        for future in [*changes.waiting, *self._changes.waiting]:
            if not future.done():
                future.set_exception(
                    EnvironmentFault(f"vouchers cannot be written: {error}", remedy="make room on the disk")
                )
        self._failed(self.fault)

    def _index(self, account: Account) -> None:
        self.accounts[account.id] = account
        self._by_authorizer.setdefault(account.signer, []).append(account)

    def _load(self) -> None:
        for row in self._ledger.channels():
            channel = Channel(row[1], row[2], row[3], row[4], row[5], row[6], row[7])
            most, charged = int(row[8]), int(row[10])
            if most and not row[9]:
                raise CheckFailed("a voucher in the book has no signature", remedy="restore it from a backup")
            account = Account(row[0], channel, Held(0, 0), most, row[9], charged, charged, row[11])
            account.is_kept, account.filed = True, most
            self._index(account)
        for row in self._ledger.usage(_day_of(int(time.time()) // DAY)):
            self._usage[row[0], row[1], row[2]] = Usage(row[3], row[4], row[5], int(row[6]), row[1], row[2])

    @staticmethod
    def answer_in(file: Path, channel_id: bytes, request: bytes) -> tuple[bytes | None, bytes] | None:
        """What was answered to a request by its hash, and the receipt's text; None for what is not kept."""
        return kept_answer(file, channel_id, request)

    @staticmethod
    def usage_in(file: Path, first: str, last: str) -> list[tuple[bytes, str, str, Usage]]:
        """Rows of days from `first` to `last`, by another process or this one."""
        return [
            (row[0], row[1], row[2], Usage(row[3], row[4], row[5], int(row[6])))
            for row in usage_rows(file, first, last)
        ]  # fmt: skip


def _row(account: Account) -> Row:
    state = amount(account.most), account.signature, amount(account.charged), account.number
    return account.id, *account.channel.values, *state


def _day_of(number: int) -> str:
    return datetime.fromtimestamp(number * DAY, UTC).date().isoformat()
