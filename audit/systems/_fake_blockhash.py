"""Block headers for an EVM that has none: BLOCKHASH is rewritten to BALANCE, fake hashes are stored as balances.

No machine under the in-process EVM can be given block hashes, so nobody can show it a header. In the code under test
BLOCKHASH becomes BALANCE, which takes and gives a word alike, and the account whose address is a block's number holds
that block's hash. The range check that the compiler puts before BLOCKHASH stays.
"""

from __future__ import annotations

from ethwire import rlp
from evmstorm.evm import LocalEvm
from evmstorm.evm.artifacts import Artifact
from evmstorm.evm.bytecode import JUMPI, instructions
from keifu.keys import keccak256

__all__ = ["hashed_by_balance", "header_of", "prevrandao_of", "publish"]

BLOCKHASH, BALANCE = 0x40, 0x31
ALIKE = 4  # blocks in a row that share a prevrandao, which a right chain never does
ZERO = bytes(32)


def prevrandao_of(number: int) -> bytes:
    return keccak256(b"prevrandao" + (number // ALIKE).to_bytes(8, "big"))


def header_of(number: int) -> bytes:
    """RLP of a header; lengths of what varies in length are all met within a few blocks."""
    items = [ZERO, ZERO, bytes(20), ZERO, ZERO, ZERO, bytes(256)]
    items += [(b"", b"\1", b"\2\0")[number % 3], _number(number), _number(30_000_000)]
    items += [_number(number % 4 * 40), _number(1_767_225_600 + number)]
    items += [(b"", b"\x41", b"\x99", b"keifu" * 6)[number % 4], prevrandao_of(number), bytes(8)]
    items += [_number(7), ZERO, b"", b"", ZERO]
    return rlp.encode(items)


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def publish(evm: LocalEvm, numbers: range) -> None:
    """Make the hashes of these blocks' headers known to code from `hashed_by_balance`."""
    for number in numbers:
        evm.raw.set_balance(f"0x{number:040x}", int.from_bytes(keccak256(header_of(number)), "big"))


def hashed_by_balance(artifact: Artifact) -> bytes:
    """Creation code of `artifact` that asks for balances in the place of block hashes."""
    code, runtime = bytearray(artifact.creation_code), artifact.runtime_code
    start = artifact.creation_code.index(runtime)
    for position, opcode, _ in instructions(runtime):
        if opcode == BLOCKHASH and runtime[position - 1] == JUMPI:  # behind its range check, not in a table
            code[start + position] = BALANCE
    return bytes(code)
