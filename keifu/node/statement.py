"""What a node's account had, got and paid in a period: rows that add up, from the chain's own log and balances."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ethwire.rpc import octets, quantity
from keifu.chain.logs import find_logs, topic_of_address
from keifu.chain.suite import TOKEN
from keifu.errors import CheckFailed, RpcError
from keifu.node.chain import NodeChain
from keifu.node.folder import NodeFolder
from keifu.units import coins

__all__ = ["COLUMNS", "Row", "statement", "to_csv"]

COLUMNS = ("time", "block", "transaction", "entry", "with", "coins", "ether")
OPENING, RECEIVED, PAID, GAS, OTHER, CLOSING = "opening", "received", "paid", "gas", "other ether", "closing"


@dataclass(frozen=True)
class Row:
    """One entry: amounts in wei, negative for what was paid."""

    time: int
    block: int
    transaction: str
    entry: str
    other: str
    coins: int
    ether: int

    def cells(self) -> tuple[str, ...]:
        time = datetime.fromtimestamp(self.time, UTC).isoformat()
        amounts = (_decimal(self.coins), _decimal(self.ether))
        return time, str(self.block), self.transaction, self.entry, self.other, *amounts


class _Chain:
    """What a statement asks of a chain."""

    def __init__(self, chain: NodeChain, account: str) -> None:
        self.rpc, self._chain, self.account = chain.rpc, chain, account.lower()
        self.token = chain.suite.at(chain.client, TOKEN)
        self._times: dict[int, int] = {}

    def time(self, number: int) -> int:
        if number not in self._times:
            block = self.rpc.call("eth_getBlockByNumber", hex(number), False)
            if not isinstance(block, dict):
                raise RpcError(f"the endpoint does not have block {number}", remedy="ask another one")
            self._times[number] = quantity(block.get("timestamp"), "a block's time", self.rpc.url)
        return self._times[number]

    def first_from(self, moment: int) -> int:
        """The first block of that time or a later one; one behind the newest when there is none."""
        low, high = 0, self.rpc.block_number() + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.time(middle) >= moment else (middle + 1, high)
        return low

    def balances(self, block: int) -> tuple[int, int]:
        """Coins, none before the token was made, and ether at a block's end. Raises RpcError for a state too old."""
        request = {"to": self.token.address, "data": "0x" + self.token.balanceOf.encode(self.account).hex()}
        held = octets(self.rpc.agreed("eth_call", request, hex(block)), "eth_call", self.rpc.url)
        ether = self.rpc.agreed("eth_getBalance", self.account, hex(block))
        return int.from_bytes(held, "big"), quantity(ether, "eth_getBalance", self.rpc.url)


def statement(chain: NodeChain, folder: Path, account: str, since: int, until: int) -> list[Row]:
    """The account's rows from `since` up to and without `until`, unix seconds. Raises CheckFailed when they do not add
    up to what the account has, which an endpoint that leaves events out brings about."""
    asked = _Chain(chain, account)
    first, last = max(asked.first_from(since), 1), asked.first_from(until) - 1
    if last < first:
        raise CheckFailed("no block is of that period", remedy="choose another period")
    opening, closing_ = asked.balances(first - 1), asked.balances(last)
    rows = [*_transfers(asked, chain, first, last), *_gas(asked, folder, first, last)]
    rows.sort(key=lambda row: (row.block, row.entry, row.transaction))
    if opening[0] + sum(row.coins for row in rows) != closing_[0]:
        raise CheckFailed(
            f"coins do not add up: {coins(opening[0])} before, {coins(closing_[0])} after",
            remedy="the endpoint leaves out transfers: ask another one",
        )
    rest = closing_[1] - opening[1] - sum(row.ether for row in rows)
    end = asked.time(last)
    return [
        Row(asked.time(first - 1), first - 1, "", OPENING, "", *opening),
        *rows,
        *([Row(end, last, "", OTHER, "", 0, rest)] if rest else []),
        Row(end, last, "", CLOSING, "", *closing_),
    ]


def to_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row.cells() for row in rows)
    return text.getvalue()


def _transfers(asked: _Chain, chain: NodeChain, first: int, last: int) -> Iterator[Row]:
    """Coins that came and went."""
    topic = "0x" + asked.token.interface.event("Transfer").topic.hex()
    mine = topic_of_address(asked.account)
    for topics, entry, sign, place in (([topic, mine], PAID, -1, 2), ([topic, None, mine], RECEIVED, 1, 1)):
        for event in find_logs(chain.client, asked.token.address, topics, first):
            if event.number > last:
                break
            other, amount = "0x" + event.topics[place][-40:], int(event.data, 16)
            yield Row(asked.time(event.number), event.number, event.transaction_hash, entry, other, sign * amount, 0)


def _gas(asked: _Chain, folder: Path, first: int, last: int) -> Iterator[Row]:
    """What the node's own transactions cost."""
    for tx_hash, block, to in _sent(folder, first, last):
        receipt: dict[str, Any] = asked.rpc.call("eth_getTransactionReceipt", tx_hash) or {}
        used = quantity(receipt.get("gasUsed"), "a receipt's gas", asked.rpc.url)
        price = quantity(receipt.get("effectiveGasPrice"), "a receipt's price", asked.rpc.url)
        yield Row(asked.time(block), block, tx_hash, GAS, to, 0, -used * price)


def _sent(folder: Path, first: int, last: int) -> list[tuple[str, int, str]]:
    file = NodeFolder(folder).sender_file
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        query = "SELECT tx_hash, block, target FROM intent WHERE block BETWEEN ? AND ? ORDER BY block"
        return database.execute(query, (first, last)).fetchall()


def _decimal(wei: int) -> str:
    """Exact, without separators of thousands."""
    text = coins(abs(wei)).replace(",", "")
    return f"-{text}" if wei < 0 else text
