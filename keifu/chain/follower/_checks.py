"""What a node's answers must fulfil before they are used. An answer that does not is a Contradiction.

Headers hash to their blocks' hashes and link up; logs are ours, each once, announced by their block's bloom filter and
of a transaction that the block has. Receipts give the root in the header, and so prove the logs in them, data included.
"""

from __future__ import annotations

import hashlib
import re
import sys
from binascii import unhexlify
from collections.abc import Iterable, Sequence
from operator import attrgetter

import msgspec

from keifu.chain.follower._filter import Filter
from keifu.chain.follower._model import Block, Event, Receipt
from keifu.chain.follower.bloom import bloom_of_log
from keifu.chain.follower.receipts import receipts_root
from keifu.chain.header import Header, header_rlp
from keifu.errors import Contradiction
from keifu.keys import keccak256

__all__ = ["check_linked", "checked_logs", "digest_of", "proved_logs", "sealed"]

OTHER_RULES = "another endpoint; for a chain that hashes in its own way, hashed_headers=False"
MANY = 32  # headers that are encoded by columns
_HASH_DIGITS = 64
_HASH = re.compile(r"0x[0-9a-f]{64}")
_is_data = re.compile(r"0x[0-9a-f]*").fullmatch
_TRANSACTIONS = msgspec.json.Decoder(list[str])
_Kinds = dict[tuple[str, ...], tuple[int, bool]]  # address and topics: bits of the bloom filter, and whether it is ours


def sealed(headers: Sequence[Header], numbers: Sequence[int], url: str, *, hashed: bool) -> list[Block]:
    """The blocks of headers that hash to their hashes (unless the chain's rules are not known: then they are believed).

    What the hash was computed of is what counts: the parent, the root and the filter are taken from there.
    """
    make = _hashed if hashed else _believed
    try:
        return make(headers, numbers, url)
    except ValueError:  # which one it is
        for number, header in zip(numbers, headers, strict=True):
            try:
                make([header], [number], url)
            except ValueError as error:
                raise Contradiction(f"{url} gave a malformed header of block {number}: {error}", url=url) from error
        raise


def _hashed(headers: Sequence[Header], numbers: Sequence[int], url: str) -> list[Block]:
    """Raises ValueError for a malformed field of any of them."""
    encoded = _encoded(headers)
    hashes = b"".join(map(keccak256, encoded)).hex()
    blocks: list[Block] = []
    end = 0
    for number, header, content in zip(numbers, headers, encoded, strict=True):
        begin, end = end, end + _HASH_DIGITS
        found = f"0x{hashes[begin:end]}"
        if found != header.hash:
            raise _unsealed(number, url)
        if header.number != hex(number) and (named := _number(header.number)) != number:
            raise Contradiction(f"{url} gave block {named} for block {number}", url=url)
        parent, root, bloom = content[4:36].hex(), content[157:189].hex(), int.from_bytes(content[192:448], "big")
        time = _number(header.timestamp)
        blocks.append(Block(number, found, f"0x{parent}", time, bloom, f"0x{root}", header.transactions))
    return blocks


def _encoded(headers: Sequence[Header]) -> list[bytes]:
    """By columns where numpy is there already: to import it takes as long as many thousand headers one by one."""
    if len(headers) < MANY or "numpy" not in sys.modules:
        return [header_rlp(header) for header in headers]
    from keifu.chain.header_columns import headers_rlp  # noqa: PLC0415 - see above

    return headers_rlp(headers)


def _believed(headers: Sequence[Header], numbers: Sequence[int], url: str) -> list[Block]:
    """Raises ValueError for a malformed field of any of them."""
    blocks: list[Block] = []
    for number, header in zip(numbers, headers, strict=True):
        bloom = int.from_bytes(unhexlify(header.logs_bloom[2:]), "big")
        named, time = _number(header.number), _number(header.timestamp)
        if not _HASH.fullmatch(header.hash):
            raise _unsealed(number, url)
        if named != number:
            raise Contradiction(f"{url} gave block {named} for block {number}", url=url)
        parent, root = header.parent_hash.lower(), header.receipts_root.lower()
        blocks.append(Block(number, header.hash, parent, time, bloom, root, header.transactions))
    return blocks


def _number(text: str) -> int:
    """What is hashed are the digits behind 0x: without it, the number would be another one than its digits."""
    if not text.startswith("0x"):
        raise ValueError(f"{text[:80]} is no number")
    return int(text, 16)


def _unsealed(number: int, url: str) -> Contradiction:
    message = f"the header of block {number} from {url} does not hash to the block's hash"
    return Contradiction(message, remedy=OTHER_RULES, url=url)


def check_linked(blocks: Iterable[Block], url: str) -> None:
    """Each block names the one before it as its parent."""
    before: str | None = None
    for block in blocks:
        if before is not None and block.parent != before:
            raise Contradiction(f"block {block.number} from {url} does not follow the one before it", url=url)
        before = block.hash


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
