"""Headers become blocks when they hash to their blocks' hashes, and link up. One that does not is a Contradiction."""

from __future__ import annotations

import re
import sys
from binascii import unhexlify
from collections.abc import Iterable, Sequence

from keifu.chain.follower._model import Block
from keifu.chain.header import Header, header_rlp
from keifu.errors import Contradiction
from keifu.keys import keccak256

__all__ = ["check_linked", "sealed"]

OTHER_RULES = "another endpoint; for a chain that hashes in its own way, hashed_headers=False"
MANY = 32  # headers that are encoded by columns
_HASH_DIGITS = 64
_HASH = re.compile(r"0x[0-9a-f]{64}")


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
