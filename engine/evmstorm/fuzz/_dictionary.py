"""Values worth trying, read out of run-time code: what the program compares with is what it may get wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ethwire.constants import DAY
from evmstorm.evm.bytecode import JUMPDEST, instructions

__all__ = ["constants", "durations", "neighbours", "reads_block", "spans"]

WORD = 32
SELECTOR_BYTES = 4
SMALLEST = 2  # 0 and 1 are tried anyway
MEMORY_LIMIT = 1 << 15  # below it a multiple of 32 is an offset into memory
REVERT_OFFSET = 28  # reasons lie 28 bytes into a word, which leaves PUSHes of 28 above a multiple of 32
ERROR_STRING = 0x08C379A0
HASH_BITS = 150
TEXT_BYTES = 5  # a printable constant of this size or more is a piece of a revert reason
LONGEST_SECONDS = 20 * 365 * DAY
SHORTEST_SECONDS = 60
NUMBER = 0x43  # the instruction that reads the block's number
MAX_BLOCKS = 10_000_000  # four years of them


def _pushes(code: bytes) -> tuple[set[tuple[int, int]], set[int]]:
    """({(value, width)} of every PUSH, positions of every JUMPDEST)."""
    values: set[tuple[int, int]] = set()
    targets: set[int] = set()
    for position, opcode, pushed in instructions(code):
        if opcode == JUMPDEST:
            targets.add(position)
        if pushed:
            values.add((int.from_bytes(pushed, "big"), len(pushed)))
    return values, targets


def _is_text(value: int, width: int) -> bool:
    data = value.to_bytes(width, "big").strip(b"\0")
    return len(data) >= TEXT_BYTES and data.isascii() and data.decode().isprintable()


def _is_hash(value: int) -> bool:
    """Hashes, event topics and addresses: about half of their bits are set, and guessing near them finds nothing."""
    length = value.bit_length()
    return length >= HASH_BITS and length / 4 < value.bit_count() < 3 * length / 4


def constants(code: bytes, immutables: bytes = b"", selectors: Iterable[str] = ()) -> list[int]:
    """Constants of `code` and the words of `immutables`, without jump targets, selectors, memory offsets and text."""
    known = {int(selector, 16) for selector in selectors} | {ERROR_STRING}
    beyond = range(len(code) - WORD, len(code) + len(immutables) + WORD)  # where immutables are read from
    values, targets = _pushes(code)
    found = set()
    for value, width in values:
        offset = value < MEMORY_LIMIT and value % WORD in (0, REVERT_OFFSET)
        position = width == 2 and (value in targets or value in beyond)  # noqa: PLR2004 - code positions are PUSH2
        if value < SMALLEST or position or offset or value in known or _is_text(value, width) or _is_hash(value):
            continue
        found.add(value)
    for start in range(0, len(immutables) - WORD + 1, WORD):
        value = int.from_bytes(immutables[start : start + WORD], "big")
        if value >= SMALLEST and not _is_hash(value):
            found.add(value)
    return sorted(found)


def neighbours(values: Iterable[int]) -> list[int]:
    """Each value with the ones before and after it."""
    found = {value + step for value in values for step in (-1, 0, 1)}
    return sorted(value for value in found if 0 <= value < 1 << 256)


def durations(values: Iterable[int]) -> list[int]:
    """Those that may be a number of seconds."""
    return sorted({value for value in values if SHORTEST_SECONDS <= value <= LONGEST_SECONDS})


def reads_block(code: bytes, is_instruction: Callable[[int], bool] = lambda position: True) -> bool:
    """Whether a program asks for the number of the block; `is_instruction` tells code from data behind it."""
    return any(opcode == NUMBER and is_instruction(position) for position, opcode, _ in instructions(code))


def spans(values: Iterable[int]) -> list[int]:
    """Those that may be a number of blocks."""
    return sorted({value for value in values if SMALLEST <= value <= MAX_BLOCKS})
