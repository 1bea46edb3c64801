"""Random EVM programs that get somewhere: operands at the edges of limbs, jumps that land, callees that exist."""

from __future__ import annotations

import random

from ethwire.keys import keccak256

__all__ = ["ARITHMETIC", "BOUNDARIES", "OTHER", "SELF", "SENDER", "program"]

SENDER = "0x" + "11" * 20
# Where the sender's first two contracts come to be: the last bytes of the hash of RLP(sender, nonce).
SELF, OTHER = ("0x" + keccak256(b"\xd6\x94" + b"\x11" * 20 + nonce)[-20:].hex() for nonce in (b"\x80", b"\x01"))
LENGTH = 60  # instructions drawn for a program
WORD = 2**256
LIMBS = [2**63, 2**64 - 1, 2**64, 2**128 - 1, 2**128, 2**192 + 1, 2**255, WORD - 1, WORD - 2]
BOUNDARIES = [0, 1, 2, 31, 32, 33, 255, 256, *LIMBS]

BINARY = [*range(0x01, 0x08), 0x0A, 0x0B, *range(0x10, 0x15), *range(0x16, 0x19), *range(0x1A, 0x1E)]
ARITHMETIC = {**dict.fromkeys(BINARY, 2), 0x08: 3, 0x09: 3, 0x15: 1, 0x19: 1}  # words taken; each leaves one
LATER = {0x1E: 1}  # osaka's
CONTEXT = [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, *range(0x41, 0x49), 0x58, 0x59, 0x5A]
CALLS = {0xF1: True, 0xF2: True, 0xF4: False, 0xFA: False}  # whether a value goes along


def _push(value: int) -> bytes:
    if value == 0:
        return b"\x5f"
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([0x5F + len(data)]) + data


