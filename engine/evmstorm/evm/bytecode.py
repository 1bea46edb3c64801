"""Instructions of byte code."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["JUMP", "JUMPDEST", "JUMPI", "instructions"]

JUMP, JUMPI, JUMPDEST = 0x56, 0x57, 0x5B
_PUSH1, _PUSH32 = 0x60, 0x7F


def instructions(code: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(position, opcode, pushed bytes) of every instruction; what is not a PUSH pushes nothing."""
    position = 0
    while position < len(code):
        opcode = code[position]
        width = opcode - _PUSH1 + 1 if _PUSH1 <= opcode <= _PUSH32 else 0
        yield position, opcode, code[position + 1 : position + 1 + width]
        position += 1 + width
