"""Headers read as a table are what they are one by one, and what is not as it seems is refused either way."""

from __future__ import annotations

import random

import msgspec
import pytest
from msgspec.structs import replace

from ethwire.rpc import EvenTexts
from keifu.chain.follower.sealing import MANY, read_sealed, sealed
from keifu.chain.header import Header, header_rlp
from keifu.chain.header_columns import read_headers
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


def as_json(item: Header, **more: object) -> msgspec.Raw:
    """As a node gives it: without the fields of forks that its chain does not have."""
    fields = {key: value for key, value in msgspec.json.decode(msgspec.json.encode(item)).items() if value is not None}
    return msgspec.Raw(msgspec.json.encode({"hash": fields.pop("hash"), **fields, **more}))


def even(texts: list[msgspec.Raw]) -> EvenTexts:
    return EvenTexts(b"".join(texts), len(texts))


def transactions(draw: random.Random, count: int) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode([word(draw) for _ in range(count)]))


@pytest.mark.parametrize("forks", range(7))
def test_as_a_table_as_one_by_one(forks):
    draw = random.Random(forks)
    numbers = range(240, 240 + 300)
    headers = [replace(header(draw, number, forks), transactions=transactions(draw, number % 3)) for number in numbers]
    found = read_sealed([as_json(item, size="0x1") for item in headers], numbers, "url", hashed=True)
    assert found == sealed(headers, numbers, "url", hashed=True)


@pytest.mark.parametrize(
    "fees", [["0x7"], ["0x0", "0x1", "0xf"], ["0x10", "0x7f"], ["0x80", "0xff"], ["0x100", "0xfff"]]
)
def test_a_table_is_used_where_numbers_are_equally_long(fees):
    draw = random.Random(7)
    first = header(draw, 0x1000)
    headers = [
        replace(
            header(draw, number), gas_limit=first.gas_limit, extra_data=first.extra_data, gas_used=f"0x1{number:05x}",
            timestamp=f"0x6{number:07x}", base_fee_per_gas=draw.choice(fees), blob_gas_used="0x0",
            excess_blob_gas="0x0", transactions=transactions(draw, 1),
        ) for number in range(0x1000, 0x1000 + MANY)
    ]  # fmt: skip
    headers = [replace(item, hash="0x" + keccak256(header_rlp(item)).hex()) for item in headers]
    numbers = range(0x1000, 0x1000 + MANY)
    found = read_headers(even([as_json(item, size=hex(draw.randrange(0x200, 0x300))) for item in headers]), numbers)
    assert found is not None
    assert found.hashes == [item.hash for item in headers]
    assert found.parents == [item.parent_hash for item in headers]
    assert found.times == [int(item.timestamp, 16) for item in headers]
    assert found.blooms == [int(item.logs_bloom, 16) for item in headers]
    assert found.roots == [item.receipts_root for item in headers]
    assert found.transactions == [bytes(item.transactions) for item in headers]
    odd = as_json(replace(headers[5], state_root="0x" + "ab" * 32))
    assert read_headers(even([as_json(item) for item in headers[:5]] + [odd]), numbers[:6]) is None
    assert read_headers(even([as_json(item) for item in headers]), [*numbers[1:], 0x1FFF]) is None


@pytest.mark.parametrize("field", ["hash", "parent_hash", "receipts_root", "number", "timestamp", "gas_limit"])
def test_another_prefix_than_0x_is_not_read_as_a_table(field):
    draw = random.Random(8)
    first = header(draw, 0x1000)
    headers = [replace(first, number=hex(0x1000 + place)) for place in range(MANY)]
    headers = [replace(item, hash="0x" + keccak256(header_rlp(item)).hex()) for item in headers]
    numbers = range(0x1000, 0x1000 + MANY)
    assert read_headers(even(list(map(as_json, headers))), numbers) is not None
    headers[5] = replace(headers[5], **{field: "1" + getattr(headers[5], field)[1:]})
    assert read_headers(even(list(map(as_json, headers))), numbers) is None