class _Writer:
    def __init__(self, chance: random.Random, fork: str) -> None:
        self.chance = chance
        self.arithmetic: dict[int, int] = ARITHMETIC | (LATER if fork == "osaka" else {})
        self.code = b"\x5b"  # and no 0xef, with which no contract may start
        self.height = 0

    def word(self) -> int:
        chance = self.chance
        kind = chance.randrange(4)
        if kind == 0:
            return chance.choice(BOUNDARIES)
        if kind == 1:
            return chance.getrandbits(chance.choice([8, 64, 65, 128, 129, 192, 255, 256]))
        if kind == 2:
            return (chance.choice(BOUNDARIES) << chance.randrange(256)) % WORD
        return (WORD - chance.getrandbits(chance.choice([8, 64, 128, 200]))) % WORD

    def push(self, value: int | None = None) -> None:
        self.code += _push(self.word() if value is None else value)
        self.height += 1

    def op(self, code: int, takes: int, leaves: int) -> None:
        while self.height < takes:
            self.push()
        self.code += bytes([code])
        self.height += leaves - takes

    def memory(self) -> tuple[int, int]:
        """(offset, size) within little memory, sometimes far out."""
        size = self.chance.choice([0, 1, 31, 32, 33, 64, 100])
        return self.chance.choice([0, 1, 32, 64, 95, 200, 5_000]), size

    def account(self) -> int:
        choices: list[int] = [
            int(SELF, 16),
            int(OTHER, 16),
            int(SENDER, 16),
            0,
            *range(1, 6),
            9,
            0x100,
            0x1234,
            self.chance.getrandbits(160),
        ]
        return self.chance.choice(choices)

    def calculate(self) -> None:
        op = self.chance.choice(list(self.arithmetic))
        if self.chance.random() < 0.5:
            for _ in range(self.arithmetic[op]):
                self.push()
        self.op(op, self.arithmetic[op], 1)

    def look(self) -> None:
        """At the context, the input, a block, or an account."""
        kind = self.chance.randrange(4)
        if kind == 0:
            self.op(self.chance.choice(CONTEXT), 0, 1)
        elif kind == 1:
            self.push(self.chance.choice([0, 1, 3, 31, 4_000, WORD - 1]))
            self.op(0x35, 1, 1)
        elif kind == 2:
            self.push(self.chance.choice([0, 43, 44, 299, 300, WORD - 1]))
            self.op(0x40, 1, 1)
        else:
            self.push(self.account())
            self.op(self.chance.choice([0x31, 0x3B, 0x3F]), 1, 1)

    def shuffle(self) -> None:
        if self.chance.random() < 0.5:
            n = self.chance.randrange(min(16, max(1, self.height))) + 1
            self.op(0x7F + n, n, n + 1)
        else:
            n = self.chance.randrange(min(16, max(1, self.height - 1))) + 1
            self.op(0x8F + n, n + 1, n + 1)

    def remember(self) -> None:
        """Read, write or hash memory."""
        (offset, size), op = self.memory(), self.chance.choice([0x20, 0x51, 0x52, 0x53])
        if op != 0x51:
            self.push(size if op == 0x20 else None)
        self.push(offset)
        self.op(op, 1 if op == 0x51 else 2, 0 if op in (0x52, 0x53) else 1)

    def log(self) -> None:
        topics = self.chance.randrange(5)
        for _ in range(topics):
            self.push()
        offset, size = self.memory()
        self.push(size)
        self.push(offset)
        self.op(0xA0 + topics, 2 + topics, 0)

    def anything(self) -> None:
        if self.chance.random() < 0.1:
            self.code += bytes([self.chance.randrange(256)])

    def store(self) -> None:
        ops = self.chance.choice([(0x54, 0x55), (0x54, 0x55), (0x5C, 0x5D)])
        slot = self.chance.choice([0, 1, 2, WORD - 1])
        if self.chance.random() < 0.5:
            self.push(slot)
            self.op(ops[0], 1, 1)
        else:
            self.push(self.chance.choice([0, 0, 1, 5, self.word()]))
            self.push(slot)
            self.op(ops[1], 2, 0)

    def copy(self) -> None:
        offset, size = self.memory()
        op = self.chance.choice([0x37, 0x39, 0x3C, 0x3E, 0x5E])
        start = self.memory()[0] if op == 0x5E else self.chance.choice([0, 1, 40, WORD - 1])
        if op == 0x3E and self.chance.random() < 0.9:  # beyond the returned data is the end of it all
            start = size = 0
        self.push(size)
        self.push(start)
        self.push(offset)
        if op == 0x3C:
            self.push(self.account())
        self.op(op, 4 if op == 0x3C else 3, 0)

    def jump(self) -> None:
        """Forward over a few bytes, to a place that is one, or is none."""
        skipped = bytes(self.chance.choice([0x00, 0x5B, 0xFE]) for _ in range(self.chance.randrange(3)))
        conditional = self.chance.random() < 0.7
        if conditional:
            self.push(self.chance.choice([0, 1, self.word()]))
        target = len(self.code) + 4 + len(skipped)
        shifted = self.chance.random() < 0.05
        self.code += b"\x61" + (target + shifted).to_bytes(2, "big") + (b"\x57" if conditional else b"\x56")
        self.code += skipped + b"\x5b"
        self.height -= conditional

    def call(self, address: int | None = None) -> None:
        op = self.chance.choice(list(CALLS))
        (out, out_size), (data, size) = self.memory(), self.memory()
        for value in (out_size, out, size, data):
            self.push(value)
        if CALLS[op]:
            self.push(self.chance.choice([0, 0, 1, 10**30]))
        self.push(self.account() if address is None else address)
        self.push(self.chance.choice([0, 700, 30_000, 10**6, WORD - 1]))
        self.op(op, 7 if CALLS[op] else 6, 1)

    def init_code(self) -> bytes:
        """Code that returns a little of its memory after writing its first byte, or ends in another way; before, it may
        store a word."""
        chance = self.chance
        first, size = chance.choice([0x00, 0x5B, 0xEF, 0xFE]), chance.choice([0, 1, 40])
        stores = chance.choice([b"", b"", bytes([0x60, 0x01, 0x5F, 0x55])])
        ends = chance.choice([0xF3, 0xF3, 0xF3, 0xFD, 0xFE, 0xFF])
        return stores + bytes([0x60, first, 0x5F, 0x53, 0x60, size, 0x5F, ends])

    def create(self, init: bytes = b"", salt: int | None = None) -> None:
        """A contract of `init`, salted or not."""
        init = init or self.init_code()
        self.push(int.from_bytes(init.ljust(32, b"\0"), "big"))
        self.push(0)
        self.op(0x52, 2, 0)
        if salt is not None:
            self.push(salt)
        self.push(len(init))
        self.push(0)
        self.push(self.chance.choice([0, 0, 1, 10**30]))
        self.op(0xF0 if salt is None else 0xF5, 3 if salt is None else 4, 1)

    def create_any(self) -> None:
        self.create(salt=self.chance.choice([None, 0, 1]))

    def revisit(self) -> None:
        """Make a contract where it is known beforehand, and look at what became of it, also when that failed: what it
        has, what it costs to look, and what comes of calling, paying, destroying or making it once more."""
        init, salt, where = self.init_code(), self.chance.choice([0, 1]), self.chance.choice([SELF, OTHER])
        preimage = b"\xff" + bytes.fromhex(where[2:]) + salt.to_bytes(32, "big") + keccak256(init)
        address = int.from_bytes(keccak256(preimage)[-20:], "big")
        self.create(init, salt)
        for _ in range(self.chance.randrange(1, 5)):
            kind = self.chance.randrange(4)
            if kind == 0:
                self.create(init, salt)
            elif kind == 1:
                self.call(address)
            else:
                self.push(address)
                self.op(self.chance.choice([0x31, 0x3B, 0x3F]), 1, 1)
            self.op(0x5A, 0, 1)  # the gas that is left tells what was warm


_KINDS = [
    *[_Writer.calculate] * 8,
    *[_Writer.look, _Writer.store, _Writer.shuffle, _Writer.remember] * 2,
    *[_Writer.copy, _Writer.jump, _Writer.log, _Writer.call, _Writer.create_any, _Writer.revisit, _Writer.anything],
]


def program(chance: random.Random, fork: str = "cancun") -> bytes:
    """Run-time code that ends by returning, or reverting with, some of its stack; with the instructions of `fork`."""
    writer = _Writer(chance, fork)
    for _ in range(chance.randrange(LENGTH)):
        chance.choice(_KINDS)(writer)
    for place in range(min(writer.height, 6)):
        writer.push(32 * place)
        writer.op(0x52, 2, 0)
    ending = chance.choice([0xF3, 0xF3, 0xF3, 0xFD, 0xFF, 0x00])
    if ending == 0xFF:
        writer.push(writer.account())
    elif ending:
        writer.push(chance.choice([0, 32, 192]))
        writer.push(0)
    return writer.code + bytes([ending])
