"""Following contract events: every event once, in order, across crashes, reorganisations and bad nodes.

What was seen and what it led to are committed in one SQLite transaction, so a process killed at any line resumes
without missing or repeating an event. Three things are not taken on trust from the node:

* that the chain stays: hashes of recent blocks are kept, and when one changes the sink undoes back to the fork;
* that answers are of one chain: headers of a range must link up by parent hash;
* that logs are complete: a header's bloom filter covers all logs of its block. Where it announces one of ours and
  the logs that `eth_getLogs` gave do not make up the whole filter, the block's receipts are read; when these do not
  give the filter either, the range is tried again later. What a filter cannot show (a second log with the very same
  address and topics) is for the sink to find by reconciling its totals with the contracts' views.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import msgspec

from ethwire.rpc import Rpc
from keifu.errors import ChainMismatch, EnvironmentFault, RpcError
from keifu.keys import keccak256

__all__ = ["Event", "Follower", "Header", "Sink", "Step"]

MAX_RANGE = 2_000  # blocks asked for at once; halved when a node refuses, doubled again when it serves
REORG_DEPTH = 128  # recent block hashes kept; a deeper reorganisation needs a person
FIRST_PAUSE_SECONDS = 0.05
SLOWEST_PAUSE_SECONDS = 5.0
HEADERS_A_BATCH = 200
_BLOOM_BITS = 2_048
_BLOOM_PROBES = 3


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """One log, in the node's own hex; `number` and `index` are integers."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str
    removed: bool = False

    @property
    def number(self) -> int:
        return int(self.block_number, 16)

    @property
    def index(self) -> int:
        return int(self.log_index, 16)