def test_of_two_chains_with_other_forks():
    draw = random.Random(1)
    numbers = range(300)
    headers = [header(draw, number, 1 + 5 * (number % 2)) for number in numbers]
    assert read_sealed([as_json(item) for item in headers], numbers, "url", hashed=True) == sealed(
        headers, numbers, "url", hashed=True
    )


@pytest.mark.parametrize("text", [b"null", b"{}", b'{"hash":"0x"}', b"[]"])
@pytest.mark.parametrize("count", [1, 2 * MANY])
def test_what_is_no_header_is_not_read(text, count):
    draw = random.Random(2)
    texts = [as_json(header(draw, number)) for number in range(count)]
    texts[-1] = msgspec.Raw(text)
    assert read_sealed(texts, range(count), "url", hashed=True) is None


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
    "a number with a zero in front that is not its own": lambda item: replace(item, gas_used="0x0123456"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("count", [1, 2 * MANY])
@pytest.mark.parametrize("place", [0, -1])
def test_a_header_that_is_not_what_it_seems_is_refused(change, count, place):
    draw = random.Random(2)
    numbers = range(0x100000, 0x100000 + count)
    headers = [header(draw, number) for number in numbers]
    found = read_sealed([as_json(item) for item in headers], numbers, "url", hashed=True)
    assert found is not None
    assert [block.number for block in found] == list(numbers)
    headers[place] = CHANGES[change](headers[place])
    with pytest.raises(Contradiction, match=f"block {numbers[place]}"):
        read_sealed([as_json(item) for item in headers], numbers, "url", hashed=True)


def test_zeros_in_front_of_a_number_are_not_hashed():
    """Some nodes write them."""
    draw = random.Random(4)
    numbers = range(0x1000, 0x1000 + 2 * MANY)
    headers = [header(draw, number) for number in numbers]
    padded = [replace(item, gas_limit="0x000" + item.gas_limit[2:]) for item in headers]
    found = read_sealed([as_json(item) for item in padded], numbers, "url", hashed=True)
    assert found == sealed(headers, numbers, "url", hashed=True)


def test_a_block_is_not_given_for_another_whose_number_ends_in_its_digits():
    """0x34, with "1234" in the place of its number: the digits are hashed, and the whole was read."""
    given = replace(header(random.Random(3), 0x34), number="1234")
    assert keccak256(header_rlp(given)).hex() == given.hash[2:]
    for hashed in (True, False):
        with pytest.raises(Contradiction, match=r"malformed header of block 4660: 1234 is no number"):
            sealed([given], [0x1234], "url", hashed=hashed)


@pytest.mark.parametrize("texts", [(b"1,2", b"3"), (b"1", b""), (b"{}", b"}"), (b"[", b"]")])
def test_texts_that_are_no_values_are_no_headers(texts):
    assert read_sealed(list(map(msgspec.Raw, texts)), [1, 2], "url", hashed=True) is None


def test_two_headers_in_one_text_are_not_one():
    draw = random.Random(3)
    first, second = as_json(header(draw, 1)), as_json(header(draw, 2))
    assert read_sealed([msgspec.Raw(bytes(first) + b"," + bytes(second))], [1], "url", hashed=True) is None


@pytest.mark.parametrize("field", ["hash", "parent_hash", "receipts_root"])
def test_what_blocks_are_named_by_is_in_small_letters(field):
    draw = random.Random(4)
    headers = [header(draw, number) for number in range(300, 300 + 2 * MANY)]
    loud = [replace(item, **{field: "0x" + getattr(item, field)[2:].upper()}) for item in headers]
    texts = [as_json(item) for item in loud]
    if field == "hash":
        with pytest.raises(Contradiction):
            read_sealed(texts, range(300, 300 + 2 * MANY), "url", hashed=True)
    else:
        found = read_sealed(texts, range(300, 300 + 2 * MANY), "url", hashed=True)
        assert found == sealed(headers, range(300, 300 + 2 * MANY), "url", hashed=True)
