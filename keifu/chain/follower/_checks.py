"""What a node's logs must fulfil before they are used. Those that do not are a Contradiction.

Logs are ours, each once, announced by their block's bloom filter and
of a transaction that the block has. Receipts give the root in the header, and so prove the logs in them, data included.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from keifu.chain.follower._filter import Filter
from keifu.chain.follower._model import Block, Event, Receipt
from keifu.chain.follower.bloom import bloom_of_log
from keifu.chain.follower.receipts import receipts_root
from keifu.errors import Contradiction

__all__ = ["checked_logs", "digest_of", "proved_logs"]

_is_data = re.compile(r"0x[0-9a-f]*").fullmatch
_TRANSACTIONS = msgspec.json.Decoder(list[str])
_Kinds = dict[tuple[str, ...], tuple[int, bool]]  # address and topics: bits of the bloom filter, and whether it is ours


def checked_logs(blocks: Sequence[Block], events: Sequence[Event], wanted: Filter, url: str) -> dict[int, list[Event]]:
    """Our logs by block, in order. Proves where they are from, not what their data is."""
    known = {block.number: block for block in blocks}
    by_block: dict[str, list[Event]] = {}
    for event in events:
        by_block.setdefault(event.block_number, []).append(event)
    found: dict[int, list[Event]] = {}
    kinds: _Kinds = {}
    for text, group in by_block.items():
        try:
            number = int(text, 16)
            block = known.get(number)
            if block is None or number in found:
                raise ValueError("nobody asked for it" if block is None else "its block is there twice")
            ours = _check_block(block, group, wanted, kinds)
        except ValueError as error:
            raise Contradiction(f"a log of block {text[:20]} from {url} cannot be true: {error}", url=url) from error
        if ours:
            found[number] = ours
    return found


def _check_block(block: Block, events: list[Event], wanted: Filter, kinds: _Kinds) -> list[Event]:
    """Those of a block's logs that are ours. Raises ValueError for what no honest node gives as an answer."""
    block_hash, time = block.hash, block.timestamp
    for event in events:
        if event.block_hash != block_hash:
            raise ValueError("it is of another chain than the headers")
        if event.removed:
            raise ValueError("it was removed")
        event.block_time, data = time, event.data
        if len(data) & 1 or not _is_data(data):
            event.data = data = data.lower()
            if len(data) & 1 or not _is_data(data):
                raise ValueError("its data is no hex")
    try:
        ours = _ours(block, events, wanted, kinds)
    except ValueError:  # once more in lower case: nodes have their styles
        for event in events:
            _lower(event)
        ours = _ours(block, events, wanted, kinds)
    _check_places(block, ours)
    return ours


def _ours(block: Block, events: Sequence[Event], wanted: Filter, kinds: _Kinds) -> list[Event]:
    """All must be in the block's bloom filter. Each address with its topics is looked up once, and kept in `kinds`."""
    bloom, ours = block.bloom, []
    for event in events:
        kind = (event.address, *event.topics)
        known = kinds.get(kind)
        mask = bloom_of_log(event) if known is None else known[0]
        if bloom & mask != mask:
            raise ValueError("its block's bloom filter does not announce it")
        if known is None:
            known = kinds[kind] = mask, wanted.admits(event)
        if known[1]:
            ours.append(event)
    return ours


def proved_logs(block: Block, receipts: Sequence[Receipt], wanted: Filter, url: str) -> list[Event]:
    """Our logs of a block from its receipts, which must give the root that the header has. Places are counted, not
    believed; only a transaction's hash is the header answer's."""
    try:
        if receipts_root(receipts) != block.receipts_root:
            raise ValueError("they do not give the root in its header")
        hashes = [""] * len(receipts) if block.transactions is None else _TRANSACTIONS.decode(block.transactions)
        if len(hashes) != len(receipts):
            raise ValueError("there is not one for each transaction")
        found: list[Event] = []
        index = 0
        for place, receipt in enumerate(receipts):
            for log in receipt.logs:
                if wanted.wants(log):
                    found.append(_placed(log, block, hashes[place], place, index))
                index += 1
    except (ValueError, msgspec.DecodeError) as error:
        raise Contradiction(f"the receipts of block {block.number} from {url} are wrong: {error}", url=url) from error
    return found


def digest_of(events: Sequence[Event]) -> bytes:
    """Tells two lists of logs of one block apart. The hash of a transaction is left out: receipts do not prove it."""
    lines = [
        f"{event.log_index} {event.transaction_index} {event.address} {event.data} {' '.join(event.topics)}"
        for event in events
    ]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).digest()


def _lower(event: Event) -> None:
    """In lower case, whatever the node's style."""
    event.address = event.address.lower()
    event.topics = [topic.lower() for topic in event.topics]


def _check_places(block: Block, events: list[Event]) -> None:
    """Every log once, in order, of the transaction that it names."""
    hashes = _TRANSACTIONS.decode(block.transactions or b"[]")
    count, before, in_order = len(hashes), -1, True
    for event in events:
        index, place = int(event.log_index, 16), int(event.transaction_index, 16)
        if index < 0 or not 0 <= place < count or hashes[place] != event.transaction_hash:
            raise ValueError("the block has another transaction in that place")
        if index <= before:
            in_order = False
        before = index
    if not in_order:
        events.sort(key=_index)
        if len(set(map(_index, events))) < len(events):
            raise ValueError("it is there twice")


_index = attrgetter("index")


def _placed(log: Event, block: Block, tx_hash: str, place: int, index: int) -> Event:
    return Event(
        address=log.address.lower(),
        topics=[topic.lower() for topic in log.topics],
        data=log.data.lower(),
        block_number=hex(block.number),
        block_hash=block.hash,
        transaction_hash=tx_hash,
        transaction_index=hex(place),
        log_index=hex(index),
        block_time=block.timestamp,
    )