class Header(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of a block."""

    number: str
    hash: str
    parent_hash: str
    timestamp: str
    logs_bloom: str


class _Receipt(msgspec.Struct, frozen=True):
    logs: list[Event]


class Sink(Protocol):
    """What becomes of the events. Both are called inside the transaction that also moves the checkpoint."""

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Take in new events, in chain order."""

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        """Undo everything from blocks `first_block` and above."""


@dataclass(frozen=True)
class Step:
    """What one step did. `head` is the node's newest block, `reached` the newest that is now accounted for."""

    reached: int
    head: int
    events: int = 0
    reverted_to: int | None = None

    @property
    def caught_up(self) -> bool:
        return self.reverted_to is None and self.reached >= self.head


_SCHEMA = """
CREATE TABLE IF NOT EXISTS follower_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS follower_source (id INTEGER PRIMARY KEY CHECK (id = 1), source TEXT NOT NULL);
"""


class Follower:
    """Follows the logs of `addresses` from `first_block` on, into `sink`, with its state in `database`.

    `confirmations` blocks below the head are left alone, for sinks that cannot undo. Raises ChainMismatch when the
    database belongs to other contracts or another chain.
    """

    def __init__(
        self,
        rpc: Rpc,
        addresses: Sequence[str],
        database: sqlite3.Connection,
        sink: Sink,
        *,
        first_block: int = 0,
        confirmations: int = 0,
        max_range: int = MAX_RANGE,
    ) -> None:
        self.rpc = rpc
        self.addresses = sorted(address.lower() for address in addresses)
        self.database = database
        self.sink = sink
        self.confirmations = confirmations
        self._first_block = first_block
        self._range = self._max_range = max_range
        self._probes = [_bloom_mask(address) for address in self.addresses]
        database.isolation_level = None  # transactions are begun and ended here
        database.executescript(_SCHEMA)
        self._claim_database()

    @property
    def reached(self) -> int:
        """The newest block accounted for, or the one before the first."""
        row = self.database.execute("SELECT max(number) FROM follower_block").fetchone()
        return self._first_block - 1 if row[0] is None else int(row[0])

    def step(self) -> Step:
        """Take in the next range, or undo a reorganisation. Raises RpcError when the node fails or contradicts
        itself; nothing is changed then."""
        head = int(self.rpc.call("eth_blockNumber"), 16) - self.confirmations
        reached = self.reached
        if (fork := self._fork_point(reached)) is not None:
            self._revert(fork + 1)
            return Step(fork, head, reverted_to=fork)
        if head <= reached:
            return Step(reached, head)
        last = min(head, reached + self._range)
        headers, events = self._read(reached + 1, last)
        self._commit(headers, events)
        return Step(last, head, events=len(events))

    def run(self, until: Callable[[Step], bool], *, on_step: Callable[[Step], None] = lambda step: None) -> None:
        """Step until `until(step)` says so, backing off while there is nothing new or the node fails."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                step = self.step()
            except RpcError:
                self._range = max(1, self._range // 2)  # too large an answer is the commonest cause
                time.sleep(pause)
                pause = min(2 * pause, SLOWEST_PAUSE_SECONDS)
                continue
            on_step(step)
            if until(step):
                return
            if step.caught_up:
                time.sleep(pause)
                pause = min(2 * pause, SLOWEST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS
                self._range = min(2 * self._range, self._max_range)

    # reading -------------------------------------------------------------------------------------------------------

    def _read(self, first: int, last: int) -> tuple[list[Header], list[Event]]:
        """Headers and our logs of a range, checked against each other."""
        headers = self._headers(first, last)
        self._require_linked(headers)
        query = {"address": self.addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        events = self.rpc.call_as(list[Event], "eth_getLogs", query)
        hashes = {header.number: header.hash for header in headers}
        if any(hashes.get(event.block_number) != event.block_hash for event in events):
            raise RpcError(f"logs of blocks {first}–{last} belong to another chain than its headers")
        events = self._complete(headers, events)
        events.sort(key=lambda event: (event.number, event.index))
        return headers, events

    def _complete(self, headers: Sequence[Header], events: list[Event]) -> list[Event]:
        """The events with every doubtful block's replaced by what its receipts say."""
        by_block: dict[str, list[Event]] = {header.number: [] for header in headers}
        for event in events:
            by_block[event.block_number].append(event)
        for header in headers:
            if self._announces(header) and not _bloom_covers(header, by_block[header.number]):
                by_block[header.number] = self._from_receipts(header)
        return [event for block in by_block.values() for event in block]

    def _headers(self, first: int, last: int) -> list[Header]:
        headers: list[Header] = []
        for start in range(first, last + 1, HEADERS_A_BATCH):
            numbers = range(start, min(start + HEADERS_A_BATCH, last + 1))
            headers += self.rpc.batch_as(Header, [("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        return headers

    def _require_linked(self, headers: Sequence[Header]) -> None:
        before = self._hash_of(int(headers[0].number, 16) - 1)
        for header in headers:
            if before is not None and header.parent_hash != before:
                raise RpcError(f"block {int(header.number, 16)} does not follow the one before it")
            before = header.hash

    def _announces(self, header: Header) -> bool:
        bloom = int(header.logs_bloom, 16)
        return any(bloom & mask == mask for mask in self._probes)

    def _from_receipts(self, header: Header) -> list[Event]:
        """Our logs of a block by its receipts. A bloom filter may be wrong (rarely), so none is an answer too."""
        receipts = self.rpc.call_as(list[_Receipt], "eth_getBlockReceipts", header.number)
        logs = [log for receipt in receipts for log in receipt.logs]
        if any(log.block_hash != header.hash for log in logs):
            raise RpcError(f"receipts of block {int(header.number, 16)} belong to another chain than its header")
        if not _bloom_covers(header, logs):
            raise RpcError(f"receipts of block {int(header.number, 16)} do not give its bloom filter")
        return [log for log in logs if log.address.lower() in self.addresses]

    # state ---------------------------------------------------------------------------------------------------------

    def _hash_of(self, number: int) -> str | None:
        row = self.database.execute("SELECT hash FROM follower_block WHERE number = ?", (number,)).fetchone()
        return None if row is None else str(row[0])

    def _fork_point(self, reached: int) -> int | None:
        """None while the chain still holds our newest block, else the newest block that both have."""
        known = self.database.execute("SELECT number, hash FROM follower_block ORDER BY number DESC").fetchall()
        if not known or self._chain_has(known[0]):
            return None
        for row in known[1:]:
            if self._chain_has(row):
                return int(row[0])
        if reached - self._first_block < len(known):
            return self._first_block - 1  # everything that we ever saw is kept, so start over
        raise EnvironmentFault(
            f"the chain changed by more than {REORG_DEPTH} blocks", remedy="check the node, then rebuild the index"
        )

    def _chain_has(self, row: tuple[int, str]) -> bool:
        block = self.rpc.call("eth_getBlockByNumber", hex(row[0]), False)
        return block is not None and block["hash"] == row[1]

    def _commit(self, headers: Sequence[Header], events: Sequence[Event]) -> None:
        with _Transaction(self.database):
            self.sink.apply(self.database, events)
            rows = [(int(header.number, 16), header.hash) for header in headers[-REORG_DEPTH:]]
            self.database.executemany("INSERT INTO follower_block VALUES (?, ?)", rows)
            self.database.execute("DELETE FROM follower_block WHERE number <= ?", (rows[-1][0] - REORG_DEPTH,))

    def _revert(self, first_block: int) -> None:
        with _Transaction(self.database):
            self.sink.revert(self.database, first_block)
            self.database.execute("DELETE FROM follower_block WHERE number >= ?", (first_block,))

    def _claim_database(self) -> None:
        source = f"chain {self.rpc.chain_id()} from {self._first_block}: {', '.join(self.addresses)}"
        with _Transaction(self.database):
            self.database.execute("INSERT OR IGNORE INTO follower_source VALUES (1, ?)", (source,))
        kept = self.database.execute("SELECT source FROM follower_source").fetchone()[0]
        if kept != source:
            raise ChainMismatch(f"this database follows {kept}, not {source}", remedy="use another file")


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK when the block raises."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def __enter__(self) -> None:
        self.database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.database.execute("COMMIT" if kind is None else "ROLLBACK")


@lru_cache(maxsize=100_000)
def _bloom_mask(item: str) -> int:
    """The three bits of a 2,048-bit filter that stand for `item`, in hex (yellow paper, section 4.3.1)."""
    digest = keccak256(bytes.fromhex(item[2:]))
    mask = 0
    for probe in range(_BLOOM_PROBES):
        mask |= 1 << (int.from_bytes(digest[2 * probe : 2 * probe + 2], "big") % _BLOOM_BITS)
    return mask


def _bloom_covers(header: Header, logs: Sequence[Event]) -> bool:
    """Whether the filter of these logs is exactly the header's."""
    bloom = 0
    for log in logs:
        for item in (log.address, *log.topics):
            bloom |= _bloom_mask(item)
    return bloom == int(header.logs_bloom, 16)
