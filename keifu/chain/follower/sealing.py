"""Headers become blocks when they hash to their blocks' hashes, and link up. One that does not is a Contradiction."""

from __future__ import annotations

import re
import sys
from binascii import unhexlify
from collections.abc import Iterable, Sequence
from importlib import import_module

import msgspec

from ethwire.rpc import EvenTexts
from keifu.chain.follower._model import Block
from keifu.chain.header import BLOOM, PARENT, RECEIPTS_ROOT, Header, header_rlp
from keifu.errors import Contradiction
from keifu.keys import keccak256

__all__ = ["VERY_FAR", "check_linked", "expect", "read_sealed", "sealed"]

OTHER_RULES = "another endpoint; for a chain that hashes in its own way, hashed_headers=False"
MANY = 32  # headers that are quicker read as a table
FAR = 50_000  # headers to come that numpy's import pays for
VERY_FAR = 1_000_000  # and that of the compiled hashing
_HEADERS = msgspec.json.Decoder(list[Header])
_HASH = re.compile(r"0x[0-9a-f]{64}")


def expect(headers: int) -> None:
    """Get ready for so many: to import numpy takes as long as many thousand headers one by one."""
    if headers >= FAR:
        import_module("keifu.chain.header_columns")
    if headers >= VERY_FAR:
        from keifu.merkle.hashes import expect_many  # noqa: PLC0415 - loads numpy

        expect_many()


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


def read_sealed(texts: Sequence[msgspec.Raw], numbers: Sequence[int], url: str, *, hashed: bool) -> list[Block] | None:
    """The same of headers as JSON; None when one of them is no header at all."""
    if hashed and len(texts) >= MANY and "numpy" in sys.modules:  # see `expect`
        return _by_length(texts, numbers, url)
    return _one_by_one(texts, numbers, url, hashed=hashed)


def _by_length(texts: Sequence[msgspec.Raw], numbers: Sequence[int], url: str) -> list[Block] | None:
    """As tables where many are equally long."""
    if isinstance(texts, EvenTexts):
        return _as_table(texts, numbers) or _one_by_one(texts, numbers, url, hashed=True)
    groups: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(len(text), []).append(place)
    blocks: dict[int, Block] = {}
    for places in groups.values():
        part, named = [texts[place] for place in places], [numbers[place] for place in places]
        found = _as_table(EvenTexts(b"".join(part), len(part)), named) if len(part) >= MANY else None
        found = found or _one_by_one(part, named, url, hashed=True)
        if found is None:
            return None
        blocks |= zip(named, found, strict=True)
    return [blocks[number] for number in numbers]


def _as_table(texts: EvenTexts, numbers: Sequence[int]) -> list[Block] | None:
    from keifu.chain.header_columns import read_headers  # noqa: PLC0415 - see `expect`

    found = read_headers(texts, numbers)
    return None if found is None else list(map(Block, numbers, *found))


def _one_by_one(texts: Sequence[msgspec.Raw], numbers: Sequence[int], url: str, *, hashed: bool) -> list[Block] | None:
    try:
        headers = _HEADERS.decode(b"[%b]" % b",".join(texts))
    except msgspec.DecodeError:
        return None
    if len(headers) != len(numbers):  # a text that is no value by itself
        return None
    return sealed(headers, numbers, url, hashed=hashed)


def _hashed(headers: Sequence[Header], numbers: Sequence[int], url: str) -> list[Block]:
    """Raises ValueError for a malformed field of any of them."""
    blocks: list[Block] = []
    for number, header in zip(numbers, headers, strict=True):
        content = header_rlp(header)
        found = f"0x{keccak256(content).hex()}"
        if found != header.hash:
            raise _unsealed(number, url)
        if header.number != hex(number) and (named := _number(header.number)) != number:
            raise Contradiction(f"{url} gave block {named} for block {number}", url=url)
        parent, root, bloom = content[PARENT].hex(), content[RECEIPTS_ROOT].hex(), int.from_bytes(content[BLOOM], "big")
        time = _number(header.timestamp)
        blocks.append(Block(number, found, f"0x{parent}", time, bloom, f"0x{root}", bytes(header.transactions)))
    return blocks


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
        blocks.append(Block(number, header.hash, parent, time, bloom, root, bytes(header.transactions)))
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
