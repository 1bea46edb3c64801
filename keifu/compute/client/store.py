"""What a client must not lose, in a folder of its own: channels, the highest voucher, requests, receipts and caps.

A voucher is on the disk before it is sent, and a receipt before its answer is handed on. One process at a time writes;
anybody reads. A request is `open` until it is `answered`, `void` (refused by the provider, nothing is owed), `lost`
(no answer, or not whole) or `refused` (its receipt did not hold). The last two may have been charged, up to their most,
until they are `closed`: the provider said what was charged in all, and that was within what may have been
(`keifu.compute.client.owing`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from keifu.chain.client_folder import ClientFolder
from keifu.chain.held import state_folder
from keifu.compute.client.checks import Standing
from keifu.compute.client.kept import TABLES, KeptAgain, KeptReply, keep, kept_again, replies
from keifu.compute.client.owing import Owed
from keifu.compute.promises import LONGEST_REQUEST
from keifu.compute.receipt import SignedReceipt
from keifu.compute.wire import text_of, unpack
from keifu.errors import UsageError
from keifu.payments import Channel
from keifu.payments.wallet import KeptChannel
from keifu.units import DAY, HOUR

__all__ = ["FOLDER_VARIABLE", "CapReached", "Request", "Store", "usual_folder"]

FOLDER_VARIABLE = "KEIFU_CLIENT"
APPLICATION, VERSION = 0x4B46636C, 1
LATE_SECONDS = HOUR  # after it was asked, what nobody waits for any more is not charged by an honest provider either
_SCHEMA = (
    """CREATE TABLE channel (
        id BLOB PRIMARY KEY, payer TEXT NOT NULL, payer_authorizer TEXT NOT NULL, receiver TEXT NOT NULL,
        receiver_authorizer TEXT NOT NULL, token TEXT NOT NULL, withdraw_delay INTEGER NOT NULL, salt BLOB NOT NULL,
        chain INTEGER NOT NULL, contract TEXT NOT NULL, base TEXT NOT NULL, signed TEXT NOT NULL,
        signature BLOB NOT NULL, fees TEXT NOT NULL, charged TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE request (
        id INTEGER PRIMARY KEY, channel BLOB NOT NULL, key TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
        time INTEGER NOT NULL, most TEXT NOT NULL, state TEXT NOT NULL, number INTEGER, fee TEXT NOT NULL DEFAULT '0',
        units_in INTEGER NOT NULL DEFAULT 0, units_out INTEGER NOT NULL DEFAULT 0, milliseconds INTEGER NOT NULL
        DEFAULT 0, why TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX unsure ON request (channel) WHERE state IN ('open', 'lost', 'refused')",
    "CREATE INDEX spent ON request (key, time)",
    """CREATE TABLE receipt (
        channel BLOB NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, request INTEGER NOT NULL,
        charged TEXT NOT NULL, fee TEXT NOT NULL, held INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (channel, number, hash)) WITHOUT ROWID""",
    "CREATE TABLE cap (key TEXT PRIMARY KEY, digest BLOB UNIQUE, day TEXT, total TEXT) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
# Of a receipt's number another receipt, or the same one for another request than this: each is one answer's.
_SEEN = (
    "SELECT 1 FROM receipt WHERE channel = ? AND hash <> ? AND held = 1 AND number = ? UNION ALL"
    " SELECT 1 FROM receipt WHERE channel = ? AND hash = ? AND held = 1 AND ? NOT IN (0, request)"
)
_BESIDE = "SELECT number, charged, fee FROM receipt WHERE channel = ? AND hash <> ? AND held = 1"


# Of requests that wait for an answer, or never got one, the bytes: they can be demanded on the chain.
_BODIES = "CREATE TABLE IF NOT EXISTS body (request INTEGER PRIMARY KEY, body BLOB NOT NULL)"


# What answers of a channel cost that held, by whose address was asked.
_EARNED = """CREATE TABLE IF NOT EXISTS earned (
    channel BLOB NOT NULL, provider TEXT NOT NULL, fees TEXT NOT NULL, PRIMARY KEY (channel, provider)) WITHOUT ROWID"""


# Of channels in which others' requests were charged, too: by how much more than their base that may have been.
_OVER = "CREATE TABLE IF NOT EXISTS over (channel BLOB PRIMARY KEY, amount TEXT NOT NULL) WITHOUT ROWID"


def usual_folder() -> Path:
    """The client's folder, unless another is named: KEIFU_CLIENT, or in this user's own state."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else state_folder() / "client"


@dataclass(frozen=True)
class Request:
    """One request, whatever became of it. Amounts in the token's smallest unit."""

    id: int
    channel: bytes
    key: str
    provider: str
    model: str
    time: int
    most: int
    state: str
    number: int | None
    fee: int
    units_in: int
    units_out: int
    milliseconds: int
    why: str  # it was refused

    @property
    def cost(self) -> int:
        """What it cost, or may have."""
        return self.fee if self.state == "answered" else 0 if self.state == "void" else self.most


class CapReached(UsageError):
    """A key would spend more than it may."""


class Store(ClientFolder):
    """One client's folder; whoever comes `beside` the process that pays from there changes caps and no payment."""

    FILE, SCHEMA, APPLICATION = "client.sqlite", _SCHEMA, APPLICATION
    USE, DOES = "a client", "pays from"
    ELSE = "end it, ask through it (keifu proxy), or name another folder"

    def __init__(self, folder: Path, *, writes: bool = True, beside: bool = False) -> None:
        self._writes, self._pays = writes, writes and not beside
        super().__init__(folder, writes=writes, beside=beside)

    # channels ------------------------------------------------------------------------------------------------------

    def keep_channel(self, kept: KeptChannel) -> None:
        """Pay from a channel from now on. One that is known already is left as it is."""
        numbers = (kept.chain_id, kept.contract.lower(), str(kept.base), str(max(kept.signed, kept.base)))
        row = (kept.id, *astuple(kept.channel), *numbers, kept.signature, "0", str(kept.base))
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO channel VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", row)

    def forget_channel(self, channel_id: bytes) -> None:
        """One that was never opened."""
        with self._writing() as database:
            database.execute("DELETE FROM channel WHERE id = ?", (channel_id,))

    def channels(self) -> list[KeptChannel]:
        return [
            KeptChannel(
                Channel(*row[1:8]), row[0], row[8], row[9], int(row[10]), int(row[11]), row[12], *map(int, row[13:])
            )
            for row in self._rows("SELECT * FROM channel")
        ]

    def channel(self, channel_id: bytes) -> KeptChannel:
        """Raises UsageError for one that was never kept."""
        for kept in self.channels():
            if kept.id == channel_id:
                return kept
        raise UsageError(f"channel {channel_id.hex()} is none of this client's", remedy="keifu channel list")

    def earned(self, channel_id: bytes, provider: str) -> int:
        """What answers cost that held, of the provider at this address."""
        rows = self._rows("SELECT fees FROM earned WHERE channel = ? AND provider = ?", (channel_id, provider))
        return int(rows[0][0]) if rows else 0

    def adopt(self, channel_id: bytes, charged: int, proven: int, now: int) -> bool:
        """Take a provider's word for what was charged in all, when it is within what may have been; whether it is. What
        was lost is closed by it, unless a request is on its way that the word may count. A channel of which nothing was
        kept may have cost what a voucher of ours is `proven` to name."""
        with self._writing() as database:
            owed = self._owed(channel_id, now)
            if (found := owed.adopted(charged, proven)) is None:
                return False
            base, over = found
            row = (str(base), str(charged), channel_id)
            database.execute("UPDATE channel SET base = ?, charged = ? WHERE id = ?", row)
            if over != owed.over:
                database.execute("INSERT OR REPLACE INTO over VALUES (?, ?)", (channel_id, str(over)))
            if not owed.undecided:
                closed = "UPDATE request SET state = 'closed' WHERE channel = ? AND state IN ('lost', 'refused')"
                database.execute(closed, (channel_id,))
            return True

    # requests ------------------------------------------------------------------------------------------------------

    def begin(
        self, channel_id: bytes, most: int, key: str, provider: str, model: str, now: int, body: bytes = b""
    ) -> tuple[int, int]:
        """A new request that may cost up to `most`: its id, and what its voucher has to name. `body` is kept until it
        is answered, where a demand could bring it. Raises UsageError when a cap of the key would be passed."""
        with self._writing() as database:
            self._require_cap(key, most, now)
            row = (channel_id, key, provider, model, now, str(most))
            made = database.execute(
                "INSERT INTO request (channel, key, provider, model, time, most, state)"
                " VALUES (?, ?, ?, ?, ?, ?, 'open')", row,
            ).lastrowid  # fmt: skip
            assert made is not None
            if 0 < len(body) <= LONGEST_REQUEST:
                database.execute("INSERT INTO body VALUES (?, ?)", (made, body))
            return made, self._owed(channel_id, now).voucher(self._due(channel_id, now))

    def signed(self, channel_id: bytes, most: int, signature: bytes) -> None:
        """Keep a voucher, before it is sent."""
        with self._writing() as database:
            if most >= self.channel(channel_id).signed:
                row = (str(most), signature, channel_id)
                database.execute("UPDATE channel SET signed = ?, signature = ? WHERE id = ?", row)

    def end(self, request: int, state: str, *, why: str = "") -> None:
        """Note that a request had no answer that counts."""
        with self._writing() as database:
            database.execute("UPDATE request SET state = ?, why = ? WHERE id = ?", (state, why, request))
            if state == "void":
                database.execute("DELETE FROM body WHERE request = ?", (request,))

    def answered(self, request: int, signed: SignedReceipt, milliseconds: int, response: bytes = b"") -> None:
        """Keep a receipt that holds, before its answer is handed on; of an answer that can be disputed also what a
        dispute takes."""
        receipt = signed.receipt
        row = (receipt.number, str(receipt.fee), receipt.input_units, receipt.output_units, milliseconds, request)
        with self._writing() as database:
            is_new = self._keep(database, request, signed, held=True)
            asked = database.execute("SELECT body FROM body WHERE request = ?", (request,)).fetchone()
            keep(database, signed, response, asked[0] if asked else b"")
            kept = self.channel(receipt.channel_id)
            fee = receipt.fee if is_new else 0  # a receipt that comes twice at the same time counts once
            sums = (str(kept.fees + fee), str(max(kept.charged, receipt.charged)), kept.id)
            database.execute("UPDATE channel SET fees = ?, charged = ? WHERE id = ?", sums)
            ((provider,),) = database.execute("SELECT provider FROM request WHERE id = ?", (request,)).fetchall()
            earned = str(self.earned(kept.id, provider) + fee)
            database.execute("INSERT OR REPLACE INTO earned VALUES (?, ?, ?)", (kept.id, provider, earned))
            database.execute(
                "UPDATE request SET state = 'answered', number = ?, fee = ?, units_in = ?, units_out = ?,"
                " milliseconds = ? WHERE id = ?", row,
            )  # fmt: skip
            database.execute("DELETE FROM body WHERE request = ?", (request,))

    def refuse(self, request: int, signed: SignedReceipt, why: str) -> None:
        """Keep a receipt that does not hold: it is evidence."""
        with self._writing() as database:
            self._keep(database, request, signed, held=False)
            database.execute("UPDATE request SET state = 'refused', why = ? WHERE id = ?", (why, request))

    def standing(self, signed: SignedReceipt, request: int = 0, *, by_key: bool = False) -> Standing:
        """What is known of a receipt's channel beside it, and beside the request that it answers. `by_key`: the
        provider signs by an API key, so that no voucher of ours says how far it may."""
        with self._mutex:  # of one moment: an answer that another thread keeps meanwhile counts whole or not at all
            return self._standing(signed, request, by_key=by_key)

    def _standing(self, signed: SignedReceipt, request: int, *, by_key: bool) -> Standing:
        receipt = signed.receipt
        kept = self.channel(receipt.channel_id)
        number, beside = receipt.number, (receipt.channel_id, receipt.struct_hash)
        own = self._rows("SELECT fee FROM receipt WHERE channel = ? AND hash = ? AND held = 1", beside)
        seen = self._rows(_SEEN, (*beside, number, *beside, request))
        below = self._rows(f"{_BESIDE} AND number < ? ORDER BY number DESC LIMIT 1", (*beside, number))
        above = self._rows(f"{_BESIDE} AND number > ? ORDER BY number LIMIT 1", (*beside, number))
        answers = kept.base + self._over(kept.id) + kept.fees - sum(int(fee) for (fee,) in own)
        return Standing(
            seen=bool(seen),
            below=(below[0][0], int(below[0][1])) if below else (0, kept.base),
            above=(above[0][0], int(above[0][1]) - int(above[0][2])) if above else None,
            ceiling=answers + self._unsure(receipt.channel_id, request),
            signed=None if by_key else kept.signed,
        )

    def requests(self, *, key: str | None = None, since: int = 0, until: int | None = None) -> list[Request]:
        rows = self._rows(
            "SELECT * FROM request WHERE time >= ? AND (? IS NULL OR time < ?) AND (? IS NULL OR key = ?) ORDER BY id",
            (since, until, until, key, key),
        )
        return [_request(row) for row in rows]

    def unanswered(self, channel_id: bytes) -> list[tuple[Request, bytes]]:
        """Requests of a channel that may have been paid and have no answer that holds, with their bytes."""
        rows = self._rows(
            "SELECT request.*, body FROM request JOIN body ON body.request = request.id WHERE channel = ? AND state IN"
            " ('lost', 'refused', 'closed') ORDER BY id", (channel_id,),
        )  # fmt: skip
        return [(_request(row[:-1]), row[-1]) for row in rows]

    def receipts(self, *, refused: bool = False) -> Iterator[SignedReceipt]:
        """Those that held, or those that did not."""
        for (text,) in self._rows("SELECT text FROM receipt WHERE held = ? ORDER BY request", (int(not refused),)):
            yield unpack(text)

    def replies(self, receipt: bytes = b"") -> Iterator[KeptReply]:
        """Replies that can be disputed, oldest first; the one of a receipt's struct hash."""
        yield from replies(self._rows, receipt)

    def again(self, receipt: bytes = b"") -> Iterator[KeptAgain]:
        """Answers that a panel may compute again, oldest first; the one of a receipt's struct hash."""
        yield from kept_again(self._rows, receipt)

    def keep_promise(self, number: int) -> None:
        """That a promise of ReExecution was accepted."""
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO promise VALUES (?)", (number,))

    def promises(self) -> list[int]:
        """Those that were accepted, the newest first."""
        return [row[0] for row in self._rows("SELECT number FROM promise ORDER BY number DESC")]

    # caps ----------------------------------------------------------------------------------------------------------

    def set_cap(self, key: str, *, digest: bytes | None, day: int | None, total: int | None) -> None:
        """What a key may spend a day and in all; None: no bound. `digest` is that of the secret that plain clients
        bring, or None."""
        row = (key, digest, *(None if item is None else str(item) for item in (day, total)))
        with self._writing() as database:
            database.execute(
                "INSERT INTO cap VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET day = excluded.day,"
                " total = excluded.total, digest = coalesce(excluded.digest, digest)", row,
            )  # fmt: skip

    def caps(self) -> dict[str, tuple[int | None, int | None]]:
        """By key: what it may spend a day, and in all."""
        rows = self._rows("SELECT key, day, total FROM cap ORDER BY key")
        return {key: (_number(day), _number(total)) for key, day, total in rows}

    def key_of(self, digest: bytes) -> str | None:
        """The key whose secret has this digest."""
        found = self._rows("SELECT key FROM cap WHERE digest = ?", (digest,))
        return found[0][0] if found else None

    def spent(self, key: str, since: int = 0) -> int:
        """What a key's requests cost, or may have cost."""
        return sum(item.cost for item in self.requests(key=key, since=since))

    # inside --------------------------------------------------------------------------------------------------------

    def _require_cap(self, key: str, most: int, now: int) -> None:
        day, total = self.caps().get(key, (None, None))
        for cap, since, word in ((day, now - now % DAY, "today"), (total, 0, "in all")):
            if cap is not None and (spent := self.spent(key, since)) + most > cap:
                raise CapReached(
                    f"key {key} may spend {cap} {word}: {spent} is spent, this request may cost {most}",
                    remedy="raise it: keifu usage cap, or wait for tomorrow (UTC)",
                )

    def _unsure(self, channel_id: bytes, but: int) -> int:
        """What requests without a receipt may have cost."""
        rows = self._rows(
            "SELECT most FROM request WHERE channel = ? AND state IN ('open', 'lost', 'refused') AND id <> ?",
            (channel_id, but),
        )
        return sum(int(most) for (most,) in rows)

    def _owed(self, channel_id: bytes, now: int) -> Owed:
        kept, unsure = self.channel(channel_id), self._unsure(channel_id, 0)
        rows = self._rows(
            "SELECT most FROM request WHERE channel = ? AND (state = 'open' OR (state = 'lost' AND time > ?))",
            (channel_id, now - LATE_SECONDS),
        )
        undecided = sum(int(most) for (most,) in rows)
        return Owed(kept.base, self._over(channel_id), kept.fees, kept.charged, unsure, undecided)

    def _over(self, channel_id: bytes) -> int:
        if not self._has_over:
            return 0
        found = self._rows("SELECT amount FROM over WHERE channel = ?", (channel_id,))
        return int(found[0][0]) if found else 0

    def _due(self, channel_id: bytes, now: int) -> int:
        """What a voucher has to name above what was charged: requests that may still be charged, and those that were
        lost since the newest receipt. What was lost long before it is in its sum."""
        rows = self._rows(
            "SELECT most FROM request WHERE channel = ? AND (state = 'open' OR (state = 'lost' AND time > ?) OR (state"
            " IN ('lost', 'refused') AND id > coalesce((SELECT max(request) FROM receipt WHERE channel ="
            " request.channel AND held = 1), 0)))",
            (channel_id, now - LATE_SECONDS),
        )
        return sum(int(most) for (most,) in rows)

    def _keep(self, database: sqlite3.Connection, request: int, signed: SignedReceipt, *, held: bool) -> bool:
        """Whether it was not there."""
        item = signed.receipt
        row = (item.channel_id, item.number, item.struct_hash, request, str(item.charged), str(item.fee), int(held))
        values = (*row, text_of(signed))
        return database.execute("INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values).rowcount > 0

    def _prepare(self, database: sqlite3.Connection) -> None:
        if self._writes:
            database.execute(_BODIES)
            for table in (*TABLES, _OVER, _EARNED):
                database.execute(table)
        self._has_over = bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'over'").fetchall())
        if self._pays:  # whoever paid before has ended
            database.execute("UPDATE request SET state = 'lost' WHERE state = 'open'")


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _request(row: Sequence[Any]) -> Request:
    request, channel, key, provider, model, time, most, state, number, fee, units_in, units_out, taken, why = row
    most, fee = int(most), int(fee)
    return Request(
        request, channel, key, provider, model, time, most, state, number, fee, units_in, units_out, taken, why
    )
