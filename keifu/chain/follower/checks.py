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

from keifu.chain.follower._model import Block, Event, Receipt
from keifu.chain.follower.bloom import bloom_of_log
from keifu.chain.follower.filters import Filter
from keifu.chain.follower.receipts import receipts_root
from keifu.errors import Contradiction

__all__ = ["are", "checked_logs", "digest_of", "proved_logs"]

_is_data = re.compile(r"0x[0-9a-f]*").fullmatch
_DIGEST, _SHORT = 16, 512  # bytes
_TRANSACTIONS = msgspec.json.Decoder(list[str])
_Kinds = dict[tuple[str, ...], tuple[int, bool]]  # address and topics: bits of the bloom filter, and whether it is ours


def checked_logs(blocks: Sequence[Block], events: Sequence[Event], wanted: Filter, url: str) -> dict[int, list[Event]]:
    """Our logs by block, in order. Proves where they are from, not what their data is."""
    try:
        return _checked(blocks, events, wanted, url)
    except Contradiction:  # once more in lower case and in order: nodes have their styles
        return _checked(blocks, _in_one_style(events, url), wanted, url)


def _checked(blocks: Sequence[Block], events: Sequence[Event], wanted: Filter, url: str) -> dict[int, list[Event]]:
    """A Contradiction for what no honest node gives as an answer. Each address with its topics is looked up once."""
    known = {hex(block.number): block for block in blocks}
    found: dict[int, list[Event]] = {}
    kinds: _Kinds = {}
    number: str | None = None
    try:
        for event in events:
            if event.block_number != number:
                number = event.block_number
                if number not in known:
                    raise ValueError("nobody asked for it, or its block was there before")
                block = known.pop(number)
                hashes = _TRANSACTIONS.decode(block.transactions or b"[]")
                block_hash, time, bloom, before = block.hash, block.timestamp, block.bloom, -1
                ours: list[Event] = []
            if event.block_hash != block_hash or event.removed:
                raise ValueError("it was removed" if event.removed else "it is of another chain than the headers")
            kind = (event.address, *event.topics)
            of_kind = kinds.get(kind)
            mask = bloom_of_log(event) if of_kind is None else of_kind[0]
            if bloom & mask != mask:
                raise ValueError("its block's bloom filter does not announce it")
            if of_kind is None:
                of_kind = kinds[kind] = mask, wanted.admits(event)
            data = event.data
            if len(data) & 1 or not _is_data(data):
                raise ValueError("its data is no hex")
            index, place = int(event.log_index, 16), int(event.transaction_index, 16)
            if not 0 <= place < len(hashes) or hashes[place] != event.transaction_hash:
                raise ValueError("the block has another transaction in that place")
            if index <= before:
                raise ValueError("it is there twice")
            event.block_time, before = time, index
            if of_kind[1]:
                if not ours:
                    found[block.number] = ours
                ours.append(event)
    except (ValueError, msgspec.DecodeError) as error:
        raise Contradiction(f"a log of block {str(number)[:20]} from {url} cannot be true: {error}", url=url) from error
    return found


def _in_one_style(events: Sequence[Event], url: str) -> list[Event]:
    for event in events:
        event.address, event.data = event.address.lower(), event.data.lower()
        event.topics = [topic.lower() for topic in event.topics]
    try:
        for event in events:
            event.block_number = hex(event.number)
        return sorted(events, key=attrgetter("number", "index"))
    except ValueError as error:
        raise Contradiction(f"a log from {url} cannot be true: {error}", url=url) from error


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
    """Tells two lists of logs of one block apart. The hash of a transaction is left out: receipts do not prove it.
    A short text stands for itself, which takes a third of the time."""
    text = _text(events)
    return text if len(text) <= _SHORT else _hash(text)


def are(events: Sequence[Event], digest: bytes) -> bool:
    """Whether `digest_of` gave this for these logs, or an earlier version did, which hashed short texts, too."""
    text = _text(events)
    return digest == (_hash(text) if len(digest) == _DIGEST else text)


def _text(events: Sequence[Event]) -> bytes:
    if len(events) == 1:  # as it most often is
        return _line(events[0]).encode()
    return "\n".join(map(_line, events)).encode()


def _line(event: Event) -> str:
    return f"{event.log_index} {event.transaction_index} {event.address} {event.data} {' '.join(event.topics)}"


def _hash(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_DIGEST).digest()


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
