"""Headers encoded field by field are what they are one by one, and what is not as it seems is refused either way."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from keifu.chain.follower.sealing import sealed
from keifu.chain.header import Header, header_rlp
from keifu.chain.header_columns import FEW, headers_rlp
from keifu.errors import Contradiction
from keifu.keys import keccak256


def word(draw: random.Random, size: int = 32) -> str:
    return "0x" + draw.randbytes(size).hex()


def header(draw: random.Random, number: int, forks: int = 5) -> Header:
    """Of a chain with so many of the later forks; numbers are of all lengths, most of them of two."""

    def size() -> str:
        return hex(draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.getrandbits(64), *[draw.randrange(2**20, 2**24)] * 9]))

    later = [size(), word(draw), size(), size(), word(draw), word(draw)][:forks]
    made = Header(
        word(draw), word(draw), word(draw, 20), word(draw), word(draw), word(draw), word(draw, 256), "0x0", hex(number),
        draw.choice(["0x1c9c380", size()]), size(), hex(draw.randrange(2**29, 2**34)),
        draw.choice(["0x", "0x00", "0x7f", "0xd883", word(draw)]), word(draw), word(draw, 8), "", *later,
    )  # fmt: skip
    return replace(made, hash="0x" + keccak256(header_rlp(made)).hex())


@pytest.mark.parametrize("forks", range(7))
def test_by_columns_as_one_by_one(forks):
    draw = random.Random(forks)
    headers = [header(draw, number, forks) for number in range(240, 240 + 300)]
    assert headers_rlp(headers) == [header_rlp(item) for item in headers]


def test_of_two_chains_with_other_forks():
    draw = random.Random(1)
    headers = [header(draw, number, 1 + 5 * (number % 2)) for number in range(300)]
    assert headers_rlp(headers) == [header_rlp(item) for item in headers]


CHANGES = {
    "a hash that is too long": lambda item: replace(item, state_root=item.state_root + "11"),
    "a hash that borrows of the next": lambda item: replace(
        item, state_root=item.state_root + "11", transactions_root=item.transactions_root[:-2]
    ),
    "no hex": lambda item: replace(item, mix_hash="0x" + "zz" * 32),
    "no ASCII": lambda item: replace(item, mix_hash="0x" + "\u0663" * 64),
    "another number": lambda item: replace(item, gas_used="0x123456"),
    "another hash": lambda item: replace(item, hash="0x" + "11" * 32),
    "a time that its digits do not say": lambda item: replace(item, timestamp="11" + item.timestamp[2:]),
    "a number that its digits do not say": lambda item: replace(item, number="00" + item.number[2:]),
    "a field less": lambda item: replace(item, withdrawals_root=None),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("count", [1, 4 * FEW])
@pytest.mark.parametrize("place", [0, -1])
def test_a_header_that_is_not_what_it_seems_is_refused(change, count, place):
    draw = random.Random(2)
    numbers = range(0x100000, 0x100000 + count)
    headers = [header(draw, number) for number in numbers]
    assert [block.number for block in sealed(headers, numbers, "url", hashed=True)] == list(numbers)
    headers[place] = CHANGES[change](headers[place])
    with pytest.raises(Contradiction, match=f"block {numbers[place]}"):
        sealed(headers, numbers, "url", hashed=True)


def test_a_block_is_not_given_for_another_whose_number_ends_in_its_digits():
    """0x34, with "1234" in the place of its number: the digits are hashed, and the whole was read."""
    given = replace(header(random.Random(3), 0x34), number="1234")
    assert keccak256(header_rlp(given)).hex() == given.hash[2:]
    for hashed in (True, False):
        with pytest.raises(Contradiction, match=r"malformed header of block 4660: 1234 is no number"):
            sealed([given], [0x1234], "url", hashed=hashed)
